"""How good a predictive distribution is beside what came: density, CRPS, errors, coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from attribution_models.mix.likelihood import log_likelihood
from attribution_models.mix.means import Means

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RowScores:
    """Scores of single rows; arrays (n,).

    Attributes
    ----------
    dates : array of datetime64[D]
    geos : array of str
    observed, predicted : array
        Outcome, and the median of its predictive distribution.
    log_density : array
        Log (1/D) Σ_d p(y | θ_d), in the outcome's unit.
    crps : array
        Continuous ranked probability score, in the outcome's unit; smaller is better.
    inside : array of bool
        Whether the interval holds the outcome.
    """

    dates: NDArray[np.datetime64]
    geos: NDArray[np.str_]
    observed: Floats
    predicted: Floats
    log_density: Floats
    crps: Floats
    inside: NDArray[np.bool_]

    @classmethod
    def joined(cls, parts: tuple[RowScores, ...]) -> RowScores:
        """Put rows of several parts together."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))

    @property
    def elpd(self) -> float:
        """Σ log density."""
        return float(self.log_density.sum())

    @property
    def elpd_se(self) -> float:
        """√(n Var): rows counted as independent."""
        return float(np.sqrt(len(self.log_density) * self.log_density.var()))

    @property
    def mape(self) -> float:
        """Mean of |y − ŷ| / |y|; NaN where an outcome is zero."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = float(np.mean(np.abs(self.observed - self.predicted) / np.abs(self.observed)))
        return found if np.isfinite(found) else float("nan")

    @property
    def wmape(self) -> float:
        """Σ |y − ŷ| / Σ |y|."""
        return float(np.abs(self.observed - self.predicted).sum() / np.abs(self.observed).sum())

    @property
    def coverage(self) -> float:
        """Share of outcomes inside their interval."""
        return float(self.inside.mean())


def score_rows(means: Means, rows: NDArray[np.bool_], *, level: float = 0.9, seed: int = 1) -> RowScores:
    """Score rows of a panel.

    Parameters
    ----------
    means : Means
        Its structure's data hold the outcomes.
    rows : array (G, T) of bool
        Which rows; those without an outcome are left out.
    """
    data = means.structure.data
    wanted = rows & np.isfinite(data.outcome)
    parts = [_geo(means, g, wanted[g], level, seed) for g in range(len(data.geos)) if wanted[g].any()]
    if not parts:
        raise ValueError("No row with an outcome is left to score.")
    return RowScores.joined(tuple(parts))


def _geo(means: Means, geo: int, rows: NDArray[np.bool_], level: float, seed: int) -> RowScores:
    data, scaled = means.structure.data, means.scaled(geo)
    density = log_likelihood(means, geo, scaled)[:, rows]
    new = np.sort(means.outcome(geo, scaled + means.noise(geo, seed))[:, rows], axis=0)
    y = data.outcome[geo, rows]
    low, middle, high = np.quantile(new, ((1 - level) / 2, 0.5, (1 + level) / 2), axis=0)
    return RowScores(
        dates=data.dates[rows],
        geos=np.full(len(y), data.geos[geo]),
        observed=y,
        predicted=middle,
        log_density=logsumexp(density, axis=0) - np.log(means.size),
        crps=crps(new, y),
        inside=(low <= y) & (y <= high),
    )


def crps(ordered: Floats, y: Floats) -> Floats:
    """E|X − y| − ½ E|X − X'| of draws in ascending order, (D, n) (Gneiting and Raftery 2007).

    Over D draws, ½ E|X − X'| is Σ_i (2 i − D − 1) x_(i) / D².
    """
    d = len(ordered)
    weight = (2 * np.arange(1, d + 1) - d - 1) / d**2
    return np.asarray(np.abs(ordered - y).mean(axis=0) - weight @ ordered)
