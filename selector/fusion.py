"""What was believed before and what the signals say, put together in the log domain."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax

from acquisition.stream import FloatArray
from selector.types import Evidence, Posterior

PRIOR = "prior"
"""The log prior's name among the weights."""


def fuse(
    log_prior: FloatArray,
    evidence: Sequence[Evidence],
    weights: Mapping[str, float] | None = None,
    lapse: float = 0.0,
) -> tuple[Posterior, tuple[str, ...]]:
    """Bayes' rule over the slots and "attends to nothing".

    Each modality's log-likelihood counts times its weight times its quality: a stream half of which
    was lost is trusted by half in what is left of it. Modalities are taken as independent while the person attends.

    Parameters
    ----------
    log_prior : array, shape (n_slots + 1,)
        In nats, up to a constant; minus infinity where something is impossible.
    evidence : sequence of Evidence
        At most one per modality.
    weights : mapping of str to float, optional
        By modality, and under "prior" that of the log prior; 1 where none is given. With 0 a modality is not heard
        at all, and a prior is as flat as what it rules out lets it be.
    lapse : float
        Share of trials in which attention is elsewhere, for all modalities at once; see `with_lapses`.

    Returns
    -------
    posterior : Posterior
    faults : tuple of str
        One sentence for each evidence that was left out because it holds what is no evidence.

    Raises
    ------
    ValueError
        If the prior holds NaN or +inf or rules everything out, a weight is negative or not finite, or ``lapse`` is
        no probability.
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
    if not 0 <= lapse < 1:
        raise ValueError(f"Argument 'lapse' must be at least 0 and less than 1 (got {lapse:g}).")
    possible = log_prior > -np.inf
    log_prior = np.where(possible, weights.get(PRIOR, 1.0) * np.where(possible, log_prior, 0.0), -np.inf)
    log_prior = log_prior - np.logaddexp.reduce(log_prior)

    log_likelihood = np.zeros_like(log_prior)
    heard = []
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
            heard.append(weight * one.quality * (one.log_likelihood - one.log_likelihood.max()))
            log_likelihood = log_likelihood + heard[-1]
            n_observations += one.n_observations
    if lapse > 0:
        log_likelihood = with_lapses(heard, lapse) if heard else log_likelihood
    log_p = log_prior + log_likelihood
    p = np.exp(log_p - np.logaddexp.reduce(log_p))
    return Posterior(log_prior, log_likelihood, p, n_observations), tuple(faults)


def with_lapses(log_likelihoods: Sequence[FloatArray], lapse: float) -> FloatArray:
    """What several modalities say together, if attention may have been elsewhere for all of them.

    Two modalities are independent only as long as the person attends: when attention lapses, the brain answers to
    nothing and the eyes are anywhere, at the same time. In such a trial each modality for itself is taken to answer to
    any slot or to nothing, evenly. One modality alone can then not exceed about ``1 - lapse``, nor can one that
    overrules another; two that agree can, since they would not do so by chance.

    Parameters
    ----------
    log_likelihoods : sequence of array, shape (n_slots + 1,)
        Of each modality, in nats.
    lapse : float
        Share of trials with a lapse.

    Returns
    -------
    array, shape (n_slots + 1,)
        In nats, up to a constant.

    Notes
    -----
    The latent "attended or not" of lapse rates in psychophysics, shared by the modalities: Wichmann & Hill, "The
    psychometric function: I", Perception & Psychophysics 63, 2001.
    """
    attending = np.sum(log_likelihoods, axis=0)
    if lapse == 0:
        return np.asarray(attending)
    elsewhere = sum(np.logaddexp.reduce(one) - np.log(len(one)) for one in log_likelihoods)
    return np.asarray(np.logaddexp(np.log1p(-lapse) + attending, np.log(lapse) + elsewhere))


def fit_weights(
    log_priors: FloatArray, evidences: Mapping[str, FloatArray], labels: NDArray[np.integer], most: float = 1.0
) -> dict[str, float]:
    """How much the prior and each modality deserve to count, by maximum likelihood on held-out trials.

    Parameters
    ----------
    log_priors : array, shape (n_trials, n_slots + 1)
        In nats; minus infinity where something is impossible.
    evidences : mapping of str to array, shape (n_trials, n_slots + 1)
        Log-likelihoods of each modality, in nats, quality included.
    labels : array of int, shape (n_trials,)
        What was attended to; ``n_slots`` for nothing.
    most : float
        Upper bound. Evidence that is calibrated deserves no more than its face value of 1, and a few trials that all
        came right would ask for any amount.

    Returns
    -------
    dict of str to float
        As `fuse` takes them, the prior's under "prior". What never tells two slots of a trial apart gets 0.

    Raises
    ------
    ValueError
        If there is no trial, shapes do not match, evidence is not finite, or a label is impossible or none.

    Notes
    -----
    A conditional logit (McFadden, "Conditional logit analysis of qualitative choice behavior", 1974): the likelihood
    is concave, so its maximum within the bounds is the only one. Log-linear pools: Genest & Zidek, Statistical Science
    1, 1986.
    """
    log_priors, labels = np.asarray(log_priors, dtype=np.float64), np.asarray(labels)
    _check_trials(log_priors, evidences, labels)
    possible = log_priors > -np.inf
    names = [PRIOR, *evidences]
    said = np.stack(
        [np.where(possible, log_priors, 0.0), *(np.asarray(e, dtype=np.float64) for e in evidences.values())]
    )
    said = said - np.where(possible, said, -np.inf).max(axis=2, keepdims=True)
    speaks = np.where(possible, said, 0.0).min(axis=(1, 2)) < 0
    rows = np.arange(len(labels))

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        joint = np.where(possible, np.tensordot(weights, said, 1), -np.inf)
        log_p = log_softmax(joint, axis=1)
        expected = np.einsum("ts,wts->w", np.exp(log_p), said)
        return float(-log_p[rows, labels].mean()), (expected - said[:, rows, labels].sum(axis=1)) / len(labels)

    found = minimize(loss, np.where(speaks, most / 2, 0.0), jac=True, bounds=[(0.0, most * s) for s in speaks])
    return dict(zip(names, found.x.tolist(), strict=True))


def fit_lapse(log_priors: FloatArray, evidences: Mapping[str, FloatArray], labels: NDArray[np.integer]) -> float:
    """The share of trials with a lapse, by maximum likelihood on held-out trials.

    Parameters
    ----------
    log_priors, evidences, labels
        As for `fit_weights`; evidence is weighted already.

    Returns
    -------
    float
        At most 0.5, and at least one in two trials more than there are: that no lapse was seen does not mean that none
        will come.

    Raises
    ------
    ValueError
        As `fit_weights`.
    """
    log_priors, labels = np.asarray(log_priors, dtype=np.float64), np.asarray(labels)
    _check_trials(log_priors, evidences, labels)
    rows = np.arange(len(labels))

    def loss(lapse: float) -> float:
        joint = [with_lapses(of_trial, lapse) for of_trial in zip(*evidences.values(), strict=True)]
        return float(-log_softmax(log_priors + np.array(joint), axis=1)[rows, labels].mean())

    return float(minimize_scalar(loss, bounds=(1 / (len(labels) + 2), 0.5), method="bounded").x)


def _check_trials(log_priors: FloatArray, evidences: Mapping[str, FloatArray], labels: NDArray[np.integer]) -> None:
    shape = log_priors.shape
    if len(shape) != 2 or not len(log_priors) or labels.shape != shape[:1]:
        raise ValueError(
            f"Arguments 'log_priors' and 'labels' must hold one row and one label a trial (got {shape} and "
            f"{labels.shape})."
        )
    for name, values in evidences.items():
        if name == PRIOR or np.shape(values) != shape or not np.isfinite(values).all():
            raise ValueError(
                f"Argument 'evidences' must hold finite log-likelihoods of shape {shape} under a modality's name "
                f"(got {np.shape(values)} under {name!r}, or NaN or infinity in it)."
            )
    if np.isnan(log_priors).any() or not np.all((labels >= 0) & (labels < shape[1])):
        raise ValueError(f"Argument 'labels' must be in 0..{shape[1] - 1}, and 'log_priors' must not hold NaN.")
    if np.any(log_priors[np.arange(len(labels)), labels] == -np.inf):
        raise ValueError("Argument 'log_priors' must not rule out what was attended to.")


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
