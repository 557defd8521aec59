"""What a fit leaves over, and whether data drawn from it look like the data it was fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.means import Means
from attribution_models.mix.posterior import Posterior

Floats = NDArray[np.float64]
STATISTICS = ("mean", "sd", "min", "max", "autocorrelation")


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How close fitted means come, on fitted rows.

    Attributes
    ----------
    r2 : float
        1 − Σ (y − ŷ)² / Σ (y − ȳ)²; NaN where the outcome is constant.
    wmape : float
        Σ |y − ŷ| / Σ |y|.
    rows : int
    """

    r2: float
    wmape: float
    rows: int

    @classmethod
    def of(cls, observed: Floats, expected: Floats) -> Accuracy:
        """Compare observed and expected outcomes."""
        total = float(((observed - observed.mean()) ** 2).sum())
        left = float(((observed - expected) ** 2).sum())
        size = float(np.abs(observed).sum())
        miss = float(np.abs(observed - expected).sum())
        nan = float("nan")
        return cls(1 - left / total if total > 0 else nan, miss / size if size > 0 else nan, len(observed))


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Numbers that judge a fit.

    Attributes
    ----------
    accuracy : Accuracy
    by_geo : dict of str to Accuracy
    p_values : dict of str to float
        P(T(y_new) ≥ T(y)) for T in `STATISTICS` (Gelman, Meng and Stern 1996); autocorrelation is at lag 1, of
        residuals. Near 0 or 1: what the model makes is unlike the data in this respect.
    autocorrelation : (float, float, float)
        At lag 1, of residuals over their sigma within geos (with autoregression, of what is new in each): posterior
        mean and 90 % interval.
    durbin_watson : float
        Σ (e_t − e_{t−1})² / Σ e_t² of mean residuals: 2 without autocorrelation, towards 0 with a positive one.
    negative_baseline : float
        P(Σ baseline < 0) over all rows, the baseline being the mean without media (treatments as they were); 0 under
        the log link.
    negative_rows : float
        Mean over rows of P(baseline < 0).
    """

    accuracy: Accuracy
    by_geo: dict[str, Accuracy]
    p_values: dict[str, float]
    autocorrelation: tuple[float, float, float]
    durbin_watson: float
    negative_baseline: float
    negative_rows: float

    @classmethod
    def of(cls, posterior: Posterior, seed: int = 1) -> Residuals:
        """Go through a fit once, geo by geo."""
        sums = _Sums(Means.of(posterior), seed)
        for geo in range(len(posterior.structure.data.geos)):
            sums.add(geo)
        return sums.found()


class _Sums:
    """What is added up over geos."""

    def __init__(self, means: Means, seed: int) -> None:
        self.means, self.seed, draws = means, seed, means.size
        self.seen: list[Floats] = []
        self.expected: list[Floats] = []
        self.by_geo: dict[str, Accuracy] = {}
        self.drawn = _Moments(draws)
        self.products = np.zeros((2, 2, draws))  # (real, drawn) × (lag 1, lag 0)
        self.steps = np.zeros(2)
        self.baseline = np.zeros(draws)
        self.below, self.cells = 0.0, 0

    def add(self, geo: int) -> None:
        """Add one geo."""
        means, s = self.means, self.means.structure
        self._add_baseline(geo)
        rows = s.fitted[geo]
        if not rows.any():
            return
        scaled, noise = means.scaled(geo), means.noise(geo, self.seed)
        y, expected = s.data.outcome[geo, rows], means.outcome(geo, scaled).mean(axis=0)[rows]
        self.seen.append(y)
        self.expected.append(expected)
        self.by_geo[s.data.geos[geo]] = Accuracy.of(y, expected)
        self.drawn.add(means.outcome(geo, scaled + noise)[:, rows])
        left = (s.outcome[geo] - scaled) / means.sigma[:, [geo]]
        follows = rows[1:] & rows[:-1]
        # What is new in each period: a model with autoregression explains the rest.
        new = [means.innovations(geo, r)[0] for r in (left, noise / means.sigma[:, [geo]])]
        for i, r in enumerate(new):
            self.products[i, 0] += (r[:, 1:] * r[:, :-1])[:, follows].sum(axis=1)
            self.products[i, 1] += (r[:, rows] ** 2).sum(axis=1)
        e = new[0].mean(axis=0)
        self.steps += ((np.diff(e)[follows] ** 2).sum(), (e[rows] ** 2).sum())

    def _add_baseline(self, geo: int) -> None:
        if self.means.log:
            return
        baseline = self.means.outcome(geo, self.means.baseline(geo))
        self.baseline += baseline.sum(axis=1)
        self.below += float((baseline < 0).mean(axis=0).sum())
        self.cells += baseline.shape[1]

    def found(self) -> Residuals:
        """Put the sums together."""
        observed, expected = np.concatenate(self.seen), np.concatenate(self.expected)
        real, drawn = (lag / size for lag, size in self.products)
        low, high = np.quantile(real, (0.05, 0.95))
        new = (*self.drawn.statistics(), drawn)
        old = (observed.mean(), observed.std(), observed.min(), observed.max(), real)
        return Residuals(
            accuracy=Accuracy.of(observed, expected),
            by_geo=self.by_geo,
            p_values={name: float(np.mean(a >= b)) for name, a, b in zip(STATISTICS, new, old, strict=True)},
            autocorrelation=(float(real.mean()), float(low), float(high)),
            durbin_watson=float(self.steps[0] / self.steps[1]),
            negative_baseline=float((self.baseline < 0).mean()) if self.cells else 0.0,
            negative_rows=self.below / self.cells if self.cells else 0.0,
        )


class _Moments:
    """Mean, standard deviation, least and largest number of each draw, over rows that come in parts."""

    def __init__(self, draws: int) -> None:
        self.count = 0
        self.total, self.square = np.zeros(draws), np.zeros(draws)
        self.least, self.most = np.full(draws, np.inf), np.full(draws, -np.inf)

    def add(self, x: Floats) -> None:
        """Add rows, (D, n); squares about the running mean, so that no digits are lost (Chan et al. 1983)."""
        n, mean = x.shape[1], x.mean(axis=1)
        gap = mean - (self.total / self.count if self.count else mean)
        self.square += ((x - mean[:, None]) ** 2).sum(axis=1) + gap**2 * self.count * n / (self.count + n)
        self.total += x.sum(axis=1)
        self.count += n
        self.least, self.most = np.minimum(self.least, x.min(axis=1)), np.maximum(self.most, x.max(axis=1))

    def statistics(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Mean, standard deviation, minimum and maximum of each draw."""
        return self.total / self.count, np.sqrt(self.square / self.count), self.least, self.most
