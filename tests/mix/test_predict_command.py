"""``mmm predict``: plans after the window and inside it; what is missing, and what no data have seen."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from attribution.mix.calendar import Calendar
from attribution.mix.plan_cube import ahead
from attribution.mix.stored import load_mix
from attribution.workspace import Workspace
from attribution_models.mix.data import MixData
from attribution_models.mix.predict import fitted, forecast
from tests.mix.conftest import PERIODS
from tests.mix.markets import geos, weekly

AHEAD = 5


@pytest.fixture(scope="module")
def stored(kept):
    return load_mix(Workspace(kept / "ws"))


def later(**changes):
    """The periods after the window, made like those in it."""
    first = np.datetime64("2024-01-01") + PERIODS * 7
    frame = weekly(AHEAD, start=str(first), seed=7).drop(columns="sales")
    return frame.assign(tv_grp=20.0, tv_spend=60.0, price=10.0, **changes)


def predicted(run, kept, frame, *words, status=0):
    frame.to_csv("plan.csv", index=False)
    return run("mmm", "predict", "-w", kept / "ws", "--panel", "plan.csv", *words, status=status)


def table(done):
    return pd.read_csv(io.StringIO(done.out))


def test_a_plan_after_the_window_is_the_library_s_forecast(run, kept, stored):
    plan = later()
    frame = table(predicted(run, kept, plan, "-f", "csv", "--level", 0.8))
    future = MixData(
        dates=plan["date"].to_numpy().astype("datetime64[D]"),
        geos=("national",),
        outcome=np.full((1, AHEAD), np.nan),
        exposure=plan[["tv_grp", "search_spend"]].to_numpy().T[:, None],
        spend=plan[["tv_spend", "search_spend"]].to_numpy().T[:, None],
        controls=plan[["price"]].to_numpy().T[:, None],
        population=np.ones(1),
        revenue_per_outcome=np.ones((1, AHEAD)),
        frequency=np.zeros((2, 1, AHEAD)),
    )
    found = forecast(stored.posterior, future, level=0.8, seed=stored.entry["seed"])
    periods = frame[frame["part"] == "period"]
    assert periods["date"].tolist() == plan["date"].tolist()
    for column, values in (
        ("expected", found.total.mean), ("expected_lower", found.total.low), ("new_upper", found.total.new_high)
    ):  # fmt: skip
        np.testing.assert_allclose(periods[column], values)
    whole = frame[frame["part"] == "all"].iloc[0]
    assert whole["expected"] == pytest.approx(periods["expected"].sum())
    assert periods["new_lower"].sum() < whole["new_lower"] < whole["expected"] < whole["new_upper"]
    assert frame["converged"].all()
    assert "change" not in frame["part"].tolist()


def test_a_plan_that_changes_nothing_predicts_what_was_fitted(run, kept, stored):
    same = weekly(PERIODS)[["date", "tv_spend", "price"]].iloc[20:24]
    frame = table(predicted(run, kept, same, "-f", "csv"))
    assert frame["part"].tolist() == ["period"] * 4 + ["all"]
    found = fitted(stored.posterior, seed=stored.entry["seed"])
    np.testing.assert_allclose(frame["expected"][:4], found.total.mean[20:24])
    np.testing.assert_allclose(frame["observed"][:4], stored.data.outcome[0, 20:24])


@pytest.mark.parametrize("last", [23, PERIODS - 1], ids=["inside", "to the end"])
def test_spend_taken_away_costs_what_effects_say_it_brought(run, kept, stored, last):
    """Two ways to one number: the prediction's own means, and the counterfactual kernel with its carry-over."""
    first = last - 3
    off = weekly(PERIODS)[["date"]].iloc[first : last + 1].assign(tv_grp=0.0, tv_spend=0.0)
    change = table(predicted(run, kept, off, "-f", "csv")).iloc[-1]
    words = ("--from", stored.data.dates[first], "--to", stored.data.dates[last], "-f", "csv")
    tv = table(run("mmm", "effects", "-w", kept / "ws", *words)).iloc[0]
    assert change["part"] == "change"
    assert change["expected"] == pytest.approx(-tv["incremental"])
    assert change["expected_lower"] == pytest.approx(-tv["incremental_upper"])


def test_planned_spend_buys_exposure_at_the_prices_of_the_window(run, kept, stored):
    plan = later().drop(columns="tv_grp")
    refused = predicted(run, kept, plan, status=1).err
    assert 'channel tv has spend but no exposure ("tv_grp") in 5 cells' in refused
    assert "--exposure-from-spend" in refused
    done = predicted(run, kept, plan, "--exposure-from-spend", "-f", "csv")
    assert "exposure of 5 cells follows from planned spend" in done.err
    price = stored.data.exposure[0].sum() / stored.data.spend[0].sum()
    same = table(predicted(run, kept, plan.assign(tv_grp=plan["tv_spend"] * price), "-f", "csv"))
    np.testing.assert_allclose(table(done)["expected"], same["expected"])
    double = weekly(PERIODS)[["date", "tv_spend"]].iloc[20:22].assign(tv_spend=lambda f: 2 * f["tv_spend"])
    twice = weekly(PERIODS)[["date", "tv_grp"]].iloc[20:22].assign(tv_grp=lambda f: 2 * f["tv_grp"])
    bought = table(predicted(run, kept, double, "--exposure-from-spend", "-f", "csv"))
    np.testing.assert_allclose(bought["expected"], table(predicted(run, kept, twice, "-f", "csv"))["expected"])


def test_what_no_data_have_seen_is_named(run, kept):
    wild = later(search_spend=5000.0).assign(price=[10.0, 10.0, 99.0, 10.0, 10.0])
    told = predicted(run, kept, wild).err
    assert "search: 5 of 5 planned cells lie above anything observed, up to" in told
    assert "Controls outside of what was observed: price (cells: 1)" in told
    assert "ahead, from a window" not in told
    text = predicted(run, kept, later()).out
    assert "all together" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="price"), 'column "price" is empty in 5 of 45 cells (2024-10-07, '),
        (lambda f: f.drop(columns=["search_spend"]), 'column "search_spend" is empty in 5 of 45'),
        (lambda f: f.rename(columns={"search_spend": "search"}),
         "not among its columns: search_spend. Columns that the model does not read: search."),
        (lambda f: f[["date"]], "no column of media or controls is in it"),
        (lambda f: f.iloc[[0, 2]], 'column "tv_grp" is empty in 1 of 43 cells (2024-10-14)'),
        (lambda f: f.assign(date=["2024-10-08", *f["date"][1:]]), "begin no week of the fit"),
        (lambda f: f.assign(date=["2023-10-02", *f["date"][1:]]), "before the fit's window"),
        (lambda f: pd.concat([f, f.tail(1)]), "occur more than once"),
        (lambda f: f.assign(tv_grp=-1.0), 'column "tv_grp" (tv) is below zero in 5 cells'),
        (lambda f: f.assign(price="dear"), "holds no number in"),
        (lambda f: f.iloc[:0], "there is no row"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_used_says_what_is_missing(run, kept, change, message):
    done = predicted(run, kept, change(later()), status=1)
    assert message in done.err
    assert not done.out


def test_regions_of_a_plan(run, kept):
    plan = geos(PERIODS)[["region", "date", "tv_grp", "tv_spend"]]
    plan = plan[(plan["region"] == "west") & (plan["date"] >= "2024-09-02")].assign(tv_grp=0.0)
    done = predicted(run, kept, plan, "regions", "--by", "geo", "--force", "-f", "csv")
    assert "did not converge" in done.err
    frame = table(done)
    assert set(frame["geo"].dropna()) == {"north", "south", "west"}
    change = frame[frame["part"] == "change"].iloc[0]
    assert change["expected"] < 0
    told = predicted(run, kept, plan.assign(region="east"), "regions", status=1).err
    assert "the fit has no east; its geos are north, south, west" in told
    assert "geo adds one for each geo" in predicted(run, kept, later(), "--by", "geo", status=2).err


def test_a_calendar_goes_on():
    months = Calendar(np.array(["2024-11-15", "2024-12-15"], dtype="datetime64[D]"), 30, monthly=True)
    assert ahead(months, 2).dates.astype(str).tolist() == ["2024-11-15", "2024-12-15", "2025-01-15", "2025-02-15"]
    days = Calendar(np.array(["2024-02-28"], dtype="datetime64[D]"), 1)
    assert ahead(days, 2).dates.astype(str).tolist() == ["2024-02-28", "2024-02-29", "2024-03-01"]
