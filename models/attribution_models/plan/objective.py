"""A plan's objective: the goal's functional of its gains, with exact derivatives."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from attribution_models.plan.goal import Goal
from attribution_models.plan.limits import Limits
from attribution_models.plan.response import Response

Floats = NDArray[np.float64]
# A curve may have no derivative at nothing: it is taken at this share of the average unit's money.
FLOOR = 1e-9


@dataclass(slots=True, eq=False)
class Objective:
    """F(V(z) − against) − charge · Σ z with its derivative; counts how often it is asked.

    Attributes
    ----------
    response : Response
    against : array (D,)
        What a plan's outcome is set against, draw by draw.
    goal : Goal
    charge : float
        What a unit of money must bring.
    floor : array (U,)
    chance : array (D,), optional
        Weight of each draw in the expected value, adding up to 1; equal without.
    asked : int
    """

    response: Response
    against: Floats
    goal: Goal
    charge: float = 0.0
    floor: Floats = field(default_factory=lambda: np.zeros(1))
    chance: Floats | None = None
    asked: int = 0

    def __call__(self, z: Floats) -> tuple[float, Floats]:
        """Value and derivatives."""
        self.asked += 1
        at = np.maximum(z, self.floor)
        if self.goal.linear:
            share = np.full(self.response.size, 1 / self.response.size) if self.chance is None else self.chance
            values, slope = self.response.slope(at, share)
            return float(share @ (values - self.against) - self.charge * z.sum()), slope - self.charge
        value, share = self.goal.of(self.response.values(at) - self.against)
        return value - self.charge * float(z.sum()), self.response.slope(at, share)[1] - self.charge

    def value(self, z: Floats) -> float:
        """The value alone: a fifth of the work where few draws have a weight."""
        self.asked += 1
        weighed = float(self.chance @ self.gains(z)) if self.chance is not None else self.goal.of(self.gains(z))[0]
        return weighed - self.charge * float(z.sum())

    def gains(self, z: Floats) -> Floats:
        """Gain of every draw."""
        return self.response.values(np.maximum(z, self.floor)) - self.against

    def brought(self, z: Floats) -> float:
        """Size of what the money brings in the mean: what differences are a share of."""
        return abs(float((self.response.values(z) - self.response.base).mean()))

    def some(self, draws: int) -> Objective:
        """The same over `draws` evenly spaced draws."""
        if draws >= self.response.size:
            return self
        kept = np.linspace(0, self.response.size - 1, draws).astype(int)
        return Objective(self.response.some(draws), self.against[kept], self.goal, self.charge, self.floor)


def objective(response: Response, goal: Goal, against: Floats, limits: Limits, charge: float = 0.0) -> Objective:
    """Put one together; units that may be spent on never stand exactly at nothing."""
    floor = np.where(limits.upper > 0, FLOOR * limits.scale / len(limits.upper), 0.0)
    return Objective(response, against, goal, charge, np.minimum(floor, limits.upper))
