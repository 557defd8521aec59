"""How far a plan is from the best one: what can be proved of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from attribution_models.plan.limits import Limits

Floats = NDArray[np.float64]
# A limit is active where the plan is this close to it, as a share of the whole.
ACTIVE = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """What is known of a plan's objective F.

    Attributes
    ----------
    kkt : float
        Residual of the Karush-Kuhn-Tucker conditions: the largest part of ∇F that no multiplier of an active limit
        explains, as a share of the largest derivative. 0: no small shift of money is a gain. At a kink: `kink.rise`.
    gap : float
        max_y ∇F(z) · (y − z) over all plans y within the limits: where F is concave (saturating curves, expected value
        or lower tail), no plan is better by more than this (Frank and Wolfe 1956).
    price : float
        Multiplier of the budget: what one more unit of money would bring (marginal return of the plan).
    starts : array (S,)
        Objective at the end of each start; their spread says whether there are several local optima.
    evaluations : int
        Of objective and derivatives, over all starts.
    size : float
        What the plan's money brings: what differences are a share of.
    """

    kkt: float
    gap: float
    price: float
    starts: Floats
    evaluations: int
    size: float

    @property
    def spread(self) -> float:
        """Best less worst end, as a share of what the money brings."""
        return float(self.starts.max() - self.starts.min()) / self.size


def certify(
    z: Floats, slope: Floats, limits: Limits, starts: Floats, evaluations: int, size: float, charge: float = 0.0
) -> Certificate:
    """Work the conditions out for one plan with derivatives `slope`, of which `charge` is what money has to bring."""
    residual, price = kkt(z, slope, limits)
    # Where money is charged for, the best slopes are near 0: the residual is a share of what money brings.
    residual *= float(np.abs(slope).max()) / max(float(np.abs(slope + charge).max()), 1e-300)
    best = limits.best(slope)
    gap = 0.0 if best is None else float(slope @ (best - z))
    return Certificate(residual, max(gap, 0.0), price, starts, evaluations, max(size, 1e-300))


def kkt(z: Floats, slope: Floats, limits: Limits) -> tuple[float, float]:
    """Residual of ∇F = λ 1 + Σ_k μ_k 1_k + ν over signs that active limits allow, and λ.

    λ is free where there is a budget, else 0; μ_k ≥ 0 at a group's upper limit, ≤ 0 at its lower one; ν likewise at
    bounds. Found by least squares over units that are at no bound; of units at a bound only a derivative of the wrong
    sign counts.
    """
    near = ACTIVE * limits.scale
    low, high = z <= limits.lower + near, z >= limits.upper - near
    columns, least, most = _columns(z, limits, near)
    steep = max(float(np.abs(slope).max()), 1e-300)
    free = ~(low | high)
    multipliers = np.zeros(columns.shape[1])
    if columns.shape[1]:
        # Units at a bound take part by what would violate it: a few rounds find which do.
        counted = free.copy()
        for _ in range(len(z) + 1):
            if not counted.any():
                counted = _pivot(slope, low, high)
            multipliers = lsq_linear(columns[counted], slope[counted] / steep, (least, most)).x * steep
            wrong = _violation(slope - columns @ multipliers, low, high) > 1e-12 * steep
            if not (wrong & ~counted).any():
                break
            counted |= wrong
    left = _violation(slope - columns @ multipliers, low, high)
    price = float(multipliers[0]) if limits.budget is not None else 0.0
    return float(left.max(initial=0.0)) / steep, price


def _pivot(slope: Floats, low: NDArray[np.bool_], high: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where every unit is at a bound: the one that gains least from what it has, or most from more."""
    up = np.where(low & ~high, slope, -np.inf)
    down = np.where(high & ~low, slope, np.inf)
    counted = np.zeros(len(slope), dtype=bool)
    counted[int(np.argmax(up)) if np.isfinite(up).any() else int(np.argmin(down))] = True
    return counted


def _violation(rest: Floats, low: NDArray[np.bool_], high: NDArray[np.bool_]) -> Floats:
    """Part of the derivative that no bound explains: at the lower one only a positive part, at the upper a negative."""
    inside = np.where(low, np.maximum(rest, 0.0), np.where(high, np.maximum(-rest, 0.0), np.abs(rest)))
    return np.where(low & high, 0.0, inside)


def _columns(z: Floats, limits: Limits, near: float) -> tuple[Floats, Floats, Floats]:
    """Normals of active limits, and the ends of their multipliers."""
    columns, least, most = [], [], []
    if limits.budget is not None:
        columns.append(np.ones(len(z)))
        least.append(-np.inf)
        most.append(np.inf)
    for group in limits.groups:
        total = float(z[group.members].sum())
        at_high, at_low = total >= group.high - near, group.low > 0 and total <= group.low + near
        if at_high or at_low:
            columns.append(group.members.astype(np.float64))
            least.append(-np.inf if at_low else 0.0)
            most.append(np.inf if at_high else 0.0)
    return np.array(columns).reshape(-1, len(z)).T, np.array(least), np.array(most)
