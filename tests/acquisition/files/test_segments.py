import numpy as np
import pytest

from acquisition.files.segments import even_out


def stamps(sfreq: float, n_samples: int, jitter_s: float, drift: float = 1e-4) -> tuple[np.ndarray, np.ndarray]:
    """True times, and stamps that are late by a random time of the given mean."""
    true = np.arange(n_samples) / sfreq * (1 + drift)
    late = np.random.default_rng(0).exponential(jitter_s, n_samples) if jitter_s else np.zeros(n_samples)
    return true, true + late


@pytest.mark.parametrize("jitter_s", [0.0, 0.003, 0.02])
@pytest.mark.parametrize("gap_s", [0.0, 0.15, 0.4, 3.0])
def test_both_sides_of_a_gap_stay_where_they_were_to_a_few_ms(jitter_s: float, gap_s: float) -> None:
    true, stamped = stamps(250.0, 15000, jitter_s)
    true[6000:] += gap_s
    stamped[6000:] += gap_s
    evened, breaks = even_out(stamped, 250.0)
    assert np.abs(evened - jitter_s - true).max() < 0.002
    assert breaks.tolist() == ([6000] if gap_s else [])


def test_one_lost_sample_is_a_gap_where_stamps_do_not_jitter() -> None:
    true, _ = stamps(250.0, 2000, 0.0)
    evened, breaks = even_out(np.delete(true, 1000), 250.0)
    assert breaks.tolist() == [1000]
    np.testing.assert_allclose(evened, np.delete(true, 1000), atol=1e-9)


def test_a_packet_that_was_late_is_no_gap() -> None:
    true, _ = stamps(250.0, 5000, 0.0)
    stamped = true.copy()
    stamped[2000:2040] = true[2040]
    evened, breaks = even_out(stamped, 250.0)
    assert not len(breaks)
    assert np.abs(evened - true).max() < 0.002


def test_a_clock_that_jumps_back_starts_a_new_stretch() -> None:
    true, _ = stamps(250.0, 2000, 0.0)
    true[1000:] -= 100
    evened, breaks = even_out(true, 250.0)
    assert breaks.tolist() == [1000]
    np.testing.assert_allclose(evened, true, atol=1e-9)


def test_a_rate_that_is_not_the_declared_one_and_changes_is_followed() -> None:
    period = 0.0107 + 0.00002 * np.sin(np.arange(12000) / 1500)
    true = np.cumsum(period)
    evened, breaks = even_out(true, 100.0)
    assert not len(breaks)
    assert np.abs(evened - true).max() < 0.005
    assert np.all(np.diff(evened) > 0)


@pytest.mark.parametrize("n_samples", [0, 1, 2, 3])
def test_a_few_samples_are_evened_too(n_samples: int) -> None:
    true, _ = stamps(250.0, n_samples, 0.0)
    np.testing.assert_allclose(even_out(true, 250.0)[0], true, atol=1e-12)
