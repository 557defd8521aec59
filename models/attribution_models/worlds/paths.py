"""The path worlds as tables, with several truths: `simulate(preset("synergy", "latent-intent"))`."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from attribution_models.worlds.inhabitants import traits_of
from attribution_models.worlds.lived import LivedWorld
from attribution_models.worlds.lives import DAY
from attribution_models.worlds.market import INTENTS, Intent, PathChannel, PathWorld, Synergy
from attribution_models.worlds.path_devices import Columns
from attribution_models.worlds.path_tables import Events, SimulatedTables, label_stream, labels, tables_at, timestamps
from attribution_models.worlds.path_truth import TRUTHS, PathTruth, Truth, true_effects
from attribution_models.worlds.presets import NULL_CHANNEL, PRESETS, STUDY_SEEDS, preset

__all__ = [
    "INTENTS", "NULL_CHANNEL", "PRESETS", "STUDY_SEEDS", "TRUTHS", "Intent", "PathChannel", "PathTruth", "PathWorld",
    "SimulatedTables", "Synergy", "Truth", "preset", "simulate", "true_effects",
]  # fmt: skip


def simulate(
    world: PathWorld,
    truths: Collection[Truth] = ("all-off", "total", "direct"),
    *,
    runs: int = 1,
    permutations: int = 32,
) -> SimulatedTables:
    """Run the world once as it is, tabulate it, and find what its channels cause.

    Parameters
    ----------
    world : PathWorld
        The description; `preset` makes one. Equal descriptions give equal tables.
    truths, runs, permutations
        As `path_truth.true_effects` takes them. ``()``: no truth.

    Returns
    -------
    SimulatedTables
        `truth` has the columns of `PathTruth`; `assignments` one row per person and tested channel.
    """
    lived = LivedWorld(world)
    truth = true_effects(world, truths, runs=runs, permutations=permutations, lived=lived)
    log, people = lived.log, lived.people
    events = Events(
        touch_day=log.at // DAY,
        touch_person=log.person,
        touch_channel=log.channel,
        clicked=log.clicked,
        door=log.door,
        buy_day=log.buy_at // DAY,
        buyer=log.buyer,
        cents=log.cents,
    )
    return tables_at(
        world,
        events,
        (log.at % DAY, log.buy_at % DAY),
        traits_of(people),
        truth.columns(),
        (people.enter, people.leave),
        label_stream(world.seed),
        _assignments(lived),
        world.shared_devices,
    )


def _assignments(lived: LivedWorld) -> Columns:
    """Everybody in each experiment, assigned on entering; a ghost is an ad withheld that would have been shown."""
    world, people = lived.world, lived.people
    tested = np.array([c for c, channel in enumerate(world.channels) if channel.name in world.tested], np.int64)
    names = np.array([channel.name for channel in world.channels], dtype=object)[tested]
    experiments = np.array([f"holdout {name}" for name in names], dtype=object)
    held = people.held[:, tested].T.ravel()
    return {
        "experiment": np.repeat(experiments, world.people),
        "unified_id": np.tile(labels("cust", world.people), tested.size),
        "channel": np.repeat(names, world.people),
        "arm": np.array(["exposed", "held_out"], dtype=object)[held.astype(np.int64)],
        "assigned_at": np.tile(timestamps(world, people.enter * DAY), tested.size),
        "ended_at": np.full(held.size, timestamps(world, np.array([world.days * DAY]))[0]),
        "would_be_exposed": lived.log.met[:, tested].T.ravel(),
    }
