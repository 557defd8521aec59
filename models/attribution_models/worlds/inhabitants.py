"""Who lives in a path world: its rules as arrays, and what its people bring along."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.draws import streams, uniforms
from attribution_models.worlds.life_state import People, Rules
from attribution_models.worlds.lives import DRAWS_PER_DAY, SUBSCRIBERS, VISITORS
from attribution_models.worlds.market import PathWorld
from attribution_models.worlds.path_tables import Traits

_TRAITS = 2**40 * DRAWS_PER_DAY  # draws before the first day, far from those of any day
_HOLDOUTS = _TRAITS + 64
_AUDIENCES = {"everyone": 0, "visitors": VISITORS, "subscribers": SUBSCRIBERS}
# Needs by day of the week, Monday first, mean 1.
_WEEK = np.array([0.95, 0.9, 0.9, 0.95, 1.0, 1.1, 1.2])


def rules_of(world: PathWorld) -> Rules:
    """Lay out the world as arrays."""
    channels = world.channels
    names = [c.name for c in channels]
    boost = np.zeros((len(channels), len(channels)))
    for s in world.synergies:
        boost[names.index(s.earlier), names.index(s.later)] += s.boost
    days = (world.first_day.weekday() + np.arange(world.days)) % 7
    return Rules(
        push=np.array([c.push for c in channels]),
        pull=np.array([c.pull for c in channels]),
        effect=np.array([c.effect for c in channels]),
        click_effect=np.array([c.click_effect for c in channels]),
        click_rate=np.array([c.click_rate for c in channels]),
        awareness=np.array([c.awareness for c in channels]),
        doors=np.cumsum([0.0 if world.observed else c.door for c in channels]),
        audience=np.array([_AUDIENCES[c.audience] for c in channels], dtype=np.int64),
        is_visit=np.array([c.contact == "visit" for c in channels]),
        navigational=np.array([c.navigational for c in channels]),
        boost=boost,
        weekday=_WEEK[days],
        pressure=np.array(world.pressure or np.ones((world.days, len(channels)))),
        need_channel=names.index(world.need_channel) if world.observed else -1,
        need_decay=world.need_decay,
        lift_decay=world.lift_decay,
        awareness_decay=world.awareness_decay,
        exposure_decay=world.exposure_decay,
        base_odds=world.base_odds,
        buying_odds=world.buying_odds,
        satisfied=world.satisfied,
        tired_after=world.tired_after,
        visitor_days=world.visitor_days,
        online_streak=world.online_streak,
        online_buying=0.0 if world.observed else world.online_buying,
    )


def people_of(world: PathWorld, run: int) -> People:
    """Draw the people of one run of the world, each from a stream of his or her own."""
    n, keys = world.people, streams(world.seed, run, world.people)
    u = [uniforms(keys, _TRAITS + k) for k in range(12)]
    factor = np.ones(n) if world.observed else 4.0 * u[1] * u[1] * u[1]
    before = u[4] < world.customers_before * factor
    # Needs of the days before the window, where they leave no record.
    opening = (u[3] < 6.0 * world.need_per_day * factor) * u[11]
    late, early = u[7] < world.late_entry, u[8] < world.early_exit
    enter = np.where(late, (world.days * u[7] / max(world.late_entry, 1e-9) / 2).astype(np.int64), 0)
    stay = np.where(early, (world.days * (1.0 - u[8] / max(world.early_exit, 1e-9) / 2)).astype(np.int64), world.days)
    return People(
        key=keys,
        activity=0.2 + 0.7 * u[0],
        need=world.need_per_day * factor,
        response=np.ones(n) if world.observed else 2.0 * u[2],
        opening=np.zeros(n) if world.observed else opening,
        basket=100.0 * world.mean_basket * (0.4 + 1.2 * u[9]),
        customer=before,
        subscriber=u[6] < 0.6,
        enter=enter,
        leave=np.maximum(stay, enter + 1),
        held=_held_out(world, keys),
    )


def _held_out(world: PathWorld, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Randomise, for each tested channel apart."""
    held = np.zeros((keys.size, len(world.channels)), np.bool_)
    for c, channel in enumerate(world.channels):
        if channel.name in world.tested:
            held[:, c] = uniforms(keys, _HOLDOUTS + c) < world.held_out
    return held


def traits_of(people: People) -> Traits:
    """What the customers table shows of people; days before the window are negative."""
    since = uniforms(people.key, _TRAITS + 5)
    first = np.where(people.customer, -1.0 - np.floor(1000.0 * since * since), np.nan).astype(np.float32)
    consent = np.where(people.subscriber, 0, 1 + (uniforms(people.key, _TRAITS + 10) < 0.5))
    return Traits(
        activity=people.activity.astype(np.float32),
        need=people.need.astype(np.float32),
        response=people.response.astype(np.float32),
        opening=people.opening.astype(np.float32),
        basket=(people.basket / 100.0).astype(np.float32),
        first_purchase=first,
        last_purchase=first,
        consent=consent.astype(np.int64),
    )
