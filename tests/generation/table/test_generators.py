import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.table.delimited import cursor_at, read_rows, settled_rows, write_rows
from generation.table.generators import table_generators
from generation.table.types import Field, ForeignKey, Schema, Table, TableScope
from generation.types import Context


def table(before, scope=None):
    return Context("table", before, scope=scope)


def propose(before, scope=None, n=8):
    return table_generators(scope)[0][0].propose(table(before, scope), n)


def texts(before, scope=None, n=8):
    return [candidate.text for candidate in propose(before, scope, n)]


@pytest.mark.parametrize("n", [0, 1, 5, 96])
def test_candidates_are_distinct_sorted_and_probable(scope, documents, n):
    generator = table_generators(scope)[0][0]

    @settings(deadline=None, max_examples=60)
    @given(documents)
    def hold(before):
        candidates = generator.propose(table(before, scope), n)
        assert len({c.text for c in candidates}) == len(candidates) <= n
        assert all(c.text and c.source == generator.name for c in candidates)
        assert all(math.isfinite(c.log_p) and c.log_p <= 0 for c in candidates)
        assert [c.log_p for c in candidates] == sorted((c.log_p for c in candidates), reverse=True)
        assert all(math.isfinite(log_p) and log_p <= 1e-9 for c in candidates for _, log_p in c.stages)

    hold()


def test_a_candidate_goes_on_with_its_row_and_leaves_finished_cells_alone(people, documents):
    generator = table_generators(people)[0][0]

    @settings(deadline=None, max_examples=60)
    @given(documents)
    def hold(before):
        for candidate in generator.propose(table(before, people), 12):
            ends = [end for _, end in settled_rows(before, 0, ",")]
            start = ends[-1] if ends else 0
            cells = cursor_at(before[start:], ",").cells
            (row,) = read_rows(before[start:] + candidate.text, ",")[:1]
            assert tuple(row[: len(cells)]) == cells
            assert len(row) > len(cells)

    hold()


def test_what_was_read_before_never_matters(people, documents):
    @settings(deadline=None, max_examples=40)
    @given(st.lists(documents, max_size=6))
    def hold(befores):
        generator = table_generators(people)[0][0]
        for before in befores:
            assert generator.propose(table(before, people), 12) == propose(before, people, 12)

    hold()


def test_writing_on_and_taking_back_is_as_reading_anew(people):
    rows = [(f"P{n}", str(n % 4 + 1), "NO", "AB"[n % 2]) for n in range(90)]
    text = write_rows([("who", "city", "land", "grade"), *rows])
    generator = table_generators(people)[0][0]
    for end in [*range(0, len(text), 41), *range(len(text), len(text) - 200, -23), 300, len(text)]:
        before = text[:end] + "x,1,NO,A\n" * (end % 3)
        assert generator.propose(table(before, people), 12) == propose(before, people, 12)


def test_a_long_table_is_read_on_as_it_is_read_anew(monkeypatch):
    monkeypatch.setattr("generation.table.cursor._CELLS", 100)
    monkeypatch.setattr("generation.table.cursor._FEWEST_ROWS", 50)
    lines = [f"{n},{'ab'[n % 2]}\n" for n in range(260)]
    generator = table_generators()[0][0]
    for n in range(0, 260, 7):
        before = "n,c\n" + "".join(lines[:n])
        assert generator.propose(table(before), 12) == propose(before, n=12)


def test_fewer_candidates_are_the_first_of_more(people):
    before = "who,city,land,grade\nAda,1,NO,A\nBob,2,IT,B\nCy,"
    assert propose(before, people, 3) == propose(before, people, 30)[:3]


def test_the_header_is_the_schemas(people):
    assert texts("", people)[:2] == ["who,", "who,city,land,grade\n"]
    assert texts("who,ci", people)[0] == "ty,"


def test_a_sequence_goes_on():
    assert texts("n,d\n1,2020-01-30\n2,2020-01-31\n")[0].startswith("3,")
    assert texts("n,d\n1,2020-01-30\n2,2020-01-31\n3,")[0] == "2020-02-01\n"
    assert texts("code\nA1\nA2\n")[0] == "A3\n"
    assert texts("code\n007\n008\n009\n")[0] == "010\n"
    assert texts("month\nJan 1 2000\nFeb 1 2000\n")[0] == "Mar 1 2000\n"
    assert texts("x\n0.5\n1.0\n1.5\n")[0] == "2.0\n"


def test_codes_in_alphabetical_order_go_on_to_greater_ones():
    codes = ["ABA", "ABD", "ABF", "ACA", "ACC", "ADA", "ADB", "ADE"]
    proposed = [text.rstrip() for text in texts("code\n" + "".join(code + "\n" for code in codes), n=16)]
    assert {"ADF", "ADG", "AEA"} <= set(proposed[:8])


def test_a_group_begins_as_others_did():
    years = "".join(f"{land},{year}\n" for land in ("NO", "SE") for year in range(2000, 2008))
    assert texts("land,year\n" + years + "DK,")[0] == "2000\n"
    assert texts("land,year\n" + years + "DK,2000\nDK,")[0] == "2001\n"


def test_a_dependency_seen_once_is_proposed():
    rows = "Norway,NO,a\nItaly,IT,b\nChad,TD,a\nNorway,NO,c\nChad,TD,d\nPeru,PE,a\n"
    assert texts("land,code,x\n" + rows + "Italy,")[0] == "IT,"
    assert "PE," in texts("land,code,x\n" + rows + "Peru,", n=3)


def test_a_part_of_another_cell_is_proposed():
    rows = "".join(f"{name},{name}.xml\n" for name in ("aa", "ab", "ae", "af", "ak"))
    assert texts("name,file\n" + rows + "zz,")[0] == "zz.xml\n"


def test_keys_not_yet_used_come_first():
    keys = Table("keys", Schema((Field("id", "string"),)), tuple((f"k{n * 7 % 12}",) for n in range(12)))
    schema = Schema((Field("id", "string"),), foreign_keys=(ForeignKey(("id",), "keys", ("id",)),))
    used = ["k5", "k1", "k10", "k2", "k8", "k0"]
    proposed = texts(write_rows([["id"], *([key] for key in used)]), TableScope("t", schema, {"keys": keys}), 12)
    assert set(proposed[:6]).isdisjoint(key + "\n" for key in used)
    assert set(proposed) == {f"k{n}\n" for n in range(12)}


def test_what_a_key_leads_to_is_proposed(people):
    before = "who,city,land,grade\nAda,1,NO,A\nBob,2,IT,B\nEve,4,FR,A\nCy,3,"
    assert texts(before, people)[0].startswith("CH,")


def test_an_enumeration_is_proposed_before_it_is_seen(people):
    assert set(texts("who,city,land,grade\nAda,1,NO,", people)) >= {"A\n", "B\n"}


def test_a_unique_value_never_comes_twice():
    scope = TableScope("t", Schema((Field("id", "string", unique=True), Field("x", "string"))))
    assert not {"a,", "b,"} & set(texts("id,x\na,1\nb,2\n", scope, 32))


def test_a_cell_begun_is_completed():
    before = "land,n\nNorway,1\nItaly,2\nNor"
    assert texts(before)[0] == "way,"
    assert all(text.startswith(("way", ",")) for text in texts(before))


def test_what_all_values_begin_with_is_proposed_for_a_new_one():
    rows = "".join(f"https://x.org/Q{n * 7919 % 1000},{n % 3}\n" for n in range(50))
    assert "https://x.org/Q" in texts("link,n\n" + rows)


def test_a_new_value_can_be_ended():
    assert "," in texts("code,n\n" + "".join(f"{chr(97 + n)}{n * 37 % 89 + 10},1\n" for n in range(20)) + "z99")


def test_quotes_are_written_where_they_must_be_and_where_the_column_has_them():
    assert '"a, b",' in texts('t,n\n"a, b",1\nc,2\n')
    assert 'a, b",' not in texts('t,n\n"a, b",1\nc,2\na')
    assert '"1"\n' in texts('"t","n"\n"a","1"\n"a",')
    assert texts('t,n\n"a ""b""",1\n"a ""')[0] == 'b""",'


def test_a_closed_quote_is_followed_by_the_delimiter():
    assert texts('t,n\n"a, b"') == [","]


def test_line_ends_are_the_files():
    assert "2\r\n" in texts("a,b\r\n1,2\r\n1,")


def test_what_is_nearly_certain_is_proposed_with_the_cell():
    rows = "".join(f"{land},{code},EU\n" for land, code in [("Norway", "NO"), ("Italy", "IT")] * 12)
    assert "orway,NO,EU\n" in texts("land,code,area\n" + rows + "N")


def test_a_row_as_wide_as_the_header_has_no_more_cells():
    assert texts("a,b\n1,2,") == []


def test_a_schema_that_contradicts_the_table_leaves_its_own_values():
    scope = TableScope("t", Schema((Field("n", "integer", minimum="x", maximum="3"), Field("d", "date", format="%q"))))
    assert texts("n,d\nab,zz\nab,", scope)[0] == "zz\n"


def test_probabilities_come_true():
    rows = "".join(f"{'y' if n % 4 else 'n'},{n * n % 7}\n" for n in range(200))
    generator = table_generators()[0][0]
    lines = rows.splitlines(keepends=True)
    gain = 0.0
    for n in range(40, 200):
        candidates = generator.propose(table("a,b\n" + "".join(lines[:n])), 8)
        gain += sum(math.exp(c.log_p) - lines[n].startswith(c.text) for c in candidates[:1])
    assert abs(gain) / 160 < 0.1
