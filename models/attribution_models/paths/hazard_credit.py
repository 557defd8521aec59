"""Backwards elimination: what each touch added to the intensity at each conversion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled
from attribution_models.paths.hazard_exposure import time_at_risk
from attribution_models.paths.hazard_grid import FAR_PAST, Grid
from attribution_models.paths.hazard_intensity import Shape, base_rate, base_steps, rate
from attribution_models.paths.hazard_kernel import SLOPE, WHOLE, conversion, walk
from attribution_models.paths.hazard_scan import make_rows
from attribution_models.paths.hazard_setup import Setup
from attribution_models.paths.hazard_tape import CONVERSION, Tape, over

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def eliminate(
    tape: Tape, i: int, grid: Grid, shape: Shape, theta: Floats, scratch: Floats, steps: Ints, credit: Floats
) -> None:
    """Add the credits of person i's conversions to `credit`, float64[2, K + 1].

    Going back from the conversion, touches are taken away one by one, the last first. Touch j gets

        (λ(touches 1…j) − λ(touches 1…j − 1)) / λ(all touches)

    of the conversion and of its value; what is left without any touch, λ(none) / λ(all), goes to the last column,
    the baseline, which keeps the signals of demand. The sum telescopes to the conversion. Credits of touches that
    lower the intensity are negative.

    References
    ----------
    J. Shender et al., "A Time To Event Framework For Multi-touch Attribution", Journal of Data Science 22(1), 2024.
    """
    base = theta.size - shape.is_effect.size
    nobody = credit.shape[1] - 1
    begin = tape.offsets[i]
    converted = int(tape.before[i])
    latest = FAR_PAST  # period of the last conversion met, which is `converted` from the next period on
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
        b = shape.least + base_rate(theta, steps)
        b += _contributions(tape, begin, e, shape, theta, base, scratch)
        c = 0.0
        for j in range(begin, e):
            c += scratch[j - begin]
        whole = rate(b, c, shape.floor)[0]
        if not whole > 0.0:
            whole = np.inf  # below what a double holds: all to the baseline
        c = 0.0
        level = b / whole
        for j in range(begin, e):
            k = tape.kind[j]
            if scratch[j - begin] == 0.0:
                continue
            c += scratch[j - begin]
            reached = rate(b, c, shape.floor)[0] / whole
            credit[0, k] += reached - level
            credit[1, k] += (reached - level) * tape.strength[e]
            level = reached
        rest = b / whole if whole < np.inf else 1.0
        credit[0, nobody] += rest
        credit[1, nobody] += rest * tape.strength[e]


@compiled
def _contributions(tape: Tape, begin: int, e: int, shape: Shape, theta: Floats, base: int, scratch: Floats) -> float:
    """Write what each earlier touch adds to C at conversion e; return the sum of the signals."""
    p = tape.period[e]
    kept = 1.0
    met = p
    signals = 0.0
    for j in range(e - 1, begin - 1, -1):
        scratch[j - begin] = 0.0
        k = tape.kind[j]
        if k < 0:
            if tape.period[j] < met:
                met = tape.period[j]
                kept *= shape.kept
            continue
        for q in range(shape.kind_columns[k], shape.kind_columns[k + 1]):
            x = theta[base + q] * kept * tape.strength[j] * shape.power[shape.table[q], p - tape.period[j]]
            if shape.is_effect[q]:
                scratch[j - begin] += x
            else:
                signals += x
    return signals


@compiled
def credits(tape: Tape, grid: Grid, shape: Shape, theta: Floats, kinds: int) -> Floats:
    """Credits of a tape, conversions and value by kind and baseline, float64[2, K + 1]."""
    credit = np.zeros((2, kinds + 1))
    longest = 0
    for i in range(tape.first.size):
        longest = max(longest, tape.offsets[i + 1] - tape.offsets[i])
    scratch = np.zeros(longest)
    steps = np.empty(4, dtype=np.int64)
    for i in range(tape.first.size):
        eliminate(tape, i, grid, shape, theta, scratch, steps, credit)
    return credit


def all_credits(setup: Setup, shape: Shape, theta: Floats, threads: int | None = None) -> Floats:
    """Credits by kind and baseline of everybody, conversions and then value, float64[2 (K + 1)]."""
    kinds = setup.signals.size
    total = np.zeros((2, kinds + 1))
    for part in over(setup.tapes, lambda tape: credits(tape, setup.grid, shape, theta, kinds), threads):
        total += part
    return total.ravel()


@compiled
def products(tape: Tape, grid: Grid, shape: Shape, theta: Floats, lowest: float, kinds: int) -> Floats:
    """Σ over people of y yᵀ, y = (score of the log-likelihood, credits of conversions, credits of value).

    The meat of the sandwich: people are independent, what one person does is not.
    """
    P = theta.size
    width = P + 2 * (kinds + 1)
    total = np.zeros((width, width))
    y = np.zeros(width)
    grad = np.zeros(P)
    hess = np.zeros((0, 0))
    state = np.zeros(shape.is_effect.size)
    active = np.empty(shape.is_effect.size, dtype=np.int64)
    steps = np.empty(4, dtype=np.int64)
    credit = np.zeros((2, kinds + 1))
    cells = np.empty(2 * grid.calendar.size + 2, dtype=np.int64)
    days = np.empty(cells.size)
    nonzero = np.empty(width, dtype=np.int64)
    rows = make_rows(tape, shape, True)
    longest = 0
    for i in range(tape.first.size):
        longest = max(longest, tape.offsets[i + 1] - tape.offsets[i])
    scratch = np.zeros(longest)
    for i in range(tape.first.size):
        grad[:] = 0.0
        credit[:] = 0.0
        if tape.offsets[i] < tape.offsets[i + 1]:
            rows.used[0] = 0
            walk(tape, i, grid, shape, theta, lowest, state, active, grad, hess, SLOPE, WHOLE, rows)
            for r in range(rows.used[0]):
                begin, end = rows.offsets[r], rows.offsets[r + 1]
                conversion(
                    theta, rows.steps[r], rows.columns[begin:end], rows.x[begin:end], shape,
                    grad, hess, SLOPE,
                )  # fmt: skip
            eliminate(tape, i, grid, shape, theta, scratch, steps, credit)
        for n in range(time_at_risk(tape, i, grid, cells, days)):
            split_cell(grid, cells[n], steps)
            mu = base_rate(theta, steps)
            for k in range(4):
                grad[steps[k]] -= mu * days[n] * tape.frailty[i]
        y[:P] = grad
        y[P : P + kinds + 1] = credit[0]
        y[P + kinds + 1 :] = credit[1]
        count = 0
        for k in range(width):
            if y[k] != 0.0:
                nonzero[count] = k
                count += 1
        for k in range(count):
            for m in range(k, count):
                total[nonzero[k], nonzero[m]] += tape.weight[i] * y[nonzero[k]] * y[nonzero[m]]
    _mirror(total)
    return total


@compiled
def _mirror(total: Floats) -> None:
    """Write the upper half of a symmetric matrix into the lower."""
    for k in range(total.shape[0]):
        for m in range(k):
            total[k, m] = total[m, k]


@compiled
def split_cell(grid: Grid, cell: int, steps: Ints) -> None:
    """Positions in θ of the four steps of a cell of the exposure table."""
    before = grid.sizes[0] + grid.sizes[1] + grid.sizes[2]
    rest = cell
    for k in range(3, -1, -1):
        steps[k] = before + rest % grid.sizes[k]
        rest //= grid.sizes[k]
        if k > 0:
            before -= grid.sizes[k - 1]
