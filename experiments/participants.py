"""Who takes part where nobody sits in the chair: simulated in process or over LSL, or recorded."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from os import environ
from pathlib import Path
from typing import Any

import numpy as np

from acquisition.clock import Clock, VirtualClock
from acquisition.simulated.participant import SimulatedParticipant
from acquisition.simulated.profile import PROFILES, Profile
from acquisition.stream import Source
from acquisition.triggers import Trigger, open_trigger
from experiments.calibration import CalibrationRun, fit_errors, run_calibration, run_feedback
from experiments.config import Config
from experiments.copying import CopyingParticipant
from experiments.display.headless import Pacing, Viewer
from experiments.expectation import MIN_CHARACTERS, Expectation
from experiments.hybrid import fit_fusion
from experiments.paradigms.types import Arrange, Calibrated
from experiments.rig import heard, wiring
from experiments.simulate import DISPLAY
from selector.decoders.errors import ErrorDecoder

Progress = Callable[[str, int, int], None]
"""``(what, done, total)``"""


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What a demo needs beside its settings: the parts that differ between live and virtual.

    Parameters
    ----------
    clock : Clock
    source : Source
    viewers : tuple of Viewer
    counts_compute : bool
        Whether the clock goes on while the machine works out a page.
    pacing : Pacing, optional
    arrange : callable, optional
    announce : callable, optional
        Sends events out as markers.
    clock_offsets : mapping of str to float
        What is added to each stream's stamps at first, in s, where the source corrects clocks.
    trigger : Trigger, optional
        Where onsets are told to hardware.
    """

    clock: Clock
    source: Source
    viewers: tuple[Viewer, ...]
    counts_compute: bool
    pacing: Pacing | None = None
    arrange: Arrange | None = None
    announce: Callable[[str, str, float], None] | None = None
    clock_offsets: Mapping[str, float] = field(default_factory=dict)
    trigger: Trigger | None = None


@contextlib.contextmanager
def participant_setting(config: Config, fast: bool, progress: Progress) -> Iterator[tuple[Setting, Calibrated]]:
    """The participant, the clock, and what was fitted to the person."""
    rng = np.random.default_rng([config.seed, 1])
    if config.person.recording:
        yield _recorded(config, rng, progress)
        return
    profile = _profile(config)
    calibrated = calibrate(config, rng, progress)
    noise_seed = int(rng.integers(2**31))
    if fast:
        participant = SimulatedParticipant(profile, config.person.person_seed, noise_seed, start=0.0)
        viewers = (CopyingParticipant(participant, str(config.target)),)
        yield Setting(VirtualClock(), participant, viewers, counts_compute=False), calibrated
        return
    with _over_lsl(config, profile, noise_seed, progress) as setting:
        yield setting, calibrated


def calibrate(config: Config, rng: np.random.Generator, progress: Progress) -> Calibrated:
    """Fit to slots that the simulated person was told to attend to, with other noise than in the session."""
    parts, precision = wiring(config), config.person.calibration_precision
    found: list[Expectation] = []

    def is_enough(run: CalibrationRun) -> bool:
        """Fit a decoder for the time being, with a generator of its own so that nothing else depends on it."""
        if parts.expect is None or precision == 0 or len(run.trials) < MIN_CHARACTERS:
            return False
        own = np.random.default_rng([config.seed, 2, len(run.trials)])
        found.append(parts.expect(config, run, parts.fit(config, run, own), own))
        return found[-1].is_enough(precision)

    cued = run_calibration(config, _once_more(config, rng), rng, lambda i, n: progress("calibrating", i, n), is_enough)
    fitted_to = (
        f"fitted to {len(cued.trials)} cued slots of {config.person.calibration_blocks} blocks, "
        "played by the same simulated person with other noise"
    )
    if not cued.trials:
        fitted_to = "fitted to nothing yet"
    told = f"; {found[-1].in_words(precision)}" if found else ""
    return Calibrated(
        decoders=tuple(one.fit(config, cued, rng) for one in heard(config)),
        fitted_to=fitted_to + told,
        fusion=fit_fusion(config, cued, rng) if config.also_gaze else config.fusion,
        errors=_errors(config, rng) if config.error_potentials else None,
    )


def _errors(config: Config, rng: np.random.Generator) -> ErrorDecoder:
    return fit_errors(config, run_feedback(config, _once_more(config, rng), rng), rng)


def _once_more(config: Config, rng: np.random.Generator) -> SimulatedParticipant:
    """The session's person with other noise."""
    profile, noise_seed = PROFILES[config.person.profile], int(rng.integers(2**31))
    return SimulatedParticipant(profile, config.person.person_seed, noise_seed, start=0.0)


def _profile(config: Config) -> Profile:
    """The person's profile; under the control "zero-snr" one who answers nothing."""
    profile = PROFILES[config.person.profile]
    if config.control == "zero-snr":
        return replace(profile, snr=0.0)
    return profile


def _recorded(config: Config, rng: np.random.Generator, progress: Progress) -> tuple[Setting, Calibrated]:
    """A recorded participant, whose recording sets the pace."""
    for name, wanted in (("error_potentials", config.error_potentials), ("also_gaze", config.also_gaze)):
        if wanted:
            raise ValueError(f"Setting {name!r} needs a participant who sees the screen, not a recording.")
    path = Path(str(config.person.recording))
    play = wiring(config).recorded
    if play is None:
        raise ValueError(f"No recording can take part in paradigm {config.paradigm!r} (got {path}).")
    progress(f"reading {path.name}", 0, 1)
    person = play(config, path, rng)
    progress(f"reading {path.name}", 1, 1)
    setting = Setting(
        VirtualClock(),
        person.participant,
        (CopyingParticipant(person.participant, str(config.target)),),
        counts_compute=False,
        pacing=person.participant,
        arrange=person.arrange,
    )
    return setting, Calibrated((person.decoder,), person.fitted_to, config.fusion)


@contextlib.contextmanager
def _over_lsl(config: Config, profile: Profile, noise_seed: int, progress: Progress) -> Iterator[Setting]:
    """The participant as a process of its own, joined by LSL streams that stay on this machine."""
    from acquisition.lsl import LSLClock, LSLSource, MarkerOutlet, StreamWanted, local_network

    env = {**environ, **local_network()}
    arguments = {
        "profile": profile.name,
        "snr": profile.snr,
        "person_seed": config.person.person_seed,
        "noise_seed": noise_seed,
        "target": config.target,
    }
    progress("starting the simulated participant", 0, 1)
    with contextlib.ExitStack() as stack:
        shown = MarkerOutlet(DISPLAY, DISPLAY)
        events = MarkerOutlet("assent-events", "assent-events")
        command = [sys.executable, "-m", "experiments.simulate", json.dumps(arguments)]
        process = stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, env=env))  # noqa: S603
        stack.callback(_stop, process)
        wanted = [
            StreamWanted(name, source_id=f"simulated-{name}-{config.person.person_seed}") for name in ("eeg", "gaze")
        ]
        source = LSLSource(wanted, timeout_s=20.0)
        shown.wait_for_consumers(20.0)
        progress("starting the simulated participant", 1, 1)
        clock, output = LSLClock(), config.timing.trigger
        yield Setting(
            clock,
            source,
            (_Markers(shown, clock),),
            counts_compute=True,
            clock_offsets=source.clock_offsets(),
            trigger=stack.enter_context(contextlib.closing(open_trigger(output, clock))) if output else None,
            announce=lambda line, kind, time: events.push(_marker(line, kind), time),
        )


def _marker(line: str, kind: str) -> str:
    """An event as a marker: whole where others may want to act on it, else what joins it to the log."""
    if kind in ("session", "selection", "document", "fault", "end"):
        return line
    return json.dumps({"seq": json.loads(line)["seq"], "kind": kind})


class _Markers:
    """Sends what is shown out as LSL markers."""

    def __init__(self, outlet: Any, clock: Clock) -> None:
        self._outlet = outlet
        self._clock = clock

    def see(self, shown: dict[str, Any]) -> None:
        self._outlet.push(json.dumps(shown), self._clock.now())


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """The participant ends when its input closes."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(timeout=5.0)
    except subprocess.TimeoutExpired:
        process.kill()
