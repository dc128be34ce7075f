"""c-VEP: every slot flickers by a code of its own, and the code that the EEG answers to is decoded."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acquisition.files import RecordedSignals, read_recording
from acquisition.simulated.recorded_codes import CodeTrial, RecordedCodesParticipant
from acquisition.stimulus import Presentation, StimulusBlock
from acquisition.stream import Chunk, Signals, StreamInfo
from experiments.calibration import CalibrationRun
from experiments.config import Config
from experiments.evaluation.datasets import CodeTable, CvepDataset, load_dataset
from experiments.evaluation.recordings import find_markers
from experiments.paradigms.types import Arrange, FittedDecoder, RecordedPerson, Wiring
from experiments.rig import signals
from selector.decoders.cvep_online import BAND, CVEPDecoder
from selector.paradigms.cvep import BIT_RATE_HZ, CYCLE_BITS, ModulatedGoldCodes, modulated_gold_codes
from selector.types import Paradigm

_RECORDED = "cvep_biosemi"
"""The data set whose recordings can take part."""

_PLAYED_SHARE = 1 / 3


def _paradigm(config: Config, arrange: Arrange | None) -> Paradigm:
    return ModulatedGoldCodes(config.timing.refresh_hz, arrange)


def _fit(config: Config, run: CalibrationRun, rng: np.random.Generator) -> FittedDecoder:
    cued = np.array([trial.cued for trial in run.trials])
    return _fit_trials(config, [trial.presentation for trial in run.trials], cued, run.signals, rng)


def _fit_trials(
    config: Config,
    presentations: Sequence[Presentation],
    cued: NDArray[np.int_],
    held: Signals,
    rng: np.random.Generator,
) -> FittedDecoder:
    if config.control == "shuffled-labels":
        cued = rng.permutation(cued)
    return CVEPDecoder().fit(presentations, cued, held)


def _recorded(config: Config, path: Path, rng: np.random.Generator) -> RecordedPerson:
    """A decoder fitted to other trials of the recording than those played."""
    recording = read_recording(path)
    trials = _read_trials(recording)
    if round(config.timing.refresh_hz) != BIT_RATE_HZ:
        raise ValueError(
            f"Setting 'timing.refresh_hz' (got {config.timing.refresh_hz:g}) must be {BIT_RATE_HZ:g} with a recording, "
            "whose frames are over."
        )
    n_played = round(len(trials) * _PLAYED_SHARE)
    order = rng.permutation(len(trials))
    play, train = ([trials[number] for number in sorted(part)] for part in np.split(order, [n_played]))
    presentations = [_as_shown(trial, number) for number, trial in enumerate(train)]
    info = StreamInfo("eeg", recording.sfreq, recording.channels, "V")
    held = signals(config, [info], keep_s=np.inf)
    for shown in presentations:
        inside = slice(*np.searchsorted(recording.times, (shown.start, shown.end)))
        held.append([Chunk("eeg", recording.times[inside], recording.data[inside])])
    decoder = _fit_trials(config, presentations, np.array([trial.code for trial in train]), held, rng)
    participant = RecordedCodesParticipant(
        recording, play, CYCLE_BITS / BIT_RATE_HZ, seed=int(rng.integers(2**31)), start=0.0
    )

    def nowhere() -> None:
        """Let the recorded code fall on any slot: what is left is an EEG that answers to nothing shown."""
        participant.arrange()

    return RecordedPerson(
        participant,
        decoder,
        fitted_to=f"fitted to {len(train)} trials of {path.name}; {len(play)} others are played",
        arrange=nowhere if config.control == "zero-snr" else participant.arrange,
    )


def _read_trials(recording: RecordedSignals) -> list[CodeTrial]:
    """The trials of a recording whose codes are all among the paradigm's own."""
    dataset = load_dataset(_RECORDED)
    assert isinstance(dataset, CvepDataset)
    assert isinstance(dataset.codes, CodeTable)
    path = recording.path.parent / dataset.codes.file
    if not path.is_file():
        raise FileNotFoundError(f"A recorded c-VEP participant needs the codes {path}.")
    known = {code.tobytes(): number for number, code in enumerate(modulated_gold_codes())}
    table = [known.get(code.tobytes()) for code in np.loadtxt(path, delimiter=",", dtype=np.uint8, ndmin=2)]
    if strange := table.count(None):
        raise ValueError(f"Codes {path} must be modulated Gold codes as Assent shows them ({strange} are not).")
    trials = []
    for onset, match in find_markers(recording, dataset.markers.trial):
        code = table[int(match["code"])] if int(match["code"]) < len(table) else None
        if code is None:
            raise ValueError(f"Recording {recording.path} has a marker of code {match['code']}, which {path} lacks.")
        trials.append(CodeTrial(onset, code, dataset.codes.cycles))
    return trials


def _as_shown(trial: CodeTrial, number: int) -> Presentation:
    """A recorded trial as if our page had shown it, with slot i flickering by code i."""
    codes = modulated_gold_codes()
    shown = Presentation(number, np.zeros((len(codes), 4)), start=trial.onset)
    for cycle in range(trial.n_cycles):
        block = StimulusBlock(codes, BIT_RATE_HZ, shown.regions)
        shown = shown.then(block).shown(trial.onset + (cycle * CYCLE_BITS + np.arange(CYCLE_BITS)) / BIT_RATE_HZ)
    return shown


WIRING = Wiring(stream="eeg", band=BAND, paradigm=_paradigm, fit=_fit, decoder=CVEPDecoder, recorded=_recorded)
