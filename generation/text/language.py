"""A language: its letters and their places, how its words are read, and the models that know it."""

import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

_FOLDER = Path(__file__).parent / "languages"
# In any language: blanks of every width are spaces, and marks that no one sees are not there.
_EVERYWHERE = {"\u00a0": " ", "\u2007": " ", "\u202f": " "} | dict.fromkeys("\u00ad\u200b\u200e\u200f\u2060\ufeff", "")


@dataclass(frozen=True, slots=True)
class Training:
    """What a language's models are made from.

    Parameters
    ----------
    sentences : str
        File with one sentence a line, below the language's file or the corpora's ``text/``.
    held_out : int
        How many of its first sentences no model learns from.
    """

    sentences: str
    held_out: int


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """What must be known of a language to write it.

    Parameters
    ----------
    name : str
    direction : str
        "ltr" or "rtl".
    capitals : bool
        Whether sentences begin with a capital.
    ends, parts, joins : tuple of str
        Marks that stand right after a word: they end a sentence, or a space follows, or none does.
    inside : tuple of str
        Marks within words, such as an apostrophe.
    layers : tuple of tuple of str
        Characters of each layer in their fixed places; no character twice.
    replace : mapping of str to str
        What models read instead of a character.
    words : tuple of (str, float)
        Names or files of the word models, each with its weight in the mixture; the weights sum to one.
    characters : str
        Name or file of the character model.
    training : Training or None
    folder : Path
        Where files that it names lie.
    """

    name: str
    direction: Literal["ltr", "rtl"]
    capitals: bool
    ends: tuple[str, ...]
    parts: tuple[str, ...]
    joins: tuple[str, ...]
    inside: tuple[str, ...]
    layers: tuple[tuple[str, ...], ...]
    replace: Mapping[str, str]
    words: tuple[tuple[str, float], ...]
    characters: str
    training: Training | None
    folder: Path

    @property
    def attached(self) -> tuple[str, ...]:
        """Every mark that stands right after a word."""
        return (*self.ends, *self.parts, *self.joins)

    def normalise(self, text: str) -> str:
        """As models read it: composed, in lower case, with plain quotes and blanks; its length may change."""
        return unicodedata.normalize("NFC", text).translate(_table(tuple(self.replace.items()))).lower()


def languages() -> tuple[str, ...]:
    """Codes of the languages at hand."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def read_language(language: str | Path) -> Language:
    """A language by its code, or by the path of its file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If there is no such language, or the file lacks something or contradicts itself.
    """
    if language in languages():
        return _read(_FOLDER / f"{language}.toml")
    path = Path(language)
    if path.suffix != ".toml":
        raise ValueError(
            f"Argument 'language' (got {str(language)!r}) must be one of {', '.join(languages())}, or a .toml file."
        )
    if not path.is_file():
        raise FileNotFoundError(f"Argument 'language' (got {path}) must be a file that exists.")
    return _read(path)


def _read(path: Path) -> Language:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"Language file {path} must be TOML in UTF-8 ({error}).") from error
    reader = _Reader(path, found)
    models, training = _Reader(path, reader.get("models", dict), "models."), None
    if "training" in found:
        inner = _Reader(path, reader.get("training", dict), "training.")
        training = Training(inner.get("sentences", str), inner.get("held_out", int))
    language = Language(
        name=reader.get("name", str),
        direction=reader.get("direction", str),
        capitals=reader.get("capitals", bool),
        ends=reader.characters("ends"),
        parts=reader.characters("parts"),
        joins=reader.characters("joins"),
        inside=reader.characters("inside"),
        layers=tuple(tuple(layer) for layer in reader.strings("layers")),
        replace=reader.get("replace", dict),
        words=tuple(
            (entry.get("model", str), float(entry.get("weight", (int, float))))
            for entry in (_Reader(path, part, "models.words.") for part in models.get("words", list))
        ),
        characters=models.get("characters", str),
        training=training,
        folder=path.parent,
    )
    fault = _fault(language)
    if fault:
        raise ValueError(f"Language file {path}: {fault}")
    return language


def _fault(language: Language) -> str:
    """What contradicts itself, in a sentence; empty if nothing does."""
    seen: set[str] = set()
    twice = [c for layer in language.layers for c in layer if c in seen or seen.add(c)]  # type: ignore[func-returns-value]
    odd = next((k for k, v in language.replace.items() if len(k) != 1 or not isinstance(v, str)), None)
    lost = [c for c in (" ", "\n", *language.ends[:1]) if c not in seen]
    weights = [weight for _, weight in language.words]
    if language.direction not in ("ltr", "rtl"):
        return f"key 'direction' (got {language.direction!r}) must be 'ltr' or 'rtl'."
    if twice:
        return f"key 'layers' must hold every character once (got {twice[0]!r} twice)."
    if lost:
        return f"key 'layers' must hold a space, a line's end and what ends a sentence (it lacks {lost[0]!r})."
    if not language.ends:
        return "key 'ends' must hold a mark that ends sentences (got none)."
    if odd is not None:
        return f"key 'replace' must give a text for single characters (got {odd!r})."
    if not weights or min(weights) <= 0 or abs(sum(weights) - 1) > 1e-6:
        return f"key 'models.words' must hold models whose weights are positive and sum to 1 (got {weights})."
    return ""


class _Reader:
    """Values of a table by key, each of its type."""

    def __init__(self, path: Path, table: Any, above: str = "") -> None:
        self._path, self._table, self._above = path, table if isinstance(table, dict) else {}, above

    def get(self, key: str, kind: type | tuple[type, ...]) -> Any:
        if key not in self._table:
            raise ValueError(f"Language file {self._path} must have key '{self._above}{key}' (it is missing).")
        value = self._table[key]
        if not isinstance(value, kind):
            names = " or ".join(k.__name__ for k in (kind if isinstance(kind, tuple) else (kind,)))
            raise ValueError(f"Language file {self._path}: key '{self._above}{key}' (got {value!r}) must be {names}.")
        return value

    def strings(self, key: str) -> Sequence[str]:
        values = self.get(key, list)
        if not all(isinstance(value, str) and value for value in values):
            raise ValueError(f"Language file {self._path}: key '{self._above}{key}' must hold texts (got {values!r}).")
        return list(values)

    def characters(self, key: str) -> tuple[str, ...]:
        values = self.strings(key)
        if any(len(value) != 1 for value in values):
            raise ValueError(f"Language file {self._path}: key '{key}' must hold single characters (got {values!r}).")
        return tuple(values)


@lru_cache(maxsize=16)
def _table(replace: tuple[tuple[str, str], ...]) -> dict[int, str]:
    return str.maketrans(_EVERYWHERE | dict(replace))
