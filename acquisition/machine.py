"""What is known about this machine from one session to the next: how late its screen is, in a file of the user's."""

import contextlib
import math
import os
import sys
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

PROFILE_VARIABLE = "ASSENT_MACHINE"
"""Environment variable that names another file."""


@dataclass(frozen=True, slots=True)
class MachineProfile:
    """The constant offset of this machine's screen, as a photodiode measured it.

    Parameters
    ----------
    display_latency_s : float
        From the flip's time to the light: what is added to a flip's time.
    display_jitter_sd_s : float
        Standard deviation of it.
    n_flips : int
        How many flips it was measured from; 0 if it never was.
    measured_on : str
        Date, such as "2026-03-09"; empty if it never was.
    """

    display_latency_s: float = 0.0
    display_jitter_sd_s: float = 0.0
    n_flips: int = 0
    measured_on: str = ""

    def __post_init__(self) -> None:
        for name, least in (("display_latency_s", -1.0), ("display_jitter_sd_s", 0.0)):
            value = getattr(self, name)
            if not (_is_number(value) and least <= value <= 1.0):
                raise ValueError(f"Argument '{name}' must be a number of seconds in {least:g}..1 (got {value!r}).")
        if not isinstance(self.n_flips, int) or self.n_flips < 0:
            raise ValueError(f"Argument 'n_flips' must be a whole number, 0 or more (got {self.n_flips!r}).")
        if not isinstance(self.measured_on, str) or not self.measured_on.isprintable() or '"' in self.measured_on:
            raise ValueError(f"Argument 'measured_on' must be a date such as 2026-03-09 (got {self.measured_on!r}).")


def profile_path() -> Path:
    """The file of this machine's profile: what `PROFILE_VARIABLE` names, or else one in the user's config folder."""
    if named := os.environ.get(PROFILE_VARIABLE):
        return Path(named)
    if sys.platform == "win32":
        folder = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        folder = Path.home() / "Library" / "Application Support"
    else:
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return folder / "assent" / "machine.toml"


def read_profile() -> MachineProfile:
    """This machine's profile; one that says "never measured" where there is no file.

    Raises
    ------
    ValueError
        If the file is damaged, or holds what does not belong there.
    """
    path = profile_path()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return MachineProfile()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"The machine's profile {path} is no TOML ({error}).") from None
    unknown = sorted(set(values) - set(MachineProfile.__dataclass_fields__))
    if unknown:
        raise ValueError(f"The machine's profile {path} holds unknown keys: {', '.join(unknown)}.")
    try:
        return MachineProfile(**values)
    except ValueError as error:
        raise ValueError(f"The machine's profile {path} is wrong. {error}") from None


def write_profile(profile: MachineProfile) -> Path:
    """Keep a profile for this machine's later sessions, whole or not at all, and return its file.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path = profile_path()
    lines = ["# Written by Assent: how late this machine's screen is.\n"]
    lines += [f"{key} = {_literal(value)}\n" for key, value in asdict(profile).items()]
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text("".join(lines), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise OSError(f"Cannot keep the machine's profile {path}: {error.strerror}.") from error
    return path


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _literal(value: object) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\")
        return f'"{escaped}"'
    return repr(value)
