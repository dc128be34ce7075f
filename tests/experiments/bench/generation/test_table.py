import json
import os
from pathlib import Path

import pytest

from experiments.bench.generation.coverage import coverage
from experiments.bench.generation.table import (
    FITTED,
    SETS,
    blocks,
    cells,
    finished,
    foreign_keys,
    read_corpora,
    references,
    stages,
)
from generation.table.fitting import fit_prior
from generation.table.types import Field, ForeignKey, Schema, Table
from generation.table.weights import PRIOR


@pytest.fixture
def corpora(tmp_path):
    """A package of two tables, in which one refers to the other by what it holds."""
    folder = tmp_path / "tables" / "atlas"
    folder.mkdir(parents=True)
    lands = [(f"L{n * 7 % 30:02}", f"Land {n}", "north" if n % 3 else "south") for n in range(30)]
    folder.joinpath("lands.csv").write_text("code,name,part\n" + "".join(",".join(land) + "\n" for land in lands))
    facts = [(lands[n % 30][0], str(n % 2), f"{n * n % 97}") for n in range(60)]
    folder.joinpath("facts.csv").write_text("land,side,value\n" + "".join(",".join(fact) + "\n" for fact in facts))
    types = {"lands": ("string", "string", "string"), "facts": ("string", "string", "integer")}
    names = {"lands": ("code", "name", "part"), "facts": ("land", "side", "value")}
    resources = [
        {
            "name": table,
            "path": f"{table}.csv",
            "schema": {
                "fields": [{"name": name, "type": kind} for name, kind in zip(names[table], kinds, strict=True)]
            },
        }
        for table, kinds in types.items()
    ]
    folder.joinpath("datapackage.json").write_text(json.dumps({"resources": resources}))
    read_corpora.cache_clear()
    return tmp_path


def test_columns_are_classed_by_schema_and_data(corpora):
    classes = {corpus.scope.name: corpus.classes for corpus in read_corpora(corpora)}
    assert classes == {"lands": ("own key", "text", "categorical"), "facts": ("foreign key", "categorical", "numeric")}


def test_a_case_is_the_next_cell_with_what_ends_it(corpora):
    for cases in blocks(corpora, 12).values():
        for case in cases:
            assert case.rest.startswith(case.block)
            assert case.block.endswith((",", "\n"))
            assert case.rest.endswith("\n")
            assert case.rest.count("\n") == 1


def test_the_same_cells_are_drawn_again(corpora):
    first, again = (cells(read_corpora(corpora), SETS["key"], 20) for _ in range(2))
    assert [case.block for case in first] == [case.block for case in again]


def test_references_are_found_by_what_columns_hold():
    other = Table("o", Schema((Field("id", "string"),)), tuple((f"k{n}",) for n in range(20)))
    rows = tuple((f"k{n % 15}", str(n % 15)) for n in range(30))
    table = Table("t", Schema((Field("key", "string"), Field("n", "integer"))), rows)
    assert foreign_keys(table, {"o": other, "t": table}) == (ForeignKey(("key",), "o", ("id",)),)


def test_references_are_told(corpora):
    assert references(corpora) == ["facts.land to lands.code"]


def test_references_raise_coverage_of_keys(corpora):
    cases = cells(read_corpora(corpora), SETS["key"], 40)
    figures = [coverage(generator.propose, cases)["coverage@8"] for generator in stages().values()]
    assert figures[-1] > figures[0]


def test_there_are_no_blocks_without_corpora():
    assert blocks(None, 10) == {}


@pytest.mark.realdata
def test_the_shipped_weights_are_those_fitted_on_the_packages_that_the_benchmark_leaves_out():
    data = os.environ.get("ASSENT_DATA")
    if not data:
        pytest.skip("ASSENT_DATA names no folder")
    tables = [(c.scope, finished(c)) for c in read_corpora(Path(data, "corpora")) if c.package in FITTED]
    assert fit_prior(tables) == pytest.approx(PRIOR, abs=0.01)
