"""The best plan within limits: several starts, exact derivatives, and a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.plan.certificate import Certificate, certify
from attribution_models.plan.climb import climb
from attribution_models.plan.goal import Goal
from attribution_models.plan.kink import KINKS, rise, tied, way_out
from attribution_models.plan.limits import Limits
from attribution_models.plan.objective import Objective, objective
from attribution_models.plan.response import Response

Floats = NDArray[np.float64]
# Cells (draw, channel, geo, period) of one evaluation while starts are compared, at most; but this many draws at least.
CELLS, FEWEST = 1_500_000, 100


@dataclass(frozen=True, slots=True)
class Search:
    """How the best plan is looked for.

    Attributes
    ----------
    starts : int
        Today's split, and random plans.
    seed : int
        Of the random plans: the same seed gives the same answer.
    draws : int
        So many evenly spaced draws decide which start ends best; from there all draws are used.
    """

    starts: int = 5
    seed: int = 1
    draws: int = 500

    def __post_init__(self) -> None:
        if self.starts < 1 or self.draws < 1:
            raise ValueError(f"A search needs a start and a draw; got {self}.")


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """A plan and what is known of it.

    Attributes
    ----------
    z : array (U,)
        Money of each unit of `Flight`.
    value : float
        Of the objective.
    goal : Goal
    certificate : Certificate
        Where amounts were rounded to whole steps: of the plan before that.
    rounding : float or None
        What rounding took from the objective; None: nothing was rounded.
    """

    z: Floats
    value: float
    goal: Goal
    certificate: Certificate
    rounding: float | None = None


def optimise(
    response: Response, goal: Goal, against: Floats, limits: Limits, search: Search | None = None, charge: float = 0.0
) -> Optimum:
    """Maximise F(V(z) − against) − charge · Σ z over z within the limits.

    Parameters
    ----------
    against : array (D,)
        Outcome, draw by draw, that the plan is set against: `Response.base`, or that of today's plan.

    Raises
    ------
    ValueError
        No plan is within the limits.
    """
    if limits.problem():
        raise ValueError(f"No plan: {limits.problem()}.")
    search = search or Search()
    aim = objective(response, goal, against, limits, charge)
    starts = list(_starts(response, limits, search))
    if goal.kind == "beat-today":
        aim, starts = _towards(aim, limits, search, starts)
    few = aim.some(_draws(response, search))
    ends = [climb(few, limits, start) for start in starts]
    values = np.array([few(z)[0] for z in ends])
    z = ends[int(values.argmax())]
    if few is not aim:
        from_here = z if not _at_kink(few, z) else way_out(z, aim.value, limits, _hoped(few, limits, z))
        if from_here is None:
            return finished(z, aim, limits, values, few.asked + aim.asked, still=True)
        z = climb(aim, limits, from_here)
    return finished(z, aim, limits, values, few.asked + (aim.asked if few is not aim else 0))


def finished(z: Floats, aim: Objective, limits: Limits, starts: Floats, asked: int, *, still: bool = False) -> Optimum:
    """A plan with its certificate; `still`: it is what it is set against, and no move was a gain."""
    value, slope = aim(z)
    sure = certify(z, slope, limits, starts, asked, aim.brought(z), aim.charge)
    if still or _at_kink(aim, z):
        up = 0.0 if still else rise(z, aim.value, limits, float(np.abs(slope).max()))
        sure = replace(sure, kkt=up, gap=0.0)
    return Optimum(z, value, aim.goal, sure)


def _at_kink(aim: Objective, z: Floats) -> bool:
    """Whether the plan is what it is set against, and few enough units can be tried pair by pair."""
    if aim.goal.linear or len(z) > KINKS:
        return False
    return tied(aim.gains(z), max(aim.brought(z), 1e-300))


def _hoped(aim: Objective, limits: Limits, z: Floats) -> Floats:
    """The plan that is best by the expected value: where gains lie, if there are any."""
    return climb(replace(aim, goal=Goal()), limits, z)


def _towards(aim: Objective, limits: Limits, search: Search, starts: list[Floats]) -> tuple[Objective, list[Floats]]:
    """Begin also where the expected value and the lower tail are best: far from them a share of draws has no slope."""
    few = _draws(aim.response, search)
    ends = [climb(replace(aim, goal=Goal(kind, 0.1)).some(few), limits, starts[0]) for kind in
            ("expected", "cvar")]  # fmt: skip
    return replace(aim, goal=aim.goal.tuned(aim.gains(ends[0]))), [*ends, *starts]


def _draws(response: Response, search: Search) -> int:
    """How many draws compare starts: fewer where each takes long."""
    channels, geos, periods = response.media.shape
    return int(min(search.draws, max(CELLS // (channels * geos * periods), FEWEST)))


def _starts(response: Response, limits: Limits, search: Search) -> Iterator[Floats]:
    """Today's split as near as the limits allow, and points between it and random corners."""
    today = response.flight.today
    if limits.budget is not None and today.sum() > 0:
        today = today * (limits.budget / today.sum())
    first = limits.nearest(today)
    assert first is not None
    yield first
    rng = np.random.default_rng([search.seed, 29])
    for _ in range(search.starts - 1):
        corner, way = limits.best(rng.normal(size=len(first))), rng.uniform(0.3, 1.0)
        yield first if corner is None else limits.clipped(first + way * (corner - first))
