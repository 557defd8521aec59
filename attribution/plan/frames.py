"""A plan as tables: what each channel gets and brings, and its calendar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.plan.problem import PlanProblem
from attribution_models.mix.draw_summary import Summary
from attribution_models.mix.effects import Effects
from attribution_models.plan.figures import Figures
from attribution_models.plan.flight import summed
from attribution_models.plan.observed_range import ABOVE, BELOW, outside_share

Floats = NDArray[np.float64]
TOTAL, TOGETHER = "(total)", "(interaction)"
WORDS = {ABOVE: "above", BELOW: "below", 0: ""}


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """A plan beside what it is compared with.

    Attributes
    ----------
    z, other : array (U,)
        Money of the plan, and of today.
    plan, today : Figures
    cells : array (P, G, W)
        Where the plan leaves the range of the data.
    """

    z: Floats
    other: Floats
    plan: Figures
    today: Figures
    cells: NDArray[np.int8]


def channel_frame(asked: PlanProblem, found: Beside, level: float) -> pd.DataFrame:
    """One row per channel, one for all: spend and what it brings, with intervals, and both against today.

    ``outcome`` (and ``revenue``): what the money brings until its effects have died away, ``carried_out`` of it after
    the window; ``carried_in`` is what earlier spend still brings in the window, beside it. ``difference``: to what
    today's money brings, draw by draw. ``beats``: share of draws in which the plan brings more.
    """
    effects = asked.horizon.effects
    names = [*asked.names, *([TOGETHER] if effects.log else []), TOTAL]
    plan, today = (_with_total(f, log=effects.log) for f in (found.plan, found.today))
    spend, was = (with_sum(asked.flight.by_channel(z), len(names)) for z in (found.z, found.other))
    columns: dict[str, object] = {"channel": names, "spend_today": was, "spend": spend}
    columns["change"] = np.divide(spend, was, out=np.full(len(names), np.nan), where=was > 0) - 1
    for k, measure in enumerate(effects.measures):
        gain, base = plan["gain"][:, k], today["gain"][:, k]
        columns |= _columns(measure, gain, level) | _columns(f"{measure}_today", base, level)
        columns |= _columns(f"{measure}_difference", gain - base, level)
        if k == 0:
            columns["beats"] = (gain > base).mean(axis=1)
            columns |= _columns("carried_in", plan["carried"][:, k], level)
            columns |= _columns("carried_out", plan["after"][:, k], level)
    columns |= _returns(effects, plan, spend, was, today, level)
    share = outside_share(asked.flight, found.z, found.cells)
    columns["outside_share"] = with_sum(share[:-1], len(names), share[-1])
    columns |= _bounds(asked, len(names))
    frame = pd.DataFrame(columns)
    return frame.assign(interval_level=level)


def _with_total(f: Figures, *, log: bool) -> dict[str, Floats]:
    """Draws by channel, then (under a log link) what channels do together, and all of them; (rows, K, D)."""
    found = {}
    together = (f.gain, f.total), (f.after, f.total_after), (f.carried, f.total_carried)
    for name, (parts, whole) in zip(("gain", "after", "carried"), together, strict=True):
        rest = [whole - parts.sum(axis=0)] if log else []
        found[name] = np.concatenate([parts, *(r[None] for r in (*rest, whole))])
    more = f.spend[:, None, None] * np.nan_to_num(f.marginal)
    whole = more.sum(axis=0) / max(float(f.spend.sum()), 1e-300)
    blank = [np.full_like(whole, np.nan)] if log else []
    found["marginal"] = np.concatenate([f.marginal, *(r[None] for r in (*blank, whole))])
    return found


def with_sum(values: Floats, rows: int, total: float | None = None) -> Floats:
    """Numbers of the channels, and in the last of `rows` their sum (or `total`); NaN between."""
    found = np.full(rows, np.nan)
    found[: len(values)], found[-1] = values, values.sum() if total is None else total
    return found


def _columns(name: str, draws: Floats, level: float) -> dict[str, Floats]:
    s = Summary.of(draws, level)
    return {name: s.mean, f"{name}_lower": s.lower, f"{name}_upper": s.upper}


def _returns(
    effects: Effects, plan: dict[str, Floats], spend: Floats, was: Floats, today: dict[str, Floats], level: float
) -> dict[str, Floats]:
    """Return on the money, and on its last unit: in revenue where that is known, else outcome per unit of money."""
    name = "roas" if effects.money or "revenue" in effects.measures else "outcome_per_spend"

    def over(draws: Floats, money: Floats) -> Floats:
        return np.asarray(draws[:, -1] / np.where(money > 0, money, np.nan)[:, None])

    found = _columns(name, over(plan["gain"], spend), level) | _columns(
        f"{name}_today", over(today["gain"], was), level
    )
    return found | _columns(f"marginal_{name}", plan["marginal"][:, -1], level)


def _bounds(asked: PlanProblem, rows: int) -> dict[str, Floats]:
    """Least and most money of each channel (with finer units: of its own limits)."""
    count, of = len(asked.names), asked.flight.units[:, 0]
    low, high = (summed(of, ends, count) for ends in (asked.limits.lower, asked.limits.upper))
    for group in asked.limits.groups:
        own = np.unique(of[group.members])
        if len(own) == 1 and (group.members == (of == own[0])).all():
            low[own[0]], high[own[0]] = max(low[own[0]], group.low), min(high[own[0]], group.high)
    blank = np.full(rows, np.nan)
    lower, upper = blank.copy(), blank.copy()
    lower[:count], upper[:count] = low, high
    return {"bound_lower": lower, "bound_upper": upper}


def calendar_frame(asked: PlanProblem, found: Beside) -> pd.DataFrame:
    """One row per channel and period (and geo): money today and planned, and where it leaves the range of the data.

    Columns are date, geo where there are any, channel, spend_today, spend, exposure (what the money buys, in the unit
    of the panel) and outside (``above``, ``below``, or nothing).
    """
    effects, flight = asked.horizon.effects, asked.flight
    s, window = effects.structure, flight.window
    dates = s.data.dates[window.start : window.end + 1].astype(str)
    spend, was = flight.spend(found.z), flight.spend(found.other)
    channels, geos, periods = spend.shape
    frame = pd.DataFrame({
        "date": np.tile(dates, channels * geos),
        "geo": np.tile(np.repeat(s.data.geos, periods), channels),
        "channel": np.repeat(asked.names, geos * periods),
        "spend_today": was.ravel(),
        "spend": spend.ravel(),
        "exposure": exposure(asked, found.z).ravel(),
        "outside": [WORDS[int(cell)] for cell in found.cells.ravel()],
    })  # fmt: skip
    return frame.drop(columns="geo") if geos == 1 else frame


def exposure(asked: PlanProblem, z: Floats) -> Floats:
    """What the money of each cell buys, in the panel's unit, (P, G, W)."""
    s, flight = asked.horizon.effects.structure, asked.flight
    units = s.scales.media[flight.channels][:, None, None] * s.scales.population[None, :, None]
    return np.asarray(flight.media(z) * units)
