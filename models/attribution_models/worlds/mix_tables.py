"""A mix world as tables: the panel that an analyst has, lift tests, and what is true."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.mix_baseline import PROMO
from attribution_models.worlds.mix_chance import Floats
from attribution_models.worlds.mix_lifts import MeasuredLift
from attribution_models.worlds.mix_market import MixMarket
from attribution_models.worlds.mix_truth import BASELINE, MULTIPLIERS, UNATTRIBUTED, ChannelTruth, curve

Columns = dict[str, NDArray[Any]]
EVERYWHERE = ""
BETWEEN_GEOS = ";"


def panel(market: MixMarket, outcome: Floats, before: bool, after: bool) -> Columns:
    """One row per geo and period, geos in turn.

    Parameters
    ----------
    outcome : array (G, N)
    before, after : bool
        Rows of the l_max periods before the window, and of those lived after it, without outcomes.
    """
    world = market.world
    rows = slice(0 if before else world.window.start, world.length if after else world.window.stop)
    shown = outcome.copy()
    shown[:, : world.window.start] = np.nan
    shown[:, world.window.stop :] = np.nan
    columns = _keys(market, market.dates[rows])
    columns["outcome"] = shown[:, rows].ravel()
    if world.revenue_per_outcome is not None:
        columns["revenue_per_outcome"] = np.tile(market.revenue[rows], world.geos)
    if world.geos > 1:
        columns["population"] = np.repeat(market.baseline.population, market.dates[rows].size)
    return columns | _media(market, rows) | _others(market, rows)


def lifts(market: MixMarket, measured: list[MeasuredLift]) -> Columns:
    """One row per test; ``geo`` names the geos that it ran in, empty where it ran in all."""
    start = market.dates[market.world.window]
    day = np.timedelta64(1, "D")
    length = np.timedelta64(market.world.days, "D")
    return {
        "experiment": _texts([m.experiment.name for m in measured]),
        "channel": _texts([m.experiment.channel for m in measured]),
        "start": _texts([str(start[m.periods[0]]) for m in measured]),
        "end": _texts([str(start[m.periods[1] - 1] + length - day) for m in measured]),
        "outcome_end": _texts([str(start[m.periods[2] - 1] + length - day) for m in measured]),
        "geo": _texts([_where(market, m.geos) for m in measured]),
        "lift": np.array([float(f"{m.lift:.6g}") for m in measured]),
        "standard_error": np.array([float(f"{m.standard_error:.6g}") for m in measured]),
        "spend_change": np.array([round(m.spend_change, 2) for m in measured]),
        "use": _texts([m.experiment.use for m in measured]),
    }


def truth(market: MixMarket, channels: list[ChannelTruth], parts: dict[str, Floats]) -> Columns:
    """One row per channel, promotions, ``(baseline)`` and ``(unattributed)``: contributions add up to the outcome."""
    revenue = market.revenue[market.world.window]
    total = sum(float(part.sum()) for part in parts.values())
    by_name = dict(zip([c.name for c in market.world.channels], channels, strict=True))

    def of(field: str) -> Floats:
        return np.array([getattr(by_name[n], field) if n in by_name else np.nan for n in parts])

    columns: Columns = {
        "channel": _texts(list(parts)),
        "kind": _texts([_kind(market, name) for name in parts]),
        "contribution": np.array([part.sum() for part in parts.values()]),
        "contribution_share": np.array([part.sum() / total for part in parts.values()]),
        "value": np.array([(part * revenue).sum() for part in parts.values()]),
    }
    columns |= {name: of(name) for name in ("in_window", "carried_in", "carried_out", "spend", "roas", "mroas")}
    if market.world.revenue_per_outcome is not None:
        columns["cpa"] = of("cpa")
    return columns


def truth_by_period(market: MixMarket, parts: dict[str, Floats]) -> Columns:
    """One row per part, geo and period of the window."""
    window = market.dates[market.world.window]
    keys = _keys(market, window)
    columns = {name: np.tile(values, len(parts)) for name, values in keys.items()}
    columns["channel"] = np.repeat(_texts(list(parts)), market.world.geos * window.size)
    columns["contribution"] = np.concatenate([part.ravel() for part in parts.values()])
    return columns


def truth_curves(market: MixMarket, channels: list[ChannelTruth]) -> Columns:
    """One row per paid channel and multiplier of its spend in the window."""
    world = market.world
    paid = [c for c, channel in enumerate(world.channels) if channel.paid]
    curves = [curve(market, c) for c in paid]
    return {
        "channel": np.repeat(_texts([world.channels[c].name for c in paid]), MULTIPLIERS.size),
        "multiplier": np.tile(MULTIPLIERS, len(paid)),
        "spend": np.concatenate([np.round(MULTIPLIERS * channels[c].spend, 2) for c in paid] or [np.zeros(0)]),
        "incremental_outcome": np.concatenate([c[0] for c in curves] or [np.zeros(0)]),
        "incremental_value": np.concatenate([c[1] for c in curves] or [np.zeros(0)]),
    }


def parameters(market: MixMarket, measured: list[MeasuredLift]) -> dict[str, Any]:
    """Everything that made the market, as plain data: description, drawn constants, true lifts.

    ``effects`` are β_gc per person and period, ``units`` the exposures per person and period at which the saturation's
    argument is 1, ``coefficients`` the outcome per person and period for one unit more of a column.
    """
    names = [c.name for c in market.world.channels]
    return {
        "world": asdict(market.world) | {"first_day": str(market.world.first_day)},
        "geos": dict(zip(market.geos, market.baseline.population.tolist(), strict=True)),
        "levels": dict(zip(market.geos, market.baseline.level.tolist(), strict=True)),
        "effects": dict(zip(names, market.effects.T.tolist(), strict=True)),
        "units": dict(zip(names, market.units.tolist(), strict=True)),
        "coefficients": market.baseline.coefficients,
        "lifts": {m.experiment.name: m.truth for m in measured},
    }


def _keys(market: MixMarket, dates: NDArray[np.datetime64]) -> Columns:
    columns: Columns = {"date": np.tile(_texts([str(d) for d in dates]), market.world.geos)}
    if market.world.geos > 1:
        columns["geo"] = np.repeat(_texts(list(market.geos)), dates.size)
    return columns


def _media(market: MixMarket, rows: slice) -> Columns:
    columns: Columns = {}
    exposure = market.exposure
    for c, channel in enumerate(market.world.channels):
        if channel.spend_column:
            columns[channel.spend_column] = market.spend[:, rows, c].ravel()
        columns[channel.exposure_column] = exposure[:, rows, c].ravel().astype(np.int64)
    return columns


def _others(market: MixMarket, rows: slice) -> Columns:
    columns: Columns = {PROMO: market.baseline.promo[:, rows].ravel()}
    return columns | {name: values[:, rows].ravel() for name, values in market.baseline.controls.items()}


def _kind(market: MixMarket, name: str) -> str:
    if name in (BASELINE, UNATTRIBUTED):
        return name.strip("()")
    if name == PROMO:
        return "treatment"
    return "paid" if name in {c.name for c in market.world.paid} else "organic"


def _where(market: MixMarket, geos: Floats) -> str:
    if geos.all():
        return EVERYWHERE
    return BETWEEN_GEOS.join(name for name, tested in zip(market.geos, geos, strict=True) if tested)


def _texts(words: list[str]) -> NDArray[Any]:
    return np.array(words, dtype=object)
