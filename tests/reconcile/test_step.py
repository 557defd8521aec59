"""The step in a workspace: conservation at each grain, what is kept, what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attribution.credit.paths import kept_of
from attribution.errors import UsageError
from attribution.ingest.ingest import ingest
from attribution.mix.lift_tests import LiftTest
from attribution.mix.stored import load_mix
from attribution.reconcile.grid import Grid
from attribution.reconcile.matching import match
from attribution.reconcile.mix_side import mix_side
from attribution.reconcile.noticed import total_in
from attribution.reconcile.options import ReconcileOptions, parse_match
from attribution.reconcile.overlap import overlap
from attribution.reconcile.path_side import kept_totals, path_cells, totals_of
from attribution.reconcile.people_tests import PeopleTest, as_evidence, people_tests
from attribution.reconcile.rows import reconciled_rows
from attribution.steps.compare import compare_step
from attribution.steps.credits import credits_step
from attribution.steps.fit import fit_step
from attribution.steps.journeys import journeys_step
from attribution.steps.reconcile import reconcile_step
from attribution.workspace import Workspace, named_files
from attribution_models.mix.lifts import Lift
from attribution_models.paths.rules import Last
from attribution_models.reconcile.totals import reconcile_totals
from tests.reconcile.markets import copied, market, mix_into, workspace

CLOSING = {"(baseline)", "(unattributed)"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return workspace(tmp_path_factory.mktemp("reconcile"))


@pytest.fixture
def own(place: Workspace, tmp_path: Path) -> Workspace:
    """A copy that a test may change."""
    return copied(place, tmp_path)


def sides(place: Workspace):
    """Both models' sides of the workspace, and what they have in common."""
    journeys = journeys_step(place)
    side = mix_side(load_mix(place))
    found = overlap(journeys, side.stored.calendar, side.stored.structure.fitted.any(axis=0))
    return journeys, side, found, match(side.channels, journeys.channels)


@pytest.mark.parametrize("by", [(), ("campaign",), ("week",), ("month",), ("campaign", "week")])
def test_every_draw_adds_up_to_what_was_observed_at_each_grain(place: Workspace, by: tuple[str, ...]) -> None:
    journeys, side, found, names = sides(place)
    kept = kept_of(place.manifest()["fits"]["markov-1"])
    cells = path_cells(journeys, kept, found, side.stored.calendar, names, "conversions", by)
    totals = reconcile_totals(side.totals(found.window), totals_of(cells))
    grid = Grid.of_overlap(found, side, next((g for g in by if g != "campaign"), None))
    sums = np.zeros((len(grid.labels), len(totals.draws)))
    channels = {name: np.zeros(len(totals.draws)) for name in totals.names}
    for row in reconciled_rows(totals, side, cells if by else (), found, grid):
        sums[row.group] += row.draws
        if row.channel in channels:
            channels[row.channel] += row.draws
    observed = grid.sums(side.observed[found.window.start : found.window.end + 1][:, None])
    np.testing.assert_allclose(sums, np.broadcast_to(observed, sums.shape), atol=1e-8)
    assert observed.sum() == pytest.approx(pd.read_csv(place.path.parent / "panel.csv")["conversions"].sum())
    for i, name in enumerate(totals.names):
        np.testing.assert_allclose(channels[name], totals.draws[:, i], rtol=1e-9, atol=1e-9)


def test_path_cells_are_the_fits_own_numbers(place: Workspace) -> None:
    journeys, side, found, names = sides(place)
    kept = kept_of(place.manifest()["fits"]["last"])
    whole = path_cells(journeys, kept, found, side.stored.calendar, names, "conversions")
    weekly = path_cells(journeys, kept, found, side.stored.calendar, names, "conversions", ("campaign", "week"))
    for cell in whole:
        mine = [c for c in weekly if c.channel == cell.channel]
        assert sum(c.point for c in mine) == pytest.approx(cell.point)
        np.testing.assert_allclose(np.sum([c.replicates for c in mine], axis=0), cell.replicates, rtol=1e-9)
    assert sum(c.point for c in whole) <= total_in(journeys, found, "conversions")


def test_the_result_is_kept_and_joins_credits_and_compare(own: Workspace) -> None:
    report = reconcile_step(own, options=ReconcileOptions(by=("campaign", "month")))
    manifest = own.manifest()
    entry = manifest["reconciled"]["reconciled"]
    assert entry["path"] in set(named_files(manifest))
    assert all((f.stat().st_mode & 0o077) == 0 for f in (own.path / entry["path"]).iterdir())
    table, _ = credits_step(own, force=True)
    mine = table[table["model"] == "reconciled"]
    assert set(mine["estimand"]) == {"incremental_total"}
    assert set(mine["interval_kind"]) == {"posterior"}
    panel = pd.read_csv(own.path.parent / "panel.csv")
    assert mine["conversions"].sum() == pytest.approx(panel["conversions"].sum(), rel=1e-9)
    assert (mine["conversions_lower"] <= mine["conversions_upper"]).all()
    assert mine.set_index("channel").loc["TV", "cost"] == pytest.approx(panel["TV"].sum())
    finer, _ = credits_step(own, ["reconciled"], by=("campaign", "month"))
    pd.testing.assert_frame_equal(finer.reset_index(drop=True), report.credits, check_dtype=False)
    by_channel = finer.groupby("channel")["conversions"].sum()
    np.testing.assert_allclose(by_channel[mine["channel"]], mine["conversions"], rtol=1e-9)
    compared = compare_step(own, force=True)
    assert "reconciled" in set(compared.agreement["fit_b"]) | set(compared.agreement["fit_a"])
    both = compared.agreement.set_index(["fit_a", "fit_b"])
    assert not both.loc[("mmm", "reconciled"), "across_estimands"]


def test_another_grain_is_left_out_with_a_note(own: Workspace) -> None:
    reconcile_step(own)
    with pytest.raises(UsageError, match="made without week"):
        credits_step(own, ["reconciled"], by=("week",))
    _, findings = credits_step(own, by=("week",), force=True)
    assert any("reconciled left out" in f.message for f in findings)


def test_rows_in_another_order_give_the_same_numbers(place: Workspace, tmp_path: Path) -> None:
    """The touches' order is nothing, so neither are the cells'."""
    joint = market()
    order = np.random.default_rng(1).permutation(len(joint.paths.touchpoints["channel"]))
    for name, column in joint.paths.touchpoints.items():
        joint.paths.touchpoints[name] = column[order]
    other = workspace(tmp_path, joint)
    one, two = (reconcile_step(copied(w, tmp_path / str(i))) for i, w in enumerate((place, other)))
    pd.testing.assert_frame_equal(one.credits, two.credits, rtol=1e-9)


def test_disagreements_say_why(own: Workspace) -> None:
    table = reconcile_step(own).disagreements.set_index("channel")
    assert "no journey holds it: offline media" in table.loc["TV", "reason"]
    assert table.loc["TV", "known"] == "mix"
    assert "panel has no spend of it" in table.loc["E-mail", "reason"]
    assert "Organic search" not in table.index
    assert table.loc["Display", "apart"] == table.loc["Display", "apart"]


def test_the_holdout_is_evidence_unless_it_is_for_validation(own: Workspace, tmp_path: Path) -> None:
    (test,) = people_tests(own, own.manifest(), "conversions")
    assert test.channel == "Online video"
    assert test.coverage == 1.0
    assert reconcile_step(own).entry["experiments"] == 1
    frame = pd.read_csv(tmp_path / "assignments.csv").assign(use="validate")
    frame.to_csv(tmp_path / "again.csv", index=False)
    fresh = copied_without_assignments(tmp_path)
    ingest(fresh, {"assignments": [str(tmp_path / "again.csv")]})
    assert people_tests(fresh, fresh.manifest(), "conversions") == ()


def copied_without_assignments(folder: Path) -> Workspace:
    place = Workspace(folder / "fresh")
    ingest(place, {n: [str(folder / f"{n}.csv")] for n in ("touchpoints", "conversions")})
    return place


def test_a_test_of_some_weeks_measures_their_share(place: Workspace) -> None:
    _, side, found, names = sides(place)
    known = side.channels
    firsts = side.stored.calendar.dates
    half = PeopleTest("t", "online video", 10.0, 2.0, firsts[0], firsts[15] - np.timedelta64(1, "D"), 0.5)
    (evidence,), findings = as_evidence((half,), side, found, names, known)
    draws = side.rows("Online video")[0]
    assert not findings
    assert evidence.channel == "Online video"
    assert evidence.share == pytest.approx(0.5 * draws[:15].sum() / draws.sum(), rel=1e-6)
    assert evidence.deviation > 2.0


def test_tests_that_cannot_be_placed_are_left_out_and_said(place: Workspace) -> None:
    _, side, found, names = sides(place)
    day = np.datetime64("2030-01-01", "D")
    first, last = side.stored.calendar.dates[[0, -1]]
    tests = (
        PeopleTest("late", "TV", 1.0, 1.0, day, day),
        PeopleTest("strange", "Radio", 1.0, 1.0, first, last),
        PeopleTest("empty", "TV", 0.0, 0.0, first, last),
    )
    evidence, findings = as_evidence(tests, side, found, names, side.channels)
    assert evidence == ()
    assert [f.message.split(" is left out: ")[1] for f in findings] == [
        "its days are outside the panel.", "its channel is in no model.", "it saw no conversions.",
    ]  # fmt: skip


def test_what_lies_outside_the_overlap_is_said(own: Workspace) -> None:
    panel = pd.read_csv(own.path.parent / "panel.csv")
    longer = panel.copy()
    longer["date"] = (pd.to_datetime(panel["date"]) - pd.Timedelta(days=7 * 10)).dt.date.astype(str)
    longer.to_csv(own.path.parent / "earlier.csv", index=False)
    mix_into(own, own.path.parent, "earlier.csv", "earlier")
    report = reconcile_step(own, "earlier")
    assert report.entry["window"] == ["2025-01-01", "2025-05-20"]
    said = next(f for f in report.findings if f.code == "outside-overlap").message
    assert "10 of the panel's 30 weeks" in said
    assert "conversions of the journeys" in said
    shifted = panel.assign(date=(pd.to_datetime(panel["date"]) - pd.Timedelta(days=7 * 300)).dt.date.astype(str))
    shifted.to_csv(own.path.parent / "before.csv", index=False)
    mix_into(own, own.path.parent, "before.csv", "before")
    with pytest.raises(UsageError, match="no whole period in common"):
        reconcile_step(own, "before")


def test_a_result_of_earlier_fits_says_so(own: Workspace) -> None:
    reconcile_step(own)
    with own.write() as manifest:
        manifest["mixes"]["mmm"] = {**manifest["mixes"]["mmm"], "name": "mmm", "path": manifest["fits"]["last"]["path"]}
    _, findings = credits_step(own, ["reconciled"])
    assert any(f.code == "stale" for f in findings)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda w: reconcile_step(w, "nobody"), 'No media-mix fit "nobody"'),
        (lambda w: reconcile_step(w, paths="markof-1"), 'No fit of journeys "markof-1".*markov-1'),
        (lambda w: reconcile_step(w, options=ReconcileOptions(name="last")), "is a fit already"),
        (
            lambda w: reconcile_step(w, options=ReconcileOptions(match=(("Tv", "E-mail"),))),
            'no channel "Tv" in the panel',
        ),
        (
            lambda w: reconcile_step(w, options=ReconcileOptions(match=(("TV", "Mail"),))),
            'no channel "Mail" in the journeys',
        ),
        (lambda w: ReconcileOptions(by=("geo",)), '"geo" is unknown here'),
        (lambda w: ReconcileOptions(by=("week", "month")), "one of week and month"),
        (lambda w: ReconcileOptions(discrepancy=0.0), "not above zero"),
        (lambda w: ReconcileOptions(name=" "), "needs a name"),
        (lambda w: ReconcileOptions(level=1.0), "between 0 and 1"),
        (lambda w: parse_match(("TV",)), "is no pair"),
    ],
)
def test_bad_input_is_refused_in_words(place: Workspace, given, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        given(place)


def test_nothing_fitted_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No workspace at"):
        reconcile_step(Workspace(tmp_path / "none"))
    place = Workspace(tmp_path / "ws")
    with place.write():
        pass
    with pytest.raises(UsageError, match="No media-mix model was fitted yet"):
        reconcile_step(place)
    with place.write() as manifest:
        manifest["mixes"] = {"mmm": {"name": "mmm", "path": "fits/none"}}
    with pytest.raises(UsageError, match="No model of journeys was fitted yet"):
        reconcile_step(place)


def test_names_are_matched_but_for_capitals_and_by_hand() -> None:
    found = match(("TV", "search"), ("Search", "Television", "mail"), (("TV", "Television"),))
    assert found.of_path == {"Search": "search", "Television": "TV", "mail": "mail"}
    assert found.alone_panel == ()
    assert found.alone_paths == ("mail",)
    assert match(("tv",), ("TV", "Tv")).of_path == {"TV": "tv", "Tv": "tv"}
    with pytest.raises(UsageError, match="it is one of them"):
        match(("a", "b"), ("x",), (("a", "x"), ("b", "x")))
    kept = match(("a",), ("a", "visits", "mail")).without_demand({"a", "visits"})
    assert kept.of_path == {"a": "a", "mail": "mail"}
    assert kept.demand == ("visits",)


def test_a_path_effect_that_is_not_above_zero_is_left_out() -> None:
    frame = pd.DataFrame(
        {
            "channel": ["a", "B", "(direct)", "(baseline)"],
            "conversions": [10.0, -3.0, 5.0, 50.0],
            "conversions_lower": [6.0, -6.0, 4.0, 40.0],
            "conversions_upper": [14.0, 1.0, 6.0, 60.0],
            "interval_level": 0.9,
        }
    )
    found = kept_totals(frame, match(("A", "b"), ("a", "B")), "conversions", 0.5)
    assert found.names == ("A",)
    assert found.totals == pytest.approx([5.0])
    assert np.sqrt(found.log_covariance[0, 0]) == pytest.approx(4 / 1.6449 / 10, rel=1e-3)


def test_a_panel_in_money_is_reconciled_in_money(own: Workspace) -> None:
    folder = own.path.parent
    panel = pd.read_csv(folder / "panel.csv")
    orders = pd.read_csv(folder / "conversions.csv")
    week = (pd.to_datetime(orders["timestamp"]) - pd.Timestamp(panel["date"][0])).dt.days // 7
    panel["conversions"] = orders.groupby(week)["value"].sum().reindex(range(len(panel)), fill_value=0.0)
    panel.to_csv(folder / "money.csv", index=False)
    text = (folder / "model.toml").read_text(encoding="utf-8").replace("revenue = false", "revenue = true")
    (folder / "model.toml").write_text(text, encoding="utf-8")
    mix_into(own, folder, "money.csv", "money")
    report = reconcile_step(own, "money", options=ReconcileOptions(by=("week",), name="in money"))
    rows = report.result.credits
    assert rows["value"].sum() == pytest.approx(orders["value"].sum(), rel=1e-9)
    assert rows["conversions"].sum() == pytest.approx(len(orders), rel=1e-9)
    assert (rows["conversions_lower"] <= rows["conversions_upper"]).all()
    paid = rows[rows["channel"] == "TV"].iloc[0]
    assert paid["roas"] == pytest.approx(paid["value"] / panel["TV"].sum())
    weekly = report.credits.groupby("week", sort=False)["value"].sum()
    np.testing.assert_allclose(weekly.sum(), panel["conversions"].sum())
    assert report.entry["experiments"] == 1


def test_an_experiment_counts_once(place: Workspace) -> None:
    _, side, found, names = sides(place)
    lift = Lift("holdout", 0, (0,), 0, 3, np.zeros((1, 30)), 5.0, 1.0)
    twice = replace(side, stored=replace(side.stored, tests=(LiftTest("validate", lift),)))
    first, last = side.stored.calendar.dates[[0, -1]]
    with pytest.raises(UsageError, match="holdout would count twice"):
        as_evidence((PeopleTest("holdout", "TV", 5.0, 1.0, first, last),), twice, found, names, side.channels)


def test_paths_without_times_are_taken_for_the_panels_window(own: Workspace) -> None:
    folder = own.path.parent
    paths = pd.DataFrame({"path": ["Display > Retargeting", "Display", "Paid social"], "conversions": [30, 20, 25]})
    paths.to_csv(folder / "paths.csv", index=False)
    place = Workspace(folder / "aggregated")
    ingest(place, {"paths": [str(folder / "paths.csv")]})
    fit_step(place, (Last(),))
    mix_into(place, folder)
    report = reconcile_step(place)
    assert any(f.code == "no-times" for f in report.findings)
    assert any(f.code == "outcomes-differ" for f in report.findings)
    with pytest.raises(UsageError, match="aggregated paths hold no week"):
        reconcile_step(place, options=ReconcileOptions(by=("week",)))
