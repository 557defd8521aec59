"""What a plan brings, channel by channel and draw by draw, set beside another one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.effects import Effects
from attribution_models.mix.media import MROI_STEP
from attribution_models.mix.returns import gains
from attribution_models.plan.flight import Flight
from attribution_models.plan.response import Response

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Draws of what one plan brings; K measures of `Effects.measures`, P channels.

    With μ the mean outcome, W the window, and a channel's one-off effect μ(plan) − μ(its spend 0 inside W only):

    Attributes
    ----------
    spend : array (P,)
    inside, after : array (P, K, D)
        That effect in the window, and in the l_max − 1 periods after it (carry-out).
    carried : array (P, K, D)
        In the window, what spend made before it still brings (carry-in): no plan changes it under the identity link.
    total, total_after, total_carried : array (K, D)
        The same of all channels at once: μ(plan) − μ(none of this money) in the window and after it together, the part
        after it, and in the window what the money of all of them before it still brings. Sums over channels, and under
        the log link what they do together besides.
    marginal : array (P, K, D)
        What one more unit of money brings, spread as the channel's is: by 1 % more, as mROAS.
    """

    spend: Floats
    inside: Floats
    after: Floats
    carried: Floats
    total: Floats
    total_after: Floats
    total_carried: Floats
    marginal: Floats

    @property
    def gain(self) -> Floats:
        """Effect of the money in the window, wherever it falls, (P, K, D)."""
        return self.inside + self.after


def figures(effects: Effects, flight: Flight, z: Floats) -> Figures:
    """Work a plan out with the same counterfactuals as the returns of a fit."""
    planned = with_plan(effects, flight, z)
    found = gains(planned, flight.window)
    gain, carried = found.gain[flight.channels, 0], found.carried[flight.channels, 0]
    spend = flight.by_channel(z)
    more = np.where(spend > 0, MROI_STEP * spend, np.nan)[:, None, None]
    gained = gain[:, :, 0].sum(axis=2)
    sums = gained.sum(axis=0), gain[:, :, 0, 1].sum(axis=0), carried.sum(axis=0)
    total, total_after, total_carried = _together(effects, flight, z) if effects.log else sums
    return Figures(
        spend=spend,
        inside=gain[:, :, 0, 0],
        after=gain[:, :, 0, 1],
        carried=carried,
        total=total,
        total_after=total_after,
        total_carried=total_carried,
        marginal=(gain[:, :, 1].sum(axis=2) - gained) / more,
    )


def with_plan(effects: Effects, flight: Flight, z: Floats) -> Effects:
    """The fit with a plan's media in the window."""
    s, cells = effects.structure, flight.media(z)
    media, reach = s.media.copy(), s.reach.copy()
    start = s.data.before + flight.window.start
    at = slice(start, start + flight.window.size)
    for i, c in enumerate(flight.channels):
        often = s.spec.channels[c].frequency is not None
        (reach if often else media)[c, :, at] = cells[i]
    return replace(effects, structure=replace(s, media=media, reach=reach))


def _together(effects: Effects, flight: Flight, z: Floats) -> tuple[Floats, Floats, Floats]:
    """Effect of all planned money, of it after the window, and of earlier money in the window; by measure, (K, D)."""
    none, found = np.zeros(flight.size), list[tuple[Floats, Floats, Floats]]()
    for measure in range(len(effects.measures)):
        response = Response.of(effects, flight, measure)
        inside, after = response.window, response.carry_out
        found.append((
            response.values(z) - response.base,
            after.values(z) - after.base,
            inside.base - inside.silent.values(none),
        ))  # fmt: skip
    total, total_after, total_carried = (np.stack(parts) for parts in zip(*found, strict=True))
    return total, total_after, total_carried
