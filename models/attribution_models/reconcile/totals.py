"""Totals per channel: the mix model's posterior, updated by path totals and by experiments on people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from attribution_models.reconcile.copula import Copula
from attribution_models.reconcile.evidence import Beliefs, Experiment, MixTotals, PathTotals
from attribution_models.reconcile.likelihood import Evidence
from attribution_models.reconcile.slices import ellipse_at_peak, elliptical_slices

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Method = Literal["weights", "copula"]
# Weights are trusted where they are worth this share of the draws, and this many of them.
LEAST_SHARE, LEAST = 0.05, 100


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """Reconciled totals.

    Attributes
    ----------
    names : tuple of str
        Channels of the mix model, then those that only paths know.
    draws : array (N, C)
        Equally likely draws.
    index : array (N,)
        The mix model's draw that stands behind each (``weights``), or beside it (``copula``): for what was not updated.
    method : str
    effective : float
        Effective number of draws behind the weights, (Σ w)² / Σ w².
    drift : float
        Of the chains, under ``copula`` (`slices.elliptical_slices`); else 0.
    bias : tuple of float
        Mean and standard deviation of b, the common error of path totals in logs; (0, σ_b) without common channels.
    apart : array (C,)
        log path total − mean of b − mean log total of the mix model, in standard deviations of all that is
        uncertain in it: b, τ, the bootstrap and the mix model. NaN for channels that only one of them knows.
    """

    names: tuple[str, ...]
    draws: Floats
    index: Ints
    method: Method
    effective: float
    drift: float
    bias: tuple[float, float]
    apart: Floats


def reconcile_totals(
    mix: MixTotals,
    paths: PathTotals | None = None,
    experiments: tuple[Experiment, ...] = (),
    beliefs: Beliefs | None = None,
    seed: int = 1,
) -> Totals:
    r"""Update a media-mix posterior by biased path totals and by experiments.

        p(T | all) ∝ p_mix(T) · ∫ N(log p; log T + b 1, τ² I + V) N(b; 0, σ_b²) db · Π N(lift; share · T_c, deviation²)

    p_mix(T) are the mix model's draws, its lift tests inside. They are weighted by the rest (b is integrated exactly) and
    resampled systematically: exact up to Monte Carlo error, dependence between channels as it was. Where the weights
    rest on few draws (fewer than 5 %, or than 100), the evidence lies outside what they reach; then the draws are
    replaced by a smooth copula with log-normal tails, and elliptical slices sample it under the same likelihood.

    What is assumed:

    - The three sources are independent given the totals: no experiment is a lift test of the mix model too.
    - Path totals are wrong by one factor in common and by one of each channel, log-normal, centred on no bias; the factors'
      sizes are stated (`Beliefs`), not estimated.
    - A total at or below a thousandth of what was observed counts as that in logs.
    - A channel that only paths know is part of the mix model's baseline, takes at most what that holds, and is wrong like
      the others: the mean of its total is its path total less the bias that the others show.
    - A channel that only the mix model knows moves with those it is correlated with, and otherwise stays.
    - Experiments on people measure the same total as the mix model, scaled by the share of it that they saw.

    In plain words: the mix model says what each channel brings, and how sure it is. Where it is sure, paths change little.
    Where it is not, because two channels were always bought together, say, paths tell which of them is the larger. No path
    model moves the sum by itself, because b takes up what all of its channels have in common.

    Parameters
    ----------
    mix : MixTotals
    paths : PathTotals, optional
    experiments : tuple of Experiment
        Those for validation belong elsewhere.
    beliefs : Beliefs, optional
    seed : int

    Raises
    ------
    ValueError
        An experiment on a channel that nobody knows.

    References
    ----------
    M. Kennedy, A. O'Hagan, "Bayesian calibration of computer models", JRSS B 63(3), 2001 (a model's discrepancy).
    I. Murray, R. Adams, D. MacKay, "Elliptical slice sampling", AISTATS 2010.
    """  # noqa: E501
    beliefs = beliefs or Beliefs()
    evidence = Evidence.of(mix, paths, experiments, beliefs)
    rng = np.random.Generator(np.random.Philox(seed))
    normal = rng.standard_normal((len(mix.draws), len(evidence.alone)))
    totals = evidence.with_alone(mix.draws, mix.room, normal)
    weights = _weights(evidence.residuals(totals))
    effective = float(1 / (weights**2).sum())
    kept = systematic(weights, rng)
    method: Method = "weights" if effective >= max(LEAST_SHARE * len(weights), LEAST) else "copula"
    if len(np.unique(weights)) == 1:
        method = "weights"
    drift = 0.0
    if method == "weights":
        found = totals[kept]
    else:
        found, drift = _by_copula(mix, evidence, rng)
        kept = rng.permutation(len(weights))
    bias = evidence.bias(found[:, : len(mix.names)])
    return Totals(evidence.names, found, kept, method, effective, drift, bias,
                  apart(mix, paths, evidence, bias, beliefs))  # fmt: skip


def _weights(residuals: Floats) -> Floats:
    log = -0.5 * (residuals**2).sum(axis=1)
    likely = np.exp(log - log.max())
    return np.asarray(likely / likely.sum())


def systematic(weights: Floats, rng: np.random.Generator) -> Ints:
    """As many draws as there are weights, each n · w times to the next whole number; equal weights give each once."""
    size = len(weights)
    places = (np.arange(size) + rng.random()) / size
    return np.minimum(np.searchsorted(np.cumsum(weights), places), size - 1).astype(np.int64)


def _by_copula(mix: MixTotals, evidence: Evidence, rng: np.random.Generator) -> tuple[Floats, float]:
    """Draws of the posterior on a copula of totals and room."""
    copula, size = Copula.of(np.column_stack([mix.draws, mix.room])), mix.draws.shape[1] + 1

    def totals(u: Floats) -> Floats:
        values = copula.values(u[:, :size])
        return evidence.with_alone(values[:, :-1], values[:, -1], u[:, size:])

    def residuals(u: Floats) -> Floats:
        return evidence.residuals(totals(u))

    ellipse = ellipse_at_peak(residuals, np.zeros(size + len(evidence.alone)))
    u, drift = elliptical_slices(residuals, ellipse, len(mix.draws), rng)
    return totals(u), drift


def apart(
    mix: MixTotals, paths: PathTotals | None, evidence: Evidence, bias: tuple[float, float], beliefs: Beliefs
) -> Floats:
    """How far path totals, less their common bias, are from the mix model's, in standard deviations."""
    found = np.full(len(evidence.names), np.nan)
    if paths is None or not evidence.shared.size:
        return found
    wrong = evidence.errors(mix.draws)
    own = [paths.log_covariance[k, k] for k, name in enumerate(paths.names) if name in mix.names]
    spread = np.sqrt(bias[1] ** 2 + beliefs.discrepancy**2 + np.array(own) + wrong.var(axis=0))
    found[evidence.shared] = (wrong.mean(axis=0) - bias[0]) / spread
    return found
