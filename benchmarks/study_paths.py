"""Path models against known truth: model × preset × intent × truth, many seeds (``make study-paths``).

Two errors: of shares over paid channels, Σ |share − true share| / 2, and of totals, Σ credit / Σ truth − 1. Two
truths, both expected over many people: *direct* (a channel off, the others' touches as they were) and *total* (the
others' touches regenerated). Worlds and seeds were fixed before any model was tuned (`STUDY_SEEDS`).

The bar: the hazard's mean share error is at most half of last touch's and of Markov's. Where intent is observed it is
on the truth that the hazard estimates, *direct*. Where intent is latent it is after calibration on the preset's own
holdouts, weighed by precision, and on *total*, which holdouts measure; last touch and Markov stay as they are there.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "models"), str(ROOT / "cli")]

from attribution_models.worlds.paths import INTENTS, PRESETS, STUDY_SEEDS  # noqa: E402
from benchmarks.study_markets import LATENT_LAG, TRUTH_SEED, Market, credited, expected, score  # noqa: E402

KEPT = ROOT / "build" / "study" / "paths.jsonl"
BAR = 0.5
# People and held-out share; true shares do not depend on them. Tests need more people than a model does, and where few
# buy, a tenth of any of these markets tells nothing: there half of many people are held out.
SIZES = {
    "observed-intent": (20_000, 0.1),
    "latent-intent": (40_000, 0.1),
    "rare-conversions observed-intent": (40_000, 0.1),
    "rare-conversions latent-intent": (200_000, 0.5),
}
BARRED = {"observed-intent": ("hazard", "direct"), "latent-intent": ("hazard (precision)", "total")}


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Means and standard errors over seeds by preset, intent, model and truth."""
    groups = rows.groupby(["preset", "intent", "model", "truth"], sort=False)
    table = groups["share"].agg(["mean", "sem", "count"]).join(groups["total"].mean())
    names = {"mean": "share_error", "sem": "share_se", "count": "markets", "total": "total_error"}
    return table.reset_index().rename(columns=names)


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """Whether the hazard's mean share error is at most half of last touch's and of Markov's; bar and beside it."""
    rows = []
    for (name, intent, truth), part in table.groupby(["preset", "intent", "truth"], sort=False):
        model, barred = BARRED[str(intent)]
        by = part.set_index("model")["share_error"]
        mine = by[model]
        ratios = [mine / by[other] for other in ("last", "markov-1")]
        # A market in which the model gives no channel anything has no shares, and counts against it.
        whole = part.set_index("model").loc[model, "markets"] == part["markets"].max()
        verdict = ("pass" if whole and all(r <= BAR for r in ratios) else "FAIL") if truth == barred else "no bar"
        rows.append([name, intent, truth, model, mine, by["last"], by["markov-1"], *ratios, verdict])
    columns = ["preset", "intent", "truth", "model", "error", "last", "markov-1", "÷ last", "÷ markov-1", "≤ 0.5"]
    return pd.DataFrame(rows, columns=columns)


def markets(given: argparse.Namespace) -> list[Market]:
    """What is asked for, in order."""
    return [
        Market(name, intent, seed, *_size(name, intent, given))
        for name in given.preset or PRESETS
        for intent in given.intent or INTENTS
        for seed in STUDY_SEEDS[: given.seeds]
    ]


def _size(name: str, intent: str, given: argparse.Namespace) -> tuple[int, float]:
    people, held_out = SIZES.get(f"{name} {intent}", SIZES[intent])
    return given.people or people, held_out if given.held_out is None else given.held_out


def run(jobs: list[Market], workers: int, resume: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Expected truths, one per description, and every market: rows of errors, rows of truths."""
    kinds = {(job.name, job.intent): replace(job, seed=TRUTH_SEED) for job in jobs}
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    known = dict(map(json.loads, KEPT.read_text().splitlines())) if resume and KEPT.exists() else {}
    with ProcessPoolExecutor(workers) as pool, KEPT.open("a" if resume else "w", encoding="utf-8") as kept:
        work = [(repr(j), f, j) for f, some in ((expected, kinds.values()), (credited, jobs)) for j in some]
        running = {pool.submit(f, job): key for key, f, job in work if key not in known}
        for number, done in enumerate(as_completed(running), 1):
            known[running[done]] = done.result()
            print(json.dumps([running[done], done.result()], ensure_ascii=False), file=kept, flush=True)
            print(f"\r{number} of {len(running)} truths and markets", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    truths = {kind: known[repr(job)] for kind, job in kinds.items()}
    rows = [row for job in jobs for row in score(job, known[repr(job)], truths[job.name, job.intent])]
    return rows, [row for truth in truths.values() for row in truth]


def arguments() -> argparse.Namespace:
    """What was asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="markets per preset and intent [20]")
    parser.add_argument("--people", type=int, help="in every market [by preset and intent: SIZES]")
    parser.add_argument("--held-out", type=float, help="share of people in each holdout [by preset and intent: SIZES]")
    parser.add_argument("--preset", action="append", choices=list(PRESETS), help="only these; may be repeated")
    parser.add_argument("--intent", action="append", choices=list(INTENTS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--resume", action="store_true", help="go on with what an interrupted run of the same code left"
    )
    return parser.parse_args()


def main() -> int:
    """Run the study, print both tables and keep them."""
    given, started = arguments(), time.perf_counter()
    jobs = markets(given)
    rows, truths = run(jobs, given.workers, given.resume)
    table = summary(pd.DataFrame(rows))
    bars = verdicts(table)
    took = time.perf_counter() - started
    kept = {"arguments": vars(given), "seconds": took, "rows": rows, "truth": truths}
    KEPT.with_suffix(".json").write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    with pd.option_context("display.width", 200, "display.max_rows", None):
        print(table.replace({np.nan: None}).to_string(index=False, float_format="{:.3f}".format), end="\n\n")
        print(bars.to_string(index=False, float_format="{:.3f}".format))
    print(f"\n{len(jobs)} markets, {took:.0f} s; the hazard with lag {LATENT_LAG} where intent is latent, 0 elsewhere.")
    return int((bars["≤ 0.5"] == "FAIL").any())


if __name__ == "__main__":
    sys.exit(main())
