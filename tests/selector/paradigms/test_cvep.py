"""Codes are few-valued in how alike they are, dealt out anew, and held for whole frames."""

import numpy as np
import pytest

from selector.paradigms.cvep import CYCLE_BITS, N_CODES, ModulatedGoldCodes, modulated_gold_codes

REGIONS = np.zeros((20, 4))


def rows_of(block):
    known = {code.tobytes(): number for number, code in enumerate(modulated_gold_codes())}
    return [known[code.tobytes()] for code in block.codes]


def test_codes_are_different_balanced_and_never_keep_still():
    codes = modulated_gold_codes()
    assert codes.shape == (N_CODES, CYCLE_BITS)
    assert len({code.tobytes() for code in codes}) == N_CODES
    assert (codes.sum(axis=1) == CYCLE_BITS // 2).all()
    round_and_round = np.tile(codes, 2)
    three = round_and_round[:, :-2] + round_and_round[:, 1:-1] + round_and_round[:, 2:]
    assert not (three % 3 == 0).any()


def test_codes_of_one_cycle_are_nearly_uncorrelated():
    signed = 2.0 * modulated_gold_codes() - 1.0
    alike = signed @ signed.T / CYCLE_BITS
    assert np.abs(alike - np.eye(N_CODES)).max() < 0.28


def test_they_are_pyntbcis():
    stimulus = pytest.importorskip("pyntbci.stimulus")
    theirs = stimulus.modulate(stimulus.make_gold_codes())
    ours = {tuple(code) for code in modulated_gold_codes()}
    assert {tuple(code) for code in theirs} <= ours


def test_the_first_codes_are_less_alike_than_all_are():
    def worst(codes):
        signed = 2.0 * codes - 1.0
        delays = range(-6, 7)
        return max(
            np.abs(signed @ np.roll(signed, d, axis=1).T - (d == 0) * CYCLE_BITS * np.eye(len(codes)))[
                ~np.eye(len(codes), dtype=bool)
            ].max()
            for d in delays
        )

    codes = modulated_gold_codes()
    assert worst(codes[:8]) <= worst(codes)


def test_codes_are_dealt_anew_for_each_block_and_by_the_generator_alone():
    first, second = ModulatedGoldCodes(), ModulatedGoldCodes()
    blocks = [
        [rows_of(paradigm.next_block(REGIONS, None, 0, rng)) for _ in range(2)]
        for paradigm, rng in ((first, np.random.default_rng(1)), (second, np.random.default_rng(1)))
    ]
    assert blocks[0] == blocks[1]
    assert blocks[0][0] != blocks[0][1]
    assert sorted(blocks[0][0]) == list(range(20))


@pytest.mark.parametrize(("frame_rate", "n_frames"), [(60.0, 126), (120.0, 252), (75.0, 126), (144.0, 252)])
def test_bits_are_held_for_whole_frames(frame_rate, n_frames):
    block = ModulatedGoldCodes(frame_rate).next_block(REGIONS, None, 0, np.random.default_rng(0))
    assert block.codes.shape == (20, n_frames)
    assert block.frame_rate == frame_rate


@pytest.mark.parametrize("code", [3, 60])
def test_an_arranged_slot_flickers_by_the_code_asked_for_and_no_other_does(code):
    paradigm = ModulatedGoldCodes(arrange=lambda: (5, code))
    rows = rows_of(paradigm.next_block(REGIONS, None, 0, np.random.default_rng(0)))
    assert rows[5] == code
    assert len(set(rows)) == 20
    assert paradigm.arranged == (5, code)


def test_what_cannot_be_shown_is_told():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least 45 Hz"):
        ModulatedGoldCodes(30.0)
    with pytest.raises(ValueError, match="65 slots at most"):
        ModulatedGoldCodes().next_block(np.zeros((66, 4)), None, 0, rng)
    with pytest.raises(ValueError, match="code below 65"):
        ModulatedGoldCodes(arrange=lambda: (0, 65)).next_block(REGIONS, None, 0, rng)
