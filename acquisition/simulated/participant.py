"""A participant made of equations: EEG and gaze that answer to what is really shown."""

import numpy as np

from acquisition.simulated.background import Background, SampleQueue
from acquisition.simulated.gaze import Gaze
from acquisition.simulated.profile import CHANNELS, Profile, draw_person
from acquisition.stimulus import StimulusBlock
from acquisition.stream import Chunk, FloatArray, StreamInfo

EEG_SFREQ = 250.0
GAZE_SFREQ = 120.0

# A response lies between these two times after its flash (s).
_RESPONSE_FROM, _RESPONSE_UNTIL = 0.08, 0.9
_P300_UV, _N2_UV, _VISUAL_UV = 11.0, 9.0, 1.5
_P300_WIDTH_S, _N2_WIDTH_S, _VISUAL_WIDTH_S = 0.055, 0.03, 0.015
_P300_EARLIEST_S = 0.25
# A target this long after the last one is answered in full; right after it, by no more than the floor.
_REFRACTORY_S, _REFRACTORY_FLOOR = 0.55, 0.2


class SimulatedParticipant:
    """Eight channels of EEG and a pair of eyes that look at a slot and answer to its flashes.

    The EEG is 1/f noise and an alpha rhythm, and to every flash shown, of whatever slot, a small visual response over
    the back of the head. A flash of the slot attended to adds an N2 over PO7 and PO8 and a P300 around Pz that varies
    in size and latency, is now and then missing, and is weak where the last target was less than half a second ago.
    The eyes jump to the slot about 0.2 s after it is attended to, and stay.

    What it keeps of reality: responses overlap, vary and depend on the sequence; noise is shared by neighbouring
    channels; the eye tracker is off by a smooth error and loses the eyes in blinks. What it doesn't: artefacts in the
    EEG, flashes beside the slot that distract, fatigue, and noise that changes with the task. Figures obtained with
    it say whether the software is right, not how well a person would do.

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
            StreamInfo("eeg", EEG_SFREQ, CHANNELS, "V", source_id=f"simulated-eeg-{person_seed}"),
            StreamInfo("gaze", GAZE_SFREQ, ("x", "y"), "px", source_id=f"simulated-gaze-{person_seed}"),
        )
        background_rng, gaze_rng, self._response_rng = np.random.default_rng(noise_seed).spawn(3)
        self._profile = profile
        self._person = draw_person(profile, np.random.default_rng(person_seed))
        self._eeg = SampleQueue(Background(profile, self._person, EEG_SFREQ, background_rng).next_block)
        self._gaze = Gaze(profile, self._person, GAZE_SFREQ, start, gaze_rng)
        self._start, self._latency_s = start, latency_s
        self._slot: int | None = None
        self._block: StimulusBlock | None = None
        self._n_shown = 0
        self._last_target = -np.inf

    def attend(self, slot: int | None, region: FloatArray | None, time: float, stimulation_at: float) -> None:  # noqa: ARG002
        """Turn to a slot of a new page; see `Participant.attend`."""
        self._slot, self._block = slot, None
        self._gaze.look(region, time)

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

    def flip(self, times: FloatArray) -> None:
        """Show the block's next frames at these session times (s); each onset among them is answered.

        An answer begins 80 ms after its flash: what is reported later than that and the latency loses its beginning.

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
        for frame, slots in self._block.flashes:
            if self._n_shown <= frame < self._n_shown + len(times):
                attended = self._slot is not None and bool(slots[self._slot])
                self._answer(float(times[frame - self._n_shown]), attended)
        self._n_shown += len(times)

    def pull(self, until: float) -> list[Chunk]:
        """Return the samples that have arrived by the session time ``until`` (s): EEG in V, gaze in px."""
        chunks = []
        first = self._eeg.taken
        eeg = self._eeg.take(self._n_arrived(until, EEG_SFREQ))
        if len(eeg):
            times = self._start + np.arange(first, first + len(eeg)) / EEG_SFREQ
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

    def _answer(self, flash: float, attended: bool) -> None:
        """Add the response to one flash to the EEG that is still to come."""
        # Drawn for every flash, so that what one session draws does not depend on what is attended to.
        size, jitter = self._response_rng.standard_normal(2)
        noticed = self._response_rng.random() >= self._profile.lapse_rate
        profile, person = self._profile, self._person
        if profile.snr == 0:
            return
        first = max(0, int(np.ceil((flash + _RESPONSE_FROM - self._start) * EEG_SFREQ)))
        stop = int(np.floor((flash + _RESPONSE_UNTIL - self._start) * EEG_SFREQ))
        if stop <= first:
            return
        lag = self._start + np.arange(first, stop) / EEG_SFREQ - flash
        response = np.outer(_VISUAL_UV * _bump(lag, person.visual_latency, _VISUAL_WIDTH_S), person.visual)
        if attended:
            since = (flash - self._last_target) / _REFRACTORY_S
            strength = min(1.0, _REFRACTORY_FLOOR + (1.0 - _REFRACTORY_FLOOR) * since)
            strength *= noticed * max(0.0, 1.0 + profile.amplitude_variation * size)
            latency = max(_P300_EARLIEST_S, person.p300_latency + profile.latency_jitter_s * jitter)
            p300 = _bump(lag, latency, _P300_WIDTH_S)
            n2 = _bump(lag, person.n2_latency, _N2_WIDTH_S)
            response += strength * (_P300_UV * np.outer(p300, person.p300) + _N2_UV * np.outer(n2, person.n2))
            self._last_target = flash
        self._eeg.add(first, profile.snr * response)


def _bump(lag: FloatArray, latency: float, width: float) -> FloatArray:
    return np.exp(-0.5 * ((lag - latency) / width) ** 2)
