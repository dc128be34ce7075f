"""The generators and the speller of a language."""

from pathlib import Path

from generation.models import load
from generation.ngrams.model import ArpaModel, load_model
from generation.text.candidates import PhraseGenerator, WordGenerator
from generation.text.language import Language, read_language
from generation.text.mixture import MixedModel
from generation.text.model import WordModel
from generation.text.spelled import SpelledWords
from generation.text.speller import TextSpeller
from generation.types import Generator


def text_generators(
    language: str | Path = "en", remembers: bool = True, earlier: str = ""
) -> tuple[list[Generator], TextSpeller]:
    """Generators and speller for a language's text.

    Parameters
    ----------
    language : str or Path
        The code of a language that Assent brings, or a language file of one's own.
    remembers : bool
        Whether what the document holds already makes words likelier.
    earlier : str
        What the person has written elsewhere, oldest first.

    Raises
    ------
    FileNotFoundError, ValueError
        If the language or one of its models is missing or faulty.
    """
    spoken = read_language(language)
    models = [_model(spoken, name) for name, _ in spoken.words]
    mixture = MixedModel(models, [weight for _, weight in spoken.words], spoken.attached)
    words = WordModel(spoken, mixture, remembers, earlier)
    characters = _model(spoken, spoken.characters)
    return [WordGenerator(words, SpelledWords(characters)), PhraseGenerator(words)], TextSpeller(words, characters)


def _model(language: Language, name: str) -> ArpaModel:
    """A model by its name, or by its file beside the language's."""
    if not name.endswith((".arpa", ".arpa.gz")):
        return load(name)
    path = language.folder / name
    if not path.is_file():
        raise FileNotFoundError(f"Language {language.name} needs model {path}, which does not exist.")
    return load_model(path)
