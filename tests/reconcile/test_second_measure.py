"""Both measures of one result: each adds up in every draw, at each grain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attribution.credit.paths import kept_of
from attribution.ingest.ingest import ingest
from attribution.mix.stored import load_mix
from attribution.reconcile.grid import Grid
from attribution.reconcile.matching import match
from attribution.reconcile.mix_side import MixSide, mix_side
from attribution.reconcile.options import ReconcileOptions
from attribution.reconcile.overlap import Overlap, overlap
from attribution.reconcile.path_side import Cell, path_cells, totals_of
from attribution.reconcile.rows import reconciled_rows
from attribution.reconcile.second_measure import second_measure
from attribution.steps.fit import fit_step
from attribution.steps.journeys import journeys_step
from attribution.steps.reconcile import reconcile_step
from attribution.workspace import Workspace
from attribution_models.paths.rules import Last
from attribution_models.reconcile.split import pairing
from attribution_models.reconcile.totals import reconcile_totals
from tests.reconcile.markets import copied, mix_into, workspace

GRAINS = [(), ("campaign",), ("week",), ("month",), ("campaign", "month")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return workspace(tmp_path_factory.mktemp("second"))


def priced(side: MixSide) -> MixSide:
    """The same fit, as if its panel said what an outcome is worth, more each week."""
    worth = np.linspace(30, 70, len(side.observed))
    return replace(side, revenue=side.draws * worth[:, None], observed_revenue=side.observed * worth)


def in_money(side: MixSide, orders: pd.DataFrame) -> MixSide:
    """The same fit, as if its panel counted money: what the orders of a week were worth."""
    week = (pd.to_datetime(orders["timestamp"]) - pd.Timestamp(side.stored.calendar.dates[0])).dt.days // 7
    money = orders.groupby(week)["value"].sum().reindex(range(len(side.observed)), fill_value=0.0).to_numpy()
    ratio = np.where(side.observed > 0, money / np.maximum(side.observed, 1e-9), 1.0)
    return replace(side, measure="value", draws=side.draws * ratio[:, None], observed=money)


def orders_of(place: Workspace) -> pd.DataFrame:
    return pd.read_csv(place.path.parent / "conversions.csv")


@pytest.fixture(scope="module", params=["counted", "priced", "in money"])
def sides(request: pytest.FixtureRequest, place: Workspace):
    side = mix_side(load_mix(place))
    if request.param == "priced":
        side = priced(side)
    if request.param == "in money":
        side = in_money(side, orders_of(place))
    journeys = journeys_step(place)
    found = overlap(journeys, side.stored.calendar, side.stored.structure.fitted.any(axis=0))
    return request.param, side, journeys, found, match(side.channels, journeys.channels)


def cells_of(place: Workspace, side: MixSide, journeys, found: Overlap, names, by=()) -> tuple[Cell, ...]:
    kept = kept_of(place.manifest()["fits"]["markov-1"])
    return path_cells(journeys, kept, found, side.stored.calendar, names, side.measure, by)


@pytest.mark.parametrize("by", GRAINS)
def test_both_measures_add_up_in_every_draw_at_each_grain(place: Workspace, sides, by: tuple[str, ...]) -> None:
    kind, side, journeys, found, names = sides
    whole = cells_of(place, side, journeys, found, names)
    totals = reconcile_totals(side.totals(found.window), totals_of(whole))
    second, _ = second_measure(totals, side, whole, journeys, found)
    assert second is not None
    assert second.measure == ("conversions" if kind == "in money" else "value")
    grid = Grid.of_overlap(found, side, next((g for g in by if g != "campaign"), None))
    cells = cells_of(place, side, journeys, found, names, by) if by else ()
    sums = np.zeros((2, len(grid.labels), len(totals.draws)))
    channels = {name: np.zeros((2, len(totals.draws))) for name in totals.names}
    for row in reconciled_rows(totals, side, cells, found, grid, second=second):
        sums[:, row.group] += row.draws, row.second
        if row.channel in channels:
            channels[row.channel] += row.draws, row.second
    seen = grid.total(side.observed[found.window.start : found.window.end + 1]), grid.total(second.observed)
    for measure in (0, 1):
        np.testing.assert_allclose(sums[measure], np.broadcast_to(seen[measure][:, None], sums.shape[1:]), atol=1e-6)
    for i, name in enumerate(totals.names):
        np.testing.assert_allclose(channels[name][0], totals.draws[:, i], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(channels[name][1], totals.draws[:, i] * second.factors[name], rtol=1e-9, atol=1e-6)


def test_what_was_observed_of_the_second_measure_is_what_the_orders_say(place: Workspace, sides) -> None:
    kind, side, journeys, found, names = sides
    whole = cells_of(place, side, journeys, found, names)
    totals = reconcile_totals(side.totals(found.window), totals_of(whole))
    second, findings = second_measure(totals, side, whole, journeys, found)
    assert second is not None
    orders = orders_of(place)
    expected = {"counted": orders["value"].sum(), "in money": len(orders)}.get(kind, side.observed_revenue)
    assert second.observed.sum() == pytest.approx(np.sum(expected), rel=1e-9)
    if kind == "priced":
        assert not findings
        return
    assert [f.code for f in findings] == [f"{second.measure}-by-paths"]
    assert "TV" in second.averaged
    assert "For TV, to which paths credit none" in findings[0].message


def test_a_channel_of_large_baskets_is_worth_more(place: Workspace) -> None:
    """Cells made by hand: 100 per conversion against 20, and the rest between them."""
    side = mix_side(load_mix(place))
    journeys = journeys_step(place)
    found = overlap(journeys, side.stored.calendar, side.stored.structure.fitted.any(axis=0))
    rng = np.random.default_rng(3)
    cells = tuple(
        Cell(name, {}, 50.0, first, 50.0 * worth, first * worth)
        for name, worth in (("Display", 100.0), ("Paid social", 20.0))
        for first in [rng.gamma(50, 1.0, 200)]
    )
    totals = reconcile_totals(side.totals(found.window), totals_of(cells))
    second, _ = second_measure(totals, side, cells, journeys, found)
    assert second is not None
    assert second.factors["Display"].mean() == pytest.approx(100, rel=0.02)
    assert second.factors["Paid social"].mean() == pytest.approx(20, rel=0.02)
    # A channel of which paths say nothing may be like either.
    spread = np.log(second.factors["TV"]).std()
    assert spread == pytest.approx(np.log(np.sqrt(5)), rel=0.1)
    other, _ = second_measure(totals, side, cells, journeys, found, seed=2)
    assert other is not None
    assert not np.array_equal(other.factors["TV"], second.factors["TV"])
    assert len(pairing(len(totals.draws), 200, 1)) == len(second.factors["Display"])


def test_revenue_per_outcome_in_the_model_file_prices_every_row(place: Workspace, tmp_path: Path) -> None:
    own = copied(place, tmp_path)
    folder = own.path.parent
    text = (folder / "model.toml").read_text(encoding="utf-8")
    (folder / "model.toml").write_text(text.replace("revenue = false", "revenue_per_outcome = 40.0"), encoding="utf-8")
    mix_into(own, folder, name="priced")
    report = reconcile_step(own, "priced", options=ReconcileOptions(by=("campaign", "month")))
    assert report.entry["second"] == ["value", "panel"]
    for rows in (report.credits, report.result.credits):
        for end in ("", "_lower", "_upper"):
            np.testing.assert_allclose(rows[f"value{end}"], 40.0 * rows[f"conversions{end}"], rtol=1e-6, atol=1e-6)
    paid = report.result.credits.set_index("channel").loc["TV"]
    assert paid["roas"] == pytest.approx(paid["value"] / paid["cost"])
    assert paid["cpa"] == pytest.approx(paid["cost"] / paid["conversions"])


def test_where_nothing_is_worth_anything_value_stays_empty_and_it_is_said(place: Workspace, tmp_path: Path) -> None:
    folder = copied(place, tmp_path).path.parent
    orders = pd.read_csv(folder / "conversions.csv").drop(columns="value")
    orders.to_csv(folder / "bare.csv", index=False)
    bare = Workspace(folder / "bare")
    ingest(bare, {"touchpoints": [str(folder / "touchpoints.csv")], "conversions": [str(folder / "bare.csv")]})
    fit_step(bare, (Last(),))
    mix_into(bare, folder)
    report = reconcile_step(bare)
    assert report.entry["second"] is None
    assert report.credits["conversions"].notna().all()
    assert report.credits[["value", "value_lower", "value_share", "roas"]].isna().all(axis=None)
    said = next(f for f in report.findings if f.code == "value-unknown")
    assert "no conversion of the journeys in these days has a value" in said.message
    assert "revenue_per_outcome" in said.remedy
