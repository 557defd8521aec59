"""Effects of a media-mix model as rows of the credits table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.credit.columns import ordered
from attribution.errors import UsageError, listed
from attribution_models.mix.cells import TIMES, Grain, Window, cells, windows
from attribution_models.mix.contributions import Contributions, contributions
from attribution_models.mix.effects import Effects
from attribution_models.mix.prior_checks import Learned
from attribution_models.mix.returns import Returns, returns

Floats = NDArray[np.float64]
FAMILY = "mmm"
ESTIMAND = "incremental_total"
INTERVAL = "posterior"
MIX_GRAINS: tuple[Grain, ...] = ("period", "week", "month", "geo")
ENDS = {"": "mean", "_lower": "lower", "_upper": "upper"}
PRIOR_DOMINATED = "prior-dominated"


def mix_frame(
    name: str,
    effects: Effects,
    *,
    by: Sequence[str] = (),
    window: Window | None = None,
    level: float = 0.9,
    known: Learned | None = None,
) -> pd.DataFrame:
    """Rows of the credits table: channels, treatments, ``(baseline)`` and ``(unattributed)``.

    ``conversions`` and ``value`` are contributions in the group, with what earlier spend carried in; they are means
    over draws, so that the rows of a group add up to what was observed in it. Periods without an outcome, and those
    masked because media before them are unknown, are in no total. Under a log link ``(interaction)`` holds what one-off
    effects leave. ``cost`` is the spend of all periods of the group. ``roas``, ``mroas`` and ``cpa`` are
    counterfactual: what that spend brought until its effect has died away, over that spend. So ``roas`` is not ``value`` over ``cost``.

    Parameters
    ----------
    name : str
        Of the fit.
    effects : Effects
    by : sequence of str
        ``geo``, and one of ``period`` (as the panel has them), ``week`` and ``month``.
    window : Window, optional
        Only these periods.
    level : float
        Of the intervals.
    known : Learned, optional
        Adds the column ``mark``, which says ``prior-dominated`` where the prior decides a channel's ROAS.

    Raises
    ------
    UsageError
        A grain that a mix model does not have.
    """  # noqa: E501
    grains = grains_of(by)
    data = effects.structure.data
    if "geo" in grains and len(data.geos) == 1:
        raise UsageError("by: this model has no geos; its panel is national.")
    found = contributions(effects, cells(data, effects.structure.fitted, grains, window), level)
    bought = returns_by_group(effects, grains, window, level)
    frames = [_group(name, effects, found, i, bought[key]) for i, key in enumerate(found.cells.names)]
    frame = pd.concat(frames, ignore_index=True)
    if known is not None:
        marked = {c for c, flag in zip(known.channels, known.prior_dominated, strict=True) if flag}
        frame["mark"] = [PRIOR_DOMINATED if c in marked else "" for c in frame["channel"]]
    return ordered(frame)


def grains_of(by: Sequence[str]) -> tuple[Grain, ...]:
    """Check the grains of a mix model's table, and put them into their order.

    Raises
    ------
    UsageError
        An unknown grain, one twice, or two of time.
    """
    grains = tuple(grain for grain in MIX_GRAINS if grain in by)
    unknown = [grain for grain in by if grain not in MIX_GRAINS]
    if unknown:
        raise UsageError(f'by: a mix model has no "{unknown[0]}"; it has {listed(MIX_GRAINS)}.')
    if len(grains) < len(by) or sum(grain in TIMES for grain in grains) > 1:
        raise UsageError(f"by: name geo, and one of {listed(TIMES)}, once each; got {listed(by)}.")
    return grains


def returns_by_group(
    effects: Effects, grains: tuple[Grain, ...], window: Window | None, level: float
) -> dict[tuple[str, ...], tuple[Returns, int]]:
    """Returns of spend by group: the result, and which of its groups."""
    data = effects.structure.data
    time = next((grain for grain in grains if grain in TIMES), None)
    spans = {"": window or Window.whole(data)} if time is None else windows(data, time, window)
    by_geo = "geo" in grains
    found: dict[tuple[str, ...], tuple[Returns, int]] = {}
    for label, span in spans.items():
        result = returns(effects, span, level, by_geo=by_geo)
        for i, geo in enumerate(result.groups):
            values = {"geo": geo} | ({} if time is None else {time: label})
            found[tuple(values[grain] for grain in grains)] = result, i
    return found


def _group(name: str, effects: Effects, found: Contributions, group: int, bought: tuple[Returns, int]) -> pd.DataFrame:
    """Rows of one group."""
    columns: dict[str, Any] = {
        "fit": name,
        "model": FAMILY,
        "estimand": ESTIMAND,
        "channel": list(found.names),
        **_amounts(effects, found, group),
        **_ratios(*bought, len(found.names)),
        **dict.fromkeys(("removal_effect", "value_removal_effect"), np.nan),
        "interval_level": found.level,
        "interval_kind": INTERVAL,
    }
    return pd.DataFrame(columns).assign(**dict(zip(found.cells.by, found.cells.names[group], strict=True)))


def _amounts(effects: Effects, found: Contributions, group: int) -> dict[str, Floats]:
    """Conversions and value with their shares of what was observed; an outcome in money has no conversions."""
    last = len(effects.measures) - 1
    places = {"conversions": None if effects.money else 0, "value": last if effects.money or last else None}
    frame: dict[str, Floats] = {}
    for measure, share in (("conversions", "conversion_share"), ("value", "value_share")):
        place = places[measure]
        total = np.nan if place is None else found.observed[group, place]
        for end, field in ENDS.items():
            if place is None:
                amounts = np.full(len(found.names), np.nan)
            else:
                amounts = getattr(found.summary, field)[:, group, place]
            frame[f"{measure}{end}"] = amounts
            frame[f"{share}{end}"] = amounts / total if total > 0 else np.full(len(amounts), np.nan)
    return frame


def _ratios(found: Returns, group: int, rows: int) -> dict[str, Floats]:
    """Cost, and what it returned: channels stand first, and nothing else was paid for."""
    frame = {"cost": _padded(found.spend[:, group], rows)}
    for measure in ("cpa", "roas", "mroas"):
        for end, field in ENDS.items():
            frame[f"{measure}{end}"] = _padded(getattr(getattr(found, measure), field)[:, group], rows)
    return frame


def _padded(values: Floats, rows: int) -> Floats:
    return np.append(values, np.full(rows - len(values), np.nan))
