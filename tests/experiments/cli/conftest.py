"""The command line called in this process, which spares the start of another."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from experiments.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command left: its exit code, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def assent(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Run one command as `assent` would."""

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["assent", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err)

    return call
