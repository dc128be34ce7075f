"""What the tiny llama reads: its documents, what is held out of them, and their tokens."""

import random
import re
import sysconfig
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation import recipes
from generation.ngrams.estimate import read_text
from generation.python.layout import double_quote_all
from generation.text.language import read_language

# Of the packages that Assent is installed with: those whose licence lets a model be made of them and shipped.
PACKAGES = (
    "cloudpickle",
    "decorator",
    "filelock",
    "fonttools",
    "fsspec",
    "Jinja2",
    "joblib",
    "matplotlib",
    "mne",
    "mypy",
    "narwhals",
    "numpy",
    "packaging",
    "pandas",
    "platformdirs",
    "pydantic",
    "pyparsing",
    "pyriemann",
    "pyserial",
    "pytest",
    "pyxdf",
    "rich",
    "scikit-learn",
    "scipy",
    "setuptools",
    "typer",
    "urllib3",
    "virtualenv",
    "websockets",
)
HELD_OUT_PACKAGES = ("attrs", "click", "pluggy", "pyntbci")
_PERMISSIVE = frozenset(
    {"0BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "MIT", "PSF-2.0", "Zlib", "Apache-2.0 OR BSD-2-Clause"}
    | {"BSD License", "MIT License", "Python Software Foundation License", "BSD (3-clause)"}
)
# What a package carries of others, under their own licences, and its tests.
_NOT_ITS_OWN = recipes.SKIPPED_FOLDERS | {"_vendor", "vendored", "extern", "externals", "testing", "_distutils"}
_MAX_BYTES = 200_000
_MAX_CHARACTERS = 1_000_000
_MAX_DIGITS = 0.15
_LONG_LINE = 40
_MAX_SHARED = 0.05

VOCABULARY = 4096
END_OF_TEXT = "<|endoftext|>"
# Qwen2's pre-tokenizer, which llama.cpp knows by name.
PRE_TOKENIZER = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

Tokens = NDArray[np.uint16]


def training_documents(corpora: Path) -> dict[str, list[str]]:
    """Everything the model learns from, by source: "library", "packages" and "english".

    Raises
    ------
    FileNotFoundError
        If a training text or a package is missing.
    ValueError
        If a package's licence is not known to be permissive.
    """
    return {**programs(held_out_modules() + held_out_packages()), "english": english(corpora)}


def programs(held_out: Iterable[str]) -> dict[str, list[str]]:
    """The modules to learn from that copy none of those held out, by source: "library" and "packages".

    Raises
    ------
    FileNotFoundError
        If a package is missing.
    ValueError
        If a package's licence is not known to be permissive.
    """
    known = long_lines(held_out)
    library = [source for source in recipes.standard_library().values() if not repeats(source, known)]
    return {"library": library, "packages": [source for name in PACKAGES for source in _share(name, known)]}


def held_out_modules() -> list[str]:
    """The modules of the standard library that no model learns from, strings in double quotes."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    return [double_quote_all(read_text(folder / name)) for name in recipes.HELD_OUT_MODULES]


def held_out_packages() -> list[str]:
    """Every module of the packages held out, as far as they are installed."""
    installed = [name for name in HELD_OUT_PACKAGES if any(Distribution.discover(name=name))]
    return [source for name in installed for source in package_sources(name)]


def package_sources(name: str) -> list[str]:
    """Modules of an installed package that are its own and no tests or tables, strings in double quotes.

    Raises
    ------
    FileNotFoundError
        If it is not installed.
    ValueError
        If its licence is not known to be permissive.
    """
    try:
        package = distribution(name)
    except ModuleNotFoundError as error:
        raise FileNotFoundError(f"Package {name} must be installed: the tiny llama learns from its source.") from error
    licence(package)
    paths = [Path(str(file.locate())) for file in sorted(package.files or ()) if _is_its_own(file.parts)]
    sources = [path.read_bytes().decode("utf-8", "replace") for path in paths if path.stat().st_size < _MAX_BYTES]
    return [double_quote_all(source) for source in sources if source.strip() and not _is_table(source)]


def licence(package: Distribution) -> str:
    """A package's licence as its metadata has it.

    Raises
    ------
    ValueError
        If it is not known to be permissive.
    """
    said = package.metadata.json
    classifiers = [c.split(" :: ")[-1] for c in said.get("classifier", ())]
    known = next((classifier for classifier in classifiers if classifier in _PERMISSIVE), None)
    named = str(said.get("license_expression") or known or said.get("license", "none"))
    if named not in _PERMISSIVE and not set(named.split(" AND ")) <= _PERMISSIVE:
        raise ValueError(
            f"Package {package.name} (licence {named[:80]!r}) must have a permissive licence to learn from."
        )
    return named


def english(corpora: Path) -> list[str]:
    """Sentences on their own and paragraphs of books, normalised as a text's documents are; each ends its line."""
    folder = corpora / "text"
    sentences = recipes.read_sentences(folder / recipes.SENTENCES)[recipes.N_HELD_OUT_SENTENCES :]
    paragraphs = [
        " ".join(paragraph.split())
        for book in recipes.BOOKS
        for paragraph in re.split(r"\n\s*\n", read_language("en").normalise(read_text(folder / book).replace("_", "")))
    ]
    return [text + "\n" for text in sentences + paragraphs if text]


def train_tokenizer(documents: dict[str, list[str]]) -> Any:
    """A byte-level BPE of ``VOCABULARY`` tokens, which llama.cpp's "qwen2" cuts alike."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRE_TOKENIZER), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([text for texts in documents.values() for text in texts], trainer)
    return tokenizer


def encode(tokenizer: Any, documents: Iterable[str], rng: np.random.Generator) -> Tokens:
    """Documents in random order, each begun by the end-of-text token.

    Returns
    -------
    array of uint16, shape (n_tokens,)
    """
    documents = list(documents)
    begin = tokenizer.token_to_id(END_OF_TEXT)
    shuffled = [documents[i] for i in rng.permutation(len(documents))]
    ids = [[begin, *encoding.ids] for encoding in tokenizer.encode_batch(shuffled)]
    return np.concatenate([np.array(document, np.uint16) for document in ids])


def long_lines(sources: Iterable[str]) -> frozenset[str]:
    """Lines by which a copy is told."""
    lines = {line.strip() for source in sources for line in source.splitlines()}
    return frozenset(line for line in lines if len(line) >= _LONG_LINE)


def repeats(source: str, known: frozenset[str]) -> bool:
    """Whether a document copies what is held out."""
    lines = long_lines([source])
    return len(lines & known) > max(3, _MAX_SHARED * len(lines))


def _share(name: str, known: frozenset[str]) -> list[str]:
    """Modules of a package by lot, so many that no package outweighs the others, and none that copies what is known."""
    sources = [source for source in package_sources(name) if not repeats(source, known)]
    random.Random(name).shuffle(sources)  # noqa: S311
    ends = np.cumsum([len(source) for source in sources])
    return sources[: int(np.searchsorted(ends, _MAX_CHARACTERS)) + 1]


def _is_its_own(parts: tuple[str, ...]) -> bool:
    return (
        parts[-1].endswith(".py") and not _NOT_ITS_OWN & set(parts) and not parts[-1].startswith(("test_", "conftest"))
    )


def _is_table(source: str) -> bool:
    return sum(c.isdigit() for c in source) > _MAX_DIGITS * len(source)
