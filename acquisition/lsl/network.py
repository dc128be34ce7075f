"""LSL itself: loaded once, its clock, and networks that stay on this machine."""

import atexit
import os
import re
import shutil
import sys
import tempfile
import uuid
from functools import cache
from importlib import resources
from pathlib import Path
from time import sleep
from typing import Any

_PREFIX = "assent-lsl-"
# Where liblsl looks for a configuration: https://labstreaminglayer.readthedocs.io/info/lslapicfg.html
_USUAL_PLACES = tuple(
    Path(folder).expanduser() / "lsl_api.cfg" for folder in (".", "~", "~/lsl_api", "/etc/lsl_api", "C:/etc/lsl_api")
)


def local_network(session_id: str | None = None) -> dict[str, str]:
    """Keep LSL on this machine, in a session that others neither see nor disturb.

    Parameters
    ----------
    session_id : str, optional
        Name of the session, of letters, digits, "-" and "_". By default the one this process is in
        already (its own or inherited), or else a new one.

    Returns
    -------
    dict
        Environment variables that put a child process into the same session.

    Raises
    ------
    ValueError
        If the name holds other characters.
    RuntimeError
        If LSL is in use already in this process, with another configuration.
    """
    if session_id is not None and not re.fullmatch(r"[A-Za-z0-9_-]+", session_id):
        raise ValueError(f"Argument 'session_id' must consist of letters, digits, '-' and '_' (got {session_id!r}).")
    current = Path(os.environ.get("LSLAPICFG", ""))
    is_ours = current.is_file() and current.parent.name.startswith(_PREFIX)
    if is_ours and session_id in (None, current.stem):
        return {"LSLAPICFG": str(current)}
    if "pylsl" in sys.modules:
        raise RuntimeError(
            f"LSL is in use already with {str(current) if is_ours else 'its own'} configuration: "
            "local_network must come before everything else that uses LSL."
        )
    template = resources.files("acquisition.lsl").joinpath("local.cfg").read_text(encoding="utf-8")
    name = session_id or f"assent-{uuid.uuid4().hex}"
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / f"{name}.cfg"
    path.write_text(template.replace("SESSION_ID", name), encoding="utf-8")
    os.environ["LSLAPICFG"] = str(path)
    return {"LSLAPICFG": str(path)}


class LSLClock:
    """The clock that LSL stamps samples with on this machine."""

    def __init__(self) -> None:
        self._local_clock = load_pylsl().local_clock

    def now(self) -> float:
        return float(self._local_clock())

    def sleep_until(self, time: float) -> None:
        while (remaining := time - self.now()) > 0:
            sleep(remaining)


@cache
def load_pylsl() -> Any:
    """The module pylsl, loaded no earlier than needed: liblsl reads its configuration once.

    Where the user has none, LSL's own settings hold, and it keeps its remarks to itself.
    """
    if "LSLAPICFG" not in os.environ and not any(path.is_file() for path in _USUAL_PLACES):
        os.environ["LSLAPICFG"] = str(resources.files("acquisition.lsl").joinpath("quiet.cfg"))
    import pylsl

    return pylsl
