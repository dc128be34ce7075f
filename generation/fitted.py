"""What was fitted on held-out documents for each kind: weights of generators, calibration, and the filter's say."""

import logging
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from generation.calibration import Calibration
from generation.llm.filter import BUDGET_S, FilterWeights, LlmFilter, open_filter
from generation.llm.sampler import LlmSampler
from generation.llm.scorer import LlmScorer
from generation.mixing import Mixture
from generation.models import checked
from generation.types import Generator, Kind

_log = logging.getLogger(__name__)

TINY_LLAMA = "tiny-llama"
SHIPPED = Path(__file__).parent / "mixing.toml"


@dataclass(frozen=True, slots=True)
class Fitted:
    """One kind's part of the file.

    Parameters
    ----------
    weights : mapping of str to float
        Of each generator, by name.
    calibration : Calibration, optional
    llm : FilterWeights, optional
        How much the filter is believed.
    llm_on : bool
        Whether the tiny llama filters unless told otherwise.
    notes : tuple of str
        On what it was fitted, and what came of it on other documents.
    """

    weights: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    calibration: Calibration | None = None
    llm: FilterWeights | None = None
    llm_on: bool = False
    notes: tuple[str, ...] = ()


def read_fitted(path: Path = SHIPPED) -> dict[str, Fitted]:
    """Every kind's part of a file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not as `write_fitted` writes it.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
        return {kind: _from_table(table) for kind, table in tables.items()}
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"File {path} must hold weights, calibration and notes of each kind ({error!r}).") from error


def write_fitted(parts: Mapping[str, Fitted], path: Path) -> None:
    """Write every kind's part, as TOML with plain numbers."""
    lines = ["# Made by `assent models fit`; every number is fitted on documents that nothing else learnt from."]
    for kind, part in parts.items():
        lines += ["", f"[{kind}]", *_as_lines({"llm_on": part.llm_on, "notes": list(part.notes)})]
        lines += ["", f"[{kind}.weights]", *_as_lines(part.weights)]
        if part.calibration is not None:
            lines += ["", f"[{kind}.calibration]", *_as_lines(asdict(part.calibration))]
        if part.llm is not None:
            lines += ["", f"[{kind}.llm]", *_as_lines(asdict(part.llm))]
    path.write_text("\n".join([*lines, ""]), "utf-8")


def mixture_of(generators: Sequence[Generator], kind: Kind, fitted: Fitted | None = None) -> Mixture:
    """Generators of one kind of document as one, with the weights and the calibration that ship.

    A generator that the file does not name gets the mean weight of those it names.
    """
    fitted = fitted or read_fitted().get(kind, Fitted())
    known = [weight for weight in fitted.weights.values() if weight > 0]
    usual = sum(known) / len(known) if known else 1.0
    weights = {generator.name: fitted.weights.get(generator.name, usual) for generator in generators}
    return Mixture(generators, weights, calibration=fitted.calibration)


def filter_of(kind: Kind, path: Path | None = None, budget_s: float = BUDGET_S) -> LlmFilter | None:
    """The filter for a kind of document; None where there is to be none.

    Parameters
    ----------
    kind : str
    path : Path, optional
        Any GGUF file, which is believed less than the generators are. By default the tiny llama, as much as held-out
        documents say, and only for kinds that it is known to help and where llama-cpp-python is installed.
    budget_s : float
        Time for one page, in s.

    Raises
    ------
    ImportError, FileNotFoundError, ValueError
        If the file that is named cannot be opened, or the tiny llama is missing or damaged; in a sentence.
    """
    if path is not None:
        return open_filter(path, FilterWeights(), budget_s=budget_s)
    fitted = read_fitted().get(kind, Fitted())
    if not fitted.llm_on or fitted.llm is None:
        return None
    try:
        return open_filter(checked(TINY_LLAMA).file, fitted.llm, budget_s=budget_s)
    except ImportError as missing:
        _log.info("Candidates are not filtered: %s", missing)
        return None


def sampler_of(n_samples: int, path: Path | None = None, budget_s: float = BUDGET_S) -> LlmSampler | None:
    """A generator that draws from a GGUF model, the tiny llama by default; None where there is to be none.

    Raises
    ------
    ImportError, FileNotFoundError, ValueError
        If the file that is named cannot be opened, or the tiny llama is missing or damaged; in a sentence.
    """
    if not n_samples:
        return None
    try:
        return LlmSampler(LlmScorer(path or checked(TINY_LLAMA).file), n_samples, budget_s=budget_s)
    except ImportError as missing:
        if path is not None:
            raise
        _log.info("Nothing is sampled: %s", missing)
        return None


def _from_table(table: Mapping[str, Any]) -> Fitted:
    calibration, llm = table.get("calibration"), table.get("llm")
    return Fitted(
        weights={str(name): float(weight) for name, weight in table["weights"].items()},
        calibration=Calibration(**calibration) if calibration is not None else None,
        llm=FilterWeights(**llm) if llm is not None else None,
        llm_on=bool(table["llm_on"]),
        notes=tuple(map(str, table["notes"])),
    )


def _as_lines(values: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in values.items()]


def _key(key: str) -> str:
    return key if key.replace("_", "a").replace("-", "a").isalnum() and key.isascii() else _value(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}" if value % 1 else f"{value:.1f}"
    if isinstance(value, list):
        return "[" + "".join(f"\n    {_value(each)}," for each in value) + ("\n]" if value else "]")
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
