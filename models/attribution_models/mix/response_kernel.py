"""Every channel's response, and how large its effect is, at one point of the parameters: compiled."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.adstock import lag_weights
from attribution_models.mix.compiling import inner, once
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
    Media,
    Tables,
)  # fmt: skip

Floats = NDArray[np.float64]


@once
def responses(t: Tables, p: Floats, length: int) -> Media:
    """Evaluate every channel's response and β."""
    channels, geos, periods = t.media.shape[0], t.outcome.shape[0], t.outcome.shape[1]
    marginal = 0
    for c in range(channels):
        marginal = max(marginal, t.channel[c, MARGINAL])
    m = Media(
        np.zeros((channels, length)),
        np.zeros((channels, length)),
        np.zeros((channels, length)),
        np.empty((channels, geos, t.media.shape[2])),
        np.empty((channels, geos, periods)),
        np.ones((channels, geos)),
        np.ones(channels),
        np.empty(channels),
        np.empty((channels * marginal, geos, t.media.shape[2])),
        np.empty((channels * marginal, geos, periods)),
    )
    for c in range(channels):
        f = t.channel[c]
        n = f[LENGTH]
        lag_weights(
            f[ADSTOCK], f[NORMALIZE] == 1, p[f[ALPHA]], p[f[THETA]], m.w[c, :n], m.by_first[c, :n], m.by_second[c, :n]
        )
        for g in range(geos):
            if f[SPREAD] >= 0:
                m.factor[c, g] = math.exp(p[f[SPREAD]] * p[f[SPREAD_START] + g])
            respond(
                f[LATE] == 1, f[CURVE], p[f[FIRST]], p[f[SECOND]], m.w[c, :n], t.media[c, g], t.reach[c, g],
                m.mid[c, g], m.h[c, g],
            )  # fmt: skip
            if f[MARGINAL]:
                respond(
                    f[LATE] == 1, f[CURVE], p[f[FIRST]], p[f[SECOND]], m.w[c, :n],
                    stepped(t.media[c, g], 0.0 if f[FREQUENCY] else MROI_STEP),
                    stepped(t.reach[c, g], MROI_STEP if f[FREQUENCY] else 0.0), m.more_mid[c, g], m.more[c, g],
                )  # fmt: skip
        m.beta[c] = p[f[EFFECT]]
        if f[MODE] != DIRECT:
            m.total[c] = total_response(t, m, c)
            m.beta[c] *= t.amount[c] / m.total[c]
    return m


@once
def total_response(t: Tables, m: Media, c: int) -> float:
    """H: what β = 1 contributes, in the unit of the effect's prior."""
    f = t.channel[c]
    units = t.units[f[WEIGHT]]
    found = 0.0
    for g in range(units.shape[0]):
        part = 0.0
        for s in range(units.shape[1]):
            part += units[g, s] * (m.more[c, g, s] - m.h[c, g, s] if f[MARGINAL] else m.h[c, g, s])
        found += part * m.factor[c, g]
    return found


@inner
def stepped(x: Floats, step: float) -> Floats:
    """Exposure times 1 + step."""
    found = np.empty(x.size)
    for u in range(x.size):
        found[u] = x[u] * (1 + step)
    return found
