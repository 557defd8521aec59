"""From one plan to the best near it: sequential quadratic programming, or projected gradients where it is large."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, minimize

from attribution_models.plan.limits import Limits
from attribution_models.plan.projected import ascend

Floats = NDArray[np.float64]
Climbed = Callable[[Floats], tuple[float, Floats]]
# Above this many units a quadratic programme costs more than the outcome itself.
LARGE = 60
ROUNDS = 3
# A round that gains less than this share of what the money could bring at the steepest slope is the last.
ENOUGH = 1e-7
STEPS = 50


def climb(aim: Climbed, limits: Limits, start: Floats) -> Floats:
    """Maximise from one start; the result is within the limits and spends the budget to the last digit."""
    z = repaired(start, limits)
    value, slope = aim(z)
    enough = ENOUGH * float(np.abs(slope).max()) * limits.scale
    for _ in range(ROUNDS):
        found = repaired(ascend(aim, limits, z) if len(z) > LARGE else _sequential(aim, limits, z), limits)
        reached = aim(found)[0]
        if not reached > value:
            break
        gained, z, value = reached - value, found, reached
        if gained <= enough:
            break
    return z


def _sequential(aim: Climbed, limits: Limits, start: Floats) -> Floats:
    """SLSQP (Kraft 1988) on money in units of the average, and on an objective whose steepest slope is 1."""
    unit = limits.scale / len(start)
    steep = max(float(np.abs(aim(start)[1]).max()) * unit, 1e-300)

    def turned(y: Floats) -> tuple[float, Floats]:
        value, slope = aim(np.asarray(y * unit))
        return -value / steep, -slope * unit / steep

    with warnings.catch_warnings():
        # A trial step beyond a bound is clipped; that is no news.
        warnings.filterwarnings("ignore", message="Values in x were outside bounds")
        found: Any = minimize(
            turned, start / unit, jac=True, method="SLSQP", bounds=Bounds(limits.lower / unit, limits.upper / unit),
            constraints=limits.constraints(unit), options={"maxiter": STEPS, "ftol": 1e-9},
        )  # fmt: skip
    return np.asarray(found.x * unit)


def repaired(z: Floats, limits: Limits) -> Floats:
    """Within bounds, with the budget spent: what rounding left over goes to where there is room for it."""
    z = limits.clipped(z)
    if limits.budget is None:
        return z
    for _ in range(3):
        left = limits.budget - float(z.sum())
        room = limits.upper - z if left > 0 else z - limits.lower
        if left == 0 or room.sum() <= 0:
            break
        if limits.groups and abs(left) > 1e-6 * limits.scale:
            nearest = limits.nearest(z)
            return z if nearest is None else nearest
        z = limits.clipped(z + left * room / room.sum())
    return z
