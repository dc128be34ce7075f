"""What a paradigm needs to be wired into a session."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from acquisition.simulated.types import PacedParticipant
from experiments.calibration import CalibrationRun
from experiments.config import Config, Fusion
from experiments.expectation import Expectation
from selector.decoders.errors import ErrorDecoder
from selector.types import Decoder, Paradigm

Arrange = Callable[[], Any]
"""What somebody else fixes in the next block, such as a recording whose answers are given; None where all is free."""


class FittedDecoder(Decoder, Protocol):
    """A decoder that can be kept with the run."""

    def to_arrays(self) -> dict[str, NDArray]:
        """Parameters and what was fitted, as plain arrays."""
        ...

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray]) -> Self:
        """Inverse of `to_arrays`."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """What was fitted to a person.

    Parameters
    ----------
    decoders : tuple of FittedDecoder
        One for each stream that is heard.
    fitted_to : str
        What they have seen, in words, for the log.
    fusion : Fusion
        How much each counts.
    errors : ErrorDecoder, optional
        For error potentials, where they are heard.
    """

    decoders: tuple[FittedDecoder, ...]
    fitted_to: str
    fusion: Fusion
    errors: ErrorDecoder | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RecordedPerson:
    """A recorded session that plays a participant, and a decoder fitted to the rest of it.

    Parameters
    ----------
    participant : PacedParticipant
    decoder : FittedDecoder
    fitted_to : str
        What the decoder has seen and what is played, in words.
    arrange : callable
        What the recording fixes in each block.
    """

    participant: PacedParticipant
    decoder: FittedDecoder
    fitted_to: str
    arrange: Arrange


@dataclass(frozen=True, slots=True, eq=False)
class Wiring:
    """The parts of a paradigm.

    Parameters
    ----------
    stream : str
        The stream that its decoder reads: "eeg" or "gaze".
    band : tuple of float, optional
        Causal band-pass of that stream in Hz; None for no filter.
    paradigm : callable
        ``(config, arrange)`` to what flashes when.
    fit : callable
        ``(config, run, rng)`` to a decoder fitted to a calibration run; under the control "shuffled-labels", to labels
        that mean nothing.
    decoder : type
        Of what ``fit`` returns, with ``from_arrays``.
    recorded : callable, optional
        ``(config, path, rng)`` to a recorded participant, where recordings of the paradigm can be played.
    expect : callable, optional
        ``(config, run, decoder, rng)`` to the pace to be expected of a decoder just fitted to a calibration run.
    blocks_per_repetition : callable
        ``config`` to the number of blocks that make one of those that a trial's greatest length is counted in.
    uncalibrated : Wiring, optional
        The parts for a session without calibration, where the paradigm can do without; ``fit`` then gets no trials.
    """

    stream: str
    band: tuple[float, float] | None
    paradigm: Callable[[Config, Arrange | None], Paradigm]
    fit: Callable[[Config, CalibrationRun, np.random.Generator], FittedDecoder]
    decoder: type[FittedDecoder]
    recorded: Callable[[Config, Path, np.random.Generator], RecordedPerson] | None = None
    expect: Callable[[Config, CalibrationRun, Any, np.random.Generator], Expectation] | None = None
    blocks_per_repetition: Callable[[Config], int] = lambda config: 1  # noqa: ARG005
    uncalibrated: "Wiring | None" = None
