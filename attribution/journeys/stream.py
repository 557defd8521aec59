"""The uncut event stream: everybody's touches, conversions and time at risk, for the time-to-event model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.errors import UsageError, did_you_mean, listed
from attribution.journeys.cut import Conversions, Known, Touches
from attribution.journeys.parts import bits_for, default_budget, each_part, range_of
from attribution.journeys.read import JourneyTables, Units, columns_of, read_conversions, read_known, read_units
from attribution.journeys.sort import sort_part
from attribution_models.paths.events import NEVER, EventBlock, EventTable

# Channels that show demand and are not media, by name, where none are given.
DEMAND = "organic"


def event_stream(
    connection: Any,
    tables: JourneyTables,
    *,
    observations: str | None = None,
    signals: tuple[str, ...] = (),
    direct_names: tuple[str, ...] = (),
    people: int | None = None,
) -> EventTable:
    """Read the tables as event streams.

    Time at risk: from the ``observations`` table where a person is in it, else from the first to the last
    moment of the data, for everybody. People without touches come from the customers table, from
    ``observations``, and, as a count, from ``people``.

    Parameters
    ----------
    connection, tables
        As in `attribution.journeys.build.build_journeys`; ``touchpoints`` is needed.
    observations : str, optional
        SQL relation with ``unified_id``, ``enter``, ``exit``.
    signals : tuple of str
        Channels whose touches show demand: they move the baseline and get no credit. None given: direct
        traffic and channels with "organic" in their name.
    direct_names : tuple of str
    people : int, optional
        Size of the whole market; who is not in the tables is at risk and never did anything.

    Raises
    ------
    UsageError
        Where there are no touchpoints, a signal is no channel, or ``people`` is less than the people seen.
    """
    if tables.touchpoints is None:
        raise UsageError("The hazard model needs touchpoints with times; aggregated paths hold none.")
    units = read_units(connection, tables.touchpoints, None)
    conversions, _, _ = read_conversions(connection, tables.conversions, None)
    known = read_known(connection, tables)
    others = _people(connection, tables.customers)
    window = _windows(connection, observations)
    start, end = _span(connection, tables)
    channels = tuple(sorted({u.channel for u in units.units}))
    pairs, kind = _kinds(units)
    chosen = _signals(channels, signals, direct_names)
    bits = bits_for(units.touches)

    def work(index: int, touches: Touches) -> EventBlock:
        customer, at, unit = sort_part(*touches, bits)
        mine = range_of(conversions.customer, index, bits)
        return _block(
            Touches(customer, at, kind[unit] if unit.size else unit),
            conversions.taken(mine),
            known.taken(range_of(known.customer, index, bits)),
            others[range_of(others, index, bits)],
            tuple(array[range_of(window[0], index, bits)] for array in window),
            (start, end),
        )

    blocks = list(each_part(connection, tables.touchpoints, units, None, default_budget(), work))
    if people is not None:
        blocks[0] = _with_idle(blocks[0], people - sum(b.person.size for b in blocks), (start, end), people)
    return EventTable(
        channels=channels,
        kinds=tuple(f"{c} / {i}" if i else c for c, i in pairs),
        kind_channel=np.array([channels.index(c) for c, _ in pairs], np.int32),
        signals=np.array([c in chosen for c, _ in pairs], np.bool_),
        blocks=tuple(blocks),
    )


def _kinds(units: Units) -> tuple[list[tuple[str, str]], NDArray[np.int32]]:
    """The distinct (channel, interaction), sorted, and the place of each unit's among them."""
    pairs = sorted({(u.channel, u.interaction or "") for u in units.units})
    place = {pair: i for i, pair in enumerate(pairs)}
    return pairs, np.array([place[u.channel, u.interaction or ""] for u in units.units], np.int32)


def _signals(channels: tuple[str, ...], given: tuple[str, ...], direct_names: tuple[str, ...]) -> set[str]:
    for name in given:
        if name not in channels:
            near = did_you_mean(name, channels)
            raise UsageError(f'signal: no channel "{name}" in the data.{near} Found: {listed(channels)}.')
    if given:
        return set(given)
    direct = {n.casefold() for n in direct_names}
    return {c for c in channels if c.casefold() in direct or DEMAND in c.casefold()}


def _people(connection: Any, customers: str | None) -> NDArray[np.uint64]:
    if "unified_id" not in columns_of(connection, customers):
        return np.zeros(0, np.uint64)
    rows = connection.execute(
        f"SELECT DISTINCT hash(unified_id) AS k FROM {customers} WHERE unified_id IS NOT NULL ORDER BY 1"
    ).fetchnumpy()
    return np.ascontiguousarray(rows["k"])


def _windows(connection: Any, observations: str | None) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    if observations is None:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int64)
    rows = connection.execute(
        f"""SELECT hash(unified_id) AS k, min(epoch_us("enter")) AS lo, max(epoch_us("exit")) AS hi
        FROM {observations} GROUP BY 1 HAVING lo < hi ORDER BY 1"""
    ).fetchnumpy()
    return tuple(np.ascontiguousarray(rows[name]) for name in ("k", "lo", "hi"))  # type: ignore[return-value]


def _span(connection: Any, tables: JourneyTables) -> tuple[int, int]:
    relations = [r for r in (tables.touchpoints, tables.conversions) if r is not None]
    union = " UNION ALL ".join(f"SELECT timestamp FROM {r}" for r in relations)
    ((lo, hi),) = connection.execute(
        f"SELECT epoch_us(min(timestamp)), epoch_us(max(timestamp)) FROM ({union})"
    ).fetchall()
    # At risk up to and including the last moment.
    return int(lo or 0), int(hi or 0) + 1


def _block(
    touches: Touches, conversions: Conversions, known: Known, others: NDArray[np.uint64],
    window: tuple[NDArray[Any], ...], span: tuple[int, int],
) -> EventBlock:  # fmt: skip
    person = np.unique(np.concatenate([touches.customer, conversions.customer, others, window[0]]))
    enter, leave = np.full(person.size, span[0]), np.full(person.size, span[1])
    seen = np.searchsorted(person, window[0])
    enter[seen], leave[seen] = window[1], window[2]
    before = np.full(person.size, NEVER)
    place = np.searchsorted(person, known.customer)
    there = (
        (place < person.size) & (person[np.minimum(place, person.size - 1)] == known.customer) if person.size else place
    )
    before[place[there]] = known.since[there]
    # Only what lies before the time at risk is history; the data tell the rest.
    before[before >= enter] = NEVER
    return EventBlock(
        person=person,
        enter=enter,
        exit=leave,
        touch_offsets=_offsets(person, touches.customer),
        touched_at=touches.at,
        kinds=touches.unit,
        conversion_offsets=_offsets(person, conversions.customer),
        converted_at=conversions.at,
        value=conversions.value,
        converted_before=before,
    )


def _offsets(person: NDArray[np.uint64], keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    return np.append(np.searchsorted(keys, person), keys.size).astype(np.int64)


def _with_idle(block: EventBlock, idle: int, span: tuple[int, int], people: int) -> EventBlock:
    if idle < 0:
        raise UsageError(f"people: {people:,} is less than the {people - idle:,} people in the data.")
    if idle == 0:
        return block
    return replace(
        block, idle_enter=np.array([span[0]]), idle_exit=np.array([span[1]]), idle_count=np.array([float(idle)])
    )
