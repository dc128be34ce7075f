"""Proposes functions and ranges that the layout of the sheet suggests: what to add up, average or divide."""

from collections.abc import Iterator

import regex

from generation.formula.graph import without_cycles
from generation.formula.layout import headings, run, run_above, run_left
from generation.formula.lexer import Place, Token, lex, read_place, sheet_name
from generation.formula.recall import as_candidates
from generation.formula.symbols import Everything, History
from generation.formula.types import SheetScope
from generation.types import Candidate, Context

# What a heading's words make of the numbers that it stands over; English, judged and not fitted.
_SUMMARIES = (
    ("SUM", r"total|sum|subtotal|overall|all"),
    ("AVERAGE", r"average|avg|mean"),
    ("COUNT", r"count|number of|n"),
    ("MAX", r"max|maximum|highest|largest|best"),
    ("MIN", r"min|minimum|lowest|smallest"),
    ("MEDIAN", r"median"),
    ("STDEV", r"st\.? ?dev|stdev|standard deviation|sd"),
)
_OPERATIONS = (
    ("/", r"%|percent|percentage|share|ratio|rate|margin|per|average|avg"),
    ("-", r"difference|diff|change|profit|balance|net|remaining|variance|loss|left"),
    ("*", r"amount|cost|product|price|value|tax|vat|discount|revenue|total"),
    ("+", r"total|sum|gross"),
)
_P_HEADED, _P_UNHEADED = 0.4, 0.1  # that such a formula is wanted, with its word in a heading and without
_P_ALONG, _P_OTHER = 0.5, 0.2  # that a range is the run that the heading points along, or the other one
_P_CHANCE = 0.1  # that something else begins with the same character
_P_ENDS = 0.8  # that a function of one range ends after it
_TAKES_RANGES = frozenset(
    ("SUM", "AVERAGE", "COUNT", "COUNTA", "MAX", "MIN", "MEDIAN", "STDEV", "STDEVP", "VAR", "VARP", "PRODUCT", "SUMSQ")
)


class SheetRanges:
    """Whole formulas by the heading of row or column, ranges for functions that take them, and the other end of one."""

    name = "ranges"

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice."""
        scope = context.scope
        if not isinstance(scope, SheetScope) or scope.sheet not in scope.sheets:
            return []
        tokens = tuple(token for token in lex(context.before) if token.kind != "space")
        begun = "" if context.before.startswith("=") else "="
        masses = _masses(tokens, scope)
        if tokens and tokens[-1].kind in ("cell", "name"):
            masses |= _going_on(_masses(tokens[:-1], scope), tokens[-1].text)
        masses = {begun + text: p for text, p in masses.items()}
        return as_candidates(without_cycles(masses, context.before, scope), n, self.name)


def _masses(tokens: tuple[Token, ...], scope: SheetScope) -> dict[str, float]:
    """Probability of each text after these tokens."""
    masses: dict[str, float] = {}
    for text, p in _texts(tokens, scope):
        masses[text] = min(1.0, masses.get(text, 0.0) + p)
    return masses


def _going_on(masses: dict[str, float], pending: str) -> dict[str, float]:
    """Probability of what is missing of each text that begins as a token does, given that it does."""
    matching = {text: p for text, p in masses.items() if text.upper().startswith(pending.upper())}
    largest = max(matching.values(), default=0.0)
    return {text[len(pending) :]: p / (largest + _P_CHANCE) for text, p in matching.items() if len(text) > len(pending)}


def _texts(tokens: tuple[Token, ...], scope: SheetScope) -> Iterator[tuple[str, float]]:
    if not tokens:
        yield from _whole(scope)
    elif tokens[-1].kind == "function":
        yield from _arguments(tokens[-1].text[:-1].upper(), scope)
    elif tokens[-1].kind == "cell" or (tokens[-1].kind == "colon" and len(tokens) > 1):
        yield from _other_ends(tokens, scope)


def _whole(scope: SheetScope) -> Iterator[tuple[str, float]]:
    """Formulas for an empty cell, and how they begin."""
    of_row, of_column = headings(scope)
    runs = _runs(scope)
    for function, words in _SUMMARIES:
        in_row, in_column = _has(of_row, words), _has(of_column, words)
        p = _P_HEADED if in_row or in_column else _P_UNHEADED if function == "SUM" else 0.0
        if p and runs:
            yield f"{function}(", p
        for direction, text in runs:
            along = in_row if direction == "above" else in_column
            yield f"{function}({text}", p * (_P_ALONG if along else _P_OTHER)
            yield f"{function}({text})", p * (_P_ALONG if along else _P_OTHER) * _P_ENDS
    operands = [Place(*cell).text for cell in run_left(scope)[-2:]]
    if len(operands) == 2:
        for operator, words in _OPERATIONS:
            p = _P_HEADED if _has(of_column, words) else _P_UNHEADED / len(_OPERATIONS)
            first, second = operands
            yield f"{first}{operator}{second}", p * _P_ALONG
            if operator in "-/":
                yield f"{second}{operator}{first}", p * _P_OTHER


def _arguments(function: str, scope: SheetScope) -> Iterator[tuple[str, float]]:
    """Ranges for a function that has just been opened."""
    if function in _TAKES_RANGES:
        of_row, of_column = headings(scope)
        for direction, text in _runs(scope):
            heading = of_row if direction == "above" else of_column
            p = _P_ALONG if any(_has(heading, words) for _, words in _SUMMARIES) else _P_OTHER
            yield text, p
            yield text + ")", p * _P_ENDS


def _other_ends(tokens: tuple[Token, ...], scope: SheetScope) -> Iterator[tuple[str, float]]:
    """The end of a range whose first cell stands there: as far as the numbers go, down or to the right."""
    has_colon = tokens[-1].kind == "colon"
    at = len(tokens) - 1 - has_colon
    place = read_place(tokens[at].text)
    history = History(Everything()).follow(tokens)
    if place is None or history.ends_range:
        return
    name = sheet_name(tokens[at - 1].text) if at and tokens[at - 1].kind == "sheet" else scope.sheet
    if name not in scope.sheets:
        return
    takes_ranges = history.frames[-1].opener.removesuffix("(") in _TAKES_RANGES or has_colon
    for step, p in (((1, 0), _P_ALONG), ((0, 1), _P_OTHER)):
        cells = [
            cell for cell in run(scope.sheets[name], place.cell, step) if (name, cell) != (scope.sheet, scope.cell)
        ]
        if len(cells) > 1 and takes_ranges:
            end = Place(*cells[-1], place.fixed_row, place.fixed_column).text
            for ending, share in (("", 1.0), (")", _P_ENDS)):
                yield ("" if has_colon else ":") + end + ending, p * share


def _runs(scope: SheetScope) -> list[tuple[str, str]]:
    """The runs of numbers that end at the cell, as ranges, with their direction."""
    found = []
    for direction, cells in (("above", run_above(scope)), ("left", run_left(scope))):
        if len(cells) > 1:
            found.append((direction, f"{Place(*cells[0]).text}:{Place(*cells[-1]).text}"))
    return found


def _has(heading: str, words: str) -> bool:
    return regex.search(rf"(?<!\p{{L}})(?:{words})(?!\p{{L}})", heading) is not None
