"""Several models of one outcome side by side: how they predict, and how far apart their returns are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.folds import FutureScores
from attribution_models.mix.loo import Loo

NOTE = (
    "No model is named the best one: a model that predicts better may still have a wrong return on a channel, because "
    "prediction does not need to know why spend and outcome move together. Where models that predict alike disagree on "
    "a return, the data do not settle it; an experiment would. Leave-one-out knows each row's neighbours in time; "
    "leave-future-out does not."
)


@dataclass(frozen=True, slots=True)
class Interval:
    """Posterior mean and interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """What is known of one fitted model.

    Attributes
    ----------
    roi : Mapping of str to Interval
        By channel.
    future : FutureScores or None
    loo : Loo or None
    """

    roi: Mapping[str, Interval]
    future: FutureScores | None = None
    loo: Loo | None = None


@dataclass(frozen=True, slots=True)
class SpecRow:
    """One model; NaN where a score was not computed.

    Attributes
    ----------
    name : str
    future_elpd, future_se, crps, mape, coverage : float
        Leave-future-out: log density over all scored rows and its standard error; mean CRPS and absolute percentage
        error; share inside the interval.
    loo_elpd, loo_se : float
        Leave-one-out.
    loo_unreliable : int
        Rows whose Pareto k̂ is too high.
    roi : Mapping of str to Interval
    """

    name: str
    future_elpd: float
    future_se: float
    crps: float
    mape: float
    coverage: float
    loo_elpd: float
    loo_se: float
    loo_unreliable: int
    roi: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class SpecTable:
    """Models in the order in which they were given.

    Attributes
    ----------
    rows : tuple of SpecRow
    spread : Mapping of str to (float, float)
        Smallest and largest posterior mean of each channel's return over the models that have it.
    note : str
        What the table does not say.
    """

    rows: tuple[SpecRow, ...]
    spread: Mapping[str, tuple[float, float]]
    note: str = NOTE


def spec_table(candidates: Mapping[str, Candidate]) -> SpecTable:
    """Put models side by side.

    Scores are densities of the outcome in its own unit, so that models may scale it differently, or take its logarithm.

    Raises
    ------
    ValueError
        Models of other outcomes, or scored on other rows.
    """
    _comparable({n: c.future for n, c in candidates.items() if c.future is not None})
    _same_rows({n: c.loo for n, c in candidates.items() if c.loo is not None})
    rows = tuple(_row(name, candidate) for name, candidate in candidates.items())
    channels = list(dict.fromkeys(channel for row in rows for channel in row.roi))
    means = {channel: [row.roi[channel].mean for row in rows if channel in row.roi] for channel in channels}
    return SpecTable(rows, {channel: (min(values), max(values)) for channel, values in means.items()})


def _row(name: str, candidate: Candidate) -> SpecRow:
    nan, future, loo = float("nan"), candidate.future, candidate.loo
    rows = future.rows if future else None
    return SpecRow(
        name=name,
        future_elpd=rows.elpd if rows else nan,
        future_se=rows.elpd_se if rows else nan,
        crps=float(rows.crps.mean()) if rows else nan,
        mape=rows.mape if rows else nan,
        coverage=rows.coverage if rows else nan,
        loo_elpd=loo.elpd if loo else nan,
        loo_se=loo.se if loo else nan,
        loo_unreliable=loo.unreliable if loo else 0,
        roi=candidate.roi,
    )


def _comparable(scores: Mapping[str, FutureScores]) -> None:
    names = list(scores)
    for name in names[1:]:
        one, other = scores[names[0]], scores[name]
        if one.outcome != other.outcome:
            raise ValueError(f"{names[0]} predicts {one.outcome}, {name} predicts {other.outcome}: no common score.")
        same = len(one.rows.dates) == len(other.rows.dates) and (
            (one.rows.dates == other.rows.dates).all() and (one.rows.geos == other.rows.geos).all()
        )
        if not same:
            raise ValueError(
                f"{names[0]} and {name} were scored on other rows ({len(one.rows.dates)} and {len(other.rows.dates)}); "
                "use the same folds and the same panel for both."
            )
        _same_outcomes(names[0], name, one.rows.observed, other.rows.observed)


def _same_rows(scores: Mapping[str, Loo]) -> None:
    names = list(scores)
    for name in names[1:]:
        one, other = scores[names[0]], scores[name]
        if one.rows.shape != other.rows.shape or (one.rows != other.rows).any():
            raise ValueError(
                f"{names[0]} and {name} were fitted to other rows ({len(one.rows)} and {len(other.rows)}). A longer "
                "carry-over leaves out more of the first rows: use one l_max, or media before the window."
            )
        _same_outcomes(names[0], name, one.observed, other.observed)


def _same_outcomes(first: str, second: str, one: NDArray[np.float64], other: NDArray[np.float64]) -> None:
    if not np.array_equal(one, other):
        raise ValueError(f"The outcome of {first} and of {second} has other values in the same rows (another scale?).")
