"""Audience files of a million customers for every platform: rows per second by step, and whether memory stays bounded.

Parent: `activation` gives rows. Child: ``python -m benchmarks.activation_bench write PEOPLE [PLATFORM…]`` prints JSON.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.measure import OUT, Row, python

PEOPLE = 1_000_000
LARGE = 10_000_000
TIME_BAR = 90.0  # seconds for all platforms
MEMORY_BAR = 4_000.0  # MB at ten times as many people, as for journeys
# Where memory is measured at ten million: the widest rows, and one value a row.
WIDE = ("meta", "hashed-emails")
KEY = b"0123456789abcdef0123456789abcdef"  # of the ledger's digests; a workspace draws its own
LINT = "lint of meta's file"
DIGESTS = "digests of people for the ledger"


def activation() -> list[Row]:
    """Rows of a million customers for all platforms, and of ten million for two."""
    child = python("activation_bench", "write", PEOPLE)
    if child.code:
        return [Row("activation", "failed", None, "", note=child.reason)]
    steps: dict[str, dict[str, float]] = child.result["steps"]
    total = sum(found["seconds"] for step, found in steps.items() if step != LINT)
    name = f"{PEOPLE / 1e6:g} M customers"
    rows = [Row("activation", f"{name}, {len(steps) - 3} platforms: time", total, "s", TIME_BAR)]
    rows += [
        Row(
            "activation",
            f"{name}: {step}",
            found["rows"] / found["seconds"],
            "rows/s",
            note=f"{found['seconds']:.2f} s",
        )
        for step, found in steps.items()
    ]
    rows.append(Row("activation", f"{name}: peak memory", child.peak, "MB"))
    large = python("activation_bench", "write", LARGE, *WIDE)
    if large.code:
        return [*rows, Row("activation", f"{LARGE / 1e6:g} M customers", None, "MB", note=large.reason)]
    note = f"{' and '.join(WIDE)}; own pages {large.anonymous:,.0f} MB"
    return [
        *rows,
        Row("activation", f"{LARGE / 1e6:g} M customers: peak memory", large.peak, "MB", MEMORY_BAR, note=note),
    ]


def write(people: int, names: list[str]) -> dict[str, Any]:
    """Read people once, then write every platform with the ledger's snapshot, as `suppress` does, each timed."""
    from attribution.activation.digests import digests_of  # noqa: PLC0415
    from attribution.activation.lint import lint_file  # noqa: PLC0415  (the parent must stay small)
    from attribution.activation.people import read_people  # noqa: PLC0415
    from attribution.activation.spec import platforms  # noqa: PLC0415
    from attribution.activation.taken import person_key_sql  # noqa: PLC0415
    from attribution.activation.write import write_audience  # noqa: PLC0415
    from attribution.engine import connect  # noqa: PLC0415

    steps: dict[str, dict[str, float]] = {}
    OUT.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="activation-", dir=OUT))
    try:
        with connect(folder) as connection:
            source = _customers(connection, folder / "customers.parquet", people)
            source = f"(SELECT * REPLACE ({person_key_sql(KEY, 'customer_id')} AS customer_id) FROM {source})"
            started = time.perf_counter()
            with read_people(connection, source, "US") as ready, ExitStack() as stack:
                steps["reading people, phones to E.164"] = _step(started, people)
                started = time.perf_counter()
                digests = stack.enter_context(digests_of(ready, folder))
                steps[DIGESTS] = _step(started, people)
                for name in names or platforms():
                    started = time.perf_counter()
                    taken = digests.taken(name)
                    made = write_audience(connection, ready, name, folder / "out", region="US", taken=taken)
                    taken.save(folder / f"{name}.parquet")
                    steps[name] = _step(started, sum(item.rows for item in made.lists))
                    if name == "meta":
                        kept = made.files[0].path.rename(folder / "lint.csv")
                    for file in made.files:
                        file.path.unlink(missing_ok=True)
            if not names:
                started = time.perf_counter()
                lint_file("meta", kept)
                steps[LINT] = _step(started, people)
    finally:
        shutil.rmtree(folder)
    return {"people": people, "steps": steps}


def _step(started: float, rows: int) -> dict[str, float]:
    return {"seconds": time.perf_counter() - started, "rows": rows}


def _customers(connection: Any, path: Path, people: int) -> str:
    """Customers of 1.2 e-mails and 0.8 phones each, 90 % of them in E.164, names and zip; a third has a device."""
    connection.execute(f"""
        COPY (SELECT 'c' || i AS customer_id,
            CASE WHEN i % 5 = 0 THEN ['First.Last' || i || '@Gmail.com', ' user' || i || '@example' || i % 97 || '.com']
                 ELSE ['user' || i || '@Example' || i % 97 || '.com'] END AS email,
            CASE WHEN i % 10 >= 8 THEN NULL
                 WHEN i // 10 % 10 > 0 THEN '+1415' || lpad((2000000 + i % 7999999)::VARCHAR, 7, '0')
                 ELSE '(415) ' || (200 + i % 700) || '-' || lpad((i // 700 % 10000)::VARCHAR, 4, '0') END AS phone,
            ['Mary', 'José', 'Anne-Marie', 'Li'][1 + i % 4] AS first_name, 'O''Brien' || i % 50000 AS last_name,
            'United States' AS country, lpad((i % 99999)::VARCHAR, 5, '0') AS zip,
            CASE WHEN i % 3 = 0 THEN uuid()::VARCHAR END AS maid
        FROM range({people}) t(i)) TO '{path}'
    """)  # fmt: skip
    return f"read_parquet('{path}')"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("write",))
    parser.add_argument("people", type=int)
    parser.add_argument("platforms", nargs="*")
    given = parser.parse_args()
    print(json.dumps(write(given.people, given.platforms)))


if __name__ == "__main__":
    main()
