"""Sums over all people of a tape: what an evaluation of the likelihood needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled
from attribution_models.paths.hazard_grid import Grid
from attribution_models.paths.hazard_intensity import Shape
from attribution_models.paths.hazard_kernel import FLOOR, LINEAR, SLOPE, Rows, conversion, walk
from attribution_models.paths.hazard_tape import CONVERSION, Tape

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def make_rows(tape: Tape, shape: Shape, one_person: bool) -> Rows:
    """Make room for the conversions of a tape, or of any one person of it."""
    rows = 0
    entries = 0
    for i in range(tape.first.size):
        conversions = 0
        columns = 0
        for e in range(tape.offsets[i], tape.offsets[i + 1]):
            conversions += tape.kind[e] == CONVERSION
            if tape.kind[e] >= 0:
                columns += shape.kind_columns[tape.kind[e] + 1] - shape.kind_columns[tape.kind[e]]
        needed = conversions * min(columns, shape.is_effect.size)
        rows = max(rows, conversions) if one_person else rows + conversions
        entries = max(entries, needed) if one_person else entries + needed
    return Rows(
        np.zeros(1, dtype=np.int64), np.zeros(rows + 1, dtype=np.int64), np.empty((rows, 4), dtype=np.int64),
        np.empty(entries, dtype=np.int64), np.empty(entries),
    )  # fmt: skip


@compiled
def gather(tape: Tape, grid: Grid, shape: Shape) -> tuple[Rows, Floats]:
    """Conversions of a tape as rows, and ∫ of every column over the time at risk: the likelihood above the floor."""
    theta = np.zeros(grid.sizes.sum() + shape.is_effect.size)
    grad = np.zeros(theta.size)
    hess = np.zeros((0, 0))
    state = np.zeros(shape.is_effect.size)
    active = np.empty(shape.is_effect.size, dtype=np.int64)
    rows = make_rows(tape, shape, False)
    for i in range(tape.first.size):
        if tape.offsets[i] < tape.offsets[i + 1]:
            walk(tape, i, grid, shape, theta, 0.0, state, active, grad, hess, SLOPE, LINEAR, rows)
    last = rows.offsets[rows.used[0]]
    kept = Rows(rows.used, rows.offsets, rows.steps, rows.columns[:last].copy(), rows.x[:last].copy())
    return kept, -grad[grid.sizes.sum() :]


@compiled
def at_conversions(rows: Rows, shape: Shape, theta: Floats, second: bool) -> tuple[float, Floats, Floats]:
    """Σ log λ over the conversions of a tape, its gradient and (if `second`) Hessian."""
    grad = np.zeros(theta.size)
    hess = np.zeros((theta.size, theta.size) if second else (0, 0))
    total = 0.0
    for r in range(rows.used[0]):
        begin, end = rows.offsets[r], rows.offsets[r + 1]
        total += conversion(
            theta, rows.steps[r], rows.columns[begin:end], rows.x[begin:end], shape,
            grad, hess, second,
        )  # fmt: skip
    return total, grad, hess


@compiled
def at_floor(
    tape: Tape, grid: Grid, shape: Shape, theta: Floats, lowest: float, second: bool
) -> tuple[float, Floats, Floats]:
    """−∫ (λ − b − C) over a tape, its gradient and (if `second`) Hessian: people with touches that may lower λ."""
    grad = np.zeros(theta.size)
    hess = np.zeros((theta.size, theta.size) if second else (0, 0))
    state = np.zeros(shape.is_effect.size)
    active = np.empty(shape.is_effect.size, dtype=np.int64)
    base = theta.size - shape.is_effect.size
    rows = make_rows(tape, shape, True)
    total = 0.0
    for i in range(tape.first.size):
        lowers = False
        for e in range(tape.offsets[i], tape.offsets[i + 1]):
            if tape.kind[e] >= 0:
                q = shape.kind_columns[tape.kind[e]]
                lowers = lowers or (shape.is_effect[q] and theta[base + q] < 0.0)
        if lowers:
            total -= walk(tape, i, grid, shape, theta, lowest, state, active, grad, hess, second, FLOOR, rows)
    return total, grad, hess
