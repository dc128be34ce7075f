"""The document that a session begins with: empty, a file's, or a small sample of kinds that need one."""

from pathlib import Path

from experiments.config import Config
from experiments.document import Document
from experiments.files import read_context
from generation.types import Kind

_FOLDER = Path(__file__).parent / "samples"
SAMPLES: dict[Kind, tuple[Path, str | None]] = {
    "table": (_FOLDER / "visits.csv", None),
    "formula": (_FOLDER / "budget.xlsx", "D5"),
}
"""File, and cell, of kinds that are nothing without a scope."""


def opening_document(config: Config) -> Document:
    """The document that the settings name, with the cursor at its end, or at its cell.

    Raises
    ------
    OSError, ValueError
        If it cannot be read; in a sentence.
    """
    path, cell = SAMPLES.get(config.kind, (None, None))
    if config.document is not None:
        path, cell = Path(config.document), config.cell
    if path is None:
        return Document(config.kind)
    context = read_context(path, config.kind, cell=cell)
    return Document(config.kind, context.before, scope=context.scope)
