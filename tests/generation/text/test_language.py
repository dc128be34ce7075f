"""Languages as files."""

import pytest

from generation.text.language import languages, read_language

GOOD = """
name = "Small"
direction = "ltr"
capitals = true
ends = ["."]
parts = [","]
joins = []
inside = []
layers = ["ab .,\\n", "AB"]
[replace]
"’" = "'"
[models]
characters = "letters.arpa.gz"
words = [{ model = "words.arpa.gz", weight = 1.0 }]
[training]
sentences = "sentences.txt"
held_out = 0
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "small.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_language_is_read_from_its_file(written):
    language = read_language(written(GOOD))
    assert language.layers == (("a", "b", " ", ".", ",", "\n"), ("A", "B"))
    assert language.attached == (".", ",")


def test_every_language_that_ships_fits_a_page():
    for code in languages():
        language = read_language(code)
        assert max(map(len, language.layers)) <= 38
        characters = {character for layer in language.layers for character in layer}
        assert {*language.ends, *language.parts, " ", "\n", *"0123456789"} <= characters


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('direction = "ltr"\n', "", "must have key 'direction'"),
        ('characters = "letters.arpa.gz"\n', "", "must have key 'models.characters'"),
        ('"AB"', '"Ab"', "'b' twice"),
        ('"ltr"', '"up"', "'direction'.*'up'"),
        ("capitals = true", "capitals = 1", "'capitals'.*must be bool"),
        ('ends = ["."]', 'ends = [".."]', "single characters"),
        ('ends = ["."]', "ends = []", "ends sentences"),
        ("ab .,", "ab.,", "lacks ' '"),
        ("weight = 1.0", "weight = 0.5", "sum to 1"),
        ('"’" =', '"’’" =', "single characters"),
        ('"’" = "\'"', '"’" = 1', "single characters"),
        ('name = "Small"', "name = ", "must be TOML"),
        ('layers = ["ab .,\\n", "AB"]', "layers = 3", "'layers'.*must be list"),
    ],
)
def test_a_faulty_file_is_told_in_one_sentence(written, old, new, fault):
    assert old in GOOD
    with pytest.raises(ValueError, match=fault) as caught:
        read_language(written(GOOD.replace(old, new)))
    assert str(caught.value).count("\n") == 0 or "TOML" in fault


def test_a_language_that_is_missing_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"'xx'.*ar, en, ru"):
        read_language("xx")
    with pytest.raises(FileNotFoundError, match=r"none\.toml"):
        read_language(tmp_path / "none.toml")


def test_text_is_composed_in_lower_case_and_without_what_no_one_sees():
    english, arabic = read_language("en"), read_language("ar")
    assert english.normalise("Cafe\u0301\u00a0\u00adX") == "café x"
    assert arabic.normalise("كَتَبَ?") == "كتب؟"
