"""Models that ship."""

import shutil
import tomllib

import pytest

from generation import models


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A models folder of one's own, and an empty cache."""
    folder = tmp_path / "models"
    shutil.copytree(models.models_folder(), folder)
    monkeypatch.setenv("ASSENT_MODELS", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def test_every_model_that_ships_is_whole():
    assert [models.verify(info) for info in models.list_models()] == [""] * len(models.list_models())


def test_every_model_has_a_card_and_names_its_sources():
    for info in models.list_models():
        card = info.file.with_name(f"{info.name}.md").read_text("utf-8")
        assert info.licence in card
        assert info.sources
        assert info.held_out


def test_the_models_stay_small():
    assert sum(info.file.stat().st_size for info in models.list_models()) < 40e6


def test_the_phrase_sets_are_no_training_text():
    assert not any("bcipy" in source for info in models.list_models() for source in info.sources)


def test_a_loaded_model_is_cached_and_loads_again(copied, tmp_path):
    first = models.load("python-tokens")
    cached = list((tmp_path / "cache").rglob("*.npz"))
    assert len(cached) == 1
    again = models.load("python-tokens")
    assert again.log_p(["x"], "=") == pytest.approx(first.log_p(["x"], "="), abs=1e-5)


def test_a_damaged_cache_is_made_anew(copied, tmp_path):
    models.load("python-tokens")
    (cached,) = (tmp_path / "cache").rglob("*.npz")
    cached.write_bytes(cached.read_bytes()[:1000])
    models.load("python-tokens")
    assert cached.stat().st_size > 1000


def test_a_missing_model_says_how_to_make_it(copied):
    (copied / "python-tokens.arpa.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"python-tokens is missing.*assent models train python-tokens"):
        models.load("python-tokens")


def test_a_damaged_model_is_refused(copied):
    path = copied / "python-tokens.arpa.gz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="python-tokens is damaged"):
        models.load("python-tokens")


def test_an_unknown_name_lists_the_known_ones(tmp_path):
    for ask in (models.load, lambda name: models.train(name, tmp_path, tmp_path)):
        with pytest.raises(ValueError, match=r"'klingon'.*english-words.*python-tokens"):
            ask("klingon")


def test_a_missing_manifest_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSENT_MODELS", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"manifest\.toml"):
        models.list_models()


def test_a_broken_manifest_is_named(copied):
    for text in ("[[model]]\nname = 'x'\n", "nonsense"):
        (copied / "manifest.toml").write_text(text)
        with pytest.raises(ValueError, match=r"manifest\.toml must describe"):
            models.list_models()


def test_missing_corpora_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"en\.txt"):
        models.train("english-words", tmp_path, tmp_path)


def test_training_makes_a_model_that_loads(tmp_path):
    text = tmp_path / "corpora" / "text"
    entry = next(e for e in tomllib.loads((models.models_folder() / "manifest.toml").read_text())["model"])
    for source in entry["sources"]:
        path = text / source.split(":")[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("I want to go home.\nWhere do you want to go?\n\n" * 1100)
    path = models.train("english-words", tmp_path / "corpora", tmp_path / "out")
    assert "home" in models.load_model(path)
