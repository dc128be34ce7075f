"""Triggers out: a code at an amplifier's input or on LSL, and the session time at which it went."""

import contextlib
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from acquisition.clock import Clock

BAUD_RATE = 115200
_WRITE_TIMEOUT_S = 0.1
# From linux/ppdev.h; the numbers are part of the kernel's interface and the same on all its architectures but a few.
_PPCLAIM, _PPRELEASE, _PPWDATA = 0x708B, 0x708C, 0x40017086


class Trigger(Protocol):
    """An output for codes. A pulse is a `send` and, a few samples of the amplifier later, a `lower`; neither waits."""

    def send(self, code: int) -> float:
        """Put out a code (1 to 255) and return the session time (s) right after it went.

        Raises
        ------
        ValueError
            If the code does not fit the output.
        OSError
            If the output does not take it.
        """
        ...

    def lower(self) -> None:
        """Take the lines back to 0, for outputs that have lines. The frame after the flash is a good time for it."""
        ...

    def close(self) -> None:
        """Let go of the output; safe to call twice."""
        ...


class SerialTrigger:
    """One byte a code through a serial port, or a USB device that acts as one.

    Parameters
    ----------
    port : str
        Such as "/dev/ttyUSB0" or "COM3".
    clock : Clock
        The session's.
    baud_rate : int
        As the trigger box expects it. A byte takes 10 / baud_rate s on the wire: 0.09 ms at 115200.
    lowers_itself : bool
        Whether the box ends the pulse on its own; `lower` then sends nothing.

    Raises
    ------
    ImportError
        If pyserial is not installed.
    OSError
        If there is no such port, or somebody else has it.
    """

    def __init__(self, port: str, clock: Clock, baud_rate: int = BAUD_RATE, lowers_itself: bool = False) -> None:
        serial = _pyserial()
        self._clock = clock
        self._lowers_itself = lowers_itself
        self._name = port
        try:
            self._port: Any = serial.Serial(port, baud_rate, write_timeout=_WRITE_TIMEOUT_S)
        except OSError as error:
            there = ", ".join(sorted(found.device for found in _ports())) or "none"
            raise OSError(f"The serial port {port!r} cannot be opened ({error}); ports there are: {there}.") from None

    def send(self, code: int) -> float:
        self._write(_byte(code))
        return self._clock.now()

    def lower(self) -> None:
        if not self._lowers_itself:
            self._write(b"\0")

    def close(self) -> None:
        if self._port is not None and self._port.is_open:
            with contextlib.suppress(OSError):
                self.lower()
            self._port.close()
        self._port = None

    def _write(self, byte: bytes) -> None:
        if self._port is None:
            raise OSError(f"The serial port {self._name!r} is closed.")
        try:
            self._port.write(byte)
        except OSError as error:
            raise OSError(f"The serial port {self._name!r} does not take a trigger ({error}).") from None


class ParallelTrigger:
    """The eight data lines of a parallel port, through Linux's ppdev.

    Parameters
    ----------
    device : str
        Such as "/dev/parport0". The kernel module is loaded by ``modprobe ppdev``; whoever runs Assent must be in
        the group that owns the device, as a rule "lp".
    clock : Clock
        The session's.

    Raises
    ------
    OSError
        If this system has no such device, or it is no parallel port.
    """

    def __init__(self, device: str, clock: Clock) -> None:
        if not sys.platform.startswith("linux"):
            raise OSError(
                f"The parallel port is driven through Linux's ppdev only (this is {sys.platform}): "
                "use a serial trigger box, or LSL markers."
            )
        self._clock = clock
        self._device = device
        self._file: int | None = None
        try:
            self._file = os.open(device, os.O_RDWR)
            self._control(_PPCLAIM)
        except OSError as error:
            self._let_go()
            raise OSError(
                f"The parallel port {device!r} cannot be used ({error.strerror}): load the kernel module by "
                "'modprobe ppdev', and belong to the group that owns the device."
            ) from None

    def send(self, code: int) -> float:
        self._put(_byte(code))
        return self._clock.now()

    def lower(self) -> None:
        self._put(b"\0")

    def close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self.lower()
                self._control(_PPRELEASE)
        self._let_go()

    def _put(self, byte: bytes) -> None:
        if self._file is None:
            raise OSError(f"The parallel port {self._device!r} is closed.")
        self._control(_PPWDATA, byte)

    def _control(self, request: int, argument: bytes = b"\0") -> None:
        import fcntl  # Not there on Windows, where this class refuses before.

        assert self._file is not None
        fcntl.ioctl(self._file, request, argument)

    def _let_go(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file = None


class LSLTrigger:
    """Codes as markers on LSL, for amplifiers and recorders that listen to it.

    Parameters
    ----------
    name : str
        The stream's name, and its source_id.
    clock : Clock
        The session's; it must be LSL's own, for that is what marks the samples.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        from acquisition.lsl import MarkerOutlet

        self._clock = clock
        self.name = name
        self._outlet = MarkerOutlet(name, source_id=name)

    def send(self, code: int) -> float:
        _byte(code)
        now = self._clock.now()
        self._outlet.push(str(code), now)
        return now

    def lower(self) -> None:
        """A marker has no length."""

    def close(self) -> None:
        self._outlet.close()


TRIGGERS: dict[str, Callable[[str, Clock], Trigger]] = {
    "serial": SerialTrigger,
    "parallel": ParallelTrigger,
    "lsl": LSLTrigger,
}


def open_trigger(output: str, clock: Clock) -> Trigger:
    """A trigger output by its name in the settings.

    Parameters
    ----------
    output : str
        "serial:PORT", "parallel:DEVICE" or "lsl:NAME".
    clock : Clock
        The session's.

    Raises
    ------
    ValueError
        If it names no output.
    ImportError, OSError
        If the output cannot be opened.
    """
    kind, _, where = output.partition(":")
    if kind not in TRIGGERS or not where:
        raise ValueError(
            f"Argument 'output' must be 'serial:PORT', 'parallel:DEVICE' or 'lsl:NAME' (got {output!r}), "
            "such as serial:/dev/ttyUSB0."
        )
    return TRIGGERS[kind](where, clock)


def list_outputs() -> list[str]:
    """Serial and parallel ports of this machine, as `open_trigger` takes them."""
    parallel = sorted(str(path) for path in Path("/dev").glob("parport[0-9]*"))
    try:
        serial = sorted(port.device for port in _ports())
    except ImportError:
        serial = []
    return [*(f"serial:{port}" for port in serial), *(f"parallel:{port}" for port in parallel)]


def _byte(code: int) -> bytes:
    if not 1 <= code <= 255:
        raise ValueError(f"Argument 'code' must lie in 1..255 (got {code}).")
    return bytes([code])


def _pyserial() -> Any:
    try:
        return importlib.import_module("serial")
    except ImportError:
        raise ImportError(
            "Triggers through a serial port need the package 'pyserial', which is not installed."
        ) from None


def _ports() -> list[Any]:
    _pyserial()
    return list(importlib.import_module("serial.tools.list_ports").comports())
