"""What the mean leaves of the outcome, and the derivatives back to media and sampled coefficients: compiled."""

from __future__ import annotations

import numpy as np

from attribution_models.mix.compiling import Stage
from attribution_models.mix.linear_kernel import add_columns, multipliers, pull_multipliers, times_columns
from attribution_models.mix.views import (
    all_rows,
    linear_of,
    media_of,
    parameters,
    sampled_columns,
    slopes_of,
    table_at,
)


@Stage
def left_over(table: int, memory: int, _: int, __: int) -> float:
    """Write outcome − mean on fitted rows, and zero elsewhere, without integrated columns."""
    a = table_at(table)
    columns, rows, m, p = sampled_columns(a), all_rows(a), media_of(a, memory), parameters(a, memory)
    own, scale, residual = linear_of(a, memory)
    geos, periods = residual.shape
    for g in range(geos):
        row = residual[g]
        for t in range(periods):
            row[t] = 0.0
        for c in range(m.beta.size):
            b, part = m.beta[c] * m.factor[c, g], m.h[c, g]
            for t in range(periods):
                row[t] += b * part[t]
    if own.size > 0:
        multipliers(columns.layout, columns.numbers, p, scale)
        for j in range(own.size):
            own[j] = scale[j] * p[columns.coefficient[j]]
        add_columns(columns.layout, columns.values, own, residual)
    for g in range(geos):
        row, seen, wanted = residual[g], rows.outcome[g], rows.fitted[g]
        for t in range(periods):
            row[t] = wanted[t] * (seen[t] - row[t])
    return 0.0


@Stage
def pull_mean(table: int, memory: int, _: int, __: int) -> float:
    """Write derivatives in each geo's β and in h, and add those of sampled coefficients, given the residual's."""
    a = table_at(table)
    columns, m, (own, scale, residual) = sampled_columns(a), media_of(a, memory), linear_of(a, memory)
    p, (by_p, by_w, by_h, by_beta) = parameters(a, memory), slopes_of(a, memory)
    for c in range(m.beta.size):
        for j in range(by_w.shape[1]):
            by_w[c, j] = 0.0
        for g in range(residual.shape[0]):
            b, total = m.beta[c] * m.factor[c, g], 0.0
            row, part, down = residual[g], m.h[c, g], by_h[c, g]
            for t in range(row.size):
                total -= row[t] * part[t]
                down[t] = -row[t] * b
            by_beta[c, g] = total
    if own.size > 0:
        step = np.empty(own.size)
        times_columns(columns.layout, columns.values, residual, step)
        for j in range(own.size):
            by_p[columns.coefficient[j]] -= step[j] * scale[j]
            step[j] *= -own[j]
        pull_multipliers(columns.layout, columns.numbers, p, step, by_p)
    return 0.0
