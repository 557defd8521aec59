"""Reconciled totals against known truth, beside path model alone and mix model alone (``make study-reconcile``).

Joint worlds (`attribution_models.worlds.joint_world`): one market as paths of people and as weekly spend, television that
no path sees, a randomised holdout of one channel; odd seeds have intent observed, even ones latent.

Error = Σ |estimate − truth| / Σ truth over the paid channels: shares and total in one. Beside it the error of shares,
½ Σ |share − true share|, and of the total. The test has one use: it is evidence on people, beside the mix model. *Alone* is
one source: the hazard, or the mix model without the test.

The bar: `reconciled` (mix model, hazard, test) is below the better of both in at least 16 of 20 seeds. Without a bar, and
printed: the same with Markov credit in place of the hazard, and the harder question, whether paths still help a mix model that
has the test in its likelihood.

The form of the worlds, their size, the seeds (`STUDY_SEEDS`), the mix model and the error were fixed before anything was
fitted. What came after a look at `TUNING_SEEDS`, six other markets: that the hazard, not Markov credit, is the path model
that carries the bar, and the defaults (τ = 0.7 for effects, 1.4 for credit; σ_b = 0.5 and 1.5). With Markov credit in its
place the bar is missed (15 of 20).
"""  # noqa: E501

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "models"), str(ROOT / "cli")]

from attribution.compare.experiments import best  # noqa: E402
from attribution.credit.hazard import hazard_frame  # noqa: E402
from attribution.credit.intervals import Uncertainty  # noqa: E402
from attribution.credit.paths import fit_paths  # noqa: E402
from attribution.engine import connect  # noqa: E402
from attribution.frames import build_journeys  # noqa: E402
from attribution.journeys.read import JourneyTables  # noqa: E402
from attribution.journeys.stream import event_stream  # noqa: E402
from attribution.mix.stored import effects_of  # noqa: E402
from attribution.panels import fit_mix  # noqa: E402
from attribution.settings import DIRECT_NAMES  # noqa: E402
from attribution_models.mix.cells import cells  # noqa: E402
from attribution_models.mix.contributions import contribution_draws  # noqa: E402
from attribution_models.mix.effects import BASELINE  # noqa: E402
from attribution_models.paths.hazard import Hazard  # noqa: E402
from attribution_models.paths.markov import Markov  # noqa: E402
from attribution_models.reconcile.evidence import (  # noqa: E402
    Beliefs,
    Experiment,
    MixTotals,
    PathTotals,
    log_covariance,
)
from attribution_models.reconcile.totals import reconcile_totals  # noqa: E402
from attribution_models.worlds.joint_world import STUDY_SEEDS, TESTED, JointTables, JointWorld, simulate_joint  # noqa: E402
from benchmarks.study_markets import LATENT_LAG, experiments  # noqa: E402

KEPT = ROOT / "build" / "study" / "reconcile.jsonl"
BAR = 16
BARRED, ALONE = "reconciled", ("hazard", "mix")
HARDER, WITH_TEST = "reconciled, test in mix", ("hazard", "mix with test")
CREDITED, CREDIT_ALONE = "reconciled (markov-1)", ("markov-1", "mix")
REPLICATES = 100
# Priors are neutral: every channel may bring about a tenth, whatever it costs.
MODEL = """[model]
history = "zero"
[data]
date = "date"
outcome = "conversions"
revenue = false
[defaults.adstock]
l_max = 6
[defaults.effect]
contribution = { dist = "beta", alpha = 1, beta = 9 }
[trend]
kind = "linear"
points = 4
prior = { dist = "normal", mu = 0.0, sigma = 0.36 }
[intercept]
prior = { dist = "normal", mu = 0.5, sigma = 0.5 }
[noise]
sigma = { dist = "half-normal", sigma = 0.36 }
"""


@dataclass(frozen=True)
class Claim:
    """A path model's totals and what is believed of them."""

    paths: PathTotals
    beliefs: Beliefs

    def by(self, names: tuple[str, ...]) -> list[float]:
        known = dict(zip(self.paths.names, self.paths.totals.tolist(), strict=True))
        return [known.get(name, 0.0) for name in names]


def one(seed: int) -> dict[str, Any]:
    """Simulate one market and estimate its totals in every way."""
    world = JointWorld(seed)
    joint = simulate_joint(world)
    names = tuple(joint.truth)
    claims = {
        "hazard": by_hazard(joint, LATENT_LAG if world.intent == "latent-intent" else 0),
        "markov-1": by_markov(joint),
    }
    frames = {n: pd.DataFrame(dict(getattr(joint.paths, n))) for n in ("assignments", "conversions")}
    measured = experiments(frames)
    lift = best(measured).iloc[0]
    test = Experiment(TESTED, float(lift["lift"]), float(lift["standard_error"]))
    alone, inside = mixed(joint, None), mixed(joint, measured)
    found = {name: claim.by(names) for name, claim in claims.items()}
    found |= {"mix": means(alone), "mix with test": means(inside)}
    done = {
        BARRED: (alone, claims["hazard"], (test,)),
        CREDITED: (alone, claims["markov-1"], (test,)),
        HARDER: (inside, claims["hazard"], ()),
    }
    how = {}
    for name, (mix, claim, tests) in done.items():
        totals = reconcile_totals(mix, claim.paths, tests, claim.beliefs)
        found[name] = totals.draws[:, : len(names)].mean(axis=0).tolist()
        how[name] = [totals.method, totals.effective, totals.drift]
    return {"seed": seed, "intent": world.intent, "truth": joint.truth, "found": found, "how": how,
            "test": [test.lift, test.deviation], "observed": float(joint.panel["conversions"].sum())}  # fmt: skip


def means(mix: MixTotals) -> list[float]:
    """Posterior means."""
    return [float(x) for x in mix.draws.mean(axis=0)]


def by_hazard(joint: JointTables, lag: int) -> Claim:
    """The hazard's direct effects, its intervals as normal ones."""
    tables = {
        n: pd.DataFrame(dict(getattr(joint.paths, n)))
        for n in ("touchpoints", "conversions", "customers", "observations")
    }
    with connect() as connection:
        for name, frame in tables.items():
            connection.register(name, frame)
        relations = JourneyTables(touchpoints="touchpoints", conversions="conversions", customers="customers")
        events = event_stream(connection, relations, observations="observations", direct_names=DIRECT_NAMES)
    frame = hazard_frame(Hazard(lag=lag).fit(events, threads=1), events)
    mine = frame[frame["channel"].isin(list(joint.truth)) & (frame["conversions"] > 0)]
    z = NormalDist().inv_cdf((1 + float(frame["interval_level"].iloc[0])) / 2)
    totals = mine["conversions"].to_numpy(float)
    error = (mine["conversions_upper"] - mine["conversions_lower"]).to_numpy(float) / 2 / z
    return Claim(
        PathTotals(tuple(mine["channel"]), totals, np.diag((error / totals) ** 2)), Beliefs.of("incremental_direct")
    )


def by_markov(joint: JointTables) -> Claim:
    """Markov credit with its bootstrap."""
    journeys = build_journeys(*(pd.DataFrame(dict(getattr(joint.paths, n))) for n in ("touchpoints", "conversions")))
    (fit,), _ = fit_paths(journeys, [Markov()], None, Uncertainty(bootstrap=REPLICATES))
    assert fit.intervals is not None
    kept = [i for i, c in enumerate(journeys.channels) if c in joint.truth and fit.credit.conversions[i] > 0]
    spread = log_covariance(fit.intervals.found.draws.conversions[:, kept])
    return Claim(
        PathTotals(tuple(journeys.channels[i] for i in kept), fit.credit.conversions[kept], spread),
        Beliefs.of("attributed"),
    )


def mixed(joint: JointTables, measured: pd.DataFrame | None) -> MixTotals:
    """The mix model's posterior of totals, with the test in its likelihood or without."""
    panel = pd.DataFrame(dict(joint.panel))
    model = MODEL + "".join(f'[[channel]]\nname = "{c}"\nspend = "{c}"\n' for c in joint.truth)
    lifts = None
    if measured is not None:
        row = measured.iloc[-1]
        span = panel["date"].iloc[0], panel["date"].iloc[-1] + pd.Timedelta(days=6)
        columns = {
            "experiment": "holdout",
            "channel": row["channel"],
            "start": str(span[0].date()),
            "end": str(span[1].date()),
        }
        lifts = pd.DataFrame([columns | {c: row[c] for c in ("lift", "standard_error")}])
    effects = effects_of(fit_mix(panel, model, lifts, checks=False).stored)
    draws = contribution_draws(effects, cells(effects.structure.data, effects.structure.fitted))[:, 0, 0, :]
    places = [effects.names.index(c) for c in joint.truth]
    return MixTotals(
        tuple(joint.truth), np.ascontiguousarray(draws[places].T), draws[effects.names.index(BASELINE)],
        float(joint.panel["conversions"].sum()),
    )  # fmt: skip


def errors(found: list[float], truth: list[float]) -> tuple[float, float, float]:
    """Of totals by channel, of shares, of the sum."""
    given, goal = np.array(found), np.array(truth)
    shares = np.abs(given / given.sum() - goal / goal.sum()).sum() / 2
    return float(np.abs(given - goal).sum() / goal.sum()), float(shares), float(given.sum() / goal.sum() - 1)


def scored(markets: list[dict[str, Any]]) -> pd.DataFrame:
    """A row per market and estimate."""
    rows = [
        {"seed": m["seed"], "intent": m["intent"], "estimate": name,
         **dict(zip(("error", "shares", "total"), errors(found, list(m["truth"].values())), strict=True))}
        for m in markets for name, found in m["found"].items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def verdict(rows: pd.DataFrame, name: str, rivals: tuple[str, ...], measure: str = "error") -> tuple[int, list[int]]:
    """In how many seeds an estimate is below the better of its rivals, and where not."""
    table = rows.pivot_table(index="seed", columns="estimate", values=measure).abs()
    wins = table[name] < table[list(rivals)].min(axis=1)
    return int(wins.sum()), [int(s) for s in wins.index[~wins]]


def told(rows: pd.DataFrame) -> int:
    """Print every table; how often the barred estimate wins."""
    rows = rows.assign(total=rows["total"].abs())
    by = rows.groupby(["intent", "estimate"], sort=False)[["error", "shares", "total"]].mean()
    print(by.to_string(float_format="{:.3f}".format), end="\n\n")
    print(rows.pivot_table(index=["seed", "intent"], columns="estimate", values="error", sort=False)
          .to_string(float_format="{:.3f}".format), end="\n\n")  # fmt: skip
    for name, rivals in ((BARRED, ALONE), (CREDITED, CREDIT_ALONE), (HARDER, WITH_TEST)):
        for measure in ("error", "shares", "total"):
            wins, lost = verdict(rows, name, rivals, measure)
            print(f"{name}: {measure} below the better of {' and '.join(rivals)} in {wins} of {rows['seed'].nunique()} "
                  f"seeds; not in {', '.join(map(str, lost)) or 'none'}.")  # fmt: skip
    return verdict(rows, BARRED, ALONE)[0]


def run(seeds: tuple[int, ...], workers: int, resume: bool) -> list[dict[str, Any]]:
    """Every market, kept as it is done."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    lines = KEPT.read_text().splitlines() if resume and KEPT.exists() else []
    known = {found["seed"]: found for found in map(json.loads, lines)}
    with ProcessPoolExecutor(workers) as pool, KEPT.open("a" if resume else "w", encoding="utf-8") as kept:
        running = [pool.submit(one, seed) for seed in seeds if seed not in known]
        for number, done in enumerate(as_completed(running), 1):
            known[done.result()["seed"]] = done.result()
            print(json.dumps(done.result(), ensure_ascii=False), file=kept, flush=True)
            print(f"\r{number} of {len(running)} markets", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return [known[seed] for seed in seeds]


def main() -> int:
    """Run the study; 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="markets [20]")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--resume", action="store_true", help="go on with what an interrupted run of the same code left"
    )
    given, started = parser.parse_args(), time.perf_counter()
    seeds = STUDY_SEEDS[: given.seeds]
    wins = told(scored(run(seeds, given.workers, given.resume)))
    needed = BAR * len(seeds) / 20
    print(f"\n{len(seeds)} markets, {time.perf_counter() - started:.0f} s. Bar: {wins} wins, {needed:g} needed: "
          f"{'pass' if wins >= needed else 'FAIL'}.")  # fmt: skip
    return int(wins < needed)


if __name__ == "__main__":
    sys.exit(main())
