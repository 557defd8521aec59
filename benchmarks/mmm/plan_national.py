"""National plans of 4,000 draws, 8 channels and 26 weeks, timed.

Run as a process: ``python -m benchmarks.mmm.plan_national RESULT.json``. Draws are of no fit: a random model on a
random panel, with either curve. Time depends on the number of draws, channels and weeks, and on how the search goes;
every objective is asked for.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from attribution_models.mix.adstock import Adstock
from attribution_models.mix.data import MixData
from attribution_models.mix.density import Density
from attribution_models.mix.effects import Effects
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.saturation import Saturation
from attribution_models.mix.spec import Channel, MixSpec
from attribution_models.mix.structure import structure
from attribution_models.plan.goal import Goal
from benchmarks.mmm.plan_ours import GOALS, SHORT, planned

WEEKS, CHANNELS, DRAWS = 156, 8, 4000
CURVES = ("logistic", "hill")
ASKED = GOALS | {"beat-today": Goal("beat-today")}


def made(channels: int, draws: int, curve: str) -> Effects:
    """Random draws of a model on a random panel."""
    rng, names = np.random.default_rng(1), [f"channel {i}" for i in range(channels)]
    carry, bend = Adstock("geometric", 9), Saturation(curve)
    spec = MixSpec("sales", tuple(Channel(n, n, n, adstock=carry, saturation=bend) for n in names))
    media = rng.gamma(2.0, 50.0, (channels, 1, WEEKS))
    data = MixData(
        dates=np.datetime64("2021-01-04") + np.arange(WEEKS) * np.timedelta64(7, "D"),
        geos=("national",),
        outcome=rng.gamma(40.0, 25.0, (1, WEEKS)) + 2 * media.sum(axis=0),
        exposure=media,
        spend=media * 1.3,
        controls=np.zeros((0, 1, WEEKS)),
        population=np.ones(1),
        revenue_per_outcome=np.ones((1, WEEKS)),
        frequency=np.zeros_like(media),
    )
    density = Density.of(structure(spec, data))
    return Effects.of(Posterior.of(density, rng.normal(scale=0.4, size=(4, draws // 4, density.size)), 1))


def main() -> None:
    """Plan with each curve for each objective, and write seconds and certificates."""
    found: dict[str, Any] = {}
    for curve in CURVES:
        national = made(CHANNELS, DRAWS, curve)
        found[curve] = {name: planned(national, SHORT, goal) for name, goal in ASKED.items()}
    Path(sys.argv[1]).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({"written": sys.argv[1]}))


if __name__ == "__main__":
    main()
