"""The mix worlds: nine markets seen as weeks or days.

Form, numbers and seeds were fixed from the process alone, before any model was fitted to these worlds, and are not
changed to suit one; studies use `STUDY_SEEDS`, and tests other seeds. Effects are chosen, not estimated from any firm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from attribution_models.worlds.mix_channel import MixChannel, TrueAdstock, TrueSaturation
from attribution_models.worlds.mix_world import MixExperiment, MixWorld

STUDY_SEEDS = tuple(range(2001, 2041))
NULL_CHANNEL = "display"
SHORTEST = 26  # weeks: all tests of a preset fit

_CHANNELS: tuple[MixChannel, ...] = (
    MixChannel("tv", 0.018, 0.055, cpm=12.0, pattern="flighting", on=4, off=4, variation=0.25,
               adstock=TrueAdstock("delayed", 0.7, 1.0), saturation=TrueSaturation("logistic", lam=1.0)),
    MixChannel("radio", 0.005, 0.012, cpm=6.0, pattern="flighting", on=3, off=5, variation=0.3,
               adstock=TrueAdstock("geometric", 0.4), saturation=TrueSaturation("logistic", lam=1.2)),
    MixChannel("search", 0.010, 0.045, "clicks", cpm=800.0, variation=0.35,
               adstock=TrueAdstock("geometric", 0.15), saturation=TrueSaturation("hill", kappa=1.2)),
    MixChannel("social", 0.012, 0.035, cpm=8.0, variation=0.5,
               adstock=TrueAdstock("geometric", 0.35), saturation=TrueSaturation("logistic", lam=1.5)),
    MixChannel("display", 0.006, 0.008, cpm=3.0, pattern="seasonal", variation=0.4,
               adstock=TrueAdstock("geometric", 0.3), saturation=TrueSaturation("logistic", lam=1.0)),
    MixChannel("video", 0.008, 0.025, "views", cpm=20.0, pattern="flighting", on=6, off=3, variation=0.3,
               adstock=TrueAdstock("geometric", 0.55), saturation=TrueSaturation("hill", kappa=1.0, slope=1.5)),
    MixChannel("newsletter", 0.0004, 0.015, "sends", cpm=1.0, paid=False, variation=0.4,
               adstock=TrueAdstock("geometric", 0.2), saturation=TrueSaturation("logistic", lam=0.8)),
)  # fmt: skip

# A holdout for four channels, one heavier plan, and a second look at search; none begins later than fits 26 weeks.
_EXPERIMENTS: tuple[MixExperiment, ...] = (
    MixExperiment("search holdout", "search", at=0.25, geos=0.5),
    MixExperiment("social holdout", "social", at=0.40, geos=0.5),
    MixExperiment("display holdout", "display", at=0.30, geos=0.5),
    MixExperiment("tv heavier elsewhere", "tv", at=0.35, comparison=1.5, geos=0.5),
    MixExperiment("tv holdout", "tv", at=0.10, geos=0.5, use="validate"),
    MixExperiment("search second holdout", "search", at=0.45, geos=0.5, use="validate"),
)

_WORLD, _ALL = "(world)", "(all channels)"
_MOVE_TOGETHER = {"pattern": "always-on", "variation": 0.08, "together": 0.45}

# What each preset changes: channel name to fields; (world) stands for fields of the world, (all channels) for all.
PRESETS: Mapping[str, Mapping[str, Mapping[str, Any]]] = MappingProxyType({
    # Nothing follows demand; spend varies, noise is small.
    "neutral": {},
    # Media matter little, hardly vary, and the outcome is noisy.
    "weak-signal": {
        _WORLD: {"noise": 0.08},
        _ALL: {"share": 0.3, "variation": 0.4},  # factors
        "tv": {"pattern": "always-on"},
        "radio": {"pattern": "always-on"},
        "video": {"pattern": "always-on"},
    },
    # Four channels are bought by one plan: their spend correlates above 0.9.
    "collinear": {"tv": _MOVE_TOGETHER, "radio": _MOVE_TOGETHER, "social": _MOVE_TOGETHER, "video": _MOVE_TOGETHER},
    # Display follows demand and the season, and does nothing at all.
    "null-channel": {_WORLD: {"recorded": 1.0}, NULL_CHANNEL: {"share": 0.0, "follows": 0.3}},
    # Search, social and display are bought where demand is, half of which no column records.
    "confounded": {
        _WORLD: {"demand": 0.08, "recorded": 0.5},
        "search": {"follows": 0.4},
        "social": {"follows": 0.3, "variation": 0.3},
        "display": {"follows": 0.4},
    },
    # Twenty regions with effects, plans and noise of their own; conversions worth 50 each.
    "geo": {
        _WORLD: {"geos": 20, "level": 0.01, "revenue_per_outcome": 50.0, "noise": 0.08, "shock": 0.01,
                 "residual_memory": 0.3, "spend_variation": 0.4},
    },
    # Days: weekdays matter, carry-over lasts four weeks, conversions are counted.
    "daily": {
        _WORLD: {"period": "day", "l_max": 28, "level": 0.01, "revenue_per_outcome": 50.0, "noise": 0.06,
                 "noise_kind": "overdispersed"},
    },
    # Spend is far up the curves: another unit adds next to nothing, though the channels matter.
    "saturated": {
        "tv": {"saturation": TrueSaturation("logistic", lam=6.0)},
        "radio": {"saturation": TrueSaturation("logistic", lam=5.0)},
        "search": {"saturation": TrueSaturation("hill", kappa=0.25)},
        "social": {"saturation": TrueSaturation("logistic", lam=6.0)},
        "display": {"saturation": TrueSaturation("logistic", lam=5.0)},
        "video": {"saturation": TrueSaturation("hill", kappa=0.3, slope=1.5)},
    },
    # A year and a half.
    "short": {_WORLD: {"bends": ()}},
})  # fmt: skip
_WEEKS = {"short": 78, "daily": 104}
_USUAL_WEEKS = 156


def preset(name: str, seed: int = 1, weeks: int | None = None, geos: int | None = None) -> MixWorld:
    """Describe one of the worlds.

    Parameters
    ----------
    name : str
        A key of `PRESETS`.
    seed : int
    weeks, geos : int, optional
        Length of the window and number of geos; None: the preset's own (156 weeks, ``daily`` 104, ``short`` 78;
        1 geo, ``geo`` 20).

    Raises
    ------
    ValueError
        Where the name is unknown or the numbers make no world.
    """
    if name not in PRESETS:
        raise ValueError(f"No preset {name!r}; there are {', '.join(PRESETS)}.")
    length = _WEEKS.get(name, _USUAL_WEEKS) if weeks is None else weeks
    if length < SHORTEST:
        raise ValueError(f"A preset needs {SHORTEST} weeks or more, so that its tests fit; got {length}.")
    changes = PRESETS[name]
    fields: dict[str, Any] = {"bends": ((0.5, -0.06),), "experiments": _EXPERIMENTS, **changes.get(_WORLD, {})}
    if geos is not None:
        fields["geos"] = geos
    per_week = 7 if fields.get("period") == "day" else 1
    channels = tuple(_channel(c, changes, per_week) for c in _CHANNELS)
    return MixWorld(name, seed, channels, periods=length * per_week, **fields)


def _channel(channel: MixChannel, changes: Mapping[str, Mapping[str, Any]], per_week: int) -> MixChannel:
    factors = {k: getattr(channel, k) * v for k, v in changes.get(_ALL, {}).items()}
    made = replace(channel, **factors)
    made = replace(made, **changes.get(channel.name, {}))
    if per_week == 1:
        return made
    old = made.adstock
    # A day forgets the seventh root of what a week forgets; a delay lasts as long.
    alpha = round(old.alpha ** (1 / per_week**2 if old.kind == "delayed" else 1 / per_week), 3)
    return replace(made, adstock=TrueAdstock(old.kind, alpha, old.theta * per_week))
