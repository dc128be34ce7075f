"""Is a calibration good enough: which pace is to be expected of the decoder, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.config import Config
from experiments.evaluation.reliability import N_FLASHES, HeldOut, flat_prior, lay_out, stop
from experiments.rig import stopping
from selector.reliability import group_bootstrap

N_LAYOUTS = 8
"""Random layouts of each character: more of them make the estimate smoother, not surer."""

MIN_CHARACTERS = 4
"""With fewer, an interval over characters means nothing."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Selections per minute that remain after wrong ones have been undone, by held-out characters.

    Parameters
    ----------
    n_characters : int
    per_min : float
        Right selections less wrong ones, per minute.
    low, high : float
        95 % interval over characters, by resampling them.
    error : float
        Share of the selections that was wrong.
    """

    n_characters: int
    per_min: float
    low: float
    high: float
    error: float

    def is_enough(self, precision: float) -> bool:
        """Whether the interval reaches no further than this share of the estimate to either side, and excludes none."""
        reach = max(self.high - self.per_min, self.per_min - self.low)
        return self.n_characters >= MIN_CHARACTERS and self.low > 0 and reach <= precision * self.per_min

    def in_words(self, precision: float) -> str:
        """What is to be expected, and what follows from it."""
        told = (
            f"{self.per_min:.1f} selections a minute are to be expected (95 % interval {self.low:.1f} to "
            f"{self.high:.1f} over {self.n_characters} characters, {100 * self.error:.0f} % of all wrong)"
        )
        if self.is_enough(precision):
            return f"{told}: that is known to {100 * precision:.0f} %, and enough."
        if self.low <= 0:
            return f"{told}: it is not sure that anything can be selected; check the electrodes before going on."
        return f"{told}: more characters would make it surer."


def expect(config: Config, characters: Sequence[HeldOut], rng: np.random.Generator) -> Expectation:
    """The pace to be expected under the session's stopping rule, with even odds for 64 slots.

    Parameters
    ----------
    config : Config
        Its stopping rule, gap, tail and time from flash to flash.
    characters : sequence of HeldOut
        At least one.
    rng : numpy.random.Generator
        Draws the layouts and the resampled characters.

    Raises
    ------
    ValueError
        If there is no character.
    """
    if not characters:
        raise ValueError("Argument 'characters' must hold at least one whole character (got none).")
    rule, log_prior = {"": stopping(config)}, flat_prior(config.layout.no_control)
    trials = []
    for number, character in enumerate(characters):
        for _ in range(N_LAYOUTS):
            lit, cued = lay_out(character.is_target, rng)
            ended = stop(character, lit, log_prior, rule)[""]
            took_s = config.layout.gap_s + ended.time * config.timing.soa_s + config.stopping.tail_s
            trials.append((number, ended.slot == cued, ended.slot not in (None, cued), took_s))
    groups, right, wrong, seconds = (np.array(column) for column in zip(*trials, strict=True))

    def per_min(chosen: np.ndarray) -> float:
        return float(60.0 * (right[chosen].sum() - wrong[chosen].sum()) / seconds[chosen].sum())

    low, high = group_bootstrap(per_min, groups, rng)
    return Expectation(
        n_characters=len(characters),
        per_min=per_min(np.arange(len(trials))),
        low=low,
        high=high,
        error=float(wrong.sum() / max(1, right.sum() + wrong.sum())),
    )


def held_out(log_ratio: np.ndarray, is_target: np.ndarray, character: np.ndarray, apart: float) -> list[HeldOut]:
    """Whole blocks of each character; what holds a flash without a ratio (NaN) is left out."""
    found = []
    for number in np.unique(character):
        ratios, targets = log_ratio[character == number], is_target[character == number].astype(bool)
        whole = np.isfinite(ratios).reshape(-1, N_FLASHES).all(axis=1).repeat(N_FLASHES)
        if whole.any():
            found.append(HeldOut(ratios[whole], targets[whole], apart))
    return found
