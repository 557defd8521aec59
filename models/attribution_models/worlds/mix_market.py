"""A mix world that was drawn: arrays, and the mean outcome under any plan of spend and promotions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.mix_baseline import Baseline, baseline_of
from attribution_models.worlds.mix_calendar import dates
from attribution_models.worlds.mix_chance import Floats, stream, wandering, weekly_memory
from attribution_models.worlds.mix_response import carried, lag_weights, saturated
from attribution_models.worlds.mix_spend import delivered, prices_of, spend_of
from attribution_models.worlds.mix_world import MixWorld


@dataclass(frozen=True, slots=True, eq=False)
class MixMarket:
    """What was drawn for one world, noise aside; N periods are lived, the window is ``world.window``.

    Nothing here asks where spend came from: a world that is seen as journeys too can make a market of its own spend.

    Attributes
    ----------
    world : MixWorld
    dates : array (N,) of datetime64[D]
    baseline : Baseline
    spend : array (G, N, C)
        Money; of organic media a thousandth of the exposures.
    price : array (G, N, C)
        Money per exposure; `spend` / `price` are whole exposures.
    effects : array (G, C)
        β_gc: outcome per person and period at full saturation.
    units : array (C,)
        Exposures per person and period at which a = 1.
    revenue : array (N,)
        Revenue per outcome; ones where the outcome is revenue.
    """

    world: MixWorld
    dates: NDArray[np.datetime64]
    baseline: Baseline
    spend: Floats
    price: Floats
    effects: Floats
    units: Floats
    revenue: Floats

    @property
    def exposure(self) -> Floats:
        """Whole exposures, (G, N, C)."""
        return np.rint(self.spend / self.price)

    @property
    def geos(self) -> tuple[str, ...]:
        """Names of the geos."""
        width = max(2, len(str(self.world.geos)))
        return tuple(f"geo-{g + 1:0{width}d}" for g in range(self.world.geos))

    def mean(self, spend: Floats | None = None, promo: Floats | None = None) -> Floats:
        """Mean outcome μ by geo and period, (G, N), under another spend (G, N, C) or other promotions (G, N).

        Prices stay what they are: exposure = spend / price.
        """
        bought = (self.spend if spend is None else spend) / self.price
        people = self.baseline.population[:, None]
        total = self.baseline.mean(self.baseline.promo if promo is None else promo)
        for c, channel in enumerate(self.world.channels):
            weights = lag_weights(channel.adstock, self.world.l_max)
            a = carried(bought[:, :, c] / people / self.units[c], weights)
            total = total + people * self.effects[:, c, None] * saturated(channel.saturation, a)
        return total


@lru_cache(maxsize=8)
def market_of(world: MixWorld) -> MixMarket:
    """Draw the market of a description; equal descriptions give equal arrays, which cannot be written to."""
    baseline = baseline_of(world)
    spend = spend_of(world, baseline.demand, baseline.population)
    _, price = delivered(spend, prices_of(world))
    units = np.array([c.spend / world.per_week / c.cpm * 1000 for c in world.channels])
    market = MixMarket(world, dates(world), baseline, spend, price, _effects(world), units, _revenue(world))
    for array in (*baseline.arrays, spend, price, market.effects, units, market.revenue, market.dates):
        array.setflags(write=False)
    return market


def expected_outcome(world: MixWorld | MixMarket, spend: Floats, first: int = 0) -> Floats:
    """True mean outcome under a plan of spend, without noise; what a planner is scored against.

    Parameters
    ----------
    world : MixWorld or MixMarket
    spend : array (G, n, C)
        Money by geo, period and paid channel (in the order of ``world.paid``) for periods first … first + n − 1.
        Everywhere else spend, and all organic exposure, is what it was.
    first : int
        Period at which the plan begins, from the window's start; the window and ``world.future`` can be planned.

    Returns
    -------
    array (G, n + l_max − 1)
        μ in units of the outcome, from `first` until what the plan carries over is spent.

    Raises
    ------
    ValueError
        Where the plan's shape does not fit the world, or money is negative or not a number.
    """
    market = world if isinstance(world, MixMarket) else market_of(world)
    made = market.world
    plan = np.asarray(spend, dtype=np.float64)
    _check_plan(made, plan, first)
    start = made.l_max + first
    all_spend = market.spend.copy()
    paid = [c for c, channel in enumerate(made.channels) if channel.paid]
    all_spend[:, start : start + plan.shape[1], paid] = plan
    return market.mean(all_spend)[:, start : start + plan.shape[1] + made.l_max - 1]


def _check_plan(world: MixWorld, plan: Floats, first: int) -> None:
    most = world.periods + world.future
    wanted = (world.geos, "n", len(world.paid))
    if plan.ndim != 3 or plan.shape[0] != wanted[0] or plan.shape[2] != wanted[2]:
        raise ValueError(f"A plan is (geos, periods, paid channels) = {wanted}; got {plan.shape}.")
    if first < 0 or first + plan.shape[1] > most:
        raise ValueError(
            f"The plan covers periods {first} to {first + plan.shape[1]}; the world has {most}. "
            "A world with more `future` can be planned further."
        )
    if not (np.isfinite(plan).all() and (plan >= 0).all()):
        raise ValueError("A plan's money must be 0 or more everywhere, and finite.")


def _effects(world: MixWorld) -> Floats:
    """β_gc = share · level / h(1) · exp(η z_gc), (G, C); exactly 0 for a channel without effect."""
    columns = []
    for channel in world.channels:
        z = stream(world.seed, f"{channel.name} effect").standard_normal(world.geos) * (world.geos > 1)
        top = channel.share * world.level / world.per_week / saturated(channel.saturation, np.ones(1))[0]
        columns.append(top * np.exp(channel.dispersion * z))
    return np.stack(columns, axis=1)


def _revenue(world: MixWorld) -> Floats:
    """Revenue per outcome by period: drifts by three per cent around its mean, in cents, (N,)."""
    if world.revenue_per_outcome is None:
        return np.ones(world.length)
    z = wandering(stream(world.seed, "revenue").standard_normal(world.length), weekly_memory(0.9, world.per_week))
    return np.maximum(np.round(world.revenue_per_outcome * (1 + 0.03 * z), 2), 0.01)
