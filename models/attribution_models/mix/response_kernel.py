"""Every channel's response, and how large its effect is, at one point of the parameters: compiled."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.adstock import lag_weights
from attribution_models.mix.compiling import Stage, inner, once
from attribution_models.mix.media import DIRECT, MROI_STEP
from attribution_models.mix.media_kernel import respond
from attribution_models.mix.tables import (
    ADSTOCK,
    ALPHA,
    CURVE,
    EFFECT,
    FIRST,
    FREQUENCY,
    LATE,
    LENGTH,
    MARGINAL,
    MODE,
    NORMALIZE,
    SECOND,
    SPREAD,
    SPREAD_START,
    THETA,
    WEIGHT,
)  # fmt: skip
from attribution_models.mix.views import Exposure, Media, exposures, media_of, parameters, table_at, varying_of

Floats = NDArray[np.float64]


@Stage
def responses(table: int, memory: int, _: int, __: int) -> float:
    """Evaluate every channel's response and β."""
    a = table_at(table)
    t, m, p, v = exposures(a), media_of(a, memory), parameters(a, memory), varying_of(a, memory)
    channels, geos = m.factor.shape
    for c in range(channels):
        f = t.channel[c]
        n = f[LENGTH]
        lag_weights(
            f[ADSTOCK], f[NORMALIZE] == 1, p[f[ALPHA]], p[f[THETA]], m.w[c, :n], m.by_first[c, :n], m.by_second[c, :n]
        )
        for g in range(geos):
            if f[SPREAD] >= 0:
                m.factor[c, g] = math.exp(p[f[SPREAD]] * p[f[SPREAD_START] + g])
            else:
                m.factor[c, g] = 1.0
            respond(
                f[LATE] == 1, f[CURVE], p[f[FIRST]], p[f[SECOND]], m.w[c, :n], t.media[c, g], t.reach[c, g],
                m.mid[c, g], m.h[c, g],
            )  # fmt: skip
            for s in range(v.row.size):
                v.raw[c, g, s] = m.h[c, g, s]
                m.h[c, g, s] *= v.row[s]
            if f[MARGINAL]:
                respond(
                    f[LATE] == 1, f[CURVE], p[f[FIRST]], p[f[SECOND]], m.w[c, :n],
                    stepped(t.media[c, g], 0.0 if f[FREQUENCY] else MROI_STEP),
                    stepped(t.reach[c, g], MROI_STEP if f[FREQUENCY] else 0.0), m.more_mid[c, g], m.more[c, g],
                )  # fmt: skip
        m.beta[c], m.total[c] = p[f[EFFECT]], 1.0
        if f[MODE] != DIRECT:
            m.total[c] = total_response(t, m, v.row, c)
            m.beta[c] *= t.amount[c] / m.total[c]
    return 0.0


@once
def total_response(t: Exposure, m: Media, vary: Floats, c: int) -> float:
    """H: what β = 1 contributes, in the unit of the effect's prior."""
    f = t.channel[c]
    units = t.units[f[WEIGHT]]
    found = 0.0
    for g in range(units.shape[0]):
        part = 0.0
        for s in range(units.shape[1]):
            if f[MARGINAL]:
                more = m.more[c, g, s] * vary[s] if vary.size > 0 else m.more[c, g, s]
                part += units[g, s] * (more - m.h[c, g, s])
            else:
                part += units[g, s] * m.h[c, g, s]
        found += part * m.factor[c, g]
    return found


@inner
def stepped(x: Floats, step: float) -> Floats:
    """Exposure times 1 + step."""
    found = np.empty(x.size)
    for u in range(x.size):
        found[u] = x[u] * (1 + step)
    return found
