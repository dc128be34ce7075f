"""Finds the models that ship with Assent, checks them, loads them and makes them anew."""

import hashlib
import logging
import os
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from generation import recipes
from generation.formula.training import train_formula_tokens
from generation.ngrams.arpa import NgramTable, load_table, read_arpa, save_table, write_arpa
from generation.ngrams.model import ArpaModel, load_model
from generation.python.recipe import train_python_functions, train_python_roles
from generation.text.language import read_language
from generation.text.training import train_language

_log = logging.getLogger(__name__)

_NGRAMS = {
    "english-words": recipes.train_english_words,
    "english-books": recipes.train_english_books,
    "english-talk": recipes.train_english_talk,
    "english-characters": recipes.train_english_characters,
    "python-tokens": recipes.train_python_tokens,
    "python-characters": recipes.train_python_characters,
    "python-roles": train_python_roles,
    "python-functions": train_python_functions,
    "formula-tokens": train_formula_tokens,
}
_LLAMA = "tiny-llama"
_LANGUAGE = "text-"  # begins the name of all of a language's models
_ARPA = ".arpa.gz"
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model that ships, as the manifest has it.

    Parameters
    ----------
    name : str
    kind : str
        The kind of document it serves: "text", "python", "formula" or "every".
    file : Path
    sha256 : str
    licence : str
    made : str
        The command that makes it.
    sources : tuple of str
        Training texts, each with its licence.
    held_out : tuple of str
        What it never saw, for testing.
    """

    name: str
    kind: str
    file: Path
    sha256: str
    licence: str
    made: str
    sources: tuple[str, ...]
    held_out: tuple[str, ...]


def models_folder() -> Path:
    """Where the models lie: the folder that ``ASSENT_MODELS`` names, else ``models/`` of the checkout."""
    named = os.environ.get("ASSENT_MODELS")
    return Path(named) if named else Path(__file__).resolve().parent.parent / "models"


def list_models() -> tuple[ModelInfo, ...]:
    """Every model that the manifest names.

    Raises
    ------
    FileNotFoundError
        If there is no manifest.
    ValueError
        If the manifest lacks something.
    """
    folder = models_folder()
    manifest = folder / "manifest.toml"
    if not manifest.is_file():
        raise FileNotFoundError(
            f"File {manifest} must list the models: set ASSENT_MODELS to the models/ folder of a checkout."
        )
    try:
        entries = tomllib.loads(manifest.read_text("utf-8"))["model"]
        return tuple(
            ModelInfo(
                name=entry["name"],
                kind=entry["kind"],
                file=folder / entry["file"],
                sha256=entry["sha256"],
                licence=entry["licence"],
                made=entry["made"],
                sources=tuple(entry["sources"]),
                held_out=tuple(entry["held_out"]),
            )
            for entry in entries
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"File {manifest} must describe every model in full ({error!r}).") from error


def find_model(name: str) -> ModelInfo:
    """The model of this name.

    Raises
    ------
    ValueError
        If the manifest names no such model.
    """
    known = list_models()
    for info in known:
        if info.name == name:
            return info
    raise ValueError(f"Argument 'name' (got {name!r}) must be one of {', '.join(info.name for info in known)}.")


def verify(info: ModelInfo) -> str:
    """What is wrong with a model's file, in a sentence; empty if nothing is."""
    if not info.file.is_file():
        return f"Model {info.name} is missing: {info.file} does not exist; make it with '{info.made}'."
    if hashlib.sha256(info.file.read_bytes()).hexdigest() != info.sha256:
        return f"Model {info.name} is damaged: {info.file} is not the file that the manifest describes."
    return ""


def load(name: str) -> ArpaModel:
    """Load an n-gram model by name, after checking its file.

    Its arrays are kept in the user's cache folder, so that the next start is quick.

    Raises
    ------
    FileNotFoundError, ValueError
        If it is missing, damaged, no n-gram model or not in the manifest.
    """
    info = checked(name)
    if not info.file.name.endswith(_ARPA):
        raise ValueError(f"Argument 'name' (got {name!r}) must be an n-gram model: {', '.join(_NGRAMS)}.")
    return load_model(info.file, _cached_table(info))


def checked(name: str) -> ModelInfo:
    """A model by name, its file checked.

    Raises
    ------
    FileNotFoundError, ValueError
        If it is missing, damaged or not in the manifest.
    """
    info = find_model(name)
    fault = verify(info)
    if fault:
        raise ValueError(fault) if info.file.is_file() else FileNotFoundError(fault)
    return info


def train(name: str, corpora: Path, out: Path) -> Path:
    """Make a model anew.

    Parameters
    ----------
    name : str
        A model's name; or "text-" and a language's code or file, for its words and its characters.
    corpora : Path
        Folder that holds ``text/``; the n-grams of Python need only the source of Python and its packages.
    out : Path
        Folder for the file.

    Returns
    -------
    Path
        The file made; of a language, that of its words.

    Raises
    ------
    ValueError
        If there is no such recipe, what it takes is not installed, or a training text is empty, binary or not UTF-8.
    FileNotFoundError
        If a training text is missing.
    """
    if name == _LLAMA:
        from generation.tiny_llama.recipe import make_tiny_llama

        return make_tiny_llama(corpora, out)
    if name.startswith(_LANGUAGE):
        tables = train_language(read_language(name.removeprefix(_LANGUAGE)), corpora)
    elif name in _NGRAMS:
        tables = {name: _NGRAMS[name](corpora)}
    else:
        raise ValueError(f"Argument 'name' (got {name!r}) must be one of {', '.join((*_NGRAMS, _LLAMA))}.")
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / (known if known.endswith((".arpa", _ARPA)) else known + _ARPA) for known in tables]
    for path, table in zip(paths, tables.values(), strict=True):
        write_arpa(table, path, digits=_DIGITS)
    return paths[0]


def _cached_table(info: ModelInfo) -> NgramTable:
    cached = _cache_folder() / f"{info.sha256}.npz"
    try:
        return load_table(cached)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        table = read_arpa(info.file)
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        save_table(table, cached)
    except OSError as error:
        _log.info("Model %s will start slowly next time too: %s.", info.name, error)
    return table


def _cache_folder() -> Path:
    named = os.environ.get("XDG_CACHE_HOME")
    return (Path(named) if named else Path.home() / ".cache") / "assent" / "ngrams"
