"""A model and its data as flat tables: what the compiled kernels read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Columns of `Tables.channel`.
ADSTOCK, LENGTH, NORMALIZE, ALPHA, THETA, CURVE, FIRST, SECOND, LATE, FREQUENCY = range(10)
EFFECT, MODE, WEIGHT, MARGINAL, SPREAD, SPREAD_START = range(10, 16)
CHANNEL_FIELDS = 16
# Columns of `Tables.lift` and of `Tables.lift_row`.
LIFT_CHANNEL, LIFT_START, LIFT_END, LIFT_FIRST_ROW, LIFT_LAST_ROW = range(5)


# Columns of `Tables.parameter` and of `Tables.prior`.
TRANSFORM, FAMILY, OWN = range(3)
LOWER, UPPER, FIRST_NUMBER = range(3)

# An address table holds the sizes below, then a pointer to every array of `Tables`, then where each array of `Memory`
# begins in the working memory, then the stages of the density.
SIZES = 23
(
    N, CONSTANTS, CHANNELS, GEOS, PERIODS, WIDTH, LAGS, SIGMAS, NU, RHO, SAMPLED, SAMPLED_VALUES, INTEGRATED,
    INTEGRATED_VALUES, SHARED, OWNED, EIGEN, LIFTS, LIFT_ROWS, MARGINALS, VARYING, MEMORY, STAGES,
) = range(SIZES)  # fmt: skip


class Tables(NamedTuple):
    """A model and its data, as flat tables.

    Attributes
    ----------
    parameter : array (n, 3)
        Per sampled parameter: its map from the real line, its prior's family, and whether its prior stands on itself
        (0: on the channel's β).
    prior : array (n, 6)
        Bounds, and the prior's parameters.
    constants : array
        Values that are not sampled; parameter n + i is constant i.
    channel : array (C, 16)
        What each channel reads; constants of this module name the columns.
    amount : array (C,)
        K of β = q K / H.
    media, reach : array (C, G, P + T)
    units : array (3, G, T)
    outcome, fitted : array (G, T)
    sigma : array (1,) or (G,)
        Parameters of the noise.
    rows : array like sigma
        Fitted rows under each.
    sampled, sampled_numbers, sampled_values, coefficient
        Columns with sampled coefficients (`linear_kernel.multipliers`), and which parameters these are.
    integrated, integrated_numbers, integrated_values, shared, owned, border, cross, block, basis, eigen
        As `integral_kernel.integral` takes them.
    lift : array (n lifts, 5); lift_value : array (n lifts, 2)
        Channel, first and last period, rows of `lift_geo`; what was measured, and its standard deviation.
    lift_geo : array (rows,); lift_media : array (rows, P + T)
        Geo, and exposure without the test.
    worth : array (G,)
        Outcome per unit of the scaled mean.
    varying, varying_numbers, varying_values, varying_coefficient
        Basis functions of the multiplier of media effects, and their coefficients; none where effects stay the same.
    varying_weight : array (T,) or (0,)
        What its mean is taken over.
    """

    parameter: Ints
    prior: Floats
    constants: Floats
    channel: Ints
    amount: Floats
    media: Floats
    reach: Floats
    units: Floats
    outcome: Floats
    fitted: Floats
    sigma: Ints
    rows: Floats
    sampled: Ints
    sampled_numbers: Floats
    sampled_values: Floats
    coefficient: Ints
    integrated: Ints
    integrated_numbers: Floats
    integrated_values: Floats
    shared: Ints
    owned: Ints
    border: Floats
    cross: Floats
    block: Floats
    basis: Floats
    eigen: Floats
    lift: Ints
    lift_value: Floats
    lift_geo: Ints
    lift_media: Floats
    worth: Floats
    varying: Ints
    varying_numbers: Floats
    varying_values: Floats
    varying_coefficient: Ints
    varying_weight: Floats


class Memory(NamedTuple):
    """Working memory of one evaluation: lengths of its arrays, in numbers.

    Attributes
    ----------
    p, slope, by_p
        Values of parameters and constants, derivatives of the values on the sampled line, derivatives in the values.
    w, by_first, by_second, by_w : (C, L)
        Lag weights, their derivatives in both parameters, and the density's in them.
    mid, h, by_h : (C, G, P + T), (C, G, T), (C, G, T)
        What is between the two steps of a response, the response, and the density's derivative in it.
    factor, by_beta : (C, G)
        exp(η_c z_gc), and the density's derivative in β_gc.
    total, beta : (C,)
        H, and β.
    more_mid, more
        As `mid` and `h`, for one per cent more exposure; empty where no prior stands on a marginal return.
    residual : (G, T)
        Outcome − mean, then the density's derivative in it.
    own, scale : (k,)
        Sampled coefficients of columns, and what multiplies them.
    vary, bend, by_vary : (T,)
        Multiplier of media effects, its slope, and the density's derivative in it; empty where effects stay the same.
    raw : (C, G, T)
        Responses before it; `h` is the response times it.
    """

    p: int
    slope: int
    by_p: int
    w: int
    by_first: int
    by_second: int
    by_w: int
    mid: int
    h: int
    by_h: int
    factor: int
    by_beta: int
    total: int
    beta: int
    more_mid: int
    more: int
    residual: int
    own: int
    scale: int
    vary: int
    bend: int
    by_vary: int
    raw: int


ARRAYS, PLACES = len(Tables._fields), len(Memory._fields)
FIRST_STAGE = SIZES + ARRAYS + PLACES
MOST_STAGES = 10


def addresses(t: Tables, nu: int, rho: int, lags: int) -> Ints:
    """Make the address table of arrays that stay where they are (kept alive by the caller), yet without stages.

    Parameters
    ----------
    nu, rho : int
        Which parameters degrees of freedom and autoregression of the noise are; −1: it has none.
    lags : int
        Of the longest carry-over.
    """
    memory = _memory(t, lags)
    places = np.cumsum([0, *memory])
    sizes = [
        len(t.parameter), len(t.constants), len(t.channel), *t.outcome.shape, t.media.shape[2], lags, len(t.sigma), nu,
        rho, len(t.sampled), t.sampled_values.size, len(t.integrated), t.integrated_values.size, len(t.shared),
        t.owned.shape[1], t.eigen.size, len(t.lift), len(t.lift_geo), _marginals(t), len(t.varying), places[-1], 0,
    ]  # fmt: skip
    found = [*sizes, *(array.ctypes.data for array in t), *places[:-1], *(0,) * MOST_STAGES]
    return np.array(found, dtype=np.int64)


def _marginals(t: Tables) -> int:
    return len(t.channel) * int(t.channel[:, MARGINAL].any())


def _memory(t: Tables, lags: int) -> Memory:
    c, (g, periods), width = len(t.channel), t.outcome.shape, t.media.shape[2]
    n, k, more, vary = len(t.parameter), len(t.sampled), _marginals(t), int(len(t.varying) > 0)
    with_constants = n + len(t.constants)
    return Memory(
        p=with_constants, slope=n, by_p=with_constants, w=c * lags, by_first=c * lags, by_second=c * lags,
        by_w=c * lags, mid=c * g * width, h=c * g * periods, by_h=c * g * periods, factor=c * g, by_beta=c * g,
        total=c, beta=c, more_mid=more * g * width, more=more * g * periods, residual=g * periods, own=k, scale=k,
        vary=vary * periods, bend=vary * periods, by_vary=vary * periods, raw=vary * c * g * periods,
    )  # fmt: skip
