"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Folder with recordings and corpora, or a skip that says how to name it."""
    root = os.environ.get("ASSENT_DATA")
    if not root or not Path(root).is_dir():
        pytest.skip("real recordings are absent: set ASSENT_DATA to the folder that holds recordings/ and corpora/")
    return Path(root)
