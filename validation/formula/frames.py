"""Open brackets of a formula, the arguments in them, and uses of references."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from validation.formula.functions import MOST_ARGUMENTS, SIGNATURES
from validation.formula.references import Reference

Finding = tuple[str, str]
"""Rule and reason."""


@dataclass(slots=True)
class Frame:
    """An open bracket, and what stands in it so far.

    Parameters
    ----------
    opener : str
        "(" or "{"; empty for the formula itself.
    name : str
        The function; "(" for a bracket of none.
    n_arguments : int
        Those that have ended.
    argument : str
        What the one at the cursor is: "text", "constant", "reference" or "value"; empty where nothing stands.
    literal : str
        The last operand.
    operator : str
        What stands before the next operand.
    operand : Reference, optional
        The last one, if it is a reference.
    widths : list of int
        Of the rows of an array.
    """

    opener: str
    name: str = ""
    n_arguments: int = 0
    argument: str = ""
    literal: str = ""
    operator: str = ""
    operand: Reference | None = None
    widths: list[int] = field(default_factory=list)

    def end_argument(self) -> Iterator[Finding]:
        """End an argument, which may be left out."""
        signature = SIGNATURES.get(self.name)
        if signature and self.argument in ("text", "constant"):
            place = f"argument {self.n_arguments + 1}, not {self.literal}."
            if signature.wants_reference(self.n_arguments):
                yield "argument-type", f"{self.name} needs cells as {place}"
            if signature.numbers and self.argument == "text" and not reads_as_number(self.literal):
                yield "argument-type", f"{self.name} needs a number as {place}"
        self.n_arguments += 1
        self.argument, self.operator, self.operand = "", "", None

    def end_row(self) -> Iterator[Finding]:
        """End a row of an array."""
        self.widths.append(self.n_arguments)
        self.n_arguments = 0
        if len(set(self.widths)) > 1:
            yield "array-shape", "The rows of an array must be equally long."

    def room_faults(self) -> Iterator[Finding]:
        """Whether the function takes no further argument."""
        most = SIGNATURES[self.name].most if self.name in SIGNATURES else MOST_ARGUMENTS
        if self.opener == "(" and self.n_arguments >= most:
            yield "argument-count", f"{self.name} takes at most {most} arguments."

    def count_faults(self) -> Iterator[Finding]:
        """Whether the function takes another number of arguments."""
        signature = SIGNATURES.get(self.name)
        if signature and not signature.least <= self.n_arguments <= signature.most:
            least, most = signature.least, signature.most
            bounds = str(least) if least == most else f"{least} to {most}"
            yield "argument-count", f"{self.name} takes {bounds} arguments, not {self.n_arguments}."


@dataclass(frozen=True, slots=True)
class Use:
    """A finished reference: the function that it is an argument of, and what it is added to or compared with."""

    reference: Reference
    function: str
    operator: str = ""
    other: Reference | None = None


def reads_as_number(literal: str) -> bool:
    """Whether a text in quotes has a digit, so that Excel may read a number, date or time in it."""
    return any(character.isdigit() for character in literal)
