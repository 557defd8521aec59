"""The walk through a person's events: time at risk integrated, conversions stored with their columns.

Within a period the intensity is constant, so its integral is a sum: of geometric series where λ = b + C, of
single periods below the floor. Both are exact.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled
from attribution_models.paths.hazard_grid import Grid
from attribution_models.paths.hazard_intensity import Shape, base_rate, base_steps, log_rate, rate
from attribution_models.paths.hazard_tape import PAST, Tape

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WHOLE: Final = 0  # everything of a person
LINEAR: Final = 1  # store the conversions as rows, and integrate b + C
FLOOR: Final = 2  # only what the floor changes in the integral


class Rows(NamedTuple):
    """Conversions with their columns: row r holds entries ``offsets[r]:offsets[r + 1]``.

    Attributes
    ----------
    used : int64[1]
        Rows in use.
    offsets : int64[R + 1]
    steps : int64[R, 4]
        Positions in θ of the baseline steps.
    columns : int64[E]
    x : float64[E]
    """

    used: Ints
    offsets: Ints
    steps: Ints
    columns: Ints
    x: Floats


@compiled
def _add(
    grad: Floats,
    hess: Floats,
    second: bool,
    steps: Ints,
    mu: float,
    active: Ints,
    count: int,
    x: Floats,
    is_effect: NDArray[np.bool_],
    factor: float,
    d: tuple[float, float, float, float, float, float],
) -> None:
    """Add factor × (derivatives of h(b(θ), C(θ))) to gradient and Hessian, d = (h, h_b, h_C, h_bb, h_bC, h_CC)."""
    base = grad.size - is_effect.size
    for k in range(4):
        grad[steps[k]] += factor * d[1] * mu
    for k in range(count):
        grad[base + active[k]] += factor * (d[2] if is_effect[active[k]] else d[1]) * x[k]
    if not second:
        return
    for k in range(4):
        for m in range(4):
            hess[steps[k], steps[m]] += factor * (d[3] * mu * mu + d[1] * mu)
        for m in range(count):
            cross = factor * (d[4] if is_effect[active[m]] else d[3]) * mu * x[m]
            hess[steps[k], base + active[m]] += cross
            hess[base + active[m], steps[k]] += cross
    for k in range(count):
        for m in range(count):
            effects = int(is_effect[active[k]]) + int(is_effect[active[m]])
            hess[base + active[k], base + active[m]] += factor * d[3 + effects] * x[k] * x[m]


@compiled
def _below_floor(
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
    grad: Floats,
    hess: Floats,
    second: bool,
) -> float:
    """Σ w (λ − b − C) over the periods in [begin, end) whose linear form is below the floor; state as of `at`."""
    base = grad.size - shape.is_effect.size
    steps = np.empty(4, dtype=np.int64)
    x = np.empty(count)
    total = 0.0
    for p in range(begin, end):
        c = 0.0
        signal = 0.0
        for k in range(count):
            q = active[k]
            x[k] = state[q] * shape.power[shape.table[q], p - at]
            if shape.is_effect[q]:
                c += theta[base + q] * x[k]
            else:
                signal += theta[base + q] * x[k]
        if -c <= (1.0 - shape.floor) * (shape.least + lowest):
            break  # C fades from here on, and no baseline is lower
        base_steps(grid, p, tape.first[i], converted, tape.stratum[i], steps)
        mu = base_rate(theta, steps)
        b = shape.least + mu + signal
        if b + c >= shape.floor * b:
            continue
        part = tape.first_part[i] if p == tape.first[i] else 1.0
        if p == tape.last[i]:
            part *= tape.last_part[i]
        w = part * grid.days * tape.frailty[i]
        r = rate(b, c, shape.floor)
        change = (r[0] - b - c, r[1] - 1.0, r[2] - 1.0, r[3], r[4], r[5])
        total += w * change[0]
        _add(grad, hess, second, steps, mu, active, count, x, shape.is_effect, -w, change)
    return total


@compiled
def _carried(
    tape: Tape,
    i: int,
    grid: Grid,
    shape: Shape,
    theta: Floats,
    at: int,
    until: int,
    converted: int,
    lowest: float,
    active: Ints,
    count: int,
    state: Floats,
    grad: Floats,
    hess: Floats,
    second: bool,
    mode: int,
) -> float:
    """∫ (λ − μ) over the periods at risk in [at, until), and −its derivatives into gradient and Hessian."""
    begin, end = max(at, tape.first[i]), min(until, tape.last[i] + 1)
    if end <= begin or count == 0:
        return 0.0
    base = grad.size - shape.is_effect.size
    total = 0.0
    if mode != FLOOR:
        head = 1.0 - tape.first_part[i] if begin == tape.first[i] else 0.0
        tail = 1.0 - tape.last_part[i] if end - 1 == tape.last[i] else 0.0
        n = end - begin
        for k in range(count):
            q = active[k]
            h = shape.table[q]
            whole = shape.geometric[h, n] - head - tail * shape.power[h, n - 1]
            x = state[q] * shape.power[h, begin - at] * whole * grid.days * tape.frailty[i]
            grad[base + q] -= x
            total += theta[base + q] * x
    if mode == LINEAR:
        return total
    c = 0.0
    for k in range(count):
        if shape.is_effect[active[k]]:
            c += theta[base + active[k]] * state[active[k]]
    if c < 0.0:
        total += _below_floor(
            tape, i, grid, shape, theta, begin, end, at, converted, lowest, active, count, state, grad, hess, second
        )
    return total


@compiled
def _store(rows: Rows, steps: Ints, active: Ints, count: int, state: Floats) -> None:
    """Append a conversion to the rows."""
    r = rows.used[0]
    e = rows.offsets[r]
    for k in range(4):
        rows.steps[r, k] = steps[k]
    for k in range(count):
        rows.columns[e + k] = active[k]
        rows.x[e + k] = state[active[k]]
    rows.offsets[r + 1] = e + count
    rows.used[0] = r + 1


@compiled
def conversion(
    theta: Floats,
    steps: Ints,
    columns: Ints,
    x: Floats,
    shape: Shape,
    grad: Floats,
    hess: Floats,
    second: bool,
) -> float:
    """Give log λ at a conversion, and its derivatives into gradient and Hessian."""
    is_effect = shape.is_effect
    base = grad.size - is_effect.size
    mu = base_rate(theta, steps)
    b, c = shape.least + mu, 0.0
    for k in range(x.size):
        if is_effect[columns[k]]:
            c += theta[base + columns[k]] * x[k]
        else:
            b += theta[base + columns[k]] * x[k]
    d = log_rate(b, c, shape.floor)
    _add(grad, hess, second, steps, mu, columns, x.size, x, is_effect, 1.0, d)
    return d[0]


@compiled
def walk(
    tape: Tape,
    i: int,
    grid: Grid,
    shape: Shape,
    theta: Floats,
    lowest: float,
    state: Floats,
    active: Ints,
    grad: Floats,
    hess: Floats,
    second: bool,
    mode: int,
    rows: Rows,
) -> float:
    """Walk through person i; return ∫ (λ − μ) over the time at risk, or the part of it that `mode` names.

    −its derivatives are added to `grad` and, if `second`, to `hess`. Unless the mode is `FLOOR`, the conversions are
    stored in `rows`. `state` must hold zeros and does so again at the end; `active` is scratch of the same length;
    `lowest` is a lower bound of μ.
    """
    count = 0
    at = 0
    converted = int(tape.before[i])
    paused = False  # a conversion fell into the period `at`
    integral = 0.0
    begin = tape.offsets[i]
    stop = tape.offsets[i + 1]
    steps = np.empty(4, dtype=np.int64)
    for e in range(begin, stop + 1):
        p = tape.last[i] + 1 if e == stop else int(tape.period[e])
        while e > begin and at < p:
            until = at + 1 if paused else p
            integral += _carried(
                tape, i, grid, shape, theta, at, until, converted, lowest, active, count, state, grad, hess, second,
                mode,
            )  # fmt: skip
            left = shape.kept if paused else 1.0
            for k in range(count):
                q = active[k]
                state[q] *= left * shape.power[shape.table[q], until - at]
            if paused:
                converted = at
                paused = False
            at = until
        at = p
        if e == stop:
            break
        kind = tape.kind[e]
        if kind < 0:
            paused = True
            if kind != PAST and mode != FLOOR:
                base_steps(grid, p, tape.first[i], converted, tape.stratum[i], steps)
                _store(rows, steps, active, count, state)
            continue
        for q in range(shape.kind_columns[kind], shape.kind_columns[kind + 1]):
            known = state[q] != 0.0
            for k in range(count):
                known = known or active[k] == q
            if not known:
                active[count] = q
                count += 1
            state[q] += tape.strength[e]
    for k in range(count):
        state[active[k]] = 0.0
    return integral
