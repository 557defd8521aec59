"""Curves: outcome against spend, response against exposure, and weights against time, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.cells import Window
from attribution_models.mix.curve_kernel import curve_values, weight_values
from attribution_models.mix.draw_summary import Summary
from attribution_models.mix.effects import HELD, Effects, longest
from attribution_models.mix.returns import gains

Floats = NDArray[np.float64]
MULTIPLIERS = tuple(float(m) for m in np.round(np.linspace(0.0, 2.0, 21), 1))
# A curve is beyond what was observed where most of its spend would be.
MOSTLY = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class ResponseCurves:
    """Incremental outcome of a channel against its spend in a window: Σ_{W+} μ(m × spend in W) − μ(spend 0 in W).

    Attributes
    ----------
    channels, measures : tuple of str
    window : Window
    multipliers : array (m,)
        1 is what was spent.
    spend : array (C, m)
        In the window; NaN for organic media.
    gain : Summary
        (C, m, measures): as `returns.Returns.incremental` where the multiplier is 1.
    extrapolated : array (C, m)
        Share of the exposure that would lie in periods above the largest one observed in the same geo.
    level : float
    """

    channels: tuple[str, ...]
    measures: tuple[str, ...]
    window: Window
    multipliers: Floats
    spend: Floats
    gain: Summary
    extrapolated: Floats
    level: float

    @property
    def beyond(self) -> NDArray[np.bool_]:
        """Where more than half of the exposure would be above anything observed: no data speak there."""
        return np.asarray(self.extrapolated > MOSTLY)


@dataclass(frozen=True, slots=True, eq=False)
class SaturationCurves:
    """h against exposure that stays the same from period to period; where effects drift, that of their mean.

    Attributes
    ----------
    channels : tuple of str
    exposure : array (C, n)
        Of one period: per geo of average population; for reach and frequency the frequency.
    largest : array (C,)
        The largest observed in the fitted periods; beyond it no data speak.
    response : Summary
        (C, n)
    level : float
    """

    channels: tuple[str, ...]
    exposure: Floats
    largest: Floats
    response: Summary
    level: float


@dataclass(frozen=True, slots=True, eq=False)
class AdstockWeights:
    """Share of an exposure's effect that falls into each period after it.

    Attributes
    ----------
    channels : tuple of str
    weight : Summary
        (C, L), zero after a channel's own l_max.
    level : float
    """

    channels: tuple[str, ...]
    weight: Summary
    level: float


@dataclass(frozen=True, slots=True, eq=False)
class Multipliers:
    """What multiplies the effects of all channels in each period; `TimeVarying` has the formula.

    Attributes
    ----------
    dates : array (T,) of datetime64[D]
    multiplier : Summary
        (T,); its mean over the fitted periods is 1 in every draw.
    level : float
    """

    dates: NDArray[np.datetime64]
    multiplier: Summary
    level: float


def response_curves(
    effects: Effects,
    window: Window | None = None,
    multipliers: tuple[float, ...] = MULTIPLIERS,
    level: float = 0.9,
) -> ResponseCurves:
    """Outcome of each channel at multiples of its spend in a window, all else as it was."""
    window = window or Window.whole(effects.structure.data)
    step = max(HELD // (2 * len(effects.structure.channels) * len(effects.measures) * effects.size), 1)
    parts = []
    for first in range(0, len(multipliers), step):
        found = gains(effects, window, multipliers[first : first + step])
        parts.append(Summary.of(np.moveaxis(found.gain[:, 0].sum(axis=3), 1, 2), level))
    factors = np.array(multipliers)
    return ResponseCurves(
        channels=_names(effects),
        measures=effects.measures,
        window=window,
        multipliers=factors,
        spend=found.spend * factors,
        gain=Summary.joined(parts, 1),
        extrapolated=extrapolated(effects, window, factors),
        level=level,
    )


def extrapolated(effects: Effects, window: Window, multipliers: Floats) -> Floats:
    """Share of multiplied exposure that lies in cells above the largest of their geo, array (C, m)."""
    s = effects.structure
    before = s.data.before
    known = s.data.exposure[:, :, before:]
    inside = known[:, :, window.start : window.end + 1]
    largest = known.max(axis=2, keepdims=True) * (1 + 1e-9)
    total = np.maximum(inside.sum(axis=(1, 2)), 1e-300)
    above = [np.where(m * inside > largest, inside, 0.0).sum(axis=(1, 2)) / total for m in multipliers]
    return np.stack(above, axis=1)


def saturation_curves(effects: Effects, points: int = 41, level: float = 0.9) -> SaturationCurves:
    """Curve h of every channel at exposures from none to twice the largest observed."""
    s = effects.structure
    frequency = np.array([channel.frequency is not None for channel in s.spec.channels])
    largest = s.media[:, :, s.data.before :].max(axis=(1, 2))
    grid = largest[:, None] * np.linspace(0.0, 2.0, points)
    out = np.empty((len(s.channels), points, effects.size))

    def work(first: int, last: int) -> None:
        curve_values(effects.parameters, effects.channel, grid, out, first, last)

    effects.over_draws(work)
    unit = np.where(frequency, 1.0, s.scales.media)
    return SaturationCurves(_names(effects), grid * unit[:, None], largest * unit, Summary.of(out, level), level)


def adstock_weights(effects: Effects, level: float = 0.9) -> AdstockWeights:
    """Lag weights of every channel."""
    out = np.empty((len(effects.structure.channels), longest(effects.structure), effects.size))

    def work(first: int, last: int) -> None:
        weight_values(effects.parameters, effects.channel, out, first, last)

    effects.over_draws(work)
    return AdstockWeights(_names(effects), Summary.of(out, level), level)


def multipliers(effects: Effects, level: float = 0.9) -> Multipliers:
    """What multiplies the effects of all channels in each period of the panel."""
    dates = effects.structure.data.dates
    return Multipliers(dates, Summary.of(effects.multiplier[:, : len(dates)].T, level), level)


def _names(effects: Effects) -> tuple[str, ...]:
    return tuple(channel.name for channel in effects.structure.spec.channels)
