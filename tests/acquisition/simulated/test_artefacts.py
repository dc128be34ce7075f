"""Artefacts reach the channels that they reach in people, at the rates of the profile."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import welch

from acquisition.simulated.artefacts import EegArtefacts
from acquisition.simulated.background import Background
from acquisition.simulated.bouts import Bouts
from acquisition.simulated.montage import HEADSET, lid_weights, positions
from acquisition.simulated.person import draw_person
from acquisition.simulated.profile import PROFILES, Artefacts

SFREQ = 250.0
NONE = Artefacts(line_uv=0.0, muscle_per_min=0.0, pops_per_hour=0.0, drift_uv=0.0, sensor_uv=0.0)


def made(seconds=120.0, blinks_per_min=0.0, **changes):
    """Artefacts in uV, shape (n_samples, n_channels), of nothing but what is named."""
    profile = replace(PROFILES["typical"], montage=HEADSET, artefacts=replace(NONE, **changes))
    person = draw_person(profile, np.random.default_rng(1))
    blinks = Bouts(0.0, blinks_per_min, 0.14, np.random.default_rng(2), spread=0.25)
    artefacts = EegArtefacts(profile, person, blinks, SFREQ, 0.0, np.random.default_rng(3))
    return np.concatenate([artefacts.next_rows(1000) for _ in range(round(seconds * SFREQ) // 1000)])


def test_nothing_asked_for_is_nothing_added():
    assert not made().any()


@pytest.mark.parametrize("line_hz", [50.0, 60.0])
def test_line_noise_has_one_frequency_and_a_faint_harmonic(line_hz):
    hz, power = welch(made(line_uv=2.0, line_hz=line_hz), SFREQ, nperseg=1000, axis=0)
    assert hz[power.sum(axis=1).argmax()] == line_hz
    total = power.sum(axis=1)
    assert total[np.abs(hz - line_hz) < 2].sum() > 0.95 * total.sum()


def test_blinks_are_high_in_front_and_gone_at_the_back():
    rows = made(blinks_per_min=20.0, blink_uv=200.0)
    front, back = (rows[:, HEADSET.index(channel)].max() for channel in ("AF3", "O1"))
    assert 70 < front < 250
    assert back < 0.05 * front


def test_muscles_are_fast_and_come_in_bursts():
    rows = made(muscle_per_min=4.0, muscle_uv=10.0)
    hz, power = welch(rows[:, HEADSET.index("T7")], SFREQ, nperseg=500)
    assert power[hz > 20].sum() > 0.8 * power.sum()
    assert 0.02 < np.mean(np.abs(rows[:, HEADSET.index("T7")]) > 0) < 0.5


def test_an_electrode_jumps_alone_and_comes_back():
    rows = made(pops_per_hour=240.0, pop_uv=60.0)
    jumps = np.abs(np.diff(rows, axis=0))
    at, channel = np.unravel_index(jumps.argmax(), jumps.shape)
    assert jumps[at, channel] > 30
    assert np.delete(jumps[at], channel).max() < 1
    assert 3 <= np.sum(jumps.max(axis=1) > 25) <= 20


def test_drifts_are_slow():
    rows = made(drift_uv=5.0)
    assert 2 < rows.std() < 8
    hz, power = welch(rows[:, 0], SFREQ, nperseg=5000)
    assert power[hz < 0.5].sum() > 0.9 * power.sum()


def test_background_falls_with_its_slope():
    profile = replace(PROFILES["typical"], alpha_uv=0.0, artefacts=NONE)
    for slope in (0.6, 1.3, 2.0):
        profile = replace(profile, slope=slope)
        background = Background(
            profile, draw_person(profile, np.random.default_rng(1)), SFREQ, np.random.default_rng(0)
        )
        rows = background.next_rows(50000)
        hz, power = welch(rows, SFREQ, nperseg=1000, axis=0)
        fitted = (hz >= 2) & (hz <= 40)
        found = -np.polyfit(np.log(hz[fitted]), np.log(power[fitted]).mean(axis=1), 1)[0]
        assert found == pytest.approx(slope, abs=0.15)
        assert 0.6 * profile.background_uv < rows.std() < 1.4 * profile.background_uv


def test_alpha_waxes_and_wanes():
    profile = replace(PROFILES["typical"], background_uv=0.0, artefacts=NONE, alpha_uv=10.0)
    person = draw_person(profile, np.random.default_rng(1))
    rows = Background(profile, person, SFREQ, np.random.default_rng(0)).next_rows(50000)
    seconds = rows[:, 6].reshape(-1, 250).std(axis=1)
    assert np.quantile(seconds, 0.9) > 2.5 * np.quantile(seconds, 0.1)


def test_unknown_electrodes_and_odd_mains_are_refused_in_one_sentence():
    with pytest.raises(ValueError, match=r"must name electrodes among .* \(got \['X9'\]\)"):
        positions(("Cz", "X9"))
    with pytest.raises(ValueError, match="'line_hz' must be 50 or 60"):
        Artefacts(line_hz=55.0)
    with pytest.raises(ValueError, match="'pop_uv' of artefacts must be at least 0"):
        Artefacts(pop_uv=-1.0)
    with pytest.raises(ValueError, match="'slope' of profile 'typical' must be at most 2"):
        replace(PROFILES["typical"], slope=3.0)


def test_lids_fade_from_front_to_back():
    weights = lid_weights(positions(("Fp1", "AF3", "Fz", "Cz", "Pz", "Oz")))
    assert np.all(np.diff(weights) < 0)
