"""The path worlds: seven markets, each with intent observed or latent.

Form, numbers and seeds were fixed from the process alone, before any model was fitted to these worlds, and are not
changed to suit one; studies use `STUDY_SEEDS`, and tests other seeds. Effects are chosen, not estimated from any
shop: large enough for holdouts of a tenth of some 20,000 people to see the larger ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from attribution_models.worlds.market import INTENTS, Intent, PathChannel, PathWorld, Synergy

STUDY_SEEDS = tuple(range(1001, 1041))

# How often a contact comes about per day online, and what it does: see `lives` for the process.
_CHANNELS: tuple[PathChannel, ...] = (
    PathChannel("Brand search", "paid", "impression", pull=0.10, click_effect=0.06, click_rate=1.0, cpc=0.35,
                door=0.05, navigational=True, campaigns=("brand exact", "brand broad")),
    PathChannel("Generic search", "paid", "impression", push=0.003, pull=0.10, click_effect=0.30, click_rate=1.0,
                cpc=0.85, campaigns=("category", "long tail", "competitors")),
    PathChannel("Display", "paid", "impression", push=0.03, effect=0.03, click_effect=0.08, click_rate=0.01,
                cpm=14.0, cpc=0.6, campaigns=("interests", "lookalikes")),
    PathChannel("Retargeting", "paid", "impression", push=0.03, pull=0.05, effect=0.03, click_effect=0.06,
                click_rate=0.04, cpm=18.0, cpc=0.7, audience="visitors", campaigns=("viewed products", "cart")),
    PathChannel("Paid social", "paid", "impression", push=0.025, pull=0.01, effect=0.09, click_effect=0.25,
                click_rate=0.04, cpm=25.0, cpc=0.8, campaigns=("spring", "lookalikes", "catalogue")),
    PathChannel("Online video", "paid", "impression", push=0.015, effect=0.18, click_effect=0.30,
                click_rate=0.012, cpm=45.0, cpc=0.9, awareness=0.1, campaigns=("brand film", "short cuts")),
    PathChannel("E-mail", "owned", "impression", push=0.05, effect=0.03, click_effect=0.08, click_rate=0.12,
                audience="subscribers", campaigns=("newsletter", "service")),
    PathChannel("Organic search", "owned", "visit", pull=0.12, door=0.08, navigational=True, campaigns=("",)),
    PathChannel("(direct)", "owned", "visit", push=0.001, pull=0.10, door=0.15, navigational=True,
                campaigns=("",)),
)  # fmt: skip

_UNTARGETED = {"pull": 0.0, "door": 0.0, "audience": "everyone", "navigational": False}

# What each preset changes: channel name to fields; (world) stands for fields of the world.
_WORLD = "(world)"
PRESETS: Mapping[str, Mapping[str, Mapping[str, Any]]] = MappingProxyType({
    # No ad follows intent: contacts differ in number and in what they do, and people in how often they want.
    "neutral": {
        "Brand search": _UNTARGETED | {"push": 0.015},
        "Generic search": _UNTARGETED | {"push": 0.01, "click_effect": 0.25},
        "Display": _UNTARGETED | {"push": 0.06},
        "Retargeting": _UNTARGETED | {"push": 0.04},
        "Paid social": _UNTARGETED | {"push": 0.02},
    },
    # Visitors are followed for two weeks by an ad that adds next to nothing.
    "retargeting-trap": {
        "Retargeting": {"push": 0.20, "pull": 0.30, "effect": 0.004, "click_effect": 0.01},
        "Brand search": {"pull": 0.05, "door": 0.02},
    },
    # Who wants to buy looks for the brand and meets its ad on the way.
    "brand-search-trap": {
        "Brand search": {"pull": 0.60, "click_effect": 0.012, "door": 0.30},
        "Retargeting": {"pull": 0.02},
    },
    # Video and social ads make later clicks and each other work better.
    "synergy": {
        _WORLD: {"synergies": (
            Synergy("Online video", "Generic search", 1.5),
            Synergy("Online video", "Paid social", 1.5),
            Synergy("Paid social", "Online video", 1.0),
            Synergy("Display", "Retargeting", 2.0),
        )},
    },
    # Video, social and display ads open journeys: people look around, and later visits persuade them.
    "upper-funnel": {
        "Online video": {"push": 0.02, "effect": 0.05, "click_effect": 0.10, "awareness": 0.9},
        "Display": {"push": 0.03, "effect": 0.005, "click_effect": 0.02, "awareness": 0.15},
        "Paid social": {"effect": 0.03, "click_effect": 0.10, "awareness": 0.3},
        "Generic search": {"push": 0.0, "pull": 0.15, "click_effect": 0.40},
        "(direct)": {"pull": 0.15, "effect": 0.15},
    },
    # Few buy: an expensive thing.
    "rare-conversions": {
        _WORLD: {"buying_odds": 0.0008, "base_odds": 0.00001, "mean_basket": 1500.0},
    },
    # Display follows intent, stands in many journeys and does nothing at all.
    "null-channel": {
        "Display": {"push": 0.03, "pull": 0.25, "effect": 0.0, "click_effect": 0.0, "awareness": 0.0,
                    "click_rate": 0.0},
    },
})  # fmt: skip
NULL_CHANNEL = "Display"


def preset(name: str, intent: Intent, people: int = 20_000, seed: int = 1, days: int = 120) -> PathWorld:
    """Describe one of the worlds.

    Parameters
    ----------
    name : str
        A key of `PRESETS`.
    intent : {"observed-intent", "latent-intent"}
        Whether intent is a function of what is recorded.
    people, seed, days : int
        Size of the market, seed of all draws, length of the window.

    Returns
    -------
    PathWorld
        Frozen; every paid channel is tested by a holdout of a tenth.
    """
    if name not in PRESETS:
        raise ValueError(f"No preset {name!r}; there are {', '.join(PRESETS)}.")
    if intent not in INTENTS:
        raise ValueError(f"Intent is one of {', '.join(INTENTS)}; got {intent!r}.")
    changes = PRESETS[name]
    channels = tuple(replace(channel, **changes.get(channel.name, {})) for channel in _CHANNELS)
    tested = tuple(channel.name for channel in channels if channel.ownership == "paid")
    world: dict[str, Any] = {"tested": tested, "days": days, **changes.get(_WORLD, {})}
    return PathWorld(name, intent, people, seed, channels, **world)
