"""The retailer's weeks: the last are its own tables, the response in all of them is the one of its logs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution.demo_weeks import errors_of_sources, panel_of
from attribution_models.worlds.path_world import RetailerWorld, simulate
from attribution_models.worlds.retailer_weeks import DARK, brought_by, weeks_of

WORLD = RetailerWorld(people=400, seed=9)
WEEKS, INSIDE = 40, 17


@pytest.fixture(scope="module")
def tables():
    return simulate(WORLD)


@pytest.fixture(scope="module")
def weeks(tables):
    return weeks_of(WORLD, tables, WEEKS)


def test_the_last_weeks_are_the_sums_of_the_tables(tables, weeks):
    first = np.datetime64(WORLD.first_day)
    assert weeks["date"][-INSIDE] == first
    assert np.unique(np.diff(weeks["date"])).tolist() == [np.timedelta64(7, "D")]
    inside = tables.spend["date"] < first + 7 * INSIDE
    for name in np.unique(tables.spend["channel"]):
        spent = tables.spend["spend"][inside & (tables.spend["channel"] == name)]
        assert weeks[name][-INSIDE:].sum() == pytest.approx(spent.sum())
    bought = tables.conversions["timestamp"] < first + 7 * INSIDE
    assert weeks["orders"][-INSIDE:].sum() == bought.sum()
    assert weeks["value"][-INSIDE:].sum() == pytest.approx(tables.conversions["value"][bought].sum())


def test_the_weeks_before_vary_and_end_dark(weeks):
    dark = slice(-INSIDE - DARK, -INSIDE)
    doors = {c.name for c in WORLD.channels if c.door}
    for channel in (c for c in WORLD.channels if c.ownership == "paid"):
        before = weeks[channel.name][: -INSIDE - DARK]
        assert before.std() > 0
        if channel.name not in doors:
            assert weeks[channel.name][dark].sum() == 0
    assert (weeks["orders"][:-INSIDE] > 0).any()


def test_the_same_seed_gives_the_same_weeks_and_another_gives_others(tables, weeks):
    again = weeks_of(WORLD, tables, WEEKS)
    for name, column in weeks.items():
        np.testing.assert_array_equal(column, again[name])
    other = weeks_of(RetailerWorld(people=400, seed=10), tables, WEEKS)
    assert (other["Shopping"][:-INSIDE] != weeks["Shopping"][:-INSIDE]).any()
    np.testing.assert_array_equal(other["Shopping"][-INSIDE:], weeks["Shopping"][-INSIDE:])


def test_what_spend_brings_is_the_truth_of_the_logs(tables):
    """All ads off by pressure loses what the world's own counterfactual says of all media."""
    off = {c.name: 0.0 for c in WORLD.channels if c.ownership == "paid"}
    lost, value = brought_by(WORLD, off, range(WORLD.days))
    assert -lost == tables.truth["incremental_conversions"][-1]
    assert -value == pytest.approx(tables.truth["incremental_value"][-1])
    assert brought_by(WORLD, {}, range(WORLD.days)) == (0, 0.0)
    assert brought_by(WORLD, off, range(0)) == (0, 0.0)
    few = brought_by(WORLD, {"Shopping": 3.0}, range(WORLD.days))[0]
    assert few > 0


def test_a_panel_has_an_order_value_in_every_week():
    frame = panel_of({
        "date": np.array(["2025-01-01", "2025-01-08"], "datetime64[D]"), "orders": np.array([0.0, 2.0]),
        "value": np.array([0.0, 90.0]), "TV": np.array([1.006, 2.0]),
    })  # fmt: skip
    assert frame["value per order"].tolist() == [45.0, 45.0]
    assert frame["TV spend"].tolist() == [1.01, 2.0]
    assert frame["orders"].tolist() == [0, 2]


def test_errors_are_of_shares():
    truth = pd.DataFrame({"channel": ["a", "b"], "incremental_conversions": [30, 10]})
    table = pd.DataFrame(
        {"channel": ["a", "b"], "path": [5.0, 5.0], "mix": [6.0, 2.0], "reconciled": [np.nan, 4.0]}
    )  # fmt: skip
    assert errors_of_sources(table, truth, ["a", "b"]) == {"path": 0.25, "mix": 0.0, "reconciled": 0.75}
