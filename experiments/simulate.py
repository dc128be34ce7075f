"""The simulated participant as a process of its own: reads markers, publishes EEG and gaze over LSL."""

import dataclasses
import json
import select
import sys

from acquisition.lsl import LSLClock, MarkerInlet, StreamOutlet
from acquisition.simulated.participant import SimulatedParticipant
from acquisition.simulated.profile import PROFILES
from experiments.copying import CopyingParticipant

_PERIOD_S = 0.01


def main() -> None:
    """Take part until the parent closes this process's input.

    The only argument is a JSON object: "profile", "snr", "person_seed", "noise_seed" and "target".
    """
    wanted = json.loads(sys.argv[1])
    clock = LSLClock()
    profile = dataclasses.replace(PROFILES[wanted["profile"]], snr=wanted["snr"])
    signals = SimulatedParticipant(profile, wanted["person_seed"], wanted["noise_seed"], start=clock.now())
    outlets = {info.name: StreamOutlet(info) for info in signals.streams}
    person = CopyingParticipant(signals, wanted["target"])
    shown = MarkerInlet(source_id="assent-display")
    while not _closed():
        for _, message in shown.pull():
            person.see(json.loads(message))
        for chunk in signals.pull(clock.now()):
            outlets[chunk.stream].push(chunk)
        clock.sleep_until(clock.now() + _PERIOD_S)


def _closed() -> bool:
    """Whether the parent has closed our input, or is gone."""
    ready, _, _ = select.select([sys.stdin], [], [], 0.0)
    return bool(ready)


if __name__ == "__main__":
    main()
