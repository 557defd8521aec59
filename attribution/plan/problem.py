"""A plan's question as numbers: what may be spent on each unit, and what the money is set against."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.errors import AttributionError, UsageError, listed
from attribution.mix.calendar import Calendar
from attribution.mix.stored import StoredMix, effects_of
from attribution.plan.bounds import limits_of
from attribution.plan.options import PlanOptions
from attribution.plan.terms import amount, pair, place
from attribution.plan.window import Horizon, horizon
from attribution_models.mix.effects import Effects
from attribution_models.plan.flight import GRAINS, Flight, flight, summed
from attribution_models.plan.limits import Limits
from attribution_models.plan.response import Response

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PlanProblem:
    """What is decided, within what.

    Attributes
    ----------
    horizon : Horizon
    flight : Flight
    response : Response
        Of what is planned for: revenue where it is known, else the outcome.
    limits : Limits
        Without a budget where a target asks for one.
    split : array (U,)
        Today's split at the budget; locked channels as they were.
    steps : array (U,)
        0: any amount.
    names : tuple of str
        Of the planned channels.
    """

    horizon: Horizon
    flight: Flight
    response: Response
    limits: Limits
    split: Floats
    steps: Floats
    names: tuple[str, ...]


def problem(stored: StoredMix, options: PlanOptions) -> PlanProblem:
    """Put a question to a kept fit; as `problem_of`."""
    return problem_of(effects_of(stored, options.draws), stored.calendar, options)


def problem_of(effects: Effects, calendar: Calendar, options: PlanOptions) -> PlanProblem:
    """Put a question together; of draws of the prior too, where it is checked before there is a fit.

    Raises
    ------
    UsageError
        Unknown channels, bounds that cross, a budget that the bounds do not let be spent, or below what is locked.
    AttributionError
        The fit has no channel with spend.
    """
    over = horizon(effects, calendar, options.window, options.future)
    data, spec = effects.structure.data, effects.structure.spec
    plan = _flight(over, options, len(data.geos))
    names = tuple(spec.channels[c].name for c in plan.channels)
    locked = {place(word, "--lock", names) for word in options.locks}
    today = plan.by_channel(plan.today)
    budget = _budget(options, today)
    kept = np.isin(np.arange(len(names)), sorted(locked))
    scale = _scale(budget, today, kept, names)
    split = np.where(kept, 1.0, scale)[plan.units[:, 0]] * plan.today
    limits = limits_of(options, plan, split, names, kept, budget)
    _check(limits, plan, names)
    return PlanProblem(over, plan, _response(over, plan, options), limits, split, _steps(options, plan, names), names)


def _flight(over: Horizon, options: PlanOptions, geos: int) -> Flight:
    for grain in options.by:
        if grain not in GRAINS:
            raise UsageError(f'--by: "{grain}" is none of {listed(GRAINS)}.')
    if "geo" in options.by and geos == 1:
        raise UsageError("--by geo: this fit has no geos.")
    try:
        return flight(over.effects, over.window, options.by)
    except ValueError as error:
        raise AttributionError(str(error)) from None


def _response(over: Horizon, plan: Flight, options: PlanOptions) -> Response:
    """Revenue where its worth is known; a target outcome is counted in outcomes."""
    counted = options.target is not None and options.target.quantity == "outcome"
    return Response.of(over.effects, plan, 0 if counted else -1)


def _budget(options: PlanOptions, today: Floats) -> float | None:
    if options.target is not None:
        if options.budget is not None:
            raise UsageError("--budget and a target: the target asks how much to spend. Leave one of them out.")
        return None
    if options.budget is not None and not (options.budget > 0 and math.isfinite(options.budget)):
        raise UsageError(f"--budget: {options.budget} is no amount above 0.")
    found = float(today.sum()) if options.budget is None else options.budget
    if not found > 0:
        raise UsageError(
            "Nothing was spent in this window: name a --budget and, with --channel-bounds, where it may go."
        )
    return found


def _scale(budget: float | None, today: Floats, kept: NDArray[np.bool_], names: tuple[str, ...]) -> float:
    """What today's money of the channels that are not locked is multiplied by."""
    locked, free = float(today[kept].sum()), float(today[~kept].sum())
    if budget is None:
        return 1.0
    if budget < locked * (1 - 1e-9):
        which = listed(f"{names[i]} {today[i]:,.2f}" for i in np.flatnonzero(kept))
        raise UsageError(
            f"--budget {budget:,.2f} is below what is locked, {locked:,.2f} ({which}). Raise it, or take a --lock out."
        )
    return (budget - locked) / free if free > 0 else 1.0


def _check(limits: Limits, plan: Flight, names: tuple[str, ...]) -> None:
    """Say why no plan is within the limits."""
    why = limits.problem()
    if not why:
        return
    low, high = (summed(plan.units[:, 0], ends, len(names)) for ends in (limits.lower, limits.upper))
    bounds = listed(f"{name} {a:,.2f} to {b:,.2f}" for name, a, b in zip(names, low, high, strict=True))
    raise UsageError(f"No plan: {why}. Bounds: {bounds}. Change the budget, --bounds, --channel-bounds or --group.")


def _steps(options: PlanOptions, plan: Flight, names: tuple[str, ...]) -> Floats:
    found = np.zeros(plan.size)
    for text in options.steps:
        at, rest = pair(text, "--step", names)
        step = amount(rest, "--step")
        if step.times or not 0 < step.value < math.inf:
            raise UsageError(f"--step {text}: a step is money above 0.")
        found[np.isin(plan.units[:, 0], at)] = step.value
    return found
