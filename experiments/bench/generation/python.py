"""Tokens and lines of Python that nobody learnt from: is the next one on the page?"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from experiments.bench.generation.coverage import Case
from generation.models import load
from generation.python.layout import double_quote_all, gap_before
from generation.python.lexer import LexState, Token, lex
from generation.python.lines import PythonLineGenerator
from generation.python.model import TokenModel
from generation.python.tokens import PythonTokenGenerator, token_model
from generation.tiny_llama.data import held_out_modules
from generation.types import Context, Generator

Unit = Literal["token", "line"]
UNITS: tuple[Unit, ...] = ("token", "line")
NOTES = (
    "MBPP: its solutions, which nothing was trained or fitted on, laid out by black first ('as written': only blanks, "
    "quotes and comments are black's; brackets that black takes away are kept), each logical line on one line and "
    "without comments; held-out modules likewise, as written. The context is the document so far; 'after the task': "
    "with the task's prompt as a comment before it. A token is offered whole with the blank before it, a line's end is "
    "one; a line goes from its first token, its indentation standing there, to the line break after it, which is part "
    "of it. Every line counts, also the one that names the function, which no context tells."
)
_INDENT = 4
_LINE_LENGTH = 1000
_MAX_MODULE = 20_000  # characters of each module


@dataclass(frozen=True, slots=True)
class Document:
    """A program laid out anew.

    Parameters
    ----------
    text : str
    tokens, lines : tuple of (int, int)
        Where each token begins, the blank before it included, and ends; and each logical line, its break included.
    """

    text: str
    tokens: tuple[tuple[int, int], ...]
    lines: tuple[tuple[int, int], ...]

    def cases(self, unit: Unit, preamble: str = "") -> Iterator[Case]:
        """Every token or line as a block to be foretold, with something before the document."""
        for begin, end in self.tokens if unit == "token" else self.lines:
            context = Context("python", preamble + self.text[:begin])
            yield Case(context, self.text[begin:], self.text[begin:end])


def blocks(corpora: Path | None, n: int) -> Mapping[str, Sequence[Case]]:
    """Held-out tokens and lines, at most ``n`` of each set, evenly spread; without corpora, of modules alone."""
    sets: dict[str, list[tuple[Document, str]]] = {}
    if corpora is not None:
        tasks = json.loads((corpora / "code" / "sanitized-mbpp.json").read_text("utf-8"))
        written = [task["code"].replace("\r", "").strip() + "\n" for task in tasks]
        solutions = [lay_out(_by_black(source)) for source in written]
        prompts = ["# " + " ".join(task["prompt"].split()) + "\n" for task in tasks]
        sets["mbpp"] = [(solution, "") for solution in solutions]
        sets["mbpp after the task"] = list(zip(solutions, prompts, strict=True))
        sets["mbpp as written"] = [(lay_out(source), "") for source in written]
    sets["held-out modules"] = [(lay_out(source[:_MAX_MODULE]), "") for source in held_out_modules()]
    return {
        f"{name}, {unit}": _some([case for document, before in documents for case in document.cases(unit, before)], n)
        for name, documents in sets.items()
        for unit in UNITS
    }


def stages(unit: Unit = "token") -> Mapping[str, Generator]:
    """Generators of tokens, or of lines, by what takes part, each with all that those before it have."""
    tokens = load("python-tokens")
    models = {"n-gram": TokenModel(tokens, cached=False), "+ cache": TokenModel(tokens), "+ scope": token_model()}
    if unit == "token":
        return {stage: PythonTokenGenerator(model) for stage, model in models.items()}
    found: dict[str, Generator] = {"tokens": PythonTokenGenerator(models["+ scope"])}
    return found | {stage: PythonLineGenerator(model) for stage, model in models.items()}


def lay_out(source: str) -> Document:
    """A program with each logical line on one line, blanks as black sets them, and without comments."""
    text = ""
    tokens: list[tuple[int, int]] = []
    lines: list[tuple[int, int]] = []
    line: list[Token] = []
    depth, begin, last_line = 0, 0, 1
    for token in lex(LexState(), double_quote_all(source))[0]:
        if token.kind in ("INDENT", "DEDENT"):
            depth += 1 if token.kind == "INDENT" else -1
            continue
        if token.kind == "NEWLINE":
            text += "\n"
            tokens.append((len(text) - 1, len(text)))
            lines.append((begin, len(text)))
            line = []
        else:
            if not line:
                parted = token.line > last_line + 1 and text
                text += ("\n" if depth else "\n\n") * bool(parted) + " " * _INDENT * depth
                begin = len(text)
            gap = gap_before(line, token.text)
            tokens.append((len(text), len(text) + gap + len(token.text)))
            text += " " * gap + token.text
            line.append(Token(token.kind, token.text, token.line, gap))
        last_line = token.line + token.text.count("\n") - (token.kind == "NEWLINE")
    return Document(text, tuple(tokens), tuple(lines))


def _by_black(source: str) -> str:
    """A program as black lays it out, but for the length of its lines; itself where black cannot read it."""
    import black

    try:
        return black.format_str(source, mode=black.Mode(line_length=_LINE_LENGTH, magic_trailing_comma=False))
    except ValueError:  # what black says of source that it cannot parse
        return source


def _some(cases: Sequence[Case], n: int) -> list[Case]:
    return [cases[len(cases) * place // n] for place in range(n)] if n < len(cases) else list(cases)
