"""How likely each text is to come next: what candidates say of themselves, and the speller of what they leave over."""

import math
from collections.abc import Callable, Mapping


class Branches:
    """One measure over all continuations of a context, from two that may disagree.

    A candidate has its own probability; those that begin with a longer-standing one share in it. A letter has that of
    the candidates that begin with it, and a part of what all candidates leave over: as much as the speller gives the
    letter beyond its candidates. Behind a letter or a candidate, what its longer candidates leave over goes as the
    speller says. So letters sum to one, no text is less likely than a longer one that begins with it, and the
    probability of what no candidate holds is exactly what calibrated candidates leave for it.

    Parameters
    ----------
    letters : mapping of str to float
        The speller's probability of every letter that may follow.
    candidates : mapping of str to float
        Probability that the document goes on with each text; more than one in total is scaled down. Of one that is a
        letter, the greater probability counts.
    spell : callable
        ``(beginning, text)`` to the speller's log-probability (nats) that ``text`` follows ``beginning``.
    """

    def __init__(
        self, letters: Mapping[str, float], candidates: Mapping[str, float], spell: Callable[[str, str], float]
    ) -> None:
        self._spell = spell
        letters = {letter: max(p, candidates.get(letter, 0.0)) for letter, p in letters.items()}
        candidates = {text: p for text, p in candidates.items() if text not in letters}
        self._p: dict[str, float] = {}
        self._below: dict[str, list[str]] = {"": []}
        for text in sorted(candidates, key=len):
            self._below[self._node(text)].append(text)
            self._below[text] = []
        self._give("", 1.0, candidates)
        left = 1.0 - math.fsum(self._p[text] for text in self._below[""])
        inside = {letter: self._inside("", letter) for letter in letters}
        beyond = {letter: max(0.0, p - inside[letter]) for letter, p in letters.items()}
        total = math.fsum(beyond.values()) or math.fsum(letters.values())
        shares = beyond if any(beyond.values()) else letters
        self._letters = {letter: inside[letter] + left * shares[letter] / total for letter in letters}

    def p(self, text: str) -> float:
        """Probability that the document goes on with a text."""
        if not text:
            return 1.0
        if text in self._p:
            return self._p[text]
        if text in self._letters:
            return self._letters[text]
        node = self._node(text)
        inside = self._inside(node, text)
        if node:
            own = self._p[node] - math.fsum(self._p[longer] for longer in self._below[node])
        else:
            node = text[0]
            own = self._letters.get(node, 0.0) - self._inside("", node)
        return inside + max(0.0, own) * math.exp(self._spell(node, text[len(node) :]))

    def _node(self, text: str) -> str:
        """The longest candidate that a text goes on from."""
        return next((text[:end] for end in range(len(text) - 1, 0, -1) if text[:end] in self._below), "")

    def _inside(self, node: str, text: str) -> float:
        return math.fsum(self._p[longer] for longer in self._below[node] if longer.startswith(text))

    def _give(self, node: str, p: float, asked: Mapping[str, float]) -> None:
        """Hand out a probability among what is longer, none more than it asks for."""
        below = self._below[node]
        total = math.fsum(asked[text] for text in below)
        scale = min(1.0, (1.0 - _LEFT) * p / total) if total > 0.0 else 0.0
        for text in below:
            self._p[text] = asked[text] * scale
            self._give(text, self._p[text], asked)


# What candidates together leave at least: nothing is ever impossible.
_LEFT = 1e-6
