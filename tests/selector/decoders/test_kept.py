"""Files of fitted decoders, as a run keeps them: whatever is wrong with one is told in a sentence, and no code runs."""

from pathlib import Path

import numpy as np
import pytest

from experiments.config import load
from experiments.folder import RunFolder
from experiments.rig import load_decoders, save_decoder

CONFIGS = {
    "erp_decoder": load(paradigm="p300"),
    "adaptive_erp_decoder": load(paradigm="p300", settings=["person.calibration_characters=0"]),
    "gaze_decoder": load(paradigm="dwell"),
    "ssvep_decoder": load(paradigm="ssvep"),
    "cvep_decoder": load(paradigm="cvep"),
}
TRIALS = {"ssvep_decoder": "flicker_trial_of", "cvep_decoder": "code_trial_of"}


class Kept:
    """A decoder's file in a run's folder."""

    def __init__(self, name, decoder, folder):
        self.name, self.decoder, self.folder = name, decoder, RunFolder(folder)
        self.path = self.folder.decoder(decoder.modality)
        self.arrays = decoder.to_arrays()
        save_decoder(decoder, self.path)

    def load(self):
        (decoder,) = load_decoders(CONFIGS[self.name], self.folder)
        return decoder

    def refuse(self, **arrays):
        """See that the file is refused with these arrays in the place of its own."""
        np.savez(self.path, **{name: array for name, array in (self.arrays | arrays).items() if array is not None})
        self.refuse_as_it_is()

    def refuse_as_it_is(self):
        with pytest.raises(ValueError, match=r"The run's decoder .* is damaged"):
            self.load()


@pytest.fixture(params=CONFIGS)
def kept(request, tmp_path):
    return Kept(request.param, request.getfixturevalue(request.param), tmp_path)


class Tripwire:
    """Leaves a trace where somebody unpickles it."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def test_what_was_kept_says_the_same_to_the_last_bit(kept, request):
    trial = request.getfixturevalue(TRIALS.get(kept.name, "flash_trial_of"))(4, 1.5, 70, n_blocks=2)
    before, after = (one.decode(trial.presentation, trial.signals()) for one in (kept.decoder, kept.load()))
    assert np.array_equal(before.log_likelihood, after.log_likelihood)
    assert before.quality == after.quality


def test_a_missing_array_is_told(kept):
    for name in kept.arrays:
        kept.refuse(**{name: None})


def test_another_version_is_told(kept):
    kept.refuse(version=kept.arrays["version"] + 1)


def test_numbers_that_are_not_finite_are_told(kept):
    for name, array in kept.arrays.items():
        if np.asarray(array).dtype.kind in "fc":
            kept.refuse(**{name: np.full(np.shape(array), np.inf)})


def test_text_in_the_place_of_numbers_is_told_and_the_other_way_round(kept):
    for name, array in kept.arrays.items():
        is_text = np.asarray(array).dtype.kind == "U"
        kept.refuse(**{name: np.full(np.shape(array), 3.0 if is_text else "x")})


def test_an_axis_too_many_is_told(kept):
    for name, array in kept.arrays.items():
        if name != "version":
            kept.refuse(**{name: np.asarray(array)[None]})


def test_an_array_that_is_cut_short_is_told(kept):
    for name, array in kept.arrays.items():
        if np.ndim(array):
            kept.refuse(**{name: np.asarray(array)[:-1]})


def test_another_decoders_arrays_are_told(kept, request):
    for name in CONFIGS:
        if name != kept.name:
            save_decoder(request.getfixturevalue(name), kept.path)
            kept.refuse_as_it_is()


def test_a_pickle_inside_is_refused_and_never_run(kept, tmp_path):
    trace = tmp_path / "trace"
    kept.refuse(**dict.fromkeys(kept.arrays, np.array([Tripwire(trace)], dtype=object)))
    assert not trace.exists()


def test_a_file_that_is_cut_off_is_told(kept):
    whole = kept.path.read_bytes()
    for size in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        kept.path.write_bytes(whole[:size])
        kept.refuse_as_it_is()


@pytest.mark.parametrize("pack", [np.savez, np.savez_compressed])
def test_a_byte_that_has_changed_is_told_unless_it_changes_nothing(kept, pack):
    pack(kept.path, **kept.arrays)
    whole, rng = kept.path.read_bytes(), np.random.default_rng(0)
    for at in rng.integers(len(whole), size=40):
        kept.path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            found = kept.load().to_arrays()
        except ValueError:
            continue
        assert all(np.array_equal(found[name], array) for name, array in kept.arrays.items() if name != "looks_at_")


def test_a_missing_file_is_told(kept):
    kept.path.unlink()
    with pytest.raises(FileNotFoundError, match="The run's decoder is missing"):
        kept.load()
