"""From sampled points to values: parameters, effects, and integrated coefficients drawn back: compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.arrow_kernel import factorise_arrow, gather, solve_arrow
from attribution_models.mix.compiling import Stage, kernel, once, run
from attribution_models.mix.linear_kernel import multipliers, times_columns
from attribution_models.mix.tables import ARRAYS, INTEGRATED, MEMORY, SIZES
from attribution_models.mix.views import (
    all_rows,
    flat,
    integrated_columns,
    linear_of,
    parameters,
    products,
    table_at,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel
def draw_values(
    points: Floats, noise: Floats, a: Ints, stages: Ints, p: Floats, beta: Floats, coefficients: Floats,
    first: int, last: int,
) -> None:  # fmt: skip
    """Write the values of draws `first` … `last` − 1.

    Parameters
    ----------
    points : array (draws, n)
    noise : array (draws, k)
        Standard normal numbers: coefficients ~ Normal(D v, D M⁻¹ D), `integral_kernel` has the symbols.
    a : array of int
        Address table.
    stages : array (5,)
        Addresses of `values`, `vary` (0 where effects stay the same), `responses`, `left_over` and `draw_back`; the
        last two run only where k > 0.
    p : array (draws, n + constants)
        Written: values of all parameters.
    beta : array (draws, C, G)
        Written: β_gc.
    coefficients : array (draws, k)
        Written: coefficients of the integrated columns, without their prior mean.
    """
    room, aside, at = np.empty(a[MEMORY]), np.empty(points.shape[1]), a[SIZES + ARRAYS :]
    table, memory, channels, geos = a.ctypes.data, room.ctypes.data, beta.shape[1], beta.shape[2]
    for d in range(first, last):
        run(stages[0], table, memory, points[d].ctypes.data, aside.ctypes.data)
        if stages[1] != 0:
            run(stages[1], table, memory, 0, 0)
        run(stages[2], table, memory, 0, 0)
        for i in range(p.shape[1]):
            p[d, i] = room[at[0] + i]
        for c in range(channels):
            for g in range(geos):
                beta[d, c, g] = room[at[13] + c] * room[at[10] + c * geos + g]
        if coefficients.shape[1] > 0:
            run(stages[3], table, memory, 0, 0)
            run(stages[4], table, memory, noise[d].ctypes.data, coefficients[d].ctypes.data)


@Stage
def draw_back(table: int, memory: int, noise: int, coefficients: int) -> float:
    """Draw the integrated coefficients of one draw, given the residual; writes them."""
    a = table_at(table)
    k, rows, columns, p, r = (
        a[INTEGRATED],
        all_rows(a),
        integrated_columns(a),
        parameters(a, memory),
        linear_of(a, memory),
    )
    residual = r.residual
    sigma = np.empty(rows.sigma.size)
    for i in range(sigma.size):
        sigma[i] = p[rows.sigma[i]]
    for g in range(residual.shape[0]):
        at = sigma[g if sigma.size > 1 else 0]
        for u in range(residual.shape[1]):
            residual[g, u] /= at * at
    scale, c, out = np.empty(k), np.empty(k), flat(coefficients, k)
    multipliers(columns.layout, columns.numbers, p, scale)
    times_columns(columns.layout, columns.values, residual, c)
    for j in range(k):
        c[j] *= scale[j]
    _draw(a, sigma, scale, c, flat(noise, k), out)
    for j in range(k):
        out[j] *= scale[j]
    return 0.0


@once
def _draw(a: Ints, sigma: Floats, scale: Floats, c: Floats, noise: Floats, out: Floats) -> None:
    """Write M⁻¹ c + M^{−½} noise."""
    t = products(a)
    geos, m = t.owned.shape
    e = t.shared.size
    s_border, c_border, v_border = np.empty(e), np.empty(e), np.empty(e)
    s_own, c_own, v_own = np.empty((geos, m)), np.empty((geos, m)), np.empty((geos, m))
    gather(t.shared, scale, s_border)
    gather(t.shared, c, c_border)
    gather(t.shared, noise, v_border)
    for g in range(geos):
        gather(t.owned[g], scale, s_own[g])
        gather(t.owned[g], c, c_own[g])
        gather(t.owned[g], noise, v_own[g])
    own, w = np.empty((geos, m, m)), np.empty((geos, m, e))
    inverse, _ = factorise_arrow(t.border, t.cross, t.block, s_border, s_own, sigma, own, w)
    solve_arrow(inverse, own, w, c_border, c_own, v_border, v_own)
    for j in range(e):
        out[t.shared[j]] = v_border[j]
    for g in range(geos):
        for b in range(m):
            if t.owned[g, b] >= 0:
                out[t.owned[g, b]] = v_own[g, b]
