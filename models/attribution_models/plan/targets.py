"""How much to spend: the budget that reaches an outcome, or still returns what is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from attribution_models.plan.certificate import kkt
from attribution_models.plan.climb import climb
from attribution_models.plan.goal import Goal
from attribution_models.plan.limits import Limits
from attribution_models.plan.objective import Objective, objective
from attribution_models.plan.optimum import Optimum, Search, optimise
from attribution_models.plan.response import Response

Floats = NDArray[np.float64]
Quantity = Literal["outcome", "roas", "mroas"]
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
CLOSE = 1e-7
STEPS = 60


class Unreachable(ValueError):  # noqa: N818  (it says what is so)
    """No plan within the limits reaches the target.

    Attributes
    ----------
    best : float
        The best that one can.
    """

    def __init__(self, best: float) -> None:
        super().__init__(f"The best that a plan within the limits reaches is {best:,.6g}.")
        self.best = best


@dataclass(frozen=True, slots=True)
class Target:
    """What a plan shall reach; F is the goal's functional of what the plan brings, Δ_d = V_d(z) − V_d(0).

    ========  ==============================================================================================
    outcome   least Σ z with F ≥ value
    roas      most Σ z with F ≥ value · Σ z: past it the whole plan returns less (the least budget is no
              question here: returns are best where least is spent)
    mroas     the z at which no unit's last money returns less: F − value · Σ z is largest
    ========  ==============================================================================================
    """

    quantity: Quantity
    value: float

    def __post_init__(self) -> None:
        if self.quantity not in QUANTITIES:
            raise ValueError(f'No target "{self.quantity}"; there are {", ".join(QUANTITIES)}.')
        if not (np.isfinite(self.value) and self.value >= 0):
            raise ValueError(f"A target is a number, 0 or more; got {self.value:g}.")


def reach(response: Response, goal: Goal, target: Target, limits: Limits, search: Search | None = None) -> Optimum:
    """Find the plan of a target; `limits` without a budget.

    Raises
    ------
    Unreachable
        With the best value that can be reached.
    ValueError
        No plan is within the limits, or the goal knows no amount (``beat-today``).
    """
    if goal.kind == "beat-today":
        raise ValueError("A target needs an amount: expected, quantile or cvar. beat-today is a probability.")
    search = search or Search()
    if target.quantity == "mroas":
        return _marginal(response, goal, target.value, limits, search)
    aim = objective(response, goal, response.base, limits)
    charge = target.value if target.quantity == "roas" else 0.0
    best = optimise(response, goal, response.base, limits, search, charge)
    if charge:
        if best.value < 0:
            raise Unreachable(_best_return(response, goal, best, limits, search))
    elif best.value < target.value * (1 - CLOSE):
        raise Unreachable(best.value)
    wanted = 0.0 if charge else target.value
    z = _crossing(aim, best.z, limits, lambda value, budget: value - charge * budget - wanted, falling=bool(charge))
    return optimise(response, goal, response.base, limits.at(float(z.sum())), search)


def _crossing(
    aim: Objective, known: Floats, limits: Limits, left: Callable[[float, float], float], *, falling: bool
) -> Floats:
    """The best plan of the budget at which `left` (of objective and budget) is 0.

    F*(B), the best objective of a budget, has the multiplier of the budget as its derivative: Newton's steps, kept
    between a budget that reaches the target and one that does not.
    """
    least, most = limits.ends()
    good, bad = float(known.sum()), most if falling else least
    edge = _best_at(aim, limits, bad, known)
    scale = max(abs(aim(known)[0]), 1e-300)
    if left(aim(edge)[0], bad) >= 0:
        return edge
    z, budget = known, good
    for _ in range(STEPS):
        value, slope = aim(z)
        rest = left(value, budget)
        if 0 <= rest <= CLOSE * scale or abs(good - bad) <= 1e-9 * limits.scale:
            break
        good, bad = (budget, bad) if rest >= 0 else (good, budget)
        price = kkt(z, slope, limits.at(budget))[1]
        pull = left(price, 1.0) - left(0.0, 0.0)
        # Aimed a little inside, so that the target is met and not missed by rounding.
        budget = budget - (rest - 0.5 * CLOSE * scale) / pull if pull else good
        low, high = min(good, bad), max(good, bad)
        if not low < budget < high:
            budget = 0.5 * (low + high)
        z = _best_at(aim, limits, budget, z)
    return z if left(aim(z)[0], float(z.sum())) >= -CLOSE * scale else _best_at(aim, limits, good, z)


def _best_at(aim: Objective, limits: Limits, budget: float, near: Floats) -> Floats:
    """The best plan of a budget, from one that is near."""
    fixed = limits.at(budget)
    start = fixed.nearest(near * (budget / near.sum()) if near.sum() > 0 else near)
    if start is None:  # by rounding, at the ends
        return near
    return climb(aim, fixed, start)


def _best_return(response: Response, goal: Goal, best: Optimum, limits: Limits, search: Search) -> float:
    """Largest F / Σ z (Dinkelbach 1967: raise the charge to the return of the plan that is best under it)."""
    z = best.z if best.z.sum() > 0 else limits.upper
    aim, ratio = objective(response, goal, response.base, limits), -np.inf
    for _ in range(STEPS):
        now = aim(z)[0] / max(float(z.sum()), 1e-300)
        if now <= ratio + 1e-9 * abs(ratio):
            break
        ratio = now
        z = optimise(response, goal, response.base, limits, search, ratio).z
        if not z.sum() > 0:
            break
    return float(ratio)


def _marginal(response: Response, goal: Goal, value: float, limits: Limits, search: Search) -> Optimum:
    """The plan whose every unit returns `value` on its last money, where bounds let it."""
    found = optimise(response, goal, response.base, limits, search, value)
    room = limits.upper > limits.lower
    if (found.z - limits.lower <= CLOSE * limits.scale)[room].all():
        slope = objective(response, goal, response.base, limits)(found.z)[1]
        best = float(slope[room].max()) if room.any() else 0.0
        if best < value:
            raise Unreachable(best)
    return found
