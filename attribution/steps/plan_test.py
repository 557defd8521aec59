"""What to test next: the lift test that would change a plan most."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.credit.mix_fits import gate_told
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.mix.calendar import Calendar
from attribution.mix.stored import StoredMix, load_mix
from attribution.plan.options import PlanOptions
from attribution.plan.problem import PlanProblem, problem
from attribution.workspace import Workspace
from attribution_models.plan.goal import Goal
from attribution_models.plan.next_test import Design, Worth, by_geo, half_market, period_noise, worth
from attribution_models.plan.objective import objective
from attribution_models.plan.optimum import optimise

Floats = NDArray[np.float64]
# Draws that a test's worth is worked out from.
DRAWS = 1000
WEEKS = (4, 6, 8, 12, 16, 26)
# Geos that are looked at for the best channel: those that tell most.
GEOS = 5


@dataclass(frozen=True, slots=True, eq=False)
class TestsReport:
    """Tests by what they would be worth.

    Attributes
    ----------
    stored : StoredMix
    asked : PlanProblem
    table : DataFrame
        One row per channel, and for the best one a row for each of some geos: ``gain`` (expected value of the test to
        the plan), ``gain_share`` (of what the plan's money brings), ``moved`` (share of the money that the test moves),
        ``periods``, ``expected`` effect with its interval, ``standard_error``, ``detectable``, ``power``.
    findings : tuple of Finding
    """

    __test__ = False  # no test of ours, whatever its name

    stored: StoredMix
    asked: PlanProblem
    table: pd.DataFrame
    findings: tuple[Finding, ...]


def next_test_step(
    workspace: Workspace, fit: str | None = None, options: PlanOptions | None = None, *, force: bool = False
) -> TestsReport:
    """Work out for each channel what a lift test would be worth to the plan of `options`.

    Raises
    ------
    UsageError
        No such fit; a question that looks for no split of a budget.
    """
    stored, options = load_mix(workspace, fit), options or PlanOptions()
    if options.target is not None or options.moves or options.steps:
        raise UsageError(
            "What a test is worth is asked of the split of a budget: leave targets, --move and --step out."
        )
    options = replace(options, draws=min(options.draws or DRAWS, DRAWS), goal=Goal())
    asked = problem(stored, options)
    table = _table(stored, asked, options)
    return TestsReport(stored, asked, table, tuple(gate_told((stored.entry,), force=force)))


def _table(stored: StoredMix, asked: PlanProblem, options: PlanOptions) -> pd.DataFrame:
    effects, response = asked.horizon.effects, asked.response
    best = optimise(response, Goal(), response.base, asked.limits, replace(options.search, draws=response.size))
    aim = objective(response, Goal(), response.base, asked.limits)
    noise = period_noise(stored.posterior, effects)
    seed = options.search.seed

    def rated(design: Design) -> tuple[Design, Worth]:
        return design, worth(aim, asked.limits, best.z, design, seed=seed)

    channels = [int(c) for c in asked.flight.channels]
    rows = [rated(d) for d in half_market(effects, noise, channels, lengths(stored.calendar))]
    rows.sort(key=lambda row: -row[1].gain)
    if len(stored.data.geos) > 1:
        first = rows[0][0]
        geos = sorted(by_geo(effects, noise, first.channel, first.periods), key=lambda d: -d.effect.std() / d.error)
        rows += sorted((rated(d) for d in geos[:GEOS]), key=lambda row: -row[1].gain)
    return pd.DataFrame([_row(stored, design, found, best.value, options.level) for design, found in rows])


def lengths(calendar: Calendar) -> tuple[int, ...]:
    """Lengths of tests in periods."""
    days = 30 if calendar.monthly else calendar.days
    return tuple(dict.fromkeys(max(round(weeks * 7 / days), 1) for weeks in WEEKS))


def _row(stored: StoredMix, design: Design, found: Worth, value: float, level: float) -> dict[str, object]:
    lower, upper = np.quantile(design.effect, ((1 - level) / 2, (1 + level) / 2))
    return {
        "channel": stored.spec.channels[design.channel].name,
        "geo": "" if design.geo is None else stored.data.geos[design.geo],
        "where": "half of the market" if design.geo is None else "this geo",
        "gain": found.gain,
        "gain_share": found.gain / value if value > 0 else float("nan"),
        "moved": found.moved,
        "periods": design.periods,
        "unit": stored.calendar.unit,
        "expected": float(design.effect.mean()),
        "expected_lower": float(lower),
        "expected_upper": float(upper),
        "standard_error": design.error,
        "detectable": design.detectable,
        "power": design.power,
        "interval_level": level,
        "converged": stored.passed,
    }
