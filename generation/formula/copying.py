"""Where a formula repeats itself: what followed before, as it stood, moved along, or one step on."""

from typing import Literal

from generation.formula.lexer import Place, Token, read_place
from generation.formula.symbols import History

Echo = Literal["same", "moved", "stepped"]
ECHOES: tuple[Echo, ...] = ("same", "moved", "stepped")
Shares = dict[Echo, dict[str, float]]
N_DEPTHS = 5  # depths of repetition that are told apart: 0, 1, 2 to 3, 4 to 7, and 8 or more tokens
_LONGEST = 24  # tokens of a repetition that are looked at


def echoes(history: History) -> tuple[int, Shares]:
    """What followed the longest repetition that ends at the cursor.

    It may come again as the "same" token, as a cell "moved" as far as those before it have been, or as a cell that goes
    one step on from the last two that followed.

    Returns
    -------
    depth : int
        How many tokens before the cursor have stood in the formula before in the same order, cells being all alike, in
        one of ``N_DEPTHS`` steps.
    shares : dict
        For each way of repeating, shares of the tokens' texts, later ones counting more; each sums to one.
    """
    tokens = history.tokens
    shares: Shares = {echo: {} for echo in ECHOES}
    longest, ends = _repetitions(tokens)
    for rank, end in enumerate(ends, 1):
        earlier = tokens[ends[rank]] if rank < len(ends) else None
        for echo, text in _repeated(tokens, end, longest, earlier).items():
            shares[echo][text] = shares[echo].get(text, 0.0) + 1 / rank**2
    depth = min(longest.bit_length(), N_DEPTHS - 1)
    return depth, {echo: _normalised(found) for echo, found in shares.items() if found}


def _repetitions(tokens: tuple[Token, ...]) -> tuple[int, list[int]]:
    """Length of the longest repetition that ends at the end, and where else it ends, last first."""
    forms = ["cell" if token.kind == "cell" else token.text for token in tokens]
    n = len(forms)
    lengths = {}
    for end in range(n - 1, 0, -1):
        length = 0
        while length < min(end, _LONGEST) and forms[end - 1 - length] == forms[n - 1 - length]:
            length += 1
        lengths[end] = length
    longest = max(lengths.values(), default=0)
    return longest, [end for end, length in lengths.items() if length == longest and longest]


def _repeated(tokens: tuple[Token, ...], end: int, length: int, earlier: Token | None) -> dict[Echo, str]:
    """What followed a repetition, in each way; ``earlier`` is what followed it the time before."""
    follower = tokens[end]
    found: dict[Echo, str] = {"same": follower.text}
    place = read_place(follower.text) if follower.kind == "cell" else None
    if place is None:
        return found
    moved = _moved(tokens, end, length, place)
    if moved and moved.text != follower.text:
        found["moved"] = moved.text
    before = read_place(earlier.text) if earlier and earlier.kind == "cell" else None
    if before:
        stepped = place.moved(place.row - before.row, place.column - before.column)
        if stepped and stepped.text not in found.values():
            found["stepped"] = stepped.text
    return found


def _moved(tokens: tuple[Token, ...], end: int, length: int, place: Place) -> Place | None:
    """The place as far from the nearest cell before the cursor as it was from that cell's counterpart."""
    shift = len(tokens) - end
    for at in range(end - 1, end - 1 - length, -1):
        if tokens[at].kind == "cell":
            old, new = read_place(tokens[at].text), read_place(tokens[at + shift].text)
            if old and new:
                return place.moved(new.row - old.row, new.column - old.column)
    return None


def _normalised(found: dict[str, float]) -> dict[str, float]:
    total = sum(found.values())
    return {text: mass / total for text, mass in found.items()}
