"""Compiled kernel that cuts one part's sorted touches into journeys.

A customer's touches are cut at each conversion. Touches at the very moment of a conversion come before
it. What is left after the last conversion is a journey that never converts. The rules, in the order in
which they are applied to each journey: inactivity gap, lookback, direct traffic, transforms.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from attribution.journeys.transform import transform
from attribution_models.paths.compiled import compiled

NEVER = np.iinfo(np.int64).max

KEEP, DROP, DROP_UNLESS_ONLY = 0, 1, 2

# Places in the tallies of touches.
CONVERTING, NON_CONVERTING, OUTSIDE, DIRECT_DROPPED, TRANSFORMED = 0, 1, 2, 3, 4


class Rules(NamedTuple):
    """The settings as kernels take them.

    Attributes
    ----------
    channel_of, geo_of : int32[units]
        Channel and geo code of each unit; -1 for no geo.
    lookback : int64[units]
        Microseconds.
    direct : bool[channels]
    direct_rule : int
        KEEP, DROP or DROP_UNLESS_ONLY.
    inactivity : int
        Microseconds; 0 switches it off.
    data_end : int
        End of a journey that never converts, in microseconds; 0: its last touch.
    ops, targets : int64[transforms]
        Transforms in order, with the channel code they aim at (-1 for none).
    """

    channel_of: NDArray[np.int32]
    geo_of: NDArray[np.int32]
    lookback: NDArray[np.int64]
    direct: NDArray[np.bool_]
    direct_rule: int
    inactivity: int
    data_end: int
    ops: NDArray[np.int64]
    targets: NDArray[np.int64]


class Touches(NamedTuple):
    """Touches sorted by (customer, time, unit)."""

    customer: NDArray[np.uint64]
    at: NDArray[np.int64]
    unit: NDArray[np.int32]


class Conversions(NamedTuple):
    """Conversions sorted by (customer, time); ``geo`` is -1 where the conversion names none."""

    customer: NDArray[np.uint64]
    at: NDArray[np.int64]
    value: NDArray[np.float64]
    kind: NDArray[np.int32]
    geo: NDArray[np.int32]

    def taken(self, which: slice) -> Conversions:
        """Some of the conversions."""
        return Conversions(self.customer[which], self.at[which], self.value[which], self.kind[which], self.geo[which])


class Known(NamedTuple):
    """Since when a person is a customer, by other sources than conversions; sorted by customer."""

    customer: NDArray[np.uint64]
    since: NDArray[np.int64]

    def taken(self, which: slice) -> Known:
        """Some of the people."""
        return Known(self.customer[which], self.since[which])


class Cut(NamedTuple):
    """Journeys of one part.

    Attributes
    ----------
    customer, ended_at, conversions, value, kind, geo, existing
        One entry per journey. ``kind`` is -1 for journeys that never convert.
    offsets : int64[journeys + 1]
    unit, at, repeat
        One entry per kept touch.
    tally : int64[5]
        Touches in converting journeys, in others, outside the lookback, dropped as direct, removed by
        transforms. They sum to the touches given.
    """

    customer: NDArray[np.uint64]
    ended_at: NDArray[np.int64]
    conversions: NDArray[np.float64]
    value: NDArray[np.float64]
    kind: NDArray[np.int32]
    geo: NDArray[np.int32]
    existing: NDArray[np.bool_]
    offsets: NDArray[np.int64]
    unit: NDArray[np.int32]
    at: NDArray[np.int64]
    repeat: NDArray[np.int32]
    tally: NDArray[np.int64]


class Segments(NamedTuple):
    """Touches cut into runs, before windows and rules: segment j is touches ``offsets[j]:offsets[j + 1]``.

    Every touch is in exactly one segment. ``conversion`` is the place of the conversion that ends it, or -1.
    """

    offsets: NDArray[np.int64]
    customer: NDArray[np.uint64]
    ended_at: NDArray[np.int64]
    conversion: NDArray[np.int64]
    existing: NDArray[np.bool_]

    def taken(self, which: slice | NDArray[np.bool_]) -> Segments:
        """Some of the segments; the offsets stay as they are."""
        return Segments(
            self.offsets, self.customer[which], self.ended_at[which], self.conversion[which], self.existing[which]
        )


# Kernels loop over all journeys themselves: a compiled call with many arrays costs more than a journey's work.


@compiled
def _segments(touches: Touches, conversions: Conversions, known: Known, rules: Rules, out: Segments) -> int:
    n, m = touches.customer.size, conversions.customer.size
    out.offsets[0] = 0
    j = i = c = s = 0
    while i < n or c < m:
        key = touches.customer[i] if c >= m else conversions.customer[c]
        if i < n and touches.customer[i] < key:
            key = touches.customer[i]
        while s < known.customer.size and known.customer[s] < key:
            s += 1
        # A customer since the source's date, or since the first conversion (which itself is a new customer's).
        bought = known.since[s] if s < known.customer.size and known.customer[s] == key else NEVER
        if c < m and conversions.customer[c] == key:
            bought = min(bought, conversions.at[c])
        last = False
        while not last:
            last = c >= m or conversions.customer[c] != key
            end = NEVER if last else conversions.at[c]
            start = i
            while i < n and touches.customer[i] == key and touches.at[i] <= end:
                if rules.inactivity > 0 and i > start and touches.at[i] - touches.at[i - 1] > rules.inactivity:
                    out.customer[j], out.ended_at[j], out.conversion[j] = key, touches.at[i - 1], -1
                    out.existing[j] = bought < touches.at[i - 1]
                    j += 1
                    out.offsets[j] = i
                    start = i
                i += 1
            if last and i == start:
                break
            if not last and rules.inactivity > 0 and i > start and end - touches.at[i - 1] > rules.inactivity:
                out.customer[j], out.ended_at[j], out.conversion[j] = key, touches.at[i - 1], -1
                out.existing[j] = bought < touches.at[i - 1]
                j += 1
                out.offsets[j] = i
            if last:
                end = rules.data_end if rules.data_end > 0 else touches.at[i - 1]
            out.customer[j], out.ended_at[j], out.conversion[j] = key, end, -1 if last else c
            out.existing[j] = bought < end
            j += 1
            out.offsets[j] = i
            c += 0 if last else 1
    return j


@compiled
def _keep(
    offsets: NDArray[np.int64], ended_at: NDArray[np.int64], touches: Touches, rules: Rules,
    out_offsets: NDArray[np.int64], out_at: NDArray[np.int64], out_unit: NDArray[np.int32], tally: NDArray[np.int64],
) -> int:  # fmt: skip
    """Apply lookback and direct rule to every segment; give the number of touches kept."""
    w = 0
    out_offsets[0] = 0
    for j in range(ended_at.size):
        first = w
        only_direct = True
        for i in range(offsets[j], offsets[j + 1]):
            unit = touches.unit[i]
            if ended_at[j] - touches.at[i] > rules.lookback[unit]:
                tally[OUTSIDE] += 1
                continue
            if not rules.direct[rules.channel_of[unit]]:
                only_direct = False
            out_at[w] = touches.at[i]
            out_unit[w] = unit
            w += 1
        if rules.direct_rule == DROP or (rules.direct_rule == DROP_UNLESS_ONLY and not only_direct):
            kept = first
            for i in range(first, w):
                if rules.direct[rules.channel_of[out_unit[i]]]:
                    tally[DIRECT_DROPPED] += 1
                else:
                    out_at[kept] = out_at[i]
                    out_unit[kept] = out_unit[i]
                    kept += 1
            w = kept
        out_offsets[j + 1] = w
    return w


@compiled
def _apply_transforms(
    offsets: NDArray[np.int64], at: NDArray[np.int64], unit: NDArray[np.int32], repeat: NDArray[np.int32], rules: Rules
) -> int:
    """Apply the transforms to every journey in place, closing the gaps; give the number of touches kept."""
    w = 0
    start = offsets[0]
    for j in range(offsets.size - 1):
        stop = offsets[j + 1]
        first = w
        for i in range(start, stop):
            at[w], unit[w], repeat[w] = at[i], unit[i], repeat[i]
            w += 1
        for x in range(rules.ops.size):
            if w > first:
                w = transform(rules.ops[x], rules.targets[x], first, w, rules.channel_of, unit, at, repeat)
        start = stop
        offsets[j + 1] = w
    return w


def cut(touches: Touches, conversions: Conversions, known: Known, rules: Rules) -> Cut:
    """Cut sorted touches and conversions of one part into journeys."""
    most = touches.customer.size + conversions.customer.size
    room = Segments(
        np.empty(most + 1, np.int64), np.empty(most, np.uint64), np.empty(most, np.int64), np.empty(most, np.int64),
        np.empty(most, np.bool_),
    )  # fmt: skip
    found = _segments(touches, conversions, known, rules, room)
    runs = room.taken(slice(0, found))
    offsets, unit, at, repeat, tally = _kept(room.offsets[: found + 1], runs.ended_at, touches, rules)
    lengths = np.diff(offsets)
    converts = runs.conversion >= 0
    tally[CONVERTING] = int(lengths[converts].sum())
    tally[NON_CONVERTING] = int(lengths.sum()) - tally[CONVERTING]
    # A run without touches and without a conversion is no journey.
    real = converts | (lengths > 0)
    if not real.all():
        runs = runs.taken(real)
        offsets = np.concatenate([[0], np.cumsum(lengths[real])])
        lengths, converts = lengths[real], converts[real]
    return Cut(
        customer=runs.customer.copy(),
        ended_at=runs.ended_at.copy(),
        conversions=converts.astype(np.float64),
        value=_of(conversions.value, runs.conversion, 0.0),
        kind=_of(conversions.kind, runs.conversion, -1),
        geo=_geo(conversions.geo, runs.conversion, offsets, lengths, unit, rules.geo_of),
        existing=runs.existing.copy(),
        offsets=offsets,
        unit=unit,
        at=at,
        repeat=repeat,
        tally=tally,
    )


def _kept(
    offsets: NDArray[np.int64], ended_at: NDArray[np.int64], touches: Touches, rules: Rules
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """Touches that count, by segment: offsets, unit, time, repeat count, tally."""
    n = touches.unit.size
    out_offsets, unit, at = np.empty(offsets.size, np.int64), np.empty(n, np.int32), np.empty(n, np.int64)
    tally = np.zeros(5, np.int64)
    kept = _keep(offsets, ended_at, touches, rules, out_offsets, at, unit, tally)
    repeat = np.zeros(0, np.int32)
    if rules.ops.size:
        repeat = np.ones(kept, np.int32)
        left = _apply_transforms(out_offsets, at, unit, repeat, rules)
        tally[TRANSFORMED] = kept - left
        kept = left
    return out_offsets, unit[:kept], at[:kept], repeat[:kept], tally


def _of(values: NDArray[Any], conversion: NDArray[np.int64], nothing: float) -> NDArray[Any]:
    """What the conversion of each journey says; ``nothing`` for journeys without one."""
    if values.size == 0:
        return np.full(conversion.size, nothing, values.dtype)
    return np.where(conversion >= 0, values[conversion], values.dtype.type(nothing))


def _geo(
    own: NDArray[np.int32], conversion: NDArray[np.int64], offsets: NDArray[np.int64], lengths: NDArray[np.int64],
    unit: NDArray[np.int32], geo_of: NDArray[np.int32],
) -> NDArray[np.int32]:  # fmt: skip
    """The conversion's geo, else that of the last touch, else -1."""
    geo: NDArray[np.int32] = _of(own, conversion, -1)
    if np.any(geo_of >= 0):
        ask = (geo < 0) & (lengths > 0)
        geo[ask] = geo_of[unit[offsets[1:][ask] - 1]]
    return geo


def cut_paths(offsets: NDArray[np.int64], unit: NDArray[np.int32], rules: Rules) -> Cut:
    """Apply the direct rule and the transforms to aggregated paths, which have no times."""
    size = offsets.size - 1
    none = np.zeros(size, np.int64)
    nothing = np.zeros(0)
    if rules.direct_rule == KEEP and not rules.ops.size:
        tally = np.array([unit.size, 0, 0, 0, 0])
        repeat, at = np.zeros(0, np.int32), np.zeros(0, np.int64)
        return _of_paths(none, nothing, offsets, unit, at, repeat, tally)
    touches = Touches(np.zeros(0, np.uint64), np.zeros(unit.size, np.int64), unit)
    kept_offsets, kept, at, repeat, tally = _kept(offsets, none, touches, rules)
    tally[CONVERTING] = kept.size
    return _of_paths(none, nothing, kept_offsets, kept, at, repeat, tally)


def _of_paths(
    none: NDArray[np.int64], nothing: NDArray[np.float64], offsets: NDArray[np.int64], unit: NDArray[np.int32],
    at: NDArray[np.int64], repeat: NDArray[np.int32], tally: NDArray[np.int64],
) -> Cut:  # fmt: skip
    codes = none.astype(np.int32)
    return Cut(
        none.astype(np.uint64), none, nothing, nothing, codes, codes, none.astype(np.bool_), offsets, unit, at, repeat,
        tally,
    )  # fmt: skip
