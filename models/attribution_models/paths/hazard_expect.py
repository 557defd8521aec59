"""Conversions that a fit expects: of each person, by calendar step, and near touches of each channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled
from attribution_models.paths.hazard_grid import FAR_PAST, Grid
from attribution_models.paths.hazard_intensity import Shape, base_rate, base_steps
from attribution_models.paths.hazard_kernel import SLOPE, WHOLE, begin_touch, carried
from attribution_models.paths.hazard_tape import CONVERSION, Tape

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def expect(
    tape: Tape, grid: Grid, shape: Shape, theta: Floats, kind_channel: NDArray[np.int32], channels: int, window: int
) -> tuple[Floats, Floats, Floats]:
    """Observed and expected conversions.

    Each person's time at risk is cut where an event falls, a step of the baseline begins, or a channel's last touch
    becomes older than `window` periods; within a piece the integral of the intensity is exact.

    Returns
    -------
    table : float64[2, S + C]
        Expected, observed; by calendar step, then by channel that touched within the window. Rows count by weight.
    n, mean : float64[N]
        Conversions of each person and how many are expected, for one person of a row.
    """
    table = np.zeros((2, grid.sizes[0] + channels))
    n = np.zeros(tape.first.size)
    mean = np.zeros(tape.first.size)
    grad = np.zeros(theta.size)  # scratch
    hess = np.zeros((0, 0))
    state = np.zeros(shape.is_effect.size)
    active = np.empty(shape.is_effect.size, dtype=np.int64)
    touched = np.empty(channels, dtype=np.int64)
    steps = np.empty(4, dtype=np.int64)
    sums = np.empty((shape.power.shape[0] + 3, shape.power.shape[0] + 1))
    for i in range(tape.first.size):
        touched[:] = FAR_PAST
        count = int(np.int64(0))
        converted = int(np.int64(tape.before[i]))
        e, stop = tape.offsets[i], tape.offsets[i + 1]
        at = int(np.int64(tape.first[i] if e == stop else min(tape.first[i], tape.period[e])))
        while at <= tape.last[i]:
            paused = False
            seen = 0
            while e < stop and tape.period[e] == at:
                k = tape.kind[e]
                if k < 0:
                    paused = True
                    seen += k == CONVERSION
                else:
                    touched[kind_channel[k]] = at
                    count = begin_touch(shape, k, tape.strength[e], state, active, count)
                e += 1
            until = at + 1 if paused else int(tape.last[i]) + 1
            if e < stop:
                until = min(until, int(tape.period[e]))
            if at < tape.first[i]:
                until = min(until, int(tape.first[i]))
            else:
                until = _piece(tape, i, grid, touched, window, at, until, converted)
                base_steps(grid, at, tape.first[i], converted, tape.stratum[i], steps)
                days = _days(tape, i, grid, at, until)
                found = (shape.least + base_rate(theta, steps)) * days * tape.frailty[i]
                if count > 0:
                    found += carried(
                        tape, i, grid, shape, theta, at, until, converted, 0.0, active, count, state, steps, sums,
                        grad, hess, SLOPE, WHOLE,
                    )  # fmt: skip
                mean[i] += found
                n[i] += seen
                _enter(table, grid, touched, window, at, found * tape.weight[i], seen * tape.weight[i])
            left = shape.kept if paused else 1.0
            for k in range(count):
                state[active[k]] *= left * shape.power[shape.table[active[k]], until - at]
            if paused:
                converted = at
            at = until
        state[:] = 0.0
    return table, n, mean


@compiled
def _enter(table: Floats, grid: Grid, touched: Ints, window: int, at: int, expected: float, observed: float) -> None:
    """Add a piece to its step of time and to the channels that touched lately."""
    table[0, grid.calendar[at]] += expected
    table[1, grid.calendar[at]] += observed
    for c in range(touched.size):
        if at - touched[c] < window:
            table[0, grid.sizes[0] + c] += expected
            table[1, grid.sizes[0] + c] += observed


@compiled
def _piece(tape: Tape, i: int, grid: Grid, touched: Ints, window: int, at: int, until: int, converted: int) -> int:
    """Where the piece of time at risk that begins at `at` ends."""
    until = min(until, grid.calendar_end[at], tape.first[i] + grid.age_end[at - tape.first[i]])
    if converted != FAR_PAST:
        until = min(until, converted + grid.recency_end[min(max(at - converted, 0), grid.recency.size - 1)])
    for c in range(touched.size):
        if at - touched[c] < window:
            until = min(until, touched[c] + window)
    return until


@compiled
def _days(tape: Tape, i: int, grid: Grid, begin: int, end: int) -> float:
    """Days at risk in periods [begin, end)."""
    periods = float(end - begin)
    if begin == tape.first[i]:
        periods -= 1.0 - tape.first_part[i]
    if end - 1 == tape.last[i]:
        periods -= 1.0 - tape.last_part[i]
    return periods * grid.days
