"""What a plan brings in every posterior draw, with exact derivatives in its money."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.curve_kernel import weight_values
from attribution_models.mix.effects import Effects, longest
from attribution_models.mix.nuts import available
from attribution_models.mix.tables import FREQUENCY
from attribution_models.plan.flight import Flight
from attribution_models.plan.response_kernel import outcomes, rest_of_mean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Draws are always cut into as many parts, so that sums do not depend on the number of processors.
PARTS = 16
# Fewer cells (draw, channel, geo, period) than this are quicker done than handed out.
SMALL = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """Outcome as a function of money.

    With W the window, W+ the window and the l_max − 1 periods after it (carry-out), and u what a unit of the mean
    counts as:

        V_d(z) = Σ_{g, t ∈ W+} u_gt μ_dgt(z)      identity link: only the planned channels' part of μ

    What was spent before the window acts on (carry-in), what is spent after it stays as it was (of effects that
    `ahead.carried_on` carries on: as it is taken to be). `base` is V with no money in the window: V − base is what the
    plan brings. Under the log link all of the mean counts, so channels raise what others bring.

    Attributes
    ----------
    flight : Flight
    parameters, beta, lags, channel, media, reach, multiplier, weights, rest, log
        As `response_kernel.outcomes` takes them.
    base : array (D,)
    """

    flight: Flight
    parameters: Floats
    beta: Floats
    lags: Floats
    channel: Ints
    media: Floats
    reach: Floats
    multiplier: Floats
    weights: Floats
    rest: Floats
    log: bool
    base: Floats

    @classmethod
    def of(cls, effects: Effects, flight: Flight, measure: int = -1) -> Response:
        """Cut what is needed out of a fit.

        Parameters
        ----------
        measure : int
            Of `Effects.measures`: what is counted.
        """
        s, lags, c = effects.structure, longest(effects.structure), flight.channels
        before, start, ahead = s.data.before, flight.window.start, flight.window.size + lags - 1
        low = max(before + start - lags + 1, 0)
        media, reach = (np.pad(a, ((0, 0), (0, 0), (0, lags - 1))) for a in (s.media, s.reach))
        rest = _rest(effects, flight, media, reach, ahead) if effects.log else np.zeros((1, 1, 1))
        found = cls(
            flight=flight,
            parameters=effects.parameters,
            beta=np.ascontiguousarray(effects.beta[:, c]),
            lags=_lags(effects, c),
            channel=np.ascontiguousarray(effects.channel[c]),
            media=np.ascontiguousarray(media[c][..., low : before + start + ahead]),
            reach=np.ascontiguousarray(reach[c][..., low : before + start + ahead]),
            multiplier=np.ascontiguousarray(effects.multiplier[:, start : start + ahead]),
            weights=np.ascontiguousarray(effects.weights()[measure][:, start : start + ahead]),
            rest=rest,
            log=effects.log,
            base=np.zeros(effects.size),
        )
        return replace(found, base=found.values(np.zeros(flight.size)))

    @property
    def size(self) -> int:
        """D."""
        return len(self.parameters)

    def some(self, draws: int) -> Response:
        """The same of `draws` evenly spaced draws."""
        if draws >= self.size:
            return self
        kept = np.linspace(0, self.size - 1, draws).astype(int)
        return replace(
            self,
            parameters=np.ascontiguousarray(self.parameters[kept]),
            beta=np.ascontiguousarray(self.beta[kept]),
            lags=np.ascontiguousarray(self.lags[kept]),
            multiplier=self.multiplier[kept] if len(self.multiplier) > 1 else self.multiplier,
            rest=np.ascontiguousarray(self.rest[kept]) if self.log else self.rest,
            base=self.base[kept],
        )

    @property
    def window(self) -> Response:
        """The same without what falls after the window."""
        return self._weighted(slice(self.flight.window.size, None))

    @property
    def carry_out(self) -> Response:
        """The same of what falls after the window alone."""
        return self._weighted(slice(self.flight.window.size))

    def _weighted(self, dropped: slice) -> Response:
        weights = self.weights.copy()
        weights[:, dropped] = 0.0
        found = replace(self, weights=weights)
        return replace(found, base=found.values(np.zeros(self.flight.size)))

    @property
    def silent(self) -> Response:
        """The same, had the planned channels been off before and after the window too."""
        often = (self.channel[:, FREQUENCY] == 1)[:, None, None]
        return replace(self, media=np.where(often, self.media, 0.0), reach=np.where(often, 0.0, self.reach))

    def values(self, z: Floats) -> Floats:
        """V of every draw, (D,)."""
        return self.slope(z, np.zeros(self.size))[0]

    def slope(self, z: Floats, share: Floats) -> tuple[Floats, Floats]:
        """V of every draw, and the derivative of Σ_d share_d V_d in the money of each unit, (U,)."""
        media, reach = self._placed(self.flight.media(z))
        values = np.empty(self.size)
        slopes = np.zeros((PARTS, *self.flight.of.shape))
        edges = np.linspace(0, self.size, PARTS + 1).astype(int)

        def part(i: int) -> None:
            outcomes(
                self.parameters, self.beta, self.lags, self.channel, media, reach, self.multiplier, self.weights,
                self.rest, self.log, share, values, slopes[i], edges[i], edges[i + 1],
            )  # fmt: skip

        if self.size * media.size < SMALL:
            for i in range(PARTS):
                part(i)
        else:
            list(_pool().map(part, range(PARTS)))
        return values, self.flight.pull(slopes.sum(axis=0))

    def _placed(self, cells: Floats) -> tuple[Floats, Floats]:
        """Media and reach with the plan in the window."""
        media, reach = self.media.copy(), self.reach.copy()
        start = media.shape[2] - self.weights.shape[1]
        at = slice(start, start + self.flight.window.size)
        often = self.channel[:, FREQUENCY] == 1
        media[~often, :, at] = cells[~often]
        reach[often, :, at] = cells[often]
        return media, reach


def _lags(effects: Effects, channels: Ints) -> Floats:
    """Weights of carry-over, (D, P, L)."""
    found = np.empty((len(effects.channel), longest(effects.structure), effects.size))
    _over(effects.size, lambda a, b: weight_values(effects.parameters, effects.channel, found, a, b))
    return np.ascontiguousarray(np.moveaxis(found[channels], 2, 0))


def _rest(effects: Effects, flight: Flight, media: Floats, reach: Floats, ahead: int) -> Floats:
    """Logarithm of the mean without the planned channels, (D, G, A)."""
    s, rows = effects.structure, effects.rows
    planned = np.isin(np.arange(len(s.channels)), flight.channels).astype(np.int64)
    out = np.empty((effects.size, len(s.data.geos), ahead))

    def work(first: int, last: int) -> None:
        rest_of_mean(
            effects.parameters, effects.beta, effects.coefficients, effects.channel, media, reach, effects.multiplier,
            rows.layout, rows.values, rows.edges, rows.shift, planned, flight.window.start, s.outcome.shape[1], out,
            first, last,
        )  # fmt: skip

    _over(effects.size, work)
    return out


def _over(size: int, work: Callable[[int, int], None]) -> None:
    edges = np.linspace(0, size, PARTS + 1).astype(int)
    list(_pool().map(work, edges[:-1], edges[1:]))


@cache
def _pool() -> ThreadPoolExecutor:
    """Threads of all evaluations: a search asks hundreds of times."""
    return ThreadPoolExecutor(available())
