"""Intervals at finer grains: the same draws of customers in every group, so that groups add up to the whole."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import attribution
from attribution.credit.grains import views
from attribution.credit.intervals import Uncertainty, replicates_of
from attribution.credit.paths import fit_paths
from attribution.credit.specs import make
from tests.journeys.test_cut import market

HOW = Uncertainty(bootstrap=24, seed=3)
SPECS = [make("linear"), make("last"), make("shapley"), make("markov")]


@pytest.fixture(scope="module")
def journeys():
    touchpoints, conversions = market(300)
    random = np.random.default_rng(1)
    touchpoints["campaign"] = random.choice(["north", "south", ""], len(touchpoints))
    touchpoints["geo"] = random.choice(["DE", "FR"], len(touchpoints))
    conversions["kind"] = random.choice(["order", "lead"], len(conversions))
    touchpoints["timestamp"] += pd.to_timedelta(random.integers(0, 60, len(touchpoints)), unit="D")
    conversions["timestamp"] += pd.to_timedelta(60, unit="D")
    return attribution.build_journeys(touchpoints, conversions)


def draws(view, drawn=None):
    return {f.name: f.intervals.found.draws for f in fit_paths(view, SPECS, None, HOW, drawn=drawn)[0]}


@pytest.mark.parametrize("by", [("month",), ("geo",), ("kind",), ("geo", "kind")])
def test_groups_add_up_in_every_replicate(journeys, by):
    whole, drawn = draws(journeys), replicates_of(journeys, HOW, parts=True)
    groups = [draws(view, drawn) for _, view in views(journeys, by)]
    assert len(groups) > 1
    for fit, every in whole.items():
        for measure in ("conversions", "value", "unattributed_conversions", "observed_conversions", "observed_value"):
            if fit == "markov-1" and not measure.startswith("observed"):
                continue  # a chain per group is a chain per group
            added = sum(getattr(group[fit], measure) for group in groups)
            np.testing.assert_allclose(added, getattr(every, measure), rtol=1e-9, atol=1e-9)


def test_campaigns_add_up_to_their_channel_in_every_replicate(journeys):
    whole = draws(journeys)
    ((_, view),) = views(journeys, ("campaign",))
    fine = draws(view, replicates_of(journeys, HOW, parts=True))
    for fit in ("linear", "last"):
        for i, channel in enumerate(journeys.channels):
            mine = [j for j, (name, _) in enumerate(view.labels) if name == channel]
            assert len(mine) > 1
            np.testing.assert_allclose(fine[fit].conversions[:, mine].sum(axis=1), whole[fit].conversions[:, i])


def test_every_group_closes_in_every_replicate(journeys):
    drawn = replicates_of(journeys, HOW, parts=True)
    for _, view in views(journeys, ("month", "campaign")):
        for found in draws(view, drawn).values():
            np.testing.assert_allclose(
                found.conversions.sum(axis=1) + found.unattributed_conversions, found.observed_conversions
            )


@pytest.mark.parametrize("by", [("campaign",), ("month",), ("geo",), ("kind",), ("month", "campaign")])
def test_the_table_has_intervals_at_every_grain(journeys, by):
    fits = attribution.fit(journeys, "linear", "markov", bootstrap=40, seed=3)
    table = attribution.credits(journeys, fits, by=by)
    assert set(table["interval_kind"]) == {"bootstrap"}
    rows = table[table["conversions"] > 3]
    inside = (rows["conversions_lower"] < rows["conversions"]) & (rows["conversions"] < rows["conversions_upper"])
    assert inside.mean() > 0.9
    whole = attribution.credits(journeys, fits).set_index(["fit", "channel"])["conversions_upper"]
    parts = table.set_index(["fit", "channel"])["conversions_upper"]
    assert (parts.to_numpy() < whole.loc[parts.index].to_numpy() + 1e-9).mean() > 0.9, "a part is less than the whole"
    plain = attribution.credits(journeys, attribution.fit(journeys, "linear", "markov"), by=by)
    assert "conversions_lower" not in plain.columns
    pd.testing.assert_series_equal(table["conversions"], plain["conversions"])


def test_a_posterior_keeps_its_label(journeys):
    fits = attribution.fit(journeys, attribution.Markov(order=1), posterior=30)
    table = attribution.credits(journeys, fits, by=("month",))
    assert set(table["interval_kind"]) == {"conditional on the chain"}


def test_the_command_line_refits_with_the_stored_seed(run, tmp_path):
    t, c = market(120)
    t.to_csv(tmp_path / "t.csv", index=False)
    c.to_csv(tmp_path / "c.csv", index=False)
    run("ingest", "--touchpoints", "t.csv", "--conversions", "c.csv", "--timezone", "UTC")
    run("fit", "markov", "--bootstrap", "40", "--seed", "5", "--level", "0.8", "--name", "mine")
    run("fit", "shapley")
    done = run("credits", "--by", "month")
    assert "80% interval" in done.out
    assert "Fewer than 20 converting journeys hold" in done.err
    rows = run("credits", "--by", "month", "-f", "json").json
    assert {r["interval_level"] for r in rows if r["fit"] == "mine"} == {0.8}
    assert {r["interval_level"] for r in rows if r["fit"] == "shapley"} == {None}
    run("fit", "markov", "--bootstrap", "40", "--seed", "6", "--level", "0.8", "--name", "mine")
    other = run("credits", "--by", "month", "-f", "json").json
    assert [r["conversions"] for r in rows] == [r["conversions"] for r in other]
    assert [r["conversions_lower"] for r in rows] != [r["conversions_lower"] for r in other]


def test_an_automatic_order_is_chosen_again_in_every_replicate(run, tmp_path):
    """Walks that follow the touch before the last now and then: the data hardly tell order 1 from order 2."""
    random = np.random.default_rng(4)
    rows, orders = [], []
    for person in range(160):
        last, before = "", ""
        for day in range(min(int(random.geometric(0.35)), 9)):
            patterned = random.random() < 0.45
            channel = {"A": "B", "B": "C", "C": "A"}.get(before, "A") if patterned else random.choice([*"ABC"])
            rows.append((f"p{person}", f"2026-01-{day + 1:02d} 00:00:00", channel))
            before, last = last, channel
        if random.random() < 0.4:
            orders.append((f"p{person}", "2026-01-20 00:00:00"))
    pd.DataFrame(rows, columns=["unified_id", "timestamp", "channel"]).to_csv(tmp_path / "t.csv", index=False)
    pd.DataFrame(orders, columns=["unified_id", "timestamp"]).to_csv(tmp_path / "c.csv", index=False)
    run("ingest", "--touchpoints", "t.csv", "--conversions", "c.csv", "--timezone", "UTC")
    done = run("fit", "markov", "--order", "auto", "--bootstrap", "30", "--name", "auto", "-f", "json")
    assert "Order chosen anew in each of 30 replicates: 1 in " in done.err
    assert " 2 in " in done.err
    (order,) = [word for word in ("1", "2") if f"Order {word}: the lowest within" in done.err]
    fixed = run("fit", "markov", "--order", order, "--bootstrap", "30", "--name", "fixed", "-f", "json")
    assert "chosen anew" not in fixed.err
    width = {
        fit: [r["conversions_upper"] - r["conversions_lower"] for r in found.json]
        for fit, found in (("auto", done), ("fixed", fixed))
    }
    assert [r["conversions"] for r in done.json] == [r["conversions"] for r in fixed.json]
    assert width["auto"] != width["fixed"]
    # A later step that fits again knows the candidates.
    (tmp_path / "more.csv").write_text("unified_id,timestamp,channel\nnew,2026-01-01 00:00:00,A\n")
    run("ingest", "--touchpoints", "more.csv", "--timezone", "UTC")
    again = run("credits", "-f", "json").json
    ends = {r["fit"]: r["conversions_lower"] for r in again if r["channel"] == "A"}
    assert ends["auto"] != ends["fixed"]
