"""The folder of one run: which files it holds, and what made them."""

import json
import platform
import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from experiments.log import how_it_ended


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where the files of one run lie, named as BIDS names them."""

    path: Path

    @classmethod
    def create(cls, root: Path, subject: str = "01", session: str = "01", task: str = "write") -> "RunFolder":
        """Make the folder of the next run; an earlier one is never written to again."""
        parent = root / f"sub-{subject}" / f"ses-{session}"
        stem = f"sub-{subject}_ses-{session}_task-{task}_run-"
        taken = [int(m[1]) for p in parent.glob(f"{stem}*") if (m := re.fullmatch(r".*_run-(\d+)", p.name))]
        run = max(taken, default=0) + 1
        while True:
            path = parent / f"{stem}{run:02d}"
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                run += 1
            else:
                return cls(path)

    @classmethod
    def existing(cls, path: Path) -> "RunFolder":
        """A folder that holds a run.

        Raises
        ------
        FileNotFoundError
            If it holds no event log.
        """
        if not (path / "events.jsonl").is_file():
            raise FileNotFoundError(f"{path} holds no run: its events.jsonl is missing.")
        return cls(path)

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def signals(self) -> Path:
        return self.path / "signals.xdf"

    @property
    def config(self) -> Path:
        return self.path / "config.toml"

    @property
    def environment(self) -> Path:
        return self.path / "environment.json"

    def decoder(self, name: str) -> Path:
        """File of a decoder's fitted arrays."""
        return self.path / f"decoder-{name}.npz"

    def read_events(self) -> list[str]:
        """The lines of the event log; a last line that was cut off is left out.

        Raises
        ------
        ValueError
            If a line before the last is no event.
        """
        text = self.events.read_bytes().decode("utf-8", errors="surrogatepass")
        lines = text.split("\n")
        lines.pop()
        for number, line in enumerate(lines, start=1):
            try:
                whole = json.loads(line)["seq"] == number - 1
            except (ValueError, KeyError, TypeError):
                whole = False
            if not whole:
                raise ValueError(f"{self.events} is damaged: line {number} is not event {number - 1}.")
        return lines


def environment() -> dict[str, Any]:
    """Versions of what a session ran with."""
    names = ("assent", "numpy", "scipy", "scikit-learn", "pyriemann", "mne", "pylsl", "pyxdf", "kenlm")
    versions: dict[str, str | None] = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return {"python": sys.version, "platform": platform.platform(), "versions": versions}


def unfinished_run(root: Path) -> str | None:
    """One sentence about the latest run in a folder of sessions, where it did not end by itself."""
    runs = sorted(root.glob("sub-*/ses-*/*_run-*/events.jsonl"), key=lambda path: path.stat().st_mtime)
    if not runs:
        return None
    path = runs[-1].parent
    try:
        lines = RunFolder(path).read_events()
    except ValueError as error:
        return str(error)
    if lines and json.loads(lines[-1])["kind"] == "end":
        return None
    return f"The previous run {path} did not end by itself. {how_it_ended(lines)} `assent replay` checks what it holds."
