"""What plans are worth on simulated markets whose response is known: `make study-plan`.

A market is drawn, seen as files, drafted and fitted as an analyst would; the plan splits the money of the last half
year anew, each channel between half and one and a half times what it had. The market is then run with the plan's money.
Set beside it: the best split by the market's own truth, found within the same limits.

Strong signal: four years of weeks, little noise, spend that varies. There the model is the draft, or one with the
market's own forms of carry-over and curve. ``weak-signal`` and ``neutral`` are the presets, drafted.

Two bars: with strong signal the expected-value plan reaches 97 % of the best split's gain, in the median of 20 seeds;
with weak signal the lower-quantile plan loses against today in fewer than 10 % of 50 seeds. Gain is what the money
brings, or, harder, what the best split brings more than today's; both are printed and judged for both models of the
strong market, and the exit code is that of the model with the market's own forms and of the weak markets.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution_models.mix.cells import Window
from attribution_models.mix.effects import Effects
from attribution_models.mix.fit import fit
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.priors import Prior
from attribution_models.mix.saturation import Saturation
from attribution_models.mix.spec import Channel, MixSpec
from attribution_models.plan.climb import climb
from attribution_models.plan.flight import Flight, flight
from attribution_models.plan.goal import Goal
from attribution_models.plan.limits import Limits
from attribution_models.plan.optimum import optimise
from attribution_models.plan.response import Response
from attribution_models.worlds.mix import MixMarket, MixWorld, expected_outcome, preset, simulate
from benchmarks.study_mmm_coverage import built

Floats = NDArray[np.float64]
WEEKS = 26
GOALS = {
    "expected": Goal(), "quantile 0.1": Goal("quantile", 0.1), "quantile 0.05": Goal("quantile", 0.05),
    "cvar 0.1": Goal("cvar", 0.1),
}  # fmt: skip
# Seeds of each kind of market; those of the studies come first.
STRONG, KNOWN = "strong", "strong, forms known"
ASKED = {STRONG: 20, KNOWN: 20, "weak-signal": 50, "neutral": 20}
BRINGS, GAINS, LOSES = (
    "reached of the best split's outcome", "reached of what it gains over today", "loses against today"
)  # fmt: skip
REACH, LOSS = 0.97, 0.10


@dataclass(frozen=True)
class Job:
    """One market."""

    preset: str
    seed: int


def measure(job: Job) -> dict[str, Any]:
    """Simulate, draft, fit, plan, and run the market with each plan."""
    world = simulate(market_of(job), before=True)
    change = with_forms if job.preset == KNOWN else (lambda spec: spec)
    done = fit(built(world, job.preset, change), Tuning(tune=600, seed=job.seed, cores=1))
    effects = Effects.of(done.posterior)
    periods = effects.structure.outcome.shape[1]
    plan = flight(effects, Window(periods - WEEKS, periods - 1))
    response = Response.of(effects, plan)
    limits = Limits(0.5 * plan.today, 1.5 * plan.today, budget=float(plan.today.sum()))
    truth = true_outcome(world.market, plan, [effects.structure.spec.channels[c].name for c in plan.channels])
    none, today = truth(0 * plan.today), truth(plan.today)
    best = truth(true_best(truth, limits, plan.today))
    found = {"preset": job.preset, "seed": job.seed, "passed": done.gate.passed, "none": none, "today": today,
             "best": max(best, today)}  # fmt: skip
    against = response.values(plan.today)
    for name, goal in GOALS.items():
        made = optimise(response, goal, against, limits)
        found[name] = truth(made.z)
        found[f"{name} promised"] = float((response.values(made.z) - against).mean())
    return found


def market_of(job: Job) -> MixWorld:
    """The market's description."""
    if job.preset not in (STRONG, KNOWN):
        return preset(job.preset, job.seed)
    made = preset("neutral", job.seed, weeks=208)
    varied = tuple(replace(c, variation=max(c.variation, 0.6)) for c in made.channels)
    return replace(made, noise=0.005, channels=varied)


def with_forms(spec: MixSpec) -> MixSpec:
    """The drafted model with the carry-over and curves that the neutral market has."""
    hill = Saturation("hill", priors=(("slope", Prior("log-normal", (0.2, 0.5))),))

    def known(c: Channel) -> Channel:
        carry = replace(c.adstock, kind="delayed", priors=()) if c.name == "tv" else c.adstock
        return replace(c, adstock=carry, saturation=hill if c.name in ("search", "video") else c.saturation)

    return replace(spec, channels=tuple(known(c) for c in spec.channels))


def true_outcome(market: MixMarket, plan: Flight, names: list[str]) -> Callable[[Floats], float]:
    """The market's mean outcome under a plan, until what it carries over is spent."""
    paid = [c.name for c in market.world.channels if c.paid]
    first = market.world.periods - WEEKS
    start = market.world.l_max + first
    columns = [i for i, c in enumerate(market.world.channels) if c.paid]
    spent = market.spend[:, start : start + WEEKS][:, :, columns]

    def outcome(z: Floats) -> float:
        times = dict(zip(names, z / plan.today, strict=True))
        return float(expected_outcome(market, spent * np.array([times[name] for name in paid]), first).sum())

    return outcome


def true_best(truth: Callable[[Floats], float], limits: Limits, today: Floats) -> Floats:
    """The best split by the truth itself; derivatives by differences, from several starts."""
    step = 1e-4 * today

    def aim(z: Floats) -> tuple[float, Floats]:
        slope = [(truth(z + e) - truth(z - e)) / (2 * e.max()) for e in np.diag(step)]
        return truth(z), np.array(slope)

    rng, starts = np.random.default_rng(7), [today]
    for _ in range(4):
        corner = limits.best(rng.normal(size=len(today)))
        assert corner is not None
        starts.append(0.5 * (today + corner))
    ends = [climb(aim, limits, start) for start in starts]
    return max(ends, key=truth)


def summary(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """By kind of market and goal: what plans reached, and how often they lost."""
    frame, found = pd.DataFrame(rows), []
    for name, of in frame.groupby("preset", sort=False):
        room = of["best"] - of["today"]
        for goal in GOALS:
            gained, whole = of[goal] - of["today"], of["best"] - of["none"]
            found.append({
                "market": name,
                "objective": goal,
                "seeds": len(of),
                BRINGS: ((of[goal] - of["none"]) / whole).median(),
                GAINS: (gained / room.where(room > 0)).median(),
                LOSES: (gained < -1e-9 * of["today"]).mean(),
                "gain, median": gained.median(),
                "promised, median": of[f"{goal} promised"].median(),
                "converged": of["passed"].mean(),
            })  # fmt: skip
    return pd.DataFrame(found)


def verdicts(table: pd.DataFrame) -> list[tuple[str, bool, bool]]:
    """Each bar that was measured: in words, whether it is passed, and whether it decides."""
    rows = {(row["market"], row["objective"]): row for row in table.to_dict("records")}
    found = []
    for market in (STRONG, KNOWN):
        for column in (BRINGS, GAINS):
            if (row := rows.get((market, "expected"))) is not None:
                reached = float(row[column])
                found.append((f"{market}, {column}: {reached:.3f}, bar {REACH}", reached >= REACH, market == KNOWN))
    if (row := rows.get(("weak-signal", "quantile 0.05"))) is not None:
        lost = float(row[LOSES])
        found.append((f"weak-signal, {LOSES}, quantile 0.05: {lost:.2f}, bar {LOSS}", lost < LOSS, True))
    return found


def main() -> int:
    """Measure, print the table, and judge it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seeds", type=int, help="of each kind; without: as many as the bars ask for")
    parser.add_argument("--markets", nargs="*", choices=list(ASKED), default=list(ASKED))
    parser.add_argument("--first", type=int, default=2001, help="first seed")
    parser.add_argument("--keep", type=Path, default=Path("build/study_plan.jsonl"))
    given = parser.parse_args()
    jobs = [Job(name, given.first + i) for name in given.markets for i in range(given.seeds or ASKED[name])]
    given.keep.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in given.keep.read_text("utf-8").splitlines()] if given.keep.exists() else []
    known = {(row["preset"], row["seed"]) for row in rows}
    todo = [job for job in jobs if (job.preset, job.seed) not in known]
    with (
        ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool,
        given.keep.open("a", encoding="utf-8") as file,
    ):
        for number, done in enumerate(as_completed([pool.submit(measure, job) for job in todo]), 1):
            rows.append(done.result())
            print(json.dumps(done.result()), file=file, flush=True)
            print(f"\r{number} of {len(todo)} markets ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    table = summary(rows)
    print(table.to_string(index=False, float_format="{:.4g}".format))
    told = verdicts(table)
    for words, passed, decides in told:
        print(f"{'pass' if passed else 'FAIL'}{'' if decides else ' (printed only)'}  {words}")
    return int(any(decides and not passed for _, passed, decides in told))


if __name__ == "__main__":
    raise SystemExit(main())
