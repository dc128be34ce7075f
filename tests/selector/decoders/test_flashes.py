"""Channels, versions and damage: what every decoder of flashes must notice."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from acquisition.stream import Chunk, Signals, StreamInfo
from selector.decoders.erp import ErpDecoder

LABELS = ("Fz", "Cz", "Pz", "PO7", "Oz", "PO8")


@pytest.fixture(scope="module")
def labelled(calibration_of):
    return ErpDecoder().fit(*calibration_of(snr=2.0), channels=LABELS)


def held(trial, order, labels):
    """The trial's EEG with its channels in another order, under these labels."""
    eeg = trial.chunks[0]
    signals = Signals((StreamInfo("eeg", 250.0, tuple(labels), "V"),))
    signals.append([Chunk("eeg", eeg.times, eeg.data[:, order])])
    return signals


def test_channels_are_found_by_their_labels_in_any_order_and_among_others(labelled, trial_of):
    trial = trial_of(4, 1.0, 70)
    plain = labelled.decode(trial.presentation, held(trial, range(6), LABELS)).log_likelihood
    order = [3, 0, 5, 1, 4, 2]
    turned = held(trial, order, [LABELS[i] for i in order])
    assert np.array_equal(labelled.decode(trial.presentation, turned).log_likelihood, plain)
    among = held(trial, [0, *range(6)], ("AUX", *LABELS))
    assert np.array_equal(labelled.decode(trial.presentation, among).log_likelihood, plain)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("Fz", "Cz", "P3", "PO7", "Oz", "PO8"), "Pz is not among Fz, Cz, P3"),
        (("Fz", "Cz", "Pz", "Pz", "Oz", "PO8"), "Pz, PO7 are not among"),
        (tuple(f"EEG{i}" for i in range(6)), "Fz, Cz, Pz, PO7, Oz, PO8 are not among"),
    ],
)
def test_a_channel_that_is_missing_or_there_twice_is_named(labelled, trial_of, labels, message):
    trial = trial_of(4, 1.0, 71)
    with pytest.raises(ValueError, match=message):
        labelled.decode(trial.presentation, held(trial, range(6), labels))


def test_labels_that_do_not_fit_the_epochs_are_refused(calibration_of):
    X, y, groups = calibration_of(snr=2.0, n_trials=2)
    for labels in (LABELS[:5], ("Fz", *LABELS[:5])):
        with pytest.raises(ValueError, match="6 different labels"):
            ErpDecoder().fit(X, y, groups, channels=labels)


def test_a_decoder_that_is_not_fitted_says_so(trial_of):
    trial = trial_of(4, 1.0, 72)
    with pytest.raises(NotFittedError, match="must be fitted before it decodes"):
        ErpDecoder().decode(trial.presentation, trial.signals())


def test_labels_are_kept_with_the_arrays(labelled):
    assert tuple(ErpDecoder.from_arrays(labelled.to_arrays()).channels_) == LABELS


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("version", lambda array: array + 1, r"of version \d+ \(got \d+\): fit the ErpDecoder again"),
        ("temperature_", lambda array: array * np.nan, "'temperature_' is damaged"),
        ("channels_", lambda array: array.astype(object), "'channels_' is damaged"),
        ("channels_", lambda array: array[1:], "channels_ are damaged"),
        ("filters_", lambda array: array[:, 1:], "filters_ are damaged"),
    ],
)
def test_arrays_that_are_damaged_or_of_another_version_are_refused(labelled, name, change, message):
    arrays = labelled.to_arrays()
    with pytest.raises(ValueError, match=message):
        ErpDecoder.from_arrays({**arrays, name: change(arrays[name])})
