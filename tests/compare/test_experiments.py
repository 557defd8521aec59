"""Lifts by hand, one use each, transport, and the simulated holdouts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution.compare.experiments import INTENTION, ON_EXPOSED, best, lifts, sharpest, transported
from attribution.engine import connect
from attribution.errors import UsageError
from tests.compare.trials import trial


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
    """200 experiments on people of their own, measured in one call."""
    assigned, bought = [], []
    for seed in range(200):
        a, c = people(600, seed)
        assigned.append(a.assign(experiment=f"t{seed}", unified_id=f"{seed}-" + a["unified_id"]))
        bought.append(c.assign(unified_id=f"{seed}-" + c["unified_id"]))
    found = measured(pd.concat(assigned), pd.concat(bought))
    rows = found[found["estimator"] == ON_EXPOSED]
    assert rows["experiment"].nunique() == len(rows) == 200
    truth = 0.1 * rows["exposed"]
    hits = ((rows["lower"] <= truth) & (truth <= rows["upper"])).sum()
    # 90 % of 200, within four binomial standard errors.
    assert 163 <= hits <= 197


def test_an_experiment_without_a_use_is_taken_as_likelihood_and_says_so():
    a, c = people(200, 1)
    silent = measured(a, c)
    assert set(silent["use"]) == {"likelihood"}
    assert not silent["declared"].any()
    empty = measured(a.assign(use=pd.Series([None] * len(a), dtype="string")), c)
    assert set(empty["use"]) == {"likelihood"}
    assert not empty["declared"].any()


@pytest.mark.parametrize("use", ["prior", "likelihood", "validate"])
def test_a_declared_use_changes_no_number(use):
    a, c = people(200, 1)
    said = measured(a.assign(use=use), c)
    assert set(said["use"]) == {use}
    assert said["declared"].all()
    left = ["use", "declared"]
    pd.testing.assert_frame_equal(said.drop(columns=left), measured(a, c).drop(columns=left))


@pytest.mark.parametrize("second", ["validate", None])
def test_two_uses_are_refused_by_name(second):
    a, c = people(200, 1)
    uses = pd.Series(["prior"] * 100 + [second] * 100, dtype="string")
    with pytest.raises(UsageError, match=r'exactly one use; found two in "t" \('):
        measured(a.assign(use=uses), c)
    other = people(200, 2)[0].assign(experiment="u", use="validate")
    with pytest.raises(UsageError) as caught:
        measured(pd.concat([a.assign(use=uses), other]), c)
    assert '"u"' not in str(caught.value)


def test_experiments_of_different_uses_stand_side_by_side():
    a, c = people(200, 1)
    both = pd.concat([a.assign(use="prior"), a.assign(experiment="u", use="validate")])
    assert dict(measured(both, c)[["experiment", "use"]].to_numpy()) == {"t": "prior", "u": "validate"}


def test_transport_adds_a_tenth_of_the_lift_whatever_its_sign():
    for lift in (30.0, -30.0):
        row = transported(trial(lift=lift)).iloc[0]
        assert row["standard_error"] == pytest.approx(5.0)  # √(4² + 3²)
        assert row["value_standard_error"] == pytest.approx(50.0)
    assert transported(trial(lift=30.0), transport=0.0).iloc[0]["standard_error"] == 4.0


def test_two_experiments_on_a_channel_are_pooled_by_inverse_variance():
    two = pd.concat([trial(lift=10.0), trial(lift=20.0, name="u")])
    row = best(two, transport=0.0).iloc[0]
    assert row["lift"] == pytest.approx(15)
    assert row["standard_error"] == pytest.approx(4 / np.sqrt(2))
    assert row["value_standard_error"] == pytest.approx(40 / np.sqrt(2))
    # A lift twice as large is carried over with twice the error, and weighs less.
    weights = np.array([1 / (16 + 1), 1 / (16 + 4)])
    assert best(two).iloc[0]["lift"] == pytest.approx((weights * [10, 20]).sum() / weights.sum())
    assert best(two).iloc[0]["standard_error"] == pytest.approx(weights.sum() ** -0.5)


def test_each_experiment_gives_its_sharpest_lift():
    rows = pd.concat(
        [trial(estimator=INTENTION, lift=1.0), trial(lift=2.0), trial(name="u", estimator=INTENTION, lift=3.0)]
    )
    assert sharpest(rows.reset_index(drop=True))["lift"].tolist() == [2.0, 3.0]


def test_a_lift_without_error_is_refused():
    with pytest.raises(UsageError, match="the experiment on Mail saw no conversions"):
        best(trial(lift=0.0, error=0.0))


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
    assert not any(row["scored"] for row in data["conflicts"])
    assert "Scored against" not in shown
    whole = pd.DataFrame(run("credits", "--model", "last", "-f", "json").json)
    moved = run("credits", "--model", "last", "--calibrate", "-f", "json")
    assert "No use is declared" in moved.err
    moved = pd.DataFrame(moved.json)
    assert moved["conversions"].sum() == pytest.approx(whole["conversions"].sum())
    assert "(baseline)" in set(moved["channel"])
    assert "leave out --by" in run("credits", "--calibrate", "--by", "month", status=2).err


def shop(tmp_path, uses: list[str]) -> None:
    """60 people, half of whom no mail reached; uses go by experiment."""
    touches, orders, rows = [], [], []
    for i in range(60):
        touches += [f"p{i},2026-01-02 00:00:00,{c}" for c in ("Mail", "Search") if i % 2 or c == "Search"]
        orders += [f"p{i},2026-01-05 00:00:00,10"] if i % 3 else []
        arm = "exposed" if i % 2 else "held-out"
        rows += [
            f"test {k},p{i},{c},{arm},2026-01-01,{use}"
            for k, (c, use) in enumerate(zip(("Mail", "Search"), uses, strict=True))
        ]
    heads = {"t": "unified_id,timestamp,channel", "o": "unified_id,timestamp,value",
             "a": "experiment,unified_id,channel,arm,assigned_at,use"}  # fmt: skip
    for name, lines in (("t", touches), ("o", orders), ("a", rows)):
        (tmp_path / f"{name}.csv").write_text("\n".join([heads[name], *lines]) + "\n")


FILES = ("--touchpoints", "t.csv", "--conversions", "o.csv", "--assignments", "a.csv")


def test_the_use_comes_from_the_file_and_validation_moves_nothing(run, tmp_path):
    shop(tmp_path, ["Validate", ""])
    run("ingest", *FILES)
    run("fit", "rules")
    data = run("compare", "--model", "last", "-f", "json").json
    assert {r["channel"]: (r["use"], r["declared"]) for r in data["experiments"]} == {
        "Mail": ("validate", True), "Search": ("likelihood", False)
    }  # fmt: skip
    assert {r["channel"] for r in data["conflicts"] if r["scored"]} == {"Mail"}
    shown = run("compare", "--model", "last").out
    assert "Scored against the experiments kept for validation" in shown
    search = next(line for line in shown.splitlines() if line.startswith("Search  intention"))
    assert search.split()[-1] == "-"
    moved = run("credits", "--model", "last", "--calibrate", "-f", "json")
    kinds = {r["channel"]: r["interval_kind"] for r in moved.json}
    assert (kinds["Mail"], kinds["Search"]) == (None, "experiment")
    assert "Not used, as declared: test 0" in moved.err


def test_calibration_to_nothing_but_validation_is_refused(run, tmp_path):
    shop(tmp_path, ["validate", "validate"])
    run("ingest", *FILES)
    run("fit", "shapley")
    assert "every experiment is kept for validation" in run("credits", "--calibrate", status=2).err


def test_a_use_that_is_none_is_quarantined(run, tmp_path):
    shop(tmp_path, ["decoration", "prior"])
    assert "use is not prior or likelihood or validate" in run("ingest", *FILES).err


def test_calibration_without_an_experiment_says_how(run, tmp_path):
    (tmp_path / "t.csv").write_text("unified_id,timestamp,channel\na,2026-01-01 00:00:00,Mail\n")
    (tmp_path / "o.csv").write_text("unified_id,timestamp,value\na,2026-01-02 00:00:00,5\n")
    run("ingest", "--touchpoints", "t.csv", "--conversions", "o.csv")
    run("fit", "shapley")
    assert "ingest --assignments FILE" in run("credits", "--calibrate", status=2).err
