"""The measure that the media-mix model does not count: value where it counts conversions, conversions where money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from attribution.errors import listed
from attribution.findings import Finding
from attribution.journeys.journeys import Journeys
from attribution.reconcile.mix_side import MixSide
from attribution.reconcile.overlap import Overlap
from attribution.reconcile.path_side import Cell
from attribution_models.reconcile.split import pairing
from attribution_models.reconcile.totals import Totals
from attribution_models.reconcile.worth import OWN, averaged, between, credited

Floats = NDArray[np.float64]
Source = Literal["panel", "journeys"]


@dataclass(frozen=True, slots=True, eq=False)
class Second:
    """The second measure: T_c F_c per channel and draw.

    Attributes
    ----------
    measure : str
        ``value`` or ``conversions``.
    source : str
        ``panel``: revenue per outcome of the media-mix model; ``journeys``: path credit in both measures.
    observed : array (periods,)
        What was observed of it in each period of the window.
    rate : array (periods,)
        Of it, per unit of the first measure.
    factors : dict of str to array (N,)
        F by channel.
    averaged : tuple of str
        Channels that no path holds in both measures: their units are worth the average.
    """

    measure: str
    source: Source
    observed: Floats
    rate: Floats
    factors: dict[str, Floats]
    averaged: tuple[str, ...] = ()

    def by_period(self, side: MixSide, name: str, part: slice) -> Floats:
        """Draws of a row of the mix model in this measure, (periods, S)."""
        if side.revenue is not None:
            return np.asarray(side.revenue[side.names.index(name), part])
        return np.asarray(side.rows(name)[0][part] * self.rate[:, None])


def second_measure(
    totals: Totals, side: MixSide, cells: Sequence[Cell], journeys: Journeys, found: Overlap, seed: int = 1
) -> tuple[Second | None, list[Finding]]:
    """Work it out: from the panel's revenue per outcome, else from what journeys hold of both; else say why not.

        F_c   panel:     Σ revenue / Σ outcome of the channel, draw by draw of the media-mix model
              journeys:  value per conversion of its path credit (`worth.credited`), the average where it has none
                         (`worth.averaged`)

    What journeys observed is scaled to the panel by one number, the panel's total over theirs.

    Parameters
    ----------
    cells : sequence of Cell
        One per channel.
    """
    if side.revenue is not None:
        return _by_panel(totals, side, found), []
    measure = "value" if side.measure == "conversions" else "conversions"
    observed = _observed(side, journeys, found, measure)
    if observed is None:
        return None, [_unknown(measure)]
    made = _by_journeys(totals, side, cells, found, (measure, observed), seed)
    return made, [_told(made)]


def _by_panel(totals: Totals, side: MixSide, found: Overlap) -> Second:
    part = slice(found.window.start, found.window.end + 1)
    assert side.revenue is not None
    assert side.observed_revenue is not None
    first, observed = side.observed[part], side.observed_revenue[part]
    rate, usual = _rate(first, observed)
    factors = {}
    for name in totals.names:
        if name in side.channels:
            own, worth = side.rows(name)[0][part].sum(axis=0), side.revenue[side.names.index(name), part].sum(axis=0)
            some = np.abs(own) > 1e-9 * max(float(first.sum()), 1e-300)
            factors[name] = np.where(some, worth / np.where(some, own, 1.0), usual)[totals.index]
        else:
            factors[name] = np.full(len(totals.draws), usual)
    return Second("value", "panel", observed, rate, factors)


def _by_journeys(
    totals: Totals, side: MixSide, cells: Sequence[Cell], found: Overlap, known: tuple[str, Floats], seed: int
) -> Second:
    measure, observed = known
    part = slice(found.window.start, found.window.end + 1)
    first = side.observed[part]
    rate, usual = _rate(first, observed)
    held = {n: [c for c in cells if c.channel == n] for n in totals.names}
    held = {n: mine for n, mine in held.items() if sum(c.point for c in mine) > 0 and sum(c.other for c in mine) > 0}
    sums = np.array([[sum(c.point for c in m), sum(c.other for c in m)] for m in held.values()]).reshape(-1, 2)
    spread = between(sums[:, 0], sums[:, 1])
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, 2])))
    factors = {}
    for name in totals.names:
        normal = rng.standard_normal(len(totals.draws))
        if name in held:
            factors[name] = _of_cells(held[name], normal, seed)
        elif name in side.channels:
            own = side.rows(name)[0][part][:, totals.index]
            factors[name] = averaged(own, rate, usual, normal, spread)
        else:
            factors[name] = averaged(np.zeros((len(rate), normal.size)), rate, usual, normal, spread)
    return Second(measure, "journeys", observed, rate, factors, tuple(n for n in totals.names if n not in held))


def _of_cells(mine: Sequence[Cell], normal: Floats, seed: int) -> Floats:
    first, second = sum(c.point for c in mine), sum(c.other for c in mine)
    draws = np.sum([c.replicates for c in mine], axis=0), np.sum([c.other_replicates for c in mine], axis=0)
    return credited(*draws, second / first, pairing(normal.size, len(draws[0]), seed), normal)


def _rate(first: Floats, second: Floats) -> tuple[Floats, float]:
    """What a unit was worth by period, and in all of them."""
    usual = float(second.sum() / first.sum())
    return np.where(first > 0, second / np.where(first > 0, first, 1.0), usual), usual


def _observed(side: MixSide, journeys: Journeys, found: Overlap, measure: str) -> Floats | None:
    """What journeys hold of a measure by period, scaled to the panel; without times, as the panel's outcome went."""
    panel = side.observed[found.window.start : found.window.end + 1]
    first, second = (found.by_period(journeys, name) for name in (side.measure, measure))
    if not (first.sum() > 0 and second.sum() > 0):
        return None
    if not journeys.timed:
        return np.asarray(panel * (second.sum() / first.sum()))
    return np.asarray(second * (panel.sum() / first.sum()))


def _unknown(measure: str) -> Finding:
    """Why there is no second measure."""
    if measure == "value":
        message = (
            "Value is left empty: the panel's outcome is counted without a revenue per outcome, and no conversion of "
            "the journeys in these days has a value."
        )
        remedy = "Set data.revenue_per_outcome in the model file, or ingest conversions with their value."
        return Finding("note", "value-unknown", message, remedy)
    message = (
        "Conversions are left empty: the panel's outcome is money, and no conversion of the journeys in these days has "
        "a value, so that nothing tells how many conversions the money is."
    )
    return Finding("note", "conversions-unknown", message, "Ingest conversions with their value.")


def _told(found: Second) -> Finding:
    """Where the second measure comes from."""
    ratio = "what a conversion is worth" if found.measure == "value" else "how many conversions a unit of value is"
    message = (
        f"{found.measure.capitalize()} of a channel: its total times {ratio} among sales that paths credit to it, give "
        f"or take {OWN:.0%}. A sale that it brought is taken to be like those."
    )
    if found.averaged:
        message += f" For {listed(found.averaged, 6)}, to which paths credit none, the average of all sales is taken."
    return Finding("note", f"{found.measure}-by-paths", message)
