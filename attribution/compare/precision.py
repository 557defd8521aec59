"""Claims and lifts weighed by how far each is to be trusted: the estimate for small areas of Fay and Herriot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]
# Steps of the average over the discrepancy: with twice as many, estimates move by less than 1e-5 of an error.
STEPS: Final = 512


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """Claims moved towards lifts.

    Attributes
    ----------
    estimate, standard_error : float64[channels]
        In the units of claims and lifts; the error holds what is not known about β and τ.
    scale : float
        Mean of β: incremental conversions per claimed conversion, the bias that all channels share.
    discrepancy : float
        Median of τ: standard deviation of what else is wrong with a claim, in the same units.
    weight : float64[channels]
        Mean of γ: weight of the lift; the rest is that of the scaled claim.
    """

    estimate: Floats
    standard_error: Floats
    scale: float
    discrepancy: float
    weight: Floats


def weigh(claim: Floats, lift: Floats, error: Floats) -> Weighed:
    r"""Weigh a model's claims against lifts: claims are biased, lifts are noisy.

    For tested channels c with claim a_c, lift l_c and its standard error e_c,

        l_c ~ N(θ_c, e_c²),   θ_c ~ N(β a_c, τ²),   β ~ flat on [0, ∞),
        s² / (s² + τ²) ~ Uniform(0, 1),   s² = m / Σ 1 / e_c²  for m tests.

    Given τ, with w_c = 1 / (e_c² + τ²), I = Σ w a², b = Σ w a l / I:

        β ~ N(b, 1 / I) cut at 0,   γ_c = τ² / (τ² + e_c²),
        E θ_c = γ_c l_c + (1 − γ_c) E[β] a_c,   Var θ_c = γ_c e_c² + (1 − γ_c)² a_c² Var[β],
        p(l | τ) ∝ Π √w · exp(−Σ w (l − b a)² / 2) · Φ(b √I) / √I,

    and estimate and error are mean and standard deviation over τ.

    In plain words: the lifts of all tests together tell how much too high or too low the model claims on the whole,
    and how badly its channels disagree with the tests beyond the noise. The worse they do, the more each channel
    takes its own lift; a precise lift is taken nearly as it is. Before the data, a lift of usual precision is as
    likely to deserve any weight between 0 and 1; a few tests leave much of that open, so the weights that they allow
    are averaged, not the best one taken.

    Parameters
    ----------
    claim, lift, error : float64[channels]
        One unit for all, such as conversions; errors above 0.

    Notes
    -----
    One test cannot tell bias from noise: both ways of reading it give the lift.

    References
    ----------
    R. Fay, R. Herriot, "Estimates of Income for Small Places", JASA 74, 1979 (the model). M. Daniels, "A Prior for the
    Variance in Hierarchical Models", Canadian J. of Statistics 27, 1999 (the uniform shrinkage prior: proper, without
    a number to choose). C. Morris, "Parametric Empirical Bayes Inference", JASA 78, 1983 (why the error holds τ's).
    """
    claim, lift = np.asarray(claim, np.float64), np.asarray(lift, np.float64)
    noise = np.asarray(error, np.float64) ** 2
    if claim.size == 1:
        # Any β that the lift needs is allowed, unless its sign is against the claim; then too the lift is all there is.
        scale = max(0.0, float(lift[0] / claim[0])) if claim[0] else 0.0
        return Weighed(lift.copy(), np.sqrt(noise), scale, 0.0, np.ones(1))
    variance = _discrepancies(noise)
    weights = 1 / (noise + variance[:, None])
    information = (weights * claim**2).sum(axis=1)
    best = (weights * claim * lift).sum(axis=1) / information
    share = _posterior(weights, weights * (lift - best[:, None] * claim) ** 2, best * np.sqrt(information), information)
    beta, spread = _cut_at_zero(best, information)
    gamma = variance[:, None] * weights
    mean = gamma * lift + (1 - gamma) * beta[:, None] * claim
    within = gamma * noise + (1 - gamma) ** 2 * claim**2 * spread[:, None]
    estimate = share @ mean
    return Weighed(
        estimate=estimate,
        standard_error=np.sqrt(share @ (within + (mean - estimate) ** 2)),
        scale=float(share @ beta),
        discrepancy=float(np.sqrt(np.interp(0.5, np.cumsum(share), variance))),
        weight=share @ gamma,
    )


def _discrepancies(noise: Floats) -> Floats:
    """Values of τ², ascending, equally likely beforehand."""
    shrunk = 1 - (np.arange(STEPS) + 0.5) / STEPS
    return np.asarray((1 - shrunk) / shrunk / np.mean(1 / noise))


def _posterior(weights: Floats, squares: Floats, depth: Floats, information: Floats) -> Floats:
    """How likely each τ² is, given the lifts."""
    log = 0.5 * np.log(weights).sum(axis=1) - 0.5 * squares.sum(axis=1) - 0.5 * np.log(information)
    log += norm.logcdf(depth)
    likely = np.exp(log - log.max())
    return np.asarray(likely / likely.sum())


def _cut_at_zero(best: Floats, information: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of N(best, 1 / information) above 0."""
    depth = best * np.sqrt(information)
    ratio = np.exp(norm.logpdf(depth) - norm.logcdf(depth))
    spread = np.maximum(1 - depth * ratio - ratio**2, 0.0) / information
    return np.maximum(best + ratio / np.sqrt(information), 0.0), spread
