"""What was believed before and what the signals say, put together in the log domain."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import logsumexp

from acquisition.stream import FloatArray
from selector.types import Evidence, Posterior


def fuse(
    log_prior: FloatArray, evidence: Sequence[Evidence], weights: Mapping[str, float] | None = None
) -> tuple[Posterior, tuple[str, ...]]:
    """Bayes' rule over the slots and "attends to nothing".

    Each modality's log-likelihood counts times its weight times its quality: a stream half of which
    was lost is trusted by half in what is left of it. Modalities are taken as independent.

    Parameters
    ----------
    log_prior : array, shape (n_slots + 1,)
        In nats, up to a constant; minus infinity where something is impossible.
    evidence : sequence of Evidence
        At most one per modality.
    weights : mapping of str to float, optional
        By modality; 1 where none is given. With 0 a modality is not heard at all.

    Returns
    -------
    posterior : Posterior
    faults : tuple of str
        One sentence for each evidence that was left out because it holds what is no evidence.

    Raises
    ------
    ValueError
        If the prior holds NaN or +inf or rules everything out, or a weight is negative or not finite.
    """
    weights = dict(weights or {})
    for modality, weight in weights.items():
        if not (np.isfinite(weight) and weight >= 0):
            raise ValueError(f"Argument 'weights' must be at least 0 (got {weight:g} for {modality!r}).")
    log_prior = np.asarray(log_prior, dtype=np.float64)
    if log_prior.ndim != 1 or not np.all(log_prior < np.inf) or not np.any(log_prior > -np.inf):
        raise ValueError(
            "Argument 'log_prior' must be a row of finite numbers or minus infinity, not all of them the latter."
        )
    log_prior = log_prior - logsumexp(log_prior)

    log_likelihood = np.zeros_like(log_prior)
    n_observations = 0
    faults = []
    for one in evidence:
        weight = weights.get(one.modality, 1.0)
        if weight == 0:
            continue
        fault = _fault(one, log_prior + log_likelihood)
        if fault:
            faults.append(f"Evidence from {one.modality!r} was left out: {fault}.")
            continue
        if one.quality > 0:
            log_likelihood = log_likelihood + weight * one.quality * (one.log_likelihood - one.log_likelihood.max())
            n_observations += one.n_observations
    log_p = log_prior + log_likelihood
    return Posterior(log_prior, log_likelihood, np.exp(log_p - logsumexp(log_p)), n_observations), tuple(faults)


def _fault(evidence: Evidence, log_p: FloatArray) -> str:
    """What is wrong with it, given what is believed so far; empty where nothing is."""
    values = evidence.log_likelihood
    if values.shape != log_p.shape:
        return f"its log-likelihood has shape {values.shape} where {log_p.shape} is needed"
    if not np.all(values < np.inf):
        return "its log-likelihood holds NaN or +inf"
    if not 0 <= evidence.quality <= 1:
        return f"its quality is {evidence.quality:g}, not between 0 and 1"
    if not np.any(values + log_p > -np.inf):
        return "it rules out everything that is possible"
    return ""
