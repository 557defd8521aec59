"""Log densities of the prior families with derivatives, and the maps from the real line: compiled."""

from __future__ import annotations

import math

import numpy as np

from attribution_models.mix.compiling import Stage, inner
from attribution_models.mix.priors import BELOW, IDENTITY, LOG
from attribution_models.mix.tables import ARRAYS, FAMILY, LOWER, OWN, SIZES, TRANSFORM, UPPER, N
from attribution_models.mix.views import flat, parameters, priors, table_at

LOG_2PI = math.log(2 * math.pi)


@inner
def constrain(kind: int, lower: float, upper: float, x: float) -> tuple[float, float, float, float]:
    """Map x on the real line to the support.

    Returns
    -------
    value, its derivative, log |derivative|, and the derivative of that log
        ``LOG``: value = lower + eˣ. ``BELOW``: value = upper − eˣ.
        ``INTERVAL``: value = lower + (upper − lower) / (1 + e⁻ˣ).
    """
    if kind == IDENTITY:
        return x, 1.0, 0.0, 0.0
    if kind == LOG:
        e = math.exp(x)
        return lower + e, e, x, 1.0
    if kind == BELOW:
        e = math.exp(x)
        return upper - e, -e, x, 1.0
    # Computed from the smaller side, so that neither end loses digits.
    if x >= 0:
        small = math.exp(-x)
        p, q = 1 / (1 + small), small / (1 + small)
    else:
        small = math.exp(x)
        p, q = small / (1 + small), 1 / (1 + small)
    width = upper - lower
    log_pq = -abs(x) - 2 * math.log1p(small)
    return lower + width * p, width * p * q, math.log(width) + log_pq, q - p


@inner
def log_prior(family: int, a: float, b: float, c: float, d: float, v: float) -> tuple[float, float]:
    """Log density of a family at v, normalised, and its derivative; codes and parameters as in `priors.FAMILIES`."""
    if family == 0:
        z = (v - a) / b
        return -0.5 * z * z - math.log(b) - 0.5 * LOG_2PI, -z / b
    if family == 1:
        z = (v - a) / b
        return -abs(z) - math.log(2 * b), -np.sign(z) / b
    if family == 2:
        z = v / a
        return -0.5 * z * z - math.log(a) + 0.5 * math.log(2 / math.pi), -z / a
    if family == 3:
        z = (math.log(v) - a) / b
        return -0.5 * z * z - math.log(b * v) - 0.5 * LOG_2PI, -(1 + z / b) / v
    if family == 4:
        return a * math.log(b) - math.lgamma(a) + (a - 1) * math.log(v) - b * v, (a - 1) / v - b
    if family == 5:
        return a * math.log(b) - math.lgamma(a) - (a + 1) * math.log(v) - b / v, -(a + 1) / v + b / (v * v)
    if family == 6:
        return math.log(a) - a * v, -a
    if family == 7:
        norm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
        return norm + (a - 1) * math.log(v) + (b - 1) * math.log1p(-v), (a - 1) / v - (b - 1) / (1 - v)
    if family == 8:
        return -math.log(b - a), 0.0
    if family == 9:
        z = (v - a) / b
        mass = _between((c - a) / b, (d - a) / b)
        return -0.5 * z * z - math.log(b * mass) - 0.5 * LOG_2PI, -z / b
    z = (v - b) / c
    norm = math.lgamma((a + 1) / 2) - math.lgamma(a / 2) - 0.5 * math.log(a * math.pi) - math.log(c)
    return norm - (a + 1) / 2 * math.log1p(z * z / a), -(a + 1) * z / (a + z * z) / c


@Stage
def values(table: int, memory: int, point: int, down: int) -> float:
    """Write values of parameters at a point; log prior with Jacobians, and its gradient, of all but priors on β."""
    a = table_at(table)
    t, p, n = priors(a), parameters(a, memory), a[N]
    x, gradient = flat(point, n), flat(down, n)
    slope = flat(memory + 8 * a[SIZES + ARRAYS + 1], n)
    for i in range(t.constants.size):
        p[n + i] = t.constants[i]
    found = 0.0
    for i in range(n):
        v, d, log_d, by_log_d = constrain(t.parameter[i, TRANSFORM], t.prior[i, LOWER], t.prior[i, UPPER], x[i])
        p[i], slope[i] = v, d
        gradient[i] = 0.0
        if t.parameter[i, OWN]:
            f = t.prior[i]
            density, by_v = log_prior(t.parameter[i, FAMILY], f[2], f[3], f[4], f[5], v)
            found += log_d + density
            gradient[i] = by_log_d + by_v * d
    return found


@inner
def _between(low: float, high: float) -> float:
    """Standard normal mass between two points, from the tail that keeps its digits."""
    if low > 0:
        return 0.5 * (math.erfc(low / math.sqrt(2)) - math.erfc(high / math.sqrt(2)))
    return 0.5 * (math.erfc(-high / math.sqrt(2)) - math.erfc(-low / math.sqrt(2)))
