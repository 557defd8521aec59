"""Leave-one-out cross-validation by importance sampling: what a row's density would be, had it not been fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from attribution_models.mix.diagnostics import ess_mean
from attribution_models.mix.likelihood import log_likelihood
from attribution_models.mix.means import Means
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.psis import reliable, smoothed_weights, tail_length

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Loo:
    """PSIS-LOO (Vehtari, Gelman and Gabry 2017).

    Rows of a panel follow each other in time: leaving out one lets its neighbours tell about it, so this is kinder than
    forecasting is. `folds` leaves the future out.

    Attributes
    ----------
    elpd, se : float
        Σ log p(y_i | all other rows), and its standard error √(n Var).
    effective : float
        Effective number of parameters: in-sample log density less `elpd`.
    pointwise, shape : array (n,)
        Of every fitted row: log density, and Pareto k̂.
    rows : array (n, 2) of int
        Geo and period of each.
    observed : array (n,)
        Outcome of each.
    limit : float
        Rows with k̂ above it are not reliable: the row moves the posterior too far.
    """

    elpd: float
    se: float
    effective: float
    pointwise: Floats
    shape: Floats
    rows: NDArray[np.int64]
    observed: Floats
    limit: float

    @property
    def unreliable(self) -> int:
        """Number of rows whose k̂ is above the limit."""
        return int((self.shape > self.limit).sum())


def loo(posterior: Posterior, *, efficiency: float | None = None, tail: int | None = None) -> Loo:
    """Cross-validate a fit by its draws.

    Parameters
    ----------
    posterior : Posterior
    efficiency : float, optional
        Relative effective sample size r_eff of the likelihood; without: mean over a geo's rows of the effective sample
        size of p(y | θ), over the number of draws, at most 1.
    tail : int, optional
        How many weights are smoothed; without: `psis.tail_length`.
    """
    means, s = Means.of(posterior), posterior.structure
    parts = []
    for geo in range(len(s.data.geos)):
        if s.fitted[geo].any():
            ll = log_likelihood(means, geo)[:, s.fitted[geo]]
            chains = posterior.points.shape[0]
            used = tail or tail_length(len(ll), efficiency or relative_efficiency(ll, chains))
            parts.append(leave_one_out(ll, used))
    pointwise, shape, in_sample = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Loo(
        elpd=float(pointwise.sum()),
        se=float(np.sqrt(len(pointwise) * pointwise.var())),
        effective=float((in_sample - pointwise).sum()),
        pointwise=pointwise,
        shape=shape,
        rows=np.argwhere(s.fitted),
        observed=s.data.outcome[s.fitted],
        limit=reliable(posterior.size),
    )


def leave_one_out(ll: Floats, tail: int) -> tuple[Floats, Floats, Floats]:
    """Log density of each row without itself, k̂, and log density with itself; from log likelihoods (D, n)."""
    weights, shape = smoothed_weights(-ll, tail)
    return logsumexp(weights + ll, axis=0), shape, logsumexp(ll, axis=0) - np.log(len(ll))


def relative_efficiency(ll: Floats, chains: int) -> float:
    """Mean effective sample size of p(y_i | θ), over the number of draws; at most 1."""
    density = np.exp(ll - ll.max(axis=0))
    found = ess_mean(density.reshape(chains, -1, ll.shape[1])) / len(ll)
    return min(float(np.nanmean(found)), 1.0)
