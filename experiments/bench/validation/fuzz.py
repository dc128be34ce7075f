"""Fuzzes every validator: hostile documents get a verdict in time, whatever they hold."""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from experiments.bench.table import Row
from experiments.bench.validation.attack_table import ATTACKS, FORGERIES
from experiments.bench.validation.fuzz_inputs import WAYS, hostile_scopes, samples
from generation.formula.types import SheetScope
from generation.table.types import Schema, TableScope
from generation.types import Candidate, Context, Kind
from validation.formula.validator import FormulaValidator
from validation.logic import LogicValidator
from validation.python.prefix import PythonPrefixValidator
from validation.python.statements import PythonStatementsValidator
from validation.rings import within
from validation.sandbox.box import Sandbox
from validation.sandbox.limits import Limits
from validation.table.validator import TableValidator
from validation.text import TextValidator
from validation.types import Verdict

LIMIT_S = 2.0  # of the processor, for one check
NOTES = (
    "Inputs: bytes at random, documents that stand with pieces cut, doubled, moved and put in, tokens in any order, "
    "nesting of up to 3,000, and pieces repeated up to 100,000 times, up to the million characters that a document may "
    "have; some with schemas whose bounds and patterns make no sense, or in a workbook of circles. Each is cut in two "
    "at random, and the second part is the candidate; tables and formulas are judged as finished ones too. A crash is "
    f"any exception; over time is a check that takes more than {LIMIT_S:g} s of the processor, the reading of what "
    "stands before included. In the sandbox, programs of MBPP and attacks, broken alike, that still compile run with "
    f"a test, and are over time by the clock, {LIMIT_S:g} s after the second that they have."
)
_SEED = 11
_GIVE_UP_S = 60.0
_SHARES: Mapping[Kind, float] = {"text": 0.15, "python": 0.4, "table": 0.2, "formula": 0.25}
_WALL_S = 1.0  # of a program in the sandbox
_PER_SANDBOX = 50  # inputs for one that runs

Check = Callable[[Context, str], Verdict]


@dataclass(slots=True)
class Tally:
    """What came of the inputs to one validator."""

    clock: Callable[[], float] = time.process_time
    limit_s: float = LIMIT_S
    seconds: list[float] = field(default_factory=list)
    n_refused: int = 0
    crashes: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)

    def add(self, what: str, judge: Callable[[], Verdict]) -> None:
        """Ask for one verdict, and note how it went."""
        begun = self.clock()
        try:
            verdict = within(_GIVE_UP_S, "fuzz", judge)
        except Exception as error:  # noqa: BLE001 - any is what is looked for
            self.crashes.append(f"{what}: {type(error).__name__}: {str(error)[:80]}")
            return
        self.seconds.append(self.clock() - begun)
        self.n_refused += not verdict.ok
        if self.seconds[-1] > self.limit_s or verdict.rule == "time":
            self.slow.append(f"{what}: {self.seconds[-1]:.1f} s")

    def row(self, validator: str) -> Row:
        """The figures."""
        return {
            "validator": validator,
            "n": len(self.seconds) + len(self.crashes),
            "refused": self.n_refused,
            "crashes": len(self.crashes),
            "over_time": len(self.slow),
            "p99_ms": 1e3 * float(np.quantile(self.seconds, 0.99)) if self.seconds else None,
            "slowest_ms": 1e3 * max(self.seconds, default=0.0),
            "exceptions": " | ".join([*self.crashes, *self.slow][:5]),
        }


def measure(corpora: Path | None, n: int) -> list[Row]:
    """Rows of each validator, for ``n`` inputs, and a fiftieth of them in the sandbox."""
    rng, documents = np.random.default_rng(_SEED), samples(corpora)
    tallies: dict[str, Tally] = {}
    for kind, share in _SHARES.items():
        checks, scopes = _checks(kind), hostile_scopes(kind)
        for _ in range(round(n * share)):
            way, text = draw(kind, documents[kind], rng)
            scope, cut = scopes[int(rng.integers(len(scopes)))], int(rng.integers(len(text) + 1))
            context = Context(kind, text[:cut], "", scope)
            for name, check in checks.items():
                told = f"{way} {text[:60]!r}… ({len(text)} characters, cut at {cut})"
                tallies.setdefault(name, Tally()).add(told, partial(check, context, text[cut:]))
    rows = [tally.row(name) for name, tally in tallies.items()]
    return [*rows, *_in_the_sandbox(documents["python"], n // _PER_SANDBOX, rng)]


def draw(kind: Kind, documents: Sequence[str], rng: np.random.Generator) -> tuple[str, str]:
    """How an input was made, and the input."""
    ways = list(WAYS)
    way = ways[int(rng.choice(len(ways), p=[share for _, share in WAYS.values()]))]
    return way, WAYS[way][0](kind, documents, rng)


def _checks(kind: Kind) -> dict[str, Check]:
    """Every validator of a kind, as the rings ask it and for finished documents."""
    text = TextValidator()
    checks: dict[str, Check] = {"text": _asks(text.check)}
    if kind == "python":
        checks |= {"python": _asks(PythonPrefixValidator().check), "pyflakes": _asks(PythonStatementsValidator().check)}
        checks["variables"] = _asks(LogicValidator().check)
    elif kind == "table":
        table = TableValidator()
        checks["table"] = _asks(table.check)
        checks["table, finished"] = lambda context, text: _first(
            table.check_finished(context.before + text, _table_scope(context))
        )
    elif kind == "formula":
        formula = FormulaValidator()
        checks["formula"] = _asks(formula.check)
        checks["formula, finished"] = lambda context, text: _first(
            formula.check_finished(context.before + text, _sheet_scope(context))
        )
    return checks


def _asks(check: Callable[[Context, Candidate], Verdict]) -> Check:
    return lambda context, text: check(context, Candidate(text, 0.0, "bench"))


def _first(verdicts: Sequence[Verdict]) -> Verdict:
    return next((v for v in verdicts if not v.ok), Verdict(True, "bench"))


def _table_scope(context: Context) -> TableScope:
    return context.scope if isinstance(context.scope, TableScope) else TableScope("", Schema((), given=False))


def _sheet_scope(context: Context) -> SheetScope | None:
    return context.scope if isinstance(context.scope, SheetScope) else None


def _in_the_sandbox(documents: Sequence[str], n: int, rng: np.random.Generator) -> Iterator[Row]:
    """Programs that can be compiled and may do anything, run with a test."""
    sandbox = Sandbox(Limits(wall_s=_WALL_S))
    tally = Tally(time.perf_counter, _WALL_S + LIMIT_S)
    if not sandbox.available()[0]:
        return

    def judge(text: str) -> Verdict:
        outcome = sandbox.run(text, "assert answer() == 42")
        return Verdict(outcome.ok, "sandbox", "" if outcome.ok else "tests", outcome.reason)

    sources = (*documents, *ATTACKS.values(), *FORGERIES.values())
    while len(tally.seconds) + len(tally.crashes) < n:
        way, text = draw("python", sources, rng)
        if _can_be_compiled(text):
            tally.add(f"{way} {text[:60]!r}… ({len(text)} characters)", partial(judge, text))
    yield tally.row("sandbox")


def _can_be_compiled(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<fuzz>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
