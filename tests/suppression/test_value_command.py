"""``attribution value``: tiers that add up, stages, and people in a file of one's own only."""

from __future__ import annotations

import itertools
import shutil

import numpy as np
import pandas as pd
import pytest

from attribution.suppression.tiers import tier_table
from tests.suppression.buyers import BOUGHT, by_hand, stock

STAGES = ["new", "active", "slipping", "lapsed", "reactivated"]


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    stock(folder)
    return folder


@pytest.fixture
def shop(run, stocked, tmp_path):
    shutil.copytree(stocked, tmp_path, dirs_exist_ok=True)


def test_tiers_are_those_of_ranked_values(run, shop):
    done = run("value", "--tiers", "0.2,0.3,0.5", "-f", "json")
    table = pd.DataFrame(done.json).set_index("tier")
    value = by_hand()
    ranked = np.array(sorted(value.values(), reverse=True))
    cuts = np.cumsum([0, 0.2, 0.3, 0.5]) * len(ranked)
    sizes = np.diff(np.ceil(cuts - 1e-9)).astype(int)
    tiers = table.loc[["1", "2", "3"]]
    assert tiers["customers"].tolist() == sizes.tolist()
    edges = np.cumsum(np.r_[0, sizes])
    want = [ranked[a:b] for a, b in itertools.pairwise(edges)]
    assert tiers["value_each"].tolist() == pytest.approx([part.mean() for part in want])
    assert tiers["value_share"].tolist() == pytest.approx([part.sum() / ranked.sum() for part in want])
    assert (tiers[STAGES].sum(axis=1) == tiers["customers"]).all()
    assert tiers["alive"].between(0, 1).all()
    assert "c0001" not in done.out + done.err
    assert "Value by MBG/NBD and Gamma-Gamma, over 365 days" in done.err


def test_people_go_to_a_private_file_only_when_asked_for(run, shop, tmp_path):
    assert "-o FILE" in run("value", "--by", "customer", status=2).err
    done = run("value", "--by", "customer", "-f", "csv", "-o", "people.csv", "--tiers", "4")
    assert done.out == ""
    people = pd.read_csv(tmp_path / "people.csv").set_index("customer_id")
    assert (tmp_path / "people.csv").stat().st_mode & 0o777 == 0o600
    value = by_hand()
    assert people["value"].to_dict() == pytest.approx(value)
    assert people["purchases"].to_dict() == BOUGHT.groupby("customer_id")["day"].nunique().to_dict()
    for tier in (1, 2, 3):
        assert (
            people.loc[people["tier"] == tier, "value"].min() >= people.loc[people["tier"] == tier + 1, "value"].max()
        )
    assert "tier" in run("value").out


def test_people_without_a_purchase_are_counted_apart(run, tmp_path):
    (tmp_path / "t.csv").write_text(
        "unified_id,timestamp,channel\n" + "".join(f"p{n},2026-01-02,Mail\n" for n in range(3)) + "a,2026-01-02,Mail\n"
    )
    (tmp_path / "o.csv").write_text("unified_id,timestamp,value\na,2026-01-05,5\nb,2026-01-20,\nb,2026-01-21,0\n")
    (tmp_path / "c.csv").write_text("unified_id,email\na,a@shop.example\nz,z@shop.example\n")
    run(
        "ingest", "--no-journeys", "--timezone", "UTC", "--touchpoints", "t.csv", "--conversions", "o.csv", "--customers", "c.csv"
    )  # fmt: skip
    done = run("value", "--tiers", "2", "-f", "json")
    rows = {row["tier"]: row for row in done.json}
    assert rows["prospect"]["customers"] == 3
    assert rows["listed only"]["customers"] == 1
    assert rows["1"]["customers"] + rows.get("2", {"customers": 0})["customers"] == 2
    assert "1 purchase with a value of 0 or less was left out" in done.err
    assert "1 purchase without a value counts as the mean of the others" in done.err
    assert "Value is not predicted" in done.err
    assert "90 days until one slips" in done.err
    assert "prospect" in run("value").out


def test_without_values_purchases_count(run, tmp_path):
    (tmp_path / "o.csv").write_text("unified_id,timestamp\na,2026-01-05\na,2026-01-07\nb,2026-01-20\n")
    run("ingest", "--no-journeys", "--timezone", "UTC", "--conversions", "o.csv")
    done = run("value", "--tiers", "2", "-f", "json", "--value", "observed")
    assert [row["value_each"] for row in done.json] == [2, 1]
    assert "every purchase counts as 1" in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--tiers", "one"), "give a number, as 10"),
        (("--tiers", "0.5,0.6"), "add up to 1"),
        (("--tiers", "1"), "give a number from 2 on"),
        (("--horizon", "0d"), "is not above zero"),
    ],
)
def test_wrong_options_are_answered(run, shop, options, message):
    assert message in run("value", *options, status=2).err


def test_a_workspace_without_purchases_says_so(run, tmp_path):
    (tmp_path / "t.csv").write_text("unified_id,timestamp,channel\na,2026-01-02,Mail\n")
    run("ingest", "--no-journeys", "--timezone", "UTC", "--touchpoints", "t.csv")
    assert "--conversions FILE" in run("value", status=2).err
    (tmp_path / "o.csv").write_text("unified_id,timestamp,value\na,2026-01-05,0\n")
    run("ingest", "--no-journeys", "--timezone", "UTC", "--conversions", "o.csv")
    assert "No purchase has a value above 0" in run("value", status=1).err


def test_a_table_of_nobodys_value_has_no_shares():
    people = pd.DataFrame(
        {"customer_id": ["a"], "tier": [1], "stage": ["new"], "value": [0.0], "alive": [np.nan], "purchases": [1]}
    )
    (row,) = tier_table(people, (("prospect", 0),)).to_dict("records")
    assert row["customers"] == row["new"] == 1
    assert np.isnan(row["value_share"])
