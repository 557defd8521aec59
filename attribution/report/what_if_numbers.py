"""The figures of the what-if sliders, from the data that the page has: the page's script works out the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from attribution_models.mix.draw_summary import Summary
from attribution_models.mix.media import MROI_STEP

Floats = NDArray[np.float64]
# Under a log link a plan leaves at least this share of an outcome.
LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its interval."""

    mean: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class WhatIfNumbers:
    """What a plan is expected to bring.

    Attributes
    ----------
    spend : float
        Of all channels with a slider.
    expected : Interval
        Outcome of the window, with what the plan's spend brings after it.
    change : Interval
        Against today's spend; of the same draws, so that what both share does not widen it.
    marginal : tuple of Interval
        What the next 1 % of today's spend of each channel would bring, over what it costs.
    outside : tuple of str
        Channels whose plan leaves the range that the data cover.
    """

    spend: float
    expected: Interval
    change: Interval
    marginal: tuple[Interval, ...]
    outside: tuple[str, ...]


def what_if_numbers(data: Mapping[str, Any], multiples: Sequence[float]) -> WhatIfNumbers:
    """Work out a plan from exported curves.

    With g_c(m) what channel c brings at m times its spend (a monotone cubic through the exported points, Fritsch and
    Carlson 1980), δ_c = g_c(m_c) − g_c(1), and T the expected outcome as spend was, in each draw:

        identity link   outcome = T + Σ δ_c
        log link        outcome = T Π (1 + δ_c / T), exact where one channel changes, close where several do

    The exported draws are some of the posterior's. Means are those of all that the report reads, as means of curves are
    exported too; intervals are of the exported draws, moved to that mean.

    Parameters
    ----------
    data : mapping
        As `attribution.report.chapters.what_if` exports it.
    multiples : sequence of float
        Times today's spend, one for each channel, 0 to ``data["most"]``.
    """
    channels, level, log = data["channels"], float(data["level"]), data["link"] == "log"
    total = np.array(data["total"]["draws"], dtype=float)
    own, now = _changes(data, multiples)
    next_own, following = _changes(data, [m + MROI_STEP for m in multiples])
    plan = _together(total, now, log=log)
    extra = float((plan - total - now.sum(axis=0)).mean())
    change = float(own.sum()) + extra
    marginal = []
    for c, channel in enumerate(channels):
        bumped = now.copy()
        bumped[c] = following[c]
        gained = _together(total, bumped, log=log) - plan
        mean = float(next_own[c] - own[c]) + float((gained - (following[c] - now[c])).mean())
        cost = MROI_STEP * float(channel["spend"])
        marginal.append(_interval(gained / cost, mean / cost, level))
    spend = sum(m * float(c["spend"]) for m, c in zip(multiples, channels, strict=True))
    outside = tuple(c["name"] for m, c in zip(multiples, channels, strict=True) if not c["least"] <= m <= c["reached"])
    expected = _interval(plan, float(data["total"]["mean"]) + change, level)
    return WhatIfNumbers(spend, expected, _interval(plan - total, change, level), tuple(marginal), outside)


def _changes(data: Mapping[str, Any], multiples: Sequence[float]) -> tuple[Floats, Floats]:
    """δ of each channel: of the mean curve (C,), and of each draw (C, D)."""
    grid = np.array(data["multiples"], dtype=float)
    means, draws = [], []
    for channel, m in zip(data["channels"], multiples, strict=True):
        mean = PchipInterpolator(grid, np.array(channel["mean"], dtype=float))
        each = PchipInterpolator(grid, curves(channel, len(grid)), axis=1)
        means.append(mean(m) - mean(1.0))
        draws.append(each(m) - each(1.0))
    return np.array(means), np.array(draws)


def curves(channel: Mapping[str, Any], points: int) -> Floats:
    """Exported draws of a channel's curve, (D, m)."""
    return np.array(channel["draws"], dtype=float).reshape(-1, points) * float(channel["step"])


def _together(total: Floats, changes: Floats, *, log: bool) -> Floats:
    """Outcome of each draw with all changes at once."""
    if not log:
        return np.asarray(total + changes.sum(axis=0))
    return np.asarray(total * np.maximum(1 + changes / total, LEAST).prod(axis=0))


def _interval(draws: Floats, mean: float, level: float) -> Interval:
    """An interval of draws around a mean that is known better than theirs."""
    found = Summary.of(draws - draws.mean() + mean, level)
    return Interval(mean, float(found.lower), float(found.upper))
