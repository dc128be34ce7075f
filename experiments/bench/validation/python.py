"""Python's fast ring: does it refuse beginnings of real programs, what does it catch, and how long does it take?"""

import io
import json
import sysconfig
import tokenize
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

from experiments.bench.table import Row
from generation.recipes import HELD_OUT_MODULES
from generation.types import Candidate, Context
from validation.python.prefix import PythonPrefixValidator
from validation.python.statements import PythonStatementsValidator
from validation.rings import Ring
from validation.text import TextValidator
from validation.types import Verdict

N_CANDIDATES = 32
NOTES = (
    "Programs: modules of the standard library that nothing is learnt from, and the solutions of MBPP. Every beginning "
    "that ends where a token does is judged with the last token as the candidate. Mutants: one token deleted, swapped "
    "with the next, or replaced by one of another kind; the mutated program is judged line by line. Counted are those "
    "that no completion can save: Python's own parser finds the fault in a line before the last."
)


def fast_ring() -> Ring:
    """The ring that every candidate passes."""
    return Ring([TextValidator(), PythonPrefixValidator(), PythonStatementsValidator()])


def programs(corpora: Path | None) -> Mapping[str, Sequence[str]]:
    """Held-out programs by the set they belong to."""
    folder = Path(sysconfig.get_path("stdlib"))
    found = {"standard library": [(folder / name).read_text(encoding="utf-8") for name in HELD_OUT_MODULES]}
    if corpora is not None:
        tasks = json.loads((corpora / "code" / "sanitized-mbpp.json").read_text(encoding="utf-8"))
        found["MBPP"] = [task["code"].replace("\r\n", "\n") for task in tasks]
    return found


def false_rejects(sources: Sequence[str], ring: Ring) -> list[tuple[str, Verdict]]:
    """Beginnings that are refused, with the verdict; of each program only the first."""
    found = []
    for source in sources:
        for before, token in beginnings(source):
            verdict = ring.check(Context("python", before), Candidate(token, 0.0, "bench"))[-1]
            if not verdict.ok:
                found.append((before + token, verdict))
                break
    return found


def beginnings(source: str) -> Iterator[tuple[str, str]]:
    """What stands before each token, and what stands from there to the token's end."""
    starts = np.cumsum([0, *(len(line) for line in source.splitlines(keepends=True))])
    at = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        end = min(int(starts[min(token.end[0] - 1, len(starts) - 1)]) + token.end[1], len(source))
        if end > at:
            yield source[:at], source[at:end]
            at = end


def mutants(sources: Sequence[str], n: int, rng: np.random.Generator) -> Iterator[str]:
    """Programs with one token deleted, swapped with the next, or replaced by one of another kind."""
    while n > 0:
        source = sources[int(rng.integers(len(sources)))]
        pieces = list(beginnings(source))
        index = int(rng.integers(len(pieces) - 1))
        here, following = pieces[index][1], pieces[index + 1][1]
        blank = here[: len(here) - len(here.lstrip())]
        words = (
            "",
            following.lstrip(" ") + " " + here.strip(),
            blank + str(rng.choice(["name", "7", "'s'", ")", "in"])),
        )
        change = int(rng.integers(3))
        rest = source[len(pieces[index][0]) + len(here) + (len(following) if change == 1 else 0) :]
        yield pieces[index][0] + words[change] + rest
        n -= 1


def lost_at(source: str) -> int | None:
    """The line whose fault no completion mends, where Python's parser finds one before the last line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<mutant>", "exec", dont_inherit=True)
    except SyntaxError as error:
        line = error.lineno or 0
        return line if line < source.count("\n") else None
    return None


def is_caught(source: str, ring: Ring) -> bool:
    """Whether some line is refused when a program is written line by line."""
    before = ""
    for line in source.splitlines(keepends=True):
        if not ring.check(Context("python", before), Candidate(line, 0.0, "bench"))[-1].ok:
            return True
        before += line
    return False


def seconds(sources: Sequence[str], n: int, rng: np.random.Generator, ring: Callable[[], Ring] = fast_ring) -> Row:
    """How long single candidates take, and 32 lines of the same program, all indented as the right one, on one page."""
    single, pages, judge = list[float](), list[float](), ring()
    for _ in range(n):
        lines = sources[int(rng.integers(len(sources)))].splitlines(keepends=True)
        at = int(rng.integers(len(lines)))
        context = Context("python", "".join(lines[:at]))
        judge.check(context, Candidate("", 0.0, "bench"))
        indentation = lines[at][: len(lines[at]) - len(lines[at].lstrip(" "))]
        full = [indentation + line.lstrip(" ") for line in lines if line.strip()]
        drawn = rng.choice(len(full), min(N_CANDIDATES - 1, len(full)), replace=False)
        laps = []
        for text in dict.fromkeys([lines[at], *(full[int(i)] for i in drawn)]):
            begun = perf_counter()
            judge.check(context, Candidate(text, 0.0, "bench"))
            laps.append(perf_counter() - begun)
        single += laps
        pages.append(float(np.mean(laps)) * N_CANDIDATES)
    return {
        "n": n,
        "median_ms": 1e3 * float(np.median(single)),
        "p99_ms": 1e3 * float(np.quantile(single, 0.99)),
        "page_ms": 1e3 * float(np.median(pages)),
    }


def measure(corpora: Path | None, n_programs: int, n_mutants: int) -> list[Row]:
    """Rows of each set of programs."""
    rng, rows = np.random.default_rng(0), list[Row]()
    for name, sources in programs(corpora).items():
        ring, few = fast_ring(), sources[:n_programs]
        short = [source for source in sources if source.count("\n") < 200] or sources
        lost = [m for m in mutants(short, n_mutants, rng) if lost_at(m) is not None]
        rows.append(
            {
                "programs": name,
                "n_beginnings": sum(1 for source in few for _ in beginnings(source)),
                "false_rejects": len(false_rejects(few, ring)),
                "n_lost": len(lost),
                "caught": sum(is_caught(m, ring) for m in lost) / max(len(lost), 1),
                **{f"time_{key}": value for key, value in seconds(sources, 30, rng).items()},
            }
        )
    return rows
