"""``attribution plan`` after the panel: what is taken as a year before, what a file says, and a log link."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from attribution.errors import AttributionError, UsageError
from attribution.mix.stored import load_mix
from attribution.plan.options import PlanOptions
from attribution.plans import plan_mix
from attribution.steps.mmm import MixOptions, mmm_step
from attribution.steps.plan import plan_report
from attribution.workspace import Workspace
from tests.mix.cases import CASES, Case, channel, mix
from tests.mix.conftest import FAILS, PERIODS
from tests.mix.markets import MODEL, weekly
from tests.mix.panels import panel
from tests.plan.test_plan_frames import stored

LOG = MODEL.replace('[[channel]]\nname = "tv"', '[model]\nlink = "log"\n\n[[channel]]\nname = "tv"')


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A workspace with a fit under the log link, too short to have converged."""
    folder = tmp_path_factory.mktemp("log")
    weekly(PERIODS).to_csv(folder / "weekly.csv", index=False)
    (folder / "model.toml").write_text(LOG, encoding="utf-8")
    options = MixOptions(name="log", tuning=FAILS, rounds=1, checks=False)
    mmm_step(Workspace(folder / "ws"), [str(folder / "weekly.csv")], folder / "model.toml", options=options)
    return folder / "ws"


@pytest.fixture
def log(fitted, tmp_path):
    shutil.copytree(fitted, tmp_path / "log")
    return tmp_path / "log"


def coming(periods=6, **columns):
    """A file of the weeks after the panel, as ``mmm predict`` takes it."""
    dates = pd.to_datetime(weekly(PERIODS)["date"].iloc[-1]) + pd.to_timedelta(7 * np.arange(1, periods + 1), "D")
    return pd.DataFrame({"date": dates.strftime("%Y-%m-%d"), **columns})


def test_a_plan_ahead_under_a_log_link(run, log):
    told = run("plan", "-w", log, "--force", "--window", "+6", "-f", "csv")
    frame = pd.read_csv(io.StringIO(told.out)).set_index("channel")
    assert frame["outcome"]["(total)"] == pytest.approx(frame["outcome"].drop("(total)").sum())
    assert "(interaction)" in frame.index
    assert "6 weeks lie after the panel" in told.err
    assert "the controls (price) are as 40 weeks (all there are) before" in told.err
    assert "Under the log link effects multiply the baseline" in told.err
    assert "far-ahead" not in told.err
    assert "reaches 16 weeks ahead" in run("plan", "-w", log, "--force", "--window", "+16").err
    run("plan", "test", "-w", log, "--force", "--window", "+6")


def test_controls_of_a_file_matter_under_a_log_link_and_are_said(run, log, ws):
    coming(price=[10.0] * 6).to_csv("same.csv", index=False)
    coming(price=[30.0] * 6).to_csv("dear.csv", index=False)
    total = {}
    for name in ("same", "dear"):
        told = run("plan", "-w", log, "--force", "--window", "+6", "--future", f"{name}.csv", "--bounds", "1x:1x",
                   "-f", "json")  # fmt: skip
        total[name] = next(row for row in told.json if row["channel"] == "(total)")["outcome"]
        assert f"price as {name}.csv says" in told.err
        assert ("Controls outside of what was observed: price" in told.err) == (name == "dear")
    post = load_mix(Workspace(log)).posterior
    assert total["same"] != pytest.approx(total["dear"], rel=1e-3)
    assert np.sign(total["dear"] - total["same"]) == np.sign(post.coefficients["control"].mean())
    # Under the identity link they add whatever is spent, and that is said.
    parts = [
        run("plan", "-w", ws, "--window", "+6", "--future", f"{name}.csv", "-f", "json") for name in ("same", "dear")
    ]
    assert "they change nothing of what money brings" in parts[0].err
    assert [row["outcome"] for row in parts[0].json] == pytest.approx([row["outcome"] for row in parts[1].json])


def test_spend_of_a_file_is_today_s(run, ws):
    # tv is bought as GRPs: its money buys them at the last year's prices.
    coming(tv_spend=[90.0] * 6, search_spend=[50.0, 50, 50, 50, 50, 50]).to_csv("decided.csv", index=False)
    run("plan", "-w", ws, "--window", "+6", "--future", "decided.csv", "--show", "calendar", "-f", "csv", "-o", "c.csv",
        "--bounds", "1x:1x")  # fmt: skip
    frame = pd.read_csv("c.csv")
    assert (frame.loc[frame["channel"] == "tv", "spend_today"] == 90).all()
    np.testing.assert_allclose(frame["spend"], frame["spend_today"], rtol=1e-9)
    data = load_mix(Workspace(ws)).data
    price = data.exposure[0, 0].sum() / data.spend[0, 0].sum()
    np.testing.assert_allclose(frame.loc[frame["channel"] == "tv", "exposure"], 90 * price, rtol=1e-9)
    table = pd.read_csv(io.StringIO(
        run("plan", "-w", ws, "--window", "+6", "--future", "decided.csv", "-f", "csv").out
    )).set_index("channel")  # fmt: skip
    assert table.loc["search", "spend_today"] == pytest.approx(300)


def test_a_short_file_leaves_the_rest_as_before(run, ws):
    coming(3, search_spend=[50.0] * 3).to_csv("short.csv", index=False)
    told = run("plan", "-w", ws, "--window", "+6", "--future", "short.csv", "--show", "calendar", "-f", "json")
    assert "says nothing of the last 3 weeks" in told.err
    was = load_mix(Workspace(ws)).data.spend[1, 0]
    rows = [row["spend_today"] for row in told.json if row["channel"] == "search"]
    assert rows == pytest.approx([50, 50, 50, *was[3:6]])


REFUSED = {
    "lies inside the panel": (coming(price=[10.0] * 6), "13", 2),
    "no row lies after the panel": (weekly(5), "+4", 2),
    "nothing that the model reads": (coming(weather=[1.0] * 6), "+4", 2),
    "has exposure but no spend": (coming(tv_grp=[30.0] * 6), "+4", 1),
    "below zero": (coming(tv_spend=[-3.0] * 6), "+4", 1),
    "holds no number": (coming(price=["soon"] * 6), "+4", 1),
    "begin no week": (coming(1, price=[10.0]).assign(date="2024-01-03"), "+4", 1),
}


@pytest.mark.parametrize("says", REFUSED)
def test_files_that_are_refused(run, ws, says):
    frame, window, status = REFUSED[says]
    frame.to_csv("file.csv", index=False)
    assert says in run("plan", "-w", ws, "--window", window, "--future", "file.csv", status=status).err


def test_a_missing_file_and_standard_input(run, ws):
    assert "none.csv" in run("plan", "-w", ws, "--window", "+4", "--future", "none.csv", status=2).err
    assert "name a file" in run("plan", "-w", ws, "--window", "+4", "--future", "-", status=2).err


def test_kept_plans_know_their_file(run, log):
    coming(price=[10.0] * 6).to_csv("next.csv", index=False)
    words = ("plan", "-w", log, "--force", "--window", "+6", "--future", "next.csv")
    run(*words, "--name", "one", "--bounds", "1x:1x")
    run(*words, "--name", "two", "--bounds", "0.5x:1.5x", "--objective", "expected")
    frame = pd.read_csv(io.StringIO(run("plan", "compare", "-w", log, "-f", "csv").out))
    total = frame[frame["channel"] == "(total)"].set_index("plan")
    gain = total.loc["two", "outcome"] - total.loc["one", "outcome"]
    assert total.loc["two", "over_first"] == pytest.approx(gain, rel=1e-6)
    coming(price=[11.0] * 6).to_csv("next.csv", index=False)
    told = run("plan", "compare", "-w", log)
    assert "The --future file of one, two has changed or is gone" in told.err
    # Plans with and without a file are not set against each other draw by draw.
    run("plan", "-w", log, "--force", "--window", "+6", "--name", "plain")
    run(*words, "--name", "one")
    frame = pd.read_csv(io.StringIO(run("plan", "compare", "plain", "one", "-w", log, "-f", "csv").out))
    assert frame["over_first"].isna().all()


def test_in_hindsight_under_a_log_link(run, log):
    told = run("plan", "backtest", "-w", log, "--chains", 2, "--tune", 200, "--draws", 200, "--max-rounds", 1,
               "--force", "--periods", 10, "-f", "csv")  # fmt: skip
    frame = pd.read_csv(io.StringIO(told.out)).set_index("channel")
    assert list(frame.index) == ["tv", "search", "(interaction)", "(total)"]
    for name in ("promised", "now"):
        assert frame.loc["(total)", name] == pytest.approx(frame[name].drop("(total)").sum())
    assert frame.loc["(total)", "spend_then"] == pytest.approx(frame.loc["(total)", "spend"])


def test_from_python(ws, tmp_path):
    file = tmp_path / "next.csv"
    coming(search_spend=[40.0] * 6).to_csv(file, index=False)
    report = plan_mix(ws, window="+6", future=[file])
    assert report.table.set_index("channel").loc["search", "spend_today"] == pytest.approx(240)


def test_national_media_of_a_file_are_spent_once(tmp_path):
    kept = stored(CASES["geo_national_channel"])
    dates = kept.data.dates[-1] + np.arange(1, 4) * np.timedelta64(7, "D")
    frame = pd.DataFrame({"date": np.repeat(dates.astype(str), 3), "geo": list(kept.data.geos) * 3,
                          "tv_spend": 60.0, "search_spend": 5.0})  # fmt: skip
    frame.to_csv(tmp_path / "next.csv", index=False)
    options = PlanOptions(window="+3", future=(str(tmp_path / "next.csv"),), within="1x:1x")
    report = plan_report(kept, options)
    spend = report.table.set_index("channel")["spend_today"]
    assert spend["tv"] == pytest.approx(3 * 60)
    assert spend["search"] == pytest.approx(3 * 3 * 5)
    # What acts is what the money buys at the panel's price, once for all geos.
    s, before = report.asked.horizon.effects.structure, kept.data.before
    bought = s.data.exposure[0][:, before + len(kept.data.dates) :][:, :3]
    price = kept.data.exposure[0, 0, before:].sum() / kept.data.spend[0].sum()
    np.testing.assert_allclose(bought, 60 * price)
    frame.assign(tv_spend=np.arange(9.0)).to_csv(tmp_path / "next.csv", index=False)
    with pytest.raises(AttributionError, match="differs between geos"):
        plan_report(kept, options)


def test_spend_that_stands_for_demand_stays(tmp_path):
    spec = mix(channel("tv"), channel("search"), link="log", controls=(replace(CASES["log_link"].spec.controls[0],
               column="tv_spend"),))  # fmt: skip
    data = panel(spec, seed=3)
    kept = stored(Case(spec, replace(data, controls=data.spend[:1].copy())))
    dates = kept.data.dates[-1] + np.arange(1, 4) * np.timedelta64(7, "D")
    pd.DataFrame({"date": dates.astype(str), "tv_spend": 1.0, "tv_exposure": 2.0}).to_csv(
        tmp_path / "next.csv", index=False
    )
    report = plan_report(kept, PlanOptions(window="+3", future=(str(tmp_path / "next.csv"),)))
    found = report.asked.horizon.effects.structure.data
    np.testing.assert_allclose(found.spend[0, 0, 20:23], 1.0)
    np.testing.assert_allclose(found.controls[0, 0, 20:23], data.spend[0, 0, :3])


def test_windows_that_begin_in_the_panel_end_after_it():
    kept = stored(CASES["log_link"])
    dates = kept.data.dates
    report = plan_report(kept, PlanOptions(window=f"{dates[-2]}..{dates[-1] + 27}"))
    assert report.asked.horizon.after == 3
    assert report.span == (str(dates[-2]), str(dates[-1] + 27))
    with pytest.raises(UsageError, match="Plan less far ahead"):
        plan_report(kept, PlanOptions(window="+21"))
