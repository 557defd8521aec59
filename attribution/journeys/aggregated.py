"""Journeys from aggregated paths, which hold counts and no times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attribution.journeys.counts import count_part, findings_of, named_tally
from attribution.journeys.cut import cut_paths
from attribution.journeys.journeys import JourneyPart, Journeys, Unit
from attribution.journeys.read import columns_of
from attribution.journeys.rules import repeated, repeated_units, rules_of
from attribution.settings import JourneySettings


def journeys_from_paths(
    connection: Any, relation: str, settings: JourneySettings, sink: Callable[[int, JourneyPart], Any], digest: str
) -> Journeys:
    """Add up equal paths, in order of their content, and apply the direct rule and the transforms.

    Lookback and inactivity need times and are left aside.
    """
    columns = columns_of(connection, relation)
    value = "sum(coalesce(value, 0))" if "value" in columns else "0"
    nulls = "sum(coalesce(nulls, 0))" if "nulls" in columns else "0"
    table = connection.sql(
        f"SELECT path, sum(conversions)::DOUBLE AS conversions, ({value})::DOUBLE AS value, "
        f"({nulls})::DOUBLE AS nulls FROM {relation} GROUP BY path ORDER BY path"
    ).to_arrow_table()
    lists = table.column("path").combine_chunks()
    texts = lists.flatten().to_numpy(zero_copy_only=False).astype(object)
    names = sorted(set(texts.tolist()))
    code = {name: i for i, name in enumerate(names)}
    given = np.fromiter((code[t] for t in texts), np.int32, texts.size)
    offsets = np.concatenate([[0], np.cumsum(lists.value_lengths().to_numpy(zero_copy_only=False))]).astype(np.int64)
    units = tuple(Unit(i, name) for i, name in enumerate(names))
    shell = Journeys(settings, units, (), (), {}, (), (), timed=False, digest=digest)
    cut = cut_paths(offsets, given, rules_of(shell, 0))
    unit = cut.unit
    if "frequency" in settings.transforms:
        unit = repeated(cut.unit, cut.repeat)
        units = repeated_units(units, set(np.unique(unit).tolist()))
    size = cut.offsets.size - 1
    part = JourneyPart(
        customer=None,
        ended_at=None,
        conversions=table.column("conversions").to_numpy(),
        value=table.column("value").to_numpy(),
        nulls=table.column("nulls").to_numpy(),
        kind=np.full(size, -1, np.int32),
        geo=np.full(size, -1, np.int32),
        existing=np.zeros(size, np.bool_),
        offsets=cut.offsets,
        units=unit,
        at=None,
    )
    counts = {
        **named_tally(cut.tally),
        "touches": int(offsets[-1]),
        **count_part(part),
        "conversions": float(part.conversions.sum()),
        "converting_without_touches": float(part.conversions[np.diff(cut.offsets) == 0].sum()),
        "nulls": float(part.nulls.sum()),
    }
    found = tuple(findings_of(counts))
    return Journeys(settings, units, (), (), counts, found, (sink(0, part),), timed=False, digest=digest)
