"""The walk through a person's events: time at risk integrated, conversions stored with their columns.

Within a period the intensity is constant, so its integral is a sum: of geometric series where λ = b + C, of
single periods below the floor. Both are exact.
"""

from __future__ import annotations

from typing import Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled
from attribution_models.paths.hazard_floor import below_floor
from attribution_models.paths.hazard_grid import Grid
from attribution_models.paths.hazard_intensity import Shape, base_rate, base_steps, log_rate
from attribution_models.paths.hazard_tape import PAST, Tape

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Typed, as are numbers that change in a loop: from plain ones the compiler makes kernels of their own for each literal
# and for each width that a number has on its way, and the first compile takes half as long again.
WHOLE: Final = cast("int", np.int64(0))  # everything of a person
LINEAR: Final = cast("int", np.int64(1))  # store the conversions as rows, and integrate b + C
FLOOR: Final = cast("int", np.int64(2))  # only what the floor changes in the integral
SLOPE: Final = cast("bool", np.bool_(False))  # the gradient, without the Hessian


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
def media(shape: Shape, theta: Floats, state: Floats, active: Ints, count: int) -> float:
    """C, the sum of the effects."""
    base = theta.size - shape.is_effect.size
    c = 0.0
    for k in range(count):
        if shape.is_effect[active[k]]:
            c += theta[base + active[k]] * state[active[k]]
    return c


@compiled
def begin_touch(shape: Shape, kind: int, strength: float, state: Floats, active: Ints, count: int) -> int:
    """Add a touch to its columns; return how many columns are active."""
    for q in range(shape.kind_columns[kind], shape.kind_columns[kind + 1]):
        known = state[q] != 0.0
        for k in range(count):
            known = known or active[k] == q
        if not known:
            active[count] = q
            count += 1
        state[q] += strength
    return count


@compiled
def carried(
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
    steps: Ints,
    sums: Floats,
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
    if media(shape, theta, state, active, count) < 0.0:
        total += below_floor(
            tape, i, grid, shape, theta, begin, end, at, converted, lowest, active, count, state, steps, sums,
            grad, hess, second,
        )  # fmt: skip
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
    count = int(np.int64(0))
    at = int(np.int64(0))
    converted = int(np.int64(tape.before[i]))
    paused = False  # a conversion fell into the period `at`
    integral = 0.0
    begin = tape.offsets[i]
    stop = tape.offsets[i + 1]
    steps = np.empty(4, dtype=np.int64)
    sums = np.empty((shape.power.shape[0] + 3, shape.power.shape[0] + 1))
    for e in range(begin, stop + 1):
        p = tape.last[i] + 1 if e == stop else int(tape.period[e])
        while e > begin and at < p:
            until = at + 1 if paused else p
            needed = mode != FLOOR
            if not needed:  # a call of `carried` costs more than this sum
                least = (1.0 - shape.floor) * (shape.least + lowest)
                needed = -media(shape, theta, state, active, count) > least
            if needed:
                integral += carried(
                    tape, i, grid, shape, theta, at, until, converted, lowest, active, count, state, steps, sums,
                    grad, hess, second, mode,
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
        count = begin_touch(shape, kind, tape.strength[e], state, active, count)
    for k in range(count):
        state[active[k]] = 0.0
    return integral
