"""What a run may use, and how it ended."""

from dataclasses import dataclass
from typing import Literal

KilledBy = Literal["wall", "cpu", "memory", "output", "signal"]


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

    Raises
    ------
    ValueError
        If one is not positive.
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

    @property
    def cpu_s(self) -> int:
        """Processor time (s) of each process; the wall comes first, unless the machine was stopped meanwhile."""
        return int(self.wall_s) + 2

    def rlimits(self) -> dict[str, int]:
        """The limits that the system itself keeps, by the names that `resource` has for them."""
        return {
            "RLIMIT_AS": self.memory,
            "RLIMIT_CORE": 0,
            "RLIMIT_CPU": self.cpu_s,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_MSGQUEUE": 0,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_NPROC": self.processes,
        }


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
