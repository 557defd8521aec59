"""A fit carried on after its panel: media as a year before, until a plan changes them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.effects import Effects
from attribution_models.mix.media_multiplier import media_multiplier

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def carried_on(effects: Effects, dates: NDArray[np.datetime64], season: int) -> Effects:
    """Effects over the panel and periods after it.

    Spend, exposure and frequency of a period after the panel are those of `season` periods before (a year: so that
    Christmas meets Christmas); an outcome's worth goes on as it was lately. The baseline is not carried on: under the
    identity link it does not change what media bring. Effects that drift go on as `media_multiplier` says.

    Parameters
    ----------
    dates : array (F,) of datetime64[D]
        First days of the periods after the panel.
    season : int
        Periods of a year; where the panel is shorter, the panel's length.

    Raises
    ------
    ValueError
        Under the log link: effects multiply a baseline that is not known yet.
    """
    if effects.log:
        raise ValueError(
            "Under the log link what media bring depends on a baseline that is not known after the panel's end; "
            "plan a window inside the panel."
        )
    s, ahead = effects.structure, len(dates)
    at = seasonal(s.outcome.shape[1], ahead, season)
    before = s.data.before
    wide = np.concatenate([np.arange(before), before + at])

    def later(values: Floats, places: Ints) -> Floats:
        return np.ascontiguousarray(values[..., places]) if values.shape[-1] else values

    unknown = np.full((len(s.data.geos), ahead), np.nan)
    revenue = np.pad(effects.revenue, ((0, 0), (0, ahead)), mode="edge")
    data = replace(
        s.data,
        dates=np.concatenate([s.data.dates, dates]),
        outcome=np.concatenate([s.data.outcome, unknown], axis=1),
        exposure=later(s.data.exposure, wide),
        frequency=later(s.data.frequency, wide),
        spend=later(s.data.spend, at),
        controls=later(s.data.controls, at),
        revenue_per_outcome=np.concatenate([s.data.revenue_per_outcome, unknown], axis=1),
    )
    longer = replace(
        s,
        data=data,
        outcome=np.pad(s.outcome, ((0, 0), (0, ahead))),
        fitted=np.pad(s.fitted, ((0, 0), (0, ahead))),
        media=later(s.media, wide),
        reach=later(s.reach, wide),
    )
    multiplier = media_multiplier(longer, effects.parameters, revenue.shape[1])
    return replace(effects, structure=longer, revenue=revenue, multiplier=multiplier)


def seasonal(periods: int, ahead: int, season: int) -> Ints:
    """Which period each one repeats: itself, after the panel's end the one `season` before."""
    found = np.arange(periods + ahead)
    back = min(max(season, 1), periods)
    for t in range(periods, periods + ahead):
        found[t] = found[t - back]
    return found
