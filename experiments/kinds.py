"""What each kind of document brings to a page: generators, speller, validators, and the models behind them."""

import contextlib
import hashlib
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.config import Config, Generation
from experiments.files import read_text
from experiments.layout import POLICIES
from experiments.opening import opening_document
from experiments.pages import PageMaker
from experiments.prefetch import Prefetch
from experiments.proposals import Proposer, Proposing
from experiments.rig import screen
from experiments.worker import Worker, is_possible
from generation.fitted import TINY_LLAMA, filter_of, mixture_of, read_fitted, sampler_of
from generation.table.types import TableScope
from generation.types import Candidate, Context, Filter, Generator, Kind, Rescored, Speller
from validation.types import Validator, Verdict


@dataclass(frozen=True, slots=True)
class Kit:
    """The parts of a proposer that depend on the kind of document.

    Parameters
    ----------
    generators : sequence of Generator
        They are mixed as held-out documents ask for.
    speller : Speller
    validators : sequence of Validator
        The fast ring: quick enough for every candidate.
    """

    generators: Sequence[Generator]
    speller: Speller
    validators: Sequence[Validator]


def page_maker(config: Config, real_time: bool = False, opening: Context | None = None) -> PageMaker:
    """A page maker from the models that ship.

    Parameters
    ----------
    config : Config
    opening : Context, optional
        What the session begins with, where that is anything.
    real_time : bool
        Whether time passes while a page is worked out, so that a worker may do it ahead. Where it stands still, a
        language model filters only if it is named, and in its own time.

    Raises
    ------
    ImportError, FileNotFoundError, ValueError
        If a model is missing or damaged, or no pages are made for this kind, or it is told to work ahead where no time
        passes.
    """
    llm, kind, n = config.generation.llm, config.kind, 4 * config.layout.max_candidates
    opening = opening or Context(kind, "")
    if llm not in ("auto", "none") and not Path(llm).is_file():
        raise FileNotFoundError(f"Model {llm} does not exist.")
    proposing: Proposing
    if works_ahead(config, real_time):
        fallback = proposer(opening, config.generation.model_copy(update={"llm": "none"}), n)
        command = [sys.executable, "-m", "experiments.ahead", config.model_dump_json()]
        worker = Worker(command, config.generation.patience_s)
        proposing = Prefetch(kind, worker, fallback, config.generation.wait_s)
    else:
        llm = "none" if llm == "auto" else llm
        told = config.generation.model_copy(update={"llm": llm})
        proposing = proposer(opening, told, n, config.generation.budget_s if real_time else math.inf)
    name = POLICY_OF.get(kind, "marginal-value") if config.layout.policy == "auto" else config.layout.policy
    policy = POLICIES[name](**config.layout.model_dump(exclude={"policy"}))
    return PageMaker(proposing, policy, screen(config), _models(kind, llm))


def works_ahead(config: Config, real_time: bool) -> bool:
    """Whether a worker process is to propose ahead.

    Raises
    ------
    ValueError
        If it is to, and cannot.
    """
    wanted, possible = config.generation.prefetch, real_time and is_possible()
    if wanted is True and not possible:
        raise ValueError("Setting 'generation.prefetch' (got true) needs real time, and a system other than Windows.")
    return possible if wanted == "auto" else wanted


def proposer(context: Context, told: Generation | None = None, n: int = 96, budget_s: float = math.inf) -> Proposer:
    """Who proposes in this process for documents of a context's kind and scope.

    Parameters
    ----------
    context : Context
    told : Generation, optional
        Settings; with ``llm`` "auto" the model that ships rescores candidates of kinds that it helps, where it can.
    n : int
        So many candidates are asked of each generator.
    budget_s : float
        Time that the model has for a page, in s.

    Raises
    ------
    ImportError, FileNotFoundError, ValueError
        If a model is missing or damaged, or nobody proposes for this kind.
    """
    told = told or Generation()
    kit = KITS[context.kind](context, told)
    filters = _filters(context.kind, told.llm, budget_s)
    generators = [*kit.generators, *_samplers(told, budget_s)]
    return Proposer([mixture_of(generators, context.kind)], kit.speller, kit.validators, filters, n)


def proposer_ahead(config: Config) -> Proposer:
    """Who proposes in the worker: with a model that cannot be used, it goes on without and says so."""
    kit, filters = KITS[config.kind](opening_document(config).context, config.generation), list[Filter]()
    try:
        filters = _filters(config.kind, config.generation.llm, config.generation.budget_s)
    except (ImportError, OSError, ValueError) as error:
        filters = [_NoFilter(str(error))]
    generators = list(kit.generators)
    with contextlib.suppress(ImportError, OSError, ValueError):  # the filter has said it
        generators += _samplers(config.generation, config.generation.budget_s)
    mixture = mixture_of(generators, config.kind)
    return Proposer([mixture], kit.speller, kit.validators, filters, 4 * config.layout.max_candidates)


def closer_look(kind: Kind) -> Callable[[Context, Candidate], Sequence[Verdict]]:
    """The slow ring for a kind of document: what it says of a candidate that is about to be shown."""
    from validation.rings import SlowRing

    if kind != "python":
        return SlowRing([]).check
    from validation.python.linters import LINTERS, LinterValidator, has_pylint

    return SlowRing([LinterValidator(stage) for stage in LINTERS if stage != "pylint" or has_pylint()]).check


def _filters(kind: Kind, llm: str, budget_s: float) -> list[Filter]:
    if llm == "none":
        return []
    found = filter_of(kind, None if llm == "auto" else Path(llm), budget_s)
    return [found] if found is not None else []


def _samplers(told: Generation, budget_s: float) -> list[Generator]:
    if told.llm == "none":
        return []
    found = sampler_of(told.samples, None if told.llm == "auto" else Path(told.llm), budget_s)
    return [found] if found is not None else []


class _NoFilter:
    """Stands for a model that cannot be used, and says why, once."""

    name = "llm"

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def rescore(self, context: Context, candidates: Sequence[Candidate]) -> Rescored:  # noqa: ARG002 - nothing to judge
        reason, self._reason = self._reason, ""
        return Rescored(list(candidates), 0, reason)


def _models(kind: Kind, llm: str) -> dict[str, str]:
    """Name and checksum of the models behind a kind's pages."""
    from generation.models import list_models

    told = read_fitted().get(kind)
    with_tiny = llm == "auto" and told is not None and told.llm_on
    shipped = {m.name: m.sha256 for m in list_models() if m.kind == kind or (m.name == TINY_LLAMA and with_tiny)}
    if llm in ("auto", "none"):
        return shipped
    with Path(llm).open("rb") as file:
        return {**shipped, llm: hashlib.file_digest(file, "sha256").hexdigest()}


def _text(context: Context, told: Generation) -> Kit:  # noqa: ARG001 - a text depends on nothing around it
    from generation.text.generators import text_generators
    from validation.text import TextValidator

    earlier = "\n".join(read_text(Path(path)) for path in told.own_files)
    generators, speller = text_generators(told.language, earlier=earlier)
    return Kit(generators, speller, [TextValidator()])


def _python(context: Context, told: Generation) -> Kit:  # noqa: ARG001 - a program depends on nothing around it
    from generation.python.tokens import python_generators
    from validation.python.prefix import PythonPrefixValidator
    from validation.python.statements import PythonStatementsValidator
    from validation.text import TextValidator

    generators, speller = python_generators([Path(path) for path in told.own_files])
    return Kit(generators, speller, [TextValidator(), PythonPrefixValidator(), PythonStatementsValidator()])


def _table(context: Context, told: Generation) -> Kit:  # noqa: ARG001 - its schema and its rows say all
    from generation.table.generators import table_generators
    from validation.table.validator import TableValidator
    from validation.text import TextValidator

    scope = context.scope if isinstance(context.scope, TableScope) else None
    generators, speller = table_generators(scope, context.before)
    return Kit(generators, speller, [TextValidator(), TableValidator()])


def _formula(context: Context, told: Generation) -> Kit:  # noqa: ARG001 - the sheet comes with each context
    from generation.formula.generators import formula_generators
    from validation.formula.validator import FormulaValidator
    from validation.text import TextValidator

    generators, speller = formula_generators()
    return Kit(generators, speller, [TextValidator(), FormulaValidator()])


KITS: Mapping[Kind, Callable[[Context, Generation], Kit]] = {
    "text": _text,
    "python": _python,
    "table": _table,
    "formula": _formula,
}
"""How each kind's parts are put together, from what a session begins with."""

POLICY_OF: Mapping[Kind, str] = {"text": "posterior-matching"}
"""The layout policy of kinds for which another than marginal-value has won on held-out documents: see the benchmark
"layouts"."""
