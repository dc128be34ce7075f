"""The generators and the speller of formulas, from the model that ships."""

from generation.formula.model import TokenModel
from generation.formula.neighbours import NeighbourFormulas, WorkbookFormulas
from generation.formula.ngram import FormulaNgram
from generation.formula.ranges import SheetRanges
from generation.formula.references import SheetReferences
from generation.formula.spelling import FormulaSpeller
from generation.models import load
from generation.types import Generator

MODEL = "formula-tokens"


def formula_generators() -> tuple[list[Generator], FormulaSpeller]:
    """Generators and speller for formulas.

    The n-gram speaks everywhere; the others where the context has a sheet.
    """
    model = TokenModel(load(MODEL))
    generators: list[Generator] = [
        FormulaNgram(model),
        NeighbourFormulas(),
        SheetRanges(),
        SheetReferences(),
        WorkbookFormulas(),
    ]
    return generators, FormulaSpeller(model)
