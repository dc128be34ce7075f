"""Play a fault: start the device, listen, let it go wrong and come right, and say what came of it."""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from os import environ
from pathlib import Path
from threading import Event
from time import sleep

import numpy as np

from acquisition.lsl import LSLClock, LSLSource, MarkerInlet, StreamWanted, local_network
from acquisition.neon import NeonSource
from acquisition.stream import Chunk, FloatArray
from experiments.bench.fault_cells import LSL_STREAMS, NEON, Scenario
from experiments.bench.fault_ears import MarkerEar, SampleEar
from experiments.bench.faulty_device import CHANNELS, Part
from experiments.bench.faulty_neon import SCREEN, FaultyNeon, lateness

PATIENCE_S = 5.0
_BEFORE_S = 1.5
_RETURN_S = 15.0
_OPEN_S = 4.0
_REST_S = 0.6  # After the last sample was sent, until all have come: a Neon's wait 0.3 s for a picture.

Ear = SampleEar | MarkerEar


@dataclass(frozen=True, slots=True)
class Cell:
    """What one fault did to one stream.

    Parameters
    ----------
    stream : str
    refused : str
        The sentence by which the stream was refused at first, or altogether; "" where it was not.
    ear : SampleEar, MarkerEar or None
        Who has heard it.
    n_lost : int
        How many samples were sent while the connection stood, and did not arrive.
    off : float
        When the fault ended, in s.
    """

    stream: str
    refused: str
    ear: Ear | None
    n_lost: int
    off: float


class Device:
    """The process of a faulty device, which may be killed and started again."""

    def __init__(self, part: Part) -> None:
        self.part = part
        env = dict(environ)
        if part.is_elsewhere:
            del env["LSLAPICFG"]
        command = [sys.executable, "-m", "experiments.bench.faulty_device", json.dumps(asdict(part))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)  # noqa: S603
        self.answer()

    def tell(self, word: str) -> None:
        """Send it a word."""
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        """Its next line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The device with the fault {self.part.fault!r} ended early.")
        return line

    def kill(self) -> None:
        """As when its plug is pulled; safe to call twice."""
        self._process.kill()
        self._process.communicate()


def play_over_lsl(fault: str, scenario: Scenario, stretch: float, folder: Path) -> list[Cell]:
    """Play one fault to the LSL streams that can have it."""
    streams = [stream for stream in LSL_STREAMS if stream in scenario.right]
    session = Path(local_network()["LSLAPICFG"]).stem
    part = Part(fault, uuid.uuid4().hex, run=1, session_id=session)
    devices = [Device(part)]
    if fault == "two of one name":
        devices.append(Device(Part(fault, part.stem, run=2, session_id=session)))
    try:
        with ThreadPoolExecutor(len(streams)) as pool:
            opening = pool.map(partial(_open, part, folder, _patience_s(scenario, stretch)), streams)
            opened = dict(zip(streams, opening, strict=True))
            ears = {stream: ear for stream, (ear, _) in opened.items() if ear is not None}
            done = Event()
            listening = [pool.submit(ear.listen, done) for ear in ears.values()]
            sleep(_BEFORE_S)
            n_channels = len(CHANNELS) + (fault == "other channels on return")
            back = Part(fault, part.stem, run=2, session_id=session, n_channels=n_channels)

            def turn(is_bad: bool) -> None:
                if not scenario.away:
                    devices[0].tell("on" if is_bad else "off")
                elif is_bad:
                    devices[0].kill()
                else:
                    devices.append(Device(back))

            off = _play(scenario, stretch, ears.values(), turn) if ears else 0.0
            sent: dict[str, int] = {}
            if scenario.returns:
                speaking = devices[-1] if scenario.away else devices[0]
                speaking.tell("end")
                sent = json.loads(speaking.answer())
                sleep(_REST_S)
            done.set()
            for job in listening:
                job.result()
    finally:
        for device in devices:
            device.kill()
    last = 2 if scenario.away else 1
    return [
        Cell(stream, refused, ear, 0 if ear is None else _lost(ear, last, sent.get(stream)), off)
        for stream, (ear, refused) in opened.items()
    ]


def _patience_s(scenario: Scenario, stretch: float) -> float:
    """How long a session waits for a lost stream, in s: long enough for one that returns."""
    return PATIENCE_S + scenario.fault_s * stretch if scenario.returns else PATIENCE_S


def _open(part: Part, folder: Path, patience_s: float, stream: str) -> tuple[Ear | None, str]:
    """Who hears the stream, and the sentence by which it was refused at first, if it was."""

    def truth(chunk: Chunk) -> FloatArray:
        return np.asarray(chunk.data[:, 0].astype(np.float64) + chunk.data[:, 1])

    def ear(name: str | None = None, source_id: str | None = None) -> Ear:
        if stream == "markers":
            return MarkerEar(MarkerInlet(name, source_id, _OPEN_S))
        source = LSLSource([StreamWanted(stream, name=name, source_id=source_id)], _OPEN_S)
        return SampleEar(source, stream, truth, folder / f"{part.stem}-{stream}.xdf", patience_s)

    sentence = ""
    if part.fault == "two of one name":
        try:
            ear(name=f"{part.stem}-{stream}")
        except ValueError as error:
            sentence = str(error)
    try:
        return ear(source_id=part.source_id(stream)), sentence
    except OSError as error:
        return None, str(error)


def play_by_neon(fault: str, scenario: Scenario, stretch: float, folder: Path) -> list[Cell]:
    """Play one fault to the gaze of a fake Neon."""
    neon = FaultyNeon(fault, announced=fault == "two of one name")
    neon.start()
    others = [FaultyNeon(fault, announced=True)] if fault == "two of one name" else []
    try:
        for other in others:
            other.start()
        if fault == "garbage answers":
            neon.faults.garbage.add("status")
        ear, sentence, n_before = _open_neon(neon, folder, _patience_s(scenario, stretch))
        if ear is not None:
            off = _listen_to_neon(neon, ear, fault, scenario, stretch)
    finally:
        for each in (neon, *others):
            each.stop()

    if ear is None:
        return [Cell(NEON, sentence, None, 0, 0.0)]
    # What was under way in a connection that ended, the device itself has lost.
    n_lost = 0 if "closed" in ear.faults else neon.n_sent - n_before - len(np.unique(ear.arrived()[0]))
    return [Cell(NEON, sentence, ear, n_lost, off)]


def _listen_to_neon(neon: FaultyNeon, ear: SampleEar, fault: str, scenario: Scenario, stretch: float) -> float:
    """When the fault ended, in s."""

    def turn(is_bad: bool) -> None:
        if not scenario.away:
            neon.turn(is_bad)
        elif is_bad:
            neon.stop()
        else:
            neon.is_short = fault == "other channels on return"
            neon.start()

    done = Event()
    with ThreadPoolExecutor(1) as pool:
        listening = pool.submit(ear.listen, done)
        sleep(_BEFORE_S)
        off = _play(scenario, stretch, [ear], turn)
        neon.has_ended = True
        sleep(_REST_S)
        done.set()
        listening.result()
    return off


def _open_neon(neon: FaultyNeon, folder: Path, patience_s: float) -> tuple[SampleEar | None, str, int]:
    """Who hears it, the sentence by which it was refused, and how many samples came before it found the screen."""
    clock = LSLClock()

    def truth(chunk: Chunk) -> FloatArray:
        return chunk.times + lateness(chunk.times, chunk.data[:, 0].astype(np.float64))

    sentence = ""
    try:
        if neon.is_announced:
            NeonSource(SCREEN, clock, timeout_s=_OPEN_S).close()
    except (OSError, ValueError) as error:
        sentence = str(error)
    try:
        source = NeonSource(SCREEN, clock, neon.address, timeout_s=_OPEN_S)
    except OSError as error:
        return None, str(error), 0
    n_before = 0
    is_found = False
    while not is_found:
        clock.sleep_until(clock.now() + 0.01)
        for chunk in source.pull(clock.now()):
            n_before += len(chunk.times) if chunk.stream == "gaze" else 0
            is_found |= chunk.stream == "gaze" and bool(np.isfinite(chunk.data).all())
    return SampleEar(source, "gaze", truth, folder / f"{neon.serial}.xdf", patience_s), sentence, n_before


def _play(scenario: Scenario, stretch: float, ears: Iterable[Ear], turn: Callable[[bool], None]) -> float:
    """Begin the fault, end it, and wait; return when it ended, in s."""
    clock = LSLClock()
    ears = list(ears)

    def wait(seconds: float, is_over: Callable[[], bool]) -> None:
        end = clock.now() + seconds
        while clock.now() < end and not is_over():
            sleep(0.05)

    for ear in ears:
        ear.is_busy = scenario.is_ours
    turn(True)
    fault_s = scenario.fault_s * stretch if scenario.stretches else scenario.fault_s
    wait(fault_s, lambda: all(ear.ended for ear in ears))
    for ear in ears:
        ear.is_busy = False
    if not scenario.returns:
        return clock.now()
    heard = [ear.n_pulled for ear in ears]
    turn(False)
    off = clock.now()
    if scenario.away:
        wait(_RETURN_S, lambda: all(ear.ended or ear.n_pulled > n for ear, n in zip(ears, heard, strict=True)))
    wait(scenario.after_s * stretch, lambda: all(ear.ended for ear in ears))
    return off


def _lost(ear: Ear, last_run: int, n_sent: int | None) -> int:
    """How many numbers are missing between the first and the last, and to what the device says it sent."""
    _, _, rows = ear.arrived()
    n_lost = -int(np.isnan(rows[:, 2]).sum())  # Markers that cannot be read have arrived all the same.
    for run in np.unique(rows[:, 3][np.isfinite(rows[:, 3])]):
        numbers = np.unique(rows[rows[:, 3] == run, 2])
        end = n_sent if run == last_run and n_sent is not None else numbers[-1] + 1
        n_lost += int(end - numbers[0]) - len(numbers)
    return n_lost
