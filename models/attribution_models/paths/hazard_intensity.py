"""The intensity of conversions: additive in media, and above zero whatever their sign.

Intensity of a person in a period, conversions per day:

    λ = b + C              where b + C >= ε b,
    λ = ε b exp(1/ε − 1 + C / (ε b))   elsewhere,

with b = ν + μ + Σ σ x over signal columns (demand that shows itself) and C = Σ β x over effect columns (media). The
second line continues the first with the same value and slope, so the intensity is smooth and above zero
whatever the sign of C, and log λ and −λ are concave in C. A column x of a person is Σ_j s_j δ^(p − p_j) over
touches j of its kind, times `kept` for each period with a conversion since the touch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled
from attribution_models.paths.hazard_grid import FAR_PAST, Grid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Shape(NamedTuple):
    """Everything of the intensity that is not a coefficient.

    Attributes
    ----------
    kind_columns : int64[K + 1]
        Columns ``kind_columns[k]:kind_columns[k + 1]`` belong to kind k.
    is_effect : bool[Q]
        Effect of media, else signal.
    table : int64[Q]
        Row of `power` and `geometric` of a column.
    power : float64[H, G]
        δ^n for n periods; effect columns share one row, so that C keeps its sign between events.
    geometric : float64[H, G + 1]
        Σ_{m < n} δ^m.
    kept : float
        Share of signals and effects that outlives an own conversion.
    floor : float
        ε, in (0, 1).
    least : float
        ν, conversions per day: the baseline is never lower.
    """

    kind_columns: Ints
    is_effect: NDArray[np.bool_]
    table: Ints
    power: Floats
    geometric: Floats
    kept: float
    floor: float
    least: float


@compiled
def rate(b: float, c: float, floor: float) -> tuple[float, float, float, float, float, float]:
    """Intensity λ(b, C) and its derivatives λ_b, λ_C, λ_bb, λ_bC, λ_CC."""
    if b + c >= floor * b:
        return b + c, 1.0, 1.0, 0.0, 0.0, 0.0
    v = c / (floor * b)
    e = np.exp(1.0 / floor - 1.0 + v)
    return floor * b * e, floor * e * (1.0 - v), e, floor * e * v * v / b, -v * e / b, e / (floor * b)


@compiled
def log_rate(b: float, c: float, floor: float) -> tuple[float, float, float, float, float, float]:
    """Logarithm of λ(b, C) and its derivatives, in the order of `rate`; finite however far below the floor."""
    m = b + c
    if m >= floor * b:
        h = -1.0 / (m * m)
        return np.log(m), 1.0 / m, 1.0 / m, h, h, h
    f = floor * b
    level = np.log(f) + 1.0 / floor - 1.0 + c / f
    return level, 1.0 / b - c / (f * b), 1.0 / f, -1.0 / (b * b) + 2.0 * c / (f * b * b), -1.0 / (f * b), 0.0


@compiled
def base_steps(grid: Grid, p: int, first: int, converted: int, stratum: int, steps: Ints) -> None:
    """Positions in θ of the four baseline steps of a period."""
    since = min(max(p - converted, 0), grid.recency.size - 1)
    steps[0] = grid.calendar[p]
    steps[1] = grid.sizes[0] + grid.age[p - first]
    steps[2] = grid.sizes[0] + grid.sizes[1] + (0 if converted == FAR_PAST else grid.recency[since])
    steps[3] = grid.sizes[0] + grid.sizes[1] + grid.sizes[2] + stratum


@compiled
def base_rate(theta: Floats, steps: Ints) -> float:
    """Give μ = exp(sum of its steps), conversions per day."""
    return float(np.exp(theta[steps[0]] + theta[steps[1]] + theta[steps[2]] + theta[steps[3]]))
