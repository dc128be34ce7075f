"""Runs a program and its tests where they can reach nothing, within limits."""

import contextlib
import functools
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from validation.sandbox import seccomp
from validation.sandbox.checks import program, read_tests
from validation.sandbox.command import PACKAGE, isolating
from validation.sandbox.judging import judge
from validation.sandbox.limits import Limits, Outcome
from validation.sandbox.watching import Record, end, watch

_PROBE = (Path(__file__).parent / "probe.py").read_text(encoding="utf-8")


class Sandbox:
    """Runs Python programs isolated by bubblewrap, or by Linux namespaces alone.

    A run has no network, a file system that is read-only but for a scratch folder and holds no more than the
    interpreter and its packages, users and processes of its own, and a filter of system calls. Root goes without
    bubblewrap, since only a user of its own makes the limit on processes count.

    Parameters
    ----------
    limits : Limits, optional
    bubblewrap : str, optional
        Path of `bwrap`; found where it is installed; empty to go without.
    """

    def __init__(self, limits: Limits | None = None, bubblewrap: str | None = None) -> None:
        self.limits = limits or Limits()
        found = "" if os.name != "posix" or os.geteuid() == 0 else shutil.which("bwrap") or ""
        self._bubblewrap = found if bubblewrap is None else bubblewrap

    def available(self) -> tuple[bool, str]:
        """Tell whether programs can be isolated here, and in a sentence why not; tried out once a process."""
        return _probe(self._bubblewrap)

    def run(self, source: str, tests: str = "", files: Mapping[str, str] | None = None) -> Outcome:
        """Run a program, then its tests.

        Parameters
        ----------
        source : str
            Python; its `__name__` is "__main__" where there are no tests, "document" where there are.
        tests : str
            Assertions, test functions, or doctest examples.
        files : mapping of str to str, optional
            Name and text of files to find in the scratch folder, which is where it runs.

        Raises
        ------
        RuntimeError
            If programs can't be isolated here: nothing is run.
        ValueError
            If the tests can't be read.
        """
        possible, reason = self.available()
        if not possible:
            raise RuntimeError(reason)
        return self._run(source, tests, files or {})

    def _run(self, source: str, tests: str, files: Mapping[str, str]) -> Outcome:
        checks = [program(source), *read_tests(tests)]
        nonce = secrets.token_hex(16)
        job = {
            "steps": [check.step for check in checks],
            "files": dict(files),
            "limits": self.limits.rlimits(),
            "name": "document" if tests.strip() else "__main__",
            "nonce": nonce,
        }
        return judge(self._isolated(job), checks, nonce, self.limits)

    def _isolated(self, job: Mapping[str, object]) -> Record:
        """Have the child do a job, and watch it."""
        with tempfile.TemporaryFile() as jobs, tempfile.TemporaryFile() as rules:
            read_end, write_end = os.pipe()
            try:
                jobs.write(json.dumps({**job, "report": write_end}).encode())
                jobs.seek(0)
                with contextlib.suppress(OSError):  # the launcher says what is missing
                    rules.write(seccomp.program())
                rules.seek(0)
                process = subprocess.Popen(  # noqa: S603 - the command is ours, and what it runs is isolated
                    isolating(self._bubblewrap, rules.fileno(), self.limits.scratch),
                    stdin=jobs,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=(write_end, rules.fileno()) if self._bubblewrap else (write_end,),
                    env={"PYTHONPATH": str(PACKAGE.parent)},
                    cwd="/",
                    start_new_session=True,
                )
            except BaseException:
                os.close(read_end)
                raise
            finally:
                os.close(write_end)
            with open(read_end, "rb", buffering=0) as report, process:  # noqa: PTH123 - a descriptor
                assert process.stdout
                assert process.stderr
                pipes = {"out": process.stdout.fileno(), "err": process.stderr.fileno(), "report": report.fileno()}
                try:
                    return watch(process, pipes, self.limits)
                finally:
                    end(process)


@functools.lru_cache
def _probe(bubblewrap: str) -> tuple[bool, str]:
    """Try out whether the walls stand."""
    limits = Limits(wall_s=10.0, processes=4)
    if sys.platform != "linux":
        return False, f"Execution is off: programs can be isolated on Linux only (this is {sys.platform})."
    try:
        outcome = Sandbox(limits, bubblewrap)._run(_PROBE, "", {})
    except (OSError, RuntimeError) as error:
        return False, f"Execution is off: this system can't isolate programs ({error})."
    return outcome.ok, "" if outcome.ok else f"Execution is off: a wall does not stand here ({outcome.reason})."
