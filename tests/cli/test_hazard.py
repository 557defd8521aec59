"""The time-to-event model through the engine: tables to event streams to credits."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from attribution.credit.hazard import channels_tested
from attribution.engine import connect
from attribution.errors import UsageError
from attribution.journeys import parts
from attribution.journeys.read import JourneyTables
from attribution.journeys.stream import event_stream
from attribution_models.paths.events import NEVER
from tests.cli.running import prepared

AT = pd.Timestamp("2026-01-01")
TOUCHES = pd.DataFrame(
    {
        "unified_id": ["a", "a", "b", "c"],
        "timestamp": AT + pd.to_timedelta([0, 5, 3, 9], unit="D"),
        "channel": ["Mail", "Organic search", "Mail", "(direct)"],
        "interaction": ["click", "visit", "impression", "visit"],
    }
)
ORDERS = pd.DataFrame(
    {"unified_id": ["a", "d"], "timestamp": AT + pd.to_timedelta([6, 7], unit="D"), "value": [5.0, 7.0]}
)


def stream(customers=None, observations=None, **options):
    with connect() as connection:
        connection.register("t", TOUCHES)
        connection.register("c", ORDERS)
        tables = JourneyTables(touchpoints="t", conversions="c")
        if customers is not None:
            connection.register("k", customers)
            tables = JourneyTables(touchpoints="t", conversions="c", customers="k")
        if observations is not None:
            connection.register("o", observations)
            options["observations"] = "o"
        return event_stream(connection, tables, direct_names=("(direct)",), **options)


def test_everybody_is_at_risk_over_the_whole_window():
    events = stream(
        customers=pd.DataFrame({"unified_id": ["e", "a"], "customer_since": [pd.NaT, AT - pd.Timedelta(days=40)]})
    )
    people = sum(b.person.size for b in events.blocks)
    assert people == 5
    assert events.kinds == ("(direct) / visit", "Mail / click", "Mail / impression", "Organic search / visit")
    assert events.signals.tolist() == [True, False, False, True]
    block = events.block(0)
    assert set(block.enter) == {AT.value // 1000}
    assert set(block.exit) == {(AT + pd.Timedelta(days=9)).value // 1000 + 1}
    assert np.count_nonzero(block.converted_before != NEVER) == 1
    assert np.diff(block.touch_offsets).sum() == 4
    assert np.diff(block.conversion_offsets).sum() == 2
    # Each person's events are the person's own: people with two touches have one conversion here.
    two = np.flatnonzero(np.diff(block.touch_offsets) == 2)
    assert np.diff(block.conversion_offsets)[two].tolist() == [1]


def test_observations_and_the_size_of_the_market():
    seen = pd.DataFrame({"unified_id": ["a", "f"], "enter": [AT, AT], "exit": AT + pd.to_timedelta([4, 8], unit="D")})
    events = stream(observations=seen, people=100)
    block = events.block(0)
    assert block.person.size == 5
    assert sorted({int(x) for x in (block.exit - block.enter) // 86_400_000_000}) == [4, 8, 9]
    assert block.idle_count.tolist() == [95]
    with pytest.raises(UsageError, match="less than the 4 people"):
        stream(people=2)
    with pytest.raises(UsageError, match='Did you mean "Mail"'):
        stream(signals=("Mial",))
    assert stream(signals=("Mail",)).signals.tolist() == [False, True, True, False]


def test_parts_do_not_change_the_stream(monkeypatch):
    def everybody():
        events = stream()
        rows = []
        for b in events.blocks:
            for i in range(b.person.size):
                t, c = slice(*b.touch_offsets[i : i + 2]), slice(*b.conversion_offsets[i : i + 2])
                rows.append(
                    (int(b.person[i]), b.touched_at[t].tolist(), b.kinds[t].tolist(), b.converted_at[c].tolist())
                )
        return sorted(rows)

    one = everybody()
    monkeypatch.setattr(parts, "PART_TOUCHES", 1)
    assert everybody() == one


@pytest.fixture(scope="module")
def ingested(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    files = [f"m/{n}.csv" for n in ("touchpoints", "conversions", "customers", "observations", "spend")]
    told = prepared(
        folder,
        ("simulate", "paths", "m", "--preset", "retargeting-trap", "--people", "2500", "--seed", "8"),
        ("ingest", *files, "--timezone", "UTC"),
    )
    assert "m/observations.csv: observations" in told
    return folder


@pytest.fixture
def market(run, ingested, tmp_path):
    """A copy of the workspace and its files: no test sees what another does to it."""
    shutil.copytree(ingested, tmp_path, dirs_exist_ok=True)
    return run


def test_the_trap_is_seen_through_where_intent_is_recorded(market, tmp_path):
    done = market("fit", "hazard", "-f", "json")
    rows = {r["channel"]: r for r in done.json}
    observed = len(pd.read_csv(tmp_path / "m" / "conversions.csv"))
    assert sum(r["conversions"] for r in rows.values()) == pytest.approx(observed)
    assert {r["estimand"] for r in rows.values()} == {"incremental_direct"}
    assert rows["(baseline)"]["conversions"] > observed / 3
    assert rows["(direct)"]["conversions"] == 0
    assert rows["Retargeting"]["cost"] > 0
    assert "only an experiment can tell" in done.err
    assert "signs of demand" in done.err
    # Retargeting takes about half of last touch; what it causes is a few percent.
    market("fit", "paths", "--models", "last")
    last = {r["channel"]: r["conversions"] for r in market("credits", "--model", "last", "-f", "json").json}
    assert rows["Retargeting"]["conversions"] < last["Retargeting"] / 2
    both = market("compare", "-f", "json").json
    (pair,) = both["agreement"]
    assert pair["across_estimands"]
    assert "shares were renormalised over channels" in market("compare").out
    by = market("credits", "--by", "month", "-f", "json")
    assert {r["fit"] for r in by.json} == {"last"}
    assert "hazard is left out" in by.err


def test_the_checks_are_printed_and_kept(market, tmp_path):
    done = market("fit", "hazard", "-f", "json")
    assert "near touches of" in done.err
    assert "nats per conversion against the model without ads" in done.err
    assert "An effect halves every" in done.err
    (kept,) = tmp_path.glob("**/fits/hazard-*/checks.json")
    data = json.loads(kept.read_text())
    observed = len(pd.read_csv(tmp_path / "m" / "conversions.csv"))
    assert sum(data["calibration"]["by_time"]["observed"]) == observed
    assert set(data["calibration"]["by_channel"]) == {r["channel"] for r in done.json} - {
        "(baseline)", "(unattributed)"
    }  # fmt: skip
    assert data["held_out"]["gain_per_conversion"] > 0
    without = {name: by["without"] for name, by in data["frailty"]["credit"].items()}
    assert without == pytest.approx({r["channel"]: r["conversions"] for r in done.json if r["channel"] in without})
    assert "near touches of" not in market("fit", "hazard", "--no-checks").err


def test_an_experiment_takes_the_place_of_the_warning(market):
    assert "only an experiment can tell" in market("fit", "hazard", "--no-checks").err
    market("ingest", "m/assignments.csv", "--timezone", "UTC")
    told = market("fit", "hazard", "--no-checks").err
    assert "only an experiment can tell" not in told
    assert "Experiments here measured Brand search, Display" in told
    assert "not E-mail" in told
    assert "credits --calibrate" in told


def test_an_experiment_with_one_arm_measures_nothing():
    rows = pd.DataFrame(
        {"experiment": ["a", "a", "b"], "channel": ["x", "x", "y"], "arm": ["exposed", "held_out", "exposed"]}
    )
    with connect() as connection:
        connection.register("arms", rows)
        assert channels_tested(connection, "arms") == ("x",)
        assert channels_tested(connection, None) == ()


def test_a_stale_hazard_is_said(market, tmp_path):
    market("fit", "hazard")
    (tmp_path / "more.csv").write_text("unified_id,timestamp,channel\nnew,2025-01-05 00:00:00,Display\n")
    market("ingest", "more.csv", "--timezone", "UTC")
    assert "Fit it again: attribution fit hazard" in market("credits").err


def test_without_untouched_people_the_baseline_is_refused(run, tmp_path):
    days = [f"2026-01-{d:02d} 00:00:00" for d in range(1, 21)]
    touches = "".join(f"p{i},2026-01-01 00:00:00,Mail\n" for i in range(50)) + "".join(
        f"p1,{d},Mail\n" for d in days[1:]
    )
    orders = "".join(f"p{i},2026-01-{2 + i % 15:02d} 06:00:00,10\n" for i in range(25))
    (tmp_path / "t.csv").write_text("unified_id,timestamp,channel\n" + touches)
    (tmp_path / "o.csv").write_text("unified_id,timestamp,value\n" + orders)
    run("ingest", "--touchpoints", "t.csv", "--conversions", "o.csv", "--timezone", "UTC")
    told = run("fit", "hazard", status=2).err
    assert "hazard:" in told
    assert "risk" in told
