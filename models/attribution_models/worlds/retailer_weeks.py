"""The retailer's two years of weeks, spend and orders as a media-mix model reads them; the last are those of its logs.

The weeks inside the window are sums of its tables. Those before are lived by the same process (`path_world.live`, the
same description), by other people drawn from the same law: one cohort holds the weeks before, another the window.
How hard each paid channel is pushed then changes from week to week, as in `joint_world`, so that spend has something to
tell. With w the week, c a paid channel, and independent standard normal ε:

    a_wc = carry · a_{w−1,c} + √(1 − carry²) · ε
    pressure_wc = 0 with probability `pause`, else exp(spread · a_wc − spread² / 2)

and a contact comes about that many times as readily. In the window it is 1. The window's people begin at rest, with
nothing carried in, so nothing must be carried out of the weeks before: `DARK` weeks before it no ad is bought, after
which 0.9²¹ = 11 % of what ads had done is left. (Who has decided still comes in by a door, whose clicks cost a little.)
What people want by themselves is not at rest either at the window's begin: its first week is short of about a tenth.
As many weeks as `SETTLE` are lived before the first that is counted.

So the response to spend is one and the same in logs and weeks; the truth of the window is `path_world.simulate`'s.
Form and numbers were fixed from the process alone, before anything was fitted to them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.path_devices import Columns
from attribution_models.worlds.path_tables import Events, SimulatedTables, Traits
from attribution_models.worlds.path_world import CHUNK, Draws, draw, draw_traits, live, lives_of
from attribution_models.worlds.retailer import RetailerWorld

Floats = NDArray[np.float64]
WEEKS, SETTLE, DARK = 104, 6, 3
CARRY, SPREAD, PAUSE = 0.5, 0.6, 0.1
PART = 1024  # people at a time: what they draw in two years fits in about 80 MB
# Streams of their own: those of the window have smaller numbers.
_PRESSURE, _PEOPLE = 2**32 - 4, 2**32 - 5


def weeks_of(world: RetailerWorld, tables: SimulatedTables, weeks: int = WEEKS) -> Columns:
    """Weekly orders and spend; those of the window are sums of `tables`.

    Parameters
    ----------
    world, tables : RetailerWorld, SimulatedTables
        The window and what `path_world.simulate` made of it.
    weeks : int
        In all. They begin on the window's weekday; days of the window after its last whole week are left out.

    Returns
    -------
    mapping of str to array
        ``date`` (first days), ``orders``, ``value`` (of all orders of a week), and the spend of each paid channel.
    """
    inside = world.days // 7
    before = _lived(world, weeks - inside)
    within = _window(world, tables, inside)
    first = np.datetime64(world.first_day, "D") - 7 * (weeks - inside)
    panel: dict[str, NDArray[Any]] = {"date": first + 7 * np.arange(weeks)}
    return panel | {name: np.concatenate([before[name], within[name]]) for name in within}


def _window(world: RetailerWorld, tables: SimulatedTables, weeks: int) -> dict[str, Floats]:
    first = np.datetime64(world.first_day, "D")

    def weekly(dates: NDArray[np.datetime64], amounts: Floats) -> Floats:
        week = (dates.astype("datetime64[D]") - first).astype(np.int64) // 7
        return np.bincount(week, amounts, weeks)[:weeks].astype(np.float64)

    spend, bought = tables.spend, tables.conversions
    found = {
        "orders": weekly(bought["timestamp"], np.ones(len(bought["timestamp"]))),
        "value": weekly(bought["timestamp"], bought["value"]),
    }
    for name in dict.fromkeys(spend["channel"].tolist()):
        mine = spend["channel"] == name
        found[str(name)] = weekly(spend["date"][mine], spend["spend"][mine])
    return found


def _lived(world: RetailerWorld, weeks: int) -> dict[str, Floats]:
    """The weeks before the window."""
    days = 7 * (weeks + SETTLE)
    past = replace(world, days=days, first_day=world.first_day - timedelta(days=days))
    pressure = np.repeat(_pressure(past, weeks + SETTLE), 7, axis=0).astype(np.float32)
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(lambda first: _counted(past, first, pressure), range(0, world.people, PART)))
    orders, cents, contacts = (np.sum(part, axis=0)[SETTLE:] for part in zip(*parts, strict=True))
    listed = np.array([[c.cpm / 1000, c.cpc] for c in world.channels])
    cost = np.round((contacts * listed).sum(axis=2), 2)
    paid = {c.name: cost[:, i] for i, c in enumerate(world.channels) if c.ownership == "paid"}
    return {"orders": orders, "value": cents / 100.0} | paid


def _pressure(world: RetailerWorld, weeks: int) -> Floats:
    """Pressure by week and channel; 1 for channels that nobody pays."""
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([world.seed, _PRESSURE])))
    shape = weeks, len(world.channels)
    state, off = rng.standard_normal(shape), rng.random(shape) < PAUSE
    for week in range(1, weeks):
        state[week] = CARRY * state[week - 1] + np.sqrt(1 - CARRY**2) * state[week]
    level = np.where(off, 0.0, np.exp(SPREAD * state - SPREAD**2 / 2))
    level[weeks - DARK :] = 0.0
    return np.where([c.ownership == "paid" for c in world.channels], level, 1.0)


def _counted(world: RetailerWorld, first: int, pressure: NDArray[np.float32]) -> tuple[Floats, Floats, Floats]:
    """Orders (W,), cents (W,) and contacts (W, channels, 2: seen, clicked) of a chunk of people, by week."""
    people = min(PART, world.people - first)
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence([world.seed, _PEOPLE, first])))
    traits = draw_traits(world, rng).first(people)
    on = np.ones((len(world.channels), people), dtype=np.bool_)
    found = live(world, traits, draw(world, rng, people).pressed(pressure), np.arange(people), on)
    weeks, channels = world.days // 7, len(world.channels)
    cell = ((found.touch_day // 7) * channels + found.touch_channel) * 2 + found.clicked
    contacts = np.bincount(cell, minlength=2 * channels * weeks).reshape(weeks, channels, 2)
    week = found.buy_day // 7
    return (
        np.bincount(week, minlength=weeks).astype(np.float64),
        np.bincount(week, found.cents, weeks).astype(np.float64),
        contacts.astype(np.float64),
    )


def brought_by(world: RetailerWorld, times: dict[str, float], days: range) -> tuple[int, float]:
    """What other spend in the window would really have brought: more orders, and more value, up to its last day.

    The window is lived once more, by the same people with the same chance, where contacts with each channel come about
    `times` as readily on those days.
    """
    pressure = np.ones((world.days, len(world.channels)), np.float32)
    for i, channel in enumerate(world.channels):
        pressure[days.start : days.stop, i] = times.get(channel.name, 1.0)
    orders = cents = 0
    for traits, draws in (lives_of(world, first) for first in range(0, world.people, CHUNK)):
        as_it_was, moved = (_all_on(world, traits, d) for d in (draws, draws.pressed(pressure)))
        orders += moved.buyer.size - as_it_was.buyer.size
        cents += int(moved.cents.sum()) - int(as_it_was.cents.sum())
    return orders, cents / 100.0


def _all_on(world: RetailerWorld, traits: Traits, draws: Draws) -> Events:
    people = traits.activity.size
    return live(world, traits, draws, np.arange(people), np.ones((len(world.channels), people), dtype=np.bool_))
