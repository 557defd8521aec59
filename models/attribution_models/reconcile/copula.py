"""A smooth stand-in for posterior draws, for evidence that lies outside what the draws reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.stats import norm, rankdata

Floats = NDArray[np.float64]
KNOTS = 31
# Draws that lie beyond the last knot on either side.
BEYOND = 10


@dataclass(frozen=True, slots=True, eq=False)
class Copula:
    """A Gaussian copula of draws: x_j = Q_j(z_j), z ~ N(0, R).

    Q_j is a monotone cubic through quantiles of the draws at evenly spaced normal scores, of log x where all draws are
    above zero, else of x; beyond the last knots (ten draws lie there) it goes on in a straight line: a log-normal, else
    a normal tail. R is the correlation of the draws' scores. Margins are thus those of the draws; that they depend on
    each other as normal numbers do is assumed.

    Attributes
    ----------
    knots : array (K,)
        Scores, ascending.
    curves : tuple of PchipInterpolator
        Q_j, of log x or x.
    logs : array (D,) of bool
    root : array (D, D)
        Cholesky factor of R.
    """

    knots: Floats
    curves: tuple[PchipInterpolator, ...]
    logs: NDArray[np.bool_]
    root: Floats

    @classmethod
    def of(cls, draws: Floats) -> Copula:
        """Of draws (S, D)."""
        size = len(draws)
        logs = np.asarray((draws > 0).all(axis=0))
        x = np.where(logs, np.log(np.where(draws > 0, draws, 1.0)), draws)
        end = float(norm.ppf(1 - min(BEYOND / size, 0.2)))
        knots = np.linspace(-end, end, min(KNOTS, max(size // 4, 3)))
        places = np.quantile(x, norm.cdf(knots), axis=0)
        curves = tuple(PchipInterpolator(knots, column) for column in places.T)
        ranked = norm.ppf((rankdata(x, axis=0) - 0.5) / size)
        cover = ranked.T @ ranked / size + 1e-9 * np.eye(x.shape[1])
        scale = np.sqrt(np.diag(cover))
        return cls(knots, curves, logs, np.asarray(np.linalg.cholesky(cover / np.outer(scale, scale))))

    def values(self, u: Floats) -> Floats:
        """Draws x of independent normal numbers (N, D), z = root · u."""
        z = u @ self.root.T
        x = np.stack([self._quantiles(j, z[:, j]) for j in range(z.shape[1])], axis=1)
        return np.where(self.logs, np.exp(np.where(self.logs, x, 0.0)), x)

    def _quantiles(self, j: int, z: Floats) -> Floats:
        """Q_j, straight beyond the last knots: as steep as between the last fourth of them."""
        inside = np.clip(z, self.knots[0], self.knots[-1])
        part = max(len(self.knots) // 4, 1)
        ends = self.curves[j](self.knots[[0, part, -1 - part, -1]])
        run = self.knots[part] - self.knots[0]
        slope = np.where(z < 0, ends[1] - ends[0], ends[3] - ends[2]) / run
        return np.asarray(self.curves[j](inside) + slope * (z - inside))
