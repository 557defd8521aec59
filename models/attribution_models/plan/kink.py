"""Where every draw's gain is the same, as at today's split: there a risk has a kink, and no derivative to climb by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from attribution_models.plan.limits import Limits

Floats = NDArray[np.float64]
Value = Callable[[Floats], float]
# Gains are the same in all draws below this share of what the money brings; moves are tried pair by pair up to so many
# units.
TIED, KINKS = 1e-7, 20
# Money moved to try a kink, and the least that is a move, as shares of the whole.
STEP, LEAST = 1e-3, 1e-7
# How far towards another plan.
WAYS = (0.02, 0.1, 0.3, 1.0)


def tied(gains: Floats, size: float) -> bool:
    """Whether a plan's gain is the same in every draw: it is what it is set against."""
    return float(np.ptp(gains)) <= TIED * size


def moves(z: Floats, limits: Limits) -> Iterator[tuple[float, Floats]]:
    """Money, and the plan in which so much goes from one unit to another, for each pair that the limits allow."""
    for i, j in permutations(range(len(z)), 2):
        money = min(STEP * limits.scale, float(limits.upper[i] - z[i]), float(z[j] - limits.lower[j]))
        if money > LEAST * limits.scale:
            moved = z.copy()
            moved[i] += money
            moved[j] -= money
            if limits.holds(moved):
                yield money, moved


def rise(z: Floats, value: Value, limits: Limits, steep: float) -> float:
    """Residual at a kink.

    The most that the objective rises when a thousandth of the money goes from one unit to another, per unit of money,
    as a share of the steepest derivative; 0 where no such move is a gain.
    """
    before = value(z)
    best = max(((value(moved) - before) / money for money, moved in moves(z, limits)), default=0.0)
    return max(best, 0.0) / max(steep, 1e-300)


def way_out(z: Floats, value: Value, limits: Limits, towards: Floats) -> Floats | None:
    """The best plan near a kink that is better than it: a move between two units, or a part of the way to another plan.

    None: none of them is a gain. Climbing from a kink asks in vain for a slope; this asks for gains, which costs
    a fifth.
    """
    found = [moved for _, moved in moves(z, limits)]
    found += [z + share * (towards - z) for share in WAYS]
    values = [value(plan) for plan in found]
    best = int(np.argmax(values))
    return found[best] if values[best] > value(z) else None
