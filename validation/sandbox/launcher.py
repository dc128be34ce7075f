"""Starts a command in namespaces of its own: what bubblewrap does, for where it isn't installed, or for root."""

import contextlib
import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from validation.sandbox import seccomp

# From <sched.h>, <sys/mount.h>, <linux/mount.h> and <sys/prctl.h>.
_NEW_MOUNTS, _NEW_OTHERS, _NEW_USER = (
    0x00020000,
    0x02000000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000,
    0x10000000,
)
_BIND, _RECURSIVE, _PRIVATE, _NOSUID, _NODEV, _DETACH = 0x1000, 0x4000, 0x40000, 2, 4, 2
_ATTR_READ_ONLY, _ATTR_NOSUID, _ATTR_NODEV, _AT_RECURSIVE, _AT_HERE = 1, 2, 4, 0x8000, -100
_SYS_MOUNT_SETATTR, _SYS_PIVOT_ROOT = 442, {"x86_64": 155, "aarch64": 41}
_PDEATHSIG, _NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 1, 38, 22, 2

_DEVICES = ("null", "zero", "full", "random", "urandom")
_FIRST_USER = 0x70000000  # a user of its own for every run, so that the limit on processes counts this run's alone
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> NoReturn:
    """Run the command that the first argument names, as JSON, and exit as it does (128 + signal where one ended it)."""
    job = json.loads(sys.argv[1])
    privileged = os.geteuid() == 0
    user = _FIRST_USER + os.getpid() if privileged else 65534
    _leave_namespaces(privileged, user)
    _build_root(job["binds"], job["links"], job["scratch_bytes"], user)
    init = os.fork()
    if init:
        _exit_like(init)
    _call("prctl", _PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    child = os.fork()  # the first process of a namespace is spared signals, so the program is not the first
    if child:
        _exit_like(child)
    os.setsid()
    if privileged:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _filter_system_calls()
    os.execve(job["command"][0], job["command"], job["environment"])  # noqa: S606 - no shell is wanted


def _exit_like(child: int) -> NoReturn:
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


def _leave_namespaces(privileged: bool, user: int) -> None:
    uid, gid = os.geteuid(), os.getegid()
    _call("unshare", _NEW_MOUNTS | _NEW_OTHERS | (0 if privileged else _NEW_USER))
    if not privileged:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{user} {gid} 1", encoding="ascii")


def _build_root(binds: dict[str, str], links: dict[str, str], scratch_bytes: int, user: int) -> None:
    """Make a root that holds some folders of the old one, read-only, a few devices, and a scratch folder."""
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    _mount("tmpfs", "/tmp", "tmpfs", _NOSUID | _NODEV)  # noqa: S108 - any folder does, and this one is everywhere
    os.chdir("/tmp")  # noqa: S108
    Path("old").mkdir()
    Path("new").mkdir()
    _pivot(".", "old")
    os.chdir("/")
    _mount("tmpfs", "/new", "tmpfs", _NOSUID | _NODEV, "size=1m,mode=755")
    for path, place in binds.items():
        target = Path(f"/new{place}")
        if Path(f"/old{path}").is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        _bind(f"/old{path}", str(target), _ATTR_READ_ONLY | _ATTR_NOSUID | _ATTR_NODEV)
    for path, goal in links.items():
        Path(f"/new{path}").symlink_to(goal)
    Path("/new/dev").mkdir()
    for device in _DEVICES:
        Path(f"/new/dev/{device}").touch()
        _bind(f"/old/dev/{device}", f"/new/dev/{device}", _ATTR_NOSUID)
    Path("/new/scratch").mkdir()
    options = f"size={scratch_bytes},nr_inodes=1000,mode=700,uid={user},gid={user}"
    os.chdir("/new")
    _pivot(".", ".")
    _call("umount2", b".", _DETACH)
    os.chdir("/")
    _set_attributes("/", _ATTR_READ_ONLY, recursive=False)
    _mount("tmpfs", "/scratch", "tmpfs", _NOSUID | _NODEV, options)
    os.chdir("/scratch")


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    texts = [text.encode() if text is not None else None for text in (source, target, kind, options)]
    _call("mount", *texts[:3], ctypes.c_ulong(flags), texts[3])


def _bind(source: str, target: str, attributes: int) -> None:
    _mount(source, target, None, _BIND | _RECURSIVE)
    _set_attributes(target, attributes, recursive=True)


def _set_attributes(path: str, attributes: int, recursive: bool) -> None:
    settings = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    size = ctypes.c_size_t(ctypes.sizeof(settings))
    _call("syscall", _SYS_MOUNT_SETATTR, _AT_HERE, path.encode(), flags, ctypes.byref(settings), size)


def _pivot(new: str, old: str) -> None:
    _call("syscall", _SYS_PIVOT_ROOT[os.uname().machine], new.encode(), old.encode())


def _filter_system_calls() -> None:
    program = seccomp.program()

    class Program(ctypes.Structure):
        _fields_ = (("n_instructions", ctypes.c_ushort), ("instructions", ctypes.c_char_p))

    _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _call("prctl", _SECCOMP, _FILTER, ctypes.byref(Program(len(program) // 8, program)))


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
