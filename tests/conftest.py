"""Fixtures that every test may use."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests that keep real time follow each other where others run beside them (``-n 2 --dist loadgroup``).

    First of all, since xdist reads the groups in the same hook.
    """
    for item in items:
        if item.get_closest_marker("lsl") or item.get_closest_marker("realtime"):
            item.add_marker(pytest.mark.xdist_group("realtime"))


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Folder with recordings and corpora, or a skip that says how to name it."""
    root = os.environ.get("ASSENT_DATA")
    if not root or not Path(root).is_dir():
        pytest.skip("real recordings are absent: set ASSENT_DATA to the folder that holds recordings/ and corpora/")
    return Path(root)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KB, or a skip where this user may not mount one."""
    mount = shutil.which("mount")
    path = tmp_path / "small"
    path.mkdir()
    if (
        mount is None
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", path], check=False).returncode
    ):
        pytest.skip("a small file system can be mounted by root only")
    yield path
    subprocess.run(["umount", "-l", path], check=True)
