"""``attribution run`` and ``attribution demo``."""

from __future__ import annotations

import hashlib
import json
import tomllib

import pandas as pd
import pytest

from attribution.demo import write_demo
from tests.cli.test_commands import ORDERS, TOUCHES

CONFIG = """workspace = "ws"
[ingest]
touchpoints = ["touches.csv"]
conversions = ["orders.csv"]
timezone = "UTC"
[ingest.columns]
"touchpoints.channel" = "channel"
[journeys]
lookback = "30d"
[fit]
models = ["rules"]
[[fit.model]]
model = "markov"
order = 2
[credits]
output = "out.json"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "touches.csv").write_text(TOUCHES)
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "attribution.toml").write_text(CONFIG)
    return tmp_path


def test_run_does_every_step(run, folder):
    told = run("run").err
    rows = json.loads((folder / "out.json").read_text())
    assert {r["fit"] for r in rows} == {
        "first",
        "last",
        "last-non-direct",
        "linear",
        "position-40-20-40",
        "time-decay-7d",
        "markov-2",
    }
    assert "suppression list" in told
    assert (folder / "ws" / "manifest.json").exists()
    assert run("-w", folder / "ws", "credits", "--model", "markov-2", "-f", "json").json


def test_show_config_prints_every_default_and_reads_back(run, folder):
    shown = run("run", "--show-config").out
    data = tomllib.loads(shown)
    assert data["journeys"]["lookback"] == "30d"
    assert data["journeys"]["direct_names"] == ["direct", "(direct)", "(direct) / (none)"]
    (folder / "again.toml").write_text(shown)
    assert run("run", "again.toml", "--show-config").out == shown


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("lookback", "lokback"), '"journeys.lokback" is unknown. Did you mean "lookback"?'),
        (('"30d"', "30"), "journeys.lookback: Expected `str"),
        (('"30d"', '"monthly"'), "is no duration"),
        (("order = 2", "ordr = 2"), "unexpected keyword argument 'ordr'"),
        (('"markov"', '"markow"'), 'Did you mean "markov"?'),
        (('["rules"]', '["rulez"]'), 'Did you mean "rules"?'),
        (('["touches.csv"]', '["touch.csv"]'), 'Did you mean "touches.csv"?'),
        (('"channel"\n[j', '"chanel"\n[j'), "no file has that column"),
        (('"touchpoints.channel"', '"touchpoints.chanel"'), 'Did you mean "touchpoints.channel"'),
        (('timezone = "UTC"', 'timezone = "Mars"'), 'timezone: "Mars" is unknown'),
        (("[ingest]", "[ingest"), "is no valid TOML"),
        (('output = "out.json"', 'by = ["moon"]'), 'by: "moon" is unknown'),
    ],
)
def test_everything_is_validated_before_the_first_step(run, folder, change, message):
    (folder / "attribution.toml").write_text(CONFIG.replace(*change))
    assert message in run("run", status=2).err
    assert not (folder / "ws").exists()


def test_a_missing_column_stops_before_anything_is_written(run, folder):
    (folder / "orders.csv").write_text(ORDERS.replace("user_id", "buyer"))
    told = run("run", status=2).err
    assert 'Column "unified_id" not found in' in told
    assert "--column conversions.unified_id=HEADER" in told
    assert not (folder / "ws").exists()


def test_check_only_validates(run, folder):
    told = run("run", "--check").err
    assert "Every step is valid" in told
    assert not (folder / "ws").exists()


def digest(folder) -> str:
    names = (
        "truth.csv",
        "credits.csv",
        "mmm.toml",
        *(f"inputs/{n}.csv" for n in ("touchpoints", "conversions", "customers", "spend", "weekly")),
    )
    return hashlib.sha256(b"".join((folder / n).read_bytes() for n in names)).hexdigest()


def test_the_demo_is_honest_and_the_same_each_time(run, tmp_path):
    done = run("demo", "one", "--people", "600", "--seed", "4")
    run("demo", "two", "--people", "600", "--seed", "4")
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    write_demo(tmp_path / "three", people=600, seed=5)
    weekly = [(tmp_path / folder / "inputs" / "weekly.csv").read_bytes() for folder in ("one", "three")]
    assert weekly[0] != weekly[1]
    assert "Where things are" in done.out
    told = done.out.replace("\n", " ")
    assert "would not have happened without paid media" in told
    assert "The 90% intervals hold what the channel caused for" in told
    assert "would really have brought" in told
    table = pd.read_csv(tmp_path / "one" / "credits.csv")
    # The media-mix model counts two years of weeks, what is reconciled the whole weeks of the window.
    table = table[~table["model"].isin(["mmm", "reconciled"])]
    observed = len(pd.read_csv(tmp_path / "one" / "inputs" / "conversions.csv"))
    assert table.groupby("fit")["conversions"].sum().to_numpy() == pytest.approx(observed)
    spent = pd.read_csv(tmp_path / "one" / "inputs" / "spend.csv")["spend"].sum()
    assert table.groupby("fit")["cost"].sum().to_numpy() == pytest.approx(spent)
    lists = list((tmp_path / "one" / "workspace" / "lists").glob("*/suppression.csv"))
    assert len(lists) == 1
    people = pd.read_csv(lists[0])
    assert set(people["rule"]) == {"converted", "customers-file"}
    assert people["customer_id"].is_unique
    # A second run in the same folder works on what is there.
    run("demo", "one", "--people", "600", "--seed", "4")


def test_hazard_settings_are_validated_before_the_first_step(run, folder):
    (folder / "attribution.toml").write_text(CONFIG + "[hazard]\nenabled = true\nlag = -1\n")
    told = run("run", status=2).err
    assert "hazard" in told
    assert "lag" in told
    assert not (folder / "ws").exists()
