"""Does the 80 % interval of freed spend cover what the next period really frees?

Markets of `attribution_models.worlds.suppression_world`: match rate and CPM are known, heavy users match more often,
habits drift, and part of the list was chosen for much advertising. Judged, each against the 99 % binomial band of 80 %:

- `strata, 1 period`: match table by fifths of impressions, one period seen, spreads declared as they are;
- `one rate, 1 period`: one match rate per platform, and the declared tilt;
- `strata, 6 periods`: spreads of volume and CPM estimated from six periods.

Shown beside them, without a claim, what goes wrong: the match rate weighted by people instead of impressions, and
impressions of the period in which the list was chosen.

    .venv/bin/python -m benchmarks.study_suppression --datasets 300
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binom

ROOT = Path(__file__).resolve().parent.parent
if __package__ in (None, ""):
    sys.path[:0] = [str(ROOT), str(ROOT / "models"), str(ROOT / "cli")]

from attribution_models.value.freed_spend import FreedSpendModel  # noqa: E402
from attribution_models.value.listed_impressions import ListedImpressions  # noqa: E402
from attribution_models.worlds.suppression_world import (  # noqa: E402
    PlatformOutcome,
    SuppressionWorld,
    simulate_suppression,
)

FIRST_SEED = 7001  # apart from the seeds of every other study and of the tests
STRATA = 5
JUDGED = ("strata, 1 period", "one rate, 1 period", "strata, 6 periods")
SHOWN = ("by people, 1 period", "selection period")


def model_of(world: SuppressionWorld, seed: int) -> FreedSpendModel:
    """Declared spreads are those of the world; all else is chance."""
    return FreedSpendModel(
        match_deviation=world.match_deviation, tilt=world.tilt, tilt_deviation=world.tilt_deviation,
        volume_deviation=world.volume_deviation, cpm_deviation=world.cpm_deviation, seed=seed,
    )  # fmt: skip


def listed(found: PlatformOutcome, strata: int, selection: bool = False) -> ListedImpressions:
    """What an analyst has: impressions after the selection, and the match report of strata known at the upload."""
    rank = np.argsort(np.argsort(found.selection, kind="stable"), kind="stable")
    stratum = rank * strata // rank.size
    impressions = found.selection[:, None] if selection else found.impressions
    return ListedImpressions(
        found.platform.name, impressions.astype(float),
        np.array([found.selected_spend]) if selection else found.spend,
        np.array([found.selected_served]) if selection else found.served,
        np.bincount(stratum, minlength=strata).astype(float),
        np.bincount(stratum, found.matched, minlength=strata),
        stratum, found.platform.excluded, found.platform.unexpired,
    )  # fmt: skip


def one(seed: int) -> dict[str, list[float]]:
    """Truth, estimate and bounds of every way to work it out, in one market."""
    rows = {}
    for periods in (1, 6):
        world = SuppressionWorld(periods=periods, seed=seed)
        market = simulate_suppression(world)
        truth = sum(p.freed_spend for p in market)
        model = model_of(world, seed)
        ways = {f"strata, {periods} period{'s' * (periods > 1)}": (model, STRATA, False)}
        if periods == 1:
            ways |= {
                JUDGED[1]: (model, 1, False),
                SHOWN[0]: (replace(model, tilt=0.0, tilt_deviation=0.0), 1, False),
                SHOWN[1]: (model, STRATA, True),
            }
        for name, (how, strata, selection) in ways.items():
            total = how.estimate([listed(p, strata, selection) for p in market]).total
            rows[name] = [truth, total.spend, total.spend_lower, total.spend_upper]
    return rows


def summary(found: list[dict[str, list[float]]]) -> pd.DataFrame:
    """Per way: coverage, its band, mean relative error of the estimate, and the interval's width."""
    rows = []
    low, high = binom.interval(0.99, len(found), 0.8)
    for name in (*JUDGED, *SHOWN):
        truth, point, lower, upper = np.array([one_set[name] for one_set in found]).T
        inside = float(np.mean((lower <= truth) & (truth <= upper)))
        rows.append([
            name, inside, low / len(found), high / len(found), float(np.mean(truth < lower)),
            float(np.mean(truth > upper)),
            float(np.mean(point / truth - 1)), float(np.mean((upper - lower) / truth)),
        ])  # fmt: skip
    head = ["way", "coverage", "band_low", "band_high", "truth_below", "truth_above", "bias", "width"]
    return pd.DataFrame(rows, columns=head).set_index("way")


def passes(table: pd.DataFrame) -> bool:
    """Whether every judged way covers within the band."""
    judged = table.loc[list(JUDGED)]
    return bool(((judged["coverage"] >= judged["band_low"]) & (judged["coverage"] <= judged["band_high"])).all())


def main() -> int:
    """Run the study, print the table, and exit with 1 where it fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=int, default=300)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    given = parser.parse_args()
    started = time.perf_counter()
    found = []
    for number, seed in enumerate(range(given.first_seed, given.first_seed + given.datasets), 1):
        found.append(one(seed))
        print(f"\r{number} of {given.datasets} markets", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    table = summary(found)
    passed = passes(table)
    target = ROOT / "build" / "study"
    target.mkdir(parents=True, exist_ok=True)
    (target / "suppression.json").write_text(json.dumps({"arguments": vars(given), "markets": found}), encoding="utf-8")
    print(
        f"{given.datasets} markets, seeds from {given.first_seed}, 80 % intervals of the spend freed in the next period"
    )
    print(table.round(3).to_string())
    print(
        f"{'pass' if passed else 'FAIL'} (the first {len(JUDGED)} are judged). {time.perf_counter() - started:.0f} s."
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
