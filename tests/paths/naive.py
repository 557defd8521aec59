"""The models by their definitions, in plain Python and dense algebra: slow, short, and independent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise
from math import factorial

import numpy as np

from tests.paths.listpaths import Journey

Amount = Callable[[Journey], float]


def conversions(journey: Journey) -> float:
    return journey.conversions


def value(journey: Journey) -> float:
    return journey.value


def rule_weights(name: str, journey: Journey, direct: Sequence[str]) -> list[float]:
    n = len(journey.path)
    weights = [0.0] * n
    if name == "first":
        weights[0] = 1.0
    elif name == "last":
        weights[-1] = 1.0
    elif name == "last-non-direct":
        others = [i for i, channel in enumerate(journey.path) if channel not in direct]
        weights[others[-1] if others else -1] = 1.0
    elif name == "linear":
        weights = [1 / n] * n
    elif name == "position-40-20-40":
        weights = [1 / n] * n if n <= 2 else [0.4, *[0.2 / (n - 2)] * (n - 2), 0.4]
    elif name == "time-decay-7d":
        raw = [2 ** (-age / 7) for age in journey.days_before or ()]
        weights = [w / sum(raw) for w in raw]
    else:
        raise AssertionError(name)
    return weights


def rule(
    name: str, journeys: Sequence[Journey], channels: Sequence[str], direct: Sequence[str], amount: Amount
) -> np.ndarray:
    credit = dict.fromkeys(channels, 0.0)
    for journey in journeys:
        if journey.path:
            for channel, weight in zip(journey.path, rule_weights(name, journey, direct), strict=True):
                credit[channel] += weight * amount(journey)
    return np.array([credit[channel] for channel in channels])


def shapley(journeys: Sequence[Journey], channels: Sequence[str], amount: Amount) -> np.ndarray:
    """Full enumeration of v(S) = sum of R(T) over T subset of S."""

    def v(S: frozenset[str]) -> float:
        return sum(amount(journey) for journey in journeys if journey.path and S.issuperset(journey.path))

    m = len(channels)
    found = []
    for channel in channels:
        others = [other for other in channels if other != channel]
        total = 0.0
        for size in range(m):
            weight = factorial(size) * factorial(m - size - 1) / factorial(m)
            for subset in combinations(others, size):
                S = frozenset(subset)
                total += weight * (v(S | {channel}) - v(S))
        found.append(total)
    return np.array(found)


def chain(journeys: Sequence[Journey], order: int, nulls: bool) -> tuple[dict, dict, dict, dict, dict]:
    start: dict = defaultdict(float)
    moves: dict = defaultdict(float)
    converted: dict = defaultdict(float)
    valued: dict = defaultdict(float)
    outflow: dict = defaultdict(float)
    for journey in journeys:
        weight = journey.conversions + (journey.nulls if nulls else 0.0)
        if not journey.path or weight == 0:
            continue
        length = len(journey.path)
        states = [journey.path[max(0, end - order) : end] for end in range(min(order, length), length + 1)]
        start[states[0]] += weight
        for pair in pairwise(states):
            moves[pair] += weight
        for state in states:
            outflow[state] += weight
        converted[states[-1]] += journey.conversions
        valued[states[-1]] += journey.value
    return start, moves, converted, valued, outflow


def removal_effects(
    journeys: Sequence[Journey], channels: Sequence[str], order: int, *, nulls: bool = True
) -> tuple[float, np.ndarray, np.ndarray]:
    """P and the effects of setting the columns of every state that contains a channel to zero."""
    start, moves, converted, valued, outflow = chain(journeys, order, nulls)
    states = sorted(outflow)
    at = {state: i for i, state in enumerate(states)}
    Q = np.zeros((len(states), len(states)))
    for (s, t), weight in moves.items():
        Q[at[s], at[t]] = weight / outflow[s]
    total = sum(start.values())
    e = np.array([start[s] / total for s in states])
    effects = []
    probability = 0.0
    for ends in (converted, valued):
        r = np.array([ends[s] / outflow[s] for s in states])

        def expected(removed: str | None, r: np.ndarray = r) -> float:
            keep = np.array([removed not in s for s in states], dtype=float)
            return float((e * keep) @ np.linalg.solve(np.eye(len(states)) - Q * keep, r)) if states else 0.0

        P = expected(None)
        if ends is converted:
            probability = P
        effects.append(np.array([1 - expected(channel) / P if P > 0 else 0.0 for channel in channels]))
    return probability, effects[0], effects[1]
