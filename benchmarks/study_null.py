"""Does the hazard's interval hold zero for a channel that does nothing, and does it see the others?

Markets: the preset `null-channel` with observed intent, in which `Display` follows intent, stands in many journeys and
has no effect. Its credit of conversions may have either sign, so that zero can lie inside the interval. Judged: the
share of data sets whose interval holds zero; pass = nominal coverage not rejected at 1 % (one test, so Holm's
adjustment changes nothing) and the observed one within 4 points. Shown beside it, without a claim: for every other
channel the power (intervals that lie above zero) and the coverage of its *expected* direct effect.

    .venv/bin/python -m benchmarks.study_null --datasets 400 --people 8000
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

ROOT = Path(__file__).resolve().parent.parent
if __package__ in (None, ""):
    sys.path[:0] = [str(ROOT), str(ROOT / "models"), str(ROOT / "cli")]

from attribution.credit.hazard import hazard_frame  # noqa: E402
from attribution.engine import connect  # noqa: E402
from attribution.journeys.read import JourneyTables  # noqa: E402
from attribution.journeys.stream import event_stream  # noqa: E402
from attribution.settings import DIRECT_NAMES  # noqa: E402
from attribution_models.paths.events import EventTable  # noqa: E402
from attribution_models.paths.hazard import Hazard  # noqa: E402
from attribution_models.worlds.paths import NULL_CHANNEL, STUDY_SEEDS, preset, simulate, true_effects  # noqa: E402

FIRST_SEED = 5001  # apart from the seeds of every other study
WORLD = ("null-channel", "observed-intent")
# Markets whose effects are averaged into the expected truth of the others.
TRUTH_SEED, TRUTH_PEOPLE, TRUTH_RUNS = 0, 40_000, 4


def events_of(seed: int, people: int) -> EventTable:
    """Event streams of one market."""
    world = simulate(preset(*WORLD, people=people, seed=seed), truths=())
    names = ("touchpoints", "conversions", "customers", "observations")
    with connect() as connection:
        for name in names:
            connection.register(name, pd.DataFrame(dict(getattr(world, name))))
        relations = JourneyTables(**{n: n for n in names[:3]})
        return event_stream(connection, relations, observations="observations", direct_names=DIRECT_NAMES)


def one(seed: int, people: int) -> dict[str, Any]:
    """Credit and interval of every channel in one market, and what the fit was tuned to."""
    started = time.perf_counter()
    events = events_of(seed, people)
    simulated = time.perf_counter()
    fit = Hazard().fit(events, threads=1)
    rows = hazard_frame(fit, events).set_index("channel").loc[list(events.channels)]
    return {
        "seed": seed,
        "seconds": [simulated - started, time.perf_counter() - simulated],
        "tuning": [fit.tuning.half_life, fit.tuning.tired_after, fit.tuning.kept],
        "credit": {
            channel: [float(row[c]) for c in ("conversions", "conversions_lower", "conversions_upper")]
            for channel, row in rows.iterrows()
        },
    }


def expected(people: int) -> dict[str, float]:
    """Expected direct effects on that many people."""
    world = preset(*WORLD, people=TRUTH_PEOPLE, seed=TRUTH_SEED)
    found = true_effects(world, ("direct",), runs=TRUTH_RUNS).of("direct")
    return {channel: effect * people / TRUTH_PEOPLE for channel, effect in found.items()}


def summary(found: list[dict[str, Any]], truth: dict[str, float], level: float) -> pd.DataFrame:
    """Per channel: truth, mean credit, its spread, the mean standard error, power, coverage and p of nominal."""
    rows = []
    z = 3.2897072539029435  # width of a normal 90 % interval in standard errors
    for channel in found[0]["credit"]:
        credit = np.array([one_set["credit"][channel] for one_set in found])
        if not credit.any():
            continue  # a signal: it gets no credit by construction
        inside = (credit[:, 1] <= truth[channel]) & (truth[channel] <= credit[:, 2])
        p = float(binomtest(int(inside.sum()), inside.size, level).pvalue)
        rows.append(
            [channel, truth[channel], credit[:, 0].mean(), credit[:, 0].std(ddof=1),
             (credit[:, 2] - credit[:, 1]).mean() / z, (credit[:, 1] > 0).mean(), (credit[:, 2] < 0).mean(),
             inside.mean(), p]
        )  # fmt: skip
    head = ["channel", "truth", "mean", "sd", "mean_se", "above_zero", "below_zero", "coverage", "p"]
    return pd.DataFrame(rows, columns=head).set_index("channel")


def verdict(table: pd.DataFrame, level: float) -> bool:
    """Whether the null channel's coverage of zero passes."""
    null = table.loc[NULL_CHANNEL]
    return bool(null["p"] >= 0.01 and abs(null["coverage"] - level) <= 0.04)


def main() -> int:
    """Run the study, print the table, and exit with 1 where it fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=int, default=400)
    parser.add_argument("--people", type=int, default=8000)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    seeds = range(given.first_seed, given.first_seed + given.datasets)
    if set(seeds) & set(STUDY_SEEDS):
        parser.error("these seeds belong to study-paths")
    level = Hazard().level
    started = time.perf_counter()
    found = []
    with ProcessPoolExecutor(given.workers) as pool:
        for number, result in enumerate(pool.map(partial(one, people=given.people), seeds), 1):
            found.append(result)
            print(f"\r{number} of {given.datasets} data sets", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    truth = expected(given.people) | {NULL_CHANNEL: 0.0}
    table = summary(found, truth, level)
    passed = verdict(table, level)
    target = ROOT / "build" / "study"
    target.mkdir(parents=True, exist_ok=True)
    kept = {"arguments": vars(given), "truth": truth, "datasets": found}
    (target / "null.json").write_text(json.dumps(kept), encoding="utf-8")
    seconds = np.mean([one_set["seconds"] for one_set in found], axis=0)
    print(
        f"{given.datasets} data sets of {given.people:,} people, seeds {seeds[0]} to {seeds[-1]}, {level:.0%} intervals"
    )
    print(table.round(3).to_string())
    print(f"{NULL_CHANNEL}: {'pass' if passed else 'FAIL'}.", end=" ")
    print(f"{time.perf_counter() - started:.0f} s; {seconds[0]:.1f} s to simulate and {seconds[1]:.1f} s to fit each.")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
