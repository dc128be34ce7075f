import numpy as np
import pytest

from acquisition.simulated.responses import flickers
from selector.paradigms.ssvep import FREQUENCIES_HZ, PHASES, JointFrequencyPhase

REGIONS = np.array([(240.0 * (i % 8), 120.0 * (i // 8 + 1), 240.0, 120.0) for i in range(64)])


def block_of(n_slots=64, **settings):
    return JointFrequencyPhase(**settings).next_block(REGIONS[:n_slots], None, 0, np.random.default_rng(0))


@pytest.mark.parametrize("frame_rate", [60.0, 75.0, 144.0])
def test_every_slot_flickers_at_a_frequency_of_its_own(frame_rate):
    block = block_of(frame_rate=frame_rate)
    turns = np.outer(np.arange(block.n_frames) / frame_rate, FREQUENCIES_HZ)
    strength = np.abs((block.codes - 0.5) @ np.exp(-2j * np.pi * turns)) / block.n_frames
    assert sorted(strength.argmax(axis=1)) == list(range(64))
    assert strength.max(axis=1).min() > 0.9 / np.pi


def test_a_slot_is_lit_about_half_of_the_time():
    assert np.abs(block_of().codes.mean(axis=1) - 0.5).max() < 0.11


def test_neighbours_in_frequency_differ_in_phase_as_published():
    np.testing.assert_allclose(np.diff(PHASES) % (2 * np.pi), 0.35 * np.pi)


def test_neighbours_on_the_screen_are_far_apart_in_frequency():
    codes = block_of().codes
    turns = np.outer(np.arange(codes.shape[1]) / 60, FREQUENCIES_HZ)
    grid = FREQUENCIES_HZ[np.abs((codes - 0.5) @ np.exp(-2j * np.pi * turns)).argmax(axis=1)].reshape(8, 8)
    assert min(np.abs(np.diff(grid, axis=0)).min(), np.abs(np.diff(grid, axis=1)).min()) >= 1.0


def test_all_blocks_are_the_same_and_a_smaller_page_has_the_same_flickers():
    np.testing.assert_array_equal(block_of(64).codes[:10], block_of(10).codes)


def test_a_participant_takes_it_for_flicker():
    assert flickers(block_of())


def test_more_slots_than_flickers_are_refused():
    with pytest.raises(ValueError, match=r"64 slots at most, one to a flicker .got 65"):
        JointFrequencyPhase().next_block(np.zeros((65, 4)), None, 0, np.random.default_rng(0))


@pytest.mark.parametrize(("settings", "said"), [({"frame_rate": 30.0}, "at least 47"), ({"block_s": 0.5}, "1 s")])
def test_what_cannot_be_shown_is_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        JointFrequencyPhase(**settings)
