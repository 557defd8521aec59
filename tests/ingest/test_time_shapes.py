"""Patterns of times that are passed over by their shape: never one that the database could read."""

from __future__ import annotations

import duckdb

from attribution.ingest.timestamps import DATES, OTHERS, TIMES, _named, _possible

MOMENTS = ("2026-01-05 09:07:03", "1999-12-31 23:10:00.125")


def test_what_the_database_reads_has_a_possible_shape():
    patterns = [*OTHERS, *(date + time for date in DATES for time in TIMES)]
    with duckdb.connect() as connection:
        cells = set()
        for moment in MOMENTS:
            written = ", ".join(f"strftime(TIMESTAMP '{moment}', '{pattern}')" for pattern in patterns)
            for cell in connection.execute(f"SELECT {written}").fetchone():
                cells |= {cell, cell.lower(), cell.replace(" ", "  "), cell.replace("0", "")}
        read = ", ".join(f"list(v) FILTER ({_named(p, 'v', None).expression} IS NOT NULL)" for p in patterns)
        rows = connection.execute(f"SELECT {read} FROM (SELECT unnest(?) AS v)", [sorted(cells)]).fetchone()
    assert sum(len(row or ()) for row in rows) > len(patterns)
    for pattern, row in zip(patterns, rows, strict=True):
        assert all(_possible(pattern, [cell]) for cell in row or ()), pattern
    assert not _possible("%d.%m.%Y", ["2026-01-05"])
