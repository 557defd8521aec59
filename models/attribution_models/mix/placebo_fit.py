"""A placebo fitted: the model with a channel's future spend beside it, and what that gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.cells import cells
from attribution_models.mix.contributions import contribution_draws, observed_totals
from attribution_models.mix.convergence import Gate
from attribution_models.mix.data import MixData
from attribution_models.mix.density import Density
from attribution_models.mix.effects import Effects
from attribution_models.mix.fit import fit
from attribution_models.mix.nuts import Progress, Tuning
from attribution_models.mix.placebo import PlaceboResult, judge, with_future
from attribution_models.mix.prior_draws import prior_draws
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.structure import structure

Floats = NDArray[np.float64]
PRIOR_DRAWS = 1000
# A verdict about one number needs less than a report does.
GATE = Gate(rhat=1.05, ess=100, divergences=10_000)


def placebo(
    spec: MixSpec,
    data: MixData,
    channel: str,
    tuning: Tuning,
    *,
    told: Callable[[int, Progress], None] | None = None,
) -> PlaceboResult:
    """Fit a model with a channel's future spend in it, and judge what the future gets.

    Lift tests are left out: they say nothing about the future's spend. Where chains do not agree even in two rounds the
    verdict is ``undecided``, and so it is where the panel is too short to look ahead.
    """
    try:
        built = structure(*with_future(spec, data, channel))
    except ValueError:
        return PlaceboResult(channel, float("nan"), float("nan"), float("nan"), "undecided")
    done = fit(built, tuning, GATE, rounds=2, told=told)
    shares = _shares(Effects.of(done.posterior))
    before = _shares(Effects.of(prior_draws(Density.of(built), PRIOR_DRAWS, tuning.seed)))
    c = [own.name for own in spec.channels].index(channel)
    found = judge(channel, shares[-1], shares[c], before[-1])
    return found if done.gate.passed else replace(found, verdict="undecided")


def _shares(effects: Effects) -> Floats:
    """Every channel's contribution over what was observed, (C, D)."""
    s = effects.structure
    whole = cells(s.data, s.fitted)
    found = contribution_draws(effects, whole)[: len(s.channels), 0, 0]
    return np.asarray(found / observed_totals(effects, whole)[0, 0])
