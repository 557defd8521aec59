"""What channels of a path world truly cause, from the same lives lived again."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.lived import LivedWorld
from attribution_models.worlds.market import PathWorld
from attribution_models.worlds.path_tables import ALL_MEDIA

Truth = Literal["all-off", "total", "direct", "shapley"]
TRUTHS: tuple[Truth, ...] = get_args(Truth)
_EXACT_PLAYERS = 8  # up to that many, all 2^n coalitions are lived

_Floats = NDArray[np.float64]
_Game = Callable[[frozenset[int]], NDArray[np.int64]]


@dataclass(frozen=True)
class PathTruth:
    """True incremental conversions and value: a table with one row per truth and channel.

    Attributes
    ----------
    truth : array of str
        ``all-off``: all paid channels off at once (channel ``(all media)``); ``total``: one channel off, the
        touches of the others regenerated; ``direct``: one channel off, the touches of the others as they were;
        ``shapley``: the Shapley value of the off-switch game over the paid channels, which adds up to
        ``all-off``.
    channel : array of str
        As in the touchpoints.
    conversions, value : array of float
        Actual less counterfactual, over the window; value in currency. Of one run: whole conversions of these
        very people. Of several: the mean over runs.
    conversions_se, value_se : array of float
        Monte Carlo standard errors. 0 where the number is exact for these very people; of sampled
        permutations, the error of the sampling; of several runs, that of their mean.
    """

    truth: NDArray[np.object_]
    channel: NDArray[np.object_]
    conversions: _Floats
    value: _Floats
    conversions_se: _Floats
    value_se: _Floats

    def columns(self) -> dict[str, NDArray[Any]]:
        """The table by column name."""
        return dict(vars(self))

    def of(self, truth: Truth) -> dict[str, float]:
        """Conversions of one truth by channel."""
        rows = self.truth == truth
        return dict(zip(self.channel[rows].tolist(), self.conversions[rows].tolist(), strict=True))


@dataclass(frozen=True)
class _Rows:
    """One truth: channels, and per channel conversions and cents with the error of sampling."""

    channels: tuple[str, ...]
    lost: _Floats  # (channels, 2)
    error: _Floats


def true_effects(
    world: PathWorld,
    truths: Collection[Truth] = ("all-off", "total", "direct"),
    *,
    runs: int = 1,
    permutations: int = 32,
    lived: LivedWorld | None = None,
) -> PathTruth:
    """Live the world again with channels off.

    Parameters
    ----------
    world : PathWorld
        The description.
    truths : collection of {"all-off", "total", "direct", "shapley"}
        Which effects; ``shapley`` costs 2^n lives for n paid channels, the others one per channel.
    runs : int
        Markets over which effects are averaged. 1: effects on the people of the tables. More: the expected
        effect, whose Monte Carlo error is given; for worlds of few conversions.
    permutations : int
        Orders for the Shapley value of more than eight paid channels, rounded up to pairs of an order and its
        reverse.
    lived : LivedWorld, optional
        Run 0, where it has been lived already.

    Returns
    -------
    PathTruth
        All with the same draws as the actual run (common random numbers).
    """
    if unknown := sorted(set(truths) - set(TRUTHS)):
        raise ValueError(f"No such truth: {', '.join(unknown)}; there are {', '.join(TRUTHS)}.")
    if runs < 1 or permutations < 2:
        raise ValueError(f"Truth needs runs >= 1 and permutations >= 2; got runs={runs}, permutations={permutations}.")
    asked = [truth for truth in TRUTHS if truth in truths]
    by_run = []
    for run in range(runs):
        market = lived if lived is not None and run == 0 else LivedWorld(world, run)
        by_run.append([_rows(market, truth, permutations) for truth in asked])
    return _table(asked, [_averaged(list(rows)) for rows in zip(*by_run, strict=True)])


def _rows(market: LivedWorld, truth: Truth, permutations: int) -> _Rows:
    channels, paid = market.world.channels, market.world.paid
    if truth == "all-off":
        return _exact((ALL_MEDIA,), [market.lost(frozenset(paid))])
    if truth == "shapley":
        names = tuple(channels[c].name for c in paid)
        if len(paid) > _EXACT_PLAYERS:
            seed = [market.world.seed, 2**32 - 2]
            return _Rows(names, *shapley_sampled(market.lost, paid, permutations, seed))
        return _exact(names, shapley_exact(market.lost, paid))
    names = tuple(channel.name for channel in channels)
    lost = market.lost if truth == "total" else market.lost_directly
    return _exact(names, [lost(frozenset([c])) for c in range(len(channels))])


def _exact(names: tuple[str, ...], lost: Any) -> _Rows:
    table = np.asarray(lost, np.float64).reshape(len(names), 2)
    return _Rows(names, table, np.zeros_like(table))


def _averaged(runs: list[_Rows]) -> _Rows:
    """Mean over runs; its error holds that of sampling inside a run."""
    if len(runs) == 1:
        return runs[0]
    lost = np.array([rows.lost for rows in runs])
    return _Rows(runs[0].channels, lost.mean(axis=0), lost.std(axis=0, ddof=1) / np.sqrt(len(runs)))


def _table(truths: list[Truth], rows: list[_Rows]) -> PathTruth:
    names = [(truth, channel) for truth, of in zip(truths, rows, strict=True) for channel in of.channels]
    nothing = [np.empty((0, 2))]
    lost = np.concatenate(nothing + [of.lost for of in rows])
    error = np.concatenate(nothing + [of.error for of in rows])
    return PathTruth(
        truth=np.array([truth for truth, _ in names], dtype=object),
        channel=np.array([channel for _, channel in names], dtype=object),
        conversions=lost[:, 0],
        value=lost[:, 1] / 100.0,
        conversions_se=error[:, 0],
        value_se=error[:, 1] / 100.0,
    )


def shapley_exact(game: _Game, players: tuple[int, ...]) -> _Floats:
    """Shapley values φ_c = Σ_T [game(T ∪ c) − game(T)] / (n · C(n − 1, |T|)), T without c: (players, measures).

    The game says what is lost when a set goes off; what is kept when a set stays on has the same values, since
    the Shapley value of a game and of its dual are equal (Shapley, 1953).
    """
    n = len(players)
    sets = [frozenset(some) for size in range(n + 1) for some in combinations(players, size)]
    lost = {off: game(off).astype(np.float64) for off in sets}
    values = np.zeros((n, 2))
    for place, player in enumerate(players):
        for off in sets:
            if player not in off:
                values[place] += (lost[off | {player}] - lost[off]) / (n * comb(n - 1, len(off)))
    return values


def shapley_sampled(
    game: _Game, players: tuple[int, ...], permutations: int, seed: list[int]
) -> tuple[_Floats, _Floats]:
    """Shapley values from random orders, each with its reverse, and their standard errors: (players, measures).

    Castro, Gómez and Tejada (2009); an order and its reverse are one draw for the error.
    """
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed)))
    pairs = max(2, -(-permutations // 2))
    known: dict[frozenset[int], NDArray[np.int64]] = {}

    def lost(off: frozenset[int]) -> NDArray[np.int64]:
        if off not in known:
            known[off] = game(off)
        return known[off]

    draws = np.zeros((pairs, len(players), 2))
    for pair in draws:
        order = rng.permutation(len(players))
        for places in (order, order[::-1]):
            steps = [frozenset(players[k] for k in places[:size]) for size in range(len(players) + 1)]
            for place, (before, after) in zip(places, pairwise(steps), strict=True):
                pair[place] += (lost(after) - lost(before)) / 2
    return draws.mean(axis=0), draws.std(axis=0, ddof=1) / np.sqrt(pairs)
