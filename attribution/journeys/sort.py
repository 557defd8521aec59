"""Compiled kernels that bring touches into the order (customer, time, unit).

Customers are 64-bit hashes, so a radix on their leading bits gives parts of equal size without looking
at the data: one scatter into parts, then within a part a second scatter into buckets of a few touches
and a short sort of each bucket. Nothing here depends on the order in which rows arrive.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled

# A bucket of this many touches is sorted by plain insertion; a longer one (a heavy customer) by Shell's gaps.
SHORT = 24


def scatter(
    customer: NDArray[np.uint64],
    at: NDArray[np.int64],
    unit_hash: NDArray[np.uint64],
    table_hash: NDArray[np.uint64],
    table_code: NDArray[np.int32],
    bits: int,
) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64], NDArray[np.int32]]:
    """Order one batch by part (leading ``bits`` of the customer's hash) and give each touch its unit code.

    ``table_hash`` and ``table_code`` form an open-addressing table whose empty slots have code -1.

    Returns
    -------
    starts : int64[2 ** bits + 1]
    customer : uint64[n]
    at : int64[n]
    unit : int32[n]
    """
    n = customer.size
    out = np.empty(n, np.uint64), np.empty(n, np.int64), np.empty(n, np.int32)
    starts = np.zeros((1 << bits) + 1, np.int64)
    _scatter(customer, at, unit_hash, table_hash, table_code, bits, starts, *out)
    return starts, *out


@compiled
def _scatter(
    customer: NDArray[np.uint64], at: NDArray[np.int64], unit_hash: NDArray[np.uint64], table_hash: NDArray[np.uint64],
    table_code: NDArray[np.int32], bits: int, starts: NDArray[np.int64], out_customer: NDArray[np.uint64],
    out_at: NDArray[np.int64], out_unit: NDArray[np.int32],
) -> None:  # fmt: skip
    shift = np.uint64(64 - bits)
    one_part = bits == 0
    mask = np.uint64(table_hash.size - 1)
    for i in range(customer.size):
        part = 0 if one_part else np.int64(customer[i] >> shift)
        starts[part + 1] += 1
    for p in range(starts.size - 1):
        starts[p + 1] += starts[p]
    place = starts[:-1].copy()
    for i in range(customer.size):
        key = customer[i]
        part = 0 if one_part else np.int64(key >> shift)
        o = place[part]
        place[part] = o + 1
        h = unit_hash[i]
        slot = h & mask
        while table_code[slot] >= 0 and table_hash[slot] != h:
            slot = (slot + np.uint64(1)) & mask
        out_customer[o] = key
        out_at[o] = at[i]
        out_unit[o] = table_code[slot]


@compiled
def _buckets(customer: NDArray[np.uint64], bits: int) -> tuple[NDArray[np.int64], int, int]:
    """Ends of small buckets by the bits after the part's own: (starts shifted by one, shift, width)."""
    n = customer.size
    width = 0
    while (n >> (width + 2)) > 0 and width < 20 and bits + width < 63:
        width += 1
    shift = 64 - bits - width
    mask = np.uint64((1 << width) - 1)
    ends = np.zeros((1 << width) + 1, np.int64)
    if width == 0:
        ends[1] = n
        return ends, 0, 0
    for i in range(n):
        ends[np.int64((customer[i] >> np.uint64(shift)) & mask) + 1] += 1
    for b in range(ends.size - 1):
        ends[b + 1] += ends[b]
    return ends, shift, width


@compiled
def _sort_pairs(lo: int, hi: int, key: NDArray[np.uint64], order: NDArray[np.int64]) -> None:
    """Sort by (key, order): insertion, with Shell's gaps for a heavy customer's long bucket."""
    gap = 1
    if hi - lo > SHORT:
        while gap < (hi - lo) // 3:
            gap = 3 * gap + 1
    while gap >= 1:
        for i in range(lo + gap, hi):
            k, o = key[i], order[i]
            j = i - gap
            while j >= lo and (key[j] > k or (key[j] == k and order[j] > o)):
                key[j + gap] = key[j]
                order[j + gap] = order[j]
                j -= gap
            key[j + gap] = k
            order[j + gap] = o
        gap //= 3


@compiled
def _sort_packed(
    customer: NDArray[np.uint64], at: NDArray[np.int64], unit: NDArray[np.int32], bits: int, origin: int, unit_bits: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int32]]:
    """Sort with time and unit packed into one number: ``(at - origin) << unit_bits | unit``."""
    n = customer.size
    ends, shift, width = _buckets(customer, bits)
    mask = np.uint64((1 << width) - 1)
    key = np.empty(n, np.uint64)
    order = np.empty(n, np.int64)
    for i in range(n):
        b = np.int64((customer[i] >> np.uint64(shift)) & mask) if width else 0
        o = ends[b]
        ends[b] = o + 1
        key[o] = customer[i]
        order[o] = ((at[i] - origin) << unit_bits) | unit[i]
    lo = 0
    for b in range(ends.size - 1):
        _sort_pairs(lo, ends[b], key, order)
        lo = ends[b]
    out_at = np.empty(n, np.int64)
    out_unit = np.empty(n, np.int32)
    low = (1 << unit_bits) - 1
    for i in range(n):
        out_at[i] = (order[i] >> unit_bits) + origin
        out_unit[i] = order[i] & low
    return key, out_at, out_unit


def sort_part(
    customer: NDArray[np.uint64], at: NDArray[np.int64], unit: NDArray[np.int32], bits: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int32]]:
    """Sort the touches of one part by (customer, time, unit).

    Equal times are ordered by unit code, that is by content, never by source order.

    Parameters
    ----------
    customer, at, unit : arrays of length n
        Touches whose hashes share their leading ``bits``.
    bits : int
        Leading bits that the part shares.

    Returns
    -------
    customer, at, unit : new arrays, sorted
    """
    if customer.size == 0:
        return customer, at, unit
    origin = int(at.min())
    unit_bits = max(1, int(unit.max()).bit_length())
    if (int(at.max()) - origin).bit_length() + unit_bits <= 63:
        return _sort_packed(customer, at, unit, bits, origin, unit_bits)
    # Centuries of microseconds and thousands of units at once: they do not fit in one number.
    order = np.lexsort((unit, at, customer))
    return customer[order], at[order], unit[order]


def hash_table(hashes: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """An open-addressing table from hash to position, for `scatter`."""
    size = 4
    while size < 4 * hashes.size:
        size *= 2
    keys = np.zeros(size, np.uint64)
    codes = np.full(size, -1, np.int32)
    for code, h in enumerate(hashes):
        slot = int(h) & (size - 1)
        while codes[slot] >= 0:
            slot = (slot + 1) & (size - 1)
        keys[slot] = h
        codes[slot] = code
    return keys, codes
