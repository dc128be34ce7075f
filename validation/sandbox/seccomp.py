"""The system calls that generated code may not make, as a filter for the kernel."""

import platform
import struct

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column below, the kernel's number of the machine
_REFUSED = {  # those that leave the namespaces, or take memory that no limit counts; on x86_64 and aarch64
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "delete_module": (176, 106),
    "finit_module": (313, 273),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "semget": (64, 190),
    "setns": (308, 268),
    "shmget": (29, 194),
    "socket": (41, 198),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
_CLONE, _CLONE3 = (56, 220), (435, 435)
_NEW_NAMESPACES = 0x7E020080  # every CLONE_NEW... flag that clone takes
_X32 = 0x40000000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _EPERM, _ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026


def program() -> bytes:
    """Return the filter as classic BPF, 8 bytes an instruction.

    Refused calls fail with EPERM; clone3, whose flags a filter can't see, with ENOSYS, so that libraries use clone.

    Raises
    ------
    OSError
        If the numbers of this machine's system calls are not known.
    """
    machine = platform.machine()
    if machine not in _MACHINES:
        raise OSError(f"System calls can be filtered on {' and '.join(_MACHINES)} (got {machine!r}).")
    column, number = _MACHINES[machine]

    def instruction(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
        return struct.pack("=HBBI", code, then, otherwise, value)

    lines = [
        instruction(_LOAD, 4),
        instruction(_EQUAL, number, 1, 0),
        instruction(_RETURN, _KILL),
        instruction(_LOAD, 0),
        instruction(_AT_LEAST, _X32, 0, 1),
        instruction(_RETURN, _EPERM),
    ]
    for numbers in _REFUSED.values():
        lines += [instruction(_EQUAL, numbers[column], 0, 1), instruction(_RETURN, _EPERM)]
    lines += [
        instruction(_EQUAL, _CLONE3[column], 0, 1),
        instruction(_RETURN, _ENOSYS),
        instruction(_EQUAL, _CLONE[column], 0, 3),
        instruction(_LOAD, 16),
        instruction(_ANY_BIT, _NEW_NAMESPACES, 0, 1),
        instruction(_RETURN, _EPERM),
        instruction(_RETURN, _ALLOW),
    ]
    return b"".join(lines)
