"""The tiny llama: what it may read, its training and its file."""

import importlib.util
from importlib.metadata import distribution

import numpy as np
import pytest

from generation import models, recipes
from generation.text.language import read_language
from generation.tiny_llama import data

_MISSING = [name for name in ("torch", "tokenizers", "gguf") if importlib.util.find_spec(name) is None]
needs_torch = pytest.mark.skipif(bool(_MISSING), reason=f"training needs {', '.join(_MISSING)}")
needs_llama_cpp = pytest.mark.skipif(
    importlib.util.find_spec("llama_cpp") is None, reason="GGUF files are read by llama-cpp-python"
)


def test_a_package_held_out_is_no_training_text_even_where_another_carries_it():
    clicks = data.package_sources("click")
    carried = set(data.package_sources("typer")) - set(data._share("typer", data.long_lines(clicks)))
    assert len(carried) > 10
    assert not set(data.PACKAGES) & set(data.HELD_OUT_PACKAGES)


def test_a_package_with_another_licence_is_refused():
    with pytest.raises(ValueError, match=r"hypothesis.*MPL-2\.0"):
        data.licence(distribution("hypothesis"))


def test_a_package_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError, match="klingon"):
        data.package_sources("klingon")


def test_tests_and_copies_of_others_are_not_a_packages_own():
    assert not data._is_its_own(("setuptools", "_vendor", "wheel.py"))
    assert not data._is_its_own(("mne", "tests", "helper.py"))
    assert not data._is_its_own(("pandas", "conftest.py"))
    assert data._is_its_own(("pandas", "core", "frame.py"))


@pytest.mark.realdata
def test_held_out_english_is_no_training_text(data_root):
    corpora = data_root / "corpora"
    learnt = set(data.english(corpora))
    english = read_language("en").normalise(recipes.read_text(corpora / "text" / recipes.HELD_OUT_BOOK))
    sentences = recipes.read_sentences(corpora / "text" / recipes.SENTENCES)[: recipes.N_HELD_OUT_SENTENCES]
    assert len(learnt) > 50_000
    assert sum(sentence + "\n" in learnt for sentence in sentences) < 0.01 * len(sentences)
    assert not any(text.strip() in english for text in learnt if len(text) > 100)


def test_training_says_what_it_needs(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"torch, tokenizers, gguf.*uv pip install"):
        models.train("tiny-llama", tmp_path, tmp_path)


@needs_torch
def test_the_rate_falls_only_at_the_end():
    from generation.tiny_llama.train import Plan

    short, long = Plan(100, {}), Plan(200, {})
    assert [short.rate(step) for step in range(60)] == [long.rate(step) for step in range(60)]
    assert short.rate(60) == 1
    assert 0 < short.rate(99) < 0.05


def small(n_steps, vocabulary=40):
    """A shape, text with something to learn, and a plan that is done in a second."""
    from generation.tiny_llama.network import Shape
    from generation.tiny_llama.train import Plan

    shape = Shape(vocabulary, width=64, n_layers=2, n_heads=2, n_kv_heads=1, hidden=64, n_context=32)
    text = np.tile(np.arange(40, dtype=np.uint16), 30)
    return shape, {"text": text}, Plan(n_steps, {"text": 4}, n_rows_at_once=2, save_every=4)


@needs_torch
def test_training_stopped_and_taken_up_again_comes_to_the_same(tmp_path):
    from generation.tiny_llama.train import train

    once = train(*small(8), tmp_path / "once.npz")
    train(*small(4), tmp_path / "twice.npz")
    again = train(*small(8), tmp_path / "twice.npz")
    assert all(np.array_equal(once[name].numpy(), again[name].numpy()) for name in once)


@needs_torch
def test_training_learns(tmp_path):
    import torch

    from generation.tiny_llama.network import logits
    from generation.tiny_llama.train import train

    shape, sources, plan = small(60)
    weights = train(shape, sources, plan, tmp_path / "checkpoint.npz")
    text = torch.from_numpy(sources["text"][:33].astype(np.int64))[None]
    loss = torch.nn.functional.cross_entropy(logits(weights, shape, text[:, :-1])[0], text[0, 1:])
    assert float(loss) < 0.5 * np.log(40)


@needs_torch
@needs_llama_cpp
@pytest.mark.parametrize(("quantisation", "tolerance"), [("F32", 0.01), ("F16", 0.02), ("Q8_0", 0.15)])
def test_llama_cpp_reads_the_file_as_pytorch_computes_it(tmp_path, quantisation, tolerance):
    import torch

    from generation.llm.llama import Llama, Row
    from generation.tiny_llama.export import write_gguf
    from generation.tiny_llama.network import initial_weights, logits

    sources = data.held_out_modules()
    tokenizer = data.train_tokenizer({"modules": sources[:2], "english": ["the quick brown fox\n"]})
    shape = small(1, tokenizer.get_vocab_size())[0]
    rng = torch.Generator().manual_seed(3)
    weights = {
        name: value + 0.1 * torch.randn(value.shape, generator=rng) for name, value in initial_weights(shape, 0).items()
    }
    write_gguf(tmp_path / "small.gguf", weights, shape, tokenizer, quantisation)
    llama = Llama(tmp_path / "small.gguf", None, 64, 2, 1)
    text = sources[3][:4000] + "\t\n  \r\n don't  x=1234 «Ünïcode» 漢字 🙂 \n\n\n    if"
    assert llama.tokens(text) == tokenizer.encode(text).ids
    assert llama.begin not in llama.tokens(data.END_OF_TEXT)
    tokens = [llama.begin, *llama.tokens(text)[:31]]
    found = llama.evaluate([Row(token, place, (0,)) for place, token in enumerate(tokens)])
    llama.close()
    true = torch.log_softmax(logits(weights, shape, torch.tensor([tokens]))[0], -1).numpy()
    assert np.abs(found - true).max() < tolerance
