"""Blocks of Python programs are what they say."""

import json

import pytest

from experiments.bench.generation.coverage import coverage
from experiments.bench.generation.python import UNITS, blocks, lay_out, stages
from generation.python.layout import double_quote_all

TASKS = [
    {"prompt": "Add two  numbers.", "code": "def add(a,b): \r\n\tc = (a+b) ;\r\n\treturn (c) # sum"},
    {"prompt": "Count.", "code": "import math\ndef count(xs):\n  n=0\n  for x in xs:\n    n += 1\n  return n"},
]


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpora")
    (folder / "code").mkdir()
    (folder / "code" / "sanitized-mbpp.json").write_text(json.dumps(TASKS))
    return folder


def test_a_program_is_laid_out_line_by_line():
    document = lay_out("def f( a,\n   b ):  # what\n  return  'x' + a[ 0 ]\n\n\nf( 1 )\n")
    assert document.text == 'def f(a, b):\n    return "x" + a[0]\n\n\nf(1)\n'
    assert [document.text[begin:end] for begin, end in document.lines] == (
        ["def f(a, b):\n", 'return "x" + a[0]\n', "f(1)\n"]
    )
    assert [document.text[begin:end] for begin, end in document.tokens][:9] == (
        ["def", " f", "(", "a", ",", " b", ")", ":", "\n"]
    )


def test_solutions_are_blacks_and_as_written(corpora):
    found = blocks(corpora, 1000)
    first = [case.block for case in found["mbpp, line"]][:3]
    assert first == ["def add(a, b):\n", "c = a + b\n", "return c\n"]
    assert [case.block for case in found["mbpp as written, line"]][1:3] == ["c = (a + b);\n", "return (c)\n"]


def test_the_task_stands_before_its_solution_alone_where_said(corpora):
    found = blocks(corpora, 1000)
    assert found["mbpp after the task, line"][0].context.before == "# Add two numbers.\n"
    assert found["mbpp, line"][0].context.before == ""


def test_every_case_goes_on_with_its_block(corpora):
    for cases in blocks(corpora, 20).values():
        assert 0 < len(cases) <= 20
        assert all(case.rest.startswith(case.block) and case.block for case in cases)


def test_held_out_modules_need_no_corpora():
    assert set(blocks(None, 5)) == {"held-out modules, token", "held-out modules, line"}


def test_each_stage_finds_some_blocks(corpora):
    found = blocks(corpora, 12)
    for unit in UNITS:
        for generator in stages(unit).values():
            figures = coverage(generator.propose, found[f"mbpp, {unit}"])
            assert 0 <= figures["coverage@8"] <= figures["coverage@32"] <= 1


def test_laying_out_changes_no_token():
    source = double_quote_all("x = [i**2 for i in y if not -i]\nif x:\n    print(f'{x}', *x)\n")
    assert lay_out(source).text == source
