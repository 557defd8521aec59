"""Parts of an address table, and of working memory, as arrays: each stage views what it reads, and nothing else.

Numbers behind ``at`` are places in `tables.Tables` or `tables.Memory`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.compiling import carray, inner, once, pointer
from attribution_models.mix.tables import (
    ARRAYS,
    CHANNEL_FIELDS,
    CHANNELS,
    CONSTANTS,
    EIGEN,
    FIRST_STAGE,
    GEOS,
    INTEGRATED,
    INTEGRATED_VALUES,
    LAGS,
    LIFT_ROWS,
    LIFTS,
    MARGINALS,
    MOST_STAGES,
    OWNED,
    PERIODS,
    SAMPLED,
    SAMPLED_VALUES,
    SHARED,
    SIGMAS,
    SIZES,
    VARYING,
    WIDTH,
    N,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Priors(NamedTuple):
    """What values of parameters are made of."""

    parameter: Ints
    prior: Floats
    constants: Floats


class Exposure(NamedTuple):
    """What responses are made of."""

    channel: Ints
    amount: Floats
    media: Floats
    reach: Floats
    units: Floats


class Rows(NamedTuple):
    """What the likelihood is made of."""

    outcome: Floats
    fitted: Floats
    sigma: Ints
    rows: Floats


class Columns(NamedTuple):
    """Linear columns; which parameters sampled coefficients are (none for those that are integrated out)."""

    layout: Ints
    numbers: Floats
    values: Floats
    coefficient: Ints


class Products(NamedTuple):
    """Inner products of integrated columns."""

    shared: Ints
    owned: Ints
    border: Floats
    cross: Floats
    block: Floats
    basis: Floats
    eigen: Floats


class LiftTests(NamedTuple):
    """Lift tests, and what a unit of the scaled mean is worth."""

    test: Ints
    value: Floats
    geo: Ints
    media: Floats
    worth: Floats


class Media(NamedTuple):
    """Every channel's response at one point, in working memory; `tables.Memory` says what they are."""

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


class Slopes(NamedTuple):
    """Derivatives of the density, in working memory."""

    by_p: Floats
    by_w: Floats
    by_h: Floats
    by_beta: Floats


class Linear(NamedTuple):
    """Sampled coefficients, what multiplies them, and what the mean leaves over, in working memory."""

    own: Floats
    scale: Floats
    residual: Floats


class Varying(NamedTuple):
    """The multiplier of media effects at one point, in working memory; `tables.Memory` says what they are."""

    row: Floats
    bend: Floats
    back: Floats
    raw: Floats


@inner
def whole(address: int, rows: int, columns: int) -> Ints:
    """View integers at an address."""
    return carray(pointer(address), (rows, columns), np.int64)  # type: ignore[no-any-return]


@inner
def flat_whole(address: int, size: int) -> Ints:
    """View integers at an address."""
    return carray(pointer(address), (size,), np.int64)  # type: ignore[no-any-return]


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
def table_at(address: int) -> Ints:
    """View an address table."""
    return flat_whole(address, FIRST_STAGE + MOST_STAGES)


@once
def parameters(a: Ints, memory: int) -> Floats:
    """View values of parameters and constants."""
    return flat(memory, a[N] + a[CONSTANTS])


@once
def media_of(a: Ints, memory: int) -> Media:
    """View responses."""
    c, g, lags, width, t, more = a[CHANNELS], a[GEOS], a[LAGS], a[WIDTH], a[PERIODS], a[MARGINALS]
    at = a[SIZES + ARRAYS :]
    return Media(
        grid(memory + 8 * at[3], c, lags), grid(memory + 8 * at[4], c, lags), grid(memory + 8 * at[5], c, lags),
        cube(memory + 8 * at[7], c, g, width), cube(memory + 8 * at[8], c, g, t), grid(memory + 8 * at[10], c, g),
        flat(memory + 8 * at[12], c), flat(memory + 8 * at[13], c), cube(memory + 8 * at[14], more, g, width),
        cube(memory + 8 * at[15], more, g, t),
    )  # fmt: skip


@once
def slopes_of(a: Ints, memory: int) -> Slopes:
    """View derivatives."""
    c, g, at = a[CHANNELS], a[GEOS], a[SIZES + ARRAYS :]
    return Slopes(
        flat(memory + 8 * at[2], a[N] + a[CONSTANTS]), grid(memory + 8 * at[6], c, a[LAGS]),
        cube(memory + 8 * at[9], c, g, a[PERIODS]), grid(memory + 8 * at[11], c, g),
    )  # fmt: skip


@once
def linear_of(a: Ints, memory: int) -> Linear:
    """View sampled coefficients and the residual."""
    k, at = a[SAMPLED], a[SIZES + ARRAYS :]
    return Linear(
        flat(memory + 8 * at[17], k), flat(memory + 8 * at[18], k), grid(memory + 8 * at[16], a[GEOS], a[PERIODS])
    )  # fmt: skip


@once
def priors(a: Ints) -> Priors:
    """View priors."""
    n, at = a[N], a[SIZES:]
    return Priors(whole(at[0], n, 3), grid(at[1], n, 6), flat(at[2], a[CONSTANTS]))


@once
def exposures(a: Ints) -> Exposure:
    """View media."""
    c, g, t, width, at = a[CHANNELS], a[GEOS], a[PERIODS], a[WIDTH], a[SIZES:]
    return Exposure(
        whole(at[3], c, CHANNEL_FIELDS), flat(at[4], c), cube(at[5], c, g, width), cube(at[6], c, g, width),
        cube(at[7], 3, g, t),
    )  # fmt: skip


@once
def all_rows(a: Ints) -> Rows:
    """View rows of the likelihood."""
    g, t, at = a[GEOS], a[PERIODS], a[SIZES:]
    return Rows(grid(at[8], g, t), grid(at[9], g, t), flat_whole(at[10], a[SIGMAS]), flat(at[11], a[SIGMAS]))


@once
def sampled_columns(a: Ints) -> Columns:
    """View columns whose coefficients are sampled."""
    k, at = a[SAMPLED], a[SIZES:]
    return Columns(
        whole(at[12], k, 6), grid(at[13], k, 2), flat(at[14], a[SAMPLED_VALUES]), flat_whole(at[15], k)
    )  # fmt: skip


@once
def integrated_columns(a: Ints) -> Columns:
    """View columns whose coefficients are integrated out."""
    k, at = a[INTEGRATED], a[SIZES:]
    return Columns(
        whole(at[16], k, 6), grid(at[17], k, 2), flat(at[18], a[INTEGRATED_VALUES]), flat_whole(at[15], 0)
    )  # fmt: skip


@once
def products(a: Ints) -> Products:
    """View inner products of integrated columns."""
    g, k, e, m, at = a[GEOS], a[INTEGRATED], a[SHARED], a[OWNED], a[SIZES:]
    square = k if a[EIGEN] == k else 0
    return Products(
        flat_whole(at[19], e), whole(at[20], g, m), cube(at[21], a[SIGMAS], e, e), cube(at[22], g, m, e),
        cube(at[23], g, m, m), grid(at[24], square, square), flat(at[25], a[EIGEN]),
    )  # fmt: skip


@once
def tests(a: Ints) -> LiftTests:
    """View lift tests."""
    n, rows, at = a[LIFTS], a[LIFT_ROWS], a[SIZES:]
    return LiftTests(
        whole(at[26], n, 5), grid(at[27], n, 2), flat_whole(at[28], rows), grid(at[29], rows, a[WIDTH]),
        flat(at[30], a[GEOS]),
    )  # fmt: skip


@once
def varying_columns(a: Ints) -> Columns:
    """View basis functions of the multiplier of media effects."""
    k, at = a[VARYING], a[SIZES:]
    return Columns(whole(at[31], k, 6), grid(at[32], k, 2), flat(at[33], k * a[PERIODS]), flat_whole(at[34], k))


@once
def varying_weight(a: Ints) -> Floats:
    """View what the multiplier's mean is taken over."""
    return flat(a[SIZES + 35], a[PERIODS])


@once
def varying_of(a: Ints, memory: int) -> Varying:
    """View the multiplier of media effects; empty where effects stay the same."""
    t, at = a[PERIODS] * min(a[VARYING], 1), a[SIZES + ARRAYS :]
    return Varying(
        flat(memory + 8 * at[19], t), flat(memory + 8 * at[20], t), flat(memory + 8 * at[21], t),
        cube(memory + 8 * at[22], a[CHANNELS], a[GEOS], t),
    )  # fmt: skip
