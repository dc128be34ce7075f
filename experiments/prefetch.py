"""Proposals worked out ahead by a worker, while the person is still looking."""

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

from experiments.proposals import Mishap, Proposals, Proposing, digest
from experiments.scopes import Scope, from_plain, to_plain
from experiments.worker import Worker
from generation.types import Candidate, Context, Kind, Speller
from validation.types import Verdict

_N_KEPT = 16
_KEY = re.compile(rb"[0-9a-f]{16}")


class Letter:
    """What the loop writes to its worker: contexts, each as what it shares with the document shown and what it adds.

    Both sides remember that document, so that a long one travels once, and the scope of the latest context.

    Parameters
    ----------
    kind : str
        Of all documents.
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._shown = ""
        self._scope: Scope | None = None

    def write(self, shown: str, contexts: Sequence[Context]) -> bytes:
        """One line that `read` reads; all contexts have the same scope."""
        line: dict[str, Any] = {"shown": _cut(shown, self._shown), "wanted": [_cut(c.before, shown) for c in contexts]}
        self._shown = shown
        if contexts and contexts[0].scope is not None and contexts[0].scope is not self._scope:
            self._scope = contexts[0].scope
            line["scope"] = to_plain(self._scope)
        return json.dumps(line).encode()

    def read(self, line: bytes) -> list[Context]:
        """Inverse of `write`, if all lines are read in their order.

        Raises
        ------
        ValueError, KeyError, TypeError
            If it is no such line.
        """
        values = json.loads(line)
        self._shown = _joined(values["shown"], self._shown)
        if "scope" in values:
            self._scope = from_plain(values["scope"])
        return [Context(self._kind, _joined(text, self._shown), scope=self._scope) for text in values["wanted"]]


def _cut(text: str, other: str) -> tuple[int, str]:
    """How many characters a text shares with another from the beginning, and the rest; found fast where one grew."""
    if text.startswith(other):
        return len(other), text[len(other) :]
    return (len(text), "") if other.startswith(text) else (0, text)


def _joined(cut: Sequence[Any], other: str) -> str:
    n_shared, rest = cut
    return other[:n_shared] + str(rest)


class Prefetch:
    """What the worker has found by the time it is asked for, or comes up with shortly; else what this process finds.

    Parameters
    ----------
    kind : str
        Of all documents.
    worker : Worker
        Runs `experiments.ahead.serve`.
    fallback : Proposing
        Quick, and in this process.
    wait_s : float
        So long a page may wait for proposals that are not ready.
    clock : callable
        Seconds that never step back.
    """

    def __init__(
        self, kind: Kind, worker: Worker, fallback: Proposing, wait_s: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self.speller: Speller = fallback.speller
        self._kind = kind
        self._worker = worker
        self._fallback = fallback
        self._wait_s = wait_s
        self._clock = clock
        self._letter = Letter(kind)
        self._pid = worker.pid
        self._shown = ""
        self._told: Sequence[Context] | None = None
        self._open: set[str] = set()
        self._answers: OrderedDict[str, bytes] = OrderedDict()

    def propose(self, context: Context) -> Proposals:
        """What was found ahead; the seconds of "wait" are those it was waited for."""
        self._listen()
        self._worker.start()
        key, asked_at = digest(context), self._clock()
        self._shown = context.before
        found = self._answer(key)
        is_ready = found is not None
        if found is None and self._worker.is_up:
            self._ask([context])
            until = asked_at + self._wait_s
            while found is None and self._worker.pid is not None and self._clock() < until:
                self._worker.wait(until - self._clock())
                self._listen()
                found = self._answer(key)
        waited_s = 0.0 if is_ready else self._clock() - asked_at
        mishaps = self._worker.mishaps()
        if found is None:
            found = self._fallback.propose(context)
            mishaps.append(Mishap("late", _told_of_lateness(self._worker, waited_s), waited_s))
        return replace(found, seconds={**found.seconds, "wait": waited_s}, mishaps=(*mishaps, *found.mishaps))

    def expect(self, contexts: Sequence[Context]) -> None:
        """Let the worker work ahead for these, the first one first, and for nothing else."""
        self._listen()
        self._ask(contexts)

    def judge(self, context: Context, candidate: Candidate) -> Verdict:
        """May the document with this candidate stand? Asked in this process."""
        return self._fallback.judge(context, candidate)

    def close(self) -> None:
        """End the worker."""
        self._worker.close()
        self._fallback.close()

    def _ask(self, contexts: Sequence[Context]) -> None:
        if self._pid != self._worker.pid:  # a new one knows nothing yet
            self._pid, self._letter, self._told = self._worker.pid, Letter(self._kind), None
        if contexts is self._told:
            return
        self._told = contexts
        keys = {digest(context): context for context in contexts}
        self._open = keys.keys() - self._answers.keys()
        self._worker.ask(self._letter.write(self._shown, [keys[key] for key in keys if key in self._open]))
        if not self._open:
            self._worker.rest()

    def _listen(self) -> None:
        """Take in answers unread: reading them is left for when they are needed."""
        for line in self._worker.hear():
            key, _, answer = line.partition(b" ")
            if not _KEY.fullmatch(key):
                self._worker.end("it answers what nobody asked")
                return
            self._answers[key.decode()] = answer
            self._open.discard(key.decode())
            if len(self._answers) > _N_KEPT:
                self._answers.popitem(last=False)
        if not self._open:
            self._worker.rest()

    def _answer(self, key: str) -> Proposals | None:
        """The answer for a context, if there is one that can be believed."""
        answer = self._answers.get(key)
        if answer is None:
            return None
        try:
            found = Proposals.from_json(answer, self.speller)
        except ValueError as error:
            self._answers.clear()
            self._worker.end(f"it answers nonsense ({error})")
            return None
        self._answers.move_to_end(key)
        self._worker.do_well()
        return replace(found, origin="worker")


def _told_of_lateness(worker: Worker, waited_s: float) -> str:
    if not worker.is_up:
        return "The worker is not up; the page does without it."
    return f"The worker has found nothing within {waited_s:.2f} s; the page does without it."
