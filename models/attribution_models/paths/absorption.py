"""Removal effects of a counted chain: what share of conversions is lost when a channel leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, eye_array
from scipy.sparse.linalg import splu

from attribution_models.paths.compiled import compiled
from attribution_models.paths.kgrams import Chain

# Bound on the error of every removal effect from stopping the walk.
TOLERANCE: Final = 1e-13
# A walk that is not over by then cycles: a factorization is quicker.
MAX_SWEEPS: Final = 4000
# Channels per pass: eight numbers are one cache line and one or two vector registers.
LANES: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """The chain as probabilities, without self-loops.

    A walk that stays leaves in the end, and in the same proportions: dropping self-loops and
    normalizing again changes no absorption probability, and cures the slowest chains.
    """

    begin: NDArray[np.float64]
    to_conversion: NDArray[np.float64]
    to_value: NDArray[np.float64]
    into: csr_array  # [target, source]


def removal_effects(
    chain: Chain, channels: int, *, max_sweeps: int = MAX_SWEEPS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute removal effects of all channels, on conversions and on value, float64[C] each.

    RE_a = 1 - P_-a / P, with P the probability that the walk converts and P_-a the same when every step
    into a state that contains a goes to NULL; for value with the expected value in place of the
    probability. P = C / (C + N) exactly, at every order.

    Order 1 uses one sparse factorization, N = (I - Q)^-1 and h = N r:

        RE_a = N[START, a] h[a] / (N[a, a] h[START]).

    Higher orders follow the walk's probability mass in sweeps, for eight channels at once. The states
    stand in an order in which few steps lead back, Q_-a = F + B (forward and backward steps), and

        m_0 = START row (I - F)^-1,  m_(t+1) = m_t B (I - F)^-1,  P_-a = Σ_t m_t · r,

    so that one sweep carries mass along every forward step (Gauss-Seidel). The longer the memory, the
    fewer states a journey returns to: without cycles two sweeps end it, where steps of the walk would be as many
    as the longest journey has touches. All terms are non-negative, so rounding stays relative, and the
    rest after sweep t is certified in two ways: it is at most |m_t|_1 times the best chance of any
    state to convert (best expected value); and where lo m_t ≤ m_(t+1) ≤ hi m_t in every state, it
    lies between lo/(1 - lo) and hi/(1 - hi) times m_(t+1) · r, because B (I - F)^-1 keeps inequalities
    (MacQueen's bounds of dynamic programming). The sweeps stop when either is within 1e-13 of P for every
    channel; a walk that does not end within ``max_sweeps`` is solved by sparse factorization.

    Chains without conversions, or without value, have effects of zero.

    References
    ----------
    J. B. MacQueen, "A modified dynamic programming method for Markovian decision problems", Journal
    of Mathematical Analysis and Applications 14, 1966. R. S. Varga, Matrix Iterative Analysis, 1962
    (Gauss-Seidel). R. Tarjan, "Depth-first search and linear graph algorithms", SIAM Journal on
    Computing 1(2), 1972.
    """
    total = float(chain.conversions.sum() + chain.nulls.sum())
    P, PV = float(chain.conversions.sum()), float(chain.value.sum())
    if P <= 0:
        return np.zeros(channels), np.zeros(channels)
    walk = walk_of(chain, total)
    if chain.windows.shape[1] == 1:
        present = chain.windows[:, 0]
        effects = np.zeros((2, channels))
        effects[:, present] = closed_form(walk)
        return effects[0], effects[1]
    ways_out = chain.conversions + chain.nulls
    ends = ways_out > 0
    best = float(np.max(chain.conversions[ends] / ways_out[ends]))
    best_value = float(np.max(chain.value[ends] / ways_out[ends]))
    mass = TOLERANCE * min(P / total / best, PV / total / best_value if PV > 0 else 1.0)
    error = TOLERANCE / total * np.array([P, PV if PV > 0 else np.inf])
    without, without_value = _without_each(walk, chain.windows, channels, mass, error, max_sweeps)
    seen = np.isin(np.arange(channels), chain.windows)
    return (
        np.where(seen, np.clip(1 - without * (total / P), 0, 1), 0),
        np.where(seen, np.clip(1 - without_value * (total / PV), 0, 1), 0) if PV > 0 else np.zeros(channels),
    )


def walk_of(chain: Chain, total: float) -> Walk:
    """The chain of journeys with a total weight as probabilities."""
    states = chain.start.size
    moves = chain.source != chain.target
    source, target, weight = chain.source[moves], chain.target[moves], chain.weight[moves]
    outflow = np.bincount(source, weight, states) + chain.conversions + chain.nulls
    into = csr_array((weight / outflow[source], (target, source)), shape=(states, states))
    return Walk(chain.start / total, chain.conversions / outflow, chain.value / outflow, into)


def closed_form(walk: Walk, sought: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Effects of removing single states, float64[2, n]: of the states sought, else of all in turn."""
    states = walk.begin.size
    chosen = np.arange(states) if sought is None else sought
    factor = splu(csc_array(eye_array(states) - walk.into))  # the transpose of I - Q
    visits = factor.solve(walk.begin)[chosen]
    returns = np.empty(chosen.size)
    for lo in range(0, chosen.size, 256):
        some = chosen[lo : lo + 256]
        unit = np.zeros((states, some.size))
        columns = np.arange(some.size)
        unit[some, columns] = 1
        returns[lo : lo + some.size] = factor.solve(unit)[some, columns]
    effects = np.zeros((2, chosen.size))
    for row, reward in enumerate((walk.to_conversion, walk.to_value)):
        h = factor.solve(reward, trans="T")  # type: ignore[call-overload] # not in the stubs
        if walk.begin @ h > 0:
            effects[row] = visits * h[chosen] / (returns * (walk.begin @ h))
    return np.clip(effects, 0, 1)


def _without_each(
    walk: Walk,
    windows: NDArray[np.int32],
    channels: int,
    mass: float,
    error: NDArray[np.float64],
    max_sweeps: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P_-a and the expected value without a, for every channel a."""
    walk, windows = _ordered(walk, windows)
    rewards = np.stack([walk.to_conversion, walk.to_value])

    def follow(first: int) -> tuple[NDArray[np.float64], bool]:
        return _follow(
            walk.into.indptr.astype(np.int64),
            walk.into.indices.astype(np.int64),
            walk.into.data,
            walk.begin,
            rewards,
            windows,
            first,
            min(LANES, channels - first),
            mass,
            error,
            max_sweeps,
        )

    kept = np.empty((2, channels))
    groups = range(0, channels, LANES)
    with ThreadPoolExecutor() as pool:  # every group is computed alone: threads never change a bit
        for first, (sums, done) in zip(groups, pool.map(follow, groups), strict=True):
            stop = min(first + LANES, channels)
            kept[:, first:stop] = sums[:, : stop - first]
            if not done:
                kept[:, first:stop] = np.array(list(_factorized(walk, windows, range(first, stop)))).T
    return kept[0], kept[1]


def _factorized(walk: Walk, windows: NDArray[np.int32], channels: range) -> Iterator[tuple[float, float]]:
    for channel in channels:
        keep = np.flatnonzero(~(windows == channel).any(axis=1))
        if keep.size == 0:
            yield 0.0, 0.0
            continue
        into = walk.into[keep][:, keep]
        visits = splu(csc_array(eye_array(keep.size) - into)).solve(walk.begin[keep])
        yield float(visits @ walk.to_conversion[keep]), float(visits @ walk.to_value[keep])


def _ordered(walk: Walk, windows: NDArray[np.int32]) -> tuple[Walk, NDArray[np.int32]]:
    """The walk with its states in an order in which few steps lead back."""
    out = walk.into.T.tocsr()
    order = _forward_order(
        out.indptr.astype(np.int64), out.indices.astype(np.int64), np.flatnonzero(walk.begin > 0).astype(np.int64)
    )
    into = csr_array(walk.into[order][:, order])
    return Walk(walk.begin[order], walk.to_conversion[order], walk.to_value[order], into), windows[order]


@compiled
def _forward_order(
    indptr: NDArray[np.int64], targets: NDArray[np.int64], starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """States in reverse postorder of a depth-first search: where nothing cycles, every step leads forward."""
    states = indptr.size - 1
    edge = indptr[:-1].copy()
    seen = np.zeros(states, dtype=np.bool_)
    order = np.empty(states, dtype=np.int64)
    stack = np.empty(states, dtype=np.int64)
    left = states
    for root in range(starts.size + states):  # what no start leads to comes last, and carries no mass
        state = starts[root] if root < starts.size else root - starts.size
        depth = 0
        if not seen[state]:
            seen[state] = True
            stack[0] = state
            depth = 1
        while depth > 0:
            state = stack[depth - 1]
            if edge[state] == indptr[state + 1]:
                left -= 1
                order[left] = state
                depth -= 1
                continue
            target = targets[edge[state]]
            edge[state] += 1
            if not seen[target]:
                seen[target] = True
                stack[depth] = target
                depth += 1
    return order


@compiled
def _sweep(
    indptr: NDArray[np.int64],
    sources: NDArray[np.int64],
    chance: NDArray[np.float64],
    begin: NDArray[np.float64],
    windows: NDArray[np.int32],
    first: int,
    lanes: int,
    mass: NDArray[np.float64],
    ratio: NDArray[np.float64],
) -> None:
    """Move mass along all forward steps, in order, after the backward steps of the sweep before; in place.

    Mass that enters a window of a lane's channel is lost. ``ratio`` [2, LANES] takes the least and the
    largest growth of any state.
    """
    row = np.empty(LANES)
    ratio[0] = np.inf
    ratio[1] = 0.0
    for t in range(mass.shape[0]):
        row[:] = 0.0
        row[:lanes] = begin[t]
        for e in range(indptr[t], indptr[t + 1]):
            source = sources[e]
            for lane in range(LANES):
                row[lane] += chance[e] * mass[source, lane]
        for i in range(windows.shape[1]):
            lane = windows[t, i] - first
            if 0 <= lane < LANES:
                row[lane] = 0.0
        for lane in range(LANES):
            before, after = mass[t, lane], row[lane]
            if before > 0.0:
                ratio[0, lane] = min(ratio[0, lane], after / before)
                ratio[1, lane] = max(ratio[1, lane], after / before)
            elif after > 0.0:
                ratio[1, lane] = np.inf
            mass[t, lane] = after


@compiled
def _finish(
    ratio: NDArray[np.float64],
    gain: NDArray[np.float64],
    mass: NDArray[np.float64],
    enough: float,
    error: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> bool:
    """Whether every lane is within the bounds; if so, add the middle of what is still to come."""
    rests = np.zeros((2, LANES))
    for lane in range(LANES):
        if mass[lane] <= enough:
            continue
        lo, hi = ratio[0, lane], ratio[1, lane]
        if hi >= 1.0 or lo > hi:
            return False
        least, most = lo / (1.0 - lo), hi / (1.0 - hi)
        for row in range(2):
            if (most - least) / 2.0 * gain[row, lane] > error[row]:
                return False
            rests[row, lane] = (most + least) / 2.0 * gain[row, lane]
    sums += rests
    return True


@compiled
def _follow(
    indptr: NDArray[np.int64],
    sources: NDArray[np.int64],
    chance: NDArray[np.float64],
    begin: NDArray[np.float64],
    rewards: NDArray[np.float64],
    windows: NDArray[np.int32],
    first: int,
    lanes: int,
    enough: float,
    error: NDArray[np.float64],
    max_sweeps: int,
) -> tuple[NDArray[np.float64], bool]:
    """Follow the walk without channel ``first + lane``, for eight lanes at once; spare lanes stay 0."""
    states = begin.size
    moved = np.zeros((states, LANES))
    nothing = np.zeros(states)
    ratio = np.empty((2, LANES))
    sums = np.zeros((2, LANES))
    gain = np.zeros((2, LANES))
    mass = np.zeros(LANES)
    for sweep in range(max_sweeps):
        _sweep(indptr, sources, chance, begin if sweep == 0 else nothing, windows, first, lanes, moved, ratio)
        mass[:] = 0.0
        gain[:] = 0.0
        for t in range(states):
            for lane in range(LANES):
                mass[lane] += moved[t, lane]
                gain[0, lane] += moved[t, lane] * rewards[0, t]
                gain[1, lane] += moved[t, lane] * rewards[1, t]
        sums += gain
        if _finish(ratio, gain, mass, enough, error, sums):
            return sums, True
    return sums, False
