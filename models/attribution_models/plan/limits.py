"""What a plan may be: bounds of each unit, limits that groups share, and the budget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, linprog

Floats = NDArray[np.float64]
# Money this far beyond a limit, as a share of the whole, is rounding.
SLACK = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """Limits on the money of several units together.

    Attributes
    ----------
    name : str
    members : array (U,) of bool
    low, high : float
    """

    name: str
    members: NDArray[np.bool_]
    low: float = 0.0
    high: float = float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """The set {z : lower ≤ z ≤ upper, low_k ≤ Σ_{u ∈ k} z_u ≤ high_k, Σ z = budget}.

    Attributes
    ----------
    lower, upper : array (U,)
    groups : tuple of Shared
    budget : float or None
        Spent exactly; None: it is part of what is decided.
    """

    lower: Floats
    upper: Floats
    groups: tuple[Shared, ...] = ()
    budget: float | None = None

    @property
    def scale(self) -> float:
        """Size of the plan: the budget, or what may be spent."""
        return max(self.budget if self.budget is not None else float(self.upper.sum()), 1e-300)

    def at(self, budget: float | None) -> Limits:
        """The same with another budget."""
        return replace(self, budget=budget)

    def problem(self) -> str:
        """Why no plan is within the limits; empty where one is."""
        if (self.lower > self.upper * (1 + SLACK) + SLACK * self.scale).any():
            return "bounds cross"
        least, most = self.ends()
        if not np.isfinite(least):
            return "the limits of groups and bounds leave no plan"
        if self.budget is not None and self.budget < least - SLACK * self.scale:
            return f"the budget {self.budget:,.2f} is below the least that the limits ask for, {least:,.2f}"
        if self.budget is not None and self.budget > most + SLACK * self.scale:
            return f"the budget {self.budget:,.2f} is above the most that the limits allow, {most:,.2f}"
        return ""

    def ends(self) -> tuple[float, float]:
        """Least and most money that the limits allow, whatever the budget; NaN where there is no plan."""
        if not self.groups:
            return float(self.lower.sum()), float(self.upper.sum())
        free, ones = self.at(None), np.ones(len(self.lower))
        low, high = free.best(-ones), free.best(ones)
        if low is None or high is None:
            return float("nan"), float("nan")
        return float(low.sum()), float(high.sum())

    def best(self, slope: Floats) -> Floats | None:
        """The plan within the limits that is best by a linear objective; None where there is none."""
        # Slopes may differ by many orders: the solver wants them near 1.
        steep = max(float(np.abs(slope).max()), 1e-300)
        rows, ends = self._rows()
        equal: dict[str, Any] = {}
        if self.budget is not None:
            equal = {"A_eq": np.ones((1, len(slope))), "b_eq": [self.budget / self.scale]}
        limited: dict[str, Any] = {"A_ub": rows, "b_ub": ends / self.scale} if len(rows) else {}
        bounds = np.stack([self.lower, np.maximum(self.upper, self.lower)], axis=1) / self.scale
        found = _solved(-slope / steep, bounds=bounds, **equal, **limited)
        return None if found is None else self.clipped(found * self.scale)

    def nearest(self, z: Floats) -> Floats | None:
        """A plan within the limits with the least money moved from `z`; None where there is none."""
        size, rows, ends = len(z), *self._rows()
        # z* = z + more − less.
        bounds = np.stack(
            [np.concatenate([np.maximum(self.lower - z, 0), np.maximum(z - self.upper, 0)]),
             np.concatenate([np.maximum(self.upper - z, 0), np.maximum(z - self.lower, 0)])], axis=1,
        ) / self.scale  # fmt: skip
        equal: dict[str, Any] = {}
        if self.budget is not None:
            ones = np.ones((1, size))
            equal = {"A_eq": np.hstack([ones, -ones]), "b_eq": [(self.budget - z.sum()) / self.scale]}
        limited: dict[str, Any] = {}
        if len(rows):
            limited = {"A_ub": np.hstack([rows, -rows]), "b_ub": (ends - rows @ z) / self.scale}
        found = _solved(np.ones(2 * size), bounds=bounds, **equal, **limited)
        return None if found is None else self.clipped(z + self.scale * (found[:size] - found[size:]))

    def holds(self, z: Floats) -> bool:
        """Whether bounds and groups hold, the budget left aside."""
        slack, (rows, ends) = SLACK * self.scale, self._rows()
        inside = (z >= self.lower - slack).all() and (z <= self.upper + slack).all()
        return bool(inside and (rows @ z <= ends + slack).all())

    def clipped(self, z: Floats) -> Floats:
        """Within bounds to the last digit."""
        return np.clip(z, self.lower, np.maximum(self.upper, self.lower))

    def constraints(self, scale: float) -> list[LinearConstraint]:
        """Linear constraints on z / scale."""
        found = []
        if self.budget is not None:
            found.append(LinearConstraint(np.ones((1, len(self.lower))), self.budget / scale, self.budget / scale))
        rows, ends = self._rows()
        if len(rows):
            found.append(LinearConstraint(rows, -np.inf, ends / scale))
        return found

    def _rows(self) -> tuple[Floats, Floats]:
        """Inequalities rows · z ≤ ends of the groups."""
        rows, ends = [], []
        for group in self.groups:
            members = group.members.astype(np.float64)
            if np.isfinite(group.high):
                rows.append(members)
                ends.append(group.high)
            if group.low > 0:
                rows.append(-members)
                ends.append(-group.low)
        return np.array(rows).reshape(-1, len(self.lower)), np.array(ends)


def _solved(cost: Floats, **given: Any) -> Floats | None:
    """The cheapest point of a linear programme; None where there is none."""
    found: Any = linprog(cost, method="highs", **given)
    return None if found.x is None else np.asarray(found.x, dtype=np.float64)
