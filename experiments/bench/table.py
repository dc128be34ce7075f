"""What every benchmark hands over: one table, and the machine it was measured on."""

import os
import platform
from collections.abc import Callable, Sequence
from typing import Any

Row = dict[str, str | int | float | None]

Progress = Callable[[str, int, int], None]
"""``(what, done, total)``"""


def as_table(bench: str, rows: Sequence[Row], notes: str) -> dict[str, Any]:
    """A benchmark's result, in plain values.

    Parameters
    ----------
    bench : str
        Its name.
    rows : sequence of dict
        All with the same keys in the same order; a key that begins with ``x_`` is a ratio to the peer or the bound.
    notes : str
        What was measured, and against what.
    """
    return {"bench": bench, "table": list(rows), "machine": machine(), "notes": notes}


def machine() -> dict[str, Any]:
    """Python, system and processors, and how many processes were waiting for them over the last minute."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "n_cores": os.cpu_count(),
        "load_1_min": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }
