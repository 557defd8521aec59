"""Tables of plans of fits with a log link, with revenue, with geos: rows add up, and say what they count."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution.errors import AttributionError
from attribution.mix.calendar import Calendar
from attribution.mix.marks import PRIOR_DOMINATED
from attribution.mix.stored import StoredMix
from attribution.plan.frames import Beside
from attribution.plan.noticed import prior_findings
from attribution.plan.options import Goal, PlanOptions, Target
from attribution.steps.plan import plan_report
from attribution_models.mix.spec import Channel
from tests.mix.cases import CASES, Case, channel, mix
from tests.mix.panels import panel
from tests.plan.markets import concave, drawn


def stored(case, draws=24):
    post = drawn(case, draws)
    s = post.structure
    entry = {"name": "mmm-case", "passed": True, "failures": [], "checklist": [], "seed": 1}
    calendar = Calendar(s.data.dates, 7)
    return StoredMix(
        "mmm-case", s.spec, s.data, calendar, s.lifts, s.scales, s, post, pd.DataFrame(), entry, ()
    )  # fmt: skip


def test_under_a_log_link_what_channels_do_together_is_a_row():
    kept = stored(CASES["log_link"])
    report = plan_report(kept, PlanOptions(window="5"))
    frame = report.table.set_index("channel")
    rows = frame["outcome"]
    assert rows["(total)"] == pytest.approx(rows.drop("(total)").sum())
    assert np.isnan(frame.loc["(interaction)", "spend"])
    brought = report.asked.response.values(report.z) - report.asked.response.base
    assert rows["(total)"] == pytest.approx(brought.mean())
    for column in ("carried_in", "carried_out"):
        assert frame.loc["(total)", column] == pytest.approx(frame[column].drop("(total)").sum())
        assert frame.loc["(interaction)", column] != 0


@pytest.mark.parametrize("name", ["targets_national", "geo_targets"])
def test_where_an_outcome_has_a_worth_returns_are_in_revenue(name):
    kept = stored(CASES[name])
    worth = float(kept.data.revenue_per_outcome[0, 0])
    report = plan_report(kept, PlanOptions(window="4", goal=Goal("expected")))
    frame = report.table.set_index("channel")
    assert frame.loc["(total)", "revenue"] == pytest.approx(worth * frame.loc["(total)", "outcome"])
    paid = frame["spend"] > 0
    np.testing.assert_allclose(frame["roas"][paid], (frame["revenue"] / frame["spend"])[paid])
    assert report.best.value == pytest.approx(float(report.split_gain.mean), rel=1e-6, abs=1e-6)
    # A target outcome is counted in outcomes, whatever they are worth.
    today = frame.loc["(total)", "outcome_today"]
    reached = plan_report(kept, PlanOptions(window="4", target=Target("outcome", 0.8 * today), within="0x:2x"))
    total = reached.table.set_index("channel").loc["(total)", "outcome"]
    assert total == pytest.approx(0.8 * today, rel=1e-3) or total >= 0.8 * today


def test_by_geo_and_week_the_cells_add_up_to_channels():
    report = plan_report(stored(CASES["geo_pooled"]), PlanOptions(window="4", by=("week", "geo")))
    money = report.calendar.groupby("channel")["spend"].sum()
    for name in ("tv", "search"):
        assert report.table.set_index("channel").loc[name, "spend"] == pytest.approx(money[name])
        row = report.table.set_index("channel").loc[name]
        assert row["bound_lower"] * (1 - 1e-6) <= row["spend"] <= row["bound_upper"] * (1 + 1e-6)
    assert set(report.calendar["geo"]) == {"north", "south", "west"}
    assert len(report.calendar) == 2 * 3 * 4


def test_money_for_a_channel_that_was_off():
    case = concave()
    case.data.spend[1, 0, -6:] = 0.0
    case.data.exposure[1, 0, -6:] = 0.0
    kept = stored(case)
    left = plan_report(kept, PlanOptions(window="6")).table.set_index("channel")
    assert left.loc["search", "spend"] == 0
    used = plan_report(kept, PlanOptions(window="6", bounds=("search=50:200",)))
    frame = used.table.set_index("channel")
    assert 50 <= frame.loc["search", "spend"] <= 200
    own = used.calendar[used.calendar["channel"] == "search"]["spend"]
    np.testing.assert_allclose(own, own.iloc[0])
    assert frame.loc["search", "outcome"] > 0


def test_a_fit_without_spend_has_nothing_to_plan():
    free = Channel("posts", "posts_exposure")
    spec = mix(free)
    data = panel(spec)
    data.spend[:] = 0.0
    with pytest.raises(AttributionError, match="no money to plan"):
        plan_report(stored(Case(spec, data)))


def test_organic_channels_stay_as_they_were():
    spec = mix(channel("tv"), channel("search"), Channel("posts", "posts_exposure"))
    data = panel(spec)
    data.spend[2] = 0.0
    report = plan_report(stored(Case(spec, data)), PlanOptions(window="6", goal=Goal("cvar", 0.2)))
    assert report.asked.names == ("tv", "search")
    assert set(report.calendar["channel"]) == {"tv", "search"}


def test_a_plan_that_follows_the_prior_says_so():
    report = plan_report(stored(concave()), PlanOptions(window="8"))
    flight, today = report.asked.flight, report.asked.flight.today
    moved = today * np.array([1.4, 0.8, 1.0])
    beside = Beside(moved, today, None, None, np.zeros(flight.of.shape, dtype=np.int8))
    found = list(
        prior_findings(report.asked, beside, {"tv": PRIOR_DOMINATED, "radio": PRIOR_DOMINATED}, report.asked.split)
    )
    assert [f.code for f in found] == ["plan-of-the-prior"]
    assert "tv, whose return" in found[0].message
    assert not list(prior_findings(report.asked, beside, {"radio": PRIOR_DOMINATED}, report.asked.split))
