"""What each path model adds up in a bootstrap, and how its sums become credit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import local
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled, read_only
from attribution_models.paths.encoded import PathBlock, Paths, take
from attribution_models.paths.markov import Markov, MarkovFit
from attribution_models.paths.registry import PathFit
from attribution_models.paths.resampling_chain import ChainCounts, effects_of_draws
from attribution_models.paths.resampling_sums import Builder, Entries, entries
from attribution_models.paths.resampling_units import Blocks, Units

# Sums that every bootstrap needs: units, observed and untouched conversions and value.
SIZE: Final = 0
OBSERVED: Final = 1
UNTOUCHED: Final = 3
COMMON: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Credit of one model in every replicate.

    Attributes
    ----------
    conversions, value : float64[R, C]
        Credit per channel; value in currency units.
    unattributed_conversions, unattributed_value : float64[R]
        What the model cannot place.
    observed_conversions, observed_value : float64[R]
        Totals of the replicate.
    removal_effect, value_removal_effect : float64[R, C] or None
        From models that remove channels.
    """

    conversions: NDArray[np.float64]
    value: NDArray[np.float64]
    unattributed_conversions: NDArray[np.float64]
    unattributed_value: NDArray[np.float64]
    observed_conversions: NDArray[np.float64]
    observed_value: NDArray[np.float64]
    removal_effect: NDArray[np.float64] | None = None
    value_removal_effect: NDArray[np.float64] | None = None


class Plan(Protocol):
    """A model as sums."""

    @property
    def rows(self) -> int:
        """Number of sums."""

    def entries(self, number: int, block: PathBlock) -> Entries:
        """What the journeys of a block add to them."""

    def draws(self, sums: NDArray[np.float64], common: NDArray[np.float64]) -> Draws:
        """Credit from sums float64[rows, R] and the common sums, both scaled to n units."""


def common_builder(units: Units) -> Builder:
    """Entries of the sums that every bootstrap needs."""

    def build(number: int, block: PathBlock) -> Entries:
        everyone = np.arange(block.conversions.size)
        untouched = np.diff(block.offsets) == 0
        parts = [(SIZE, units.sizes[number])]
        for row, amount in enumerate((block.conversions, block.value)):
            parts += [(OBSERVED + row, amount), (UNTOUCHED + row, amount * untouched)]
        return _stacked([entries(everyone, np.full(everyone.size, row), amount) for row, amount in parts])

    return build


def _stacked(parts: Sequence[Entries]) -> Entries:
    return Entries(
        np.concatenate([part.journey for part in parts]),
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.amount for part in parts]),
    )


def plans_of(fits: Sequence[PathFit], units: Units, threads: int | None = None) -> list[Plan]:
    """How fitted models are bootstrapped."""
    converting = _Converting()
    return [
        chain_plan(fit.spec, units, threads) if isinstance(fit, MarkovFit) else TouchPlan(fit, units.paths, converting)
        for fit in fits
    ]


def chain_plan(spec: Markov, units: Units, threads: int | None = None) -> Plan:
    """How a Markov chain is bootstrapped."""
    channels = len(units.paths.channels)
    if spec.removal == "presence":
        return PresencePlan(channels, spec.nulls)
    return ChainPlan(ChainCounts.of(units.paths, spec.order, spec.nulls, threads), channels)


class _Converting(local):
    """The converting journeys of the block at hand, for all models that read only these."""

    block: PathBlock | None = None
    rows: NDArray[np.int64]
    journeys: PathBlock

    def of(self, block: PathBlock) -> tuple[NDArray[np.int64], PathBlock]:
        """Positions in the block, and the journeys."""
        if self.block is not block:
            self.rows = np.flatnonzero((block.conversions != 0) | (block.value != 0))
            self.journeys = take(block, self.rows)
            self.block = block
        return self.rows, self.journeys


@dataclass(frozen=True, slots=True, eq=False)
class TouchPlan:
    """A model that divides every conversion over its own journey's touches: rules, Shapley.

    Credit is then linear in the journeys' weights: a sum per channel of the credit of its touches.
    """

    fit: PathFit
    paths: Paths
    converting: _Converting

    @property
    def rows(self) -> int:
        """Conversions and value of every channel."""
        return 2 * len(self.paths.channels)

    def entries(self, number: int, block: PathBlock) -> Entries:  # noqa: ARG002 - the protocol's
        """Credit of every touch of the converting journeys."""
        rows, some = self.converting.of(block)
        alone = Blocks(self.paths.channels, self.paths.direct, (some,))
        ((by_conversion, by_value),) = self.fit.touch_credits(alone, threads=1)
        journey = np.repeat(rows, np.diff(some.offsets))
        return _stacked(
            [
                entries(journey, some.channels + row * len(self.paths.channels), amount)
                for row, amount in enumerate((by_conversion, by_value))
            ]
        )

    def draws(self, sums: NDArray[np.float64], common: NDArray[np.float64]) -> Draws:
        """Credit is the sums themselves."""
        conversions, value = sums.reshape(2, -1, sums.shape[1]).swapaxes(1, 2)
        return Draws(conversions, value, *common[UNTOUCHED : UNTOUCHED + 2], *common[OBSERVED : OBSERVED + 2])


@dataclass(frozen=True, slots=True, eq=False)
class PresencePlan:
    """``Markov(removal="presence")``: shares of conversions whose journey holds a channel."""

    channels: int
    nulls: bool

    @property
    def rows(self) -> int:
        """Holding and all, each for conversions and value."""
        return 2 * self.channels + 4

    def entries(self, number: int, block: PathBlock) -> Entries:  # noqa: ARG002 - the protocol's
        """Amounts of journeys with touches and weight, once per channel they hold, and once in all."""
        weight = block.conversions + block.nulls if self.nulls else block.conversions
        inside = (np.diff(block.offsets) > 0) & (weight > 0)
        counted = (block.conversions != 0) | (block.value != 0)
        rows = np.flatnonzero(inside & counted)
        outside = np.flatnonzero(~inside & counted)
        some = take(block, rows)
        once = np.flatnonzero(first_touches(read_only(some.offsets), read_only(some.channels), self.channels))
        journey = np.repeat(rows, np.diff(some.offsets))[once]
        parts = []
        for row, amount in enumerate((block.conversions, block.value)):
            parts.append(entries(journey, some.channels[once] + row * self.channels, amount[journey]))
            for place, which in ((0, rows), (2, outside)):
                at = np.full(which.size, 2 * self.channels + place + row)
                parts.append(entries(which, at, amount[which]))
        return _stacked(parts)

    def draws(self, sums: NDArray[np.float64], common: NDArray[np.float64]) -> Draws:  # noqa: ARG002
        """Shares of conversions, and credit in proportion."""
        holding = sums[: 2 * self.channels].reshape(2, self.channels, -1).swapaxes(1, 2)
        totals, outside = sums[2 * self.channels :].reshape(2, 2, -1)
        effects = np.divide(holding, totals[..., None], out=np.zeros_like(holding), where=totals[..., None] > 0)
        return chain_credit(effects, totals, outside)


@dataclass(frozen=True, slots=True, eq=False)
class ChainPlan:
    """``Markov`` of any order: the counts of the observed chain, weighted, and its removal effects."""

    counts: ChainCounts
    channels: int

    @property
    def rows(self) -> int:
        """Counts of the chain."""
        return self.counts.rows

    def entries(self, number: int, block: PathBlock) -> Entries:  # noqa: ARG002 - the protocol's
        """Starts, steps and ends of every journey."""
        return Entries(*self.counts.entries(block))

    def draws(self, sums: NDArray[np.float64], common: NDArray[np.float64]) -> Draws:  # noqa: ARG002
        """Solve every replicate's chain."""
        start, conversions, nulls, value, weight, outside = self.counts.split(sums)
        effects = effects_of_draws(self.counts.chain, start, conversions, nulls, value, weight, self.channels)
        return chain_credit(effects, np.stack([conversions.sum(axis=0), value.sum(axis=0)]), outside)


def chain_credit(effects: NDArray[np.float64], totals: NDArray[np.float64], outside: NDArray[np.float64]) -> Draws:
    """Credit in proportion to removal effects [2, R, C], of totals [2, R]; what is outside is unattributed."""
    whole = effects.sum(axis=2)
    some = whole > 0
    rate = np.divide(totals, whole, out=np.zeros_like(totals), where=some)
    credit = effects * rate[..., None]
    lost = outside + np.where(some, 0.0, totals)
    seen = totals + outside
    return Draws(credit[0], credit[1], lost[0], lost[1], seen[0], seen[1], effects[0], effects[1])


@compiled
def first_touches(offsets: NDArray[np.int64], channels: NDArray[np.int32], size: int) -> NDArray[np.bool_]:
    """Flag the first touch of every channel in every journey."""
    flags = np.zeros(channels.size, dtype=np.bool_)
    stamp = np.full(size, -1, dtype=np.int64)
    for j in range(offsets.size - 1):
        for i in range(offsets[j], offsets[j + 1]):
            if stamp[channels[i]] != j:
                stamp[channels[i]] = j
                flags[i] = True
    return flags
