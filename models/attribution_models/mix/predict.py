"""What a fitted model expects of rows, with intervals: of the mean, and of new observations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.continuation import continuation
from attribution_models.mix.data import MixData
from attribution_models.mix.means import Means
from attribution_models.mix.posterior import Posterior

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Mean and intervals, in the outcome's unit; arrays (G, T), (T,) for the sum over geos, () for that of all rows.

    Attributes
    ----------
    mean : array
        Posterior mean of the fitted mean (under the log link: of the median that noise multiplies).
    low, high : array
        Its interval, equal tails.
    new_low, new_high : array
        Interval of a new observation: the mean with noise.
    """

    mean: Floats
    low: Floats
    high: Floats
    new_low: Floats
    new_high: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Expected outcome by geo and period.

    Attributes
    ----------
    dates : array (T,) of datetime64[D]
    geos : tuple of str
    level : float
        Of the intervals.
    observed : array (G, T)
        NaN where it is not known.
    rows : Band
        By geo.
    total : Band
        Of the sum over geos.
    whole : Band
        Of the sum over geos and periods.
    """

    dates: NDArray[np.datetime64]
    geos: tuple[str, ...]
    level: float
    observed: Floats
    rows: Band
    total: Band
    whole: Band


def fitted(posterior: Posterior, *, level: float = 0.9, seed: int = 1) -> Prediction:
    """Predict every row of the panel that the model was fitted to, whether its outcome was observed or not."""
    return predict(Means.of(posterior), level=level, seed=seed)


def forecast(posterior: Posterior, future: MixData, *, level: float = 0.9, seed: int = 1) -> Prediction:
    """Predict periods after the window with known media and controls; carry-over goes on from the window.

    Parameters
    ----------
    future : MixData
        Periods that follow the window's last one, geos, channels and controls as in the fit, outcome NaN where unknown.

    Raises
    ------
    ValueError
        Other geos, other columns, or dates that do not follow the window.
    """
    means = continuation(posterior, future, seed=seed)
    return predict(means, level=level, seed=seed, first=posterior.structure.outcome.shape[1])


def predict(means: Means, *, level: float = 0.9, seed: int = 1, first: int = 0, last: int | None = None) -> Prediction:
    """Predict rows from period `first` to period `last`, the end included (the last one of all without)."""
    if not 0 < level < 1:
        raise ValueError(f"An interval's level lies between 0 and 1; got {level}.")
    data = means.structure.data
    kept = slice(first, len(data.dates) if last is None else last + 1)
    shape = means.size, len(data.dates[kept])
    total, new_total, bands = np.zeros(shape), np.zeros(shape), []
    for geo in range(len(data.geos)):
        scaled = means.scaled(geo)
        mean = means.outcome(geo, scaled)[:, kept]
        new = means.outcome(geo, scaled + means.noise(geo, seed))[:, kept]
        bands.append(_band(mean, new, level))
        total += mean
        new_total += new
    return Prediction(
        dates=data.dates[kept],
        geos=data.geos,
        level=level,
        observed=data.outcome[:, kept],
        rows=Band(*(np.stack(parts) for parts in zip(*bands, strict=True))),
        total=Band(*_band(total, new_total, level)),
        whole=Band(*_band(total.sum(axis=1), new_total.sum(axis=1), level)),
    )


def _band(mean: Floats, new: Floats, level: float) -> tuple[Floats, ...]:
    tails = ((1 - level) / 2, (1 + level) / 2)
    return (mean.mean(axis=0), *np.quantile(mean, tails, axis=0), *np.quantile(new, tails, axis=0))
