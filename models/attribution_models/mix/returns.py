"""Returns of spend in a window: counterfactual ROAS, marginal ROAS and CPA."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.cells import Window
from attribution_models.mix.counterfactual_kernel import counterfactual
from attribution_models.mix.draw_summary import Summary
from attribution_models.mix.effects import HELD, Effects, longest
from attribution_models.mix.media import MROI_STEP

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Gains:
    """Effects of the spend in one window, draw by draw.

    Attributes
    ----------
    window : Window
    multipliers : array (m,)
        What spend in the window is multiplied by; exposure goes with it, and of reach and frequency reach does.
    gain : array (C, groups, measures, m, 2, D)
        μ(multiplied) − μ(channel's spend 0 inside the window only): summed in the window, and in the l_max − 1 periods
        after it. What is spent before and after stays as it was; after the data's end nothing is spent, and under a log
        link the baseline stays what it was in the last period.
    carried : array (C, groups, measures, D)
        μ(channel's spend 0 inside the window only) − μ(channel's spend 0 always), in the window: what earlier spend
        carried in.
    spend : array (C, groups)
        In the window; NaN for channels without.
    """

    window: Window
    multipliers: Floats
    gain: Floats
    carried: Floats
    spend: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Returns:
    """What spend in a window returned; summaries of arrays (C, groups) or (C, groups, measures).

    With μ the mean outcome, W the window, W+ the window and the l_max − 1 periods after it, u revenue per outcome:

        in_window    Σ_W u [μ(actual) − μ(spend 0 inside W only)]
        carried_in   Σ_W u [μ(spend 0 inside W only) − μ(spend 0 always)]
        carried_out  Σ_{W+ ∖ W} u [μ(actual) − μ(spend 0 inside W only)]
        contribution = in_window + carried_in;   incremental = in_window + carried_out
        ROAS         incremental revenue / spend in W
        mROAS        Σ_{W+} u [μ(1.01 × spend inside W) − μ(actual)] / (0.01 × spend in W)
        CPA          spend in W / incremental outcome

    All periods of the window count, also those without an outcome or masked: their spend is in the divisor.

    Attributes
    ----------
    channels, groups, measures : tuple of str
        Groups are geos, or one of all.
    window : Window
    spend : array (C, groups)
    in_window, carried_in, carried_out, contribution, incremental : Summary
        (C, groups, measures)
    roas, mroas : Summary
        (C, groups); NaN without spend, or where the outcome's worth is not known.
    cpa : Summary
        (C, groups); its ends from those of `incremental`, and NaN where that is not above zero; no deviation. NaN where
        the outcome is money.
    level : float
    """

    channels: tuple[str, ...]
    groups: tuple[str, ...]
    measures: tuple[str, ...]
    window: Window
    spend: Floats
    in_window: Summary
    carried_in: Summary
    carried_out: Summary
    contribution: Summary
    incremental: Summary
    roas: Summary
    mroas: Summary
    cpa: Summary
    level: float


def returns(effects: Effects, window: Window | None = None, level: float = 0.9, *, by_geo: bool = False) -> Returns:
    """Returns of every channel's spend in a window (the whole panel without), for all geos together or for each."""
    s = effects.structure
    window = window or Window.whole(s.data)
    geos = len(s.data.geos)
    if not by_geo:
        return _returns(effects, gains(effects, window), ("",), level)
    step = max(HELD // (4 * len(s.channels) * len(effects.measures) * effects.size), 1)
    parts = []
    for first in range(0, geos, step):
        group = np.arange(geos) - first
        group[group >= step] = -1
        names = s.data.geos[first : first + step]
        parts.append(_returns(effects, gains(effects, window, group=np.maximum(group, -1)), names, level))
    return parts[0] if len(parts) == 1 else _joined(parts)


def gains(
    effects: Effects, window: Window, multipliers: tuple[float, ...] = (1.0, 1.0 + MROI_STEP), group: Ints | None = None
) -> Gains:
    """Effects of every channel's spend in a window at multiples of it, draw by draw.

    Parameters
    ----------
    multipliers : tuple of float
    group : array (G,) of int, optional
        Which group each geo is summed in, −1 for none; all in one without.
    """
    s, rows, ahead = effects.structure, effects.rows, longest(effects.structure) - 1
    if window.end >= s.outcome.shape[1]:
        raise ValueError(f"{window} ends after the panel's last period, {s.outcome.shape[1] - 1}.")
    of = np.zeros(len(s.data.geos), dtype=np.int64) if group is None else np.asarray(group, dtype=np.int64)
    media, reach = (np.pad(a, ((0, 0), (0, 0), (0, ahead))) for a in (s.media, s.reach))
    weights, before = effects.weights(), s.media.shape[2] - s.outcome.shape[1]
    lead = (len(s.channels), int(of.max()) + 1, len(effects.measures))
    gain, carried = np.zeros((*lead, len(multipliers), 2, effects.size)), np.zeros((*lead, effects.size))
    factors = np.array(multipliers, dtype=float)

    def work(first: int, last: int) -> None:
        counterfactual(
            effects.parameters, effects.beta, effects.coefficients, effects.channel, media, reach, effects.multiplier,
            rows.layout, rows.values, rows.edges, rows.shift, weights, of, before, window.start, window.end, factors,
            effects.log, gain, carried, first, last,
        )  # fmt: skip

    effects.over_draws(work)
    return Gains(window, factors, gain, carried, spend_in(effects, window, of))


def spend_in(effects: Effects, window: Window, group: Ints) -> Floats:
    """Spend in a window, array (C, groups); NaN for channels without spend."""
    s = effects.structure
    found = np.zeros((len(s.channels), int(group.max()) + 1))
    inside = s.data.spend[:, :, window.start : window.end + 1].sum(axis=2)
    for g in np.flatnonzero(group >= 0):
        found[:, group[g]] += inside[:, g]
    found[[not channel.paid for channel in s.spec.channels]] = np.nan
    return found


def roas_draws(effects: Effects, found: Gains) -> tuple[Floats, Floats]:
    """ROAS and marginal ROAS draw by draw, (C, groups, D); `found` has the multipliers 1 and 1.01 first."""
    nothing = np.full((*found.spend.shape, effects.size), np.nan)
    if not effects.money and "revenue" not in effects.measures:
        return nothing, nothing
    spend = np.where(found.spend > 0, found.spend, np.nan)[:, :, None]
    total = found.gain[:, :, -1].sum(axis=3)
    return total[:, :, 0] / spend, (total[:, :, 1] - total[:, :, 0]) / (MROI_STEP * spend)


def _returns(effects: Effects, found: Gains, groups: tuple[str, ...], level: float) -> Returns:
    inside, after = found.gain[:, :, :, 0, 0], found.gain[:, :, :, 0, 1]
    roas, mroas = roas_draws(effects, found)
    incremental = Summary.of(inside + after, level)
    return Returns(
        channels=tuple(channel.name for channel in effects.structure.spec.channels),
        groups=groups,
        measures=effects.measures,
        window=found.window,
        spend=found.spend,
        in_window=Summary.of(inside, level),
        carried_in=Summary.of(found.carried, level),
        carried_out=Summary.of(after, level),
        contribution=Summary.of(inside + found.carried, level),
        incremental=incremental,
        roas=Summary.of(roas, level),
        mroas=Summary.of(mroas, level),
        cpa=_cpa(effects, found.spend, incremental),
        level=level,
    )


def _cpa(effects: Effects, spend: Floats, incremental: Summary) -> Summary:
    paid = np.where((spend > 0) & (not effects.money), spend, np.nan)

    def over(gained: Floats) -> Floats:
        return paid / np.where(gained[:, :, 0] > 0, gained[:, :, 0], np.nan)

    i = incremental
    return Summary(over(i.mean), over(i.median), over(i.upper), over(i.lower), np.full(spend.shape, np.nan))


def _joined(parts: list[Returns]) -> Returns:
    """Put blocks of geos together."""

    def join(name: str) -> Summary:
        return Summary.joined((getattr(part, name) for part in parts), 1)

    names = ("in_window", "carried_in", "carried_out", "contribution", "incremental", "roas", "mroas", "cpa")
    return Returns(
        channels=parts[0].channels,
        groups=tuple(group for part in parts for group in part.groups),
        measures=parts[0].measures,
        window=parts[0].window,
        spend=np.concatenate([part.spend for part in parts], axis=1),
        **{name: join(name) for name in names},
        level=parts[0].level,
    )
