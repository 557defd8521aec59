"""What may explain that path model and mix model disagree about a channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.credit.grains import DAY
from attribution.journeys.journeys import Journeys
from attribution.mix.stored import effects_of
from attribution.reconcile.matching import Matching
from attribution.reconcile.mix_side import MixSide
from attribution.reconcile.overlap import Overlap
from attribution.reconcile.touch_facts import TouchFacts
from attribution.settings import duration
from attribution_models.mix.curves import adstock_weights

Floats = NDArray[np.float64]
DRAWS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What explains disagreements, by the result's name of a channel.

    Attributes
    ----------
    late : dict of str to float
        Share of its effect that comes after the lookback window.
    viewed : dict of str to bool
        Whether any of its touches is an impression.
    alike : dict of str to (str, float)
        The channel whose spend moves most like its own, and the correlation.
    touches : TouchFacts
        Where its touches stand in journeys.
    marks : mapping of str to str
        Of the mix model.
    lookback : float
        Days.
    estimand : str
        Of the path model.
    """

    late: dict[str, float]
    viewed: dict[str, bool]
    alike: dict[str, tuple[str, float]]
    touches: TouchFacts
    marks: Mapping[str, str]
    lookback: float
    estimand: str


def facts_of(
    side: MixSide, journeys: Journeys, found: Overlap, names: Matching, marks: Mapping[str, str], estimand: str
) -> Facts:
    """Look them up."""
    lookback = duration(journeys.settings.lookback) / DAY
    weights = adstock_weights(effects_of(side.stored, DRAWS)).weight.mean
    lags = np.arange(weights.shape[1]) * side.stored.calendar.days
    late = weights[:, lags >= lookback].sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-300)
    viewed: dict[str, bool] = {}
    for unit in journeys.units:
        name = names.of_path.get(unit.channel, unit.channel)
        viewed[name] = viewed.get(name, False) or unit.interaction in (None, "impression")
    spend = side.spend[:, found.window.start : found.window.end + 1]
    return Facts(
        dict(zip(side.channels, late.tolist(), strict=True)), viewed, dict(_alike(side.channels, spend)),
        TouchFacts.of(journeys, found, names), marks, lookback, estimand,
    )  # fmt: skip


def _alike(channels: Sequence[str], spend: Floats) -> Iterator[tuple[str, tuple[str, float]]]:
    """For each channel the one whose spend goes most along with its own, or most against it."""
    moving = [i for i in range(len(channels)) if np.isfinite(spend[i]).all() and spend[i].std() > 0]
    for i in moving:
        others = [(float(np.corrcoef(spend[i], spend[j])[0, 1]), channels[j]) for j in moving if j != i]
        if others:
            like, name = max(others, key=lambda pair: abs(pair[0]))
            yield channels[i], (name, like)
