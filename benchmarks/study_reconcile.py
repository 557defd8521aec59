"""Reconciled totals against known truth, beside path model alone and mix model alone (``make study-reconcile``).

Joint worlds (`attribution_models.worlds.joint_world`): one market as paths of people and as weekly spend, television that
no path sees, a randomised holdout of one channel; odd seeds have intent observed, even ones latent.

Error = Σ |estimate − truth| / Σ truth over the paid channels: shares and total in one. Beside it the error of shares,
½ Σ |share − true share|, and of the total. The test has one use: it is evidence on people, beside the mix model. *Alone* is
one source: the hazard, or the mix model without the test.

The bar: `reconciled` (mix model, hazard, test) is below the better of both in at least 16 of 20 seeds. Without a bar, and
printed: the same with Markov credit in place of the hazard, and the harder question, whether paths still help a mix model that
has the test in its likelihood. Last, how often intervals hold the truth (`study_reconcile_coverage`); why TV is too low is in
`study_reconcile_offline`.

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
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "models"), str(ROOT / "cli")]

from attribution_models.reconcile.evidence import Beliefs, MixTotals  # noqa: E402
from attribution_models.reconcile.totals import reconcile_totals  # noqa: E402
from attribution_models.worlds.joint_world import STUDY_SEEDS, TUNING_SEEDS, JointWorld  # noqa: E402
from benchmarks import study_reconcile_coverage  # noqa: E402
from benchmarks.reconcile_market import LEVEL, Market  # noqa: E402

KEPT = ROOT / "build" / "study" / "reconcile.jsonl"
MARKETS = ROOT / "build" / "study" / "reconcile-markets"
Floats = NDArray[np.float64]
BAR = 16
BARRED, ALONE = "reconciled", ("hazard", "mix")
HARDER, WITH_TEST = "reconciled, test in mix", ("hazard", "mix with test")
CREDITED, CREDIT_ALONE = "reconciled (markov-1)", ("markov-1", "mix")


def one(seed: int) -> dict[str, Any]:
    """Simulate one market and estimate its totals in every way; what was fitted is kept, and not fitted again."""
    path = MARKETS / f"{seed}.npz"
    if not path.exists():
        Market.of(seed).save(path)
    return answered(Market.load(path))


def answered(market: Market) -> dict[str, Any]:
    """Totals and intervals of every source, and of what is reconciled from them."""
    names = tuple(market.truth)
    found = {"hazard": market.hazard.by(names), "markov-1": market.markov.by(names)}
    found |= {"mix": means(market.alone), "mix with test": means(market.inside)}
    ends = {"hazard": market.hazard.interval, "markov-1": market.markov.interval}
    ends |= {"mix": intervals(market.alone.draws), "mix with test": intervals(market.inside.draws)}
    done = {
        BARRED: (market.alone, market.hazard, "incremental_direct", (market.test,)),
        CREDITED: (market.alone, market.markov, "attributed", (market.test,)),
        HARDER: (market.inside, market.hazard, "incremental_direct", ()),
    }
    how = {}
    for name, (mix, claim, estimand, tests) in done.items():
        totals = reconcile_totals(mix, claim.paths, tests, Beliefs.of(estimand))
        mine = totals.draws[:, : len(names)]
        found[name], ends[name] = mine.mean(axis=0).tolist(), intervals(mine)
        how[name] = [totals.method, totals.effective, totals.drift]
    return {"seed": market.seed, "intent": JointWorld(market.seed).intent, "truth": market.truth,
            "direct": market.direct, "found": found, "how": how,
            "intervals": {n: [[None if x != x else x for x in row] for row in e.tolist()] for n, e in ends.items()},
            "test": [market.test.lift, market.test.deviation], "observed": market.alone.observed}  # fmt: skip


def means(mix: MixTotals) -> list[float]:
    """Posterior means."""
    return [float(x) for x in mix.draws.mean(axis=0)]


def intervals(draws: Floats) -> Floats:
    """Central intervals by channel, (C, 2)."""
    return np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0).T


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


def run(seeds: tuple[int, ...], workers: int) -> list[dict[str, Any]]:
    """Every market, kept as it is done."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    known: dict[int, dict[str, Any]] = {}
    with ProcessPoolExecutor(workers) as pool, KEPT.open("w", encoding="utf-8") as kept:
        running = [pool.submit(one, seed) for seed in seeds]
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
    parser.add_argument("--tuning", action="store_true", help="the markets on which things were chosen instead")
    parser.add_argument(
        "--resume", action="store_true", help="keep the fits of an earlier run of the same code, and reconcile again"
    )
    given, started = parser.parse_args(), time.perf_counter()
    seeds = (TUNING_SEEDS if given.tuning else STUDY_SEEDS)[: given.seeds]
    if not given.resume:
        for seed in seeds:
            (MARKETS / f"{seed}.npz").unlink(missing_ok=True)
    markets = run(seeds, given.workers)
    wins = told(scored(markets))
    study_reconcile_coverage.told(markets)
    needed = BAR * len(seeds) / 20
    print(f"\n{len(seeds)} markets, {time.perf_counter() - started:.0f} s. Bar: {wins} wins, {needed:g} needed: "
          f"{'pass' if wins >= needed else 'FAIL'}.")  # fmt: skip
    return int(wins < needed)


if __name__ == "__main__":
    sys.exit(main())
