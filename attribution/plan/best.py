"""The plan that a question asks for: the best one, the cheapest one, or the one that moves money by hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution.errors import UsageError
from attribution.plan.options import PlanOptions
from attribution.plan.problem import PlanProblem
from attribution.plan.terms import move
from attribution_models.plan.limits import Limits
from attribution_models.plan.multiples import in_steps
from attribution_models.plan.objective import objective
from attribution_models.plan.optimum import Optimum, finished, optimise
from attribution_models.plan.targets import Unreachable, reach

Floats = NDArray[np.float64]
WHAT = {"outcome": "An outcome of", "roas": "A return of", "mroas": "A marginal return of"}
OPTION = {"outcome": "--target-outcome", "roas": "--target-roas", "mroas": "--target-mroas"}


def best_plan(asked: PlanProblem, options: PlanOptions) -> Optimum | None:
    """Answer a question; None where money is moved by hand and nothing is looked for.

    Raises
    ------
    UsageError
        A target that no plan within the limits reaches, with the best that one does; steps without whole multiples.
    """
    if options.moves:
        return None
    if options.target is not None:
        return _reached(asked, options)
    against = asked.response.values(asked.split)
    found = optimise(asked.response, options.aim, against, asked.limits, options.search)
    return _stepped(found, asked, asked.limits, against) if asked.steps.any() else found


def _reached(asked: PlanProblem, options: PlanOptions) -> Optimum:
    assert options.target is not None
    target = options.target
    if asked.steps.any():
        raise UsageError("--step and a target: ask for the budget first, then for its plan in steps.")
    try:
        return reach(asked.response, options.aim, target, asked.limits, options.search)
    except Unreachable as no:
        bounds = "Widen --bounds or --channel-bounds, or ask for less."
        raise UsageError(
            f"{OPTION[target.quantity]}: {WHAT[target.quantity]} {_shown(target.value)} cannot be reached within the "
            f"bounds; the best reachable is {_shown(no.best)}. {bounds}"
        ) from None
    except ValueError as error:
        raise UsageError(f"{OPTION[target.quantity]}: {error}") from None


def _shown(value: float) -> str:
    """A target's value: whole where it is large."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def _stepped(found: Optimum, asked: PlanProblem, limits: Limits, against: Floats) -> Optimum:
    """The same in whole steps; its certificate is that of the plan before it was rounded, beside what that took."""
    aim = objective(asked.response, found.goal, against, limits)
    try:
        z = in_steps(aim, limits, found.z, asked.steps)
    except ValueError as error:
        raise UsageError(f"--step: {error}") from None
    done = finished(z, aim, limits, found.certificate.starts, found.certificate.evaluations + aim.asked)
    return Optimum(z, done.value, found.goal, found.certificate, found.value - done.value)


def moved(asked: PlanProblem, options: PlanOptions) -> Floats:
    """Today's split with money moved by hand: from each channel its percentage, to others by what they have.

    Raises
    ------
    UsageError
        There is nothing to move, or options that look for a plan besides.
    """
    if options.target is not None or options.steps:
        raise UsageError("--move says where money goes; leave targets and --step out.")
    z, of = asked.split.copy(), asked.flight.units[:, 0]
    for text in options.moves:
        given, taken, share = move(text, asked.names)
        giving, taking = np.isin(of, given), np.isin(of, taken)
        money = share * float(z[giving].sum())
        if not money > 0:
            raise UsageError(f"--move {text}: nothing is spent there.")
        z[giving] *= 1 - share
        held = z[taking]
        z[taking] += money * (held / held.sum() if held.sum() > 0 else np.full(len(held), 1 / len(held)))
    return z
