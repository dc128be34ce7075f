"""Asks validators one after the other, remembers what they said, and keeps to a time limit where checks are slow."""

import hashlib
import signal
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from generation.types import Candidate, Context
from validation.types import Validator, Verdict

_N_REMEMBERED = 4096


class Ring:
    """The fast ring: quick enough for every candidate.

    Parameters
    ----------
    validators : sequence of Validator
        In the order in which they are asked; the first that refuses decides, and no other is asked after it.
    """

    def __init__(self, validators: Sequence[Validator]) -> None:
        self._validators = validators
        self._remembered: OrderedDict[tuple[bytes, str], tuple[Verdict, ...]] = OrderedDict()
        self._context: Context | None = None
        self._digest = b""

    def check(self, context: Context, candidate: Candidate) -> tuple[Verdict, ...]:
        """Judge; what was judged before is not judged again, and keeps the seconds that it took then."""
        key = (self._digest_of(context), candidate.text)
        if key in self._remembered:
            self._remembered.move_to_end(key)
            return self._remembered[key]
        verdicts = self._remembered[key] = tuple(self._ask(context, candidate))
        if len(self._remembered) > _N_REMEMBERED:
            self._remembered.popitem(last=False)
        return verdicts

    def _ask(self, context: Context, candidate: Candidate) -> Iterator[Verdict]:
        for validator in self._validators:
            verdict = self._check(validator, context, candidate)
            yield verdict
            if not verdict.ok:
                return

    def _check(self, validator: Validator, context: Context, candidate: Candidate) -> Verdict:
        return validator.check(context, candidate)

    def _digest_of(self, context: Context) -> bytes:
        """Of all that verdicts depend on; scopes that differ share no memory."""
        if context is not self._context:
            if self._context is not None and context.scope is not self._context.scope:
                self._remembered.clear()
            told = f"{context.kind}\0{len(context.before)}\0{context.before}{context.after}"
            self._digest = hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()
            self._context = context
        return self._digest


class SlowRing(Ring):
    """For what is about to be shown, in a worker: a check that takes too long is ended, and says so.

    Parameters
    ----------
    validators : sequence of Validator
    limit_s : float
        Time (s) that each check may take; kept where the system has interval timers, in a process's main thread.

    Raises
    ------
    ValueError
        If ``limit_s`` is not positive.
    """

    def __init__(self, validators: Sequence[Validator], limit_s: float = 2.0) -> None:
        if limit_s <= 0:
            raise ValueError(f"Argument 'limit_s' (got {limit_s}) must be positive.")
        super().__init__(validators)
        self._limit_s = limit_s

    def _check(self, validator: Validator, context: Context, candidate: Candidate) -> Verdict:
        return within(self._limit_s, validator.stage, lambda: validator.check(context, candidate))


def within(limit_s: float, stage: str, check: Callable[[], Verdict]) -> Verdict:
    """Ask for a verdict; where it does not come in time, one that says so and refuses nothing."""
    begun = time.perf_counter()
    try:
        with _alarm(limit_s):
            return check()
    except _OutOfTime:
        reason = f"The check {stage!r} had not finished after {limit_s:g} s."
        return Verdict(True, stage, "time", reason, time.perf_counter() - begun)


class _OutOfTime(BaseException):
    """No check that catches what goes wrong in it may catch this."""


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise _OutOfTime

    earlier = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, earlier)
