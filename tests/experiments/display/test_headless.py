"""The display's frames, flips and triggers, on the virtual clock."""

import numpy as np

from acquisition.clock import VirtualClock
from acquisition.stimulus import StimulusBlock
from experiments.display.headless import HeadlessDisplay
from experiments.display.screen import Screen

RATE = 60.0


def block(n_frames=24, onsets=(0, 10)):
    codes = np.zeros((2, n_frames), dtype=np.uint8)
    for i, frame in enumerate(onsets):
        codes[i, frame : frame + 6] = 1
    return StimulusBlock(codes, RATE, np.zeros((2, 4)))


class Codes:
    """A trigger output that remembers."""

    def __init__(self, clock):
        self._clock, self.sent, self.n_lowered = clock, [], 0

    def send(self, code):
        self.sent.append((code, self._clock.now()))
        return self._clock.now()

    def lower(self):
        self.n_lowered += 1

    def close(self):
        pass


def test_frames_follow_each_other_at_the_blocks_rate_and_so_do_blocks():
    clock = VirtualClock(1.0)
    display = HeadlessDisplay(clock, Screen(), [])
    flips = np.concatenate([tick.flips for _ in range(2) for tick in display.show(block())])
    np.testing.assert_allclose(flips, 1.0 + np.arange(48) / RATE)


def test_a_tick_comes_every_few_frames_and_none_is_left_out():
    ticks = list(HeadlessDisplay(VirtualClock(), Screen(), [], tick_frames=5).show(block(n_frames=24)))
    assert [len(tick.flips) for tick in ticks] == [5, 5, 5, 5, 4]


def test_a_trigger_tells_the_number_of_each_onset_at_its_flip_and_falls_afterwards():
    clock = VirtualClock()
    trigger = Codes(clock)
    for _ in HeadlessDisplay(clock, Screen(), [], trigger=trigger).show(block()):
        pass
    assert [code for code, _ in trigger.sent] == [1, 2]
    np.testing.assert_allclose([time for _, time in trigger.sent], [0.0, 10 / RATE])
    assert trigger.n_lowered == 22


def test_waiting_lasts_as_long_as_asked():
    clock = VirtualClock(2.0)
    for _ in HeadlessDisplay(clock, Screen(), []).wait(0.52):
        pass
    assert clock.now() == 2.52
