"""The multiplier of media effects, and its derivatives: stages that only models with one have; compiled."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from attribution_models.mix.compiling import Stage
from attribution_models.mix.linear_kernel import multipliers, pull_multipliers
from attribution_models.mix.views import (
    media_of,
    parameters,
    slopes_of,
    table_at,
    varying_columns,
    varying_of,
    varying_weight,
)

# Where softplus is 1.
CENTER: Final = math.log(math.e - 1)


@Stage
def vary(table: int, memory: int, _: int, __: int) -> float:
    """Write v_t = softplus(f_t) / Σ w softplus(f), and dv_t/df_t without the mean's part."""
    a = table_at(table)
    columns, weight, p, m = varying_columns(a), varying_weight(a), parameters(a, memory), varying_of(a, memory)
    row, bend, back = m.row, m.bend, m.back
    b, mean = np.empty(columns.coefficient.size), 0.0
    multipliers(columns.layout, columns.numbers, p, b)
    for t in range(row.size):
        row[t] = CENTER
        back[t] = 0.0
    for j in range(b.size):
        size, column = b[j] * p[columns.coefficient[j]], columns.values[j * row.size :]
        for t in range(row.size):
            row[t] += size * column[t]
    for t in range(row.size):
        # Both from e^−|f|, which cannot overflow.
        small = math.exp(-abs(row[t]))
        bend[t] = (1.0 if row[t] > 0 else small) / (1 + small)
        row[t] = max(row[t], 0.0) + math.log1p(small)
        mean += weight[t] * row[t]
    for t in range(row.size):
        row[t] /= mean
        bend[t] /= mean
    return 0.0


@Stage
def pull_vary(table: int, memory: int, _: int, __: int) -> float:
    """Derivatives from every response to the multiplier and what it is made of; responses are left without it."""
    a = table_at(table)
    columns, weight, p, m = varying_columns(a), varying_weight(a), parameters(a, memory), varying_of(a, memory)
    by_p, by_h, h = slopes_of(a, memory).by_p, slopes_of(a, memory).by_h, media_of(a, memory).h
    row, bend, back = m.row, m.bend, m.back
    for c in range(h.shape[0]):
        for g in range(h.shape[1]):
            raw, down, out = m.raw[c, g], by_h[c, g], h[c, g]
            for t in range(row.size):
                back[t] += down[t] * raw[t]
                down[t] *= row[t]
                out[t] = raw[t]
    total = 0.0
    for t in range(row.size):
        total += back[t] * row[t]
    for t in range(row.size):
        back[t] = bend[t] * (back[t] - weight[t] * total)
    b = np.empty(columns.coefficient.size)
    multipliers(columns.layout, columns.numbers, p, b)
    for j in range(b.size):
        step, column, i = 0.0, columns.values[j * row.size :], columns.coefficient[j]
        for t in range(row.size):
            step += back[t] * column[t]
        by_p[i] += step * b[j]
        b[j] *= step * p[i]
    pull_multipliers(columns.layout, columns.numbers, p, b, by_p)
    return 0.0
