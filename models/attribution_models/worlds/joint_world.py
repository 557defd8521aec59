"""One market seen twice: as paths of people, and as weekly spend beside weekly conversions.

The people of `lives` live in it; how hard each paid channel is pushed changes from week to week, so that spend has
something to tell. With w the week, c a paid channel, and independent standard normal ε:

    a_wc = carry · a_{w−1,c} + √(1 − carry²) · ε,   pressure_wc = 0 with probability `pause`, else exp(spread · a_wc − spread² / 2)

A channel's contacts of every day of the week come about `pressure` times as readily; pulled contacts (search) follow
intent besides, so that their spend also follows demand, as it does in a shop. Owned ways in are as they always are.

*TV* is an ad like the others whose contacts no log holds: its touches are taken out of the touchpoints, its spend stands
in the panel. One channel has a ghost-ad holdout over the whole window: the lift test.

Truth per paid channel: conversions with it less conversions without it from the first day to the last, the touches of
the others regenerated (`path_truth`, ``total``). Nothing is carried into the window.

The form, the numbers and the seeds were fixed from the process alone, before anything was reconciled on it: studies
use `STUDY_SEEDS`, and what is chosen is chosen on `TUNING_SEEDS`. Odd seeds have intent observed, even ones latent.
"""  # noqa: E501

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.market import Intent, PathChannel, PathWorld
from attribution_models.worlds.path_devices import Columns
from attribution_models.worlds.path_tables import SimulatedTables
from attribution_models.worlds.paths import Truth, preset, simulate

Floats = NDArray[np.float64]
STUDY_SEEDS = tuple(range(3001, 3021))
TUNING_SEEDS = tuple(range(2901, 2907))
OFFLINE = "TV"
TESTED = "Online video"
BASE = "synergy"  # its channels; the synergies themselves are left out
TV = PathChannel(OFFLINE, "paid", "impression", push=0.03, effect=0.10, cpm=20.0, awareness=0.1, campaigns=("spot",))


@dataclass(frozen=True, slots=True)
class JointWorld:
    """Description of a joint market.

    Attributes
    ----------
    seed, people, weeks : int
    held_out : float
        Share of people whom the tested channel does not reach.
    carry, spread, pause : float
        Of the weekly pressure, above.
    """

    seed: int
    people: int = 8_000
    weeks: int = 104
    held_out: float = 0.2
    carry: float = 0.5
    spread: float = 0.6
    pause: float = 0.1

    @property
    def intent(self) -> Intent:
        """Whether intent is a function of what is recorded."""
        return "observed-intent" if self.seed % 2 else "latent-intent"

    @property
    def market(self) -> PathWorld:
        """The market whose lives are lived."""
        plain = preset(BASE, self.intent, people=self.people, seed=self.seed, days=7 * self.weeks)
        channels = (*plain.channels, TV)
        return replace(
            plain, channels=channels, synergies=(), tested=(TESTED,), held_out=self.held_out,
            pressure=tuple(map(tuple, np.repeat(self._pressure(channels), 7, axis=0).tolist())),
        )  # fmt: skip

    def _pressure(self, channels: tuple[PathChannel, ...]) -> Floats:
        """Pressure by week and channel."""
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([self.seed, 2**32 - 3])))
        shocks, off = rng.standard_normal((self.weeks, len(channels))), rng.random((self.weeks, len(channels)))
        state = np.empty_like(shocks)
        state[0] = shocks[0]
        for week in range(1, self.weeks):
            state[week] = self.carry * state[week - 1] + np.sqrt(1 - self.carry**2) * shocks[week]
        level = np.where(off < self.pause, 0.0, np.exp(self.spread * state - self.spread**2 / 2))
        paid = np.array([c.ownership == "paid" for c in channels])
        return np.where(paid, level, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class JointTables:
    """A joint market as tables.

    Attributes
    ----------
    paths : SimulatedTables
        Touches without those of TV, conversions, customers, assignments, observations.
    panel : mapping of str to array
        ``date`` (Mondays or whatever day the window begins on), ``conversions``, and the spend of each paid channel.
    truth : mapping of str to float
        Incremental conversions of each paid channel.
    """

    paths: SimulatedTables
    panel: Columns
    truth: dict[str, float]


def simulate_joint(world: JointWorld) -> JointTables:
    """Live the market once as it is and once without each channel, and tabulate it both ways."""
    market = world.market
    truths: tuple[Truth, ...] = ("total",)
    tables = simulate(market, truths)
    paid = {market.channels[i].name for i in market.paid}
    rows = zip(tables.truth["channel"], tables.truth["conversions"], strict=True)
    truth = {str(c): float(lost) for c, lost in rows if c in paid}
    seen = tables.touchpoints["channel"] != OFFLINE
    touches = {name: column[seen] for name, column in tables.touchpoints.items()}
    return JointTables(replace(tables, touchpoints=touches), _panel(world, tables), truth)


def _panel(world: JointWorld, tables: SimulatedTables) -> Columns:
    """Conversions and spend by week."""
    first = np.datetime64(world.market.first_day, "D")

    def weekly(dates: NDArray[np.datetime64], weights: Floats) -> Floats:
        week = (dates.astype("datetime64[D]") - first).astype(np.int64) // 7
        return np.bincount(week, weights, world.weeks).astype(np.float64)

    spend, bought = tables.spend, tables.conversions["timestamp"]
    panel: dict[str, NDArray[Any]] = {
        "date": first + 7 * np.arange(world.weeks),
        "conversions": weekly(bought, np.ones(bought.size)),
    }
    for channel in dict.fromkeys(spend["channel"].tolist()):
        mine = spend["channel"] == channel
        panel[str(channel)] = weekly(spend["date"][mine], spend["spend"][mine])
    return panel
