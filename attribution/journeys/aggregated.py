"""Journeys from aggregated paths, which hold counts and no times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.journeys.counts import count_part, findings_of, named_tally
from attribution.journeys.cut import cut_paths
from attribution.journeys.journeys import JourneyPart, Journeys, Unit
from attribution.journeys.read import columns_of
from attribution.journeys.rules import repeated, repeated_units, rules_of
from attribution.journeys.tokens import tokenize
from attribution.settings import JourneySettings
from attribution_models.paths.compiled import compiled


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Paths as codes: path j is ``codes[offsets[j]:offsets[j + 1]]``, with its weights."""

    names: tuple[str, ...]
    offsets: NDArray[np.int64]
    codes: NDArray[np.int32]
    conversions: NDArray[np.float64]
    value: NDArray[np.float64]
    nulls: NDArray[np.float64]


def journeys_from_paths(
    connection: Any, relation: str, settings: JourneySettings, sink: Callable[[int, JourneyPart], Any], digest: str
) -> Journeys:
    """Add up equal paths, in an order that their content alone decides, and apply direct rule and transforms.

    Lookback and inactivity need times and are left aside.
    """
    rows = _added_up(_read(connection, relation))
    units = tuple(Unit(i, name) for i, name in enumerate(rows.names))
    shell = Journeys(settings, units, (), (), {}, (), (), timed=False, digest=digest)
    cut = cut_paths(rows.offsets, rows.codes, rules_of(shell, 0))
    unit = cut.unit
    if "frequency" in settings.transforms:
        unit = repeated(cut.unit, cut.repeat)
        units = repeated_units(units, set(np.unique(unit).tolist()))
    size = cut.offsets.size - 1
    part = JourneyPart(
        customer=None,
        ended_at=None,
        conversions=rows.conversions,
        value=rows.value,
        nulls=rows.nulls,
        kind=np.full(size, -1, np.int32),
        geo=np.full(size, -1, np.int32),
        existing=np.zeros(size, np.bool_),
        offsets=cut.offsets,
        units=unit,
        at=None,
    )
    counts = {
        **named_tally(cut.tally),
        "touches": int(rows.offsets[-1]),
        **count_part(part),
        "conversions": float(part.conversions.sum()),
        "converting_without_touches": float(part.conversions[np.diff(cut.offsets) == 0].sum()),
        "nulls": float(part.nulls.sum()),
    }
    found = tuple(findings_of(counts))
    return Journeys(settings, units, (), (), counts, found, (sink(0, part),), timed=False, digest=digest)


def _read(connection: Any, relation: str) -> _Rows:
    """Paths with channels coded in order of name."""
    columns = columns_of(connection, relation)
    value = "coalesce(value, 0)" if "value" in columns else "0"
    nulls = "coalesce(nulls, 0)" if "nulls" in columns else "0"
    table = connection.sql(
        f"SELECT coalesce(path, '') AS path, conversions::DOUBLE AS conversions, ({value})::DOUBLE AS value, "
        f"({nulls})::DOUBLE AS nulls FROM {relation}"
    ).to_arrow_table()
    found = tokenize(table.column("path").combine_chunks())
    return _Rows(
        found.names,
        found.offsets,
        found.codes,
        conversions=table.column("conversions").to_numpy(),
        value=table.column("value").to_numpy(),
        nulls=table.column("nulls").to_numpy(),
    )


def _added_up(rows: _Rows) -> _Rows:
    """One row per distinct path. The order of the source's rows changes no bit of the sums."""
    hashes = _path_hashes(rows.offsets, rows.codes)
    order = np.argsort(hashes)
    ordered = hashes[order]
    if not np.any(ordered[1:] == ordered[:-1]):
        offsets, codes = _gathered(order, rows.offsets, rows.codes)
        return _Rows(rows.names, offsets, codes, rows.conversions[order], rows.value[order], rows.nulls[order])
    order = np.lexsort((rows.nulls, rows.value, rows.conversions, hashes))
    first = _first_of_equal(order, hashes, rows.offsets, rows.codes)
    starts = np.flatnonzero(first)
    chosen = order[starts]
    offsets, codes = _gathered(chosen, rows.offsets, rows.codes)

    def summed(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.add.reduceat(weights[order], starts) if starts.size else weights

    return _Rows(rows.names, offsets, codes, summed(rows.conversions), summed(rows.value), summed(rows.nulls))


@compiled
def _path_hashes(offsets: NDArray[np.int64], codes: NDArray[np.int32]) -> NDArray[np.uint64]:
    """FNV-1a over the codes of each path."""
    hashes = np.empty(offsets.size - 1, np.uint64)
    for j in range(hashes.size):
        h = np.uint64(14695981039346656037)
        for i in range(offsets[j], offsets[j + 1]):
            h = (h ^ np.uint64(codes[i] + 1)) * np.uint64(1099511628211)
        hashes[j] = h
    return hashes


@compiled
def _first_of_equal(
    order: NDArray[np.int64], hashes: NDArray[np.uint64], offsets: NDArray[np.int64], codes: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Which rows, in order, differ from the row before: by content, not by hash alone."""
    first = np.ones(order.size, np.bool_)
    for k in range(1, order.size):
        a, b = order[k - 1], order[k]
        same = hashes[a] == hashes[b] and offsets[a + 1] - offsets[a] == offsets[b + 1] - offsets[b]
        i = 0
        while same and i < offsets[a + 1] - offsets[a]:
            same = codes[offsets[a] + i] == codes[offsets[b] + i]
            i += 1
        first[k] = not same
    return first


@compiled
def _gathered(
    chosen: NDArray[np.int64], offsets: NDArray[np.int64], codes: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The chosen paths, one after the other."""
    out_offsets = np.zeros(chosen.size + 1, np.int64)
    for k in range(chosen.size):
        out_offsets[k + 1] = out_offsets[k] + offsets[chosen[k] + 1] - offsets[chosen[k]]
    out = np.empty(out_offsets[-1], np.int32)
    for k in range(chosen.size):
        for i in range(out_offsets[k + 1] - out_offsets[k]):
            out[out_offsets[k] + i] = codes[offsets[chosen[k]] + i]
    return out_offsets, out
