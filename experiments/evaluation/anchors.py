"""What public methods reached on the recordings of a data set, for a decoder's figures to stand beside."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from experiments.config import Section

Share = Annotated[float, Field(ge=0, le=1)]
Figure = Share | tuple[Share, Share]


class Anchor(Section):
    """Figures of a public method, by `Score.key`: means over people, or those of ``each`` person.

    Parameters
    ----------
    method : str
        Which one, or which ones where the best of several counts.
    note : str
        How they were measured, where that differs from the protocol beside which they stand.
    people : tuple of str
        Whom ``values`` are a mean over, for other people are no match; empty where that is not told.
    values : dict of str to float or pair of float
        A pair where only the lowest and the highest are known.
    each : dict of str to dict of str to float
        By person, then by figure.
    """

    method: str
    note: str = ""
    people: tuple[str, ...] = ()
    values: dict[str, Figure] = Field(default_factory=dict)
    each: dict[str, dict[str, Share]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _pairs_ascend(self) -> Self:
        for key, figure in self.values.items():
            if isinstance(figure, tuple) and figure[0] > figure[1]:
                raise ValueError(f"the lower end of '{key}' must come first (got {figure[0]:g}, {figure[1]:g})")
        return self

    def mean(self, key: str, people: Sequence[str]) -> Figure | None:
        """The figure to which a mean over these people compares, or None."""
        if key in self.values:
            return self.values[key] if not self.people or set(people) == set(self.people) else None
        found = [figure for person in people if (figure := self.of(person, key)) is not None]
        return sum(found) / len(found) if found and len(found) == len(people) else None

    def of(self, person: str, key: str) -> float | None:
        """One person's figure, or None."""
        return self.each.get(person, {}).get(key)
