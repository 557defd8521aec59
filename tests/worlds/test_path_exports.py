"""The same market keyed by browser: what rows say of who it was changes, and nothing else."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from attribution_models.worlds.path_exports import NO_BROWSER, by_browser
from attribution_models.worlds.path_world import RetailerWorld, simulate


@pytest.fixture(scope="module")
def market():
    tables = simulate(RetailerWorld(people=800, seed=3))
    return tables, by_browser(tables, 3)


def test_nothing_that_happened_changes(market):
    person, browser = market
    for table in ("spend", "truth", "identities", "observations"):
        assert getattr(person, table) is getattr(browser, table)
    for table in ("touchpoints", "conversions", "customers"):
        before, after = getattr(person, table), getattr(browser, table)
        for name in set(before) & set(after) - {"unified_id"}:
            assert np.array_equal(before[name], after[name]), (table, name)
    assert {f.name for f in fields(person)} == {f.name for f in fields(browser)}


def test_touches_know_a_browser_and_no_person(market):
    person, browser = market
    assert np.array_equal(browser.touchpoints["unified_id"], person.touchpoints["id:cookie"])
    assert "id:cookie" not in browser.touchpoints
    text = " ".join(str(v) for column in browser.touchpoints.values() for v in column[:200])
    assert "cust-" not in text


def test_an_order_is_made_on_the_browser_seen_last(market):
    person, browser = market
    crm, named = browser.conversions["id:crm_id"], browser.conversions["unified_id"]
    assert np.array_equal(crm, person.conversions["unified_id"])
    touches = person.touchpoints
    for buyer, name, at in zip(crm, named, browser.conversions["timestamp"], strict=True):
        if name != buyer:
            mine = (touches["unified_id"] == buyer) & (touches["timestamp"] <= at)
            assert name == touches["id:cookie"][mine][-1]
            assert at - touches["timestamp"][mine][-1] <= np.timedelta64(1, "D")
    unnamed = np.mean(named == crm)
    assert NO_BROWSER / 2 < unnamed < 0.5


def test_customers_are_records_with_a_number_and_an_address(market):
    person, browser = market
    assert np.array_equal(browser.customers["id:crm_id"], person.customers["unified_id"])
    assert "unified_id" not in browser.customers
    assert set(browser.conversions["id:email"]) <= set(browser.customers["email"])


def test_the_same_seed_gives_the_same_orders(market):
    person, browser = market
    assert np.array_equal(by_browser(person, 3).conversions["unified_id"], browser.conversions["unified_id"])
    assert not np.array_equal(by_browser(person, 4).conversions["unified_id"], browser.conversions["unified_id"])
