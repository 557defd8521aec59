"""``attribution uplift``: known harm is shown, no effect stays undecided, and nothing is read without an experiment."""

from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.engine import connect
from attribution.errors import AttributionError, UsageError
from attribution.suppression.uplift_features import features_before
from attribution.suppression.uplift_split import check_split
from tests.cli.running import prepared

AT = pd.Timestamp("2026-03-01")
PEOPLE = 4000


def world(folder, harmed, others, seed=1, held=0.5):
    """Half of the people bought before; ads change the chance to buy of these and of the others by so much."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"p{n:05d}" for n in range(PEOPLE)])
    loyal, exposed = rng.random(PEOPLE) < 0.5, rng.random(PEOPLE) >= held
    chance = np.where(loyal, 0.35, 0.15) + exposed * np.where(loyal, harmed, others)
    buys = rng.random(PEOPLE) < chance
    before = pd.DataFrame(
        {
            "unified_id": ids[loyal],
            "timestamp": AT - pd.to_timedelta(rng.integers(1, 200, loyal.sum()), "D"),
            "value": 20.0,
        }
    )
    after = pd.DataFrame(
        {
            "unified_id": ids[buys],
            "timestamp": AT + pd.to_timedelta(rng.integers(0, 28, buys.sum()), "D"),
            "value": 30.0,
        }
    )
    end = pd.DataFrame({"unified_id": ["late"], "timestamp": [AT + pd.Timedelta(40, "D")], "value": [1.0]})
    pd.concat([before, after, end]).to_csv(folder / "orders.csv", index=False)
    arms = np.where(exposed, "exposed", "held_out")
    pd.DataFrame(
        {"experiment": "spring", "unified_id": ids, "channel": "Display", "arm": arms, "assigned_at": AT}
    ).to_csv(folder / "assignments.csv", index=False)
    crm = pd.DataFrame(
        {"unified_id": ids, "email": [f"{i}@shop.example" for i in ids], "consent": "granted", "country": "DE"}
    )
    crm.to_csv(folder / "crm.csv", index=False)
    files = ("--conversions", "orders.csv", "--assignments", "assignments.csv", "--customers", "crm.csv")
    prepared(folder, ("ingest", "--no-journeys", "--timezone", "UTC", *files))
    return set(ids[loyal])


@pytest.fixture(scope="module")
def harmful(tmp_path_factory):
    folder = tmp_path_factory.mktemp("harmful")
    return folder, world(folder, -0.2, 0.1)


@pytest.fixture
def shop(run, harmful, tmp_path):
    shutil.copytree(harmful[0], tmp_path, dirs_exist_ok=True)
    return tmp_path / "attribution-workspace"


def kept(workspace):
    (path,) = (workspace / "lists").glob("uplift-*/uplift.parquet")
    return pd.read_parquet(path), path.parent


def test_known_harm_is_shown_and_the_rule_lists_those_people(run, shop, harmful, tmp_path):
    (tmp_path / "attribution.toml").write_text('[suppression]\nrules = ["harm-shown"]\n')
    assert "attribution uplift --experiment" in run("suppress", "--config", "attribution.toml", status=2).err
    done = run("uplift", "--experiment", "spring", "--planned", "0.5", "-f", "json")
    rows = {row["group"]: row for row in done.json}
    assert list(rows) == ["everybody", "predicted loss", "predicted gain"]
    loss, gain = rows["predicted loss"], rows["predicted gain"]
    assert (loss["verdict"], gain["verdict"]) == ("harm shown", "undecided")
    assert loss["lower"] < -0.2 < loss["upper"] < 0 < gain["lower"] < 0.1 < gain["upper"]
    assert loss["p_below_cost"] is None
    people, folder = kept(shop)
    assert people["customer_id"].is_monotonic_increasing
    assert len(people) == PEOPLE
    shown = set(people.loc[people["verdict"] == "harm shown", "customer_id"])
    assert len(shown ^ harmful[1]) < 0.02 * PEOPLE
    assert {p.stat().st_mode & 0o777 for p in folder.iterdir()} == {0o600}
    text = (folder / "manifest.json").read_text()
    assert "p0000" not in text + done.err + done.out
    assert json.loads(text)["verdicts"] == {"harm shown": len(shown), "undecided": PEOPLE - len(shown)}
    told = run("suppress", "--config", "attribution.toml").err
    assert f"{len(shown):,} ads harmed people like them in an experiment" in told
    (path,) = (shop / "lists").glob("suppression-*/suppression.csv")
    assert set(pd.read_csv(path)["customer_id"]) == shown
    assert kept(shop)[0].equals(people)
    assert "harm shown" in run("uplift", "--experiment", "spring").out


def test_whoever_is_forgotten_leaves_the_verdicts_too(run, shop):
    run("uplift", "--experiment", "spring")
    assert "p00007" in set(kept(shop)[0]["customer_id"])
    run("forget", "p00007", "--yes")
    people, _ = kept(shop)
    assert len(people) == PEOPLE - 1
    assert "p00007" not in set(people["customer_id"])


def test_without_an_effect_everything_is_undecided(run, tmp_path):
    world(tmp_path, 0.0, 0.0, seed=3)
    done = run("uplift", "--experiment", "spring", "-f", "json")
    assert {row["verdict"] for row in done.json} == {"", "undecided"}
    assert "nobody is to be left out on uplift" in done.err
    assert "whether that was the plan is not checked" in done.err
    (tmp_path / "attribution.toml").write_text('[suppression]\nrules = ["harm-shown", "below-cost"]\n')
    assert "No rule of the policy holds for anybody" in run("suppress", "--config", "attribution.toml").err


def test_a_benefit_below_its_cost_is_shown_with_margin_and_cost_only(run, shop, tmp_path):
    options = ("uplift", "--experiment", "spring", "--outcome", "value", "--groups", "2", "-f", "json")
    assert {row["verdict"] for row in run(*options).json} == {"", "harm shown", "undecided"}
    done = run(*options, "--margin", "0.3", "--cost", "5")
    rows = {row["group"]: row for row in done.json}
    # 0.1 more purchases of 30, at a margin of 0.3: 0.9 for 5.
    assert rows["uplift group 2 of 2"]["verdict"] == "benefit below cost shown"
    assert 1 < rows["uplift group 2 of 2"]["effect"] < 5
    (tmp_path / "attribution.toml").write_text('[suppression]\nrules = ["harm-shown", "below-cost"]\n')
    told = run("suppress", "--config", "attribution.toml").err
    assert "ads cost more than they brought in an experiment" in told
    assert "go together" in run(*options, "--margin", "0.3", status=2).err
    assert "margin above 0" in run(*options, "--margin", "-1", "--cost", "1", status=2).err


def test_a_broken_split_stops(run, shop):
    told = run("uplift", "--experiment", "spring", "--planned", "0.4", status=1).err
    assert "40.00% were planned" in told
    assert not list((shop / "lists").glob("uplift-*"))


def test_arms_that_were_not_drawn_at_random_stop():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(3000, 4)) ** 3
    broken = 0
    for _ in range(200):
        try:
            check_split(rng.random(3000) < 0.3, x, None)
        except AttributionError:
            broken += 1
    assert broken <= 2  # 0.2 are expected at a level of 0.001
    with pytest.raises(AttributionError, match="not assigned at random"):
        check_split(rng.random(3000) < 1 / (1 + np.exp(-x[:, 1] / 5)), x, 0.5)
    with pytest.raises(UsageError, match="both arms"):
        check_split(np.ones(3000, bool), x, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--experiment", "sprign"), 'Did you mean "spring"?'),
        (("--experiment", "spring", "--channel", "Video"), 'has no channel "Video"'),
        (("--experiment", "spring", "--days", "60"), "Give fewer --days"),
        (("--experiment", "spring", "--days", "0"), "give a number from 1 on"),
        (("--experiment", "spring", "--repeats", "3"), "at least 20 repeats"),
        (("--experiment", "spring", "--planned", "2"), "no share held out"),
        (("--experiment", "spring", "--features", "email"), "it names people. Usable:"),
        (("--experiment", "spring", "--features", "countr"), 'Did you mean "country"?'),
    ],
)
def test_wrong_questions_are_answered(run, shop, options, message):
    assert message in run("uplift", *options, status=2).err


def test_columns_that_may_tell_the_future_are_named(run, shop):
    assert (
        "country may be of records made after" in run("uplift", "--experiment", "spring", "--features", "country").err
    )


def test_without_an_experiment_a_policy_is_a_policy(run, tmp_path):
    (tmp_path / "o.csv").write_text("unified_id,timestamp\na,2026-01-05\n")
    run("ingest", "--no-journeys", "--timezone", "UTC", "--conversions", "o.csv")
    told = run("uplift", "--experiment", "spring", status=2).err
    assert "a policy is called a policy" in told
    rows = [("both", f"u{n}", channel, "exposed", AT) for n in range(4) for channel in ("Mail", "Search")]
    names = ["experiment", "unified_id", "channel", "arm", "assigned_at"]
    pd.DataFrame(rows, columns=names).to_csv(tmp_path / "a.csv", index=False)
    run("ingest", "--no-journeys", "--timezone", "UTC", "--assignments", "a.csv")
    assert "name one of Mail, Search with --channel" in run("uplift", "--experiment", "both", status=2).err


def test_the_missing_extra_is_named(run, shop, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert "multichannel-attribution[uplift]" in run("uplift", "--experiment", "spring", status=2).err


def features(people, touches, orders, crm, columns=()):
    with connect() as connection:
        for name, frame in (("people", people), ("touches", touches), ("orders", orders), ("crm", crm)):
            connection.register(f"{name}_given", frame)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_given")
        return features_before(connection, "people", ("touches", "orders", "crm"), columns)


def tables(events):
    """Touches and orders of a list of (person, days from the assignment, channel or None for an order)."""
    rows = [(f"p{p:02}", AT + pd.Timedelta(days, "D"), c, 10.0) for p, days, c in events]
    frame = pd.DataFrame(rows, columns=["unified_id", "timestamp", "channel", "value"])
    frame = frame.astype({"unified_id": object, "timestamp": "datetime64[us]", "channel": object, "value": float})
    order = frame["channel"].isna()
    return frame.loc[~order, ["unified_id", "timestamp", "channel"]].astype({"channel": "string"}), frame.loc[
        order, ["unified_id", "timestamp", "value"]
    ]


def crowd(number):
    """People of an experiment, half of whom the customers file has known for n days."""
    people = pd.DataFrame({"customer_id": [f"p{n:02}" for n in range(number)], "assigned_at": AT})
    known = AT - pd.to_timedelta(range(-1, number - 1), "D")
    crm = pd.DataFrame(
        {
            "unified_id": people["customer_id"],
            "customer_since": known,
            "country": [("DE", "AT")[n % 2] for n in range(number)],
        }
    )
    return people, crm[::2].reset_index(drop=True)


event = st.tuples(st.integers(0, 5), st.floats(-50, -0.01), st.sampled_from(("Mail", "Search", None)))
later = st.tuples(st.integers(0, 5), st.floats(0, 50), st.sampled_from(("Mail", "Search", "New", None)))


@settings(max_examples=25)
@given(st.lists(event, min_size=1, max_size=12), st.lists(later, max_size=8))
def test_nothing_that_happened_after_the_assignment_is_a_feature(before, after):
    people, crm = crowd(6)
    alone, _ = features(people, *tables(before), crm)
    pd.testing.assert_frame_equal(features(people, *tables([*before, *after]), crm)[0], alone)
    for name, of in (("purchases", None), ("touches of Mail", "Mail"), ("touches of Search", "Search")):
        want = [np.log1p(sum(p == n and c == of for p, _, c in before)) for n in range(6)]
        if len(set(want)) > 1:
            assert alone[name].tolist() == pytest.approx(want)
        else:
            assert name not in alone
    first = [max((-d for p, d, c in before if p == n and c), default=0) for n in range(6)]
    if "days since first touch" in alone:
        assert alone["days since first touch"].tolist() == pytest.approx(first, abs=2e-5)
    last = [min((-d for p, d, c in before if p == n and not c), default=0) for n in range(6)]
    if "days since purchase" in alone:
        assert alone["days since purchase"].tolist() == pytest.approx(last, abs=2e-5)


def test_records_made_after_the_assignment_tell_nothing():
    people, crm = crowd(90)
    found, told = features(people, *tables([(0, -1, "Mail")]), crm, ("country",))
    assert found["customer before"].tolist() == [float(n % 2 == 0 and n > 0) for n in range(90)]
    assert found["days as customer"].tolist() == [float(max(n - 1, 0)) if n % 2 == 0 else 0.0 for n in range(90)]
    assert found["country = DE"].tolist() == found["customer before"].tolist()
    assert not told
    numbered = crm.assign(loyalty_tier=[str(n % 5) for n in range(len(crm))])
    found, told = features(people, *tables([(0, -1, "Mail")]), numbered, ("loyalty_tier",))
    assert [f.code for f in told] == ["features-changing"]
    assert found["loyalty_tier"].nunique() == 5
    few = crm.assign(country="XY")[:10]
    assert not [
        n for n in features(people, *tables([(0, -1, "Mail")]), few, ("country",))[0] if n.startswith("country")
    ]


def test_hillstrom_womens_mail_is_undecided(run, tmp_path, public):
    """Radcliffe's challenge data, as a workspace has them: no sleeping dogs are shown."""
    rows = pd.read_csv(public("identity/hillstrom.csv"))
    rows = rows[rows["treatment"] != "Mens E-Mail"].reset_index(drop=True)
    ids = "h" + rows.index.astype(str).str.zfill(5)
    arm = np.where(rows["treatment"] == "Womens E-Mail", "exposed", "held_out")
    pd.DataFrame({"experiment": "women", "unified_id": ids, "channel": "Mail", "arm": arm, "assigned_at": AT}).to_csv(
        tmp_path / "a.csv", index=False
    )
    before = pd.DataFrame(
        {"unified_id": ids, "timestamp": AT - pd.to_timedelta(30 * rows["recency"], "D"), "value": rows["history"]}
    )
    bought = rows["conversion"] == 1
    after = pd.DataFrame(
        {"unified_id": ids[bought], "timestamp": AT + pd.Timedelta(7, "D"), "value": rows.loc[bought, "spend"]}
    )
    end = pd.DataFrame({"unified_id": ["late"], "timestamp": [AT + pd.Timedelta(14, "D")], "value": [1.0]})
    pd.concat([before, after, end]).to_csv(tmp_path / "o.csv", index=False)
    kind = rows["mens"].astype(str) + rows["womens"].astype(str) + rows["newbie"].astype(str)
    crm = pd.DataFrame(
        {"unified_id": ids, "customer_since": AT - pd.Timedelta(400, "D"), "loyalty_tier": "kind " + kind, "zip": rows["zip_code"], "city": rows["channel"]}
    )  # fmt: skip
    crm.to_csv(tmp_path / "c.csv", index=False)
    run(
        "ingest",
        "--no-journeys",
        "--timezone",
        "UTC",
        "--assignments",
        "a.csv",
        "--conversions",
        "o.csv",
        "--customers",
        "c.csv",
    )
    done = run("uplift", "--experiment", "women", "--days", "14", "--features", "loyalty_tier,zip,city", "-f", "json")
    everybody, loss, gain = done.json
    assert everybody["effect"] == pytest.approx(0.0031, abs=0.0002)
    assert (loss["verdict"], gain["verdict"]) == ("undecided", "undecided")
    assert 0.1 < loss["people"] / len(rows) < 0.3
    assert loss["lower"] < 0 < loss["upper"]
