"""The worker's own side: reads what is wanted, works out proposals one context after the other, and writes them."""

import contextlib
import ctypes
import os
import signal
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

from experiments.prefetch import Letter
from experiments.proposals import Cancelled, Proposals, digest
from experiments.worker import READY
from generation.types import Context, Kind

_N_KEPT = 16
_PR_SET_PDEATHSIG = 1


class Works(Protocol):
    """Who works proposals out."""

    def propose(self, context: Context, wanted: Callable[[], bool]) -> Proposals:
        """Work them out, or raise `Cancelled` once ``wanted`` says no."""
        ...


class _Wanted:
    """What is wanted now, as the latest letter says; read in a thread, so that work can be cancelled."""

    def __init__(self, kind: Kind) -> None:
        self._letter = Letter(kind)
        self._contexts: dict[str, Context] = {}
        self._changed = threading.Condition()

    def listen(self, asked: BinaryIO) -> None:
        """Read until the loop is gone, and end with it."""
        with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
            for line in asked:
                contexts = self._letter.read(line)
                with self._changed:
                    self._contexts = {digest(context): context for context in contexts}
                    self._changed.notify()
        os._exit(0)

    def take(self) -> tuple[str, Context]:
        """The first that is wanted; waits for one."""
        with self._changed:
            while not self._contexts:
                self._changed.wait()
            return next(iter(self._contexts.items()))

    def is_wanted(self, key: str) -> bool:
        return key in self._contexts

    def strike(self, key: str) -> None:
        with self._changed:
            self._contexts.pop(key, None)


def serve(kind: Kind, make: Callable[[], Works]) -> None:
    """Answer what standard input asks for until it closes.

    Parameters
    ----------
    kind : str
        Of all documents.
    make : callable
        Puts together who works the proposals out; whatever it or they print goes to standard error.
    """
    _die_with_parent()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    wanted = _Wanted(kind)
    threading.Thread(target=wanted.listen, args=(sys.stdin.buffer,), daemon=True).start()
    works = make()
    _say(answers, READY)
    kept: OrderedDict[str, bytes] = OrderedDict()
    while True:
        key, context = wanted.take()
        if key not in kept:
            try:
                kept[key] = works.propose(context, partial(wanted.is_wanted, key)).to_json()
            except Cancelled:
                continue
        kept.move_to_end(key)
        if len(kept) > _N_KEPT:
            kept.popitem(last=False)
        wanted.strike(key)
        _say(answers, key.encode() + b" " + kept[key])


def _say(answers: BinaryIO, line: bytes) -> None:
    try:
        answers.write(line + b"\n")
        answers.flush()
    except OSError:  # the loop is gone
        os._exit(0)


def _die_with_parent() -> None:
    """Leave no orphan, whatever ends the parent, and let the system spare the parent where memory or time is short."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    if hasattr(os, "nice"):
        os.nice(5)


def main() -> None:
    """Work ahead for a session; the only argument is its settings, as JSON."""
    from experiments.config import Config
    from experiments.kinds import proposer_ahead

    config = Config.model_validate_json(sys.argv[1])
    serve(config.kind, lambda: proposer_ahead(config))


if __name__ == "__main__":
    main()
