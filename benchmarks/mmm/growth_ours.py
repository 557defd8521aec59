"""Our fit of a panel of a stated number of geos and channels, in one process: times, gradients, effective draws.

Run as a process: ``python -m benchmarks.mmm.growth_ours GEOS CHANNELS SEED RESULT.json``. The panel is drawn from the
model itself: 156 weeks, impressions in flights, effects and levels that differ between geos, two controls, a knotted
time effect; the specification is Meridian's (``meridian_ours.py``) but for the organic channel and the promotion.

One short round, so that all sizes can be measured. The seconds to the gate are worked out from it: tuning as measured,
and as many draws as 400 effective ones of the worst quantity take.
"""
# ruff: noqa: PLC0415 – the engine is imported where its time can be measured.

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from attribution_models.mix.data import MixData
    from attribution_models.mix.spec import MixSpec

WEEKS, L_MAX, KNOTS = 156, 9, 26
TUNE, DRAWS = 300, 300
WORTH = 50.0  # revenue per outcome
RETURN = 1.2  # true ROI of every channel on average


def spec(channels: int) -> MixSpec:
    """Partial pooling, ROI priors, Hill curves of slope one, 26 knots, two pooled controls."""
    from attribution_models.mix.adstock import Adstock
    from attribution_models.mix.priors import Prior, half_normal, normal
    from attribution_models.mix.saturation import Saturation
    from attribution_models.mix.spec import (
        Channel,
        Control,
        Effect,
        Intercept,
        MixSpec,
        Noise,
        Scaling,
        Seasonality,
        Trend,
    )

    media = tuple(
        Channel(
            f"m{c}", f"m{c}_impressions", spend=f"m{c}_spend", pooling=half_normal(1.0),
            adstock=Adstock(l_max=L_MAX, priors=(("alpha", Prior("uniform", (0.0, 1.0))),)),
            saturation=Saturation("hill"), effect=Effect("roi", Prior("log-normal", (0.2, 0.9))),
        )
        for c in range(channels)
    )  # fmt: skip
    return MixSpec(
        name="growth", outcome="conversions", geo="geo", population="population", revenue=False,
        revenue_per_outcome="worth", channels=media,
        controls=tuple(Control(f"z{k}", prior=normal(0, 5), role="confounder", pooling=half_normal(5)) for k in (0, 1)),
        trend=Trend("knots", points=KNOTS, prior=normal(0, 5)), seasonality=Seasonality(yearly=0),
        intercept=Intercept(normal(0, 5), pooling=None, common=False), noise=Noise(sigma=half_normal(5)),
        scaling=Scaling(outcome="standard", media="median"), history="zero",
    )  # fmt: skip


def panel(geos: int, channels: int, seed: int) -> MixData:
    """A market that the specification describes."""
    from attribution_models.mix.data import MixData

    rng = np.random.default_rng([seed, geos, channels])
    heads = rng.lognormal(0.0, 0.6, geos)
    exposure = rng.gamma(2.0, 0.5, (channels, geos, WEEKS)) * flights(rng, channels)[:, None]
    responses = carried(exposure, rng.uniform(0.2, 0.8, channels))
    effects = rng.lognormal(-1.0, 0.3, (channels, 1)) * np.exp(0.4 * rng.normal(size=(channels, geos)))
    media = (effects[:, :, None] * responses).sum(axis=0)
    controls = rng.normal(size=(2, geos, WEEKS))
    trend = np.interp(np.arange(WEEKS), np.linspace(0, WEEKS - 1, KNOTS), 0.4 * rng.normal(size=KNOTS))
    moved = np.einsum("kgt,kg->gt", controls, 0.3 + 0.2 * rng.normal(size=(2, geos)))
    per_head = 12 + rng.normal(size=(geos, 1)) + trend + moved + media + 0.8 * rng.normal(size=(geos, WEEKS))
    outcome = per_head * heads[:, None]
    gained = ((effects[:, :, None] * responses) * heads[:, None]).sum(axis=(1, 2)) * WORTH
    cost = gained / RETURN / (exposure * heads[:, None]).sum(axis=(1, 2))
    wide = exposure * heads[:, None]
    return MixData(
        dates=np.datetime64("2021-01-04") + 7 * np.arange(WEEKS) * np.timedelta64(1, "D"),
        geos=tuple(f"geo {g}" for g in range(geos)), outcome=outcome, exposure=wide,
        spend=wide * cost[:, None, None], controls=controls, population=heads * 1e5,
        revenue_per_outcome=np.full((geos, WEEKS), WORTH),
    )  # fmt: skip


def flights(rng: np.random.Generator, channels: int) -> np.ndarray:
    """Weeks on air: half of the channels always, the others in flights of six weeks and four without."""
    starts = rng.integers(0, 10, channels)
    on = (np.arange(WEEKS) + starts[:, None]) % 10 < 6
    return np.where((np.arange(channels) % 2 == 0)[:, None], 1.0, on)


def carried(exposure: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Geometric adstock, then a Hill curve that is half full at 0.8."""
    weights = alpha[:, None] ** np.arange(L_MAX)
    weights /= weights.sum(axis=1, keepdims=True)
    out = np.zeros_like(exposure)
    for lag in range(L_MAX):
        out[..., lag:] += weights[:, lag, None, None] * exposure[..., : WEEKS - lag]
    return out / (out + 0.8)


def main() -> None:
    """Fit until the gate passes, and write what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("geos", type=int)
    parser.add_argument("channels", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("result", type=Path)
    given = parser.parse_args()
    from attribution_models.mix.density import Density
    from attribution_models.mix.fit import fit
    from attribution_models.mix.nuts import Tuning
    from attribution_models.mix.start import middle
    from attribution_models.mix.structure import structure

    built = structure(spec(given.channels), panel(given.geos, given.channels, given.seed))
    density, at = Density.of(built), middle(built)
    density(at)
    before = time.process_time()
    for _ in range(100):
        density(at)
    gradient = (time.process_time() - before) / 100
    started = time.perf_counter()
    done = fit(built, Tuning(tune=TUNE, draws=DRAWS, seed=given.seed, cores=2), rounds=1)
    seconds = time.perf_counter() - started
    needed = DRAWS * 400 / done.gate.least_ess
    result = {
        "seconds": seconds, "seconds_to_gate": seconds * (TUNE + needed) / (TUNE + DRAWS),
        "gradient_microseconds": gradient * 1e6, "sampled": built.size,
        "integrated": sum(t.size for t in built.terms if t.integrate),
        "gradients": sum(r.gradients for r in done.rounds), "divergences": sum(r.divergences for r in done.rounds),
        "gate": {"passed": done.gate.passed, "ess": done.gate.least_ess, "rhat": done.gate.worst_rhat},
        "roi": done.posterior.by_name()["roi"].mean(axis=(0, 1)).tolist(),
    }  # fmt: skip
    given.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({k: v for k, v in result.items() if k != "roi"}))


if __name__ == "__main__":
    main()
