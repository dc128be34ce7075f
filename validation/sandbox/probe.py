"""Runs in the sandbox before anything else does, and fails where a wall does not stand."""

import os
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path


def refused(action: Callable[..., object], *arguments: object) -> bool:
    """Tell whether the system refuses an action."""
    try:
        action(*arguments)
    except (OSError, MemoryError):
        return True
    return False


assert os.getuid() != 0, "it runs as root"
assert refused(socket.socket), "there is a network"
assert refused(Path("/written").touch), "the file system can be written"
assert refused((Path(sys.prefix) / "written").touch), "the packages can be written"
assert not {"home", "proc", "sys"} & set(os.listdir("/")), "the system's folders are there"  # noqa: PTH208
assert not Path("/etc/passwd").exists(), "the system's settings are there"
assert len(os.environ) < 12, "the environment is there"
Path("scratch.txt").write_text("here")
assert refused(bytearray, resource.getrlimit(resource.RLIMIT_AS)[0]), "memory has no limit"
children: list[int] = []
try:
    while len(children) < 40:
        child = os.fork()
        if not child:
            os.read(os.pipe()[0], 1)
        children.append(child)
except OSError:
    pass
for child in children:
    os.kill(child, 9)
assert len(children) < 40, "the number of processes has no limit"
