"""Shapley values of the set game, in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled, read_only
from attribution_models.paths.credit import PathCredit, placed
from attribution_models.paths.encoded import PathBlock, Paths, map_blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapley:
    """Shapley value of the game "conversions that a set of channels can reach by itself".

    v(S) = Σ_{T ⊆ S} R(T), with R(T) the conversions (value) of journeys whose set of channels is
    exactly T. Its Shapley value is

        φ_a = Σ_{T ∋ a} R(T) / |T|,

    in plain words: each conversion, and its value, is split equally over the distinct channels of
    its journey. Exact for any number of channels; no subsets are enumerated.

    The game reads converting journeys only. It uses no nulls, so a channel that sits in many journeys
    that fail loses nothing: a rule in the dress of a game. Other systems call other games "Shapley"
    (conversion rates of exact sets, leave-one-out, a learned response); their numbers differ.

    References
    ----------
    K. Zhao, S. H. Mahboobi, S. R. Bagheri, "Shapley Value Methods for Attribution Modeling in Online
    Advertising", 2018, arXiv:1804.05327.
    """

    @property
    def name(self) -> str:
        """Name of the fit."""
        return "shapley"

    def fit(self, paths: Paths, *, threads: int | None = None) -> ShapleyFit:
        """Fit in one scan of the converting journeys; threads never change a bit of the result."""
        size = len(paths.channels)
        credit = np.zeros((2, size))
        totals = np.zeros(4)
        for block_credit, block_totals in map_blocks(paths, lambda block: _credit(*_columns(block), size), threads):
            credit += block_credit
            totals += block_totals
        return ShapleyFit(self, placed(credit, totals))


@dataclass(frozen=True, slots=True, eq=False)
class ShapleyFit:
    """Shapley values of journeys.

    Attributes
    ----------
    spec : Shapley
        The model.
    credit : PathCredit
        Credit per channel.
    """

    spec: Shapley
    credit: PathCredit

    @property
    def name(self) -> str:
        """Name of the fit."""
        return self.spec.name

    def touch_credits(
        self, paths: Paths, *, threads: int | None = None
    ) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Yield per block the credit of every touch, conversions and value (the ordered form).

        A touch of channel a gets 1 / (distinct channels of the journey × touches of a in it).
        """
        size = len(paths.channels)
        return map_blocks(paths, lambda block: _credit_touches(*_columns(block), size), threads)


def _columns(
    block: PathBlock,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    return (
        read_only(block.offsets),
        read_only(block.channels),
        read_only(block.conversions),
        read_only(block.value),
    )


@compiled
def _credit(
    offsets: NDArray[np.int64],
    channels: NDArray[np.int32],
    conversions: NDArray[np.float64],
    value: NDArray[np.float64],
    size: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    credit = np.zeros((2, size))
    totals = np.zeros(4)
    # The journey that saw a channel last: tells distinct channels without clearing a set each time.
    stamp = np.full(size, -1, dtype=np.int64)
    distinct = np.empty(size, dtype=np.int64)
    for j in range(offsets.size - 1):
        c = conversions[j]
        v = value[j]
        if c == 0.0 and v == 0.0:
            continue
        totals[2] += c
        totals[3] += v
        if offsets[j] == offsets[j + 1]:
            totals[0] += c
            totals[1] += v
            continue
        count = 0
        for i in range(offsets[j], offsets[j + 1]):
            channel = channels[i]
            if stamp[channel] != j:
                stamp[channel] = j
                distinct[count] = channel
                count += 1
        for i in range(count):
            credit[0, distinct[i]] += c / count
            credit[1, distinct[i]] += v / count
    return credit, totals


@compiled
def _credit_touches(
    offsets: NDArray[np.int64],
    channels: NDArray[np.int32],
    conversions: NDArray[np.float64],
    value: NDArray[np.float64],
    size: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    by_conversion = np.zeros(channels.size)
    by_value = np.zeros(channels.size)
    stamp = np.full(size, -1, dtype=np.int64)
    touches = np.zeros(size, dtype=np.int64)
    for j in range(offsets.size - 1):
        if conversions[j] == 0.0 and value[j] == 0.0:
            continue
        distinct = 0
        for i in range(offsets[j], offsets[j + 1]):
            channel = channels[i]
            if stamp[channel] != j:
                stamp[channel] = j
                touches[channel] = 0
                distinct += 1
            touches[channel] += 1
        for i in range(offsets[j], offsets[j + 1]):
            weight = 1.0 / (distinct * touches[channels[i]])
            by_conversion[i] = conversions[j] * weight
            by_value[i] = value[j] * weight
    return by_conversion, by_value
