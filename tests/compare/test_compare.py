"""Comparing models: distances by hand, reasons from the journeys, the gate on data made to fail it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attribution
from attribution.compare.agreement import agreement, errors, shares
from attribution.compare.disagreements import disagreements
from attribution.compare.gate import gate
from attribution.compare.stability import monthly_stability
from attribution.journeys.reports import lag, length, positions
from attribution.journeys.top_paths import top_paths
from tests.cli.test_commands import ORDERS, TOUCHES


def table(**fits: dict[str, float]) -> pd.DataFrame:
    rows = [
        {"fit": f, "estimand": "attributed", "channel": c, "conversions": v}
        for f, cs in fits.items()
        for c, v in cs.items()
    ]
    return pd.DataFrame(rows)


def test_distances_by_hand():
    credits = table(a={"X": 6, "Y": 4, "(unattributed)": 5}, b={"X": 1, "Y": 4, "(unattributed)": 10})
    assert shares(credits)["a"].tolist() == [0.6, 0.4]
    (row,) = agreement(credits).to_dict("records")
    assert row["total_variation"] == pytest.approx(0.4)
    assert row["rank_agreement"] == -1
    assert not row["across_estimands"]


def test_errors_by_hand():
    credits = table(a={"X": 60, "Y": 40}, b={"X": 10, "Y": 30})
    truth = pd.DataFrame({"channel": ["X", "Y"], "conversions": [10.0, 10.0]})
    found = errors(credits, truth).set_index("fit")
    assert found.loc["a", "share_error"] == pytest.approx(0.1)
    assert found.loc["b", "share_error"] == pytest.approx(0.25)
    assert found.loc["a", "total_error"] == pytest.approx(4)
    assert found.loc["b", "total_error"] == pytest.approx(1)


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from("ABC"), max_size=5), st.integers(0, 3), st.integers(0, 3)),
        min_size=1,
        max_size=12,
    )
)
def test_positions_are_those_of_plain_python(rows):
    frame = pd.DataFrame(
        {
            "path": [">".join(p) for p, _, _ in rows],
            "conversions": [c for _, c, _ in rows],
            "nulls": [n for _, _, n in rows],
        }
    )
    found = positions(attribution.read_paths(frame)).set_index("channel")
    for channel in found.index:
        held = [(p, c, n) for p, c, n in rows if channel in p]
        row = found.loc[channel]
        assert row["opens"] == sum(c for p, c, _ in held if p[0] == channel)
        assert row["closes"] == sum(c for p, c, _ in held if p[-1] == channel)
        assert row["alone"] == sum(c for p, c, _ in held if len(p) == 1)
        assert row["inside"] == sum(c for _, c, _ in held)
        assert row["assists"] == row["inside"] - row["closes"]
        total = sum(c + n for _, c, n in held)
        if total:
            assert row["conversion_rate"] == pytest.approx(row["inside"] / total)


def test_lag_length_and_paths_by_hand():
    t = pd.DataFrame(
        {
            "unified_id": ["a", "a", "b", "c"],
            "timestamp": pd.to_datetime(["2026-01-01", "2026-01-05", "2026-01-01", "2026-01-02"]),
            "channel": ["X", "Y", "X", "Y"],
        }
    )
    c = pd.DataFrame(
        {
            "unified_id": ["a", "b"],
            "timestamp": pd.to_datetime(["2026-01-06 00:00", "2026-01-01 00:30"]),
            "value": [5.0, 7.0],
        }
    )
    found = attribution.build_journeys(t, c)
    by = lag(found).set_index("lag")
    assert by["from_first"].to_dict() | {} == {**dict.fromkeys(by.index, 0.0), "3 to 6 days": 1.0, "under 1 hour": 1.0}
    assert by.loc["1 to 2 days", "from_last"] == 1
    lengths = length(found).set_index("touches")
    assert lengths.loc["1", "conversions"] == 1
    assert lengths.loc["2", "conversions"] == 1
    assert lengths.loc["1", "conversion_rate"] == 0.5
    top = top_paths(found)
    assert top["path"].tolist() == ["X", "X > Y"]
    assert top["value"].tolist() == [7, 5]


def test_the_biggest_disagreement_has_its_reason():
    frame = pd.DataFrame({"path": ["Video > Search"] * 1 + ["Search"], "conversions": [70, 10], "nulls": [100, 20]})
    journeys = attribution.read_paths(frame)
    credits = attribution.credits(journeys, attribution.fit(journeys, "first", "last"))
    first = disagreements(credits, positions(journeys))[0]
    assert (first.channel, first.high, first.low) in {("Video", "first", "last"), ("Search", "last", "first")}
    assert "closes" in first.sentence


def codes(journeys) -> set[str]:
    return {f.code for f in gate(journeys, positions(journeys))}


def test_the_gate_names_what_is_wrong():
    def paths(**columns):
        return attribution.read_paths(pd.DataFrame(columns))

    good = paths(path=["A", "B", "A > B"], conversions=[100, 20, 60], nulls=[400, 600, 300])
    assert codes(good) == set()
    assert "few-conversions" in codes(paths(path=["A", "B"], conversions=[5, 2], nulls=[90, 80]))
    assert "most-convert" in codes(paths(path=["A", "B"], conversions=[500, 200], nulls=[10, 5]))
    assert "one-channel-everywhere" in codes(paths(path=["A > B", "A"], conversions=[100, 80], nulls=[900, 900]))
    assert "label-repeats" in codes(
        paths(path=["A", "B > Thanks", "B"], conversions=[100, 80, 30], nulls=[900, 0, 500])
    )
    assert "no-signal" in codes(paths(path=["A", "B", "C"], conversions=[100, 100, 100], nulls=[900, 900, 900]))
    assert "conversions-before-touches" in codes(paths(path=["", "A"], conversions=[900, 100], nulls=[0, 500]))


def test_compare_from_the_command_line(run, tmp_path):
    (tmp_path / "t.csv").write_text(TOUCHES)
    (tmp_path / "o.csv").write_text(ORDERS)
    (tmp_path / "truth.csv").write_text("channel,incremental_conversions\nSearch,2\nMail,1\n(all media),3\n")
    run("ingest", "--touchpoints", "t.csv", "--conversions", "o.csv", "--timezone", "UTC")
    run("fit", "paths")
    shown = run("compare", "--truth", "truth.csv")
    assert "Distance between models" in shown.out
    assert "Against the truth" in shown.out
    assert "Only 3 conversions" in shown.err
    data = json.loads(run("compare", "--truth", "truth.csv", "--model", "first", "--model", "last", "-f", "json").out)
    assert {r["fit"] for r in data["credits"]} == {"first", "last"}
    (pair,) = data["agreement"]
    assert 0 <= pair["total_variation"] <= 1
    assert {e["fit"] for e in data["errors"]} == {"first", "last"}
    assert "needs the columns" in run("compare", "--truth", "t.csv", status=2).err


def test_tables_about_journeys_from_the_command_line(run, tmp_path):
    (tmp_path / "t.csv").write_text(TOUCHES)
    (tmp_path / "o.csv").write_text(ORDERS)
    run("ingest", "--touchpoints", "t.csv", "--conversions", "o.csv", "--timezone", "UTC")
    run("journeys", "--lookback", "30d")
    rows = run("journeys", "--show", "positions", "-f", "json").json
    assert [r["channel"] for r in rows] == ["Mail", "Search", "Social"]
    for name in ("lag", "length", "paths"):
        assert run("journeys", "--show", name, "-f", "json").json
    manifest = json.loads((tmp_path / "attribution-workspace" / "manifest.json").read_text())
    assert manifest["journeys"]["settings"]["lookback"] == "30d"


def test_stability_compares_neighboring_months():
    rng = np.random.default_rng(0)
    n = 3000
    month = rng.integers(0, 3, n)
    t = pd.DataFrame(
        {
            "unified_id": [f"u{i}" for i in range(n)],
            "timestamp": pd.to_datetime("2026-01-10") + pd.to_timedelta(month * 31, unit="D"),
            # Until March everything is Mail, in March everything is Search.
            "channel": np.where(month == 2, "Search", "Mail"),
        }
    )
    c = t[["unified_id"]].assign(timestamp=t["timestamp"] + pd.Timedelta(days=1), value=1.0)
    journeys = attribution.build_journeys(t, c)
    (row,) = monthly_stability(journeys, list(attribution.fit(journeys, "last"))).to_dict("records")
    assert (row["months"], row["largest_shift"], row["largest_at"]) == (3, 1.0, "2026-03")
    assert row["mean_shift"] == pytest.approx(0.5)


def test_sequences_pairs_and_the_order_of_a_simulated_market(run):
    run("simulate", "paths", "m", "--people", "1500", "--seed", "3")
    run("ingest", "m/touchpoints.csv", "m/conversions.csv", "--timezone", "UTC")
    rows = run("journeys", "--show", "sequences", "-f", "json").json
    assert rows[0]["removal_effect_share"] >= rows[-1]["removal_effect_share"]
    assert all(0 <= r["removal_effect_share"] <= 1 for r in rows)
    rows = run("journeys", "--show", "pairs", "-f", "json").json
    assert all(0 <= r["overlap_share"] <= 1 for r in rows)
    told = run("fit", "markov", "--order", "auto", "-f", "json")
    assert "the lowest within one standard error of the best" in told.err
    (name,) = {r["fit"] for r in told.json}
    assert name in {f"markov-{k}" for k in (1, 2, 3, 4)}
