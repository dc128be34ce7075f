"""The command line that isolates the sandbox's child, by bubblewrap or by the launcher."""

import json
import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
_BOX = "/box"
_ENVIRONMENT = {
    "HOME": "/scratch",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "PATH": "/usr/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "TMPDIR": "/scratch",
}


def isolating(bubblewrap: str, rules: int, scratch_bytes: int) -> list[str]:
    """Return the words of the command.

    Parameters
    ----------
    bubblewrap : str
        Path of `bwrap`; empty to go without.
    rules : int
        A descriptor from which bubblewrap reads the filter of system calls.
    scratch_bytes : int
        Size of the scratch folder.
    """
    python = str(Path(sys.executable).absolute())
    start = f"import sys; sys.path.insert(0, {_BOX!r}); from validation.sandbox.child import main; del sys.path[0]"
    inner = [python, "-s", "-P", "-c", f"{start}; main()"]
    binds, links = _folders()
    if bubblewrap:
        words = [bubblewrap, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
        words += ["--unshare-user", "--uid", "65534", "--gid", "65534", "--seccomp", str(rules)]
        for path in binds:
            words += ["--ro-bind", path, path]
        words += ["--ro-bind", str(PACKAGE), f"{_BOX}/validation", "--dev", "/dev", "--remount-ro", "/dev"]
        for path, goal in links.items():
            words += ["--symlink", goal, path]
        words += ["--size", str(scratch_bytes), "--tmpfs", "/scratch", "--chdir", "/scratch"]
        for name, value in _ENVIRONMENT.items():
            words += ["--setenv", name, value]
        return [*words, "--remount-ro", "/", "--", *inner]
    job = {
        "binds": {**{path: path for path in binds}, str(PACKAGE): f"{_BOX}/validation"},
        "links": links,
        "scratch_bytes": scratch_bytes,
        "command": inner,
        "environment": _ENVIRONMENT,
    }
    return [python, "-S", "-s", "-P", "-m", "validation.sandbox.launcher", json.dumps(job)]


def _folders() -> tuple[list[str], dict[str, str]]:
    """Folders that the interpreter needs, none inside another, and the links among them."""
    links = {p: str(Path(p).readlink()) for p in ("/bin", "/lib", "/lib64") if Path(p).is_symlink()}
    wanted = ["/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", sys.base_prefix, sys.prefix]
    real = [path for path in map(os.path.abspath, wanted) if Path(path).exists() and path not in links]
    outer = [path for path in real if not any(path != other and Path(path).is_relative_to(other) for other in real)]
    return list(dict.fromkeys(outer)), links
