"""How often 90 % intervals hold the truth on simulated markets, by the model that a planner would begin with.

Markets come from `attribution simulate mix`, whose process is not the model's: curves and carry-over of other forms,
demand that targeting follows, seasons that are no sines, shocks of whole weeks and residuals with a memory (``geo``).
The model is the one that `attribution mmm draft` writes, as it stands. So coverage is reported without a claim; what
it is below nominal is what a drafted model gets wrong about such a market.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from attribution.mix.draft import draft_model
from attribution.mix.lifts import read_lifts
from attribution.mix.model_file import parse_model
from attribution.mix.panel import read_panel
from attribution_models.mix.cells import cells
from attribution_models.mix.contributions import contributions
from attribution_models.mix.density import Density
from attribution_models.mix.effects import Effects
from attribution_models.mix.fit import fit
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.prior_checks import learned
from attribution_models.mix.prior_draws import prior_draws
from attribution_models.mix.priors import Prior, half_normal
from attribution_models.mix.returns import returns
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.structure import Structure, structure
from attribution_models.worlds.mix import NULL_CHANNEL, STUDY_SEEDS, SimulatedMix, preset, simulate

LEVEL = 0.9
# What is added to the drafted model: the market's own lift tests; noise with a memory and an effect of each week.
LIFTS, MEMORY = " + lifts", " + memory"
PRESETS = ("neutral", "weak-signal", "collinear", "null-channel", "confounded", f"confounded{LIFTS}", "geo",
           f"geo{MEMORY}", "daily", "saturated", "short")  # fmt: skip
# Smaller than the presets' own, so that a fit takes seconds.
SIZES = {"geo": {"weeks": 104, "geos": 8}, f"geo{MEMORY}": {"weeks": 52, "geos": 6}, "daily": {"weeks": 60}}
DRAWS, PRIOR_DRAWS = 1000, 1000


@dataclass(frozen=True)
class Market:
    """One market."""

    preset: str
    seed: int


def measure(market: Market) -> dict[str, Any]:
    """Simulate, draft, fit; per channel the truth beside the intervals."""
    started, name = time.perf_counter(), market.preset.split(" + ")[0]
    world = simulate(preset(name, market.seed, **SIZES.get(market.preset, {})), before=True)
    s = built(world, market.preset)
    done = fit(s, Tuning(seed=market.seed, cores=1))
    effects = Effects.of(done.posterior, DRAWS)
    return {
        "preset": market.preset,
        "seed": market.seed,
        "passed": done.gate.passed,
        "failures": list(done.gate.failures),
        "channels": compared(effects, Effects.of(prior_draws(Density.of(s), PRIOR_DRAWS, market.seed)), world),
        "seconds": round(time.perf_counter() - started, 2),
    }


def built(world: SimulatedMix, name: str, change: Callable[[MixSpec], MixSpec] = lambda spec: spec) -> Structure:
    """What an analyst makes of the market: its panel (and lift tests) as files, and the draft, changed or not."""
    with TemporaryDirectory() as folder:
        path, tests = Path(folder) / "panel.csv", Path(folder) / "lifts.csv"
        pd.DataFrame(world.panel).to_csv(path, index=False)
        pd.DataFrame(world.lifts).to_csv(tests, index=False)
        given = [str(tests)] if name.endswith(LIFTS) else []
        spec = change(parse_model(draft_model(str(path), lifts=given)))
        if name.endswith(MEMORY):
            noise = replace(spec.noise, autoregression=Prior("uniform", (-0.95, 0.95)))
            spec = replace(spec, noise=noise, period_effect=half_normal(0.1))
        panel = read_panel([str(path)], spec)
        known = read_lifts(given, spec, panel).likelihood if given else ()
    return structure(spec, panel.data, known)


def compared(effects: Effects, prior: Effects, world: SimulatedMix) -> list[dict[str, Any]]:
    """Per channel: truth, interval of ROAS and of the contribution, P(share < 1 %) after and before the data."""
    s = effects.structure
    truth = {name: dict(zip(world.truth["channel"], values, strict=True)) for name, values in world.truth.items()}
    found, shown = returns(effects, level=LEVEL), contributions(effects, cells(s.data, s.fitted), LEVEL)
    known = learned(effects, prior)
    rows = []
    for c, channel in enumerate(found.channels):
        roas, part = found.roas, shown.summary
        rows.append({
            "channel": channel,
            "share": float(truth["contribution_share"][channel]),
            "roas": [float(truth["roas"][channel]), *(float(x[c, 0]) for x in (roas.mean, roas.lower, roas.upper))],
            "contribution": [float(truth["contribution"][channel]),
                             *(float(x[c, 0, 0]) for x in (part.mean, part.lower, part.upper))],
            "negligible": float(known.negligible[c]),
            "negligible_prior": float(known.negligible_prior[c]),
        })  # fmt: skip
    return rows


def run(presets: list[str] | None, seeds: int, workers: int, kept: Path, *, resume: bool) -> list[dict[str, Any]]:
    """Measure all markets; every one is written as it is done."""
    jobs = [Market(name, seed) for name in presets or PRESETS for seed in STUDY_SEEDS[:seeds]]
    kept.parent.mkdir(parents=True, exist_ok=True)
    lines = kept.read_text(encoding="utf-8").splitlines() if resume and kept.exists() else []
    known = {Market(row["preset"], row["seed"]): row for row in map(json.loads, lines)}
    todo = [job for job in jobs if job not in known]
    with (
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
        kept.open("a" if resume else "w", encoding="utf-8") as file,
    ):
        running, started = {pool.submit(measure, job): job for job in todo}, time.perf_counter()
        for number, done in enumerate(as_completed(running), 1):
            known[running[done]] = done.result()
            print(json.dumps(done.result(), ensure_ascii=False), file=file, flush=True)
            left = (time.perf_counter() - started) / number * (len(todo) - number)
            print(f"\r{number} of {len(todo)} markets, {left / 60:.0f} min left ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return [known[job] for job in jobs]


def summary(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Per preset and estimand: coverage over channels, its error clustered by market; all media over their truth."""
    found = []
    for name in dict.fromkeys(row["preset"] for row in rows):
        markets = [row for row in rows if row["preset"] == name]
        for estimand in ("roas", "contribution"):
            inside, over = [], []
            for row in markets:
                # A channel that does nothing has no place here: effects above zero cannot hold it (see `null_channel`).
                x = np.array([c[estimand] for c in row["channels"] if np.isfinite(c[estimand][0]) and c["share"] > 0])
                inside.append(float(((x[:, 2] <= x[:, 0]) & (x[:, 0] <= x[:, 3])).mean()))
                over.append(float(x[:, 1].sum() / x[:, 0].sum()) if estimand == "contribution" else np.nan)
            error = float(np.std(inside, ddof=1) / np.sqrt(len(inside))) if len(inside) > 1 else np.nan
            failed = sum(not row["passed"] for row in markets)
            seconds = float(np.median([row["seconds"] for row in markets]))
            found.append([name, estimand, len(markets), failed, np.mean(inside), error, np.mean(over), seconds])
    head = ["preset", "estimand", "markets", "failed fits", "coverage", "error", "media ÷ truth", "seconds"]
    return pd.DataFrame(found, columns=head)


def null_channel(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Per channel of the markets where one does nothing: P(share < 1 %) after and before the data, and the verdicts.

    ``indistinguishable from zero``: that probability is above one half, and not below what the prior gives it.
    """
    found = []
    markets = [row for row in rows if row["preset"] == "null-channel"]
    names = [c["channel"] for c in markets[0]["channels"]] if markets else []
    for name in sorted(names, key=lambda n: n != NULL_CHANNEL):
        some = [c for row in markets for c in row["channels"] if c["channel"] == name]
        after, before = (np.array([c[key] for c in some]) for key in ("negligible", "negligible_prior"))
        verdicts = int(((after > 0.5) & (after >= before)).sum())
        share = np.mean([c["share"] for c in some])
        found.append([name, share, len(some), after.mean(), before.mean(), verdicts])
    head = ["channel", "true share", "markets", "P(share < 1 %)", "of the prior", "indistinguishable from zero"]
    return pd.DataFrame(found, columns=head)
