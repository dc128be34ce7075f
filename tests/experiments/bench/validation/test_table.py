"""Figures of table validation, on a small folder of tables."""

import json

import pytest

from experiments.bench.validation.table import false_accepts, false_rejects, milliseconds


@pytest.fixture
def corpora(tmp_path):
    folder = tmp_path / "tables" / "towns"
    folder.mkdir(parents=True)
    rows = [f"{n},{'north' if n % 2 else 'south'},2024-01-{n + 1:02},{n * 1.5}" for n in range(28)]
    (folder / "towns.csv").write_text("id,part,day,size\n" + "\n".join(rows) + "\n")
    types = {"id": "integer", "part": "string", "day": "date", "size": "number"}
    fields = [{"name": name, "type": kind} for name, kind in types.items()]
    package = {"name": "towns", "resources": [{"name": "towns", "path": "towns.csv", "schema": {"fields": fields}}]}
    (folder / "datapackage.json").write_text(json.dumps(package))
    return tmp_path


def test_no_beginning_of_a_row_is_refused(corpora):
    rows = false_rejects(corpora, 5)
    assert [row["schema"] for row in rows] == ["given", "strict"]
    assert all(row["refused"] == 0 and row["n_prefixes"] > 50 for row in rows)


def test_every_kind_of_mistake_is_made_and_caught(corpora):
    rows = false_accepts(corpora, 6)
    assert {row["mistake"] for row in rows} == {
        "type", "range", "enumeration", "required", "key", "cell missing", "cell too many",
    }  # fmt: skip
    assert all(row["caught_unfinished"] == row["caught_finished"] == 1 for row in rows)


def test_without_corpora_there_are_no_figures_but_times():
    assert false_rejects(None, 5) == false_accepts(None, 5) == []
    row = milliseconds(2)[0]
    assert 0 < row["median_ms"] <= row["p99_ms"]
