"""Seeded data sets, written once to build/bench.

Every set is a folder of Parquet files that hold the same journeys in the form each tool reads:

- ``touches-*.parquet`` (unified_id, timestamp, channel) and ``conversions-*.parquet`` (unified_id,
  timestamp, value): what the engine and the SQL of a peer read;
- ``events.parquet``: the touches with a conversion flag and value on the row, as marketing-attribution-models
  reads them;
- ``paths.parquet``: aggregated paths (path, conversions, value, nulls), as ChannelAttribution reads them.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.measure import OUT

CHUNK = 10_000_000
CHANNELS = (
    "Paid Search", "Organic Search", "Direct", "Paid Social", "Email", "Display",
    "Affiliates", "Referral", "Organic Social", "Video", "Push", "Print",
)  # fmt: skip
DAYS = 89  # less than the default lookback of 90 days, so that every tool sees the same touches
# Bytes on disk per touch: Parquet in, stored journeys, and what DuckDB may spill.
DISK_PER_TOUCH = 100


def retailer(touches: int) -> Path:
    """Touches in order of time; a fifth as many people as touches, 12 channels, 2 % of touches convert.

    Every person has one touch, the others fall on people with a long tail; channels have weights 1/rank^0.8.
    A conversion follows its touch within microseconds, so that flags on the row mean the same journeys.
    """
    return _once(OUT / f"retailer-{touches}", lambda folder: _write_retailer(folder, touches))


def _write_retailer(folder: Path, touches: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < DISK_PER_TOUCH * touches:
        raise SystemExit(
            f"{DISK_PER_TOUCH * touches / 1e9:.0f} GB of free disk are needed, {free / 1e9:.0f} GB are there."
        )
    people = touches // 5
    weights = 1 / np.arange(1, len(CHANNELS) + 1) ** 0.8
    ends = np.cumsum(weights / weights.sum())
    channel = " ".join(f"WHEN u < {end:.9f} THEN '{name}'" for end, name in zip(ends[:-1], CHANNELS, strict=False))
    step = DAYS * 86_400_000_000 // touches
    with duckdb.connect(config={"memory_limit": "1500MB"}) as connection:
        for number, start in enumerate(range(0, touches, CHUNK)):
            stop = min(start + CHUNK, touches)
            # hash() of DuckDB is fixed within a version; the set is a different one under another version.
            connection.execute(
                f"""CREATE OR REPLACE TEMP VIEW drawn AS
                SELECT i, i * {step} AS offset_us,
                  CASE WHEN i % 5 = 0 THEN i // 5
                    ELSE (pow((hash(i * 7 + 1) >> 11) / pow(2, 53), 1.5) * {people})::BIGINT END AS person,
                  (hash(i * 31 + 5) >> 11) / pow(2, 53) AS u,
                  hash(i * 13 + 2) % 50 = 0 AS converted,
                  ((hash(i * 17 + 3) % 9000) + 1000) / 100.0 AS worth
                FROM range({start}, {stop}) t(i)"""
            )
            connection.execute(
                f"""CREATE OR REPLACE TEMP VIEW named AS
                SELECT i, 'cust-' || lpad(person::VARCHAR, 9, '0') || '-' || substr(md5(person::VARCHAR), 1, 8)
                    AS unified_id,
                  TIMESTAMP '2026-01-01' + to_microseconds(offset_us) AS timestamp,
                  CASE {channel} ELSE '{CHANNELS[-1]}' END AS channel, converted, worth
                FROM drawn"""
            )
            _copy(
                connection, "SELECT unified_id, timestamp, channel FROM named", folder / f"touches-{number:02d}.parquet"
            )
            _copy(
                connection,
                "SELECT unified_id, timestamp + to_microseconds(1) AS timestamp, worth AS value "
                "FROM named WHERE converted",
                folder / f"conversions-{number:02d}.parquet",
            )
            if touches <= CHUNK:
                _copy(
                    connection,
                    "SELECT unified_id, timestamp, channel, converted, if(converted, worth, 0) AS value FROM named",
                    folder / "events.parquet",
                )
        if touches <= CHUNK:
            _write_paths(connection, folder)


def recipe(journeys: int) -> Path:
    """Journeys of geometric length, mean 4 and at most 40, over 20 channels; 5 % convert at their last touch."""
    return _once(OUT / f"recipe-{journeys}", lambda folder: _write_recipe(folder, journeys))


def _write_recipe(folder: Path, journeys: int) -> None:
    random = np.random.default_rng(0)
    lengths = np.minimum(random.geometric(0.25, journeys), 40)
    weights = 1 / np.arange(1, 21) ** 0.8
    names = np.array([f"channel_{i:02d}" for i in range(1, 21)])
    codes = random.choice(20, lengths.sum(), p=weights / weights.sum())
    converts = random.random(journeys) < 0.05
    person = np.repeat(np.arange(journeys), lengths)
    last = np.cumsum(lengths) - 1
    converted = np.zeros(codes.size, np.bool_)
    converted[last] = converts
    place = np.arange(codes.size) - np.repeat(last - lengths + 1, lengths)
    made = pa.table(
        {
            "person": person,
            "offset_us": place * 3_600_000_000,
            "channel": names[codes],
            "converted": converted,
            "value": np.where(converted, np.round(random.gamma(2.0, 25.0, codes.size), 2), 0.0),
        }
    )
    with duckdb.connect() as connection:
        connection.register("made", made)
        connection.execute(
            """CREATE TEMP VIEW named AS SELECT 'cust-' || lpad(person::VARCHAR, 9, '0') AS unified_id,
            TIMESTAMP '2026-01-01' + to_microseconds(offset_us) AS timestamp, channel, converted, value FROM made"""
        )
        _copy(connection, "SELECT * FROM named", folder / "events.parquet")
        _copy(connection, "SELECT unified_id, timestamp, channel FROM named", folder / "touches-00.parquet")
        _copy(
            connection,
            "SELECT unified_id, timestamp + to_microseconds(1) AS timestamp, value FROM named WHERE converted",
            folder / "conversions-00.parquet",
        )
        _write_paths(connection, folder)


def _write_paths(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Aggregated paths of the events: cut after each flagged row, strings joined by " > "."""
    connection.execute(
        f"""CREATE TEMP TABLE journeys AS
        SELECT string_agg(channel, ' > ' ORDER BY timestamp) AS path, max(converted) AS converted, sum(value) AS value
        FROM (SELECT *, coalesce(sum(converted::INT) OVER (PARTITION BY unified_id ORDER BY timestamp
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS number
            FROM read_parquet('{folder / "events.parquet"}'))
        GROUP BY unified_id, number"""
    )
    _copy(
        connection,
        """SELECT path, count(*) FILTER (converted) AS conversions, sum(value) AS value,
        count(*) FILTER (NOT converted) AS nulls FROM journeys GROUP BY path ORDER BY path""",
        folder / "paths.parquet",
    )


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION snappy)")


def _once(folder: Path, write: Callable[[Path], None]) -> Path:
    """Write a set under another name and rename it, so that an interrupted run leaves no half of it."""
    if folder.is_dir():
        return folder
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    write(unfinished)
    unfinished.rename(folder)
    return folder


def files(folder: Path, kind: str) -> list[Path]:
    """The Parquet files of one kind, in order."""
    return sorted(folder.glob(f"{kind}-*.parquet"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("retailer", "recipe"))
    parser.add_argument("size", type=int)
    given = parser.parse_args()
    folder = {"retailer": retailer, "recipe": recipe}[given.kind](given.size)
    print(json.dumps({"folder": str(folder)}))


if __name__ == "__main__":
    main()
