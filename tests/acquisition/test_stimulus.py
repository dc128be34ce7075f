"""Blocks know their onsets, and a presentation holds what was really shown."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from acquisition.stimulus import Presentation, StimulusBlock


def block_of(codes: list[list[int]]) -> StimulusBlock:
    return StimulusBlock(np.array(codes, dtype=np.uint8), frame_rate=60.0, regions=np.zeros((len(codes), 4)))


def test_an_onset_is_where_a_slot_lights_up() -> None:
    block = block_of([[1, 1, 0, 1, 0], [0, 0, 0, 1, 1], [0, 0, 0, 0, 0]])
    assert [frame for frame, _ in block.flashes] == [0, 3]
    np.testing.assert_array_equal(block.flashes[0][1], [True, False, False])
    np.testing.assert_array_equal(block.flashes[1][1], [True, True, False])
    assert (block.n_slots, block.n_frames) == (3, 5)


def test_codes_without_light_have_no_onset() -> None:
    assert block_of([[0, 0, 0]]).flashes == ()


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=40), elements=st.integers(0, 1)))
def test_a_block_comes_back_from_json(codes: np.ndarray) -> None:
    block = StimulusBlock(codes, frame_rate=59.94, regions=np.random.default_rng(0).random((len(codes), 4)))
    again = StimulusBlock.from_dict(json.loads(json.dumps(block.to_dict())), block.regions)
    np.testing.assert_array_equal(again.codes, codes)
    assert again.codes.dtype == np.uint8
    assert again.frame_rate == 59.94
    np.testing.assert_array_equal(again.regions, block.regions)


def test_codes_and_regions_must_fit() -> None:
    with pytest.raises(ValueError, match="'codes' and 'regions' must have shapes"):
        StimulusBlock(np.zeros((3, 5), dtype=np.uint8), 60.0, np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"got \(3,\) and \(3, 4\)"):
        StimulusBlock(np.zeros(3, dtype=np.uint8), 60.0, np.zeros((3, 4)))


def test_a_presentation_knows_what_was_shown_and_when() -> None:
    empty = Presentation(trial=1, regions=np.zeros((2, 4)), start=9.0)
    assert (empty.n_slots, empty.end, empty.flashes) == (2, 9.0, ())
    first = empty.then(block_of([[1, 0, 1], [0, 0, 0]]))
    assert (first.end, first.flashes) == (9.0, ())
    shown = first.shown(np.array([10.0, 10.1])).shown(np.array([10.2]))
    assert [flash.time for flash in shown.flashes] == [10.0, 10.2]
    second = shown.then(block_of([[0, 0], [0, 1]]))
    assert second.end == 10.2
    second = second.shown(np.array([11.0, 11.1]))
    assert [flash.time for flash in second.flashes] == [10.0, 10.2, 11.1]
    np.testing.assert_array_equal(second.flashes[-1].slots, [False, True])
    assert second.end == 11.1
    assert len(first.flashes) == 0


@given(
    codes=arrays(np.uint8, (3, 20), elements=st.integers(0, 1)),
    cuts=st.lists(st.integers(0, 20), max_size=5),
)
def test_batches_of_flips_change_nothing(codes: np.ndarray, cuts: list[int]) -> None:
    presentation = Presentation(trial=0, regions=np.zeros((3, 4)), start=0.0).then(
        StimulusBlock(codes, 60.0, np.zeros((3, 4)))
    )
    flips = 1 + np.arange(20) / 60
    at_once, in_parts = presentation.shown(flips), presentation
    for part in np.split(flips, sorted(cuts)):
        in_parts = in_parts.shown(part)
    assert [flash.time for flash in in_parts.flashes] == [flash.time for flash in at_once.flashes]
    np.testing.assert_array_equal(in_parts.flips[0], flips)
