"""Chances of the next step under chains of every order, each fold of customers predicted from the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.compiled import compiled, read_only
from attribution_models.paths.order_steps import Steps

# Weights that cancel leave rounding behind; anything below is a step that nobody took.
NOTHING: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Contexts of m touches. A *gram* is a context with the step after it, a *pair* a gram seen in a fold.

    Only grams of the fold that is held out are ever asked for, so counts by pair say all there is to know:
    a dense table of folds and grams would be several times as large.

    Attributes
    ----------
    gram : int32[pairs]
        Gram of each pair.
    context : int32[grams]
        Context of each gram.
    cell : int32[pairs]
        Number of (fold, context).
    parent : int32[pairs]
        The pair with the same fold and step and a context shorter by one, in the level below.
    contexts, cells : int
        How many there are.
    """

    gram: NDArray[np.int32]
    context: NDArray[np.int32]
    cell: NDArray[np.int32]
    parent: NDArray[np.int32]
    contexts: int
    cells: int


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Levels m = 0, 1, …, K, and where in them the steps are.

    Attributes
    ----------
    levels : tuple of Level
    places : tuple of int32[pairs]
        Per level, the pair of every pair of the highest level.
    pair : int32[n]
        The highest pair of every step.
    symbols : int
        Channels, conversion and null.
    """

    levels: tuple[Level, ...]
    places: tuple[NDArray[np.int32], ...]
    pair: NDArray[np.int32]
    symbols: int

    @property
    def pairs(self) -> int:
        """Pairs of the highest level."""
        return int(self.levels[-1].gram.size)


def levels_of(steps: Steps, channels: int, order: int, folds: int) -> Levels:
    """Levels from the highest down: a shorter context is the remainder of a longer one's number."""
    base, symbols = channels + 1, channels + 2
    keys, gram = np.unique(steps.context * symbols + steps.symbol, return_inverse=True)
    found, pair = np.unique(gram * folds + steps.unit_fold[steps.unit], return_inverse=True)
    levels = []
    for m in range(order, -1, -1):
        gram, fold = np.divmod(found, folds)
        context, symbol = np.divmod(keys, symbols)
        number = np.cumsum(np.diff(context, prepend=context[:1]) != 0)
        cells, cell = np.unique(number[gram] * folds + fold, return_inverse=True)
        keys, shorter = np.unique(context % base ** max(m - 1, 0) * symbols + symbol, return_inverse=True)
        found, parent = np.unique(shorter[gram] * folds + fold, return_inverse=True)
        levels.append(
            Level(_small(gram), _small(number), _small(cell), _small(parent), int(number[-1]) + 1, cells.size)
        )
    upward = tuple(reversed(levels))
    return Levels(upward, _places(upward), _small(pair), symbols)


def held_out(levels: Levels, weight: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """P_m of every pair, its fold held out, for m = 0, …, K: the recursion of ``choose_order``.

    Parameters
    ----------
    levels : Levels
    weight : float64[pairs]
        How often each of the highest pairs was seen.
    """
    seen = [weight]
    for level, below in zip(levels.levels[:0:-1], levels.levels[-2::-1], strict=True):
        seen.append(np.bincount(level.parent, seen[-1], below.gram.size).astype(np.float64, copy=False))
    chances: list[NDArray[np.float64]] = []
    for level, n in zip(levels.levels, reversed(seen), strict=True):
        lower = chances[-1][level.parent] if chances else np.full(n.size, 1 / levels.symbols)
        chances.append(
            _chances(level.gram, level.context, level.cell, level.contexts, level.cells, read_only(n), lower)
        )
    return chances


def _small(numbers: NDArray[np.int64]) -> NDArray[np.int32]:
    return read_only(numbers.astype(np.int32))


def _places(levels: tuple[Level, ...]) -> tuple[NDArray[np.int32], ...]:
    """Per level, the pair of every highest pair."""
    places = [np.arange(levels[-1].gram.size, dtype=np.int32)]
    for level in levels[:0:-1]:
        places.append(level.parent[places[-1]])
    return tuple(reversed(places))


@compiled
def _chances(
    gram: NDArray[np.int32],
    context: NDArray[np.int32],
    cell: NDArray[np.int32],
    contexts: int,
    cells: int,
    n: NDArray[np.float64],
    lower: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(n(h, x) + D(h) P'(x)) / (n(h) + D(h)), all counts without the pair's own fold."""
    total = np.zeros(context.size)
    for p in range(n.size):
        total[gram[p]] += n[p]
    count, kinds = np.zeros(contexts), np.zeros(contexts)
    for g in range(context.size):
        count[context[g]] += total[g]
        kinds[context[g]] += total[g] > NOTHING
    own, own_kinds = np.zeros(cells), np.zeros(cells)
    for p in range(n.size):
        whole = total[gram[p]]
        own[cell[p]] += n[p]
        own_kinds[cell[p]] += whole > NOTHING and whole - n[p] <= NOTHING
    found = np.empty(n.size)
    for p in range(n.size):
        h = context[gram[p]]
        D = kinds[h] - own_kinds[cell[p]]
        N = count[h] - own[cell[p]]
        found[p] = (total[gram[p]] - n[p] + D * lower[p]) / (N + D) if D > 0.0 else lower[p]
    return found
