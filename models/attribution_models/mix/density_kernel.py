"""The log density of a media-mix posterior and its gradient: one compiled kernel that reads every model from tables."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.autoregressive_kernel import autoregressive
from attribution_models.mix.compiling import carray, once
from attribution_models.mix.effect_kernel import lift_tests, pull_effects, pull_responses
from attribution_models.mix.integral_kernel import integral
from attribution_models.mix.linear_kernel import add_columns, multipliers, pull_multipliers, times_columns
from attribution_models.mix.priors_kernel import constrain, log_prior
from attribution_models.mix.response_kernel import responses
from attribution_models.mix.student_kernel import student
from attribution_models.mix.tables import (
    ARRAYS,
    FAMILY,
    LAGS,
    LOWER,
    NU,
    OWN,
    RHO,
    SIZES,
    TRANSFORM,
    UPPER,
    Media,
    Tables,
    view,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# What the sampler is told: 0 is fine, a number above zero asks for another point.
NOT_FINITE = 3


@once
def values(x: Floats, t: Tables, p: Floats, slope: Floats, gradient: Floats) -> float:
    """Write constrained values; log prior with Jacobians, and its gradient, of all but priors on β."""
    n = x.size
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


def log_density(size: int, point: Any, down: Any, value: Any, table: Any) -> int:
    """Log posterior density on the sampled line, integrated columns integrated out, and its gradient.

    Up to no constant: normalised prior and likelihood, with the Jacobians of the transforms. Channels on the
    contribution scale are sampled as log(β H); their density is that of log β, whose Jacobian to it is 1.

    Compiled once, as the C function that the sampler calls; see `callback`.

    Parameters
    ----------
    size : int
        n, of the arrays behind `point` and `down` (written).
    value : pointer
        Written: the log density.
    table : pointer
        To an address table, as `tables.addresses` makes it.

    Returns
    -------
    int
        0, or ``NOT_FINITE``.
    """
    addresses = carray(table, (SIZES + ARRAYS,), np.int64)
    x, gradient = carray(point, (size,), np.float64), carray(down, (size,), np.float64)
    t = view(addresses)
    n = x.size
    geos, periods = t.outcome.shape
    p, slope, by_p = np.empty(n + t.constants.size), np.empty(n), np.zeros(n + t.constants.size)
    found = values(x, t, p, slope, gradient)
    m = responses(t, p, addresses[LAGS])
    residual = np.zeros((geos, periods))
    _media_mean(m, residual)
    own = np.empty(t.coefficient.size)
    s = np.empty(t.coefficient.size)
    multipliers(t.sampled, t.sampled_numbers, p, s)
    for j in range(own.size):
        own[j] = s[j] * p[t.coefficient[j]]
    add_columns(t.sampled, t.sampled_values, own, residual)
    for g in range(geos):
        for s_ in range(periods):
            residual[g, s_] = t.fitted[g, s_] * (t.outcome[g, s_] - residual[g, s_])
    found += _likelihood(t, addresses[NU], addresses[RHO], p, residual, by_p)
    # From here on `residual` is ∂/∂residual, which is minus ∂/∂mean.
    _pull_sampled(t, p, s, own, residual, by_p)
    by_beta = np.zeros((m.beta.size, geos))
    by_h = np.empty(m.h.shape)
    _pull_mean(m, residual, by_beta, by_h)
    by_w = np.zeros(m.w.shape)
    found += lift_tests(t, p, m, by_beta, by_h, by_w, by_p)
    found += pull_effects(t, p, m, by_beta, by_h, by_w, by_p, gradient)
    pull_responses(t, p, m, by_h, by_w, by_p)
    for i in range(n):
        gradient[i] += by_p[i] * slope[i]
    value[0] = found
    status = 0 if math.isfinite(found) else NOT_FINITE
    for i in range(n):
        if not math.isfinite(gradient[i]):
            status = NOT_FINITE
    return status


@once
def _media_mean(m: Media, mean: Floats) -> None:
    for c in range(m.beta.size):
        for g in range(mean.shape[0]):
            b = m.beta[c] * m.factor[c, g]
            row, h = mean[g], m.h[c, g]
            for s in range(row.size):
                row[s] += b * h[s]


@once
def _pull_mean(m: Media, residual: Floats, by_beta: Floats, by_h: Floats) -> None:
    for c in range(m.beta.size):
        for g in range(residual.shape[0]):
            b = m.beta[c] * m.factor[c, g]
            row, h, down = residual[g], m.h[c, g], by_h[c, g]
            total = 0.0
            for s in range(row.size):
                total -= row[s] * h[s]
                down[s] = -row[s] * b
            by_beta[c, g] = total


@once
def _likelihood(t: Tables, nu: int, rho: int, p: Floats, residual: Floats, by_p: Floats) -> float:
    """Log likelihood of the residual, which becomes its derivative."""
    sigma, by_sigma = np.empty(t.sigma.size), np.zeros(t.sigma.size)
    for i in range(sigma.size):
        sigma[i] = p[t.sigma[i]]
    if nu >= 0:
        found = student(t, nu, p[nu], sigma, residual, by_sigma, by_p)
    elif rho >= 0:
        found = autoregressive(t, rho, p[rho], sigma, residual, by_sigma, by_p)
    else:
        k = t.integrated.shape[0]
        by_log, v = np.zeros(k), np.zeros(k)
        found = integral(
            t.integrated,
            t.integrated_numbers,
            t.integrated_values,
            p,
            residual,
            t.fitted,
            sigma,
            t.rows,
            t.shared,
            t.owned,
            t.border,
            t.cross,
            t.block,
            t.basis,
            t.eigen,
            by_log,
            by_sigma,
            v,
        )
        pull_multipliers(t.integrated, t.integrated_numbers, p, by_log, by_p)
    for i in range(sigma.size):
        by_p[t.sigma[i]] += by_sigma[i] / sigma[i]
    return found


@once
def _pull_sampled(t: Tables, p: Floats, s: Floats, own: Floats, residual: Floats, by_p: Floats) -> None:
    k = own.size
    down = np.empty(k)
    times_columns(t.sampled, t.sampled_values, residual, down)
    for j in range(k):
        by_p[t.coefficient[j]] -= down[j] * s[j]
        down[j] *= -own[j]
    pull_multipliers(t.sampled, t.sampled_numbers, p, down, by_p)
