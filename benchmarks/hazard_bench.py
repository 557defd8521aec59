"""The time-to-event model on retailer data of growing size: time, peak memory, and whether both grow with the touches.

Parent: `hazard` gives rows. Child: ``python -m benchmarks.hazard_bench fit FOLDER SMALL`` prints JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.measure import MB, Child, Row, python

SIZES = (1_000_000, 3_000_000, 10_000_000)
SMALL = 20_000
TIME_BAR = 30.0  # seconds for the first size: reading, fit and checks
LINEAR_BAR = 1.2  # cost per touch of a larger set over that of the first
MARKET = 2  # people of the market per person with touches: the others were never touched


def hazard(made: Callable[[int], Path]) -> list[Row]:
    """Rows of all sizes; ``made`` gives the folder of a retailer of that many touches."""
    small = made(SMALL)
    rows: list[Row] = []
    first: Child | None = None
    for size in SIZES:
        child = python("hazard_bench", "fit", made(size), small)
        if child.code:
            return [*rows, Row("hazard", "failed", None, "", note=child.reason)]
        rows += _rows(size, child, first)
        first = first or child
    return rows


def _rows(size: int, child: Child, first: Child | None) -> list[Row]:
    times, name = child.result["times"], f"{size / 1e6:g} M touches"
    note = ", ".join(f"{step} {seconds:.3g} s" for step, seconds in times.items() if step != "all")
    rows = [
        Row("hazard", f"{name}: time", times["all"], "s", None if first else TIME_BAR, note=note),
        Row("hazard", f"{name}: peak memory", child.peak, "MB",
            note=f"events {child.result['events_mb']:,.0f} MB; own pages {child.anonymous:,.0f} MB"),
    ]  # fmt: skip
    if first is not None:
        more = size / SIZES[0]
        ratio = times["all"] / first.result["times"]["all"] / more
        rows.append(Row("hazard", f"{name}: time per touch ÷ that of {SIZES[0] / 1e6:g} M", ratio, "×", LINEAR_BAR))
        held = child.peak / first.peak / more
        rows.append(Row("hazard", f"{name}: memory per touch ÷ that of {SIZES[0] / 1e6:g} M", held, "×", 1.0))
    return rows


def fit(data: Path, small: Path) -> dict[str, Any]:
    """Read, fit and check once, kernels compiled before."""
    from attribution_models.paths.hazard import Hazard  # noqa: PLC0415  (the parent must stay small)
    from attribution_models.paths.hazard_checks import check  # noqa: PLC0415

    warm = events_of(small)
    check(Hazard().fit(warm), warm)
    steps = [time.perf_counter()]
    events = events_of(data)
    steps.append(time.perf_counter())
    found = Hazard().fit(events)
    steps.append(time.perf_counter())
    check(found, events)
    steps.append(time.perf_counter())
    spent = [b - a for a, b in pairwise(steps)]
    arrays = [v for b in events.blocks for v in (getattr(b, n) for n in b.__dataclass_fields__) if v is not None]
    return {
        "times": dict(zip(("read", "fit", "checks"), spent, strict=True)) | {"all": sum(spent)},
        "events_mb": sum(a.nbytes for a in arrays) / MB,
        "half_life": found.tuning.half_life,
    }


def events_of(data: Path) -> Any:
    """A set's event streams."""
    from attribution.engine import connect, read_parquet  # noqa: PLC0415
    from attribution.journeys.read import JourneyTables  # noqa: PLC0415
    from attribution.journeys.stream import event_stream  # noqa: PLC0415
    from attribution.settings import DIRECT_NAMES  # noqa: PLC0415
    from benchmarks.data import files  # noqa: PLC0415

    people = MARKET * int(data.name.rpartition("-")[2]) // 5
    with connect() as connection:
        tables = JourneyTables(
            touchpoints=read_parquet(files(data, "touches")), conversions=read_parquet(files(data, "conversions"))
        )
        return event_stream(connection, tables, direct_names=DIRECT_NAMES, people=people)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("fit",))
    parser.add_argument("data", type=Path)
    parser.add_argument("small", type=Path)
    given = parser.parse_args()
    print(json.dumps(fit(given.data, given.small)))


if __name__ == "__main__":
    main()
