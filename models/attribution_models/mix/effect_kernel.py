"""Derivatives from every geo's β to what it is made of, and lift tests: compiled."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import Stage, once
from attribution_models.mix.media import CONTRIBUTION_SCALE, DIRECT, MROI_STEP
from attribution_models.mix.media_kernel import pull, respond
from attribution_models.mix.priors_kernel import log_prior
from attribution_models.mix.response_kernel import stepped
from attribution_models.mix.tables import (
    ALPHA,
    CURVE,
    EFFECT,
    FAMILY,
    FIRST,
    FREQUENCY,
    LATE,
    LENGTH,
    LIFT_CHANNEL,
    LIFT_END,
    LIFT_FIRST_ROW,
    LIFT_LAST_ROW,
    LIFT_START,
    MARGINAL,
    MODE,
    SECOND,
    SPREAD,
    SPREAD_START,
    THETA,
    WEIGHT,
    N,
)  # fmt: skip
from attribution_models.mix.views import (
    Exposure,
    Media,
    exposures,
    flat,
    media_of,
    parameters,
    priors,
    slopes_of,
    table_at,
    tests,
    varying_of,
)

Floats = NDArray[np.float64]
LOG_2PI = math.log(2 * math.pi)


@Stage
def lift_tests(table: int, memory: int, _: int, __: int) -> float:
    """Likelihood of the lift tests, and its derivatives in β, responses and weights."""
    a = table_at(table)
    t, lift, found = exposures(a), tests(a), 0.0
    p, m, (by_p, by_w, by_h, by_beta) = parameters(a, memory), media_of(a, memory), slopes_of(a, memory)
    v = varying_of(a, memory)
    for i in range(lift.test.shape[0]):
        c, start, end = lift.test[i, LIFT_CHANNEL], lift.test[i, LIFT_START], lift.test[i, LIFT_END]
        first, last = lift.test[i, LIFT_FIRST_ROW], lift.test[i, LIFT_LAST_ROW]
        f = t.channel[c]
        n = f[LENGTH]
        late, kind, one, two, varies = f[LATE] == 1, f[CURVE], p[f[FIRST]], p[f[SECOND]], v.row.size > 0
        h = np.empty((last - first, m.h[c].shape[1]))
        mid = np.empty((last - first, t.media.shape[2]))
        gap = 0.0
        for row in range(first, last):
            g = lift.geo[row]
            x = t.media[c, g] if f[FREQUENCY] else lift.media[row]
            reach = lift.media[row] if f[FREQUENCY] else t.reach[c, g]
            respond(late, kind, one, two, m.w[c, :n], x, reach, mid[row - first], h[row - first])
            part = 0.0
            for s in range(start, end + 1):
                part += m.h[c, g, s] - h[row - first, s] * (v.row[s] if varies else 1.0)
            gap += part * lift.worth[g] * m.factor[c, g]
        z = (lift.value[i, 0] - gap * m.beta[c]) / lift.value[i, 1]
        found -= 0.5 * z * z + math.log(lift.value[i, 1]) + 0.5 * LOG_2PI
        down = z / lift.value[i, 1]
        back = np.zeros(m.h[c].shape[1])
        for row in range(first, last):
            g = lift.geo[row]
            x = t.media[c, g] if f[FREQUENCY] else lift.media[row]
            reach = lift.media[row] if f[FREQUENCY] else t.reach[c, g]
            step = down * lift.worth[g]
            for s in range(start, end + 1):
                lost = v.row[s] if varies else 1.0
                by_beta[c, g] += step * (m.h[c, g, s] - h[row - first, s] * lost)
                by_h[c, g, s] += step * m.beta[c] * m.factor[c, g]
                back[s] = -step * m.beta[c] * m.factor[c, g] * lost
                if varies:
                    v.back[s] -= step * m.beta[c] * m.factor[c, g] * h[row - first, s]
            by_one, by_two = pull(
                late, kind, one, two, m.w[c, :n], x, reach, mid[row - first], h[row - first], back, by_w[c, :n]
            )
            by_p[f[FIRST]] += by_one
            by_p[f[SECOND]] += by_two
    return found


@Stage
def pull_effects(table: int, memory: int, _: int, down: int) -> float:
    """Priors on β, and derivatives from every β_gc to what it is made of."""
    a = table_at(table)
    t, known, gradient, found = exposures(a), priors(a), flat(down, a[N]), 0.0
    p, m, (by_p, by_w, by_h, by_beta) = parameters(a, memory), media_of(a, memory), slopes_of(a, memory)
    v = varying_of(a, memory)
    for c in range(m.beta.size):
        f = t.channel[c]
        i = f[EFFECT]
        by_log = 0.0
        for g in range(by_beta.shape[1]):
            by_log += by_beta[c, g] * m.factor[c, g]
        by_log *= m.beta[c]
        if f[MODE] == DIRECT:
            by_q = 0.0
            for g in range(by_beta.shape[1]):
                by_q += by_beta[c, g] * m.factor[c, g]
            by_p[i] += by_q
        elif f[MODE] == CONTRIBUTION_SCALE:
            r = known.prior[i]
            density, by_v = log_prior(known.parameter[i, FAMILY], r[2], r[3], r[4], r[5], m.beta[c])
            found += density + math.log(m.beta[c])
            by_log += by_v * m.beta[c] + 1
            gradient[i] += by_log
        else:
            by_p[i] += by_log / p[i]
        by_total = 0.0 if f[MODE] == DIRECT else -by_log / m.total[c]
        _pull_total(t, p, m, v.row, v.back, c, by_total, by_beta, by_h, by_w, by_p)
    return found


@once
def _pull_total(
    t: Exposure,
    p: Floats,
    m: Media,
    vary: Floats,
    by_vary: Floats,
    c: int,
    by_total: float,
    by_beta: Floats,
    by_h: Floats,
    by_w: Floats,
    by_p: Floats,
) -> None:
    """Derivatives of H and of the geo factors."""
    f = t.channel[c]
    n = f[LENGTH]
    units = t.units[f[WEIGHT]]
    sign = -1.0 if f[MARGINAL] else 1.0
    for g in range(units.shape[0]):
        by_log_factor = by_beta[c, g] * m.beta[c] * m.factor[c, g]
        if by_total != 0.0:
            step = by_total * m.factor[c, g]
            part = 0.0
            for s in range(units.shape[1]):
                part += sign * units[g, s] * m.h[c, g, s]
                by_h[c, g, s] += sign * step * units[g, s]
            if f[MARGINAL]:
                more, mid = m.more[c, g], m.more_mid[c, g]
                x = stepped(t.media[c, g], 0.0 if f[FREQUENCY] else MROI_STEP)
                reach = stepped(t.reach[c, g], MROI_STEP if f[FREQUENCY] else 0.0)
                back = units[g] * step
                for s in range(vary.size):
                    by_vary[s] += back[s] * more[s]
                    back[s] *= vary[s]
                for s in range(units.shape[1]):
                    part += units[g, s] * (more[s] * vary[s] if vary.size > 0 else more[s])
                by_a, by_b = pull(
                    f[LATE] == 1, f[CURVE], p[f[FIRST]], p[f[SECOND]], m.w[c, :n], x, reach, mid, more, back,
                    by_w[c, :n],
                )  # fmt: skip
                by_p[f[FIRST]] += by_a
                by_p[f[SECOND]] += by_b
            by_log_factor += step * part
        if f[SPREAD] >= 0:
            z = f[SPREAD_START] + g
            by_p[f[SPREAD]] += by_log_factor * p[z]
            by_p[z] += by_log_factor * p[f[SPREAD]]


@Stage
def pull_responses(table: int, memory: int, _: int, __: int) -> float:
    """Derivatives from every response to the parameters of carry-over and curve."""
    a = table_at(table)
    t, p, m, down = exposures(a), parameters(a, memory), media_of(a, memory), slopes_of(a, memory)
    by_p, by_w, by_h = down.by_p, down.by_w, down.by_h
    for c in range(m.beta.size):
        f = t.channel[c]
        n = f[LENGTH]
        for g in range(by_h.shape[1]):
            by_a, by_b = pull(
                f[LATE] == 1, f[CURVE], p[f[FIRST]], p[f[SECOND]], m.w[c, :n], t.media[c, g], t.reach[c, g],
                m.mid[c, g], m.h[c, g], by_h[c, g], by_w[c, :n],
            )  # fmt: skip
            by_p[f[FIRST]] += by_a
            by_p[f[SECOND]] += by_b
        for j in range(n):
            by_p[f[ALPHA]] += by_w[c, j] * m.by_first[c, j]
            by_p[f[THETA]] += by_w[c, j] * m.by_second[c, j]
    return 0.0
