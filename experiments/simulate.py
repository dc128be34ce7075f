"""The simulated participant over LSL: publishes EEG and gaze, and reads what is shown from markers."""

import json
import select
import sys
from collections.abc import Callable
from dataclasses import replace

from acquisition.lsl import LSLClock, MarkerInlet, StreamOutlet
from acquisition.simulated.participant import SimulatedParticipant
from acquisition.simulated.profile import PROFILES, Profile
from experiments.copying import CopyingParticipant

DISPLAY = "assent-display"
"""Source id of the marker stream on which a session tells what is shown."""

_PERIOD_S = 0.01


def simulate(profile: str, target: str | None = None, seed: int = 0) -> None:
    """Publish a participant's streams until interrupted.

    Parameters
    ----------
    profile : str
        One of `PROFILES`.
    target : str, optional
        Take part in a session on this network and copy this; else attend to nothing.
    seed : int
        Seed of everything random.

    Raises
    ------
    ValueError
        If there is no such profile.
    OSError
        If there is a target but no session that shows anything.
    """
    if profile not in PROFILES:
        raise ValueError(f"Argument 'profile' must be one of {', '.join(PROFILES)} (got {profile!r}).")
    take_part(PROFILES[profile], person_seed=seed, noise_seed=seed, target=target, until=lambda: False)


def take_part(
    profile: Profile, person_seed: int, noise_seed: int, target: str | None, until: Callable[[], bool]
) -> None:
    """Publish EEG and gaze, and react to what is shown, until asked to stop."""
    clock = LSLClock()
    signals = SimulatedParticipant(profile, person_seed, noise_seed, start=clock.now())
    outlets = {info.name: StreamOutlet(info) for info in signals.streams}
    person = CopyingParticipant(signals, target) if target is not None else None
    shown = MarkerInlet(source_id=DISPLAY) if person else None
    while not until():
        if person and shown:
            for _, message in shown.pull():
                person.see(json.loads(message))
        for chunk in signals.pull(clock.now()):
            outlets[chunk.stream].push(chunk)
        clock.sleep_until(clock.now() + _PERIOD_S)


def main() -> None:
    """Take part in the parent's session until it closes this process's input.

    The only argument is a JSON object: "profile", "snr", "person_seed", "noise_seed" and "target".
    """
    wanted = json.loads(sys.argv[1])
    profile = replace(PROFILES[wanted["profile"]], snr=wanted["snr"])
    take_part(profile, wanted["person_seed"], wanted["noise_seed"], wanted["target"], until=_closed)


def _closed() -> bool:
    """Whether the parent has closed our input, or is gone."""
    ready, _, _ = select.select([sys.stdin], [], [], 0.0)
    return bool(ready)


if __name__ == "__main__":
    main()
