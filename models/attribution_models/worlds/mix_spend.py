"""How media are bought: patterns, prices, and targeting that follows demand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.mix_calendar import YEAR, dates
from attribution_models.worlds.mix_chance import Floats, stream, wandering, weekly_memory
from attribution_models.worlds.mix_channel import MixChannel
from attribution_models.worlds.mix_world import MixWorld

_MEMORY = 0.7  # of spend around its pattern, per week
_PRICE_MEMORY = 0.9
_SEASONAL = 0.5  # log amplitude of a seasonal channel
_AUTUMN = 340  # day of the year at which seasonal channels spend most
_LEAST = 0.01  # money: less is not bought


def spend_of(world: MixWorld, demand: Floats, population: NDArray[np.int64]) -> Floats:
    """Money by geo, period and channel, in whole cents, (G, N, C).

    log spend = log(mean · people) + geo + pattern_t + variation_t + together_t + local_gt + follows · z_gt, scaled so
    that the mean per person over window and geos is the channel's.
    """
    together = wandering(stream(world.seed, "together").standard_normal(world.length), _weekly(world, _MEMORY))
    columns = [_channel(world, c, demand, together, population) for c in world.channels]
    return np.stack(columns, axis=2)


def prices_of(world: MixWorld) -> Floats:
    """Money per exposure, which wanders and is the same in all geos, (N, C); organic exposure costs a thousandth."""
    columns = []
    for channel in world.channels:
        z = wandering(_draws(world, channel, "price", (world.length,)), _weekly(world, _PRICE_MEMORY))
        wander = np.exp(channel.price_variation * z)
        columns.append(channel.cpm / 1000 * (wander if channel.paid else np.ones_like(wander)))
    return np.stack(columns, axis=1)


def delivered(spend: Floats, price: Floats) -> tuple[Floats, Floats]:
    """Whole exposures, and the price that was paid for them: spend / exposures, else the asking price."""
    exposure = np.rint(spend / price[None])
    paid = np.where(exposure > 0, spend / np.maximum(exposure, 1), np.broadcast_to(price[None], spend.shape))
    return exposure, paid


def _channel(
    world: MixWorld, channel: MixChannel, demand: Floats, together: Floats, population: NDArray[np.int64]
) -> Floats:
    memory = _weekly(world, _MEMORY)
    own = channel.variation * wandering(_draws(world, channel, "spend", (world.length,)), memory)
    log = np.broadcast_to(own + channel.together * together, demand.shape) + channel.follows * demand
    if world.geos > 1:
        local = wandering(_draws(world, channel, "local spend", demand.shape), memory)
        geo = _draws(world, channel, "geo", (world.geos, 1))
        log = log + world.spend_variation * local + world.spend_dispersion * geo
    relative = _pattern(world, channel) * np.exp(log)
    weight = population / population.sum()
    mean = float((weight[:, None] * relative[:, world.window]).sum(axis=0).mean())
    money = channel.spend / world.per_week * population[:, None] * relative / mean
    return np.where(money < _LEAST, 0.0, np.round(money, 2))


def _pattern(world: MixWorld, channel: MixChannel) -> Floats:
    """Relative spend of the plan, (N,)."""
    if channel.pattern == "seasonal":
        day = (dates(world) - np.datetime64("2000-01-01")).astype(float) - _AUTUMN
        return np.asarray(np.exp(_SEASONAL * np.cos(2 * np.pi * day / YEAR)))
    if channel.pattern == "flighting":
        return _pulses(world, channel)
    return np.ones(world.length)


def _pulses(world: MixWorld, channel: MixChannel) -> Floats:
    """On and off in turn for whole weeks, each one to twice its mean less one, (N,)."""
    rng = stream(world.seed, f"{channel.name} flights")
    weeks: list[float] = []
    needed = -(-world.length // world.per_week)
    on = bool(rng.random() < channel.on / (channel.on + channel.off))
    while len(weeks) < needed:
        most = int(2 * (channel.on if on else channel.off))
        weeks += [float(on)] * int(rng.integers(1, max(most, 2)))
        on = not on
    return np.repeat(np.array(weeks[:needed]), world.per_week)[: world.length]


def _draws(world: MixWorld, channel: MixChannel, purpose: str, shape: tuple[int, ...]) -> Floats:
    return stream(world.seed, f"{channel.name} {purpose}").standard_normal(shape)


def _weekly(world: MixWorld, memory: float) -> float:
    return weekly_memory(memory, world.per_week)
