"""Runs a program and its tests where they can reach nothing, within limits, and judges them from outside."""

import contextlib
import functools
import json
import os
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from validation.sandbox import seccomp
from validation.sandbox.checks import Check, program, read_tests

KilledBy = Literal["wall", "cpu", "memory", "output", "signal"]

_PACKAGE = Path(__file__).resolve().parent.parent
_BOX = "/box"
_START_S = 20.0  # a busy machine may need long to start an interpreter, and that is not the program's fault
_ENVIRONMENT = {
    "HOME": "/scratch",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "PATH": "/usr/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "TMPDIR": "/scratch",
}
_PROBE = (Path(__file__).parent / "probe.py").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use.

    Parameters
    ----------
    wall_s : float
        Time (s) from the program's first statement to the end of its tests.
    memory, scratch, file_size, output : int
        Bytes: of each process's address space, of the scratch folder, of a file, and of all that is printed.
    processes, open_files : int
        Most processes and threads at a time, and most files that one process holds open.
    """

    wall_s: float = 5.0
    memory: int = 512 << 20
    scratch: int = 16 << 20
    file_size: int = 8 << 20
    output: int = 64 << 10
    processes: int = 8
    open_files: int = 64

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) <= 0:
                raise ValueError(f"Argument '{name}' (got {getattr(self, name)}) must be positive.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Parameters
    ----------
    ok : bool
        The program ran to its end and every test held.
    reason : str
        What was wrong, for a person; empty if nothing was.
    stdout, stderr : str
        What was printed, up to the limit.
    seconds : float
        From the program's first statement on.
    killed_by : str, optional
        The limit that ended it: "wall", "cpu", "memory" or "output", or "signal".
    """

    ok: bool
    reason: str = ""
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    killed_by: KilledBy | None = None


@dataclass(slots=True)
class _Run:
    """What came out of the sandbox so far."""

    n_steps: int
    nonce: str
    begun: float | None = None
    streams: dict[str, bytearray] = field(default_factory=lambda: {k: bytearray() for k in ("out", "err", "report")})
    killed_by: KilledBy | None = None
    code: int = 0
    ended: float = 0.0


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
        run = _Run(len(checks), secrets.token_hex(16))
        with tempfile.TemporaryFile() as job, tempfile.TemporaryFile() as rules:
            read_end, write_end = os.pipe()
            try:
                limits = self._rlimits()
                name = "document" if tests.strip() else "__main__"
                steps = [check.step for check in checks]
                content = {"steps": steps, "files": dict(files), "limits": limits, "name": name}
                job.write(json.dumps({**content, "report": write_end, "nonce": run.nonce}).encode())
                job.seek(0)
                with contextlib.suppress(OSError):  # the launcher says what is missing
                    rules.write(seccomp.program())
                rules.seek(0)
                process = subprocess.Popen(  # noqa: S603 - the command is ours, and what it runs is isolated
                    self._command(rules.fileno()),
                    stdin=job,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=(write_end, rules.fileno()) if self._bubblewrap else (write_end,),
                    env={"PYTHONPATH": str(_PACKAGE.parent)},
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
                try:
                    pipes = {"out": process.stdout.fileno(), "err": process.stderr.fileno(), "report": report.fileno()}
                    self._watch(process, pipes, run)
                finally:
                    _kill(process)
        return self._judge(run, checks)

    def _rlimits(self) -> dict[str, int]:
        return {
            "RLIMIT_AS": self.limits.memory,
            "RLIMIT_CORE": 0,
            "RLIMIT_CPU": int(self.limits.wall_s) + 2,
            "RLIMIT_FSIZE": self.limits.file_size,
            "RLIMIT_MSGQUEUE": 0,
            "RLIMIT_NOFILE": self.limits.open_files,
            "RLIMIT_NPROC": self.limits.processes,
        }

    def _command(self, rules: int) -> list[str]:
        python = str(Path(sys.executable).absolute())
        start = f"import sys; sys.path.insert(0, {_BOX!r}); from validation.sandbox.child import main; del sys.path[0]"
        inner = [python, "-s", "-P", "-c", f"{start}; main()"]
        binds, links = _folders()
        if self._bubblewrap:
            words = [self._bubblewrap, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
            words += ["--unshare-user", "--uid", "65534", "--gid", "65534", "--seccomp", str(rules)]
            for path in binds:
                words += ["--ro-bind", path, path]
            words += ["--ro-bind", str(_PACKAGE), f"{_BOX}/validation", "--dev", "/dev", "--remount-ro", "/dev"]
            for path, goal in links.items():
                words += ["--symlink", goal, path]
            words += ["--size", str(self.limits.scratch), "--tmpfs", "/scratch", "--chdir", "/scratch"]
            for name, value in _ENVIRONMENT.items():
                words += ["--setenv", name, value]
            return [*words, "--remount-ro", "/", "--", *inner]
        job = {
            "binds": {**{path: path for path in binds}, str(_PACKAGE): f"{_BOX}/validation"},
            "links": links,
            "scratch_bytes": self.limits.scratch,
            "command": inner,
            "environment": _ENVIRONMENT,
        }
        return [python, "-S", "-s", "-P", "-m", "validation.sandbox.launcher", json.dumps(job)]

    def _watch(self, process: subprocess.Popen[bytes], pipes: dict[str, int], run: _Run) -> None:
        """Read until all has been reported, or nothing more will be, or a limit is passed."""
        deadline = time.monotonic() + _START_S
        exited = os.pidfd_open(process.pid)
        with selectors.DefaultSelector() as selector:
            try:
                selector.register(exited, selectors.EVENT_READ)
                for name, pipe in pipes.items():
                    os.set_blocking(pipe, False)
                    selector.register(pipe, selectors.EVENT_READ, name)
                while not run.killed_by:
                    ready = selector.select(max(deadline - time.monotonic(), 0.0))
                    for key, _ in ready:
                        if key.data and not self._read(key.fd, key.data, run):
                            selector.unregister(key.fd)
                    if run.begun is None and b"\n" in run.streams["report"]:
                        run.begun = time.monotonic()
                        deadline = run.begun + self.limits.wall_s
                    if any(key.fd == exited for key, _ in ready):
                        break
                    if time.monotonic() >= deadline:
                        run.killed_by = "wall"
            finally:
                os.close(exited)
        run.ended = time.monotonic()
        _kill(process)
        run.code = process.returncode
        for name, pipe in pipes.items():
            while self._read(pipe, name, run) and not run.killed_by:
                pass

    def _read(self, pipe: int, name: str, run: _Run) -> bool:
        """Read what there is; false where nothing is, or will be."""
        try:
            piece = os.read(pipe, 1 << 16)
        except BlockingIOError:
            return False
        run.streams[name] += piece
        if len(run.streams[name]) > (self.limits.output if name != "report" else 16 * self.limits.output):
            run.killed_by = "output"
        return bool(piece)

    def _judge(self, run: _Run, checks: list[Check]) -> Outcome:
        if run.begun is None:
            said = run.streams["err"].decode("utf-8", "replace").strip().splitlines()
            raise RuntimeError(f"The sandbox did not start: {said[-1] if said else 'it said nothing'}.")
        reason = _fault(run, checks)
        killed_by = run.killed_by or ("memory" if "MemoryError" in reason else None)
        if not killed_by and run.code > 128:
            killed_by = "cpu" if run.code - 128 in (signal.SIGXCPU, signal.SIGKILL) else "signal"
        if run.killed_by == "wall":
            reason = f"The program was stopped after {self.limits.wall_s:g} s."
        elif run.killed_by == "output":
            reason = f"The program was stopped after it had printed {self.limits.output} bytes."
        elif killed_by == "cpu":
            reason = f"The program used more than {self._rlimits()['RLIMIT_CPU']} s of processor time."
        elif killed_by == "memory":
            reason = f"The program needs more than {self.limits.memory >> 20} MB of memory."
        elif killed_by == "signal":
            reason = f"The program was ended by signal {run.code - 128}."
        out, err = (run.streams[name][: self.limits.output].decode("utf-8", "replace") for name in ("out", "err"))
        return Outcome(not reason, reason, out, err, run.ended - run.begun, killed_by)


def _fault(run: _Run, checks: list[Check]) -> str:
    """What is wrong with the records; they must be this run's, and be there from the first step to the end."""
    expected = -1
    for line in bytes(run.streams["report"]).splitlines():
        try:
            record = json.loads(line)
            if record["nonce"] != run.nonce or record["step"] != expected:
                return "The program tampered with the report on its tests."
            fault = "" if not 0 <= expected < len(checks) else _step_fault(record, checks[expected])
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            return "The program tampered with the report on its tests."
        if fault:
            return fault
        expected += 1
    if expected <= len(checks):
        text = checks[max(min(expected, len(checks) - 1), 0)].text
        return f"The program ended before {text!r} was done." if expected else "The program ended itself."
    return ""


def _step_fault(record: dict, check: Check) -> str:
    error = record.get("error")
    if error is None:
        return check.judge(record)
    kind, message, line = str(error["kind"]), str(error["message"])[:500], error["line"]
    if kind == "AssertionError" and message.startswith("assert "):
        return message
    where = f"Line {line:d}: " if isinstance(line, int) else ""
    what = kind + (f": {message}" if message else "")
    return f"{where}{what}" if check.text == "the program" else f"{check.text} failed: {where}{what}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _folders() -> tuple[list[str], dict[str, str]]:
    """Folders that the interpreter needs, none inside another, and the links among them."""
    links = {p: str(Path(p).readlink()) for p in ("/bin", "/lib", "/lib64") if Path(p).is_symlink()}
    wanted = ["/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", sys.base_prefix, sys.prefix]
    real = [path for path in map(os.path.abspath, wanted) if Path(path).exists() and path not in links]
    outer = [path for path in real if not any(path != other and Path(path).is_relative_to(other) for other in real)]
    return list(dict.fromkeys(outer)), links


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
