"""What is said to be like a recording is compared with it by the same figures."""

import os

import numpy as np
import pytest

from acquisition.simulated.profile import PROFILES
from experiments.bench.claims import Claim, load_claims
from experiments.bench.figures import eeg_figures, flash_auc, gaze_blinks, look_figures, target_figures
from experiments.bench.realism import measure
from experiments.bench.recorded import measured_ranges
from experiments.bench.sessions import flash_session, look_session

CLAIMS = load_claims()
GAZE = Claim(profile="typical", recordings=("gaze_bcipy_tobii",))


def silently(what, done, total):
    pass


@pytest.fixture
def no_data(monkeypatch):
    monkeypatch.delenv("ASSENT_DATA", raising=False)


@pytest.fixture(scope="module")
def session():
    return flash_session(PROFILES["typical"], seed=1, n_characters=3, n_blocks=8, soa_s=0.176)


def test_every_claim_names_a_profile_and_recordings_of_one_kind():
    known = {recordings.name: recordings for recordings in CLAIMS.recordings}
    for claim in CLAIMS.claims:
        assert claim.profile in PROFILES
        assert len({known[name].kind for name in claim.recordings}) == 1
    assert all(low <= high for recordings in CLAIMS.recordings for low, high in recordings.ranges.values())
    assert all(recordings.source for recordings in CLAIMS.recordings)


def test_without_recordings_the_stored_ranges_are_printed(no_data):
    result = measure([GAZE], n_persons=1, progress=silently)
    stored = next(recordings.ranges for recordings in CLAIMS.recordings if recordings.name == "gaze_bcipy_tobii")
    assert {row["figure"]: (row["low"], row["high"]) for row in result["table"]} == stored
    assert {row["range"] for row in result["table"]} == {"stored"}


def test_inside_means_between_low_and_high(no_data):
    for row in measure([GAZE], n_persons=2, progress=silently)["table"]:
        assert row["inside"] == ("yes" if row["low"] <= row["simulated"] <= row["high"] else "no")
        assert (0 <= row["x_of_range"] <= 1) == (row["inside"] == "yes")
        assert row["from"] <= row["simulated"] <= row["to"]


def test_a_session_has_the_markers_of_a_speller(session):
    eeg = session.recording("eeg")
    assert sum(label == "flash/target" for label in eeg.labels) == 3 * 8 * 2
    assert sum(label == "flash/nontarget" for label in eeg.labels) == 3 * 8 * 14
    assert np.all(np.diff(eeg.onsets) > 0)


def test_the_typical_profile_is_decoded_as_a_good_subject(session):
    assert 0.8 < flash_auc([session.recording("eeg")], by_character=True) < 1.0


def test_spectral_figures_are_those_of_the_profile(session):
    figures = eeg_figures(session.recording("eeg"), ["Fz"])
    assert 1.0 < figures["slope"] < 1.8
    assert 9.0 <= figures["alpha_hz"] <= 11.5
    assert figures["line_db"] > 5
    assert 8 < figures["sd_uv"] < 20


def test_a_blink_is_a_short_loss():
    times = np.arange(6000) / 100.0
    lost = np.zeros(6000, dtype=bool)
    lost[1000:1015] = lost[3000:3010] = True
    lost[4000:4300] = True
    assert gaze_blinks(times, lost) == pytest.approx(2.0, rel=0.01)


def test_gaze_errors_are_medians_over_looks():
    looks = [np.full(10, 10.0), np.full(10, 30.0), np.full(10, np.nan), np.full(10, 20.0)]
    assert look_figures(looks) == {"gaze_median_px": 20.0, "gaze_p95_px": 20.0}
    assert target_figures(np.arange(101.0)) == {"gaze_median_px": 50.0, "gaze_p95_px": 95.0}


def test_a_worse_tracker_errs_more():
    errors = {
        name: np.mean([look_figures(look_session(PROFILES[name], seed)[1])["gaze_median_px"] for seed in range(4)])
        for name in ("easy", "hard")
    }
    assert errors["hard"] > 1.5 * errors["easy"]


@pytest.mark.realdata
@pytest.mark.parametrize("recordings", CLAIMS.recordings, ids=lambda recordings: recordings.name)
def test_stored_ranges_are_those_measured(data_root, recordings):
    measured = measured_ranges(recordings, data_root)
    if not measured:
        pytest.skip(f"recordings {recordings.name} are absent")
    assert set(measured) == set(recordings.ranges)
    for name, limits in recordings.ranges.items():
        assert measured[name] == pytest.approx(limits, abs=0.01 * max(1.0, abs(limits[0])), rel=0.01)


def test_a_folder_without_the_recordings_falls_back_on_the_stored_ranges(monkeypatch, tmp_path):
    monkeypatch.setitem(os.environ, "ASSENT_DATA", str(tmp_path))
    assert {row["range"] for row in measure([GAZE], n_persons=1, progress=silently)["table"]} == {"stored"}
