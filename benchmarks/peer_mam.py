"""marketing-attribution-models' side; runs in that package's environment, without this project.

All its rules and its Markov chain from raw events with a conversion flag. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import polars as pl
from mam import MAM

RULES = {
    "first": "run_first_click",
    "last": "run_last_click",
    "linear": "run_linear",
    "position": "run_position_based",
    "time-decay": "run_time_decay",
}


def job(data: Path, rounds: int) -> dict[str, object]:
    times: dict[str, list[float]] = {}
    peak = 0.0
    for _ in range(rounds):
        began = time.perf_counter()
        events = pl.read_parquet(data / "events.parquet")
        held = MAM(
            events,
            format_type="session",
            channels_colname="channel",
            journey_with_conv_colname="converted",
            datetime_colname="timestamp",
            user_id_colname="unified_id",
            create_journey_id_based_on_conversion=True,
        )
        read = time.perf_counter()
        made = {name: getattr(held, method)() for name, method in RULES.items()}
        ruled = time.perf_counter()
        made["markov-1"] = held.run_markov()
        ended = time.perf_counter()
        for name, seconds in (
            ("journeys", read - began), ("rules", ruled - read), ("markov 1", ended - ruled), ("job", ended - began)
        ):  # fmt: skip
            times.setdefault(name, []).append(seconds)
        peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {"times": times, "peak": peak, "credits": {name: _credits(result) for name, result in made.items()}}


def _credits(result: object) -> dict[str, float]:
    frame = result.to_polars()  # type: ignore[attr-defined]
    names = [c for c, t in frame.schema.items() if not t.is_numeric()]
    numbers = [c for c, t in frame.schema.items() if t.is_numeric()]
    return dict(zip(frame[names[0]].cast(pl.String).to_list(), frame[numbers[0]].to_list(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    print(json.dumps(job(given.data, given.rounds)))


if __name__ == "__main__":
    main()
