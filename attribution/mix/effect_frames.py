"""Returns, curves and weights of a mix model as tables."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution_models.mix.curves import AdstockWeights, Multipliers, ResponseCurves, SaturationCurves
from attribution_models.mix.draw_summary import Summary
from attribution_models.mix.returns import Returns

SPLIT = ("in_window", "carried_in", "carried_out", "contribution", "incremental")


def returns_frame(found: Returns) -> pd.DataFrame:
    """One row per channel (and geo): spend, what it brought when, ROAS, marginal ROAS, CPA, each with its interval.

    Effects are in units of the outcome; those in revenue have the suffix ``_revenue``.
    """
    shape = found.spend.shape
    columns: dict[str, Any] = {"channel": np.repeat(found.channels, shape[1])}
    if found.groups != ("",):
        columns["geo"] = np.tile(found.groups, shape[0])
    columns["spend"] = found.spend.ravel()
    for k, measure in enumerate(found.measures):
        suffix = "" if measure == "outcome" else "_revenue"
        for name in SPLIT:
            columns |= _columns(f"{name}{suffix}", getattr(found, name).each(itemgetter((..., k))))
    for name in ("roas", "mroas", "cpa"):
        columns |= _columns(name, getattr(found, name))
    return pd.DataFrame(columns).assign(interval_level=found.level)


def response_frame(found: ResponseCurves) -> pd.DataFrame:
    """One row per channel and multiple of its spend; ``current`` is what was spent, ``beyond`` what no data cover."""
    channels, points = found.spend.shape
    columns: dict[str, Any] = {
        "channel": np.repeat(found.channels, points),
        "multiplier": np.tile(found.multipliers, channels),
        "spend": found.spend.ravel(),
    }
    for k, measure in enumerate(found.measures):
        columns |= _columns(measure, found.gain.each(itemgetter((..., k))))
    columns["current"] = np.tile(found.multipliers == 1, channels)
    columns["extrapolated"], columns["beyond"] = found.extrapolated.ravel(), found.beyond.ravel()
    return pd.DataFrame(columns).assign(interval_level=found.level)


def saturation_frame(found: SaturationCurves) -> pd.DataFrame:
    """One row per channel and exposure of a period: the curve h; ``beyond`` is above the largest observed."""
    columns: dict[str, Any] = {"channel": np.repeat(found.channels, found.exposure.shape[1])}
    columns["exposure"] = found.exposure.ravel()
    columns |= _columns("response", found.response)
    columns["beyond"] = (found.exposure > found.largest[:, None] * (1 + 1e-9)).ravel()
    return pd.DataFrame(columns).assign(interval_level=found.level)


def adstock_frame(found: AdstockWeights) -> pd.DataFrame:
    """One row per channel and lag: the weight of a period's exposure so many periods later."""
    channels, lags = found.weight.mean.shape
    columns: dict[str, Any] = {"channel": np.repeat(found.channels, lags), "lag": np.tile(np.arange(lags), channels)}
    columns |= _columns("weight", found.weight)
    return pd.DataFrame(columns).assign(interval_level=found.level)


def multiplier_frame(found: Multipliers) -> pd.DataFrame:
    """One row per period: what multiplies the effects of all channels."""
    columns: dict[str, Any] = {"date": found.dates.astype(str)}
    return pd.DataFrame(columns | _columns("multiplier", found.multiplier)).assign(interval_level=found.level)


def _columns(name: str, found: Summary) -> dict[str, NDArray[np.float64]]:
    ends = {name: found.mean, f"{name}_median": found.median}
    ends |= {f"{name}_lower": found.lower, f"{name}_upper": found.upper}
    return {column: values.ravel() for column, values in ends.items()}
