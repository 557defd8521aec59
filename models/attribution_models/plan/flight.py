"""How money becomes media: what is decided, and how each decision is spread over weeks and geos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.cells import Window
from attribution_models.mix.effects import Effects
from attribution_models.mix.structure import Structure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Prices of the last year of the panel.
YEAR = 365.25
GRAINS = ("week", "geo")


@dataclass(frozen=True, slots=True, eq=False)
class Flight:
    """Units of decision and the cells (channel, geo, period of the window) that they pay for.

    A unit is a channel; with ``week`` a channel in one period; with ``geo`` a channel in one geo. With z_u the money of
    unit u, the spend of a cell is z_u · share and what acts there (scaled exposure; reach, where there is frequency) is
    z_u · share · price.

    Attributes
    ----------
    window : Window
    channels : array (P,) of int
        The channels that are planned: those with a price. Others stay as they are.
    units : array (U, 3) of int
        Place in `channels`; period of the window, or −1 for all of them; geo, or −1.
    of : array (P, G, W) of int
        Unit of each cell.
    share : array (P, G, W)
        Adds up to 1 in each unit: as the channel's money was spread, evenly where there was none.
    price : array (P, G, W)
        What one unit of money buys: in the cell itself, else in the geo over the last year, else everywhere.
    today : array (U,)
        Money that was spent.
    """

    window: Window
    channels: Ints
    units: Ints
    of: Ints
    share: Floats
    price: Floats
    today: Floats

    @property
    def size(self) -> int:
        """U."""
        return len(self.units)

    def spend(self, z: Floats) -> Floats:
        """Money of each cell, (P, G, W)."""
        return np.asarray(z[self.of] * self.share)

    def media(self, z: Floats) -> Floats:
        """What acts in each cell, (P, G, W)."""
        return self.spend(z) * self.price

    def pull(self, slopes: Floats) -> Floats:
        """Turn derivatives in what acts, (P, G, W), into derivatives in the money of each unit, (U,)."""
        each = slopes * self.share * self.price
        return summed(self.of, each, self.size)

    def by_channel(self, z: Floats) -> Floats:
        """Money of each planned channel, (P,)."""
        return summed(self.units[:, 0], z, len(self.channels))


def flight(effects: Effects, window: Window, by: Sequence[str] = ()) -> Flight:
    """Take units, pattern and prices from what was bought in a window.

    Parameters
    ----------
    by : sequence of str
        ``week`` and ``geo``: decide on each of them; without, money is spread as it was.

    Raises
    ------
    ValueError
        A grain that is none, or no channel with spend.
    """
    unknown = [grain for grain in by if grain not in GRAINS]
    if unknown:
        raise ValueError(f"by: {', '.join(unknown)} is none of {', '.join(GRAINS)}.")
    s = effects.structure
    prices = _prices(s)
    channels = np.flatnonzero(np.isfinite(prices).all(axis=1))
    if not channels.size:
        raise ValueError("No channel of this fit has spend: there is no money to plan.")
    at = slice(window.start, window.end + 1)
    spent = s.data.spend[channels][..., at]
    of, units = _units(s, channels, window.size, by)
    share = _shares(spent, of, len(units), _spread(s, channels))
    bought = acting(s)[channels][..., s.data.before :][..., at]
    price = np.where(spent > 0, bought / np.where(spent > 0, spent, 1.0), prices[channels][:, :, None])
    today = summed(of, spent, len(units))
    return Flight(window, channels, units, of, share, price, today)


def summed(of: Ints, values: Floats, size: int) -> Floats:
    """Sums of values by what they belong to, (size,)."""
    return np.bincount(of.ravel(), values.ravel(), minlength=size).astype(np.float64)


def acting(s: Structure) -> Floats:
    """What more money makes more of, (C, G, P + T): scaled exposure; reach where there is frequency."""
    often = np.array([channel.frequency is not None for channel in s.spec.channels])
    return np.where(often[:, None, None], s.reach, s.media)


def _prices(s: Structure) -> Floats:
    """Scaled exposure per unit of money over the last year, (C, G); NaN where a channel never cost anything."""
    year = slice(max(s.data.spend.shape[2] - round(YEAR / s.data.days), 0), None)
    found = np.full(s.data.spend.shape[:2], np.nan)
    bought, paid = acting(s)[..., s.data.before :], s.data.spend
    for when in (year, slice(None)):
        parts, costs = bought[..., when].sum(axis=2), paid[..., when].sum(axis=2)
        # A geo without spend buys at the price of all geos.
        for b, p in ((parts, costs), (parts.sum(axis=1, keepdims=True), costs.sum(axis=1, keepdims=True))):
            ratio = np.where(p > 0, b / np.where(p > 0, p, 1.0), np.nan)
            found = np.where(np.isnan(found), ratio, found)
    return np.where(found > 0, found, np.nan)


def _units(s: Structure, channels: Ints, periods: int, by: Sequence[str]) -> tuple[Ints, Ints]:
    """Number the units; a national channel is one for all geos."""
    geos, rows = len(s.data.geos), list[tuple[int, int, int]]()
    of = np.empty((len(channels), geos, periods), dtype=np.int64)
    for i, c in enumerate(channels):
        own = "geo" in by and geos > 1 and not s.spec.channels[c].national
        for g in range(geos if own else 1):
            for t in range(periods if "week" in by else 1):
                cells = (i, g if own else slice(None), t if "week" in by else slice(None))
                of[cells] = len(rows)
                rows.append((i, t if "week" in by else -1, g if own else -1))
    return of, np.array(rows, dtype=np.int64)


def _spread(s: Structure, channels: Ints) -> Floats:
    """How a channel's money is spread over geos where it was not spent: as in the whole panel, (P, G, 1)."""
    return np.asarray(s.data.spend[channels].sum(axis=2)[:, :, None])


def _shares(spent: Floats, of: Ints, units: int, spread: Floats) -> Floats:
    """Share of each cell in its unit's money."""
    share = np.zeros(spent.shape)
    done = np.zeros(units, dtype=bool)
    for weight in (spent, np.broadcast_to(spread, spent.shape), np.ones(spent.shape)):
        total = summed(of, weight, units)
        new = (total > 0) & ~done
        share = np.where(new[of], weight / np.where(new, total, 1.0)[of], share)
        done |= new
    return share
