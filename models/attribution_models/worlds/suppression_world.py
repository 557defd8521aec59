"""A market of listed people whose match rate and CPM are known, and what a list frees in its next period.

Heavy users match more often (they leave more identifiers), habits drift, and people come onto the list partly *because*
they had seen much, so that they see less afterwards. Form and numbers were fixed before the estimate was tried on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SuppressionPlatform:
    """How a platform shows, matches and charges.

    Attributes
    ----------
    name : str
    rate : float
        Mean impressions per person and period.
    match : float
        Mean chance of a match over listed people, at the upload that was reported.
    cpm : float
    excluded, unexpired : float
        Shares of campaigns with the exclusion and of entries not expired.
    """

    name: str
    rate: float
    match: float
    cpm: float
    excluded: float = 1.0
    unexpired: float = 1.0


@dataclass(frozen=True, slots=True)
class SuppressionWorld:
    """A population, its platforms, and how much chance there is.

    Attributes
    ----------
    platforms : tuple of SuppressionPlatform
    people : int
    periods : int
        Seen after the selection; the one after them is the truth.
    heavy : float
        Shape of the Gamma that impressions per person follow: 0.6 gives a few heavy users most of them.
    drift : float
        Relative standard deviation of a person's rate from period to period.
    over_frequency : float
        Listed are half of the people (customers) and all who saw more than this many times the mean.
    tilt, tilt_deviation : float
        Logit slope of matching on log rate, Normal between worlds.
    match_deviation, volume_deviation, cpm_deviation : float
        Standard deviations of the next upload's match rate (share), and of volume and CPM (relative).
    seed : int
    """

    platforms: tuple[SuppressionPlatform, ...] = (
        SuppressionPlatform("search", 4.0, 0.45, 22.0),
        SuppressionPlatform("social", 12.0, 0.60, 7.5, excluded=0.8, unexpired=0.9),
        SuppressionPlatform("display", 25.0, 0.30, 3.0, excluded=0.6, unexpired=0.7),
    )
    people: int = 6000
    periods: int = 1
    heavy: float = 0.6
    drift: float = 0.5
    over_frequency: float = 3.0
    tilt: float = 0.4
    tilt_deviation: float = 0.15
    match_deviation: float = 0.05
    volume_deviation: float = 0.12
    cpm_deviation: float = 0.08
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class PlatformOutcome:
    """What is seen of the listed people on one platform, and what was freed.

    Attributes
    ----------
    platform : SuppressionPlatform
    selection : array (listed,)
        Impressions in the period in which the list was chosen.
    impressions : array (listed, periods)
        In the periods after it.
    spend, served : array (periods,)
    selected_spend, selected_served : float
        Of the period of the selection.
    matched : array (listed,) of bool
        At the upload that was reported.
    freed_impressions, freed_spend : float
        Truth: what the next period really stops.
    match_rate : float
        Truth: of the next period, weighted by impressions.
    """

    platform: SuppressionPlatform
    selection: Integers
    impressions: Integers
    spend: Floats
    served: Floats
    selected_spend: float
    selected_served: float
    matched: Bools
    freed_impressions: float
    freed_spend: float
    match_rate: float


def simulate_suppression(world: SuppressionWorld) -> tuple[PlatformOutcome, ...]:
    """Live through the periods: selection, `periods` that are seen, and one that is the truth."""
    rng = np.random.default_rng([world.seed, 6])
    habits = rng.gamma(world.heavy, 1 / world.heavy, size=world.people)
    tilt = rng.normal(world.tilt, world.tilt_deviation)
    customers = rng.uniform(size=world.people) < 0.5
    lived = [_impressions(world, p, habits, rng) for p in world.platforms]
    over = [shown[:, 0] > world.over_frequency * p.rate for p, (shown, _) in zip(world.platforms, lived, strict=True)]
    listed = customers | np.any(over, axis=0)
    return tuple(
        _outcome(world, platform, shown, rate, listed, tilt, rng)
        for platform, (shown, rate) in zip(world.platforms, lived, strict=True)
    )


def _impressions(
    world: SuppressionWorld, platform: SuppressionPlatform, habits: Floats, rng: np.random.Generator
) -> tuple[Integers, Floats]:
    """Impressions (people, 2 + periods) and each person's lasting rate."""
    own = platform.rate * habits * rng.lognormal(-0.125, 0.5, size=world.people)
    size = (world.people, world.periods + 2)
    shape = 1 / world.drift**2
    drift = rng.gamma(shape, 1 / shape, size=size)
    volume = rng.lognormal(0, world.volume_deviation, size=size[1])
    return rng.poisson(own[:, None] * drift * volume), own


def _outcome(
    world: SuppressionWorld,
    platform: SuppressionPlatform,
    shown: Integers,
    rate: Floats,
    listed: Bools,
    tilt: float,
    rng: np.random.Generator,
) -> PlatformOutcome:
    slope = tilt * np.log(rate[listed] / platform.rate + 1e-9)
    level = float(brentq(_excess, -40, 40, args=(slope, platform.match)))
    shift = rng.normal(0, world.match_deviation / (platform.match * (1 - platform.match)))
    chance = rng.uniform(size=slope.size)  # a person's identifiers stay the same from upload to upload
    before, after = chance < expit(level + slope), chance < expit(level + shift + slope)
    price: Floats = platform.cpm * rng.lognormal(0, world.cpm_deviation, size=(shown.shape[1],))
    served = shown.sum(axis=0).astype(np.float64)
    spend = served * price / 1000
    mine = shown[listed]
    alive = rng.uniform(size=slope.size) < platform.unexpired
    stopped = float(rng.binomial(mine[after & alive, -1], platform.excluded).sum())
    return PlatformOutcome(
        platform, mine[:, 0], mine[:, 1:-1], spend[1:-1], served[1:-1], float(spend[0]), float(served[0]), before,
        stopped, stopped * float(price[-1]) / 1000, float(mine[after, -1].sum() / mine[:, -1].sum()),
    )  # fmt: skip


def _excess(level: float, slope: Floats, match: float) -> float:
    """How far the mean chance of a match lies above the platform's."""
    return float(np.mean(expit(level + slope))) - match
