"""Removal effects of sequences of channels: which orders of channels the observed chain depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, eye_array
from scipy.sparse.linalg import splu

from attribution_models.paths.absorption import closed_form, walk_of
from attribution_models.paths.encoded import Paths
from attribution_models.paths.kgrams import Chain, count_chain


@dataclass(frozen=True, slots=True, eq=False)
class SequenceEffects:
    """Removal effects of sequences of k channels, largest first.

    Attributes
    ----------
    sequences : tuple of tuple of str
        Channels in order.
    weight : float64[G]
        How many journeys, counted once per occurrence, went through the sequence.
    removal_effect, value_removal_effect : float64[G]
        Share of the modelled conversions (value) of walks that go through it, in [0, 1]. Shares of
        different sequences overlap and do not sum to 1.
    """

    sequences: tuple[tuple[str, ...], ...]
    weight: NDArray[np.float64]
    removal_effect: NDArray[np.float64]
    value_removal_effect: NDArray[np.float64]


def sequence_effects(
    paths: Paths, length: int = 2, *, nulls: bool = True, limit: int = 100, threads: int | None = None
) -> SequenceEffects:
    """Compute removal effects of the sequences of ``length`` touches in a row, as states of that order's chain.

    A sequence g is one state of the chain of order k = ``length``. Removing it sends every step into g
    to NULL:

        RE_g = 1 - P_-g / P = N[START, g] h[g] / (N[g, g] h[START]),

    in plain words the share of conversions whose walk goes through g. It says what the observed journeys
    hold, not what showing the channels in this order would cause.

    Parameters
    ----------
    paths : Paths
        Encoded journeys.
    length : int
        k, at least 1.
    nulls : bool
        Whether journeys that do not convert count.
    limit : int
        Only the sequences with the most journeys are solved and given.
    threads : int, optional
        Threads of the count; they never change a bit of the result.

    References
    ----------
    E. Anderl et al., "Mapping the customer journey", IJRM 33(3), 2016 (chains over sequences of channels).
    """
    if length < 1 or limit < 1:
        raise ValueError(f"Sequences have at least 1 touch, and the limit is at least 1; got {length} and {limit}.")
    chain = count_chain(paths, length, nulls=nulls, threads=threads)
    weight = chain.start + np.bincount(chain.target, chain.weight, chain.start.size)
    whole = np.flatnonzero((chain.windows >= 0).all(axis=1) & (chain.windows.shape[1] == length))
    sought = whole[np.argsort(-weight[whole], kind="stable")[:limit]]
    total = float(chain.conversions.sum() + chain.nulls.sum())
    effects = np.zeros((2, 0))
    if sought.size and total > 0:
        effects = closed_form(walk_of(chain, total), sought)
    ranked = np.argsort(-effects[0], kind="stable")
    names = tuple(tuple(paths.channels[code] for code in window) for window in chain.windows[sought[ranked]])
    return SequenceEffects(names, weight[sought[ranked]], effects[0, ranked], effects[1, ranked])


def sequence_effect(
    paths: Paths, sequence: Sequence[str], order: int | None = None, *, nulls: bool = True
) -> tuple[float, float]:
    """Removal effect of one sequence in a chain of an order at least its length: on conversions, on value.

    In a longer memory the sequence is the set of states whose window holds it, touches in a row; every
    step into one of them goes to NULL.

    Raises
    ------
    ValueError
        For an unknown channel, an empty sequence, or an order below its length.
    """
    unknown = [name for name in sequence if name not in paths.channels]
    if unknown or not sequence:
        raise ValueError(f"A sequence names channels of the journeys; unknown: {', '.join(unknown) or 'none given'}.")
    k = len(sequence) if order is None else order
    if k < len(sequence):
        raise ValueError(f"A chain of order {k} cannot see a sequence of {len(sequence)} touches.")
    chain = count_chain(paths, k, nulls=nulls)
    codes = np.array([paths.channels.index(name) for name in sequence], dtype=np.int32)
    return removal_effect_of(chain, _holds(chain.windows, codes))


def _holds(windows: NDArray[np.int32], codes: NDArray[np.int32]) -> NDArray[np.bool_]:
    places = windows.shape[1] - codes.size + 1
    found = np.zeros(windows.shape[0], dtype=np.bool_)
    for place in range(places):
        found |= (windows[:, place : place + codes.size] == codes).all(axis=1)
    return found


def removal_effect_of(chain: Chain, removed: NDArray[np.bool_]) -> tuple[float, float]:
    """Effect of sending every step into a set of states to NULL: 1 - P_-set / P, and for value.

    Parameters
    ----------
    chain : Chain
        A counted chain.
    removed : bool[S]
        The set.
    """
    total = float(chain.conversions.sum() + chain.nulls.sum())
    P, PV = float(chain.conversions.sum()), float(chain.value.sum())
    if P <= 0:
        return 0.0, 0.0
    walk = walk_of(chain, total)
    keep = np.flatnonzero(~removed)
    if keep.size == 0:
        return 1.0, 1.0 if PV > 0 else 0.0
    within = walk.into[keep][:, keep]
    visits = splu(csc_array(eye_array(keep.size) - within)).solve(walk.begin[keep])
    kept, kept_value = float(visits @ walk.to_conversion[keep]), float(visits @ walk.to_value[keep])
    return (
        min(max(1 - kept * total / P, 0.0), 1.0),
        min(max(1 - kept_value * total / PV, 0.0), 1.0) if PV > 0 else 0.0,
    )
