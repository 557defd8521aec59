"""Media-mix chapters: their numbers are those of the tables that the commands print."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from attribution.mixes import mix_curves, mix_effects
from attribution.report.chapters.mix.carry import carry_blocks, half_life
from attribution.report.chapters.mix.chapter import mix
from attribution.report.chapters.mix.fit import fit_blocks
from attribution.report.chapters.mix.marks import starred_axis
from attribution.report.chapters.mix.over_time import OTHERS, SHOWN, over_time_blocks
from attribution.report.chapters.mix.returns import return_blocks
from attribution.report.chapters.mix.saturation import saturation_blocks
from attribution.report.chapters.what_if import what_if
from attribution.report.document import Chart, Figures, Noticed, Report, Table
from attribution.report.mix_view import MixView
from attribution.report.page import page
from attribution.report.sources import Sources
from attribution.report.words import Words
from attribution.workspace import Workspace
from attribution_models.mix.predict import fitted
from tests.mix.markets import MODEL
from tests.report.mixes import fit_into, with_off_weeks


@pytest.fixture(scope="module")
def chapters(mixed):
    return mix(mixed)


@pytest.fixture(scope="module")
def stored(mixed):
    return mixed.mixes[0]


@pytest.fixture(scope="module")
def tables(chapters):
    found = list(Report("", "", chapters[0], chapters[1:]).tables())
    assert len({t.id for t in found}) == len(found)
    return {t.id: pd.DataFrame(t.records()) for t in found}


def test_three_chapters_that_a_page_can_hold(mixed, chapters):
    assert [c.id for c in chapters] == ["mix", "mix-returns", "mix-checks"]
    html = page(Report("Report", "", chapters[0], chapters[1:], mixed.colours), mixed.words)
    assert "did not converge" in html, "two short chains do not pass the gate, and the page says so"
    for chart in (b for c in chapters for b in c.blocks if isinstance(b, Chart)):
        json.dumps(chart.spec, allow_nan=False)
        assert chart.alt
        assert chart.note


def test_several_fits_have_chapters_of_their_own(several, others):
    found = mix(several)
    assert len(found) == 3 * len(others)
    ids = [t.id for t in Report("", "", found[0], found[1:]).tables()]
    assert len(set(ids)) == len(ids)
    assert [c.title for c in found[::3]] == [f"Media mix: what made up the outcome ({n})" for n in sorted(others)]


def test_without_a_fit_there_is_no_chapter(tmp_path):
    sources = Sources(Workspace(tmp_path / "ws"), Words())
    with sources.workspace.write():
        pass
    assert mix(sources) == ()
    assert what_if(sources) is None


def test_fit_against_observed(stored, tables):
    found, model = tables["mix-fit"], fitted(stored.posterior, seed=int(stored.entry["seed"]))
    np.testing.assert_allclose(found["observed"], stored.data.outcome[0])
    for column, values in (("expected", model.total.mean), ("lower", model.total.low), ("upper", model.total.high),
                           ("new_lower", model.total.new_low), ("new_upper", model.total.new_high)):  # fmt: skip
        np.testing.assert_allclose(found[column], values)


def test_the_stack_adds_up_to_the_fit(stored, tables):
    stack = tables["mix-over-time"]
    rows = stored.structure.fitted[0]
    sums = stack.groupby("date")["contribution"].sum()
    np.testing.assert_allclose(sums, tables["mix-fit"]["expected"][rows])
    whole = mix_effects(stored).table.set_index("channel")["contribution"]
    for channel, amount in stack.groupby("channel")["contribution"].sum().items():
        assert amount == pytest.approx(whole[channel])


def test_a_fit_whose_effects_drift_says_so(mixed, tmp_path):
    said = "Effects drift in this fit"
    assert said not in over_time_blocks(mixed, MixView(mixed.mixes[0]))[0].note
    stored = fit_into(tmp_path, "drifts", with_off_weeks(), MODEL + "\n[time_varying]\npoints = 3\n")
    sources = Sources(Workspace(tmp_path / "ws"), Words())
    assert said in over_time_blocks(sources, MixView(stored))[0].note
    found = mix(sources)
    tables = {t.id: pd.DataFrame(t.records()) for t in Report("", "", found[0], found[1:]).tables()}
    sums = tables["mix-over-time"].groupby("date")["contribution"].sum()
    np.testing.assert_allclose(sums, tables["mix-fit"]["expected"][stored.structure.fitted[0]])


def test_more_channels_than_colours_share_an_area(mixed, others):
    view = MixView(others["many"])
    stack = pd.DataFrame(over_time_blocks(mixed, view)[0].table.records())
    names = stack["channel"].unique()
    assert len(names) == SHOWN + 2
    assert names[0] == "(baseline)"
    assert names[-1] == OTHERS
    effects = mix_effects(others["many"]).table
    channels = effects.loc[effects["kind"] == "paid", "contribution"]
    assert stack.loc[stack["channel"] != "(baseline)", "contribution"].sum() == pytest.approx(channels.sum())
    least = np.sort(channels)[: len(channels) - SHOWN].sum()
    assert stack.loc[stack["channel"] == OTHERS, "contribution"].sum() == pytest.approx(least)


def test_returns(stored, tables):
    effects, found = mix_effects(stored).table.set_index("channel"), tables["mix-roas"]
    for row in found.to_dict("records"):
        column = {"ROAS": "roas", "marginal ROAS": "mroas"}[row["measure"]]
        model = effects.loc[row["channel"]]
        assert [row["amount"], row["lower"], row["upper"]] == pytest.approx(
            [model[column], model[f"{column}_lower"], model[f"{column}_upper"]]
        )
        assert row["spend"] == pytest.approx(model["spend"])


def test_an_outcome_without_worth_has_costs(mixed, others):
    table = return_blocks(mixed, MixView(others["orders"]))[0].table
    effects = mix_effects(others["orders"]).table.set_index("channel")
    assert table.id == "mix-cost"
    for row in table.records():
        assert row["amount"] == pytest.approx(effects.loc[row["channel"], "cpa"])


def test_response_curves(stored, tables, mixed):
    view = mixed.mix_views[0]
    model = mix_curves(stored, first=view.span(view.year)[0], points=21).table
    found = tables["mix-response"]
    both = found.merge(
        model, left_on=["channel", "multiple"], right_on=["channel", "multiplier"], suffixes=("", "_model")
    )
    assert len(both) == len(model)
    np.testing.assert_allclose(both["spend"], both["spend_model"])
    for ours, theirs in (("gain", "outcome"), ("lower", "outcome_lower"), ("upper", "outcome_upper")):
        np.testing.assert_allclose(both[ours], both[theirs])
    assert ((both["range"] == "beyond the data") == both["beyond"]).all()
    assert ((both["today"] == "yes") == both["current"]).all()


def test_carry_over(stored, tables):
    model = mix_curves(stored, kind="adstock").table
    found = tables["mix-carry-over"].merge(model, on=["channel", "lag"])
    assert len(found) == len(model)
    np.testing.assert_allclose(found["share"], found["weight"])


@pytest.mark.parametrize(("weights", "wanted"), [
    ([1, 0, 0], 0.5), ([0.5, 0.5, 0], 1.0), ([0.25] * 4, 2.0), ([0.2, 0.6, 0.2], 1.5), ([0, 0, 1], 2.5),
])  # fmt: skip
def test_half_lives(weights, wanted):
    assert half_life(np.array(weights, dtype=float)[None, :, None])[0, 0] == pytest.approx(wanted)


def test_saturation(stored, tables):
    model = mix_curves(stored, kind="saturation", points=25).table
    np.testing.assert_allclose(tables["mix-saturation"]["reached"], model["response"])
    assert ((tables["mix-saturation"]["seen"] == "yes") == ~model["beyond"]).all()


def test_prior_beside_posterior(stored, tables):
    found = tables["mix-prior"]
    after = found[found["when"] == "after the data"].set_index("channel")
    effects = mix_effects(stored).table.set_index("channel")
    for channel in after.index:
        assert after.loc[channel, "lower"] == pytest.approx(effects.loc[channel, "roas_lower"])
        assert after.loc[channel, "mark"] == effects.loc[channel, "mark"]
    before = found[found["when"] == "before the data"].set_index("channel")
    spread = (after["upper"] - after["lower"]) / (before["upper"] - before["lower"])
    assert (spread < 1).all()


def test_diagnostics(stored, chapters):
    figures = {f.label: f.value for f in next(b for b in chapters[2].blocks if isinstance(b, Figures)).items}
    assert figures["Worst R-hat"] == stored.entry["worst_rhat"]
    assert figures["Least effective draws"] == stored.entry["least_ess"]
    told = next(b for b in chapters[2].blocks if isinstance(b, Noticed)).findings
    assert told[0].code == "fit-not-converged"
    assert {f["code"] for f in stored.entry["findings"]} <= {f.code for f in told}
    assert any(isinstance(b, Table) and b.id == "mix-evidence" for b in chapters[2].blocks)


def test_a_star_where_the_prior_decides(others):
    view = MixView(others["many"])
    view.__dict__["marks"] = {'a "b" </script>': "prior-dominated"}
    object.__setattr__(view, "stored", _Renamed(view.stored))
    axis = starred_axis(view, ['a "b" </script>', "plain"])["axis"]
    assert axis["labelExpr"].startswith('indexof(["a \\"b\\" </script>"]')


class _Renamed:
    """A fit whose channel has a hostile name."""

    def __init__(self, stored):
        self.spec = SimpleNamespace(channels=[SimpleNamespace(name='a "b" </script>')])


def test_every_form_of_fit_gives_chapters(mixed, others):
    for name in ("log", "orders", "many"):
        view = MixView(others[name], name)
        assert fit_blocks(mixed, view)
        assert carry_blocks(mixed, view)
        assert saturation_blocks(mixed, view)
