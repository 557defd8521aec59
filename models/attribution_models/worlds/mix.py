"""The mix worlds as tables, with their truth: `simulate(preset("confounded", seed=3))`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attribution_models.worlds.mix_channel import MixChannel, TrueAdstock, TrueSaturation
from attribution_models.worlds.mix_lifts import measure
from attribution_models.worlds.mix_market import MixMarket, expected_outcome, market_of
from attribution_models.worlds.mix_noise import observed
from attribution_models.worlds.mix_presets import NULL_CHANNEL, PRESETS, STUDY_SEEDS, preset
from attribution_models.worlds.mix_tables import (
    Columns,
    lifts,
    panel,
    parameters,
    truth,
    truth_by_period,
    truth_curves,
)
from attribution_models.worlds.mix_truth import channel_truth, contributions
from attribution_models.worlds.mix_world import MixExperiment, MixWorld

__all__ = [
    "NULL_CHANNEL", "PRESETS", "STUDY_SEEDS", "MixChannel", "MixExperiment", "MixMarket", "MixWorld", "SimulatedMix",
    "TrueAdstock", "TrueSaturation", "expected_outcome", "market_of", "preset", "simulate",
]  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedMix:
    """Tables of a mix world, column by column; ``docs/formats.md`` names the columns.

    Attributes
    ----------
    market : MixMarket
        The arrays, for other plans: see `expected_outcome`.
    panel, lifts : dict of str to array
        What an analyst has.
    truth, truth_by_period, truth_curves : dict of str to array
        What is true.
    parameters : dict
        Plain data that describe the world and all drawn constants.
    """

    market: MixMarket
    panel: Columns
    lifts: Columns
    truth: Columns
    truth_by_period: Columns
    truth_curves: Columns
    parameters: dict[str, Any]


def simulate(world: MixWorld, *, before: bool = False, after: bool = False) -> SimulatedMix:
    """Draw a market, observe it, test its channels, and find what is true by running it again.

    Parameters
    ----------
    world : MixWorld
        The description; `preset` makes one. Equal descriptions give equal tables.
    before, after : bool
        Whether the panel has rows before and after the window, with media and without outcome.
    """
    market = market_of(world)
    outcome = observed(world, market.mean())
    channels = [channel_truth(market, c) for c in range(len(world.channels))]
    parts = contributions(market, channels, outcome[:, world.window])
    # Where nothing was bought there was nothing to switch off: a test planned for such weeks did not take place.
    measured = [m for m in (measure(market, experiment) for experiment in world.experiments) if m.spend_change]
    return SimulatedMix(
        market=market,
        panel=panel(market, outcome, before, after),
        lifts=lifts(market, measured),
        truth=truth(market, channels, parts),
        truth_by_period=truth_by_period(market, parts),
        truth_curves=truth_curves(market, channels),
        parameters=parameters(market, measured),
    )
