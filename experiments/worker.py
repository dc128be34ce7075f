"""A process that is asked and answers in lines, never holds anybody up, and is replaced when it dies."""

import contextlib
import os
import select
import subprocess
import sys
from collections.abc import Callable, Sequence
from time import monotonic, sleep

from experiments.proposals import Mishap

if sys.platform != "win32":
    import fcntl

READY = b"ready"
"""The first line of a worker that is up."""
_LONGEST_ANSWER = 1 << 24
_PIPE_BYTES = 1 << 20
_ENDING_S = 1.0
_REAPING_S = 0.002
_LONGEST_BACKOFF_S = 60.0


class Worker:
    """One process behind pipes that are never waited on, except by `wait`.

    Parameters
    ----------
    command : sequence of str
        What to run; it reads lines from its standard input, writes lines to its standard output, and ends when its
        input closes.
    patience_s : float
        One that has been asked and says nothing for so long hangs, and is killed.
    loading_s : float
        The same for one that is not up yet.
    clock : callable
        Seconds that never step back.
    """

    def __init__(
        self,
        command: Sequence[str],
        patience_s: float,
        loading_s: float = 120.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._command = list(command)
        self._patience_s, self._loading_s = patience_s, loading_s
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._heard, self._unsent = bytearray(), bytearray()
        self._waiting_since: float | None = None
        self._n_deaths, self._start_at = 0, -float("inf")
        self._over_since: float | None = None
        self._dying: list[subprocess.Popen[bytes]] = []
        self._mishaps: list[Mishap] = []
        self.is_up = False
        self.start()

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process where there is none and enough time has passed since the last one died.

        Takes some milliseconds: for moments in which nothing flashes.
        """
        self._dying = [process for process in self._dying if process.poll() is None]
        if self._process is not None or self._clock() < self._start_at:
            return
        quiet = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=quiet
        )
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None, "both are pipes"
            os.set_blocking(pipe.fileno(), False)
            if sys.platform == "linux":  # so that it can go on while nobody listens
                with contextlib.suppress(OSError):
                    fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._waiting_since = self._clock()

    def ask(self, line: bytes) -> None:
        """Send a line as soon as the process takes it; returns at once."""
        if self._process is None:
            return
        self._unsent += line + b"\n"
        if self._waiting_since is None:
            self._waiting_since = self._clock()
        self._send()

    def hear(self) -> list[bytes]:
        """Lines that have arrived; returns at once, and notices a process that died or hangs."""
        if self._process is None:
            return []
        self._send()
        is_open = self._receive()
        *lines, rest = self._heard.split(b"\n")
        self._heard = bytearray(rest)
        if lines:
            self._waiting_since = self._clock()
            if not self.is_up and lines[0] == READY:
                self.is_up = True
                lines = lines[1:]
        if not is_open:
            self._see_it_end()
        elif len(rest) > _LONGEST_ANSWER:
            self.end("it sends an answer without an end")
        elif self._is_late():
            self.end("it hangs")
        return [bytes(line) for line in lines]

    def rest(self) -> None:
        """All that was asked for is answered: the process may be silent."""
        if self.is_up:
            self._waiting_since = None

    def do_well(self) -> None:
        """It has answered as it should: earlier deaths are forgiven."""
        self._n_deaths = 0

    def wait(self, seconds: float) -> None:
        """Return when something has arrived, or after so many seconds."""
        if self._over_since is not None:
            sleep(min(max(0.0, seconds), _REAPING_S))
        elif self._process is not None and self._process.stdout is not None:
            select.select([self._process.stdout], [], [], max(0.0, seconds))

    def mishaps(self) -> list[Mishap]:
        """What went wrong since the last call."""
        told, self._mishaps = self._mishaps, []
        return told

    def end(self, reason: str) -> None:
        """Kill the process, and start another one later."""
        if self._process is not None:
            self._process.kill()
            self._bury(f"was killed, because {reason}")

    def close(self) -> None:
        """End the process for good."""
        if self._process is not None:
            self._process.kill()
            self._release()
        for process in self._dying:
            process.wait()
        self._start_at = float("inf")

    def _see_it_end(self) -> None:
        """Its output is closed: wait for its exit code without holding anybody up, but not for long."""
        assert self._process is not None, "there is a process that ends"
        self.is_up = False
        self._over_since = self._over_since or self._clock()
        code = self._process.poll()
        if code is not None:
            self._bury(f"was killed by signal {-code}" if code < 0 else f"ended with code {code}")
        elif self._clock() - self._over_since > _ENDING_S:
            self.end("it closed its output")

    def _bury(self, how: str) -> None:
        self._release()
        self._n_deaths += 1
        pause_s = 0.0 if self._n_deaths == 1 else min(_LONGEST_BACKOFF_S, 2.0 ** (self._n_deaths - 2))
        self._start_at = self._clock() + pause_s
        detail = f"The worker {how}; another one is started after {pause_s:g} s."
        self._mishaps.append(Mishap("worker", detail, pause_s))

    def _release(self) -> None:
        """Give back what belongs to the process; it has ended, or been killed."""
        process = self._process
        assert process is not None, "there is a process to release"
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # what it has not read is lost with it
                if pipe is not None:
                    pipe.close()
        self._dying.append(process)
        self._process, self.is_up, self._waiting_since, self._over_since = None, False, None, None
        self._heard, self._unsent = bytearray(), bytearray()

    def _is_late(self) -> bool:
        allowed = self._patience_s if self.is_up else self._loading_s
        return self._waiting_since is not None and self._clock() - self._waiting_since > allowed

    def _send(self) -> None:
        assert self._process is not None, "there is somebody to send to"
        assert self._process.stdin is not None, "its input is a pipe"
        try:
            while self._unsent:
                del self._unsent[: os.write(self._process.stdin.fileno(), self._unsent[:65536])]
        except BlockingIOError:
            pass
        except OSError:  # it is gone, which reading tells
            self._unsent.clear()

    def _receive(self) -> bool:
        """Take in what has arrived; whether more may come."""
        assert self._process is not None, "there is somebody to hear"
        assert self._process.stdout is not None, "its output is a pipe"
        while len(self._heard) <= _LONGEST_ANSWER:
            try:
                arrived = os.read(self._process.stdout.fileno(), 65536)
            except BlockingIOError:
                return True
            if not arrived:
                return False
            self._heard += arrived
        return True


def is_possible() -> bool:
    """Whether this system can leave pipes without waiting on them."""
    return sys.platform != "win32"
