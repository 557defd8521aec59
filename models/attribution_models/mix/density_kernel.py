"""The log density of a media-mix posterior and its gradient: stages, compiled apart, one after the other."""

from __future__ import annotations

import math

import numpy as np

from attribution_models.mix.compiling import run
from attribution_models.mix.tables import ARRAYS, CONSTANTS, FIRST_STAGE, MEMORY, SIZES, STAGES, N
from attribution_models.mix.views import flat, table_at

# What the sampler is told: 0 is fine, a number above zero asks for another point.
NOT_FINITE = 3


def log_density(size: int, point: int, down: int, value: int, table: int) -> int:
    """Log posterior density on the sampled line, integrated columns integrated out, and its gradient.

    Up to no constant: normalised prior and likelihood, with the Jacobians of the transforms. Channels on the
    contribution scale are sampled as log(β H); their density is that of log β, whose Jacobian to it is 1.

    Compiled as the C function that the sampler calls; see `callback`.

    Parameters
    ----------
    size : int
        n.
    point, down : address
        Of arrays (n,): where, and the gradient, which is written.
    value : address
        Of a number: written, the log density.
    table : address
        Of an address table, as `tables.addresses` makes it, with its stages.

    Returns
    -------
    int
        0, or ``NOT_FINITE``.
    """
    a = table_at(table)
    room, at = np.empty(a[MEMORY]), a[SIZES + ARRAYS :]
    memory, found = room.ctypes.data, 0.0
    slope, by_p = room[at[1] :], room[at[2] : at[2] + a[N] + a[CONSTANTS]]
    for i in range(by_p.size):
        by_p[i] = 0.0
    for i in range(a[STAGES]):
        found += run(a[FIRST_STAGE + i], table, memory, point, down)
    gradient = flat(down, size)
    status = 0 if math.isfinite(found) else NOT_FINITE
    # `room` lives as long as it is read: it is freed after the last use that the compiler sees, and stages are none.
    for i in range(gradient.size):
        gradient[i] += by_p[i] * slope[i]
        if not math.isfinite(gradient[i]):
            status = NOT_FINITE
    flat(value, 1)[0] = found
    return status
