"""Lifts by hand, calibration that closes, and the simulated holdouts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution.compare.experiments import INTENTION, ON_EXPOSED, best, calibrate, lifts
from attribution.engine import connect
from attribution.errors import UsageError


def people(n: int, seed: int, effect: float = 0.1):
    rng = np.random.default_rng(seed)
    arm = np.where(rng.random(n) < 0.3, "held_out", "exposed")
    would = rng.random(n) < 0.6
    bought = rng.random(n) < np.where(would & (arm == "exposed"), 0.1 + effect, 0.1)
    start = pd.Timestamp("2026-01-01")
    a = pd.DataFrame(
        {"experiment": "t", "unified_id": [f"p{i}" for i in range(n)], "channel": "Mail", "arm": arm, "assigned_at": start,
         "ended_at": start + pd.Timedelta(days=30), "would_be_exposed": would}
    )  # fmt: skip
    c = pd.DataFrame({"unified_id": a["unified_id"][bought], "timestamp": start + pd.Timedelta(days=3), "value": 20.0})
    return a, c


def measured(a, c):
    with connect() as connection:
        connection.register("a", a)
        connection.register("c", c)
        return lifts(connection, "a", "c")


def test_lift_by_hand():
    a, c = people(400, 0)
    late = pd.DataFrame({"unified_id": ["p0"], "timestamp": [pd.Timestamp("2026-03-01")], "value": [5.0]})
    found = measured(a, pd.concat([c, late])).set_index("estimator")
    k = a["unified_id"].isin(c["unified_id"]).astype(float)
    for estimator, mask in ((INTENTION, np.ones(len(a), bool)), (ON_EXPOSED, a["would_be_exposed"].to_numpy())):
        e, h = k[mask & (a["arm"] == "exposed")], k[mask & (a["arm"] == "held_out")]
        row = found.loc[estimator]
        assert (row["exposed"], row["held_out"]) == (len(e), len(h))
        assert row["lift"] == pytest.approx(len(e) * (e.mean() - h.mean()))
        assert row["standard_error"] == pytest.approx(len(e) * np.sqrt(e.var() / len(e) + h.var() / len(h)))
        assert row["value_lift"] == pytest.approx(20 * row["lift"])
        assert row["lower"] == pytest.approx(row["lift"] - 1.6448536 * row["standard_error"])


def test_intervals_cover_the_effect_at_the_nominal_rate():
    hits = 0
    for seed in range(200):
        a, c = people(600, seed)
        row = measured(a, c).set_index("estimator").loc[ON_EXPOSED]
        truth = 0.1 * row["exposed"]
        hits += row["lower"] <= truth <= row["upper"]
    # 90 % of 200, within four binomial standard errors.
    assert 163 <= hits <= 197


def credits() -> pd.DataFrame:
    rows = [["f", "attributed", "Mail", 50.0, 500.0, 10.0], ["f", "attributed", "Search", 40.0, 400.0, 5.0],
            ["f", "attributed", "(unattributed)", 10.0, 100.0, np.nan]]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["fit", "estimand", "channel", "conversions", "value", "cost"])
    return frame.assign(
        cpa=np.nan, roas=np.nan, interval_level=np.nan, interval_kind=None, conversion_share=0.0, value_share=0.0
    )


def one_lift(channel: str = "Mail", lift: float = -5.0) -> pd.DataFrame:
    row = ["t", channel, ON_EXPOSED, 100, 50, lift, 4.0, 0, 0, lift * 10, 40.0]
    return pd.DataFrame([row], columns=["experiment", "channel", "estimator", "exposed", "held_out", "lift", "standard_error",
                                        "lower", "upper", "value_lift", "value_standard_error"])  # fmt: skip


def test_calibration_keeps_the_sign_and_the_total():
    done, _ = calibrate(credits(), one_lift())
    rows = done.set_index("channel")
    assert rows.loc["Mail", "conversions"] == -5
    assert rows.loc["(baseline)", "conversions"] == 55
    assert done["conversions"].sum() == pytest.approx(100)
    assert done["value"].sum() == pytest.approx(1000)
    assert done["conversion_share"].sum() == pytest.approx(1)
    assert rows.loc["Mail", "estimand"] == "incremental_total"
    assert rows.loc["Search", "estimand"] == "attributed"
    assert rows.loc["Mail", "conversions_lower"] == pytest.approx(-5 - 1.6448536 * 4)
    assert rows.loc["Search", "cpa"] == pytest.approx(5 / 40)
    assert pd.isna(rows.loc["Mail", "cpa"])


def test_a_channel_without_credit_is_refused():
    with pytest.raises(UsageError, match="gives no credit to Radio"):
        calibrate(credits(), one_lift("Radio"))


def test_two_experiments_on_a_channel_are_pooled():
    two = pd.concat([one_lift(lift=10.0), one_lift(lift=20.0)])
    row = best(two).iloc[0]
    assert row["lift"] == pytest.approx(15)
    assert row["standard_error"] == pytest.approx(4 / np.sqrt(2))


def test_holdouts_of_a_simulated_market_beside_every_model(run, tmp_path):
    run("simulate", "paths", "m", "--preset", "retargeting-trap", "--people", "3000", "--seed", "3")
    files = [f"m/{n}.csv" for n in ("touchpoints", "conversions", "assignments")]
    run("ingest", *files, "--timezone", "UTC")
    run("fit", "paths", "--models", "last,linear")
    shown = run("compare").out
    assert "Lift in randomised experiments" in shown
    data = run("compare", "-f", "json").json
    truth = pd.read_csv(tmp_path / "m" / "truth.csv")
    truth = truth[truth["truth"] == "total"].set_index("channel")["conversions"]
    for row in data["experiments"]:
        assert abs(row["lift"] - truth[row["channel"]]) < 4 * row["standard_error"]
    whole = pd.DataFrame(run("credits", "--model", "last", "-f", "json").json)
    moved = pd.DataFrame(run("credits", "--model", "last", "--calibrate", "-f", "json").json)
    assert moved["conversions"].sum() == pytest.approx(whole["conversions"].sum())
    assert "(baseline)" in set(moved["channel"])
    assert "leave out --by" in run("credits", "--calibrate", "--by", "month", status=2).err


def test_calibration_without_an_experiment_says_how(run, tmp_path):
    (tmp_path / "t.csv").write_text("unified_id,timestamp,channel\na,2026-01-01 00:00:00,Mail\n")
    (tmp_path / "o.csv").write_text("unified_id,timestamp,value\na,2026-01-02 00:00:00,5\n")
    run("ingest", "--touchpoints", "t.csv", "--conversions", "o.csv")
    run("fit", "shapley")
    assert "ingest --assignments FILE" in run("credits", "--calibrate", status=2).err
