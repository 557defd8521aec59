"""Build journeys: DuckDB reads and hash-encodes, compiled kernels order and cut.

Customers are split by the leading bits of their hash into parts of about half a million touches. Parts are
independent, so they are sorted and cut on all cores, and what does not fit in memory is read in passes
over ranges of the hash. The split depends on the number of touches alone, never on cores or row order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attribution.errors import UsageError
from attribution.journeys.aggregated import journeys_from_paths
from attribution.journeys.counts import count_part, findings_of, named_tally
from attribution.journeys.cut import Cut, Touches, cut
from attribution.journeys.journeys import JourneyPart, Journeys
from attribution.journeys.parts import bits_for, default_budget, each_part, range_of
from attribution.journeys.read import JourneyTables, data_end, read_conversions, read_known, read_units
from attribution.journeys.rules import repeated, repeated_units, rules_of
from attribution.journeys.sort import sort_part
from attribution.progress import Told, silent
from attribution.settings import JourneySettings, moment

Sink = Callable[[int, JourneyPart], Any]


def build_journeys(
    connection: Any,
    tables: JourneyTables,
    settings: JourneySettings,
    sink: Sink | None = None,
    *,
    digest: str = "",
    memory: int | None = None,
    told: Told = silent,
) -> Journeys:
    """Cut the tables' touches into journeys.

    Parameters
    ----------
    connection : DuckDB connection
    tables : JourneyTables
        ``touchpoints`` with or without ``conversions`` and ``customers``; or ``paths`` alone.
    settings : JourneySettings
    sink : callable, optional
        ``sink(index, part)`` stores a part and gives its place; None keeps parts in memory.
    digest : str
        Written into the result.
    memory : int, optional
        Bytes of touches held at once; never changes the result.
    told : Told
        Called with how many parts are cut.

    Raises
    ------
    UsageError
        Where there is nothing to build from, or a transform names an unknown channel.
    """
    keep: Sink = sink or (lambda _, part: part)
    if tables.paths is not None:
        if tables.touchpoints or tables.conversions:
            msg = (
                "This workspace holds aggregated paths and touchpoints or conversions; together they would "
                "count twice. Keep them in two workspaces (-w)."
            )
            raise UsageError(msg)
        return journeys_from_paths(connection, tables.paths, settings, keep, digest)
    if tables.touchpoints is None and tables.conversions is None:
        msg = "No touchpoints to build journeys from. Add some: attribution ingest --touchpoints FILE."
        raise UsageError(msg)
    return _from_events(connection, tables, settings, keep, digest, memory or default_budget(), told)


def _from_events(
    connection: Any, tables: JourneyTables, settings: JourneySettings, sink: Sink, digest: str, memory: int, told: Told
) -> Journeys:
    told("reading touches and conversions", 0, 0)
    as_of = None if settings.as_of is None else moment(settings.as_of)
    units = read_units(connection, tables.touchpoints, as_of)
    conversions, kinds, own_geos = read_conversions(connection, tables.conversions, as_of)
    known = read_known(connection, tables)
    geos = tuple(sorted({u.geo for u in units.units if u.geo is not None} | set(own_geos)))
    # The last place serves code -1, a conversion without a geo.
    recode = np.array([*(geos.index(g) for g in own_geos), -1], np.int32)
    conversions = conversions._replace(geo=recode[conversions.geo])
    shell = Journeys(settings, units.units, kinds, geos, {}, (), (), digest=digest)
    end = data_end(connection, tables, as_of) if settings.null_end == "data-end" else 0
    rules = rules_of(shell, end)
    bits = bits_for(units.touches)
    frequency = "frequency" in settings.transforms

    def work(index: int, touches: Touches) -> tuple[Any, Any, dict[str, int], set[int]]:
        mine = range_of(conversions.customer, index, bits)
        theirs = range_of(known.customer, index, bits)
        made = cut(
            Touches(*sort_part(*touches, bits)),
            conversions.taken(mine),
            known.taken(theirs),
            rules,
        )
        part = _part(made, frequency)
        codes = set(np.unique(part.units).tolist()) if frequency else set()
        return sink(index, part), made.tally, count_part(part), codes

    told("cutting journeys", 0, 0)
    stored: list[Any] = []
    tally = np.zeros(5, np.int64)
    totals: dict[str, int] = {}
    codes: set[int] = set()
    for place, part_tally, part_counts, part_codes in each_part(
        connection, tables.touchpoints, units, as_of, memory, work
    ):
        stored.append(place)
        told("cutting journeys", len(stored), 1 << bits)
        tally += part_tally
        totals = {name: totals.get(name, 0) + number for name, number in part_counts.items()}
        codes |= part_codes
    counts = {**named_tally(tally), "touches": units.touches, **totals, "conversions": conversions.at.size}
    final = repeated_units(units.units, codes) if frequency else units.units
    return Journeys(settings, final, kinds, geos, counts, tuple(findings_of(counts)), tuple(stored), digest=digest)


def _part(made: Cut, frequency: bool) -> JourneyPart:
    return JourneyPart(
        customer=made.customer,
        ended_at=made.ended_at,
        conversions=made.conversions,
        value=made.value,
        nulls=1.0 - made.conversions,
        kind=made.kind,
        geo=made.geo,
        existing=made.existing,
        offsets=made.offsets,
        units=repeated(made.unit, made.repeat) if frequency else made.unit,
        at=made.at,
    )


__all__ = ["JourneyTables", "build_journeys", "default_budget", "moment"]
