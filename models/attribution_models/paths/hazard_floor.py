"""What the floor changes in the integral of the intensity, period by period where the linear form is below it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled
from attribution_models.paths.hazard_grid import FAR_PAST, Grid
from attribution_models.paths.hazard_intensity import Shape, base_rate, base_steps, rate
from attribution_models.paths.hazard_tape import Tape

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def below_floor(
    tape: Tape,
    i: int,
    grid: Grid,
    shape: Shape,
    theta: Floats,
    begin: int,
    end: int,
    at: int,
    converted: int,
    lowest: float,
    active: Ints,
    count: int,
    state: Floats,
    steps: Ints,
    sums: Floats,
    grad: Floats,
    hess: Floats,
    second: bool,
) -> float:
    """Σ w (λ − b − C) over the periods in [begin, end) whose linear form is below the floor; state as of `at`.

    Columns of one half-life fade alike, so each stretch of constant baseline is summed per half-life, and only the
    sums are spread over columns. `steps` (4) and `sums` (half-lives + 3 × half-lives + 1) are scratch.
    """
    base = grad.size - shape.is_effect.size
    rows = shape.power.shape[0]
    c_at = 0.0
    signals = sums[rows + 2]  # of the baseline, by half-life
    signals[:] = 0.0
    for k in range(count):
        q = active[k]
        if shape.is_effect[q]:
            c_at += theta[base + q] * state[q]
        else:
            signals[shape.table[q]] += theta[base + q] * state[q]
    total = 0.0
    p = begin
    while p < end:
        if -c_at * shape.power[0, p - at] <= (1.0 - shape.floor) * (shape.least + lowest):
            break  # C fades from here on, and no baseline is lower
        base_steps(grid, p, tape.first[i], converted, tape.stratum[i], steps)
        mu = base_rate(theta, steps)
        until = min(end, grid.calendar_end[p], tape.first[i] + grid.age_end[p - tape.first[i]])
        if converted != FAR_PAST:
            until = min(until, converted + grid.recency_end[min(max(p - converted, 0), grid.recency.size - 1)])
        if -c_at * shape.power[0, p - at] <= (1.0 - shape.floor) * (shape.least + mu):
            p = until
            continue
        sums[: rows + 2] = 0.0
        change = _stretch(tape, i, grid, shape, c_at, signals, p, until, at, mu, sums)
        p = until
        if sums[0, 0] != 0.0 or sums[1, 0] != 0.0:
            total += change
            _spread(grad, hess, second, shape, steps, mu, active, count, state, sums)
    return total


@compiled
def _stretch(
    tape: Tape,
    i: int,
    grid: Grid,
    shape: Shape,
    c_at: float,
    signals: Floats,
    begin: int,
    end: int,
    at: int,
    mu: float,
    sums: Floats,
) -> float:
    """Sum over periods of one baseline step.

    With h = λ − b − C and δ_r the decay of half-life r since `at`:

    ``sums[0, 0]`` Σ w h_b, ``sums[1, 0]`` Σ w h_bb, ``sums[0, 1 + r]`` Σ w h_r δ_r, ``sums[1, 1 + r]`` Σ w h_br δ_r,
    ``sums[2 + r, 1 + s]`` Σ w h_rs δ_r δ_s, where an index r stands for C (r = 0: effects) or b (signals).
    """
    rows = shape.power.shape[0]
    total = 0.0
    for p in range(begin, end):
        c = c_at * shape.power[0, p - at]
        if -c <= (1.0 - shape.floor) * (shape.least + mu):
            break
        b = shape.least + mu
        for r in range(1, rows):
            b += signals[r] * shape.power[r, p - at]
        if b + c >= shape.floor * b:
            continue
        w = grid.days * tape.frailty[i]
        if p == tape.first[i]:
            w *= tape.first_part[i]
        if p == tape.last[i]:
            w *= tape.last_part[i]
        d = rate(b, c, shape.floor)
        total += w * (d[0] - b - c)
        sums[0, 0] += w * (d[1] - 1.0)
        sums[1, 0] += w * d[3]
        for r in range(rows):
            x = w * shape.power[r, p - at]
            effects = 1 if r == 0 else 0
            sums[0, 1 + r] += x * (d[1 + effects] - 1.0)
            sums[1, 1 + r] += x * d[3 + effects]
            for s in range(r, rows):
                both = effects + (1 if s == 0 else 0)
                sums[2 + r, 1 + s] += x * shape.power[s, p - at] * d[3 + both]
    return total


@compiled
def _spread(
    grad: Floats,
    hess: Floats,
    second: bool,
    shape: Shape,
    steps: Ints,
    mu: float,
    active: Ints,
    count: int,
    state: Floats,
    sums: Floats,
) -> None:
    """Subtract the derivatives of the integral, given the sums of a stretch, from gradient and Hessian."""
    base = grad.size - shape.is_effect.size
    for k in range(4):
        grad[steps[k]] -= mu * sums[0, 0]
    for k in range(count):
        grad[base + active[k]] -= state[active[k]] * sums[0, 1 + shape.table[active[k]]]
    if not second:
        return
    for k in range(4):
        for m in range(4):
            hess[steps[k], steps[m]] -= mu * mu * sums[1, 0] + mu * sums[0, 0]
        for m in range(count):
            q = active[m]
            cross = mu * state[q] * sums[1, 1 + shape.table[q]]
            hess[steps[k], base + q] -= cross
            hess[base + q, steps[k]] -= cross
    for k in range(count):
        for m in range(count):
            q, other = active[k], active[m]
            r, s = min(shape.table[q], shape.table[other]), max(shape.table[q], shape.table[other])
            hess[base + q, base + other] -= state[q] * state[other] * sums[2 + r, 1 + s]
