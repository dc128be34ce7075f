"""What each kind of document brings to a page: generators, speller, validators, and the models behind them."""

import hashlib
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from experiments.config import Config
from experiments.layout import POLICIES
from experiments.pages import PageMaker
from experiments.prefetch import Prefetch
from experiments.proposals import Proposer, Proposing
from experiments.rig import screen
from experiments.worker import Worker, is_possible
from generation.llm.filter import FilterWeights, open_filter
from generation.types import Candidate, Context, Filter, Generator, Kind, Rescored, Speller
from validation.types import Validator, Verdict

TINY_LLAMA = "tiny-llama"


@dataclass(frozen=True, slots=True)
class Kit:
    """The parts of a proposer that depend on the kind of document.

    Parameters
    ----------
    generators : sequence of Generator
    speller : Speller
    validators : sequence of Validator
        The fast ring: quick enough for every candidate.
    closer : sequence of Validator
        The slow ring: for what is about to be shown, where there is time.
    weights : FilterWeights
        What a language model's say counts for.
    """

    generators: Sequence[Generator]
    speller: Speller
    validators: Sequence[Validator]
    closer: Sequence[Validator] = ()
    weights: FilterWeights = field(default_factory=FilterWeights)


def page_maker(config: Config, real_time: bool = False) -> PageMaker:
    """A page maker from the models that ship.

    Parameters
    ----------
    config : Config
    real_time : bool
        Whether time passes while a page is worked out, so that a worker may do it ahead.

    Raises
    ------
    ImportError, FileNotFoundError, ValueError
        If a model is missing or damaged, or no pages are made for this kind, or it is told to work ahead where no time
        passes.
    """
    from generation.models import list_models

    context, llm, n = Context(config.kind, ""), config.generation.llm, 4 * config.layout.max_candidates
    model = language_model(llm)
    proposing: Proposing
    if works_ahead(config, real_time):
        fallback = proposer(context, "none", n)
        command = [sys.executable, "-m", "experiments.ahead", config.model_dump_json()]
        worker = Worker(command, config.generation.patience_s)
        proposing = Prefetch(config.kind, worker, fallback, config.generation.wait_s)
    elif llm == "auto":
        model, proposing = None, proposer(context, "none", n)
    else:
        budget_s = config.generation.budget_s if real_time else math.inf
        proposing = proposer(context, llm, n, budget_s)
    models = {one.name: one.sha256 for one in list_models() if one.kind == config.kind}
    name = POLICY_OF.get(config.kind, "marginal-value") if config.layout.policy == "auto" else config.layout.policy
    return PageMaker(
        proposing,
        POLICIES[name](**config.layout.model_dump(exclude={"policy"})),
        screen(config),
        models=models | ({"llm": _checksum(model)} if model else {}),
    )


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


def proposer(context: Context, llm: str = "auto", n: int = 96, budget_s: float = math.inf) -> Proposer:
    """Who proposes in this process for documents of a context's kind and scope.

    Parameters
    ----------
    context : Context
    llm : str
        The file of a GGUF model that rescores candidates; "auto" for the one that ships, where there is one that can
        be used; "none".
    n : int
        So many candidates are asked of each generator.
    budget_s : float
        Time that the model has for a page, in s.

    Raises
    ------
    ImportError, FileNotFoundError, ValueError
        If a model is missing or damaged, or nobody proposes for this kind.
    """
    kit, model = _kit(context.kind), language_model(llm)
    filters = [open_filter(model, kit.weights, budget_s=budget_s)] if model else []
    return Proposer(kit.generators, kit.speller, kit.validators, filters, n)


def proposer_ahead(config: Config) -> Proposer:
    """Who proposes in the worker: with a model that cannot be used, it goes on without and says so."""
    kit, filters, n = _kit(config.kind), list[Filter](), 4 * config.layout.max_candidates
    try:
        model = language_model(config.generation.llm)
        if model:
            filters.append(open_filter(model, kit.weights, budget_s=config.generation.budget_s))
    except (ImportError, OSError, ValueError) as error:
        filters.append(_NoFilter(str(error)))
    return Proposer(kit.generators, kit.speller, kit.validators, filters, n)


def closer_look(kind: Kind) -> Callable[[Context, Candidate], Sequence[Verdict]]:
    """The slow ring for a kind of document: what it says of a candidate that is about to be shown."""
    validators = _kit(kind).closer
    return lambda context, candidate: [validator.check(context, candidate) for validator in validators]


def language_model(llm: str) -> Path | None:
    """The file of the model that rescores candidates.

    Raises
    ------
    FileNotFoundError
        If it is named and does not exist.
    """
    from generation.models import models_folder

    if llm == "none":
        return None
    if llm == "auto":
        shipped = models_folder() / f"{TINY_LLAMA}.gguf"
        return shipped if shipped.is_file() and find_spec("llama_cpp") else None
    path = Path(llm)
    if not path.is_file():
        raise FileNotFoundError(f"Model {path} does not exist.")
    return path


class _NoFilter:
    """Stands for a model that cannot be used, and says why, once."""

    name = "llm"

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def rescore(self, context: Context, candidates: Sequence[Candidate]) -> Rescored:  # noqa: ARG002 - nothing to judge
        reason, self._reason = self._reason, ""
        return Rescored(list(candidates), 0, reason)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _kit(kind: Kind) -> Kit:
    if kind not in KITS:
        raise ValueError(f"Setting 'kind' must be one of {', '.join(KITS)} (got {kind!r}).")
    return KITS[kind]()


def _text() -> Kit:
    from generation.text.generators import text_generators
    from validation.text import TextValidator

    generators, speller = text_generators()
    return Kit(generators, speller, [TextValidator()])


def _python() -> Kit:
    from generation.python.tokens import python_generators
    from validation.python.prefix import PythonPrefixValidator
    from validation.text import TextValidator

    generators, speller = python_generators()
    return Kit(generators, speller, [TextValidator(), PythonPrefixValidator()])


KITS: Mapping[Kind, Callable[[], Kit]] = {"text": _text, "python": _python}
"""How each kind's parts are put together; a kind that is not here gets no pages."""

POLICY_OF: Mapping[Kind, str] = {"text": "posterior-matching"}
"""The layout policy of kinds for which another than marginal-value has won on held-out documents: see the benchmark
"layouts"."""
