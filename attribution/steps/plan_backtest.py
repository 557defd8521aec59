"""What the model would have planned some time ago, and what it thinks of that plan by now."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.credit.mix_fits import gate_told
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.mix.rolling import Told
from attribution.mix.stored import StoredMix, load_mix
from attribution.plan.best import best_plan
from attribution.plan.frames import TOGETHER, TOTAL, with_sum
from attribution.plan.hindsight import enough_before, fit_before, known_since, seen_then
from attribution.plan.options import PlanOptions
from attribution.plan.problem import PlanProblem, problem
from attribution.plan.window import quarter
from attribution.workspace import Workspace
from attribution_models.mix.draw_summary import Summary
from attribution_models.mix.effects import Effects
from attribution_models.mix.fit import ROUNDS, MixFit
from attribution_models.mix.nuts import Tuning
from attribution_models.plan.figures import figures
from attribution_models.plan.flight import flight
from attribution_models.plan.response import Response

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class BacktestReport:
    """A plan in hindsight.

    Attributes
    ----------
    stored : StoredMix
    then : MixFit
        The fit as it was.
    span : tuple of str
        First and last day that were planned.
    table : DataFrame
        One row per channel (under a log link one for what they do together) and one for all: spend as it was, as it
        would have been planned, and as it would be planned by now; ``promised``: what the plan then was said to bring
        more than what was spent; ``now``: what it brings more by all that is known today; each with its interval.
    promised, now : Summary
        Of all channels together.
    kept : float
        Probability, by all that is known today, that the plan would have been better.
    findings : tuple of Finding
    """

    stored: StoredMix
    then: MixFit
    span: tuple[str, str]
    table: pd.DataFrame
    promised: Summary
    now: Summary
    kept: float
    findings: tuple[Finding, ...]


def backtest_step(
    workspace: Workspace,
    fit: str | None = None,
    options: PlanOptions | None = None,
    *,
    periods: int | None = None,
    tuning: Tuning | None = None,
    rounds: int = ROUNDS,
    force: bool = False,
    told: Told | None = None,
) -> BacktestReport:
    """Plan the last periods with what was known before them. Nothing is kept.

    The model is fitted anew to the outcomes before them. Its plan has the money that was spent, and spreads each
    channel's over weeks as it was spread.

    Parameters
    ----------
    periods : int, optional
        How many; a quarter without.

    Raises
    ------
    UsageError
        No such fit, or too few periods.
    """
    stored, options = load_mix(workspace, fit), options or PlanOptions()
    if options.target is not None or options.moves:
        raise UsageError("A backtest splits the money that was spent: leave targets and --move out.")
    count = periods or quarter(stored.calendar)
    # Before what takes long: whether the question can be asked at all.
    enough_before(stored, count)
    asked = problem(stored, replace(options, window=str(count)))
    then = fit_before(stored, count, tuning or Tuning(tune=600), rounds=rounds, told=told)
    before = _as_of(asked, seen_then(stored, then), options.by)
    plan, today = best_plan(before, options), best_plan(asked, options)
    assert plan is not None
    assert today is not None
    return _report(stored, then, asked, before, (plan.z, today.z), options.level, force=force)


def _as_of(asked: PlanProblem, effects: Effects, by: tuple[str, ...]) -> PlanProblem:
    """The same question to the fit as it was."""
    own = flight(effects, asked.flight.window, by)
    horizon = replace(asked.horizon, effects=effects)
    return replace(asked, horizon=horizon, flight=own, response=Response.of(effects, own))


def _report(
    stored: StoredMix, then: MixFit, asked: PlanProblem, before: PlanProblem, plans: tuple[Floats, Floats],
    level: float, *, force: bool,
) -> BacktestReport:  # fmt: skip
    z, best = plans
    was = asked.flight.today
    promised, now = (_gain(one, z, was) for one in (before, asked))
    names = [*asked.names, *([TOGETHER] if asked.horizon.effects.log else []), TOTAL]
    money = {
        name: with_sum(asked.flight.by_channel(units), len(names))
        for name, units in (("spend", was), ("spend_then", z), ("spend_now", best))
    }
    table = pd.DataFrame({"channel": names, **money})
    for name, draws in (("promised", promised), ("now", now)):
        s = Summary.of(draws, level)
        table = table.assign(**{name: s.mean, f"{name}_lower": s.lower, f"{name}_upper": s.upper})
    table = table.assign(interval_level=level, converged=stored.passed and then.gate.passed)
    count = asked.flight.window.size
    findings = (
        *gate_told((stored.entry,), force=force), *_gate(then, force=force), *known_since(stored, count)
    )  # fmt: skip
    return BacktestReport(
        stored, then, asked.horizon.span, table, Summary.of(promised[-1], level), Summary.of(now[-1], level),
        float((now[-1] > 0).mean()), findings,
    )  # fmt: skip


def _gain(asked: PlanProblem, z: Floats, was: Floats) -> Floats:
    """What a plan brings more than what was spent: by channel, (log link: what they do together,) in all; (rows, D)."""
    effects = asked.horizon.effects
    plan, actual = (figures(effects, asked.flight, money) for money in (z, was))
    parts, whole = plan.gain[:, -1] - actual.gain[:, -1], plan.total[-1] - actual.total[-1]
    rest = [whole - parts.sum(axis=0)] if effects.log else []
    return np.stack([*parts, *rest, whole])


def _gate(then: MixFit, *, force: bool) -> tuple[Finding, ...]:
    if then.gate.passed:
        return ()
    message = f"The fit as it was did not converge: its plan may be far off. {' '.join(then.gate.failures)}"
    return (Finding("warning" if force else "error", "fit-not-converged", message, " ".join(then.gate.checklist)),)
