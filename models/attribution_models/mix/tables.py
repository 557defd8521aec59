"""A model and its data as flat tables: what the compiled kernels read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import carray, inner, once, pointer

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

# An address table holds the sizes below, then a pointer to every array of `Tables`, in its order.
SIZES = 19
(
    N, CONSTANTS, CHANNELS, GEOS, PERIODS, WIDTH, LAGS, SIGMAS, NU, RHO, SAMPLED, SAMPLED_VALUES, INTEGRATED,
    INTEGRATED_VALUES, SHARED, OWNED, EIGEN, LIFTS, LIFT_ROWS,
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


def addresses(t: Tables, nu: int, rho: int, lags: int) -> Ints:
    """Make the address table of arrays that stay where they are (kept alive by the caller).

    Parameters
    ----------
    nu, rho : int
        Which parameters degrees of freedom and autoregression of the noise are; −1: it has none.
    lags : int
        Of the longest carry-over.
    """
    sizes = [
        len(t.parameter), len(t.constants), len(t.channel), *t.outcome.shape, t.media.shape[2], lags, len(t.sigma), nu,
        rho, len(t.sampled), t.sampled_values.size, len(t.integrated), t.integrated_values.size, len(t.shared),
        t.owned.shape[1], t.eigen.size, len(t.lift), len(t.lift_geo),
    ]  # fmt: skip
    return np.array([*sizes, *(array.ctypes.data for array in t)], dtype=np.int64)


@inner
def whole(address: int, rows: int, columns: int) -> Ints:
    """View integers at an address."""
    return carray(pointer(address), (rows, columns), np.int64)  # type: ignore[no-any-return]


@inner
def flat(address: int, size: int) -> Floats:
    """View numbers at an address."""
    return carray(pointer(address), (size,), np.float64)  # type: ignore[no-any-return]


@inner
def grid(address: int, rows: int, columns: int) -> Floats:
    """View numbers at an address."""
    return carray(pointer(address), (rows, columns), np.float64)  # type: ignore[no-any-return]


@inner
def cube(address: int, first: int, rows: int, columns: int) -> Floats:
    """View numbers at an address."""
    return carray(pointer(address), (first, rows, columns), np.float64)  # type: ignore[no-any-return]


@once
def view(a: Ints) -> Tables:
    """View the arrays of an address table."""
    n, channels, geos, periods, width = a[N], a[CHANNELS], a[GEOS], a[PERIODS], a[WIDTH]
    k, e, m, at = a[INTEGRATED], a[SHARED], a[OWNED], a[SIZES:]
    square = k if a[EIGEN] == k else 0
    return Tables(
        whole(at[0], n, 3),
        grid(at[1], n, 6),
        flat(at[2], a[CONSTANTS]),
        whole(at[3], channels, CHANNEL_FIELDS),
        flat(at[4], channels),
        cube(at[5], channels, geos, width),
        cube(at[6], channels, geos, width),
        cube(at[7], 3, geos, periods),
        grid(at[8], geos, periods),
        grid(at[9], geos, periods),
        whole(at[10], a[SIGMAS], 1)[:, 0],
        flat(at[11], a[SIGMAS]),
        whole(at[12], a[SAMPLED], 6),
        grid(at[13], a[SAMPLED], 2),
        flat(at[14], a[SAMPLED_VALUES]),
        whole(at[15], a[SAMPLED], 1)[:, 0],
        whole(at[16], k, 6),
        grid(at[17], k, 2),
        flat(at[18], a[INTEGRATED_VALUES]),
        whole(at[19], e, 1)[:, 0],
        whole(at[20], geos, m),
        cube(at[21], a[SIGMAS], e, e),
        cube(at[22], geos, m, e),
        cube(at[23], geos, m, m),
        grid(at[24], square, square),
        flat(at[25], a[EIGEN]),
        whole(at[26], a[LIFTS], 5),
        grid(at[27], a[LIFTS], 2),
        whole(at[28], a[LIFT_ROWS], 1)[:, 0],
        grid(at[29], a[LIFT_ROWS], width),
        flat(at[30], geos),
    )


ARRAYS = len(Tables._fields)


class Media(NamedTuple):
    """Every channel's response at one point.

    Attributes
    ----------
    w, by_first, by_second : array (C, L)
        Lag weights and their derivatives.
    mid, h : array (C, G, P + T), array (C, G, T)
    factor : array (C, G)
        exp(η_c z_gc).
    total : array (C,)
        H.
    beta : array (C,)
    more_mid, more : arrays
        As `mid` and `h`, for one per cent more exposure; filled for channels with a prior on marginal return.
    """

    w: Floats
    by_first: Floats
    by_second: Floats
    mid: Floats
    h: Floats
    factor: Floats
    total: Floats
    beta: Floats
    more_mid: Floats
    more: Floats
