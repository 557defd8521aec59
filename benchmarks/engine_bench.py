"""The engine's side: in one warm process beside DuckDB's reading, or as a whole job from raw events.

Run as a child: the last line it prints is JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from attribution.credit.paths import Fit, fit_paths
from attribution.credit.specs import defaults
from attribution.credit.touches import write_touch_credits
from attribution.engine import connect, read_parquet
from attribution.frames import read_paths
from attribution.journeys.build import JourneyTables, build_journeys
from attribution.journeys.journeys import Journeys
from attribution.journeys.store import read_journeys, write_meta, write_part
from attribution.settings import JourneySettings
from attribution_models.paths.markov import Markov
from attribution_models.paths.shapley import Shapley
from benchmarks.data import files
from benchmarks.measure import MB, OUT

MODELS: dict[str, tuple[Any, ...]] = {
    "rules": defaults("rules"),
    "markov 1": (Markov(order=1),),
    "markov 2": (Markov(order=2),),
    "markov 3": (Markov(order=3),),
    "shapley": (Shapley(),),
}


def tables(data: Path) -> JourneyTables:
    """The set's Parquet files as relations."""
    return JourneyTables(
        touchpoints=read_parquet(files(data, "touches")), conversions=read_parquet(files(data, "conversions"))
    )


def store(connection: Any, data: Path, folder: Path) -> Journeys:
    """Tables in, journeys stored as the workspace stores them, opened again from disk."""
    folder.mkdir(parents=True)

    def sink(index: int, part: Any) -> Path:
        place = folder / f"part-{index:05d}.arrow"
        write_part(place, part)
        return place

    built = build_journeys(connection, tables(data), JourneySettings(), sink, digest="bench")
    write_meta(folder, built)
    return read_journeys(folder)


@contextmanager
def scratch() -> Iterator[tuple[Any, Path]]:
    """A connection as the workspace opens it, and a folder for journeys; both gone afterwards."""
    place = OUT / "scratch"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    try:
        with connect(place / "spill") as connection:
            yield connection, place / "journeys"
    finally:
        shutil.rmtree(place, ignore_errors=True)


def timed(times: dict[str, list[float]], name: str, work: Callable[[], Any]) -> Any:
    """Do the work, note the time, give its result."""
    started = time.perf_counter()
    result = work()
    times.setdefault(name, []).append(time.perf_counter() - started)
    return result


def warm(data: Path, rounds: int) -> dict[str, Any]:
    """Reading, building and fitting, taking turns in one process; the first round is not counted."""
    times: dict[str, list[float]] = {}
    relation = read_parquet(files(data, "touches"))
    query = f"SELECT hash(unified_id) AS k, epoch_us(timestamp) AS t, hash(channel) AS c FROM {relation}"
    with scratch() as (connection, folder):
        for number in range(rounds + 1):
            shutil.rmtree(folder, ignore_errors=True)
            timed(times, "read to Arrow", lambda: connection.sql(query).to_arrow_table())
            timed(times, "read to NumPy", lambda: connection.execute(query).fetchnumpy())
            journeys = timed(times, "journeys", lambda: store(connection, data, folder))
            for name, specs in MODELS.items():
                timed(times, name, lambda specs=specs, journeys=journeys: fit_paths(journeys, specs))
            if number == 0:
                times.clear()
        stored = sum(f.stat().st_size for f in folder.iterdir())
        return {"times": times, "counts": journeys.counts, "stored_mb": stored / MB}


def job(data: Path, names: list[str], rounds: int) -> dict[str, Any]:
    """The whole job from raw events, ``rounds`` times; peak memory after the first."""
    times: dict[str, list[float]] = {}
    peak = 0.0
    fits: list[Fit] = []
    with scratch() as (connection, folder):
        for _ in range(rounds):
            shutil.rmtree(folder, ignore_errors=True)
            started = time.perf_counter()
            journeys = timed(times, "journeys", lambda: store(connection, data, folder))
            fits = []
            for name in names:
                fits += timed(times, name, lambda name=name, journeys=journeys: fit_paths(journeys, MODELS[name])[0])
            times.setdefault("job", []).append(time.perf_counter() - started)
            peak = peak or peak_memory()
    return {"times": times, "peak": peak, "counts": journeys.counts, "credits": credits_of(journeys, fits)}


def paths(file: Path, rounds: int, order: int) -> dict[str, Any]:
    """Markov of one order from ready aggregated paths in a pandas frame."""
    frame = pd.read_csv(file, sep=";") if file.suffix == ".csv" else pq.read_table(file).to_pandas()
    times: dict[str, list[float]] = {}
    peak = 0.0
    for _ in range(rounds):
        started = time.perf_counter()
        journeys = timed(times, "read", lambda: read_paths(frame))
        fits = timed(times, "fit", lambda journeys=journeys: fit_paths(journeys, (Markov(order=order),))[0])
        times.setdefault("job", []).append(time.perf_counter() - started)
        peak = peak or peak_memory()
    return {
        "times": times, "peak": peak, "rows": len(frame),
        "states": fits[0].result.states, "credits": credits_of(journeys, fits),
    }  # fmt: skip


def kernels(data: Path) -> dict[str, Any]:
    """Call every compiled kernel once: with an empty cache, this is what the first-ever run compiles."""
    started = time.perf_counter()
    with scratch() as (connection, folder):
        journeys = store(connection, data, folder)
        specs = [*(s for some in MODELS.values() for s in some), Markov(order=6)]
        fits = fit_paths(journeys, specs)[0]
        write_touch_credits(folder / "touch-credits.parquet", journeys, fits)
    fit_paths(read_paths(pq.read_table(data / "paths.parquet").to_pandas()), [*MODELS["rules"], *MODELS["markov 1"]])
    return {"seconds": time.perf_counter() - started}


def credits_of(journeys: Journeys, fits: list[Fit]) -> dict[str, dict[str, float]]:
    """Conversions per channel by fit, to hold against a peer's."""
    return {f.name: dict(zip(journeys.channels, map(float, f.credit.conversions), strict=True)) for f in fits}


def peak_memory() -> float:
    """Peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("warm", "job", "paths", "kernels"))
    parser.add_argument("data", type=Path)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--order", type=int, default=1)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    given = parser.parse_args()
    if given.what == "warm":
        result = warm(given.data, given.rounds)
    elif given.what == "job":
        result = job(given.data, given.models, given.rounds)
    elif given.what == "kernels":
        result = kernels(given.data)
    else:
        result = paths(given.data, given.rounds, given.order)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
