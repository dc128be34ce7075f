"""A participant made of equations: EEG and gaze that answer to what is really shown."""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from acquisition.simulated.artefacts import EegArtefacts
from acquisition.simulated.background import Background, SampleQueue
from acquisition.simulated.bouts import Bouts
from acquisition.simulated.eyes import PX_PER_DEGREE, SCREEN_PX, Eyes, Track
from acquisition.simulated.gaze import Gaze
from acquisition.simulated.person import draw_person
from acquisition.simulated.profile import Profile
from acquisition.simulated.responses import (
    EDGE_FROM_S,
    EDGE_UNTIL_S,
    FEEDBACK_FROM_S,
    FEEDBACK_UNTIL_S,
    FLASH_FROM_S,
    FLASH_UNTIL_S,
    FeedbackResponse,
    FlashResponse,
    FlickerResponse,
    flickers,
)
from acquisition.stimulus import StimulusBlock
from acquisition.stream import Chunk, FloatArray, StreamInfo

EEG_SFREQ = 250.0
GAZE_SFREQ = 120.0

_BLOCK_S = 4.0
_BLINK_S, _LAPSE_S, _ABSENCE_S = 0.14, 1.5, 10.0
# How soon a turned eye's potential is forgotten by the amplifier's coupling.
_EYE_TURN_S = 1.5


class SimulatedParticipant:
    """EEG and a pair of eyes that look at a slot and answer to what is shown there.

    The EEG is 1/f noise and an alpha rhythm that waxes and wanes, with line noise, blinks, eye movements, muscles,
    drifts and jumping electrodes. To every flash shown, of whatever slot, there is a small visual response over
    the back of the head. A flash of the slot attended to adds an N2 over PO7 and PO8 and a P300 around Pz that varies
    in size and latency, is now and then missing, and is weak where the last target was less than half a second ago.
    A block that flickers (see `flickers`) has no P300; every edge of the attended slot has an echo over the visual
    cortex, and those of its neighbours a faint one. The eyes jump to the slot about 0.2 s after it is attended to.
    In lapses and absences, the eyes are elsewhere and no target is noticed; blinks in EEG and gaze are the same.

    What it keeps of reality: responses overlap, vary and depend on the sequence; noise is shared by neighbouring
    channels; the eye tracker is off by a smooth error. What it doesn't: flashes beside the slot that distract,
    entrainment by a flicker, fatigue, and noise that changes with the task. Figures obtained with it say whether the
    software is right, not how well a person would do; `assent bench realism` compares them with recordings.

    Parameters
    ----------
    profile : Profile
        How good the signals are.
    person_seed : int
        Who it is: spatial patterns, latencies, and the eye tracker's calibration error. A calibration run and the
        session after it take the same.
    noise_seed : int
        Everything that differs between two sessions of one person.
    start : float
        Session time of the first sample, in s.
    latency_s : float
        Time in s that passes between a sample and its arrival.
    """

    def __init__(
        self, profile: Profile, person_seed: int, noise_seed: int, start: float, latency_s: float = 0.06
    ) -> None:
        self.streams = (
            StreamInfo("eeg", EEG_SFREQ, profile.montage, "V", source_id=f"simulated-eeg-{person_seed}"),
            StreamInfo("gaze", GAZE_SFREQ, ("x", "y"), "px", source_id=f"simulated-gaze-{person_seed}"),
        )
        rngs = np.random.default_rng(noise_seed).spawn(10)
        person = draw_person(profile, np.random.default_rng(person_seed))
        blinks = Bouts(start, profile.blinks_per_min, _BLINK_S, rngs[0], spread=0.25)
        self._away = (
            Bouts(start, profile.lapses_per_min, _LAPSE_S, rngs[1], spread=0.4),
            Bouts(start, profile.absences_per_hour / 60.0, _ABSENCE_S, rngs[2], spread=0.3),
        )
        self._eyes = Eyes(profile, self._away, start, rngs[3])
        self._gaze = Gaze(profile, person, self._eyes, blinks, GAZE_SFREQ, start, rngs[4])
        self._eye_track = Track(self._eyes, EEG_SFREQ, start)
        background = Background(profile, person, EEG_SFREQ, rngs[5])
        artefacts = EegArtefacts(profile, person, blinks, EEG_SFREQ, start, rngs[6])
        n_block = round(_BLOCK_S * EEG_SFREQ)
        self._eeg = SampleQueue(lambda: background.next_rows(n_block) + artefacts.next_rows(n_block))
        self._flash_response = FlashResponse(profile, person, rngs[7])
        self._flicker_response = FlickerResponse(profile, person, rngs[8])
        self._feedback_response = FeedbackResponse(profile, person, rngs[9])

        per_px = profile.artefacts.eye_uv_per_degree / PX_PER_DEGREE
        self._turned_right, self._turned_down = per_px * person.sideways, -per_px * person.lids
        keep = np.exp(-1.0 / (_EYE_TURN_S * EEG_SFREQ))
        self._coupling = np.array([keep, -keep]), np.array([1.0, -keep])
        # At rest in the middle of the screen.
        self._coupling_state = -keep * np.array([SCREEN_PX]) / 2
        self._amplifier = _amplifier(profile)
        self._amplifier_state = np.zeros((len(self._amplifier), 2, len(profile.montage)))

        self._answers = profile.snr > 0
        self._start, self._latency_s = start, latency_s
        self._slot: int | None = None
        self._block: StimulusBlock | None = None
        self._flickers = False
        self._n_shown = 0

    def attend(self, slot: int | None, region: FloatArray | None, time: float, stimulation_at: float) -> None:  # noqa: ARG002
        """Turn to a slot of a new page; see `Participant.attend`."""
        self._slot, self._block = slot, None
        self._flicker_response.begin_trial()
        self._eyes.look(region, time)
        self._eye_track.forget()
        self._gaze.track.forget()

    def present(self, block: StimulusBlock) -> None:
        """Begin a block, of which no frame is shown yet.

        Raises
        ------
        ValueError
            If the slot attended to is not among the block's.
        """
        if self._slot is not None and not 0 <= self._slot < block.n_slots:
            raise ValueError(
                f"Argument 'block' must hold the slot attended to, {self._slot} (got {block.n_slots} slots)."
            )
        self._block, self._n_shown = block, 0
        self._flickers = flickers(block)
        if self._flickers:
            self._flicker_response.begin_block(block, self._slot)

    def flip(self, times: FloatArray) -> None:
        """Show the block's next frames at these session times (s); each onset or edge among them is answered.

        An answer begins 50 ms after an edge and 80 ms after a flash: what is reported later than that and the latency
        loses its beginning.

        Raises
        ------
        ValueError
            If the block has fewer frames, or there is none.
        """
        n_left = self._block.n_frames - self._n_shown if self._block else 0
        if self._block is None or len(times) > n_left:
            raise ValueError(
                f"Argument 'times' must hold no more flips than frames are left, {n_left} (got {len(times)})."
            )
        if self._flickers and len(times):
            first, lag = self._lags(times, EDGE_FROM_S, EDGE_UNTIL_S)
            self._add(first, self._flicker_response(lag, self._n_shown, self._attends(times)))
        elif len(times):
            for frame, slots in self._block.flashes:
                if self._n_shown <= frame < self._n_shown + len(times):
                    flash = times[frame - self._n_shown : frame - self._n_shown + 1]
                    attended = self._slot is not None and bool(slots[self._slot]) and bool(self._attends(flash)[0])
                    first, lag = self._lags(flash, FLASH_FROM_S, FLASH_UNTIL_S)
                    self._add(first, self._flash_response(lag[:, 0], float(flash[0]), attended))
        self._n_shown += len(times)

    def notice(self, time: float, expected: bool) -> None:
        """See what was selected, at this session time (s), and whether it is what was attended to."""
        first, lag = self._lags(np.array([time]), FEEDBACK_FROM_S, FEEDBACK_UNTIL_S)
        response = self._feedback_response(lag[:, 0], expected)
        if self._attends(np.array([time]))[0]:
            self._add(first, response)

    def pull(self, until: float) -> list[Chunk]:
        """Return the samples that have arrived by the session time ``until`` (s): EEG in V, gaze in px."""
        chunks = []
        first = self._eeg.taken
        eeg = self._eeg.take(self._n_arrived(until, EEG_SFREQ))
        if len(eeg):
            times = self._start + np.arange(first, first + len(eeg)) / EEG_SFREQ
            eeg = eeg + self._eye_turns(first, first + len(eeg))
            if len(self._amplifier):
                eeg, self._amplifier_state = signal.sosfilt(self._amplifier, eeg, axis=0, zi=self._amplifier_state)
            chunks.append(Chunk("eeg", times, (1e-6 * eeg).astype(np.float32)))
        times, gaze = self._gaze.take(self._n_arrived(until, GAZE_SFREQ))
        if len(gaze):
            chunks.append(Chunk("gaze", times, gaze.astype(np.float32)))
        return chunks

    def close(self) -> None:
        """There is nothing to let go of."""

    def _n_arrived(self, until: float, sfreq: float) -> int:
        # The small term keeps a sample that is due now from being missed by rounding.
        return max(0, int(np.floor((until - self._latency_s - self._start) * sfreq + 1e-6)) + 1)

    def _attends(self, times: FloatArray) -> NDArray[np.bool_]:
        """Whether eyes and attention are on the slot at these times (s)."""
        return np.asarray(~(self._away[0].cover(times) | self._away[1].cover(times)))

    def _lags(self, times: FloatArray, begin: float, end: float) -> tuple[int, FloatArray]:
        """First sample that answers, and how long (s) after each of ``times`` each sample comes."""
        first = max(0, int(np.ceil((times[0] + begin - self._start) * EEG_SFREQ)))
        stop = max(first, int(np.floor((times[-1] + end - self._start) * EEG_SFREQ)))
        return first, self._start + np.arange(first, stop)[:, None] / EEG_SFREQ - times

    def _add(self, first: int, response: FloatArray) -> None:
        """Add a response to the EEG that is still to come."""
        if self._answers and len(response):
            self._eeg.add(first, response)

    def _eye_turns(self, first: int, stop: int) -> FloatArray:
        """What turning eyes add to the EEG in uV, shape (n_samples, n_channels)."""
        places = self._eye_track.rows(first, stop)
        turns, self._coupling_state = signal.lfilter(*self._coupling, places, axis=0, zi=self._coupling_state)
        return np.asarray(turns[:, :1] * self._turned_right + turns[:, 1:] * self._turned_down)


def _amplifier(profile: Profile) -> FloatArray:
    """The amplifier's filters as second-order sections, shape (n_sections, 6); without any where it has none."""
    sections = [np.empty((0, 6))]
    if profile.amplifier_hz is not None:
        sections.append(signal.butter(2, profile.amplifier_hz, "bandpass", fs=EEG_SFREQ, output="sos"))
    if profile.notch_hz > 0:
        line_hz = profile.artefacts.line_hz
        sections.append(signal.tf2sos(*signal.iirnotch(line_hz, line_hz / profile.notch_hz, fs=EEG_SFREQ)))
    return np.concatenate(sections)
