"""The credit of every touch, as a Parquet file that sums to the credits table."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from attribution.credit.paths import Fit
from attribution.journeys.journeys import JourneyPart, Journeys
from attribution.workspace import PRIVATE

STAMP = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("fit", pa.string()), ("channel", pa.string()), ("campaign", pa.string()), ("interaction", pa.string()),
        ("touched_at", STAMP), ("converted_at", STAMP), ("customer_key", pa.uint64()), ("journey", pa.int64()),
        ("position", pa.int32()), ("conversions", pa.float64()), ("value", pa.float64()),
    ]
)  # fmt: skip


def write_touch_credits(path: Path, journeys: Journeys, fits: Iterable[Fit]) -> int:
    """Write one row per touch and fit that gives it credit; give the number of rows.

    Columns: ``fit``, ``channel``, ``campaign``, ``interaction``, ``touched_at`` and ``converted_at`` (UTC;
    missing for aggregated paths), ``customer_key`` (hash of the customer id), ``journey``, ``position``
    (from 1), ``conversions``, ``value``. Summed by fit and channel they are the credits table;
    conversions that no touch stands for are its ``(unattributed)`` row.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.touch(mode=PRIVATE)
    names = [
        pa.array([getattr(u, n) for u in journeys.units], pa.string()) for n in ("channel", "campaign", "interaction")
    ]
    rows = 0
    try:
        with pq.ParquetWriter(temporary, SCHEMA) as writer:
            for fit in fits:
                base = 0
                for index, credit in enumerate(fit.result.touch_credits(journeys)):
                    part = journeys.part(index)
                    table = _rows(fit.name, journeys, part, names, base, credit)
                    writer.write_table(table)
                    base += part.conversions.size
                    rows += table.num_rows
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return rows


def _rows(
    fit: str, journeys: Journeys, part: JourneyPart, names: list[pa.Array], base: int,
    credit: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> pa.Table:  # fmt: skip
    """The touches of one part that have credit."""
    conversions, value = credit
    lengths = np.diff(part.offsets)
    keep = np.flatnonzero((conversions != 0) | (value != 0))
    at = np.repeat(np.arange(lengths.size), lengths)[keep]
    unit = pa.array(journeys.positions(part.units)[keep])

    def known(values: NDArray[Any] | None, which: NDArray[np.int64], kind: pa.DataType) -> pa.Array:
        return pa.nulls(keep.size, kind) if values is None else pa.array(values[which]).cast(kind)

    columns = [
        pa.array([fit] * keep.size, pa.string()),
        *(n.take(unit) for n in names),
        known(part.at, keep, STAMP),
        known(part.ended_at, at, STAMP),
        known(part.customer, at, pa.uint64()),
        pa.array(base + at),
        pa.array((keep - part.offsets[at] + 1).astype(np.int32)),
        pa.array(conversions[keep]),
        pa.array(value[keep]),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)
