"""How long plans take: `python -m benchmarks.plan_bench`.

National: 4,000 draws, 8 channels, 26 of 156 weeks. Geos: 2,400 draws, 6 channels, 40 geos, 26 and 156 weeks. Draws are
of no fit, as time does not depend on what they say. Compiled kernels are on disk: the first run ever takes longer.
"""

from __future__ import annotations

import time

import numpy as np

from attribution_models.mix.adstock import Adstock
from attribution_models.mix.cells import Window
from attribution_models.mix.data import MixData
from attribution_models.mix.density import Density
from attribution_models.mix.effects import Effects
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.saturation import Saturation
from attribution_models.mix.spec import Channel, MixSpec
from attribution_models.mix.structure import structure
from attribution_models.plan.figures import figures
from attribution_models.plan.flight import flight
from attribution_models.plan.goal import Goal
from attribution_models.plan.limits import Limits
from attribution_models.plan.optimum import optimise
from attribution_models.plan.response import Response

WEEKS = 156


def made(channels: int, geos: int, draws: int, curve: str) -> Effects:
    """Random draws of a model on a random panel."""
    rng, names = np.random.default_rng(1), [f"channel {i}" for i in range(channels)]
    carry, bend = Adstock("geometric", 9), Saturation(curve)
    spec = MixSpec(
        "sales",
        tuple(Channel(n, n, n, adstock=carry, saturation=bend) for n in names),
        geo="geo" if geos > 1 else None,
    )
    media = rng.gamma(2.0, 50.0, (channels, geos, WEEKS))
    data = MixData(
        dates=np.datetime64("2021-01-04") + np.arange(WEEKS) * np.timedelta64(7, "D"),
        geos=tuple(f"geo {g}" for g in range(geos)) if geos > 1 else ("national",),
        outcome=rng.gamma(40.0, 25.0, (geos, WEEKS)) + 2 * media.sum(axis=0),
        exposure=media,
        spend=media * 1.3,
        controls=np.zeros((0, geos, WEEKS)),
        population=np.ones(geos),
        revenue_per_outcome=np.ones((geos, WEEKS)),
        frequency=np.zeros_like(media),
    )
    density = Density.of(structure(spec, data))
    return Effects.of(Posterior.of(density, rng.normal(scale=0.4, size=(4, draws // 4, density.size)), 1))


def timed(title: str, effects: Effects, weeks: int, goal: Goal, by: tuple[str, ...] = ()) -> None:
    """One plan, with its figures and those of today."""
    started = time.perf_counter()
    plan = flight(effects, Window(WEEKS - weeks, WEEKS - 1), by)
    response, today = Response.of(effects, plan), plan.today
    upper = 1.5 * today if not by else np.full(plan.size, float(today.max()))
    limits = Limits(0.5 * today if not by else 0 * today, upper, budget=float(today.sum()))
    best = optimise(response, goal, response.values(today), limits)
    searched = time.perf_counter()
    for z in (best.z, today):
        figures(effects, plan, z)
    done = time.perf_counter()
    sure = best.certificate
    print(
        f"{title:46} {goal.kind:9} search {searched - started:6.2f} s  with figures {done - started:6.2f} s  "
        f"evaluations {sure.evaluations:4}  residual {sure.kkt:.1e}"
    )


def main() -> None:
    """Print a line for each plan."""
    for curve in ("logistic", "hill"):
        national = made(8, 1, 4000, curve)
        for goal in (Goal(), Goal("quantile", 0.1), Goal("cvar", 0.1)):
            timed(f"national, {curve}, 26 weeks", national, 26, goal)
        timed(f"national, {curve}, 26 weeks, by week", national, 26, Goal(), ("week",))
    geos = made(6, 40, 2400, "hill")
    timed("40 geos, hill, 26 weeks", geos, 26, Goal())
    timed("40 geos, hill, 156 weeks", geos, 156, Goal())


if __name__ == "__main__":
    main()
