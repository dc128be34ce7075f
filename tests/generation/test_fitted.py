"""The file of what was fitted, and what is made of it."""

import math

import pytest

from generation.calibration import Calibration
from generation.fitted import Fitted, filter_of, mixture_of, read_fitted, write_fitted
from generation.llm.filter import FilterWeights
from generation.types import Candidate, Context

PART = Fitted(
    weights={"words": 0.75, "llm samples": 1.0},
    calibration=Calibration(1.25, 0.5, 0.0, -0.125, 1.0, 0.0),
    llm=FilterWeights(0.5, 0.25, -0.125),
    llm_on=True,
    notes=('says "so"', "and \\ more"),
)


class Fixed:
    """Offers one letter."""

    def __init__(self, name, letter):
        self.name, self.letter = name, letter

    def propose(self, context, n):
        return [Candidate(self.letter, math.log(0.5), self.name)]


def test_what_is_written_is_read_again(tmp_path):
    write_fitted({"text": PART, "python": Fitted()}, tmp_path / "any.toml")
    assert read_fitted(tmp_path / "any.toml") == {"text": PART, "python": Fitted(weights={})}


def test_the_file_that_ships_has_text_and_python():
    found = read_fitted()
    assert {"text", "python"} <= found.keys()
    for part in found.values():
        assert part.notes
        assert part.llm is not None
        assert sum(part.weights.values()) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize(
    "content", ["no toml", "[text]\nllm_on = true\n", "[text]\nllm_on = 1\nweights = 3\nnotes = []"]
)
def test_a_file_that_lacks_something_is_refused(tmp_path, content):
    (tmp_path / "any.toml").write_text(content)
    with pytest.raises(ValueError, match=r"any\.toml must hold weights"):
        read_fitted(tmp_path / "any.toml")


def test_a_generator_that_the_file_does_not_name_gets_a_mean_weight():
    fitted = Fitted(weights={"known": 0.2})
    found = mixture_of([Fixed("known", "a"), Fixed("new", "b")], "text", fitted).propose(Context("text", ""), 2)
    assert [c.log_p for c in found] == pytest.approx([math.log(0.25)] * 2)


def test_a_model_that_is_named_and_not_there_is_named_in_the_error(tmp_path):
    pytest.importorskip("llama_cpp", reason="GGUF files are read by llama-cpp-python, the extra 'llm'")
    with pytest.raises(FileNotFoundError, match=r"nothing\.gguf does not exist"):
        filter_of("text", tmp_path / "nothing.gguf")


def test_a_kind_that_the_file_does_not_know_has_no_filter():
    assert filter_of("formula") is None
