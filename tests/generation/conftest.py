"""The shipped generators and spellers, loaded once."""

import pytest

from generation.formula.generators import formula_generators
from generation.python.tokens import python_generators
from generation.table.generators import table_generators
from generation.text.generators import text_generators


@pytest.fixture(scope="session")
def halves():
    """Generators and speller of each kind."""
    return {
        "text": text_generators(),
        "python": python_generators(),
        "table": table_generators(),
        "formula": formula_generators(),
    }
