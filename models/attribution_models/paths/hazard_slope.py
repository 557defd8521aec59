"""Derivatives of the credits by backwards elimination, exact and in one scan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled
from attribution_models.paths.hazard_grid import FAR_PAST, Grid
from attribution_models.paths.hazard_intensity import Shape, base_rate, base_steps, rate
from attribution_models.paths.hazard_tape import CONVERSION, Tape

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def credit_slopes(tape: Tape, grid: Grid, shape: Shape, theta: Floats, kinds: int) -> Floats:
    """∂ credits / ∂θ of a tape, conversions and then value by kind and baseline, float64[2 (K + 1), P].

    A touch j gets (λ_j − λ_{j − 1}) / λ of a conversion, λ_j the intensity with media up to j and λ with all. Its
    derivative is (dλ_j − dλ_{j − 1}) / λ less the credit times dλ / λ, with dλ_j = λ_b db + λ_C dC_j.
    """
    slope = np.zeros((2 * (kinds + 1), theta.size))
    columns = shape.is_effect.size
    base = theta.size - columns
    b_x = np.zeros(columns)  # ∂b / ∂σ by signal column
    c_x = np.zeros(columns)  # ∂C_j / ∂β by effect column
    change = np.zeros((kinds + 1, columns + 1))  # d(credit · λ) by column; the last is per unit of μ, for the steps
    credit = np.zeros(kinds + 1)
    steps = np.empty(4, dtype=np.int64)
    longest = 0
    for i in range(tape.first.size):
        longest = max(longest, tape.offsets[i + 1] - tape.offsets[i])
    x = np.zeros(longest)
    for i in range(tape.first.size):
        begin = tape.offsets[i]
        converted = int(tape.before[i])
        latest = FAR_PAST
        for e in range(begin, tape.offsets[i + 1]):
            if tape.kind[e] >= 0:
                continue
            p = int(tape.period[e])
            if latest != FAR_PAST and latest < p:
                converted = latest
            latest = p
            if tape.kind[e] != CONVERSION:
                continue
            base_steps(grid, p, tape.first[i], converted, tape.stratum[i], steps)
            mu = base_rate(theta, steps)
            b_x[:] = 0.0
            c_x[:] = 0.0
            _columns(tape, begin, e, shape, x, b_x)
            b = shape.least + mu + (b_x * theta[base:]).sum()
            _differences(tape, begin, e, shape, theta[base:], x, b, mu, b_x, c_x, change, credit)
            c = (c_x * theta[base:]).sum()
            whole = rate(b, c, shape.floor)
            if whole[0] > 0.0:
                _divide(tape.strength[e], shape, base, steps, mu, whole, b_x, c_x, change, credit, slope)
            change[:] = 0.0
            credit[:] = 0.0
    return slope


@compiled
def _columns(tape: Tape, begin: int, e: int, shape: Shape, x: Floats, b_x: Floats) -> None:
    """Write each earlier touch of media as it stands at conversion e, and add the signals to their columns."""
    p = tape.period[e]
    kept = 1.0
    met = p
    for j in range(e - 1, begin - 1, -1):
        x[j - begin] = 0.0
        k = tape.kind[j]
        if k < 0:
            if tape.period[j] < met:
                met = tape.period[j]
                kept *= shape.kept
            continue
        for q in range(shape.kind_columns[k], shape.kind_columns[k + 1]):
            now = kept * tape.strength[j] * shape.power[shape.table[q], p - tape.period[j]]
            if shape.is_effect[q]:
                x[j - begin] = now
            else:
                b_x[q] += now


@compiled
def _differences(
    tape: Tape,
    begin: int,
    e: int,
    shape: Shape,
    theta: Floats,
    x: Floats,
    b: float,
    mu: float,
    b_x: Floats,
    c_x: Floats,
    change: Floats,
    credit: Floats,
) -> None:
    """Add λ_j − λ_{j − 1} and its derivatives over the touches before e; what is there without media is the last."""
    columns = shape.is_effect.size
    credit[-1] += b
    change[-1, :columns] += b_x
    change[-1, columns] += mu
    c = 0.0
    level = (b, 1.0, 1.0)
    for j in range(begin, e):
        if x[j - begin] == 0.0:
            continue
        k = tape.kind[j]
        q = shape.kind_columns[k]
        c += theta[q] * x[j - begin]
        found = rate(b, c, shape.floor)
        credit[k] += found[0] - level[0]
        if found[1] != level[1] or found[2] != level[2]:  # beyond the floor all columns move it
            for m in range(columns):
                change[k, m] += (found[1] - level[1]) * b_x[m] + (found[2] - level[2]) * c_x[m]
            change[k, columns] += (found[1] - level[1]) * mu
        change[k, q] += found[2] * x[j - begin]
        c_x[q] += x[j - begin]
        level = (found[0], found[1], found[2])


@compiled
def _divide(
    value: float,
    shape: Shape,
    base: int,
    steps: Ints,
    mu: float,
    whole: tuple[float, float, float, float, float, float],
    b_x: Floats,
    c_x: Floats,
    change: Floats,
    credit: Floats,
    slope: Floats,
) -> None:
    """Add the derivatives of credit / λ, once as they are and once times the value."""
    columns = shape.is_effect.size
    for k in range(credit.size):
        # An effect of exactly 0 earns nothing and still moves.
        if credit[k] == 0.0 and change[k, shape.kind_columns[k]] == 0.0:
            continue
        share = credit[k] / whole[0]
        for m in range(columns):
            d = (change[k, m] - share * (whole[1] * b_x[m] + whole[2] * c_x[m])) / whole[0]
            slope[k, base + m] += d
            slope[credit.size + k, base + m] += value * d
        d = (change[k, columns] - share * whole[1] * mu) / whole[0]
        for n in range(4):
            slope[k, steps[n]] += d
            slope[credit.size + k, steps[n]] += value * d
