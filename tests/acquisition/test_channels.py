"""Each figure of a channel is what its definition says, and each fault is found where it is and nowhere else."""

from pathlib import Path

import mne
import numpy as np
import pytest

from acquisition.channels import LINE_RATIO, MUSCLE_UV, SD_UV, measure_eeg, rms_s2s

SFREQ = 500.0
T = np.arange(500) / SFREQ
CHANNELS = ("Fz", "Cz", "Pz")


def eeg(seed: int = 0, n_channels: int = 3) -> np.ndarray:
    """Pink-like noise of some 8 uV, in V."""
    steps = np.random.default_rng(seed).normal(0, 1e-6, (500, n_channels))
    return np.cumsum(steps, axis=0).astype(np.float32)


def test_eeg_without_faults_is_worth_one() -> None:
    quality = measure_eeg(eeg(), SFREQ, CHANNELS)
    assert quality.faults() == {}
    assert quality.scores == (1.0, 1.0, 1.0)


def test_spread_is_the_standard_deviation_about_a_line_in_microvolts() -> None:
    data = np.stack([30e-6 * np.sin(2 * np.pi * 10 * T), 30e-6 * np.sin(2 * np.pi * 10 * T) + 1e-3 * T], axis=1)
    quality = measure_eeg(data.astype(np.float32), SFREQ, ("a", "b"))
    assert quality.sd_uv == pytest.approx([30 / np.sqrt(2)] * 2, rel=0.01)


@pytest.mark.parametrize("line_hz", [50.0, 60.0])
def test_line_noise_is_found_at_either_frequency_and_is_no_muscle(line_hz: float) -> None:
    data = eeg()
    data[:, 1] += (20e-6 * np.sin(2 * np.pi * line_hz * T)).astype(np.float32)
    quality = measure_eeg(data, SFREQ, CHANNELS)
    assert quality.faults() == {"line noise": ("Cz",)}
    assert quality.line_ratio[1] > LINE_RATIO > max(quality.line_ratio[0], quality.line_ratio[2])
    named = measure_eeg(data, SFREQ, CHANNELS, line_hz=110.0 - line_hz)
    assert "line noise" not in named.faults()


def test_muscle_is_the_root_mean_square_of_its_band() -> None:
    data = np.random.default_rng(1).normal(0, 40e-6, (5000, 1)).astype(np.float32)
    seconds = [measure_eeg(part, SFREQ, ("Fz",)) for part in np.split(data, 10)]
    # White noise spreads its power evenly up to half the sampling rate.
    expected = 40 * np.sqrt((100 - 30) / 250)
    assert np.median([second.muscle_uv[0] for second in seconds]) == pytest.approx(expected, rel=0.1)
    assert seconds[0].muscle_uv[0] > MUSCLE_UV
    assert "muscle" in seconds[0].faults()


def test_a_flat_and_a_railed_channel_are_dead() -> None:
    data = eeg()
    data[:, 0] = 0.0
    data[:, 1] = -0.1875
    quality = measure_eeg(data, SFREQ, CHANNELS)
    assert quality.faults() == {"flat": ("Fz",), "railed": ("Cz",)}
    assert quality.scores == (0.0, 0.0, 1.0)


def test_a_clipped_channel_is_railed() -> None:
    data = eeg()
    data[:, 2] = np.clip(40e-6 * np.sin(2 * np.pi * 5 * T), -30e-6, 30e-6)
    assert measure_eeg(data, SFREQ, CHANNELS).faults() == {"railed": ("Pz",)}


def test_a_coarse_amplifier_is_not_taken_for_a_railed_one() -> None:
    rng = np.random.default_rng(2)
    coarse = (np.round(rng.normal(0, 10, (500, 3)) / 0.51) * 0.51e-6).astype(np.float32)
    assert "railed" not in measure_eeg(coarse, SFREQ, CHANNELS).faults()


def test_values_that_are_not_finite_are_told_and_spoil_no_other_channel() -> None:
    data = eeg()
    data[100, 1] = np.nan
    quality = measure_eeg(data, SFREQ, CHANNELS)
    assert quality.faults() == {"not finite": ("Cz",)}
    assert quality.scores == (1.0, 0.0, 1.0)
    assert np.isnan(quality.sd_uv[1])


def test_a_large_channel_is_worth_limit_over_value() -> None:
    data = (2 * SD_UV * 1e-6 * np.sqrt(2) * np.sin(2 * np.pi * 8 * T)[:, None]).astype(np.float32)
    quality = measure_eeg(data, SFREQ, ("Fz",))
    assert quality.faults() == {"large": ("Fz",)}
    assert quality.scores[0] == pytest.approx(0.5, rel=0.01)


def test_a_handful_of_samples_tells_nothing() -> None:
    quality = measure_eeg(eeg()[:10], SFREQ, CHANNELS)
    assert np.isnan(quality.sd_uv).all()
    assert quality.faults() == {}


def test_gaze_noise_is_the_known_spread_and_saccades_do_not_count() -> None:
    rng = np.random.default_rng(0)
    fixation = rng.normal(0, 3.0, (200, 2))
    # Steps of independent noise have twice its variance, in both directions.
    assert rms_s2s(fixation, 200.0) == pytest.approx(3.0 * 2.0, rel=0.1)
    with_saccade = fixation + np.where(np.arange(200)[:, None] >= 100, 500.0, 0.0)
    assert rms_s2s(with_saccade, 200.0) == pytest.approx(rms_s2s(fixation, 200.0), rel=0.1)
    assert np.isnan(rms_s2s(np.full((200, 2), np.nan), 200.0))


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["sub-01.bdf", "sub-03.bdf", "sub-05.bdf"])
def test_wet_electrodes_of_a_good_recording_are_worth_nearly_one(data_root: Path, name: str) -> None:
    raw = mne.io.read_raw_bdf(data_root / "recordings" / "p300_gtec8ch" / name, preload=True, verbose="error")
    raw.pick("eeg")
    data, sfreq = raw.get_data().T.astype(np.float32), float(raw.info["sfreq"])
    n = round(sfreq)
    seconds = [measure_eeg(data[i : i + n], sfreq, raw.ch_names) for i in range(0, len(data) - n, n)]
    assert np.mean([second.scores for second in seconds]) > 0.95
    assert not any("flat" in second.faults() or "railed" in second.faults() for second in seconds)
