"""The density on the line that the sampler walks on, whose tails are no longer than a normal's: compiled.

On the sampled line x a share near 0 or 1, or a contribution near zero, has a long exponential tail: in a step that fits
the middle the sampler seldom gets there and back. On the line z it has the tail of a normal distribution:

    PROBIT      a share p in (0, 1), x = log(p / (1 − p)):      p = Φ(z)
    SOFT        a contribution c above 0, x = log c:            c = s g(z),  g(z) = z Φ(z) + φ(z)

g is z where z is large, and φ(z) / z² where it is far below zero: what the data know is sampled on its own scale, and a
uniform density at 0 becomes Φ(z). The density of z is that of x times dx/dz, so no posterior depends on it.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from attribution_models.mix.compiling import ask, carray, inner, once
from attribution_models.mix.density_kernel import NOT_FINITE
from attribution_models.mix.views import flat, flat_whole

STRAIGHT, PROBIT, SOFT = range(3)
# A bend table holds addresses: of the density's C function and of its table, of kinds and of log s.
DENSITY, TABLE, KINDS, LOG_SCALES = range(4)
HALF_LOG_2PI: Final = 0.5 * math.log(2 * math.pi)
# Below it Φ and g are their asymptotic series, which is exact to 1e-13 there, as the differences are above it.
FAR: Final = -20.0


@once
def lower_tail(z: float) -> tuple[float, float, float]:
    """Give log Φ(z), φ(z) / Φ(z) and log g(z)."""
    log_density = -0.5 * z * z - HALF_LOG_2PI
    if z < FAR:
        r = 1 / (z * z)
        rest = r * (1 - 3 * r * (1 - 5 * r * (1 - 7 * r * (1 - 9 * r * (1 - 11 * r)))))
        return log_density - math.log(-z) + math.log1p(-rest), -z / (1 - rest), log_density + math.log(rest)
    below, density = 0.5 * math.erfc(-z / math.sqrt(2)), math.exp(log_density)
    return math.log(below), density / below, math.log(z * below + density)


@inner
def bend(kind: int, log_scale: float, z: float) -> tuple[float, float, float, float]:
    """Map the sampler's line to the sampled line.

    Returns
    -------
    x, dx/dz, log dx/dz, and the derivative of that log
    """
    if kind == STRAIGHT:
        return z, 1.0, 0.0, 0.0
    log_p, mills, log_g = lower_tail(z if kind == SOFT else -abs(z))
    if kind == SOFT:
        log_slope = log_p - log_g
        slope = math.exp(log_slope)
        return log_scale + log_g, slope, log_slope, mills - slope
    # Computed from the smaller side, so that neither end loses digits.
    side = 1.0 if z > 0 else -1.0
    p = math.exp(log_p)
    slope = mills / (1 - p)
    return side * (math.log1p(-p) - log_p), slope, math.log(slope), side * (mills - abs(z) - slope * p)


def bent_density(size: int, point: int, down: int, value: int, table: int) -> int:
    """Log density of z and its gradient; compiled as the C function that the sampler calls.

    Parameters are `density_kernel.log_density`'s, but `table`: the address of a bend table.
    """
    t = flat_whole(table, 4)
    kinds, log_scales = flat_whole(t[KINDS], size), flat(t[LOG_SCALES], size)
    z, gradient = flat(point, size), flat(down, size)
    x, slope, log_by = np.empty(size), np.empty(size), np.empty(size)
    total = 0.0
    for i in range(size):
        x[i], slope[i], log_slope, log_by[i] = bend(kinds[i], log_scales[i], z[i])
        total += log_slope
    status: int = ask(t[DENSITY], size, x.ctypes.data, down, value, t[TABLE])
    for i in range(size):
        gradient[i] = gradient[i] * slope[i] + log_by[i]
        # `x` lives as long as it is read.
        if not (math.isfinite(gradient[i]) and math.isfinite(x[i])):
            status = NOT_FINITE
    flat(value, 1)[0] += total
    return status


def straightened(size: int, expanded: int, point: Any, out: Any, table: Any) -> int:  # noqa: ARG001
    """Write the x of a z; compiled as the C function that keeps a draw."""
    t = carray(table, (4,), np.int64)
    kinds, log_scales = flat_whole(t[KINDS], size), flat(t[LOG_SCALES], size)
    for i in range(size):
        out[i] = bend(kinds[i], log_scales[i], point[i])[0]
    return 0
