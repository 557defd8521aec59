"""Claims and lifts weighed by how far each is to be trusted: the estimate for small areas of Fay and Herriot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """Claims moved towards lifts.

    Attributes
    ----------
    estimate, standard_error : float64[channels]
        In the units of claims and lifts. The error leaves out that of τ itself.
    scale : float
        β: incremental conversions per claimed conversion, the bias that all channels share.
    discrepancy : float
        τ: standard deviation of what else is wrong with a claim, in the same units.
    weight : float64[channels]
        γ: weight of the lift; the rest is that of the scaled claim.
    """

    estimate: Floats
    standard_error: Floats
    scale: float
    discrepancy: float
    weight: Floats


def weigh(claim: Floats, lift: Floats, error: Floats) -> Weighed:
    r"""Weigh a model's claims against lifts: claims are biased, lifts are noisy.

    For tested channels c with claim a_c, lift l_c and its standard error e_c,

        l_c = θ_c + N(0, e_c²),   θ_c = β a_c + N(0, τ²),
        β = max(0, Σ w a l / Σ w a²),  w_c = 1 / (e_c² + τ²),
        Σ w_c (l_c − β a_c)² = m − 1  (τ = 0 where no τ ≥ 0 solves it),
        θ̂_c = γ_c l_c + (1 − γ_c) β a_c,   γ_c = τ² / (τ² + e_c²),
        error² = γ_c e_c² + (1 − γ_c)² a_c² / Σ w a².

    In plain words: the lifts of all m tests together tell how much too high or too low the model claims on the
    whole, and how badly its channels disagree with the tests beyond the noise. The worse they do, the more each
    channel takes its own lift; a precise lift is taken as it is. A single test cannot tell bias from noise: γ = 1.

    Parameters
    ----------
    claim, lift, error : float64[channels]
        One unit for all, such as conversions; errors above 0.

    Notes
    -----
    One τ for all channels, estimated from few of them: with six tests it is itself uncertain by a half or more,
    and τ = 0 (claims scaled by β alone) can come of noisy lifts, not of a good model.

    References
    ----------
    R. Fay, R. Herriot, "Estimates of Income for Small Places", JASA 74, 1979 (estimate and equation for τ).
    R. Paule, J. Mandel, "Consensus Values and Weighting Factors", J. Res. NBS 87, 1982. N. Prasad, J. Rao, "The
    Estimation of the Mean Squared Error of Small-Area Estimators", JASA 85, 1990 (first two terms of the error).
    """
    claim, lift = np.asarray(claim, np.float64), np.asarray(lift, np.float64)
    noise = np.asarray(error, np.float64) ** 2
    variance = _discrepancy(claim, lift, noise)
    beta, information = _scale(claim, lift, noise + variance)
    gamma = variance / (variance + noise) if claim.size > 1 else np.ones(1)
    return Weighed(
        estimate=gamma * lift + (1 - gamma) * beta * claim,
        standard_error=np.sqrt(gamma * noise + (1 - gamma) ** 2 * claim**2 / information),
        scale=beta,
        discrepancy=float(np.sqrt(variance)),
        weight=gamma,
    )


def _scale(claim: Floats, lift: Floats, variance: Floats) -> tuple[float, float]:
    """β by weighted least squares through the origin, and Σ w a²."""
    information = float((claim**2 / variance).sum())
    return max(0.0, float((claim * lift / variance).sum()) / information), information


def _discrepancy(claim: Floats, lift: Floats, noise: Floats) -> float:
    """τ² at which the weighted squares of what is left are as large as they should be."""

    def excess(variance: float) -> float:
        beta, _ = _scale(claim, lift, noise + variance)
        return float(((lift - beta * claim) ** 2 / (noise + variance)).sum()) - (claim.size - 1)

    # Every weighted square is below l² / τ² at β = 0, and the best β leaves no more than that.
    highest = float((lift**2).sum()) + 1.0
    if claim.size < 2 or excess(0.0) <= 0:
        return 0.0
    return float(brentq(excess, 0.0, highest, xtol=1e-9 * highest))
