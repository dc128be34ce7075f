"""The shipped model, loaded once."""

import pytest

from generation.formula.generators import MODEL, formula_generators
from generation.formula.model import TokenModel
from generation.models import load


@pytest.fixture(scope="session")
def model():
    """The token model that ships."""
    return TokenModel(load(MODEL))


@pytest.fixture(scope="session")
def half():
    """Generators and speller that ship."""
    return formula_generators()
