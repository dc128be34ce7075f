"""A few continuations of a language model's own, drawn side by side, as one more generator."""

import hashlib
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from generation.llm.llama import Interrupted, LogProbabilities, Row
from generation.llm.scorer import LlmScorer
from generation.ngrams.arpa import FloatArray
from generation.types import Candidate, Context, Kind

_log = logging.getLogger(__name__)

# A block's last character, and its most tokens; a sample without the one is kept as far as the other goes.
_ENDS: Mapping[Kind, bytes] = {"text": b" .,?!\n", "python": b"\n", "table": b",;\t\n", "formula": b"\n"}
_N_TOKENS: Mapping[Kind, int] = {"text": 8, "python": 16, "table": 12, "formula": 10}


@dataclass(slots=True)
class _Sample:
    """A continuation while it is drawn."""

    tokens: list[int] = field(default_factory=list)
    text: bytes = b""
    ended: bool = False


class LlmSampler:
    """Continuations that a model draws itself, to the end of the block, each with the probability the model gives it.

    They are drawn in parallel from what the scorer has read, the last token of the context anew, so that a word begun
    is gone on with as a whole. The same context gives the same samples. What no document of its kind can hold is
    left to the validators.

    Parameters
    ----------
    scorer : LlmScorer
    n_samples : int
        At most; those that come twice count once.
    top_p : float
        Each token is drawn from the likeliest ones that together have this probability (nucleus sampling [1]_).
    budget_s : float
        Time for one page, in s; what is not drawn by then is left out.
    clock : callable
        Time in s.

    Raises
    ------
    ValueError
        If ``n_samples`` or ``top_p`` is out of its range.

    References
    ----------
    .. [1] Holtzman et al. (2020). The curious case of neural text degeneration. ICLR.
    """

    name = "samples"

    def __init__(
        self,
        scorer: LlmScorer,
        n_samples: int = 6,
        top_p: float = 0.95,
        budget_s: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 1 <= n_samples <= scorer.n_at_once:
            raise ValueError(f"Argument 'n_samples' (got {n_samples}) must be from 1 to {scorer.n_at_once}.")
        if not 0 < top_p <= 1:
            raise ValueError(f"Argument 'top_p' (got {top_p:g}) must be above 0 and at most 1.")
        self._scorer = scorer
        self._n_samples = n_samples
        self._top_p = top_p
        self._budget_s = budget_s
        self._clock = clock
        self._failed = False

    def close(self) -> None:
        """Give the model's memory back."""
        self._scorer.close()

    def propose(self, context: Context, n: int) -> list[Candidate]:
        """Return at most ``n`` candidates, likeliest first, no text twice; none where the model fails or is late."""
        if n < 1:
            return []
        deadline = self._clock() + self._budget_s

        def late() -> bool:
            return self._clock() > deadline

        try:
            texts = self._draw(context, late)
            log_p = self._scorer.score(context.before, texts, stop=late).whole if texts else np.empty(0)
        except (RuntimeError, ValueError, OSError, MemoryError) as error:
            if not isinstance(error, Interrupted) and not self._failed:
                _log.warning("No samples are drawn: %s", error)
            self._failed = self._failed or not isinstance(error, Interrupted)
            return []
        found = [
            Candidate(text, min(float(p), 0.0), self.name)
            for text, p in zip(texts, log_p, strict=True)
            if math.isfinite(p)
        ]
        return sorted(found, key=lambda c: (-c.log_p, c.text))[:n]

    def _draw(self, context: Context, late: Callable[[], bool]) -> list[str]:
        """Texts beyond the cursor, each to its end."""
        llama = self._scorer.llama
        rng = np.random.default_rng(list(hashlib.sha256(context.before.encode("utf-8", "replace")).digest()))
        samples = [_Sample() for _ in range(self._n_samples)]
        sequences = range(1, len(samples) + 1)
        alive, begun = list(sequences), b""
        usual, llama.stop = llama.stop, late
        try:
            log_p, begun, position = self._scorer.read(context.before)
            rows: LogProbabilities = np.repeat(log_p[None], len(samples), axis=0)
            llama.share(sequences)
            for step in range(_N_TOKENS[context.kind]):
                for sequence, row in zip(alive, rows, strict=True):
                    self._grow(samples[sequence - 1], row, begun, context.kind, rng)
                alive = [sequence for sequence in alive if not samples[sequence - 1].ended]
                if not alive:
                    break
                fed = [Row(samples[sequence - 1].tokens[-1], position + step, (sequence,)) for sequence in alive]
                rows = llama.evaluate(fed)
        except Interrupted:
            pass  # what is drawn so far may still be whole
        finally:
            llama.stop = usual
            llama.drop(sequences)
        texts = (sample.text[len(begun) :].decode("utf-8", "ignore") for sample in samples if sample.ended)
        return list(dict.fromkeys(text for text in texts if text))

    def _grow(self, sample: _Sample, log_p: FloatArray, begun: bytes, kind: Kind, rng: np.random.Generator) -> None:
        """Draw one more token; the first ones must begin as the context ends."""
        pieces = self._scorer.llama.pieces
        p = np.exp(log_p.astype(float))
        if not sample.tokens and begun:
            p *= np.array([piece.startswith(begun) for piece in pieces])
        order = np.argsort(-p, kind="stable")
        kept = order[: 1 + int(np.searchsorted(np.cumsum(p[order]), self._top_p * p.sum()))]
        token = int(rng.choice(kept, p=p[kept] / p[kept].sum()))
        if not pieces[token]:  # a sign of the model's own: the document ends here
            sample.ended = True
            return
        sample.tokens.append(token)
        sample.text += pieces[token]
        beyond = sample.text[len(begun) :]
        ends = [place for end in _ENDS[kind] if (place := beyond.find(bytes([end]), 1)) >= 0]
        if ends:
            sample.text = sample.text[: len(begun) + min(ends) + 1]
        sample.ended = bool(ends) or len(sample.tokens) == _N_TOKENS[kind]
