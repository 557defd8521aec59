"""The credit of every touch, as a Parquet file that sums to the credits table."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from attribution.credit.paths import Fit
from attribution.journeys.journeys import Journeys
from attribution.workspace import PRIVATE


def write_touch_credits(path: Path, journeys: Journeys, fits: Iterable[Fit]) -> int:
    """Write one row per touch and fit that gives it credit; give the number of rows.

    Columns: ``fit``, ``channel``, ``campaign``, ``interaction``, ``touched_at`` and ``converted_at`` (UTC;
    missing for aggregated paths), ``customer_key`` (hash of the customer id), ``journey``, ``position``
    (from 1), ``conversions``, ``value``. Summed by fit and channel they are the credits table;
    conversions that no touch stands for are its ``(unattributed)`` row.
    """
    stamp = pa.timestamp("us", tz="UTC")
    schema = pa.schema(
        [
            ("fit", pa.string()), ("channel", pa.string()), ("campaign", pa.string()), ("interaction", pa.string()),
            ("touched_at", stamp), ("converted_at", stamp), ("customer_key", pa.uint64()), ("journey", pa.int64()),
            ("position", pa.int32()), ("conversions", pa.float64()), ("value", pa.float64()),
        ]
    )  # fmt: skip
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.touch(mode=PRIVATE)
    rows = 0
    names = [
        pa.array([getattr(u, n) for u in journeys.units], pa.string()) for n in ("channel", "campaign", "interaction")
    ]
    try:
        with pq.ParquetWriter(temporary, schema) as writer:
            for fit in fits:
                base = 0
                for index, (conversions, value) in enumerate(fit.result.touch_credits(journeys)):
                    part = journeys.part(index)
                    lengths = np.diff(part.offsets)
                    journey = np.repeat(np.arange(lengths.size), lengths)
                    keep = np.flatnonzero((conversions != 0) | (value != 0))
                    at = journey[keep]
                    unit = pa.array(journeys.positions(part.units)[keep])
                    texts = [n.take(unit) for n in names]
                    none = pa.nulls(keep.size)
                    timed = part.at is not None and part.ended_at is not None and part.customer is not None
                    table = pa.Table.from_arrays(
                        [
                            pa.array([fit.name] * keep.size, pa.string()),
                            *texts,
                            pa.array(part.at[keep]).cast(stamp) if timed and part.at is not None else none.cast(stamp),
                            pa.array(part.ended_at[at]).cast(stamp)
                            if timed and part.ended_at is not None
                            else none.cast(stamp),
                            pa.array(part.customer[at])
                            if timed and part.customer is not None
                            else none.cast(pa.uint64()),
                            pa.array(base + at),
                            pa.array((keep - part.offsets[at] + 1).astype(np.int32)),
                            pa.array(conversions[keep]),
                            pa.array(value[keep]),
                        ],
                        schema=schema,
                    )
                    writer.write_table(table)
                    base += lengths.size
                    rows += keep.size
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return rows
