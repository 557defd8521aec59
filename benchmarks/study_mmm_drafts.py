"""Which curve, and which controls beside lift tests, a drafted model should begin with; decided on simulated markets.

    .venv/bin/python benchmarks/study_mmm_drafts.py --duel curve --seeds 6

The recovery data cannot decide it: the second form was written after the first had missed there. So both are fitted to
the same markets of `attribution simulate mix`, with seeds that no other study uses. ``logistic`` is the draft as it
was: logistic curves on media over their maximum. ``hill`` has Hill curves with a free slope on media over their median.
Where there are lift tests, ``+ controls`` adds each tested channel's spend of the same week as a confounder.

The rule, written down before the first of these fits. The challenger (``hill`` against ``logistic`` over the markets
without lift tests; ``+ controls`` against the same curve without, over those with) becomes the draft if all hold:

1. It fails its gate in at most one fit more of a hundred, and takes at most twice the time (medians).
2. It says more. Either the interval score of contributions (Gneiting and Raftery 2007: width, plus 20 times what a
   90 % interval misses by; in units of the true contribution of all media) is lower, by at least two standard errors
   of the mean paired log ratio over markets; or intervals fall short of 90 % by at least three points less (mean over
   presets and estimands of what is missing, excess not counted) at a mean log ratio of the score of at most 0.05.
3. In no preset is the mean absolute error of the media total, or of the channels' shares of it, more than a tenth
   higher and by more than two standard errors of the paired difference.

Failed fits count as they are.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal, NamedTuple

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

ROOT = Path(__file__).resolve().parent.parent
if __package__ in (None, ""):
    sys.path[:0] = [str(ROOT), str(ROOT / "models"), str(ROOT / "cli")]

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from attribution_models.mix.density import Density  # noqa: E402
from attribution_models.mix.effects import Effects  # noqa: E402
from attribution_models.mix.fit import fit  # noqa: E402
from attribution_models.mix.nuts import Tuning  # noqa: E402
from attribution_models.mix.prior_draws import prior_draws  # noqa: E402
from attribution_models.mix.priors import Prior  # noqa: E402
from attribution_models.mix.saturation import Saturation  # noqa: E402
from attribution_models.mix.spec import Control, MixSpec  # noqa: E402
from attribution_models.worlds.mix import SimulatedMix, preset, simulate  # noqa: E402
from benchmarks import study_mmm_coverage as coverage  # noqa: E402

KEPT = ROOT / "build" / "study" / "mmm_drafts.jsonl"
SEEDS = tuple(range(101, 113))
CONTROLS = " + controls"
PLAIN = ("neutral", "weak-signal", "collinear", "null-channel", "saturated", "confounded")
TESTED = f"confounded{coverage.LIFTS}"
CURVES: dict[str, tuple[Saturation, Literal["max", "median"]]] = {
    "logistic": (Saturation("logistic"), "max"),
    "hill": (Saturation("hill", priors=(("slope", Prior("log-normal", (0.2, 0.5))),)), "median"),
}
LEVEL = coverage.LEVEL
MISS = 2 / (1 - LEVEL)


class Job(NamedTuple):
    """One fit."""

    preset: str
    variant: str
    seed: int


# Name of a duel: the presets it is fought on, what there is, and what challenges it.
DUELS = {
    "curve": (PLAIN, "logistic", "hill"),
    "controls": ((TESTED,), "logistic", f"logistic{CONTROLS}"),
    # Asked afterwards, of markets where nothing is hidden; decides nothing.
    "controls-neutral": ((f"neutral{coverage.LIFTS}",), "logistic", f"logistic{CONTROLS}"),
    "hill-controls": ((TESTED,), "hill", f"hill{CONTROLS}"),
}


def jobs(duels: list[str], seeds: int) -> list[Job]:
    """All fits, seed by seed, so that an interrupted run is balanced."""
    return [Job(name, variant, seed) for seed in SEEDS[:seeds] for duel in duels
            for name in DUELS[duel][0] for variant in DUELS[duel][1:]]  # fmt: skip


def measure(job: Job) -> dict[str, Any]:
    """Simulate, draft, change the draft, fit; per channel the truth beside the intervals."""
    world = simulate(preset(job.preset.split(" + ")[0], job.seed), before=True)
    s = coverage.built(world, job.preset, lambda spec: changed(spec, job.variant, world))
    started = time.perf_counter()
    done = fit(s, Tuning(seed=job.seed, cores=1))
    seconds = time.perf_counter() - started
    prior = Effects.of(prior_draws(Density.of(s), coverage.PRIOR_DRAWS, job.seed))
    found = coverage.compared(Effects.of(done.posterior, coverage.DRAWS), prior, world)
    about = {"passed": done.gate.passed, "failures": list(done.gate.failures), "seconds": round(seconds, 2)}
    return {**job._asdict(), **about, "channels": found}


def changed(spec: MixSpec, variant: str, world: SimulatedMix) -> MixSpec:
    """The drafted model with this curve; and with the tested channels' spend among its controls, or without."""
    curve, *more = variant.split(" + ")
    saturation, media = CURVES[curve]
    spends = {channel.spend for channel in spec.channels}
    spec = replace(
        spec,
        controls=tuple(c for c in spec.controls if c.column not in spends),  # which the draft has since
        channels=tuple(replace(channel, saturation=saturation) for channel in spec.channels),
        scaling=replace(spec.scaling, media=media),
    )
    if not more:
        return spec
    used = {c for c, use in zip(world.lifts["channel"], world.lifts["use"], strict=True) if use == "likelihood"}
    tested = [channel for channel in spec.channels if channel.name in used]
    prior = next(c.prior for c in spec.controls if c.role == "confounder")  # as the draft gives its controls
    extra = [Control(str(c.spend), role="confounder", prior=prior) for c in tested]
    return replace(spec, controls=(*spec.controls, *extra))


def run(asked: list[Job], workers: int, kept: Path, *, resume: bool) -> list[dict[str, Any]]:
    """Fit all; every one is written as it is done."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    lines = kept.read_text(encoding="utf-8").splitlines() if resume and kept.exists() else []
    known = {Job(row["preset"], row["variant"], row["seed"]): row for row in map(json.loads, lines)}
    todo = [job for job in asked if job not in known]
    with (
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
        kept.open("a" if resume else "w", encoding="utf-8") as file,
    ):
        running, started = {pool.submit(measure, job): job for job in todo}, time.perf_counter()
        for number, done in enumerate(as_completed(running), 1):
            known[running[done]] = done.result()
            print(json.dumps(done.result(), ensure_ascii=False), file=file, flush=True)
            left = (time.perf_counter() - started) / number * (len(todo) - number)
            print(f"\r{number} of {len(todo)} fits, {left / 60:.0f} min left ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return [known[job] for job in asked]


def scores(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Per fit: interval score, share inside by estimand, errors of the media total and of the channels' shares."""
    found = []
    for row in rows:
        # A row for each channel: truth, mean, lower and upper end.
        x = np.array([c["contribution"] for c in row["channels"]])
        acts = [c for c in row["channels"] if c["share"] > 0 and np.isfinite(c["roas"][0])]
        media = x[:, 0].sum()
        missed = np.maximum(x[:, 2] - x[:, 0], 0) + np.maximum(x[:, 0] - x[:, 3], 0)
        total = x[:, 1].sum() / media
        inside = {
            name: float(np.mean([c[name][2] <= c[name][0] <= c[name][3] for c in acts]))
            for name in ("roas", "contribution")
        }
        found.append({
            "preset": row["preset"], "variant": row["variant"], "seed": row["seed"], "failed": not row["passed"],
            "seconds": row["seconds"], "score": float((x[:, 3] - x[:, 2] + MISS * missed).sum() / media), **inside,
            "width": float((x[:, 3] - x[:, 2]).sum() / media),
            "total": float(total), "total error": float(abs(total - 1)),
            "share error": float(np.abs(x[:, 1] / x[:, 1].sum() - x[:, 0] / media).sum() / 2),
        })  # fmt: skip
    return pd.DataFrame(found)


MEASURES = ("failed", "seconds", "roas", "contribution", "score", "width", "total", "total error", "share error")


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Means per preset and variant; seconds: the median; score: the geometric mean."""
    how: dict[str, Any] = dict.fromkeys(MEASURES, "mean")
    how |= {"failed": "sum", "seconds": "median", "score": lambda x: float(np.exp(np.log(x).mean()))}
    shown = table.groupby(["preset", "variant"], sort=False).agg(how).reset_index()
    return shown.rename(columns={"failed": "failed fits", "roas": "ROAS inside", "contribution": "contribution inside",
                                 "total": "media ÷ truth"})  # fmt: skip


def verdict(table: pd.DataFrame, presets: tuple[str, ...], old: str, new: str) -> tuple[bool, list[str]]:
    """Judge a challenger by the rule above: the decision, and what it rests on."""
    parts = {v: table[table["preset"].isin(presets) & (table["variant"] == v)].set_index(["preset", "seed"])
             for v in (old, new)}  # fmt: skip
    a, b = parts[old], parts[new].loc[parts[old].index]
    failed, slower = int(b["failed"].sum()) - int(a["failed"].sum()), b["seconds"].median() / a["seconds"].median()
    first = bool(failed <= max(1, len(a) / 100) and slower <= 2)
    ratio = np.log(b["score"]) - np.log(a["score"])
    mean, error = float(ratio.mean()), float(ratio.std(ddof=1) / np.sqrt(len(ratio)))
    short = [100 * float(np.mean([np.maximum(LEVEL - part.groupby("preset")[name].mean(), 0).mean()
                                  for name in ("roas", "contribution")])) for part in (a, b)]  # fmt: skip
    second = mean < -2 * error or (short[0] - short[1] >= 3 and mean <= 0.05)
    worse = list(_worse(a, b))
    says = {True: "holds", False: "does not hold"}
    score = f"interval score × {np.exp(mean):.3f} (log ratio {mean:+.3f} ± {error:.3f})"
    points = f"short of 90 % by {short[0]:.1f} points before, {short[1]:.1f} now"
    words = [
        f"1. failed fits {failed:+d}, time × {slower:.2f}: {says[first]}",
        f"2. {score}; {points}: {says[second]}",
        f"3. errors clearly worse in: {', '.join(worse) or 'no preset'}: {says[not worse]}",
    ]
    return first and second and not worse, words


def _worse(a: pd.DataFrame, b: pd.DataFrame) -> Iterator[str]:
    for name in ("total error", "share error"):
        for preset_, difference in (b[name] - a[name]).groupby("preset"):
            error = float(difference.std(ddof=1) / np.sqrt(len(difference)))
            before = float(a[name].groupby("preset").mean()[preset_])
            if difference.mean() > 0.1 * before and difference.mean() > 2 * error:
                yield f"{preset_} ({name} {before:.3f} to {before + difference.mean():.3f})"


def main() -> None:
    """Fit, show, decide."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--duel", action="append", choices=list(DUELS), help="only this one; may be repeated")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help=f"markets of each preset [{len(SEEDS)}]")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="go on with what an interrupted run left")
    given = parser.parse_args()
    duels = given.duel or list(DUELS)
    table = scores(run(jobs(duels, given.seeds), given.workers, KEPT, resume=given.resume))
    with pd.option_context("display.width", 200, "display.max_rows", None):
        print(summary(table).to_string(index=False, float_format="{:.3f}".format))
    for duel in duels:
        presets, old, new = DUELS[duel]
        better, words = verdict(table, presets, old, new)
        lines = "\n  ".join(words)
        print(f"\n{new} instead of {old}, {given.seeds} seeds: {'adopted' if better else 'not adopted'}\n  {lines}")


if __name__ == "__main__":
    main()
