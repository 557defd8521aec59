"""What-if: figures from exported curves are the model's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution.mixes import mix_effects
from attribution.report.chapters.what_if import FEWEST, what_if, what_if_block, what_if_data
from attribution.report.document import WhatIf
from attribution.report.mix_view import MULTIPLES, MixView
from attribution.report.what_if_numbers import what_if_numbers
from attribution_models.mix.cells import Window
from attribution_models.mix.curves import MOSTLY
from attribution_models.mix.plan import change
from attribution_models.mix.predict import fitted
from attribution_models.mix.returns import gains


@pytest.fixture(scope="module")
def view(mixed):
    return mixed.mix_views[0]


@pytest.fixture(scope="module")
def data(view):
    return what_if_data(view)


def replanned(view, multiples):
    """The model's own answer: the window with multiplied media, every draw."""
    data, year = view.stored.data, view.year
    exposure = data.exposure.copy()
    exposure[:, :, data.before + year.start : data.before + year.end + 1] *= np.array(multiples)[:, None, None]
    return change(view.stored.posterior, replace(data, exposure=exposure))


def test_today_is_what_the_model_expects(view, data):
    found = what_if_numbers(data, [1.0, 1.0])
    year = slice(view.year.start, view.year.end + 1)
    assert view.year == Window(18, 69)
    assert found.expected.mean == pytest.approx(fitted(view.stored.posterior).total.mean[year].sum(), rel=1e-7)
    assert found.change.mean == found.change.lower == found.change.upper == 0
    assert found.spend == pytest.approx(view.stored.data.spend[:, 0, year].sum())
    assert found.outside == ()


def test_marginal_returns_are_those_of_the_effects_table(view, data):
    table = mix_effects(view.stored, first=view.span(view.year)[0]).table.set_index("channel")
    found = what_if_numbers(data, [1.0, 1.0]).marginal
    for channel, marginal in zip(("tv", "search"), found, strict=True):
        row = table.loc[channel]
        assert marginal.mean == pytest.approx(row["mroas"], rel=1e-6)
        assert marginal.lower == pytest.approx(row["mroas_lower"], rel=0.01)
        assert marginal.upper == pytest.approx(row["mroas_upper"], rel=0.01)


@pytest.mark.parametrize("multiples", [(1.4, 1.0), (0.5, 1.8), (0.0, 0.0)])
def test_a_plan_is_what_the_model_predicts(view, data, multiples):
    ours, model = what_if_numbers(data, multiples), replanned(view, multiples)
    assert ours.change.mean == pytest.approx(float(model.mean), rel=1e-6)
    assert ours.change.lower == pytest.approx(float(model.lower), rel=1e-3)
    assert ours.change.upper == pytest.approx(float(model.upper), rel=1e-3)


def test_between_points_the_curve_is_the_model_s(view, data):
    for multiples in ((0.03, 1.0), (1.0, 0.55), (1.345, 1.87)):
        model = replanned(view, multiples)
        assert what_if_numbers(data, multiples).change.mean == pytest.approx(float(model.mean), rel=2e-3)


def test_paired_draws_do_not_widen_a_change(data):
    found = what_if_numbers(data, [1.1, 1.0])
    expected, moved = found.expected, found.change
    assert 0 < moved.upper - moved.lower < 0.5 * (expected.upper - expected.lower)


def test_effects_that_multiply(others):
    view = MixView(others["log"])
    data = what_if_data(view)
    assert data["link"] == "log"
    assert what_if_numbers(data, [1, 1]).change.mean == pytest.approx(0, abs=1e-6)
    for multiples, within in (((1.4, 1.0), 1e-4), ((1.0, 0.5), 1e-4), ((1.4, 0.5), 0.03), ((1.5, 1.5), 0.03)):
        model = replanned(view, multiples)
        assert what_if_numbers(data, multiples).change.mean == pytest.approx(float(model.mean), rel=within)


def test_sliders_know_where_the_data_end(view, data):
    tv, search = data["channels"]
    assert tv["least"] > 0, "tv never was off"
    assert search["least"] == 0, "search was"
    for c, channel in enumerate((tv, search)):
        at, after = channel["reached"], channel["reached"] + 0.01
        assert view.beyond([at])[c, 0] <= MOSTLY
        assert at == data["most"] or view.beyond([after])[c, 0] > MOSTLY
    assert what_if_numbers(data, [tv["least"] / 2, 1]).outside == ("tv",)
    assert what_if_numbers(data, [1, 0]).outside == ()


def test_an_outcome_that_is_no_money(others):
    data = what_if_data(MixView(others["orders"]))
    assert (data["kind"], data["noun"]) == ("count", "sales")


def test_many_channels_export_fewer_draws_around_the_same_mean(others):
    view = MixView(others["many"])
    whole = view.gains
    few = what_if_data(view)
    size = len(few["channels"][0]["draws"]) // len(MULTIPLES)
    assert FEWEST <= size <= 200
    multiples = [1.2] * 12
    own = gains(view.effects, view.year, (1.0, 1.2)).gain[:, 0, 0].sum(axis=2)
    assert whole.shape == (12, len(MULTIPLES), view.draws)
    assert what_if_numbers(few, multiples).change.mean == pytest.approx(
        (own[:, 1] - own[:, 0]).mean(axis=1).sum(), rel=1e-6
    )


def test_the_chapter_and_its_table(mixed, view, data):
    chapter = what_if(mixed)
    block = next(b for b in chapter.blocks if isinstance(b, WhatIf))
    assert block.data == data
    rows = {row["channel"]: row for row in block.table.records()}
    found = what_if_numbers(data, [1, 1])
    assert rows["tv"]["spend"] == pytest.approx(view.spend[0])
    assert rows["tv"]["marginal"] == pytest.approx(found.marginal[0].mean)


def test_the_fit_that_was_asked_for(several, others):
    names = {
        asked: what_if(replace(several, asked=asked)).blocks[-1].data["fit"] for asked in ("mmm-log", "mmm-orders")
    }
    assert names == {"mmm-log": "mmm-log", "mmm-orders": "mmm-orders"}
    assert what_if(several).blocks[-1].data["fit"] == "mmm-many", "the latest one"


def test_plans_stand_beside(view):
    block = what_if_block(view, [("best split", [10.0, 20.0])])
    assert block.data["plans"] == [{"name": "best split", "spend": [10.0, 20.0]}]
