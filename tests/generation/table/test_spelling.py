import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.table.generators import table_generators
from generation.table.types import Field, Schema, TableScope
from generation.types import Context

ASCII = sorted({*map(chr, range(32, 127)), "\n", "\t"})


def spell(before, scope=None, text=""):
    return table_generators(scope, text)[1].next_character(Context("table", before, scope=scope))


@pytest.mark.parametrize("text", ["", "имя,год\nАнна,1999\n", "é漢字"])
def test_layers_hold_every_character_once_and_fit_the_screen(text):
    layers = table_generators(None, text)[1].layers
    characters = [character for layer in layers for character in layer]
    assert all(0 < len(layer) <= 38 for layer in layers)
    assert sorted(characters) == sorted({*ASCII, *text})


def test_letters_beyond_ascii_come_first_where_most_are_such():
    assert "А" in table_generators(None, "имя,год\nАнна,1999\n")[1].layers[0]
    assert "a" in table_generators(None, "name,year\nZoë,1999\n")[1].layers[0]


def test_letters_of_the_scope_can_be_spelled():
    scope = TableScope("t", Schema((Field("größe", "string", enum=("weiß",)),)))
    characters = {c for layer in table_generators(scope)[1].layers for c in layer}
    assert characters >= set("größeweiß")


def test_the_next_character_is_a_distribution_over_all_layers(scope, documents):
    speller = table_generators(scope)[1]

    @settings(deadline=None, max_examples=60)
    @given(documents)
    def hold(before):
        p = speller.next_character(Context("table", before, scope=scope))
        assert sorted(p) == ASCII
        assert min(p.values()) > 0
        assert math.fsum(p.values()) == pytest.approx(1.0)

    hold()


def test_every_text_can_be_spelled_and_its_probability_is_a_product(people, documents):
    speller = table_generators(people)[1]

    @settings(deadline=None, max_examples=30)
    @given(documents, st.text(ASCII, max_size=8))
    def hold(before, text):
        product = 0.0
        for place, character in enumerate(text):
            product += math.log(
                speller.next_character(Context("table", before + text[:place], scope=people))[character]
            )
        assert speller.log_p(Context("table", before, scope=people), text) == pytest.approx(product)
        assert math.isfinite(product)

    hold()


def test_a_character_in_no_layer_cannot_be_spelled():
    assert table_generators()[1].log_p(Context("table", "a\n"), "漢") == -math.inf


def test_letters_follow_the_column():
    rows = "code,n\n" + "".join(f"XQ-{n},{n}\n" for n in range(100, 120))
    p = spell(rows + "X")
    assert p["Q"] > 0.9
    assert spell(rows + "XQ-7")["Q"] < 0.1


def test_a_number_of_no_known_value_goes_on_with_digits():
    rows = "x,y\n" + "".join(f"{n * 37 % 1000 / 10},a\n" for n in range(60))
    p = spell(rows + "98.")
    assert sum(p[digit] for digit in "0123456789") > 0.8


def test_a_cell_without_quotes_ends_at_the_delimiter_and_one_with_them_does_not():
    rows = 't,n\n"a, b",1\n"c, d",2\n'
    assert spell(rows + '"a')[","] > 0.2
    assert spell(rows + '"a, b"')[","] > 0.9
