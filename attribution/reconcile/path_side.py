"""What a path model says of the overlap: totals with their bootstrap, and shares below the channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.credit.grains import JourneyView
from attribution.credit.intervals import Uncertainty, replicates_of
from attribution.credit.paths import Fit, Kept, fit_paths
from attribution.errors import UsageError
from attribution.journeys.journeys import Journeys
from attribution.mix.calendar import Calendar
from attribution.reconcile.matching import Matching
from attribution.reconcile.options import BOOTSTRAP
from attribution.reconcile.overlap import Overlap, inside
from attribution_models.reconcile.evidence import PathTotals, log_covariance

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """Credit of one channel in one campaign and week.

    Attributes
    ----------
    channel : str
    group : dict of str to str
    point : float
        On all journeys, in the measure that is reconciled.
    replicates : array (R,)
        By replicate.
    other : float
        In the other measure: value for conversions, conversions for value.
    other_replicates : array (R,)
    """

    channel: str
    group: dict[str, str]
    point: float
    replicates: Floats
    other: float = 0.0
    other_replicates: Floats = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, slots=True, eq=False)
class PathSide:
    """A path model on the overlap.

    Attributes
    ----------
    fit, model, estimand : str
    totals : PathTotals
        By the result's names of channels.
    cells : tuple of Cell
        By the result's names; one per channel where nothing finer was asked for.
    split : str
        The fit that totals are split by.
    worth : tuple of Cell
        One per channel: its credit in both measures.
    """

    fit: str
    model: str
    estimand: str
    totals: PathTotals
    cells: tuple[Cell, ...]
    split: str
    worth: tuple[Cell, ...] = ()


def path_cells(
    journeys: Journeys, kept: Kept, found: Overlap, calendar: Calendar, names: Matching, measure: str,
    by: Sequence[str] = (),
) -> tuple[Cell, ...]:  # fmt: skip
    """Credit by channel, and by campaign and time where asked for; replicate r holds the same people in each.

    Raises
    ------
    UsageError
        Times are asked for and journeys have none.
    """
    how = kept.uncertainty
    if not how.bootstrap and not how.posterior:
        how = Uncertainty(bootstrap=BOOTSTRAP, seed=how.seed, level=how.level)
    # A chain's order stays what it is on all journeys: replicates choose it for intervals, not for shares.
    how = replace(how, orders=())
    drawn = replicates_of(journeys, how, parts=True)
    cells: list[Cell] = []
    for group, view in _views(journeys, found, calendar, by):
        (fit,), _ = fit_paths(view, [kept.spec], None, how, drawn=drawn)
        cells += _cells(fit, view, group, names, measure)
    return tuple(cells)


def _views(
    journeys: Journeys, found: Overlap, calendar: Calendar, by: Sequence[str]
) -> Iterator[tuple[dict[str, str], JourneyView]]:
    """Journeys of each week or month of the overlap that holds a conversion, by campaign if asked."""
    whole = inside(journeys, found)
    if "campaign" in by:
        pairs = [(u.channel, u.campaign or "") for u in journeys.units]
        labels = tuple(sorted(set(pairs)))
        code = np.array([labels.index(pair) for pair in pairs], np.int32)
        whole = JourneyView(journeys, labels, code, whole.masks)
    time = next((grain for grain in by if grain != "campaign"), None)
    if time is None:
        yield {}, whole
        return
    if not journeys.timed:
        raise UsageError(f"by: aggregated paths hold no {time}; only path, conversions, value and nulls.")
    parts = [journeys.part(i) for i in range(journeys.block_count)]
    places = [found.places(part) for part in parts]
    names = np.array(found.labels(calendar, time))
    for label in dict.fromkeys(names.tolist()):
        chosen = np.append(names == label, False)
        masks = tuple(chosen[place] for place in places)
        if any((part.conversions[mask] > 0).any() for part, mask in zip(parts, masks, strict=True)):
            yield {time: label}, replace(whole, masks=masks)


def _cells(fit: Fit, view: JourneyView, group: dict[str, str], names: Matching, measure: str) -> Iterator[Cell]:
    """Cells of one fit with credit."""
    assert fit.intervals is not None
    other = "value" if measure == "conversions" else "conversions"
    point, beside = (np.asarray(getattr(fit.credit, m), np.float64) for m in (measure, other))
    draws, drawn = (np.asarray(getattr(fit.intervals.found.draws, m), np.float64) for m in (measure, other))
    for i, (channel, campaign) in enumerate(view.labels):
        if channel in names.of_path and max(point[i], beside[i], *draws[:, i], *drawn[:, i]) > 0:
            own = {} if campaign is None else {"campaign": campaign}
            yield Cell(names.of_path[channel], own | group, float(point[i]), draws[:, i], float(beside[i]), drawn[:, i])


def totals_of(cells: Sequence[Cell]) -> PathTotals:
    """Totals by channel, and the covariance of their logs over replicates."""
    channels = list(dict.fromkeys(cell.channel for cell in cells))
    point = np.array([sum(c.point for c in cells if c.channel == name) for name in channels])
    sums = [np.sum([c.replicates for c in cells if c.channel == name], axis=0) for name in channels]
    known = [i for i in range(len(channels)) if point[i] > 0]
    draws = np.stack([sums[i] for i in known], axis=1) if known else np.zeros((0, 0))
    return PathTotals(tuple(channels[i] for i in known), point[known], log_covariance(draws))


def kept_totals(frame: pd.DataFrame, names: Matching, measure: str, share: float) -> PathTotals:
    """Totals of a fit that is made once on everybody's whole history (hazard), scaled to the overlap.

    Errors are those that a normal interval of the same width would have; channels without positive credit say nothing.

    Parameters
    ----------
    share : float
        Share of conversions inside the overlap.
    """
    rows = frame[frame["channel"].isin(list(names.of_path)) & (frame[measure] > 0)]
    rows = rows.assign(channel=rows["channel"].map(names.of_path))
    width = rows[f"{measure}_upper"] - rows[f"{measure}_lower"] if f"{measure}_upper" in rows else 0.0 * rows[measure]
    z = NormalDist().inv_cdf((1 + _level(rows)) / 2)
    sums = (
        rows.assign(variance=(width.fillna(0.0) / 2 / z) ** 2)
        .groupby("channel", sort=False)[[measure, "variance"]]
        .sum()
    )
    total = sums[measure].to_numpy(float)
    return PathTotals(tuple(map(str, sums.index)), share * total, np.diag(sums["variance"].to_numpy(float) / total**2))


def _level(rows: pd.DataFrame) -> float:
    levels: Any = rows["interval_level"].dropna()
    return float(levels.iloc[0]) if len(levels) else 0.9
