"""What a lift test would be worth to a plan: expected value of sample information, from posterior draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from attribution_models.mix.cells import Window
from attribution_models.mix.effects import Effects
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.returns import gains
from attribution_models.plan.climb import climb
from attribution_models.plan.limits import Limits
from attribution_models.plan.objective import Objective

Floats = NDArray[np.float64]
# A test is long enough when what is not known of the effect is so many times its standard error.
SHARP = 2.0
# Added to every standard error, as a share of the effect: tests never meet the model's question exactly.
TRANSPORT = 0.1
# Share of the market in which the channel is off.
HALF = 0.5
# Two-sided 5 % and 80 % power.
DETECTABLE, CRITICAL = 2.802, 1.960


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """One lift test: a channel off in part of the market for some periods, the rest as control.

    Attributes
    ----------
    channel : int
        Place among the model's channels.
    geo : int or None
        The geo in which it is off; None: half of the market, drawn by lot.
    periods : int
    effect : array (D,)
        What the model says the channel brings there, in outcomes of the whole market (or of the geo).
    error : float
        Standard error of the measured effect.
    """

    channel: int
    geo: int | None
    periods: int
    effect: Floats
    error: float

    @property
    def detectable(self) -> float:
        """Least effect that 80 of 100 such tests find (5 % level, two-sided)."""
        return DETECTABLE * self.error

    @property
    def power(self) -> float:
        """Probability that the test finds an effect of the expected size."""
        return float(ndtr(abs(float(self.effect.mean())) / self.error - CRITICAL))


def period_noise(posterior: Posterior, effects: Effects) -> Floats:
    """Standard deviation of one period's outcome in each geo that the model leaves open, in outcomes, (G,).

    Noise that remembers the period before adds up faster: its deviation is counted √((1 + ρ) / (1 − ρ)) times.
    """
    s = posterior.structure
    sigma = np.array([float(posterior.value(p).mean()) for p in s.noise])
    known = np.where(s.fitted, s.data.outcome, np.nan)
    unit = np.nanmean(known, axis=1) if effects.log else effects.worth
    rho = 0.0 if s.rho is None else float(posterior.value(s.rho).mean())
    return np.asarray(sigma * unit * np.sqrt((1 + rho) / max(1 - rho, 1e-3)))


def half_market(effects: Effects, noise: Floats, channels: Sequence[int], lengths: Sequence[int]) -> list[Design]:
    """For each channel the shortest test in half of the market that is sharp enough, else the longest.

    With σ² = Σ_g σ_g² the variance of a period's total, a channel off in a share f of the market for w periods, and the
    rest scaled up as control, the effect in the whole market is measured with the variance w σ² / (f (1 − f)).
    """
    sigma = float(np.sqrt((noise * noise).sum()))
    found: dict[int, Design] = {}
    for periods in sorted(lengths):
        effect = _effect(effects, periods)
        for c in channels:
            if c in found and _sharp(found[c]):
                continue
            error = sigma * np.sqrt(periods / (HALF * (1 - HALF)))
            found[c] = _design(c, None, periods, effect[c, 0], error)
    return [found[c] for c in channels]


def by_geo(effects: Effects, noise: Floats, channel: int, periods: int) -> Iterator[Design]:
    """The same test in one geo at a time, all others as control."""
    geos, variance = len(noise), noise * noise
    effect = _effect(effects, periods, np.arange(geos))
    sizes = effects.structure.scales.population
    for g in range(geos):
        # The others, brought to the size of this geo.
        scale = sizes[g] / max(float(sizes.sum() - sizes[g]), 1e-300)
        spread = variance[g] + scale * scale * float(variance.sum() - variance[g])
        yield _design(channel, g, periods, effect[channel, g], float(np.sqrt(periods * spread)))


def _effect(effects: Effects, periods: int, group: NDArray[np.int64] | None = None) -> Floats:
    """What each channel's spend in the last periods brought, carry-out included, (C, groups, D)."""
    last = effects.structure.outcome.shape[1] - 1
    found = gains(effects, Window(max(last - periods + 1, 0), last), (1.0,), group)
    return np.asarray(found.gain[:, :, 0, 0].sum(axis=2))


def _design(channel: int, geo: int | None, periods: int, effect: Floats, error: float) -> Design:
    return Design(channel, geo, periods, effect, float(np.hypot(error, TRANSPORT * effect.mean())))


def _sharp(design: Design) -> bool:
    return float(design.effect.std()) >= SHARP * design.error


@dataclass(frozen=True, slots=True)
class Worth:
    """What a test is worth to a plan.

    Attributes
    ----------
    gain : float
        Expected value of sample information: E_y [max_z E[V(z) | y]] − max_z E[V(z)], in the plan's outcome.
    moved : float
        Share of the money that the plan moves after the test, on average.
    """

    gain: float
    moved: float


def worth(aim: Objective, limits: Limits, z: Floats, design: Design, outcomes: int = 16, seed: int = 1) -> Worth:
    """Imagine the test's result again and again, learn from it, and plan anew.

    A result y_k is the effect of one draw plus noise; draws are then weighted by N(y_k; effect_d, error²), and the plan
    that is best under these weights is set against the plan of today's knowledge under the same weights (Raiffa and
    Schlaifer 1961; by importance weights over one posterior sample).

    Parameters
    ----------
    aim : Objective
        Expected value, over the draws of `design.effect`.
    z : array (U,)
        The best plan of what is known today.
    """
    order = np.argsort(design.effect, kind="stable")
    places = order[((np.arange(outcomes) + 0.5) / outcomes * len(order)).astype(int)]
    noise = np.random.default_rng([seed, 31]).normal(size=outcomes) * design.error
    gain, moved = 0.0, 0.0
    for y in design.effect[places] + noise:
        log = -0.5 * ((design.effect - y) / design.error) ** 2
        chance = np.exp(log - log.max())
        told = replace(aim, chance=chance / chance.sum())
        new = climb(told, limits, z)
        gain += (told(new)[0] - told(z)[0]) / outcomes
        moved += 0.5 * float(np.abs(new - z).sum()) / max(float(z.sum()), 1e-300) / outcomes
    return Worth(gain, moved)
