"""Modules of the extra "neon", loaded no earlier than they are used."""

import importlib
from functools import cache
from typing import Any


@cache
def load(module: str) -> Any:
    """A module of the extra "neon".

    Raises
    ------
    ImportError
        If it cannot be loaded; the message names the extra.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"Pupil Labs Neon needs the extra 'neon': run 'uv sync --extra neon' ({error}).") from error
