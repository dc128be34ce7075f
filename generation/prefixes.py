"""Texts as a tree in which each hangs below the longest other that it begins with."""

from collections.abc import Collection, Iterable

import numpy as np

from generation.ngrams.arpa import FloatArray


class PrefixTree:
    """Distinct texts in their order, and what each hangs below.

    A document that goes on with a text goes on with all that the text begins with, so a text is at least as probable
    as what hangs below it together.

    Parameters
    ----------
    texts : iterable of str

    Attributes
    ----------
    texts : list of str
        Sorted, so that a text follows what it begins with.
    parents : list of int
        Place of the text that each hangs below; ``len(texts)``, the tree's root, where there is none.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = sorted(set(texts))
        self.root = len(self.texts)
        self.parents: list[int] = []
        above: list[int] = []
        for place, text in enumerate(self.texts):
            while above and not text.startswith(self.texts[above[-1]]):
                above.pop()
            self.parents.append(above[-1] if above else self.root)
            above.append(place)

    @property
    def tops(self) -> list[int]:
        """Places of the texts that begin with no other: at most one of them comes true."""
        return [place for place, parent in enumerate(self.parents) if parent == self.root]

    @property
    def leaves(self) -> list[int]:
        """Places of the texts that no other begins with: at most one of them comes true."""
        inner = set(self.parents)
        return [place for place in range(self.root) if place not in inner]

    def chain(self, rest: str) -> list[int]:
        """Places of the texts that ``rest`` begins with, shortest first."""
        return [place for place, text in enumerate(self.texts) if text and rest.startswith(text)]

    def gather(self, own: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What each text has at least, given what is known of it alone.

        Parameters
        ----------
        own : array, shape (n_rows, n_texts)
            Probabilities; zero where nothing is known.

        Returns
        -------
        mass : array, shape (n_rows, n_texts)
            The larger of its own and of what hangs below it together.
        below : array, shape (n_rows, n_texts + 1)
            What hangs below each text together; the last is the root.
        """
        mass = np.array(own, float)
        below = np.zeros((len(mass), self.root + 1))
        for place in range(self.root - 1, -1, -1):
            np.maximum(mass[:, place], below[:, place], out=mass[:, place])
            below[:, self.parents[place]] += mass[:, place]
        return mass, below


def mass_of_any(texts: Collection[str], p: FloatArray) -> float:
    """Probability that one of the texts comes true, given that of each, shape (n_texts,); one at most."""
    tree = PrefixTree(texts)
    known = dict(zip(texts, p.tolist(), strict=True))
    _, below = tree.gather(np.array([[known[text] for text in tree.texts]]))
    return float(min(1.0, below[0, tree.root]))
