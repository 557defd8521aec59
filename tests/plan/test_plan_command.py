"""``attribution plan``: what it asks, answers, keeps and refuses."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest

from attribution.errors import UsageError
from attribution.mix.stored import effects_of, load_mix
from attribution.plan.keep import load_plan, plan_entry
from attribution.workspace import Workspace
from attribution_models.mix.cells import Window
from attribution_models.mix.returns import returns
from attribution_models.plan.goal import Goal

QUARTER = 13


def made(run, ws, *words, status=0):
    """The table of a plan."""
    return pd.read_csv(io.StringIO(run("plan", "-w", ws, "-f", "csv", *words, status=status).out)).set_index("channel")


def test_a_plan_spends_the_budget_and_brings_more(run, ws):
    told = run("plan", "-w", ws, "--budget", 2000, "-f", "csv")
    frame = pd.read_csv(io.StringIO(told.out)).set_index("channel")
    assert frame.loc["(total)", "spend"] == pytest.approx(2000)
    assert frame.loc["tv":"search", "spend"].sum() == pytest.approx(2000)
    inside = frame.loc[["tv", "search"]]
    assert (inside["spend"] >= inside["bound_lower"] * (1 - 1e-9)).all()
    assert (inside["spend"] <= inside["bound_upper"] * (1 + 1e-9)).all()
    assert (frame["outcome_lower"] < frame["outcome"]).all()
    assert frame["outcome_difference"]["(total)"] == pytest.approx(
        frame["outcome"]["(total)"] - frame["outcome_today"]["(total)"]
    )
    assert frame["beats"].between(0, 1).all()
    assert "optimality residual" in told.err


def test_today_s_figures_are_the_returns_of_the_fit(run, ws):
    frame = made(run, ws, "--bounds", "1x:1x")
    stored = load_mix(Workspace(ws))
    periods = len(stored.data.dates)
    found = returns(effects_of(stored), Window(periods - QUARTER, periods - 1))
    for c, name in enumerate(("tv", "search")):
        row = frame.loc[name]
        assert row["spend"] == pytest.approx(found.spend[c, 0])
        for column, summary in (("outcome", found.incremental), ("carried_in", found.carried_in),
                                ("carried_out", found.carried_out)):  # fmt: skip
            assert row[column] == pytest.approx(summary.mean[c, 0, 0])
            assert row[f"{column}_lower"] == pytest.approx(summary.lower[c, 0, 0])
        assert row["roas"] == pytest.approx(found.roas.mean[c, 0])
        assert row["marginal_roas"] == pytest.approx(found.mroas.mean[c, 0])
        assert row["outcome_difference"] == pytest.approx(0, abs=1e-6)


def test_locks_bounds_steps_and_groups_hold(run, ws):
    base = made(run, ws)
    was = base["spend_today"]
    locked = made(run, ws, "--lock", "tv", "--budget", was["(total)"] * 1.1, "--bounds", "0:3x")
    assert locked.loc["tv", "spend"] == pytest.approx(was["tv"])
    assert locked.loc["search", "spend"] == pytest.approx(was["search"] + 0.1 * was["(total)"])
    bounded = made(run, ws, "--channel-bounds", "search=100:700")
    assert bounded.loc["search", "spend"] <= 700 + 1e-6
    stepped = made(run, ws, "--step", "search=50")
    assert stepped.loc["search", "spend"] % 50 == pytest.approx(0, abs=1e-6)
    assert stepped.loc["(total)", "spend"] == pytest.approx(was["(total)"])
    grouped = made(run, ws, "--group", "search=:0.9x", "--bounds", "0x:3x")
    assert grouped.loc["search", "spend"] <= 0.9 * was["search"] * (1 + 1e-6)


def test_money_moved_by_hand(run, ws):
    frame = made(run, ws, "--move", "tv=search:20")
    assert frame.loc["tv", "spend"] == pytest.approx(0.8 * frame.loc["tv", "spend_today"])
    assert frame.loc["(total)", "spend"] == pytest.approx(frame.loc["(total)", "spend_today"])


def test_targets(run, ws):
    base = made(run, ws)
    today = base["outcome_today"]["(total)"]
    least = made(run, ws, "--target-outcome", today, "--bounds", "0x:2x")
    assert least.loc["(total)", "outcome"] == pytest.approx(today, rel=1e-4)
    assert least.loc["(total)", "spend"] < base.loc["(total)", "spend_today"]
    most = made(run, ws, "--target-roas", base["roas_today"]["(total)"], "--bounds", "0x:2x")
    assert most.loc["(total)", "roas"] == pytest.approx(base["roas_today"]["(total)"], rel=1e-4)
    assert most.loc["(total)", "spend"] > base.loc["(total)", "spend_today"]
    last = made(run, ws, "--target-mroas", 2.0, "--bounds", "0x:9x")
    inside = last.loc[["tv", "search"]].query("spend < 0.999 * bound_upper and spend > 0")
    # The table's marginal return is of 1 % more money: a little below that of the last unit.
    np.testing.assert_allclose(inside["marginal_roas"], 2.0, rtol=0.03)


def test_a_calendar_has_a_row_for_each_channel_and_week(run, ws):
    run("plan", "-w", ws, "--show", "calendar", "-f", "csv", "-o", "calendar.csv")
    frame = pd.read_csv("calendar.csv")
    assert len(frame) == 2 * QUARTER
    total = frame.groupby("channel")["spend"].sum()
    report = made(run, ws)
    np.testing.assert_allclose(total[["tv", "search"]], report.loc[["tv", "search"], "spend"])
    ratio = frame["spend"] / frame["spend_today"]
    assert ratio.groupby(frame["channel"]).std().max() < 1e-9
    stored = load_mix(Workspace(ws))
    grp = frame[frame["channel"] == "tv"]
    np.testing.assert_allclose(grp["exposure"] / ratio[grp.index], stored.data.exposure[0, 0, -QUARTER:], rtol=1e-9)
    weekly = run("plan", "-w", ws, "--by", "week", "--show", "calendar", "-f", "json").json
    assert sum(row["spend"] for row in weekly) == pytest.approx(frame["spend"].sum())


def test_after_the_panel_and_by_dates(run, ws):
    told = run("plan", "-w", ws, "--window", "+8", "-f", "csv")
    assert "8 weeks lie after the panel" in told.err
    dates = load_mix(Workspace(ws)).data.dates
    assert f"{dates[-1] + 7} to" in told.err
    told = run("plan", "-w", ws, "--window", f"{dates[20]}..{dates[25] + 6}")
    assert f"{dates[20]} to {dates[25] + 6}" in told.err


def test_a_plan_is_kept_and_compared(run, ws):
    run("plan", "-w", ws, "--name", "base", "--bounds", "1x:1x")
    run("plan", "-w", ws, "--name", "best", "--bounds", "0.7x:1.3x")
    run("plan", "-w", ws, "--name", "ahead", "--window", "+4")
    place = Workspace(ws)
    entry = plan_entry(place.manifest(), "best")
    folder = ws / entry["path"]
    assert {p.name for p in folder.iterdir()} == {"channels.csv", "calendar.csv", "plan.json"}
    assert all(p.stat().st_mode & 0o077 == 0 for p in folder.iterdir())
    kept = load_plan(place, entry)
    assert kept.options.within == "0.7x:1.3x"
    told = run("plan", "compare", "base", "best", "-w", ws, "-f", "csv")
    frame = pd.read_csv(io.StringIO(told.out))
    total = frame[frame["channel"] == "(total)"].set_index("plan")
    assert np.isnan(total.loc["base", "over_first"])
    gain = total.loc["best", "outcome"] - total.loc["base", "outcome"]
    assert total.loc["best", "over_first"] == pytest.approx(gain, rel=1e-6)
    assert total.loc["best", "over_first_lower"] < gain < total.loc["best", "over_first_upper"]
    everything = run("plan", "compare", "-w", ws)
    assert "different windows" in everything.err
    assert "ahead" in everything.out
    # A name that is taken again leaves nothing of the old plan behind.
    run("plan", "-w", ws, "--name", "best")
    assert not folder.exists()
    assert len(list((ws / "plans").iterdir())) == 3


def test_a_plan_of_a_fit_that_was_replaced_keeps_its_figures(run, ws):
    run("plan", "-w", ws, "--name", "old")
    with Workspace(ws).write() as manifest:
        manifest["plans"]["old"]["fit_path"] = "fits/another"
    told = run("plan", "compare", "-w", ws)
    assert "not the one that is kept now" in told.err
    assert "old" in told.out


def test_the_same_seed_the_same_plan(run, ws):
    one, two = (run("plan", "-w", ws, "--objective", "cvar", "--seed", 5, "-f", "json").out for _ in range(2))
    assert one == two


def test_without_a_word_risk_decides_and_targets_are_expected(run, ws):
    split = ("--bounds", "0x:3x", "-f", "json")
    cautious = run("plan", "-w", ws, *split)
    assert cautious.out == run("plan", "-w", ws, *split, "--objective", "cvar", "--quantile", 0.1).out
    assert cautious.out != run("plan", "-w", ws, *split, "--objective", "expected").out
    assert "the mean gain in the worst 10% of what the model holds possible" in cautious.err
    target = ("--target-roas", 2, "--bounds", "0x:3x", "-f", "json")
    assert run("plan", "-w", ws, *target).out == run("plan", "-w", ws, *target, "--objective", "expected").out
    assert "expected gain" in run("plan", "-w", ws, *target).err


def test_a_quantile_without_its_objective_is_refused(run, ws):
    assert "--objective" in run("plan", "-w", ws, "--quantile", 0.2, status=2).err
    assert "all draws" in run("plan", "-w", ws, "--objective", "expected", "--quantile", 0.2, status=2).err


def test_a_marginal_target_that_is_met_is_certified(run, ws):
    told = run("plan", "-w", ws, "--target-mroas", 1.5, "--bounds", "0.01x:20x", "-f", "json")
    assert "not-certified" not in told.err
    assert "conditions for a best one are off" not in told.err


def test_a_target_is_compared_with_today_s_split_of_its_own_money(run, ws):
    told = run("plan", "-w", ws, "--target-roas", 2, "--bounds", "0x:3x")
    assert "in 0% of draws only" not in told.err


def test_output_goes_to_files_only(run, ws, tmp_path):
    assert "name a file" in run("plan", "-w", ws, "-o", "-", status=2).err
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    run("plan", "-w", ws, "-f", "csv", "-o", tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert "channel" in (tmp_path / "real.csv").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--budget", 10, "--lock", "tv"), "below what is locked"),
        (("--budget", -5), "no amount above 0"),
        (("--channel-bounds", "tv=5:2"), "above the upper one"),
        (("--bounds", "2x:1x"), "cross"),
        (("--channel-bounds", "tv=0:1", "--channel-bounds", "search=0:1"), "above the most"),
        (("--channel-bounds", "tv=9000:"), "above the upper one"),
        (("--target-outcome", 1e12), "best reachable is"),
        (("--target-roas", 1e6), "best reachable is"),
        (("--target-mroas", 1e6), "best reachable is"),
        (("--target-roas", 2, "--budget", 100), "Leave one of them out"),
        (("--target-roas", 2, "--target-mroas", 2), "Take one target"),
        (("--lock", "tvv"), 'Did you mean "tv"?'),
        (("--channel-bounds", "radio=1:2"), "It has tv, search"),
        (("--step", "tv"), 'has no "="'),
        (("--step", "tv=1.5x"), "money above 0"),
        (("--move", "tv=tv:20"), "on both sides"),
        (("--move", "tv=search"), "has no percent"),
        (("--move", "tv=search:150"), "up to 100"),
        (("--window", "2030-01-01..2030-03-01"), "Plan less far ahead"),
        (("--window", "1999-01-01..1999-03-01"), "begins before the panel"),
        (("--window", "soon"), "is none of"),
        (("--window", "2024-02-30..2024-06-01"), "is no date"),
        (("--by", "day"), "is none of week, geo"),
        (("--by", "geo"), "no geos"),
        (("--fit", "nationel"), 'Did you mean "national"?'),
        (("--objective", "beat-today", "--target-roas", 2), "probability"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_refused(run, ws, words, says):
    assert says in run("plan", "-w", ws, *words, status=2).err


def test_without_a_fit_or_a_plan(run, ws, tmp_path):
    assert "No workspace" in run("plan", "-w", tmp_path / "none", status=2).err
    assert "No plan was kept yet" in run("plan", "compare", "-w", ws, status=2).err
    run("plan", "-w", ws, "--name", "base")
    assert 'Did you mean "base"?' in run("plan", "compare", "basis", "-w", ws, status=2).err


def test_a_fit_that_did_not_converge(run, ws):
    assert "did not converge" in run("plan", "-w", ws, "--fit", "regions", status=1).err
    told = run("plan", "-w", ws, "--fit", "regions", "--force", "--by", "geo", "-f", "json", "--show", "calendar")
    assert {row["geo"] for row in told.json} == {"north", "south", "west"}


def test_in_hindsight(run, ws):
    told = run("plan", "backtest", "-w", ws, "--chains", 2, "--tune", 200, "--draws", 200, "--max-rounds", 1,
               "--force", "--periods", 10, "-f", "csv")  # fmt: skip
    frame = pd.read_csv(io.StringIO(told.out)).set_index("channel")
    assert frame.loc["(total)", "spend_then"] == pytest.approx(frame.loc["(total)", "spend"])
    assert frame.loc["(total)", "now"] == pytest.approx(frame.loc[["tv", "search"], "now"].sum())
    assert (frame["promised_lower"] <= frame["promised_upper"]).all()
    assert "20 are needed" in run("plan", "backtest", "-w", ws, "--periods", 30, status=2).err
    again = run("plan", "backtest", "-w", ws, "--chains", 2, "--tune", 200, "--draws", 200, "--max-rounds", 1,
                "--force", "--periods", 10)  # fmt: skip
    assert "better with a probability of" in again.out


def test_in_hindsight_asks_for_what_the_plan_asks_for(run, ws, monkeypatch):
    asked = []

    def taken(_, __, options, **___):
        asked.append(options.aim)
        raise UsageError("enough")

    monkeypatch.setattr("attribution.steps.plan_backtest.backtest_step", taken)
    for words in ((), ("--objective", "expected"), ("--objective", "quantile", "--quantile", 0.2)):
        run("plan", "backtest", "-w", ws, *words, status=2)
    assert asked == [Goal("cvar", 0.1), Goal("expected"), Goal("quantile", 0.2)]


def test_what_to_test_next(run, ws):
    told = run("plan", "test", "-w", ws, "-f", "json", "--bounds", "0x:2x")
    rows = told.json
    assert {row["channel"] for row in rows} == {"tv", "search"}
    for row in rows:
        assert row["gain"] >= -1e-6
        assert 0 <= row["moved"] <= 1
        assert row["detectable"] == pytest.approx(2.802 * row["standard_error"])
    assert [row["gain"] for row in rows] == sorted((row["gain"] for row in rows), reverse=True)
    told = run("plan", "test", "-w", ws, "--fit", "regions", "--force")
    assert "half the market" in told.out
    assert "north" in told.out


def test_options_before_a_sub_command(run, ws):
    run("plan", "-w", ws, "--name", "base")
    assert "base" in run("plan", "-w", ws, "compare").out
    assert "stand after its name" in run("plan", "--budget", 100, "compare", "-w", ws, status=2).err


def test_help_is_there_without_a_workspace(run):
    for words in ((), ("compare",), ("backtest",), ("test",)):
        assert "Example" in run("plan", *words, "--help").out


def test_the_manifest_holds_plain_data(run, ws):
    run("plan", "-w", ws, "--name", "base", "--target-roas", 2.0, "--bounds", "0x:2x")
    held = json.loads((ws / "manifest.json").read_text())["plans"]["base"]
    assert held["options"]["target"] == {"quantity": "roas", "value": 2.0}
    assert held["certificate"]["kkt"] < 0.01
    assert load_plan(Workspace(ws), held).options.target.value == 2.0


def test_by_week_a_gain_after_the_panel_is_told(run, ws, monkeypatch):
    # Carry-over of this market is short: any gain after the window counts here.
    monkeypatch.setattr("attribution.plan.noticed.LATE", -10.0)
    timed = ("--by", "week", "--objective", "expected", "--bounds", "1x:1x")
    assert "comes after the window" in run("plan", "-w", ws, *timed).err
    assert "comes after the window" not in run("plan", "-w", ws, "--objective", "expected").err
    assert "comes after the window" not in run("plan", "-w", ws, *timed, "--window", "+13").err
