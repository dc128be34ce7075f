"""Unfinished tables: what a candidate may add, by rows above and other tables."""

import random
import time
from dataclasses import replace

import pytest

from generation.table.delimited import write_rows
from generation.table.reading import read_table
from generation.table.types import Field, ForeignKey, Schema, Table, TableScope
from generation.types import Candidate, Context
from validation.table.validator import TableValidator


def judge(before, text, scope, validator=None):
    return (validator or TableValidator()).check(Context("table", before, "", scope), Candidate(text, 0.0, "test"))


@pytest.mark.parametrize(
    "text",
    [
        "3", "1,2024-01-02", "3,2024-02-29,DE,B", "3,,DE,Bonn,x@y.de,sun\n", "3,,,,,\n", '"3","2024-01-01"',
        '3,,"D', '3,,"DE"', "3,2024-01-0", "3,,D", "3,,FR,Nic", "3,,,,,s", "3,,,,,rain\r\n4", "1,2024-01-0",
    ],
)  # fmt: skip
def test_what_can_become_a_row_stands(text, table, scope):
    for end in range(1, len(text) + 1):
        verdict = judge(table, text[:end], scope)
        assert verdict.ok, (text[:end], verdict.reason)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("x", "type"), ("3,2023-02-29", "type"), (",", "required"), ("1,2024-01-01", "primary-key"),
        ("3,,X", "foreign-key"), ("3,,D,", "foreign-key"), ("3,,DE,N", "foreign-key"), ("3,,DE,B,", "foreign-key"),
        ("3,,,,a@b.de,", "unique"), ("3,,,,x,", "type"), ("3,,,,,fog", "enum"), ("3,,,,,su\n", "enum"),
        ("3\n", "column-count"), ("3,,,,,,", "column-count"), ("\n", "blank-row"), ('3,"2024-01-01"x', "quoting"),
        ('3,,"X"', "foreign-key"), ("3,,,,,\n3,2024-01-01,,,,\n3,2024-01-01", "primary-key"), ('"3"4,', "quoting"),
        ("3,2024-01-01,DE,Bonn,x@y,sun\n", "type"), ("3,,,,,sun\n\n", "blank-row"),
    ],
)  # fmt: skip
def test_what_no_completion_can_save_is_refused_with_its_rule(text, rule, table, scope):
    verdict = judge(table, text, scope)
    assert (verdict.ok, verdict.rule) == (False, rule)
    assert verdict.reason.endswith(".")


def test_the_header_is_the_schema_s(scope):
    assert judge("", "id,day,cou", scope).ok
    assert judge("", "id,day,country,city,mail,sky\n1", scope).ok
    assert judge("", "id,dax", scope).rule == "header"
    assert judge("id", "x,", scope).rule == "header"
    assert judge("", "anything,at all\n1,2", TableScope("t", Schema(()))).ok


def test_what_is_wrong_already_is_not_held_against_the_candidate(table, scope):
    broken = table + "x,yesterday,XX,"
    assert judge(broken, "", scope).ok
    assert judge(broken, ",", scope).ok
    assert judge(table + "x,yesterday", ",DE", scope).rule == "type"  # the candidate ends the cell


def test_an_inferred_schema_makes_matters_of_style_of_all_but_structure(table, scope):
    guessed = replace(scope, schema=replace(scope.schema, given=False))
    verdict = judge(table, "x", guessed)
    assert (verdict.ok, verdict.rule) == (True, "type")
    assert judge(table, "3,,,,,,", guessed).rule == "column-count"
    assert not judge(table, "3,,,,,,", guessed).ok


def test_a_dependency_seen_so_far_is_a_matter_of_style():
    scope = TableScope("t", Schema((Field("town"), Field("code"))))
    rows = [["town", "code"]] + [["Bonn", "53"], ["Kiel", "24"]] * 8
    verdict = judge(write_rows(rows), "Bonn,54\n", scope)
    assert (verdict.ok, verdict.rule) == (True, "functional-dependency")
    assert not judge(write_rows([*rows, ["Bonn", "52"]]), "Bonn,54\n", scope).rule


def test_verdicts_depend_on_nothing_that_was_judged_before(table, scope):
    shared, rng = TableValidator(), random.Random(7)
    whole = table + "3,2024-01-02,FR,Nice,e@f.fr,sun\n4,,DE,Bonn,g@h.de,rain\n"
    for _ in range(300):
        at = rng.randrange(len(whole))
        candidate = (
            whole[at : at + rng.randrange(30)]
            if rng.random() < 0.5
            else rng.choice(["1,2024-01-01", "x", ",", "\n", '"'])
        )
        mine, fresh = judge(whole[:at], candidate, scope, shared), judge(whole[:at], candidate, scope)
        assert (mine.ok, mine.rule, mine.reason) == (fresh.ok, fresh.rule, fresh.reason)


def test_a_value_in_its_last_form_must_be_new_at_once():
    scope = TableScope("t", Schema((Field("day", "date", unique=True), Field("a", max_length=1))))
    before = "day,a\n2024-01-01,x\n"
    assert judge(before, "2024-01-0", scope).ok
    assert judge(before, "2024-01-01", scope).rule == "unique"
    scope = TableScope("t", Schema((Field("sky", enum=("sun", "rain"), unique=True),)))
    assert judge("sky\nsun\n", "s", scope).rule == "unique"


def test_hostile_documents_get_a_verdict():
    scope = TableScope("t", Schema((Field("a", "integer"),)))
    for before in ("a\n" + "\0" * 100, '"' * 1001, "a" * 10_000, "\r\r\n\n", "a\n" + "1," * 5000):
        for text in ("\0", '"', "\ud800", "1\n2\n3,", "," * 100):
            assert isinstance(judge(before, text, scope).ok, bool)
    unknown = Context("table", "a,b\n1,", "", None)
    assert TableValidator().check(unknown, Candidate("2,3", 0.0, "test")).rule == "column-count"


@pytest.mark.parametrize(
    ("before", "text", "rule"),
    [
        ("", ',"a"' * 20_000, "column-count"),
        ("", "," * 90_000, "column-count"),
        ('"', "\n" * 90_000, ""),
        ("a,b\n", "," * 90_000, "column-count"),
        ("a,b\n", "1,2\n" * 30_000, "length"),
    ],
)
def test_endless_rows_get_their_verdict_soon(before, text, rule):
    begun = time.process_time()
    assert judge(before, text, None).rule == rule
    assert time.process_time() - begun < 2


def test_rows_of_another_table_that_are_too_short_hold_no_key():
    other = Table("other", Schema((Field("a"), Field("b"))), (("x",), (), ("x", "y")))
    scope = TableScope(
        "t", Schema((Field("b"),), foreign_keys=(ForeignKey(("b",), "other", ("b",)),)), {"other": other}
    )
    assert judge("b\n", "y\n", scope).ok
    assert judge("b\n", "x\n", scope).rule == "foreign-key"


def test_a_candidate_in_ten_thousand_rows_takes_under_two_milliseconds():
    schema = Schema((Field("id", "integer", unique=True), Field("day", "date"), Field("value", "number")), ("id",))
    scope = TableScope("t", schema)
    text = "id,day,value\n" + "".join(f"{n},2024-01-{n % 28 + 1:02},{n / 7:.3f}\n" for n in range(10_000))
    validator = TableValidator()
    judge(text, "1", scope, validator)
    begun, n = time.process_time(), 0
    for row in range(20):
        for candidate in ("77", "10000", "10001,", "10001,2024-01-05,", "10001,2024-01-05,1.5\n", "5,"):
            judge(text, candidate, scope, validator)
            n += 1
        text += f"{10_001 + row},2024-01-05,1.5\n"
    assert (time.process_time() - begun) / n < 0.002


@pytest.mark.realdata
def test_every_beginning_of_real_rows_is_accepted(data_root):
    rng = random.Random(6)
    for path in sorted((data_root / "corpora/tables").glob("*/*.csv")):
        text, scope = read_table(path)
        validator = TableValidator()
        lines = text.splitlines(keepends=True)
        for n in sorted(rng.sample(range(len(lines)), min(6, len(lines)))):
            before = "".join(lines[:n])
            for end in range(1, len(lines[n]) + 1):
                verdict = judge(before, lines[n][:end], scope, validator)
                assert verdict.ok, (path.name, lines[n][:end], verdict.reason)
