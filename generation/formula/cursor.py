"""Where in a formula the cursor stands, and what a token that has been begun may become."""

from collections.abc import Mapping
from dataclasses import dataclass

from generation.formula.lexer import Token, lex
from generation.formula.model import TokenModel
from generation.formula.symbols import History

_MAY_GO_ON = frozenset(("cell", "number", "name", "logical", "lines", "unfinished"))
_WHOLE = frozenset(("cell", "number", "logical", "lines"))
# A token that the model does not know goes on with a given character once in so many.
_CHARACTERS_OF_NEW_TOKENS = 20.0


@dataclass(frozen=True, slots=True)
class Cursor:
    """What stands before the cursor.

    Parameters
    ----------
    history : History
        The tokens that are surely whole.
    pending : Token, optional
        The last one, which may go on.
    """

    history: History
    pending: Token | None


@dataclass(frozen=True, slots=True)
class Completions:
    """What a token that has been begun may become.

    Parameters
    ----------
    rest : mapping of str to float
        Probability of what is still missing.
    ends : float
        That it is whole already.
    other : float
        That it becomes something that the model does not know.
    """

    rest: Mapping[str, float]
    ends: float
    other: float


def locate(model: TokenModel, before: str) -> Cursor:
    """Read what stands before the cursor, with or without the equals sign."""
    tokens = lex(before)
    last = tokens[-1] if tokens else None
    if last and last.kind in _MAY_GO_ON:
        return Cursor(model.begin().follow(tokens[:-1]), last)
    return Cursor(model.begin().follow(tokens), None)


def complete(model: TokenModel, cursor: Cursor) -> Completions:
    """What the pending token may become, in the case in which it was begun.

    Parameters
    ----------
    cursor : Cursor
        With a pending token.
    """
    assert cursor.pending is not None
    text, kind = cursor.pending.text, cursor.pending.kind
    following = model.next(cursor.history, text)
    is_lower = text.islower()
    rest: dict[str, float] = {}
    exact = 0.0
    for token, p in following.items():
        if token[: len(text)].upper() == text.upper() and (token.startswith(text) or kind == "name"):
            left = token[len(text) :]
            if left:
                rest[left.lower() if is_lower else left] = p
            else:
                exact = p
    new = (1 - min(1.0, sum(following.values()))) * _CHARACTERS_OF_NEW_TOKENS ** -len(text)
    is_name = kind == "name" and not text[0].isdigit()
    ends = exact + (new / 2 if kind in _WHOLE or is_name else 0.0)
    total = sum(rest.values()) + exact + new
    if not total:
        return Completions({}, float(kind in _WHOLE), float(kind not in _WHOLE))
    other = total - sum(rest.values()) - ends
    return Completions({left: p / total for left, p in rest.items()}, ends / total, max(0.0, other) / total)
