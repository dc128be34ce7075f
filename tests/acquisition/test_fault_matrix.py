"""Every fault with every stream, over real LSL and with the fake Neon: told, survived, and nothing lost."""

from typing import Any

import pytest

from experiments.bench.fault_cells import NEON, SCENARIOS, STREAMS
from experiments.bench.faults import measure

pytest.importorskip("pupil_labs.realtime_api", reason="the extra 'neon' is not installed")

pytestmark = pytest.mark.lsl

CELLS = [(fault, stream) for fault, scenario in SCENARIOS.items() for stream in STREAMS if stream in scenario.right]


@pytest.fixture(scope="module")
def table() -> dict[tuple[str, str], dict[str, Any]]:
    """All cells, played at once as far as the machine allows."""
    rows = measure(list(SCENARIOS), stretch=1.0, progress=lambda what, done, total: None)["table"]
    return {(row["fault"], row["stream"]): row for row in rows}


def test_the_matrix_holds_every_fault_and_every_stream(table: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert list(table) == CELLS
    assert {stream for _, stream in CELLS} == set(STREAMS)


@pytest.mark.parametrize(("fault", "stream"), CELLS)
def test_what_happens_is_right(table: dict[tuple[str, str], dict[str, Any]], fault: str, stream: str) -> None:
    row = table[fault, stream]
    if (fault, stream) == ("two of one name", NEON) and "announced itself" in row["seen"]:
        pytest.skip("this machine's loopback interface carries no multicast")
    assert not row["wanting"], (row["log"], row["seen"], row["error_ms"])
    assert row["ok"]
