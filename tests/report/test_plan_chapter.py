"""The chapter of kept plans equals the plan's own table, and the sliders have its button."""

from __future__ import annotations

import math

import pytest

from attribution.plan.keep import load_plan
from attribution.plan.options import Goal, PlanOptions
from attribution.report.chapters.plans import MOST, multiples, plans
from attribution.report.chapters.what_if import what_if
from attribution.report.document import Chart, Noticed, WhatIf
from attribution.report.page import page
from attribution.report.report import report_of_workspace
from attribution.report.sources import Sources
from attribution.report.words import Words
from attribution.steps.plan import plan_step
from attribution.workspace import Workspace
from tests.mix.markets import MODEL
from tests.report.mixes import fit_into, with_off_weeks


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planned")
    fit_into(folder, "national", with_off_weeks(), MODEL)
    workspace = Workspace(folder / "ws")
    plan_step(workspace, None, PlanOptions(draws=200), name="lean")
    return Sources(workspace, Words("en-US", "EUR"))


def test_the_chapter_is_the_plans_table(planned):
    entry = planned.manifest["plans"]["lean"]
    kept = load_plan(planned.workspace, entry)
    chapter = plans(planned)
    (chart,) = [b for b in chapter.blocks if isinstance(b, Chart)]
    shown = {row["channel"]: row for row in chart.table.records()}
    for row in kept.channels.to_dict("records"):
        for name in ("spend_today", "spend", "change", "outside_share"):
            known = row[name] == row[name]
            assert (shown[row["channel"]][name] is None) != known
            assert not known or math.isclose(shown[row["channel"]][name], row[name])
    assert "lean" in chapter.lead
    assert len(chapter.blocks) <= 4 * MOST


def test_the_sliders_have_the_plan(planned):
    kept = load_plan(planned.workspace, planned.manifest["plans"]["lean"])
    (block,) = [b for b in what_if(planned).blocks if isinstance(b, WhatIf)]
    (plan,) = block.data["plans"]
    for channel, spend in zip(block.data["channels"], plan["spend"], strict=True):
        wanted = channel["spend"] * min(multiples(kept).get(channel["name"], 1.0), 2.0)
        assert math.isclose(spend, wanted, rel_tol=1e-6, abs_tol=1e-9)
    assert "lean" in page(report_of_workspace(planned), planned.words)


def test_a_plan_that_moves_nothing_says_so(planned):
    plan_step(planned.workspace, None, PlanOptions(draws=200, within="1x:1x"), name="still")
    chapter = plans(Sources(planned.workspace, planned.words))
    assert "leaves the money" in chapter.lead
    assert "lift test" in chapter.lead


def test_notes_of_a_plan_stand_in_its_chapter_and_that_its_fit_was_replaced(planned):
    plan_step(planned.workspace, None, PlanOptions(draws=200, goal=Goal("expected")), name="noted")
    sources = Sources(planned.workspace, planned.words)
    kept = sources.manifest["plans"]["noted"]["findings"]
    assert kept
    said = {f.code for b in plans(sources).blocks if isinstance(b, Noticed) for f in b.findings}
    assert {f["code"] for f in kept} <= said
    assert "plan-of-another-fit" not in said
    with planned.workspace.write() as manifest:
        manifest["plans"]["noted"]["fit_path"] = "fits/another"
    again = plans(Sources(planned.workspace, planned.words))
    assert "plan-of-another-fit" in {f.code for b in again.blocks if isinstance(b, Noticed) for f in b.findings}


def test_no_plan_no_chapter(mixed):
    assert plans(mixed) is None
