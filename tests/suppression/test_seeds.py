"""Look-alike seeds: the customers of highest value, nobody whom consent or status keeps out, in platforms' formats."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.activation.lint import lint_file
from attribution.activation.spec import platforms
from attribution.demo import write_demo
from attribution.engine import connect
from attribution.suppression.customer_values import customer_values
from attribution.suppression.seeds import SeedSize, highest, may_be_seeds
from tests.suppression.buyers import BOUGHT, DAYS, PEOPLE, by_hand, record, stock


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    stock(folder)
    return folder


@pytest.fixture
def shop(run, stocked, tmp_path):
    shutil.copytree(stocked, tmp_path, dirs_exist_ok=True)
    return tmp_path / "attribution-workspace" / "lists"


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def seed_of(lists, platform):
    (folder,) = lists.glob(f"seed-{platform}-*")
    return folder, json.loads((folder / "manifest.json").read_text())


def test_the_seed_is_the_highest_by_predicted_value_of_whom_may_be_in_it(run, shop):
    told = run("seeds", "--platform", "meta", "--platform", "google-ads", "--top", "0.1", "--made-on", "2026-11-25").err
    value = by_hand()
    free = [n for n in value if record(int(n[1:])) == ("active", "granted")]
    want = sorted(free, key=lambda n: (-value[n], n))[: int(np.ceil(0.1 * len(free)))]
    folder, manifest = seed_of(shop, "meta")
    with (folder / "meta-customers.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["email"]: row["value"] for row in rows} == {
        digest(f"{n}@shop.example"): f"{value[n]:.2f}" for n in want
    }
    assert manifest["seed"]["people"] == len(want)
    assert manifest["seed"]["may_be_in_it"] == len(free)
    assert manifest["seed"]["rank_share"] == pytest.approx(len(want) / len(free))
    assert manifest["seed"]["model"] == "MBG/NBD and Gamma-Gamma"
    assert "by MBG/NBD and Gamma-Gamma" in told
    assert "employees" in told
    google = (seed_of(shop, "google-ads")[0] / "google-ads-contacts.csv").read_text()
    assert "value" not in google.splitlines()[0].lower()
    assert all(digest(f"{n}@shop.example") in google for n in want)


def test_manifests_and_messages_name_nobody(run, shop):
    told = run("seeds", "--platform", "meta", "--people", "20")
    folder, manifest = seed_of(shop, "meta")
    text = (folder / "manifest.json").read_text() + told.err + told.out
    assert "shop.example" not in text
    assert "c0001" not in text
    assert manifest["seed"]["people"] == 20
    assert manifest["reasons"] == {"highest value": 20}
    assert {"denied", "opted-out", "complaint", "employee", "test-account"} == set(manifest["seed"]["left_out"])
    assert told.out == ""
    assert {p.stat().st_mode & 0o777 for p in folder.iterdir()} == {0o600}


def test_every_platform_takes_the_seed(run, shop):
    names = [a for p in platforms() for a in ("--platform", p)]
    run("seeds", *names, "--made-on", "2026-11-25")
    checked = 0
    for platform in platforms():
        folder, manifest = seed_of(shop, platform)
        for item in manifest["audience"]["lists"]:
            for file in item["files"]:
                report = lint_file(platform, str(folder / file["path"]), list_name=item["name"])
                assert not [f for f in report.faults if f.severity == "error"], (platform, report.faults)
                checked += 1
    assert checked >= len(platforms())


def test_the_seed_outlives_a_suppression_run_and_goes_when_somebody_is_forgotten(run, shop):
    run("seeds", "--platform", "meta", "--people", "10", "--made-on", "2026-11-25")
    before = {p.name: p.read_bytes() for p in seed_of(shop, "meta")[0].iterdir()}
    run("suppress", "--platform", "meta")
    assert len(list(shop.glob("meta-*"))) == 1
    assert {p.name: p.read_bytes() for p in seed_of(shop, "meta")[0].iterdir()} == before
    run("seeds", "--platform", "meta", "--people", "10", "--made-on", "2026-11-25")
    assert {p.name: p.read_bytes() for p in seed_of(shop, "meta")[0].iterdir()} == before
    run("forget", "c0001", "--yes")
    assert not list(shop.glob("seed-*"))


def test_without_consent_nothing_is_made(run, stocked, tmp_path):
    for name in ("orders", "bare"):
        shutil.copy(stocked / f"{name}.csv", tmp_path)
    run("ingest", "--no-journeys", "--timezone", "UTC", "--conversions", "orders.csv", "--customers", "bare.csv")
    assert "no consent column" in run("seeds", "--platform", "meta", status=2).err
    run("seeds", "--platform", "meta", "--consent-default", "granted", "--basis", "contract", "--value", "observed")
    _, manifest = seed_of(tmp_path / "attribution-workspace" / "lists", "meta")
    assert (manifest["basis"], manifest["seed"]["value"]) == ("contract", "observed")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--top", "0"), "--top 0 is no share"),
        (("--people", "0"), "--people 0"),
        (("--people", "5", "--top", "0.2"), "give one of them"),
        (("--horizon", "soon"), "is no duration"),
        (("--platform", "metta"), 'Did you mean "meta"?'),
    ],
)
def test_wrong_options_are_answered(run, shop, options, message):
    assert message in run("seeds", "--platform", "meta", *options, status=2).err


def test_what_is_missing_is_named(run, tmp_path):
    (tmp_path / "o.csv").write_text("unified_id,timestamp,value\na,2026-01-01,5\n")
    run("ingest", "--no-journeys", "--timezone", "UTC", "--conversions", "o.csv")
    assert "--customers FILE" in run("seeds", "--platform", "meta", status=2).err
    (tmp_path / "c.csv").write_text("unified_id,email,consent\na,a@shop.example,denied\n")
    run("ingest", "--no-journeys", "--customers", "c.csv")
    told = run("seeds", "--platform", "meta", status=1).err
    assert "Nobody can be in a seed: of 1 customers 1 are left out" in told
    assert not list((tmp_path / "attribution-workspace" / "lists").glob("seed-*"))


def test_a_model_that_cannot_be_fitted_is_never_replaced_silently():
    few = BOUGHT[BOUGHT["customer_id"] < "c0100"]
    found = customer_values(few, DAYS, 100.0)
    assert found.basis == "observed"
    assert [f.code for f in found.findings] == ["value-observed"]
    assert "customers bought again, and 100 are needed" in found.findings[0].message
    end = max(DAYS, int(few["day"].max()))
    want = few[few["day"] > end - 100].groupby("customer_id")["value"].sum()
    mine = found.people.set_index("customer_id")["value"]
    assert mine.to_dict() == pytest.approx({n: want.get(n, 0.0) for n in mine.index})


def test_values_that_grow_with_frequency_are_not_predicted():
    often = BOUGHT.groupby("customer_id")["day"].transform("nunique")
    found = customer_values(BOUGHT.assign(value=often * 10.0 + BOUGHT["value"] / 100), DAYS)
    assert found.basis == "observed"
    assert "Frequent buyers spend more per purchase" in found.findings[0].message
    assert customer_values(BOUGHT, DAYS).basis == "predicted"
    assert not customer_values(BOUGHT, DAYS, basis="observed").findings
    assert customer_values(BOUGHT.assign(value=5.0), DAYS).basis == "predicted"


def test_purchases_that_cannot_be_worked_out_are_not_taken_for_nothing(monkeypatch):
    monkeypatch.setattr("attribution.suppression.customer_values.lifetime_value", lambda *_: np.full(PEOPLE, np.nan))
    found = customer_values(BOUGHT, DAYS)
    assert (found.basis, found.people["value"].notna().all()) == ("observed", True)
    assert "no number of purchases to come" in found.findings[0].message


def test_a_model_that_sees_nobody_leave_says_so(monkeypatch):
    monkeypatch.setattr("attribution_models.value.repeat_buying.RepeatBuyingFit.alive", lambda *_: np.ones(PEOPLE))
    assert "nobody-leaves" in [f.code for f in customer_values(BOUGHT, DAYS).findings]


@given(st.lists(st.integers(-1, 4), min_size=1, max_size=30), st.floats(0.01, 1), st.none() | st.integers(1, 40))
def test_nobody_outside_is_worth_more_than_anybody_inside(values, top, people):
    frame = pd.DataFrame({"customer_id": [f"c{i:02}" for i in range(len(values))], "value": np.array(values, float)})
    chosen = highest(frame.sample(frac=1, random_state=1), SeedSize(top, people))
    wanted = min(people or int(np.ceil(top * len(values) - 1e-9)), len(values))
    assert len(chosen) == min(wanted, sum(v > 0 for v in values))
    inside = set(chosen["customer_id"])
    keys = {row["customer_id"]: (row["value"], row["customer_id"]) for row in frame.to_dict("records")}
    for name in inside:
        assert keys[name][0] > 0
        assert all(keys[o][0] < keys[name][0] or (keys[o][0] == keys[name][0] and o > name) for o in set(keys) - inside)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("active", "Complaint", "lapsed;staff", "TEST", "opted out", "", None)),
            st.sampled_from(("granted", "denied", "unknown", None)),
        ),
        min_size=1, max_size=12,
    )
)  # fmt: skip
def test_only_consent_opt_out_complaint_employee_and_test_keep_somebody_out(rows):
    frame = pd.DataFrame([(f"c{n}", *row) for n, row in enumerate(rows)], columns=["unified_id", "status", "consent"])
    people = pd.DataFrame({"customer_id": frame["unified_id"]})
    with connect() as connection:
        connection.register("given", frame.astype("string"))
        connection.execute(
            "CREATE TABLE crm AS SELECT unified_id, status::VARCHAR AS status, consent::VARCHAR AS consent FROM given"
        )
        connection.execute("CREATE TABLE orders AS SELECT unified_id, TIMESTAMP '2026-01-01' AS timestamp FROM given")
        allowed, excluded = may_be_seeds(connection, (None, "orders", "crm"), people, {}, frozenset())
    free = {
        f"c{n}" for n, (status, consent) in enumerate(rows) if status in ("active", "", None) and consent != "denied"
    }
    assert set(allowed["customer_id"]) == free
    assert sum(excluded.values()) == len(rows) - len(free)


def test_the_seed_of_the_demo_is_not_empty(run, tmp_path):
    write_demo(tmp_path, people=600, seed=2)
    files = [
        part
        for name in ("touchpoints", "conversions", "customers", "identities")
        for part in (f"--{name}", f"inputs/{name}.csv")
    ]
    run("ingest", "--no-journeys", "--timezone", "UTC", *files)
    run("identify")
    told = run("seeds", "--platform", "meta").err
    folder, manifest = seed_of(tmp_path / "attribution-workspace" / "lists", "meta")
    assert manifest["seed"]["people"] > 3
    assert len((folder / "meta-customers.csv").read_text().splitlines()) == manifest["seed"]["people"] + 1
    assert "customers who may be in a seed" in told
