"""The likelihood of what the mean leaves over, a stage for each kind of noise: compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.autoregressive_kernel import autoregressive
from attribution_models.mix.compiling import Stage, inner
from attribution_models.mix.integral_kernel import by_arrow, by_eigen, finish, start
from attribution_models.mix.linear_kernel import pull_multipliers
from attribution_models.mix.student_kernel import student
from attribution_models.mix.tables import NU, RHO
from attribution_models.mix.views import (
    all_rows,
    integrated_columns,
    linear_of,
    parameters,
    products,
    slopes_of,
    table_at,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@inner
def deviations(place: Ints, p: Floats) -> Floats:
    """Values of σ, one or one for each geo."""
    found = np.empty(place.size)
    for i in range(found.size):
        found[i] = p[place[i]]
    return found


@inner
def pull_deviations(place: Ints, sigma: Floats, by_log: Floats, by_p: Floats) -> None:
    """Add derivatives in σ, given those in its logarithm."""
    for i in range(sigma.size):
        by_p[place[i]] += by_log[i] / sigma[i]


@Stage
def normal_noise(table: int, memory: int, _: int, __: int) -> float:
    """Independent normal noise of one σ; integrated columns whose priors hold nothing sampled."""
    a = table_at(table)
    t, columns, known, p = all_rows(a), integrated_columns(a), products(a), parameters(a, memory)
    by_p, residual = slopes_of(a, memory).by_p, linear_of(a, memory).residual
    sigma, by_sigma = deviations(t.sigma, p), np.zeros(t.sigma.size)
    k = columns.layout.shape[0]
    s, c, v, by_log = np.empty(k), np.empty(k), np.empty(k), np.zeros(k)
    found = start(columns, p, residual, t, sigma, by_sigma, s, c)
    log_det, trace = by_eigen(known.basis, known.eigen, sigma[0], c, v)
    by_sigma[0] += k - trace
    found += finish(columns, residual, t, sigma, s, c, v, by_log, by_sigma) - 0.5 * log_det
    pull_deviations(t.sigma, sigma, by_sigma, by_p)
    return found


@Stage
def normal_noise_anew(table: int, memory: int, _: int, __: int) -> float:
    """Independent normal noise; integrated columns that are factorised anew in each step."""
    a = table_at(table)
    t, columns, known, p = all_rows(a), integrated_columns(a), products(a), parameters(a, memory)
    by_p, residual = slopes_of(a, memory).by_p, linear_of(a, memory).residual
    sigma, by_sigma = deviations(t.sigma, p), np.zeros(t.sigma.size)
    k = columns.layout.shape[0]
    s, c, v, by_log = np.empty(k), np.empty(k), np.zeros(k), np.zeros(k)
    found = start(columns, p, residual, t, sigma, by_sigma, s, c)
    log_det = by_arrow(known, s, sigma, c, v, by_log, by_sigma)
    found += finish(columns, residual, t, sigma, s, c, v, by_log, by_sigma) - 0.5 * log_det
    pull_multipliers(columns.layout, columns.numbers, p, by_log, by_p)
    pull_deviations(t.sigma, sigma, by_sigma, by_p)
    return found


@Stage
def student_noise(table: int, memory: int, _: int, __: int) -> float:
    """Student-t noise."""
    a = table_at(table)
    t, p, by_p, residual = all_rows(a), parameters(a, memory), slopes_of(a, memory).by_p, linear_of(a, memory).residual
    sigma, by_sigma = deviations(t.sigma, p), np.zeros(t.sigma.size)
    found = student(t.fitted, a[NU], p[a[NU]], sigma, residual, by_sigma, by_p)
    pull_deviations(t.sigma, sigma, by_sigma, by_p)
    return found


@Stage
def autoregressive_noise(table: int, memory: int, _: int, __: int) -> float:
    """Normal noise that remembers the period before."""
    a = table_at(table)
    t, p, by_p, residual = all_rows(a), parameters(a, memory), slopes_of(a, memory).by_p, linear_of(a, memory).residual
    sigma, by_sigma = deviations(t.sigma, p), np.zeros(t.sigma.size)
    found = autoregressive(t.fitted, a[RHO], p[a[RHO]], sigma, residual, by_sigma, by_p)
    pull_deviations(t.sigma, sigma, by_sigma, by_p)
    return found
