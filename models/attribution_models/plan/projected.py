"""Projected gradients for plans with thousands of units: by week and geo."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from attribution_models.plan.limits import Limits, Shared

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
STEPS, REMEMBERED, CYCLES = 200, 8, 500
CLOSE = 1e-10
TOLERANCE = 1e-8
ARMIJO = 1e-4


def ascend(aim: Callable[[Floats], tuple[float, Floats]], limits: Limits, start: Floats) -> Floats:
    """Maximise by spectral projected gradients (Birgin, Martínez and Raydan 2000).

    Steps z + t (Π(z + s ∇F) − z) with s the Barzilai-Borwein length, and t halved until F is above the lowest of the
    last values plus a share of what the slope promises.
    """
    z = project(start, limits)
    value, slope = aim(z)
    best, best_value, values = z, value, [value]
    step = limits.scale / len(z) / max(float(np.abs(slope).max()), 1e-300)
    for _ in range(STEPS):
        way = project(z + step * slope, limits) - z
        promise = float(slope @ way)
        if promise <= TOLERANCE * max(abs(value), 1e-300):
            break
        t = 1.0
        new, found = z + way, aim(z + way)
        while found[0] < min(values[-REMEMBERED:]) + ARMIJO * t * promise and t > 1e-6:
            t /= 2
            new, found = z + t * way, aim(z + t * way)
        moved, turned = new - z, slope - found[1]
        bend = float(moved @ turned)
        step = float(moved @ moved) / bend if bend > 0 else 10 * step
        z, (value, slope) = new, found
        values.append(value)
        if value > best_value:
            best, best_value = z, value
    return best


def project(z: Floats, limits: Limits) -> Floats:
    """The nearest plan within the limits, by Euclid's distance.

    Bounds, the budget and groups that share no unit are met at once; groups that overlap those in turn (Dykstra 1983).
    """
    family, others = _families(limits)
    if not others:
        return _together(z, family, limits)
    kept = [np.zeros(len(z)) for _ in range(1 + len(others))]
    found = z
    for _ in range(CYCLES):
        for i, own in enumerate((family, *((group,) for group in others))):
            asked = found + kept[i]
            found = _together(asked, own, limits if i == 0 else limits.at(None))
            kept[i] = asked - found
        # Between cycles a point may stand still long before it is there: what counts is that every row holds.
        if _off(found, limits) <= CLOSE * limits.scale:
            break
    return found


def _families(limits: Limits) -> tuple[tuple[Shared, ...], list[Shared]]:
    """Groups that share no unit, in the order in which they are given, and the others."""
    taken = np.zeros(len(limits.lower), dtype=bool)
    family, others = [], []
    for group in limits.groups:
        if (taken & group.members).any():
            others.append(group)
        else:
            family.append(group)
            taken |= group.members
    return tuple(family), others


def _together(z: Floats, family: tuple[Shared, ...], limits: Limits) -> Floats:
    """Within bounds, groups that share no unit, and the budget.

    The nearest point is clip(z − λ − μ_k): μ_k brings a group's sum to the end of its limits that it is beyond, and λ
    the sum of all, which falls with λ, to the budget.
    """
    label = np.full(len(z), len(family))
    for k, group in enumerate(family):
        label[group.members] = k
    low = np.array([*(group.low for group in family), -np.inf])
    high = np.array([*(group.high for group in family), np.inf])
    shift = 0.0 if limits.budget is None else _level(z, label, low, high, limits)
    found = limits.clipped(z - shift)
    parts = np.bincount(label, found, minlength=len(low))
    for k in map(int, np.flatnonzero((parts < low) | (parts > high))):
        own = label == k
        end = float(np.clip(parts[k], low[k], high[k]))
        found[own] = _shifted(z[own], limits.lower[own], limits.upper[own], end)
    return found


def _level(z: Floats, label: Ints, low: Floats, high: Floats, limits: Limits) -> float:
    """λ, by halving: the sum of all groups, each within its limits, falls with it."""
    assert limits.budget is not None
    least, most = float((z - limits.upper).min()), float((z - limits.lower).max())
    for _ in range(100):
        middle = 0.5 * (least + most)
        if not least < middle < most:
            break
        parts = np.bincount(label, np.clip(z - middle, limits.lower, limits.upper), minlength=len(low))
        if float(np.clip(parts, low, high).sum()) > limits.budget:
            least = middle
        else:
            most = middle
    return 0.5 * (least + most)


def _off(z: Floats, limits: Limits) -> float:
    """Money by which a plan is beyond the budget or a group's limits."""
    found = 0.0 if limits.budget is None else abs(float(z.sum()) - limits.budget)
    for group in limits.groups:
        total = float(z[group.members].sum())
        found = max(found, group.low - total, total - group.high)
    return found


def _shifted(z: Floats, lower: Floats, upper: Floats, total: float) -> Floats:
    """clip(z − s, lower, upper) whose sum is `total`: the sum is a falling broken line in s, whose bends are sorted."""
    bends = np.concatenate([z - upper, z - lower])
    turn = np.concatenate([np.ones(len(z)), -np.ones(len(z))])
    order = np.argsort(bends, kind="stable")
    bends, free = bends[order], np.cumsum(turn[order])
    # At the first bend everything is at its upper end; between bends as many units fall as are at neither end.
    sums = upper.sum() - np.concatenate([[0.0], np.cumsum(free[:-1] * np.diff(bends))])
    at = int(np.clip(np.searchsorted(-sums, -total) - 1, 0, len(bends) - 1))
    shift = bends[at] + ((sums[at] - total) / free[at] if free[at] > 0 else 0.0)
    return np.asarray(np.clip(z - shift, lower, upper))
