"""What a language model costs, each way in a process of its own."""

import pytest

from experiments.bench.generation.cost import measured_apart, model_rows
from experiments.bench.generation.shapes import SHAPES, Shape, can_write, write_random
from experiments.bench.generation.ways import GENERATING, SCORING, STAGED
from generation.llm import llama

needs_both = pytest.mark.skipif(
    llama.llama_cpp is None or not can_write(), reason="needs llama-cpp-python and the package gguf"
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    made = tmp_path_factory.mktemp("random") / "random.gguf"
    write_random(made, Shape(64, 128, 2, 4, 2, n_vocabulary=512))
    return made


@needs_both
def test_every_way_is_measured_and_compared_with_the_staged_one(path):
    ways = (STAGED, "one by one, no cache", "generating in parallel")
    rows = model_rows("random", path, ways, 1, lambda what, done, total: None)
    assert [row["way"] for row in rows] == list(ways)
    assert rows[0]["x_staged"] == 1.0
    assert all(row["cpu_s"] > 0 and row["peak_mb"] > 20 for row in rows)


@needs_both
def test_a_way_that_fails_says_so_in_a_sentence(tmp_path):
    with pytest.raises(
        RuntimeError, match=r"'batched, staged' with nothing\.gguf must run through \(FileNotFoundError"
    ):
        measured_apart(tmp_path / "nothing.gguf", STAGED, 1)


@needs_both
def test_a_head_of_its_own_makes_the_file_larger(tmp_path, path):
    write_random(tmp_path / "untied.gguf", Shape(64, 128, 2, 4, 2, n_vocabulary=512, is_tied=False))
    assert (tmp_path / "untied.gguf").stat().st_size > path.stat().st_size + 512 * 64 * 18 / 32 - 64


def test_ways_and_shapes_have_distinct_names():
    assert not SCORING.keys() & GENERATING.keys()
    assert list(SHAPES) == ["Qwen2.5-0.5B", "Qwen-1.8B"]
