"""Intervals in the credits table: from Python and from the command line."""

from __future__ import annotations

import pandas as pd
import pytest

import attribution
from attribution.errors import UsageError
from tests.journeys.test_cut import market

MEASURES = ("conversions", "value", "conversion_share", "value_share")


@pytest.fixture(scope="module")
def fitted():
    t, c = market(300)
    journeys = attribution.build_journeys(t, c)
    return journeys, attribution.fit(journeys, "rules", "markov", "shapley", bootstrap=60, seed=3)


def test_every_measure_has_its_interval_around_it(fitted):
    journeys, fits = fitted
    table = attribution.credits(journeys, fits)
    assert set(table["interval_kind"]) == {"bootstrap"}
    assert set(table["interval_level"]) == {0.9}
    for name in MEASURES:
        assert (table[f"{name}_lower"] <= table[f"{name}_upper"]).all()
        inside = (table[f"{name}_lower"] <= table[name]) & (table[name] <= table[f"{name}_upper"])
        assert inside.mean() > 0.9
    chain = table[(table["model"] == "markov") & (table["channel"] != "(unattributed)")]
    assert (chain["removal_effect_lower"] <= chain["removal_effect_upper"]).all()
    assert table.loc[table["model"] == "linear", "removal_effect_lower"].isna().all()


def test_the_seed_decides_every_bit(fitted):
    journeys, fits = fitted
    table = attribution.credits(journeys, fits)
    again = attribution.credits(journeys, attribution.fit(journeys, "rules", "markov", "shapley", bootstrap=60, seed=3))
    other = attribution.credits(journeys, attribution.fit(journeys, "rules", "markov", "shapley", bootstrap=60, seed=4))
    pd.testing.assert_frame_equal(table, again)
    assert not table["conversions_lower"].equals(other["conversions_lower"])
    assert table["conversions"].equals(other["conversions"])


def test_cpa_and_roas_follow_the_ends(fitted):
    journeys, fits = fitted
    spend = pd.DataFrame(
        {"date": pd.to_datetime(["2026-01-01"] * 2), "channel": ["Search", "Radio"], "spend": [100.0, 50.0]}
    )
    rows = attribution.credits(journeys, fits[0], spend).set_index("channel")
    search = rows.loc["Search"]
    assert search["cpa_lower"] == pytest.approx(100 / search["conversions_upper"])
    assert search["cpa_upper"] == pytest.approx(100 / search["conversions_lower"])
    assert search["roas_lower"] == pytest.approx(search["value_lower"] / 100)
    assert rows.loc["Radio", "conversions_upper"] == 0


def test_a_posterior_is_labelled_and_for_chains_only(fitted):
    journeys, _ = fitted
    table = attribution.credits(journeys, attribution.fit(journeys, attribution.Markov(order=1), posterior=80))
    assert set(table["interval_kind"]) == {"conditional on the chain"}
    with pytest.raises(UsageError, match="only Markov chains have one"):
        attribution.fit(journeys, "linear", posterior=80)
    with pytest.raises(UsageError, match="made in one way"):
        attribution.fit(journeys, "markov", posterior=80, bootstrap=80)
    with pytest.raises(UsageError, match="at least 2 replicates"):
        attribution.fit(journeys, "markov", bootstrap=1)
    with pytest.raises(UsageError, match="between 0 and 1"):
        attribution.fit(journeys, "markov", bootstrap=10, level=1.5)


def test_aggregated_paths_have_a_lower_bound():
    frame = pd.DataFrame({"path": ["A > B", "B"], "conversions": [40, 30], "nulls": [100, 200]})
    journeys = attribution.read_paths(frame)
    table = attribution.credits(journeys, attribution.fit(journeys, "linear", bootstrap=40))
    assert set(table["interval_kind"]) == {"bootstrap (lower bound)"}


def test_intervals_are_kept_and_refitted_as_they_were(run, tmp_path):
    t, c = market(120)
    t.to_csv(tmp_path / "t.csv", index=False)
    c.to_csv(tmp_path / "c.csv", index=False)
    run("ingest", "--touchpoints", "t.csv", "--conversions", "c.csv", "--timezone", "UTC")
    first = run("fit", "markov", "--bootstrap", "40", "--seed", "5", "--level", "0.8", "-f", "json").json
    assert first == run("credits", "--model", "markov-1", "-f", "json").json
    assert first[0]["interval_level"] == 0.8
    assert "80% interval" in run("credits", "--model", "markov-1").out
    run("fit", "shapley")
    both = run("credits", "-f", "json").json
    assert {r["interval_kind"] for r in both if r["fit"] == "shapley"} == {None}
    (tmp_path / "more.csv").write_text("unified_id,timestamp,channel\nnew,2026-01-01 00:00:00,Search\n")
    run("ingest", "--touchpoints", "more.csv", "--timezone", "UTC")
    later = run("credits", "--model", "markov-1", "-f", "json").json
    assert later[0]["interval_level"] == 0.8
    assert later[0]["conversions_lower"] is not None
