"""Time at risk by cell of the baseline: calendar × time since entry × recency × stratum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled
from attribution_models.paths.hazard_grid import FAR_PAST, Grid
from attribution_models.paths.hazard_tape import Tape

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def time_at_risk(tape: Tape, i: int, grid: Grid, cells: Ints, days: Floats) -> int:
    """Write the cells that person i passes through, and the days in each; return their number.

    The scratch arrays must be longer than steps of a person: periods at risk plus conversions.
    """
    n = 0
    p, end = int(tape.first[i]), int(tape.last[i]) + 1
    converted = int(tape.before[i])
    e = tape.offsets[i]
    while p < end:
        # The next own conversion, which starts a recency of its own in the period behind it.
        while e < tape.offsets[i + 1] and (tape.kind[e] >= 0 or tape.period[e] < p):
            if tape.kind[e] < 0:
                converted = int(tape.period[e])
            e += 1
        until = end
        if e < tape.offsets[i + 1]:
            until = min(end, tape.period[e] + 1)
        step = 0
        if converted != FAR_PAST:
            since = min(max(p - converted, 0), grid.recency.size - 1)
            step = grid.recency[since]
            until = min(until, converted + grid.recency_end[since])
        age = p - tape.first[i]
        until = min(until, grid.calendar_end[p], tape.first[i] + grid.age_end[age])
        length = float(until - p)
        if p == tape.first[i]:
            length -= 1.0 - tape.first_part[i]
        if until - 1 == tape.last[i]:
            length -= 1.0 - tape.last_part[i]
        cell = (grid.calendar[p] * grid.sizes[1] + grid.age[age]) * grid.sizes[2] + step
        cells[n] = cell * grid.sizes[3] + tape.stratum[i]
        days[n] = length * grid.days
        n += 1
        p = until
    return n


@compiled
def exposure(tape: Tape, grid: Grid) -> tuple[Floats, Floats]:
    """Days at risk by cell, and in all: those before the first touch, and all."""
    table = np.zeros(grid.sizes[0] * grid.sizes[1] * grid.sizes[2] * grid.sizes[3])
    sums = np.zeros(2)
    cells = np.empty(2 * grid.calendar.size + 2, dtype=np.int64)
    days = np.empty(cells.size)
    for i in range(tape.first.size):
        for k in range(time_at_risk(tape, i, grid, cells, days)):
            amount = days[k] * tape.weight[i]
            table[cells[k]] += amount * tape.frailty[i]
            sums[1] += amount
        touch = tape.offsets[i]
        while touch < tape.offsets[i + 1] and tape.kind[touch] < 0:
            touch += 1
        until = tape.last[i] + 1
        if touch < tape.offsets[i + 1]:
            until = min(until, tape.period[touch])
        # Whole periods: what is left of the period of entry before the touch is no time without touches.
        if until > tape.first[i]:
            alone = until - tape.first[i] - 1 + tape.first_part[i]
            if until == tape.last[i] + 1:
                alone -= 1.0 - tape.last_part[i]
            sums[0] += alone * grid.days * tape.weight[i]
    return table, sums
