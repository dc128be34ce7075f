"""Codes leave by each output as they were given; an output that is not there says so in a sentence."""

import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from acquisition.clock import VirtualClock
from acquisition.triggers import LSLTrigger, ParallelTrigger, SerialTrigger, list_outputs, open_trigger

pty = pytest.importorskip("pty", reason="pseudo terminals stand for serial ports, and are there on POSIX only")


class Wall:
    """The machine's own clock."""

    def now(self) -> float:
        return time.perf_counter()

    def sleep_until(self, moment: float) -> None:
        time.sleep(max(0.0, moment - self.now()))


@pytest.fixture
def port() -> Iterator[tuple[int, str]]:
    """A serial port: the far end's file, and the near end's name."""
    pytest.importorskip("serial", reason="pyserial is not installed")
    import tty

    far, near = pty.openpty()
    tty.setraw(near)
    yield far, os.ttyname(near)
    os.close(far)
    os.close(near)


def read(file: int, n_bytes: int) -> bytes:
    """All of so many bytes, which may come one by one."""
    content = b""
    while len(content) < n_bytes:
        content += os.read(file, n_bytes - len(content))
    return content


def test_codes_go_through_a_serial_port_as_bytes(port: tuple[int, str]) -> None:
    far, name = port
    trigger = SerialTrigger(name, VirtualClock(7.0))
    for code in (1, 3, 10, 13, 17, 255):  # Among them those that a terminal would take for itself.
        assert trigger.send(code) == 7.0
        trigger.lower()
        assert read(far, 2) == bytes([code, 0])
    trigger.close()
    trigger.close()
    assert read(far, 1) == b"\0"
    with pytest.raises(OSError, match="is closed"):
        trigger.send(1)


def test_a_box_that_lowers_itself_is_sent_nothing_but_codes(port: tuple[int, str]) -> None:
    far, name = port
    trigger = SerialTrigger(name, VirtualClock(), lowers_itself=True)
    trigger.send(5)
    trigger.lower()
    trigger.send(6)
    trigger.close()
    assert read(far, 2) == bytes([5, 6])


@pytest.mark.realtime
def test_a_code_is_at_the_far_end_of_a_serial_port_within_a_millisecond(port: tuple[int, str]) -> None:
    far, name = port
    clock = Wall()
    trigger = open_trigger(f"serial:{name}", clock)
    took = []
    for code in range(1, 101):
        began = clock.now()
        sent = trigger.send(code)
        assert read(far, 1) == bytes([code])
        assert sent >= began
        took.append(clock.now() - began)
    assert np.median(took) < 1e-3


def test_a_serial_port_that_is_not_there_lists_those_that_are() -> None:
    pytest.importorskip("serial", reason="pyserial is not installed")
    with pytest.raises(OSError, match=r"'/dev/nothing-here' cannot be opened .*ports there are: "):
        SerialTrigger("/dev/nothing-here", VirtualClock())


@pytest.mark.parametrize("code", [0, -1, 256])
def test_a_code_that_is_no_byte_is_refused(code: int, port: tuple[int, str]) -> None:
    with pytest.raises(ValueError, match=rf"'code' must lie in 1..255 \(got {code}\)"):
        SerialTrigger(port[1], VirtualClock()).send(code)


def test_a_parallel_port_that_is_not_there_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"'/dev/parport99' cannot be used \(No such file.*modprobe ppdev"):
        ParallelTrigger("/dev/parport99", VirtualClock())
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file' cannot be used"):
        ParallelTrigger(str(tmp_path / "file"), VirtualClock())


def test_a_parallel_port_on_another_system_points_to_what_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(OSError, match=r"Linux's ppdev only .*LSL markers"):
        ParallelTrigger("/dev/parport0", VirtualClock())


@pytest.mark.parametrize("output", ["usb:1", "serial", "serial:", ""])
def test_an_output_that_is_none_is_refused_with_those_there_are(output: str) -> None:
    with pytest.raises(ValueError, match="must be 'serial:PORT', 'parallel:DEVICE' or 'lsl:NAME'"):
        open_trigger(output, VirtualClock())


def test_outputs_are_listed_as_they_are_opened() -> None:
    assert all(output.partition(":")[0] in ("serial", "parallel") for output in list_outputs())


@pytest.mark.lsl
def test_codes_go_over_lsl_with_their_time() -> None:
    from acquisition.lsl import LSLClock, MarkerInlet, local_network

    local_network()
    clock = LSLClock()
    trigger = LSLTrigger(f"triggers-{uuid.uuid4().hex}", clock)
    inlet = MarkerInlet(source_id=trigger.name)
    sent = [(trigger.send(code), str(code)) for code in (1, 128, 255)]
    trigger.lower()
    received: list[tuple[float, str]] = []
    end = clock.now() + 5.0
    while len(received) < 3 and clock.now() < end:
        received += inlet.pull()
    assert [text for _, text in received] == [text for _, text in sent]
    np.testing.assert_allclose([at for at, _ in received], [at for at, _ in sent], atol=1e-3)
    trigger.close()
