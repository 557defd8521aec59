"""Lift tests of a mix world: the true counterfactual difference, measured with error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution_models.worlds.mix_chance import Floats, stream
from attribution_models.worlds.mix_market import MixMarket
from attribution_models.worlds.mix_noise import residual_deviation
from attribution_models.worlds.mix_truth import spend_times
from attribution_models.worlds.mix_world import MixExperiment


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredLift:
    """One test.

    Attributes
    ----------
    experiment : MixExperiment
    geos : array (G,) of 0 or 1
        Where it ran.
    truth : float
        Σ μ(panel's spend) − μ(comparison's spend) over the test's geos, from its start to `outcome_end`.
    lift, standard_error : float
        lift ~ Normal(truth, standard_error²).
    spend_change : float
        Spend of the panel less spend of the comparison.
    periods : tuple of int
        First period, the one after the last spend, the one after the last outcome; from the window's start.
    """

    experiment: MixExperiment
    geos: Floats
    truth: float
    lift: float
    standard_error: float
    spend_change: float
    periods: tuple[int, int, int]


def measure(market: MixMarket, experiment: MixExperiment) -> MeasuredLift:
    """Run the market with the comparison's spend, and measure the difference as a test of two arms would.

    standard_error² = error² · 2 Σ σ²_gt over the test's geos and periods, σ_gt the residual's standard deviation. The
    error is drawn apart from the panel's noise: test and panel share no people.
    """
    world = market.world
    channel = [c.name for c in world.channels].index(experiment.channel)
    rng = stream(world.seed, f"lift {experiment.name}")
    geos = _tested(world.geos, experiment.geos, rng)
    first, stop, end = world.span(experiment)
    spent = slice(world.l_max + first, world.l_max + stop)
    counted = slice(world.l_max + first, world.l_max + end)
    other = spend_times(market, channel, experiment.comparison, spent, geos)
    mean = market.mean()
    truth = float((mean - market.mean(other))[:, counted].sum())
    variance = geos[:, None] * residual_deviation(world, mean)[:, counted] ** 2
    error = experiment.error * float(np.sqrt(2 * variance.sum()))
    change = float((market.spend - other).sum())
    lift = truth + error * float(rng.standard_normal())
    return MeasuredLift(experiment, geos, truth, lift, error, change, (first, stop, end))


def _tested(geos: int, share: float, rng: np.random.Generator) -> Floats:
    """Draw in which geos a test runs: at least one, (G,)."""
    chosen = rng.permutation(geos)[: max(1, round(share * geos))]
    tested = np.zeros(geos)
    tested[chosen] = 1.0
    return tested
