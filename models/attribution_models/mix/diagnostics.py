"""Diagnostics of chains: rank-normalised split R-hat, effective sample sizes, Monte Carlo error; for many parameters.

A. Vehtari, A. Gelman, D. Simpson, B. Carpenter, P.-C. Bürkner (2021): Rank-normalization, folding, and localization,
Bayesian Analysis 16(2). Numbers equal ArviZ's, which is not imported: that takes seconds, and a fit has to wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtri

Floats = NDArray[np.float64]
BLOCK = 64  # parameters at a time: what is sorted and transformed stays in the processor's cache
LEAST_DRAWS = 4
BLOM = 3 / 8
RESOLUTION = float(np.finfo(float).resolution)


@dataclass(frozen=True, slots=True, eq=False)
class Convergence:
    """Diagnostics, one number per parameter; NaN where a draw is not finite, or there are too few draws or chains.

    Attributes
    ----------
    rhat : array
        The larger one of R-hat of rank-normalised draws and of folded ones; needs two chains.
    ess_bulk, ess_tail, ess_mean : array
        Effective draws for the centre; the smaller one for the 5 % and 95 % quantiles; for the mean.
    mcse : array
        Standard deviation of the posterior mean's Monte Carlo error: sd / √ess_mean.
    """

    rhat: Floats
    ess_bulk: Floats
    ess_tail: Floats
    ess_mean: Floats
    mcse: Floats


def diagnose(draws: Floats) -> Convergence:
    """Diagnose every parameter.

    Parameters
    ----------
    draws : array (chains, draws, …)

    Returns
    -------
    Convergence
        Arrays of the shape that follows chains and draws.
    """
    x, shape = _by_parameter(draws)
    found = np.full((5, len(x)), np.nan)
    whole = np.isfinite(x).all(axis=(1, 2)) & (x.shape[2] >= LEAST_DRAWS)
    places = np.flatnonzero(whole)
    for first in range(0, len(places), BLOCK):
        block = places[first : first + BLOCK]
        found[:, block] = _diagnose_block(x[block])
    return Convergence(*(row.reshape(shape) for row in found))


def rhat(draws: Floats) -> Floats:
    """R-hat of draws, array (chains, draws, …)."""
    return diagnose(draws).rhat


def ess_bulk(draws: Floats) -> Floats:
    """Effective sample size for the centre of the distribution; draws (chains, draws, …)."""
    return diagnose(draws).ess_bulk


def ess_tail(draws: Floats) -> Floats:
    """Effective sample size for the 5 % and 95 % quantiles; draws (chains, draws, …)."""
    return diagnose(draws).ess_tail


def ess_mean(draws: Floats) -> Floats:
    """Effective sample size for the mean; draws (chains, draws, …)."""
    x, shape = _by_parameter(draws)
    found = np.full(len(x), np.nan)
    whole = np.isfinite(x).all(axis=(1, 2)) & (x.shape[2] >= LEAST_DRAWS)
    found[whole] = effective(split(x[whole]))
    return found.reshape(shape)


def mcse(draws: Floats) -> Floats:
    """Monte Carlo standard error of the mean; draws (chains, draws, …)."""
    return diagnose(draws).mcse


def bfmi(energy: Floats) -> Floats:
    """Estimated Bayesian fraction of missing information: Σ (E_i − E_{i−1})² / n over Var(E), per chain.

    Below 0.3 the momentum's refresh does not cover the energies of the posterior (Betancourt 2016).

    Parameters
    ----------
    energy : array (chains, draws)
    """
    moves = np.square(np.diff(energy, axis=1)).mean(axis=1)
    return np.asarray(moves / energy.var(axis=1, ddof=1))


def _by_parameter(draws: Floats) -> tuple[Floats, tuple[int, ...]]:
    """Draws as (parameters, chains, draws), and the shape of the parameters."""
    x = np.asarray(draws, dtype=float)
    if x.ndim < 2:
        raise ValueError(f"Draws need the shape (chains, draws, …); got {x.shape}.")
    shape = x.shape[2:]
    wide = x.reshape(*x.shape[:2], int(np.prod(shape, dtype=int)))
    return np.moveaxis(wide, 2, 0), shape


def _diagnose_block(x: Floats) -> Floats:
    halves = split(x)
    z = rank_normal(halves)
    flat = x.reshape(len(x), -1)
    low, high = np.quantile(flat, (0.05, 0.95), axis=1)
    tails = [effective(split((x <= q[:, None, None]).astype(float))) for q in (low, high)]
    size = effective(halves)
    return np.stack([
        _largest_rhat(halves, z, x.shape[1]),
        effective(z),
        np.minimum(*tails),
        size,
        flat.std(axis=1, ddof=1) / np.sqrt(size),
    ])  # fmt: skip


def _largest_rhat(halves: Floats, z: Floats, chains: int) -> Floats:
    if chains < 2:
        return np.full(len(halves), np.nan)
    middle = np.median(halves.reshape(len(halves), -1), axis=1)
    folded = rank_normal(np.abs(halves - middle[:, None, None]))
    bulk, tail = _rhat(z), _rhat(folded)
    return np.where(tail > bulk, tail, bulk)  # folding chains that are stuck on both sides gives NaN


def split(x: Floats) -> Floats:
    """First and second halves of every chain as chains; (parameters, chains, draws). An odd draw is left out."""
    half = x.shape[2] // 2
    return np.concatenate([x[:, :, :half], x[:, :, x.shape[2] - half :]], axis=1)


def rank_normal(x: Floats) -> Floats:
    """Normal scores of ranks over all chains: Φ⁻¹((r − 3/8) / (n + 1/4)); equal values share their mean rank."""
    flat = x.reshape(len(x), -1)
    n = flat.shape[1]
    # A mean rank is a multiple of one half, so that all scores stand in one table.
    scores = ndtri((np.arange(2 * n - 1) / 2 + 1 - BLOM) / (n - 2 * BLOM + 1))
    order = np.argsort(flat, axis=1)
    doubled = _doubled_ranks(np.take_along_axis(flat, order, axis=1))
    found = np.empty_like(flat)
    np.put_along_axis(found, order, scores[doubled], axis=1)
    return found.reshape(x.shape)


def _doubled_ranks(ordered: Floats) -> NDArray[np.int64]:
    """First plus last place, counted from 0, of every value's equals in ordered rows."""
    n = ordered.shape[1]
    places = np.arange(n)
    new = np.ones(ordered.shape, bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=new[:, 1:])
    if new.all():
        return np.broadcast_to(2 * places, ordered.shape)
    first = np.maximum.accumulate(np.where(new, places, 0), axis=1)
    ends = np.concatenate([new[:, 1:], np.ones((len(new), 1), bool)], axis=1)
    last = np.minimum.accumulate(np.where(ends, places, n)[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(first + last)


def _rhat(z: Floats) -> Floats:
    """√((B / W + n − 1) / n), with B and W the variances between and within chains."""
    n = z.shape[2]
    between = n * z.mean(axis=2).var(axis=1, ddof=1)
    within = z.var(axis=2, ddof=1).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):  # stuck chains: infinite, or NaN where all are stuck at once
        return np.asarray(np.sqrt((between / within + n - 1) / n))


def effective(x: Floats) -> Floats:
    """Effective sample size by Geyer's initial monotone sequence.

    With ρ_t = 1 − (W − mean autocovariance at lag t) / V, W the variance within chains, V the pooled one, and pairs
    P_k = ρ_2k + ρ_{2k+1} made non-increasing up to the first that is not positive: size / τ, τ = −1 + 2 Σ P_k.

    Parameters
    ----------
    x : array (parameters, chains, draws)
    """
    chains, n = x.shape[1:]
    size = chains * n
    covariance = mean_autocovariance(x)
    within = covariance[:, 0] * n / (n - 1)
    pooled = covariance[:, 0].copy()
    if chains > 1:
        pooled += x.mean(axis=2).var(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = 1 - (within[:, None] - covariance) / pooled[:, None]
    rho[:, 0] = 1
    found = size / np.maximum(_autocorrelation_time(rho), 1 / np.log10(size))
    found[np.isnan(rho[:, 1])] = np.nan
    flat = x.reshape(len(x), -1)
    still = flat.max(axis=1) - flat.min(axis=1) < RESOLUTION
    return np.where(still, float(size), found)


def _autocorrelation_time(rho: Floats) -> Floats:
    n = rho.shape[1]
    pairs = rho[:, : n - n % 2].reshape(len(rho), -1, 2).sum(axis=2)
    limit = max((n - 3) // 2, 0)
    stops = ~(pairs[:, :limit] > 0)
    last = np.where(stops.any(axis=1), stops.argmax(axis=1), limit) if limit else np.zeros(len(rho), int)
    falling = np.minimum.accumulate(np.where(np.isnan(pairs), 0.0, pairs), axis=1)
    inside = np.arange(pairs.shape[1]) < last[:, None]
    rows = np.arange(len(rho))
    end = rho[rows, 2 * last]
    # The even lag after the last pair counts once, unless it is negative and its pair with it.
    counts = (end > 0) | (pairs[rows, last] >= 0)
    return np.asarray(-1 + 2 * np.where(inside, falling, 0.0).sum(axis=1) + np.where(counts, end, 0.0))


def mean_autocovariance(x: Floats) -> Floats:
    """Autocovariance at every lag, averaged over chains, array (parameters, draws): one inverse transform for all."""
    n = x.shape[2]
    size = next_fast_len(2 * n, real=True)
    power = np.zeros((len(x), size // 2 + 1))
    for c in range(x.shape[1]):
        spectrum = rfft(x[:, c] - x[:, c].mean(axis=1, keepdims=True), n=size, axis=1)
        power += spectrum.real**2 + spectrum.imag**2
    found: Floats = irfft(power, n=size, axis=1)[:, :n]
    found /= n * x.shape[1]
    return found
