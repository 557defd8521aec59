"""Plans in whole steps: spots, insertion orders, round sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.plan.climb import climb
from attribution_models.plan.limits import Limits, Shared
from attribution_models.plan.objective import Objective

Floats = NDArray[np.float64]
ROUNDS = 20
# Money this close to a multiple is one.
EXACT = 1e-9


def in_steps(aim: Objective, limits: Limits, z: Floats, steps: Floats) -> Floats:
    """Bring some units of a plan to whole multiples of their step, the others as is best then.

    One unit after the other, the largest steps first, is fixed at the multiple above or below, whichever leaves more;
    then single steps are moved between units as long as that is a gain. Where every unit comes in steps and they do
    not add up to the budget, the rest is not spent.

    Parameters
    ----------
    steps : array (U,)
        0: any amount.

    Raises
    ------
    ValueError
        No multiples within the limits.
    """
    stepped = (steps > 0) & (limits.upper > limits.lower)
    if not stepped.any():
        return z
    whole = _whole(limits, steps, stepped)
    found = z
    for i in sorted(np.flatnonzero(stepped), key=lambda i: (-steps[i], i)):
        low = np.floor(found[i] / steps[i] + EXACT) * steps[i]
        tried = [_fixed(aim, whole, found, {int(i): amount}) for amount in (low, low + steps[i])]
        kept = [(aim(new)[0], -k, new, at) for k, (new, at) in enumerate(tried) if new is not None]
        if not kept:
            raise ValueError("No plan: the steps, bounds and budget leave no whole multiples.")
        _, _, found, whole = max(kept, key=lambda one: one[:2])
    return _exchanged(aim, limits, found, steps, stepped)


def _whole(limits: Limits, steps: Floats, stepped: NDArray[np.bool_]) -> Limits:
    """Bounds at multiples; where nothing else can take up a rest, the budget is a limit and need not be spent."""
    by = np.where(stepped, steps, 1.0)
    lower = np.where(stepped, np.ceil(limits.lower / by - EXACT) * by, limits.lower)
    upper = np.where(stepped, np.floor(limits.upper / by + EXACT) * by, limits.upper)
    found = replace(limits, lower=lower, upper=upper)
    free = ~stepped & (limits.upper > limits.lower)
    if limits.budget is None or free.any():
        return found
    everything = Shared("budget", np.ones(len(steps), dtype=bool), 0.0, limits.budget)
    return replace(found, groups=(*limits.groups, everything), budget=None)


def _fixed(aim: Objective, limits: Limits, z: Floats, amounts: dict[int, float]) -> tuple[Floats | None, Limits]:
    """The best plan in which some units have given amounts; None where that is not within the limits."""
    lower, upper = limits.lower.copy(), limits.upper.copy()
    for i, amount in amounts.items():
        if not lower[i] - EXACT * limits.scale <= amount <= upper[i] + EXACT * limits.scale:
            return None, limits
        lower[i] = upper[i] = amount
    fixed = replace(limits, lower=lower, upper=upper)
    start = None if fixed.problem() else fixed.nearest(z)
    if start is None:
        return None, limits
    return (climb(aim, fixed, start) if (upper > lower).any() else start), fixed


def _exchanged(aim: Objective, limits: Limits, z: Floats, steps: Floats, stepped: NDArray[np.bool_]) -> Floats:
    """Move single steps as long as the objective rises."""
    whole = _whole(limits, steps, stepped)
    value = aim(z)[0]
    places = np.flatnonzero(stepped)
    for _ in range(ROUNDS):
        better = z
        for move in _moves(places, steps):
            amounts = {int(i): float(z[i] + move.get(int(i), 0.0)) for i in places}
            new, _ = _fixed(aim, whole, z, amounts)
            if new is not None and (reached := aim(new)[0]) > value + 1e-12 * abs(value):
                better, value = new, reached
        if better is z:
            break
        z = better
    return z


def _moves(places: NDArray[np.int64], steps: Floats) -> Iterator[dict[int, float]]:
    """A step more or less of one unit, or more of one and less of another."""
    for i in places:
        for sign in (1.0, -1.0):
            yield {int(i): sign * steps[i]}
        for j in places:
            if i != j:
                yield {int(i): steps[i], int(j): -steps[j]}
