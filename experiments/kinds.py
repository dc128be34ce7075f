"""What each kind of document brings to a page: generators, speller, validators, and the models behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.config import Config
from experiments.layout import LayoutPolicy
from experiments.pages import PageMaker
from experiments.rig import screen
from generation.types import Generator, Speller
from validation.types import Validator


@dataclass(frozen=True, slots=True)
class Kit:
    """The parts of a page maker that depend on the kind of document."""

    generators: Sequence[Generator]
    speller: Speller
    validators: Sequence[Validator]


def page_maker(config: Config) -> PageMaker:
    """A page maker for the kind of document, from the models that ship.

    Raises
    ------
    FileNotFoundError, ValueError
        If a model is missing or damaged, or no pages are made for this kind.
    """
    from generation.models import list_models

    if config.kind not in _KITS:
        raise ValueError(f"Setting 'kind' must be one of {', '.join(_KITS)} (got {config.kind!r}).")

    kit = _KITS[config.kind]()
    return PageMaker(
        kit.generators,
        kit.speller,
        kit.validators,
        LayoutPolicy(**config.layout.model_dump()),
        screen(config),
        models={model.name: model.sha256 for model in list_models() if model.kind == config.kind},
    )


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


_KITS = {"text": _text, "python": _python}
