"""Small posteriors that plans are made of, without sampling."""

from __future__ import annotations

import numpy as np

from attribution_models.mix.cells import Window
from attribution_models.mix.density import Density
from attribution_models.mix.effects import Effects
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.priors import Prior
from attribution_models.mix.structure import structure
from attribution_models.plan.flight import flight
from attribution_models.plan.response import Response
from tests.mix.cases import Case, channel, mix, saturation
from tests.mix.panels import panel

WINDOW = Window(10, 17)


def drawn(case: Case, draws: int = 6, seed: int = 3, scale: float = 0.4) -> Posterior:
    density = Density.of(structure(case.spec, case.data, case.lifts))
    points = np.random.default_rng(seed).normal(scale=scale, size=(1, draws, density.size))
    return Posterior.of(density, points, seed)


def concave(names: tuple[str, ...] = ("tv", "search", "radio"), periods: int = 26) -> Case:
    curves = ("logistic", "hill", "michaelis-menten")
    spec = mix(*(channel(name, "geometric", curves[i % 3]) for i, name in enumerate(names)))
    return Case(spec, panel(spec, periods=periods, seed=5))


def bending() -> Case:
    """S-shaped curves: several local optima."""
    steep = saturation("hill", kappa=Prior("fixed", (0.9,)), slope=Prior("fixed", (3.0,)))
    spec = mix(channel("tv", "geometric", steep), channel("search", "none", steep), channel("radio", "none", steep))
    return Case(spec, panel(spec, periods=26, seed=6))


def effects_of(case: Case, draws: int = 40, seed: int = 3) -> Effects:
    return Effects.of(drawn(case, draws, seed))


def response_of(case: Case, draws: int = 40, by: tuple[str, ...] = (), window: Window = WINDOW) -> Response:
    effects = effects_of(case, draws)
    return Response.of(effects, flight(effects, window, by))
