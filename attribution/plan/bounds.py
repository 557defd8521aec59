"""Bounds of a plan: what each channel may have, alone and together with others."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attribution.errors import UsageError
from attribution.plan.options import PlanOptions
from attribution.plan.terms import ends, pair
from attribution_models.plan.flight import Flight
from attribution_models.plan.limits import Limits, Shared

Floats = NDArray[np.float64]
# An end that is left open, where there is no budget: so many times what was spent in all.
OPEN = 10.0


def limits_of(
    options: PlanOptions, plan: Flight, split: Floats, names: tuple[str, ...], kept: NDArray[np.bool_],
    budget: float | None,
) -> Limits:  # fmt: skip
    """Bounds by channel, and what follows from them for smaller units."""
    most = budget if budget is not None else OPEN * max(float(plan.today.sum()), 1.0)
    own = plan.by_channel(split)
    low, high = _channel_bounds(options, own, names, kept, most)
    groups = [_group(text, names, plan, own, most) for text in options.groups]
    if len(plan.units) == len(names):
        return Limits(low, high, tuple(groups), budget)
    return _finer(plan, split, kept, low, high, tuple(groups), budget)


def _channel_bounds(
    options: PlanOptions, own: Floats, names: tuple[str, ...], kept: NDArray[np.bool_], most: float
) -> tuple[Floats, Floats]:
    least, greatest = ends(options.within, "--bounds")
    low = np.array([least.of(money) for money in own])
    high = np.minimum([greatest.of(money) for money in own], most)
    for text in options.bounds:
        at, rest = pair(text, "--channel-bounds", names)
        a, b = ends(rest, "--channel-bounds")
        for i in at:
            if kept[i]:
                raise UsageError(f"--channel-bounds {text}: {names[i]} is locked. Leave one of both out.")
            low[i], high[i] = a.of(own[i]), min(b.of(own[i]), most) if math.isinf(b.value) else b.of(own[i])
            if low[i] > high[i]:
                raise UsageError(
                    f"--channel-bounds {text}: the lower bound {low[i]:,.2f} is above the upper one, {high[i]:,.2f}."
                )
    low[kept] = high[kept] = own[kept]
    if (low > high).any():
        worst = names[int(np.argmax(low - high))]
        raise UsageError(
            f"--bounds {options.within}: the bounds of {worst} cross. Write LOW:HIGH with LOW the smaller."
        )
    return low, high


def _group(text: str, names: tuple[str, ...], plan: Flight, own: Floats, most: float) -> Shared:
    at, rest = pair(text, "--group", names)
    low, high = ends(rest, "--group")
    total = float(own[at].sum())
    a, b = low.of(total), min(high.of(total), most)
    if a > b:
        raise UsageError(f"--group {text}: the lower limit {a:,.2f} is above the upper one, {b:,.2f}.")
    return Shared(",".join(names[i] for i in at), np.isin(plan.units[:, 0], at), a, b)


def _finer(
    plan: Flight, split: Floats, kept: NDArray[np.bool_], low: Floats, high: Floats, groups: tuple[Shared, ...],
    budget: float | None,
) -> Limits:  # fmt: skip
    """Bounds of units by week or geo: from nothing to the most that one had, or its part of the channel's bound."""
    of, own = plan.units[:, 0], plan.by_channel(split)
    times = np.where(own > 0, high / np.where(own > 0, own, 1.0), 1.0)
    largest = np.zeros(len(own))
    np.maximum.at(largest, of, split)
    upper = np.where(own > 0, np.maximum(largest, 0.0) * np.maximum(times, 1.0), high)[of]
    upper = np.where(kept[of], split, upper)
    lower = np.where(kept[of], split, 0.0)
    own_groups = [
        Shared(f"channel {i}", of == i, float(low[i]), float(high[i])) for i in range(len(own)) if not kept[i]
    ]
    return Limits(lower, upper, (*own_groups, *groups), budget)
