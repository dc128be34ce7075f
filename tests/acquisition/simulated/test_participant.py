"""The simulated participant answers to what is shown, and to nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import welch

from acquisition.filtering import CausalFilter
from acquisition.simulated.participant import EEG_SFREQ, GAZE_SFREQ, SimulatedParticipant
from acquisition.simulated.person import draw_person
from acquisition.simulated.profile import PROFILES, Artefacts, Profile, Tracker
from acquisition.simulated.types import Participant
from acquisition.stimulus import StimulusBlock
from acquisition.stream import Signals

N_SLOTS = 8
FRAME_RATE = 60.0
REGIONS = np.array([[100.0 + 220 * slot, 400.0, 180.0, 100.0] for slot in range(N_SLOTS)])
TYPICAL = PROFILES["typical"]
QUIET = Profile(
    "quiet",
    snr=1.0,
    background_uv=0.0,
    alpha_uv=0.0,
    lapses_per_min=0.0,
    absences_per_hour=0.0,
    blinks_per_min=0.0,
    artefacts=Artefacts(
        line_uv=0.0, eye_uv_per_degree=0.0, muscle_per_min=0.0, pops_per_hour=0.0, drift_uv=0.0, sensor_uv=0.0
    ),
    tracker=Tracker(lost_per_min=0.0),
)


def one_slot_at_a_time(rng, n_rounds=2, soa=11):
    """A block in which every slot flashes alone, in random order."""
    order = np.concatenate([rng.permutation(N_SLOTS) for _ in range(n_rounds)])
    codes = np.zeros((N_SLOTS, len(order) * soa), dtype=np.uint8)
    for k, slot in enumerate(order):
        codes[slot, k * soa : k * soa + 4] = 1
    return StimulusBlock(codes, FRAME_RATE, REGIONS)


def play(participant, n_trials, seed=0, pulls=None, show=True):
    """Trials of four blocks; the signals, each flash's time, and whether it was a target."""
    rng = np.random.default_rng(seed)
    signals = Signals(participant.streams, keep_s=1e6)
    onsets, targets = [], []
    time = 2.0
    for _ in range(n_trials):
        slot = int(rng.integers(N_SLOTS))
        participant.attend(slot, REGIONS[slot], time - 1.0, time)
        for _ in range(4):
            block = one_slot_at_a_time(rng)
            flips = time + np.arange(block.n_frames) / FRAME_RATE
            if show:
                participant.present(block)
                for part in np.array_split(flips, 20):
                    participant.flip(part)
                    if pulls is None:
                        signals.append(participant.pull(float(part[-1])))
                    else:
                        for share in sorted(pulls.uniform(size=pulls.integers(3))):
                            signals.append(participant.pull(float(part[0] + share * (part[-1] - part[0]))))
            onsets += [flips[frame] for frame, _ in block.flashes]
            targets += [bool(slots[slot]) for _, slots in block.flashes]
            time = float(flips[-1]) + 1 / FRAME_RATE
        time += 2.0
        signals.append(participant.pull(time))
    return signals, np.array(onsets), np.array(targets)


def samples(signals):
    return [array.copy() for name in signals.streams for array in (signals.times(name), signals.data(name))]


def answer_to(profile, block, slot, flips=None, person_seed=1):
    """EEG (n_samples, n_channels) in V of a block shown from 1 s on, less that of the same session without it."""
    flips = 1.0 + np.arange(block.n_frames) / block.frame_rate if flips is None else flips
    sessions = []
    for shown in (True, False):
        participant = SimulatedParticipant(profile, person_seed, 2, 0.0)
        participant.attend(slot, block.regions[slot or 0], 0.0, 1.0)
        participant.present(block)
        if shown:
            participant.flip(flips)
        sessions.append(participant.pull(flips[-1] + 1.0)[0].data.astype(np.float64))
    return sessions[0] - sessions[1]


def difference_wave(signals, onsets, targets):
    """Mean target minus mean non-target epoch in uV, and its standard error, shape (n_channels, n_times) each."""
    epochs, usable = signals.epochs("eeg", onsets, 0.0, 0.8)
    assert usable.all()
    epochs = 1e6 * epochs.astype(np.float64)
    mean = epochs[targets].mean(axis=0) - epochs[~targets].mean(axis=0)
    error = np.sqrt(epochs[targets].var(axis=0) / targets.sum() + epochs[~targets].var(axis=0) / (~targets).sum())
    return mean, error


def test_it_is_a_participant():
    participant: Participant = SimulatedParticipant(TYPICAL, person_seed=1, noise_seed=2, start=0.0)
    assert {info.name: (info.sfreq, info.unit) for info in participant.streams} == {
        "eeg": (EEG_SFREQ, "V"),
        "gaze": (GAZE_SFREQ, "px"),
    }
    participant.close()
    participant.close()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), noise_seed=st.integers(0, 99), snr=st.sampled_from([0.0, 1.0]))
def test_samples_do_not_depend_on_how_they_are_pulled(seed, noise_seed, snr):
    rates = {"blinks_per_min": 60.0, "lapses_per_min": 20.0, "absences_per_hour": 60.0}
    artefacts = replace(TYPICAL.artefacts, muscle_per_min=20.0, pops_per_hour=600.0)
    profile = replace(TYPICAL, snr=snr, amplifier_hz=(0.5, 40.0), notch_hz=5.0, artefacts=artefacts, **rates)
    whole, *_ = play(SimulatedParticipant(profile, 1, noise_seed, 0.0), 2)
    parts, *_ = play(SimulatedParticipant(profile, 1, noise_seed, 0.0), 2, pulls=np.random.default_rng(seed))
    for one, other in zip(samples(whole), samples(parts), strict=True):
        np.testing.assert_array_equal(one, other)


def test_samples_come_when_their_latency_has_passed():
    participant = SimulatedParticipant(TYPICAL, 1, 2, start=100.0, latency_s=0.06)
    assert participant.pull(100.05) == []
    until = 100.05
    for _ in range(500):
        until += 0.037
        newest = {chunk.stream: chunk.times[-1] for chunk in participant.pull(until)}
        assert until - 0.06 - 1 / EEG_SFREQ - 1e-6 < newest["eeg"] <= until - 0.06 + 1e-6
        assert until - 0.06 - 1 / GAZE_SFREQ - 1e-6 < newest["gaze"] <= until - 0.06 + 1e-6


def test_a_target_is_answered_over_the_parietal_midline():
    mean, error = difference_wave(*play(SimulatedParticipant(TYPICAL, 1, 2, 0.0), 12))
    pz = 4
    peak = np.argmax(mean[pz])
    assert 0.28 <= peak / EEG_SFREQ <= 0.5
    assert mean[pz, peak] > 6 * error[pz, peak]
    assert mean[pz, peak] > mean[0, peak]


def test_a_flash_of_another_slot_is_answered_too():
    codes = np.zeros((N_SLOTS, 30), dtype=np.uint8)
    codes[3, :4] = 1
    answer = 1e6 * answer_to(TYPICAL, StimulusBlock(codes, FRAME_RATE, REGIONS), slot=0)
    oz = TYPICAL.montage.index("Oz")
    peak = np.argmax(np.abs(answer[:, oz]))
    assert 0.1 < peak / EEG_SFREQ - 1.0 < 0.16
    assert answer[peak, oz] < -0.8


def test_nothing_shown_is_nothing_answered():
    signals, onsets, targets = play(SimulatedParticipant(TYPICAL, 1, 2, 0.0), 12, show=False)
    mean, error = difference_wave(signals, onsets, targets)
    assert np.abs(mean / error).max() < 5


def test_zero_snr_leaves_no_trace_of_the_flashes():
    nothing = replace(TYPICAL, snr=0.0)
    shown, *_ = play(SimulatedParticipant(nothing, 1, 2, 0.0), 2)
    silent, *_ = play(SimulatedParticipant(nothing, 1, 2, 0.0), 2, show=False)
    for one, other in zip(samples(shown), samples(silent), strict=True):
        np.testing.assert_array_equal(one, other)


def test_zero_snr_gaze_does_not_depend_on_the_slot():
    gazes = []
    for slot in (0, 7):
        participant = SimulatedParticipant(replace(TYPICAL, snr=0.0), 1, 2, 0.0)
        participant.attend(slot, REGIONS[slot], 0.0, 1.0)
        gazes.append(next(chunk.data for chunk in participant.pull(60.0) if chunk.stream == "gaze"))
    np.testing.assert_array_equal(*gazes)
    assert np.all(np.nanstd(gazes[0], axis=0) > (300.0, 150.0))


def test_attending_to_nothing_answers_every_flash_alike():
    participant = SimulatedParticipant(TYPICAL, 1, 2, 0.0)
    participant.attend(None, None, 0.0, 1.0)
    block = one_slot_at_a_time(np.random.default_rng(0))
    participant.present(block)
    participant.flip(1.0 + np.arange(block.n_frames) / FRAME_RATE)
    eeg = next(chunk.data for chunk in participant.pull(5.0) if chunk.stream == "eeg")
    quiet = next(chunk.data for chunk in SimulatedParticipant(TYPICAL, 1, 2, 0.0).pull(5.0) if chunk.stream == "eeg")
    assert np.abs(eeg - quiet).max() < 4e-6


def test_two_sessions_of_one_person_share_the_response_and_not_the_noise():
    calibration = play(SimulatedParticipant(TYPICAL, 1, 2, 0.0), 25)
    session = play(SimulatedParticipant(TYPICAL, 1, 3, 0.0), 25)
    assert not np.array_equal(calibration[0].data("eeg"), session[0].data("eeg"))
    one, _ = difference_wave(*calibration)
    other, _ = difference_wave(*session)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.8


def test_the_person_does_not_depend_on_the_profile():
    easy, hard = (draw_person(PROFILES[name], np.random.default_rng(5)) for name in ("easy", "hard"))
    np.testing.assert_array_equal(easy.p300, hard.p300)
    np.testing.assert_array_equal(easy.mixing, hard.mixing)
    assert easy.p300_latency == hard.p300_latency


def test_a_target_right_after_a_target_is_answered_weakly():
    sure = replace(TYPICAL, latency_jitter_s=0.0, amplitude_variation=0.0, lapse_rate=0.0)
    peaks = []
    for gap in (11, 60):
        codes = np.zeros((N_SLOTS, gap + 4), dtype=np.uint8)
        codes[0, :4] = codes[0, gap:] = 1
        single = codes.copy()
        single[0, gap:] = 0
        answers = []
        for code in (codes, single):
            participant = SimulatedParticipant(sure, 1, 2, 0.0)
            participant.attend(0, REGIONS[0], 0.0, 1.0)
            participant.present(StimulusBlock(code, FRAME_RATE, REGIONS))
            participant.flip(1.0 + np.arange(code.shape[1]) / FRAME_RATE)
            answers.append(participant.pull(5.0)[0].data)
        peaks.append(np.abs(answers[0] - answers[1]).max())
    assert peaks[0] < 0.6 * peaks[1]


def test_gaze_arrives_at_the_region_and_stays():
    participant = SimulatedParticipant(TYPICAL, 1, 2, 0.0)
    for slot, begin in ((1, 5.0), (6, 10.0)):
        participant.attend(slot, REGIONS[slot], begin, begin + 1.0)
        gaze = next(chunk for chunk in participant.pull(begin + 4.0) if chunk.stream == "gaze")
        resting = gaze.data[gaze.times > begin + 0.4]
        centre = REGIONS[slot, :2] + REGIONS[slot, 2:] / 2
        assert np.linalg.norm(np.nanmean(resting, axis=0) - centre) < 200
        assert np.nanstd(resting, axis=0).max() < 40


def test_gaze_is_lost_in_blinks():
    participant = SimulatedParticipant(TYPICAL, 1, 2, 0.0)
    gaze = next(chunk.data for chunk in participant.pull(300.0) if chunk.stream == "gaze")
    lost = np.isnan(gaze).any(axis=1)
    assert 0.01 < lost.mean() < 0.08
    np.testing.assert_array_equal(np.isnan(gaze[:, 0]), np.isnan(gaze[:, 1]))


def test_a_late_report_never_changes_what_was_delivered():
    participant = SimulatedParticipant(TYPICAL, 1, 2, 0.0)
    participant.attend(0, REGIONS[0], 0.0, 1.0)
    participant.present(one_slot_at_a_time(np.random.default_rng(0)))
    before = participant.pull(3.0)[0]
    participant.flip(np.array([1.0]))
    after = participant.pull(4.0)[0]
    assert after.times[0] == pytest.approx(before.times[-1] + 1 / EEG_SFREQ)


def test_eeg_is_as_large_as_real_eeg():
    participant = SimulatedParticipant(TYPICAL, 1, 2, 0.0)
    participant.attend(0, REGIONS[0], 0.0, 1.0)
    data = participant.pull(120.0)[0].data
    assert np.all((data.std(axis=0) > 7e-6) & (data.std(axis=0) < 25e-6))
    neighbours, far = np.corrcoef(data.T)[2, 4], np.corrcoef(data.T)[0, 6]
    assert neighbours > far > 0
    filtered = CausalFilter(EEG_SFREQ, (1.0, 15.0))(np.arange(len(data)) / EEG_SFREQ, data)[1000:]
    assert np.all(filtered.std(axis=0) < data.std(axis=0))


def test_blinks_are_the_same_in_eeg_and_gaze():
    profile = replace(QUIET, blinks_per_min=20.0)
    chunks = {chunk.stream: chunk for chunk in SimulatedParticipant(profile, 1, 2, 0.0).pull(120.0)}
    eeg, gaze = chunks["eeg"], chunks["gaze"]
    shut = np.isnan(gaze.data[:, 0])
    forehead = np.interp(gaze.times, eeg.times, eeg.data[:, 0])
    assert 0.02 < shut.mean() < 0.1
    assert np.median(forehead[shut]) > 25e-6
    near = np.convolve(shut, np.ones(61), mode="same") > 0
    assert np.abs(forehead[~near]).max() < 1e-6
    assert np.abs(eeg.data[:, 6]).max() < 0.1 * np.abs(eeg.data[:, 0]).max()


def test_a_saccade_shows_in_eeg_when_it_shows_in_gaze():
    profile = replace(QUIET, artefacts=replace(QUIET.artefacts, eye_uv_per_degree=6.0), montage=("F7", "F8"))
    participant = SimulatedParticipant(profile, 1, 2, 0.0)
    participant.attend(0, REGIONS[0], 0.0, 1.0)
    participant.pull(4.0)
    participant.attend(7, REGIONS[7], 4.0, 5.0)
    chunks = {chunk.stream: chunk for chunk in participant.pull(5.0)}
    jumped = chunks["gaze"].times[np.argmax(np.diff(chunks["gaze"].data[:, 0]))]
    to_the_right = chunks["eeg"].data[:, 1] - chunks["eeg"].data[:, 0]
    moved = chunks["eeg"].times[np.argmax(np.diff(to_the_right))]
    assert to_the_right.max() > 100e-6
    assert abs(moved - jumped) < 0.02


def test_in_a_lapse_the_target_goes_unnoticed_and_the_eyes_are_elsewhere():
    sure = replace(QUIET, lapse_rate=0.0, amplitude_variation=0.0, lapses_per_min=12.0, snr=1.0)
    participant = SimulatedParticipant(sure, 1, 2, 0.0)
    participant.attend(0, REGIONS[0], 0.0, 1.0)
    codes = np.zeros((N_SLOTS, 60), dtype=np.uint8)
    codes[0, :6] = 1
    heights, distances = [], []
    for second in range(1, 120):
        participant.present(StimulusBlock(codes, FRAME_RATE, REGIONS))
        participant.flip(second + np.arange(60) / FRAME_RATE)
        chunks = {chunk.stream: chunk for chunk in participant.pull(second + 1.06)}
        if second > 1:
            at = chunks["eeg"].times - second
            heights.append(chunks["eeg"].data[(at > 0.25) & (at < 0.5), 4].max())
            seen = chunks["gaze"].data[chunks["gaze"].times > second][:3]
            distances.append(np.linalg.norm(seen.mean(axis=0) - REGIONS[0, :2] - REGIONS[0, 2:] / 2))
    noticed = np.array(heights) > 5e-6
    assert 0.4 < noticed.mean() < 0.95
    assert np.median(np.array(distances)[noticed]) < 100 < np.median(np.array(distances)[~noticed])


def test_an_amplifier_keeps_its_band_only():
    whole = replace(QUIET, background_uv=10.0, artefacts=replace(QUIET.artefacts, line_uv=5.0))
    plain, notched = (
        SimulatedParticipant(profile, 1, 2, 0.0).pull(60.0)[0].data
        for profile in (whole, replace(whole, amplifier_hz=(0.5, 30.0), notch_hz=10.0))
    )
    hz, before = welch(plain, EEG_SFREQ, nperseg=1000, axis=0)
    _, after = welch(notched, EEG_SFREQ, nperseg=1000, axis=0)
    ratio = (after / before).mean(axis=1)
    assert ratio[(hz > 2) & (hz < 15)].min() > 0.8
    assert ratio[hz == 50.0][0] < 1e-3
    assert ratio[hz > 80].max() < 0.05


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_is_a_participant(name):
    participant = SimulatedParticipant(PROFILES[name], 1, 2, 0.0)
    chunks = {chunk.stream: chunk for chunk in participant.pull(20.0)}
    assert chunks["eeg"].data.shape == (4986, len(PROFILES[name].montage))
    assert np.isfinite(chunks["eeg"].data).all()


def test_mistakes_get_one_sentence():
    participant = SimulatedParticipant(TYPICAL, 1, 2, 0.0)
    with pytest.raises(ValueError, match="no more flips than frames are left, 0 "):
        participant.flip(np.array([1.0]))
    participant.attend(N_SLOTS, None, 0.0, 1.0)
    with pytest.raises(ValueError, match="must hold the slot attended to"):
        participant.present(one_slot_at_a_time(np.random.default_rng(0)))
    with pytest.raises(ValueError, match="'snr' of profile 'odd' must be at least 0"):
        Profile("odd", snr=-1.0)


def test_a_selection_that_was_not_meant_is_answered_by_an_error_potential():
    def after(expected):
        participant = SimulatedParticipant(replace(PROFILES["easy"], amplitude_variation=0.0), 1, 2, start=0.0)
        if expected is not None:
            participant.notice(1.0, expected)
        return participant.pull(3.0)[0].data

    nothing, meant, error = after(None), after(True), after(False)
    second = slice(250, 500)
    size = [np.abs(seen[second] - nothing[second]).max(axis=0) for seen in (meant, error)]
    assert size[1].max() > 1.5 * size[0].max() > 0.0
    assert np.array_equal(error[:250], nothing[:250])
