"""Candidates scored by a GGUF model, many in one go."""

import numpy as np
import pytest

from generation import models
from generation.llm import llama
from generation.llm.llama import Row
from generation.llm.scorer import LlmScorer, Scores

needs_llama_cpp = pytest.mark.skipif(
    llama.llama_cpp is None, reason="GGUF files are read by llama-cpp-python, the extra 'llm'"
)
CONTEXT = (
    "import os\n\n\nclass Shelf:\n    def __init__(self, path):\n        self.path = path\n        self.books = {}\n\n"
)
CANDIDATES = (
    *("    def add(self, book):\n", "    def __len__(self):\n", "    def __len__(self) -> int:\n", "    @property\n"),
    *("    @staticmethod\n", "class Book:\n", "\n", "    def remove(self, name):\n        del self.books[name]\n", "x"),
)
# Two ways of adding up the same differ by so much (nats) for one token, by the precision of the weights. In Q8_0 the
# activations are rounded too: by 0.03 in the root mean square, over candidates of 8 tokens as of 44. Rounding errors of
# one token and the next know nothing of each other, so that they add up as the square root of the tokens.
TOLERANCE = {"F32": 0.01, "F16": 0.01, "Q8_0": 4 * 0.03}


class Parrot:
    """A stand-in for llama.cpp: what follows depends on every token before, and each cell must be where it belongs."""

    begin = 0

    def __init__(self, path, n_context=None, n_batch=256, n_sequences=33, n_threads=1):
        self.n_context, self.n_batch = n_context or 128, n_batch
        self.pieces = [b"", *(bytes([i]) for i in range(256)), b"    ", b" def", b"self", b".path", b" self", b"):\n"]
        self.cells = {sequence: [] for sequence in range(n_sequences)}

    def tokens(self, text):
        raw, found = text.encode("utf-8", "replace"), []
        while raw:
            token = max((t for t in range(1, len(self.pieces)) if raw.startswith(self.pieces[t])), key=self._length)
            found.append(token)
            raw = raw[self._length(token) :]
        return found

    def evaluate(self, rows):
        assert len(rows) <= self.n_batch
        found = []
        for row in rows:
            for sequence in row.sequences:
                assert len(self.cells[sequence]) == row.position < self.n_context + self.n_batch
                self.cells[sequence].append(row.token)
            before = {tuple(self.cells[sequence]) for sequence in row.sequences}
            assert len(before) == 1
            if row.wanted:
                rng = np.random.default_rng(list(before.pop()))
                found.append(np.log(rng.dirichlet(np.ones(len(self.pieces)))))
        return np.array(found, np.float32).reshape(-1, len(self.pieces))

    def share(self, sequences):
        for sequence in sequences:
            assert not self.cells[sequence]
            self.cells[sequence] = list(self.cells[0])

    def drop(self, sequences, begin=-1):
        for sequence in sequences:
            del self.cells[sequence][max(begin, 0) :]

    def close(self):
        self.cells.clear()

    def _length(self, token):
        return len(self.pieces[token])


@pytest.fixture(scope="module")
def path():
    try:
        return models.checked("tiny-llama").file
    except ValueError:
        pytest.skip("the tiny llama does not ship")


@pytest.fixture
def scorer(path):
    """The model that ships."""
    with LlmScorer(path) as opened:
        yield opened


@pytest.fixture(params=["stand-in", pytest.param("llama.cpp", marks=needs_llama_cpp)])
def make(request, monkeypatch):
    """Opens a scorer, of the model that ships where it can be read, and of a stand-in everywhere."""
    if request.param == "stand-in":
        monkeypatch.setattr("generation.llm.scorer.Llama", Parrot)
        return lambda **settings: LlmScorer("parrot", **settings)
    file = request.getfixturevalue("path")
    return lambda **settings: LlmScorer(file, **settings)


@pytest.fixture
def any_scorer(make):
    with make() as opened:
        yield opened


@pytest.fixture
def evaluated(any_scorer, monkeypatch):
    """How many rows each call evaluated."""
    sizes = []
    plain = any_scorer.llama.evaluate
    monkeypatch.setattr(any_scorer.llama, "evaluate", lambda rows: sizes.append(len(rows)) or plain(rows))
    return sizes


def assert_same(found, expected, quantisation):
    """Scores are the same but for what adding up in another order makes of them."""
    assert found.n_tokens.tolist() == expected.n_tokens.tolist()
    assert (abs(found.whole - expected.whole) <= TOLERANCE[quantisation] * np.sqrt(found.n_tokens)).all()


def one_by_one(scorer, before, candidates):
    found = []
    for candidate in candidates:
        scorer.forget()
        found.append(scorer.score(before, [candidate]))
    return Scores(*(np.array([getattr(one, name)[0] for one in found]) for name in Scores.__slots__))


def test_scores_of_many_at_once_are_those_of_one_by_one(any_scorer):
    together = any_scorer.score(CONTEXT, CANDIDATES)
    assert_same(together, one_by_one(any_scorer, CONTEXT, CANDIDATES), "Q8_0")


@needs_llama_cpp
@pytest.mark.parametrize("quantisation", TOLERANCE)
def test_scores_of_many_at_once_are_those_of_one_by_one_in_every_precision(tmp_path, quantisation):
    for name in ("torch", "tokenizers", "gguf"):
        pytest.importorskip(name, reason="making a model takes torch, tokenizers and gguf")
    from generation.tiny_llama.data import train_tokenizer
    from generation.tiny_llama.export import write_gguf
    from generation.tiny_llama.network import Shape, initial_weights

    tokenizer = train_tokenizer({"code": [CONTEXT, *CANDIDATES]})
    shape = Shape(tokenizer.get_vocab_size(), width=64, n_layers=2, n_heads=2, n_kv_heads=1, hidden=64, n_context=128)
    weights = {name: value * 5 for name, value in initial_weights(shape, 0).items()}
    write_gguf(tmp_path / "small.gguf", weights, shape, tokenizer, quantisation)
    with LlmScorer(tmp_path / "small.gguf") as scorer:
        together = scorer.score(CONTEXT, CANDIDATES)
        assert_same(together, one_by_one(scorer, CONTEXT, CANDIDATES), quantisation)


def test_more_candidates_than_fit_one_call_are_taken_in_turns(make, any_scorer):
    candidates = [f"    x{i} = {i}\n" for i in range(70)]
    with make(n_batch=64, n_at_once=5) as small:
        assert_same(small.score(CONTEXT, candidates), any_scorer.score(CONTEXT, candidates), "Q8_0")


def test_what_the_context_gave_back_is_divided_out(monkeypatch):
    monkeypatch.setattr("generation.llm.scorer.Llama", Parrot)
    found = LlmScorer("parrot").score("x = self.", ["path\n"])
    parrot = Parrot("parrot")
    tokens = [parrot.begin, *parrot.tokens("x = self.path")]
    *_, before, after = parrot.evaluate([Row(token, place, (0,)) for place, token in enumerate(tokens)])
    (dot,), (path,), (end,) = (parrot.tokens(text) for text in (".", ".path", "\n"))
    share = before[path] - np.logaddexp(before[dot], before[path])
    assert tokens[-1] == path
    assert found.first[0] == pytest.approx(share, abs=1e-5)
    assert found.whole[0] == pytest.approx(share + after[end], abs=1e-5)


def test_a_line_end_counts_alone_and_as_part_of_the_last_token(monkeypatch):
    monkeypatch.setattr("generation.llm.scorer.Llama", Parrot)
    found = LlmScorer("parrot").score("", ["):\n"])
    parrot = Parrot("parrot")
    tokens = [parrot.begin, *parrot.tokens(")"), *parrot.tokens(":")]
    first, second, third = parrot.evaluate([Row(token, place, (0,)) for place, token in enumerate(tokens)])
    (joined,), (end,) = parrot.tokens("):\n"), parrot.tokens("\n")
    apart = first[tokens[1]] + second[tokens[2]] + third[end]
    assert found.whole[0] == pytest.approx(np.logaddexp(first[joined], apart), abs=1e-5)


@needs_llama_cpp
def test_a_document_goes_on_as_its_parts_do(scorer):
    whole = scorer.score(CONTEXT, ["    def add(self):\n        pass\n"]).whole[0]
    first = scorer.score(CONTEXT, ["    def add(self):\n"]).whole[0]
    rest = scorer.score(CONTEXT + "    def add(self):\n", ["        pass\n"]).whole[0]
    assert whole == pytest.approx(first + rest, abs=0.3)


def test_only_what_is_new_of_the_context_is_evaluated(any_scorer, evaluated):
    any_scorer.score(CONTEXT, ["    @property\n"])
    n_context = evaluated[0]
    evaluated.clear()
    any_scorer.score(CONTEXT + "    @property\n", ["    def name(self):\n"])
    assert n_context > 30
    assert evaluated[0] < n_context / 3
    evaluated.clear()
    any_scorer.score(CONTEXT + "    @property\n", ["    def name(self):\n"])
    assert len(evaluated) == 1


def test_shared_beginnings_are_evaluated_once(any_scorer, evaluated):
    any_scorer.score(CONTEXT, ["    def remove(self, name):\n"])
    alone = evaluated[-1]
    any_scorer.score(
        CONTEXT, ["    def remove(self, name):\n", "    def remove(self, name)", "    def remove(self, name):"]
    )
    assert evaluated[-1] == alone


def test_only_the_most_promising_are_scored_as_wholes(any_scorer):
    found = any_scorer.score(CONTEXT, CANDIDATES, n_whole=3)
    assert np.isfinite(found.first).all()
    assert set(np.flatnonzero(np.isfinite(found.whole))) == set(np.argsort(-found.first, kind="stable")[:3])
    prior = np.zeros(len(CANDIDATES))
    prior[-1] = 100.0
    assert np.isfinite(any_scorer.score(CONTEXT, CANDIDATES, n_whole=1, prior=prior).whole[-1])


def test_a_candidate_longer_than_the_batch_is_refused_and_the_others_are_not(make):
    with make(n_batch=32, n_at_once=8) as scorer:
        found = scorer.score(CONTEXT, ["x = 1\n", "y" * 3000, "z = 2\n"])
    assert np.isnan(found.whole).tolist() == [False, True, False]
    assert np.isnan(found.first).tolist() == [False, True, False]


@needs_llama_cpp
def test_a_word_cut_in_two_is_seen_as_one(scorer):
    before = CONTEXT + "    def add(self, book):\n        sel"
    found = scorer.score(before, ["f", "ves", "dom"])
    assert found.whole[0] == found.whole.max()
    assert found.whole[0] > np.log(0.5)


@needs_llama_cpp
def test_words_with_the_blank_after_them_exclude_each_other(scorer):
    words = [
        "a ",
        "an ",
        "and ",
        "any ",
        "the ",
        "then ",
        "them ",
        "i ",
        "in ",
        "it ",
        "is ",
        "to ",
        "we ",
        "you ",
        "he ",
    ]
    found = scorer.score("he said that ", words)
    assert 0.02 < np.exp(found.whole).sum() < 1.0


@pytest.mark.parametrize("before", ["", "日本語のテキスト", "\ud800\x00", "  \n\n\t ", "x = 1\n" * 100_000])
def test_any_document_gets_finite_scores(any_scorer, before):
    found = any_scorer.score(before, ["x = 1\n", " ", "\n", "ж", "\n    pass\n"])
    assert np.isfinite(found.whole).all()
    assert (found.whole < 0.1).all()


def test_a_long_context_stays_where_it_is_cut_while_the_document_grows(any_scorer, evaluated):
    before = "".join(f"value_{i} = {i}\n" for i in range(500))
    any_scorer.score(before, ["x"])
    evaluated.clear()
    any_scorer.score(before + "y", [" = 3\n"])
    assert evaluated[0] < 8


def test_no_candidates_have_no_scores(any_scorer):
    assert any_scorer.score(CONTEXT, []).whole.shape == (0,)


@needs_llama_cpp
def test_a_long_document_has_the_bits_of_its_parts(scorer):
    one = "import os\nprint(os.getcwd())\n"
    assert scorer.log_p_of_document(one) == pytest.approx(scorer.score("", [one]).whole[0], abs=1.0)
    long = "".join(f"def function_{i}(self):\n    return self.value_{i}\n\n\n" for i in range(200))
    assert -2.0 < scorer.log_p_of_document(long) / len(long) < -0.05


@needs_llama_cpp
def test_a_file_name_is_only_a_name(path, tmp_path):
    copy = tmp_path / "a'; rm -rf $HOME\n%s%n ü.gguf"
    copy.write_bytes(path.read_bytes())
    with LlmScorer(copy) as scorer:
        assert np.isfinite(scorer.score("x", ["y"]).whole).all()


@needs_llama_cpp
def test_a_file_that_is_no_whole_model_is_refused_in_a_sentence(path, tmp_path):
    whole = path.read_bytes()
    stranger = whole.replace(b"architecture\x08\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00llama", b"", 1)
    assert stranger != whole
    stranger = whole.replace(b"\x05\x00\x00\x00\x00\x00\x00\x00llama", b"\x05\x00\x00\x00\x00\x00\x00\x00xlama", 1)
    for name, content in {"half": whole[: len(whole) // 2], "head": whole[:100], "stranger": stranger}.items():
        broken = tmp_path / f"{name}.gguf"
        broken.write_bytes(content)
        with pytest.raises(ValueError, match=rf"{name}\.gguf must be a whole GGUF model"):
            LlmScorer(broken)
    (tmp_path / "text.gguf").write_text("no model")
    with pytest.raises(ValueError, match="must be a GGUF model"):
        LlmScorer(tmp_path / "text.gguf")


@needs_llama_cpp
def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.gguf"):
        LlmScorer(tmp_path / "nothing.gguf")


@needs_llama_cpp
def test_a_batch_smaller_than_its_candidates_is_refused(path):
    with pytest.raises(ValueError, match=r"'n_batch' \(got 32\) must be at least the 33"):
        LlmScorer(path, n_batch=32)


def test_without_llama_cpp_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(llama, "llama_cpp", None)
    with pytest.raises(ImportError, match="extra 'llm'"):
        LlmScorer(tmp_path / "any.gguf")


def test_no_candidate_is_likelier_than_certain_wherever_the_context_ends(any_scorer):
    indented = "def f(values):\n    for value in values:\n        "
    for before in (indented, indented + "pri", "a = [1, 2,", "x = 'open the win", "\n\n    "):
        scores = any_scorer.score(before, ["print(", "if value", "return value\n", "dow ", " 3]\n", "\n", "nt("])
        assert (scores.whole <= 1e-6).all(), before
