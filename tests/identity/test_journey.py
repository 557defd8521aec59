"""One customer's timeline over all ids."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from attribution.errors import UsageError
from attribution.steps.journey import journey_step
from tests.identity.shop import Shop

TOUCHES = (
    "ck1,2026-01-02 10:00:00,Social,launch,phone",
    "ck2,2026-01-05 10:00:00,Search,,laptop",
    "ck2,2026-01-08 10:00:00,Mail,,laptop",
    "ck9,2026-01-03 10:00:00,Search,,phone",
)
ORDERS = ("ck2,2026-01-05 11:00:00,40", "ck2,2026-01-09 11:00:00,60")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = Shop(tmp_path_factory.mktemp("journey"))
    shop.add("touchpoints", "unified_id,timestamp,channel,campaign,device", *TOUCHES)
    shop.add("conversions", "unified_id,timestamp,value", *ORDERS)
    shop.add("customers", "id:crm_id,email,customer_since", "C1,ada@shop.de,2026-01-05", "C9,old@shop.de,2024-05-01")
    shop.links(
        "cookie=ck1 email=ada@shop.de 2026-01-02", "cookie=ck2 crm_id=C1 2026-01-05", "cookie=ck9 email=old@shop.de"
    )
    shop.identify(unified_id="cookie")
    return shop


@pytest.mark.parametrize("text", ["ck1", "cookie=ck2", "email= ADA@shop.de", "crm_id=C1", "E-Mail=ada@shop.de"])
def test_every_id_finds_the_whole_timeline(shop: Shop, text: str) -> None:
    found = journey_step(shop.workspace, text)
    events = found.events
    assert found.person.customer_id == shop.customer("ck1")
    assert found.person.types == {"cookie": 2, "crm_id": 1, "email_sha256": 1}
    told = events["event"].tolist()
    assert [e for e in told if e != "customer since"] == ["touch", "touch", "conversion", "touch", "conversion"]
    assert events["timestamp"].is_monotonic_increasing
    assert events["channel"].dropna().tolist() == ["Social", "Search", "Mail"]
    assert events["value"].dropna().tolist() == [40, 60]
    assert set(events["unified_id"].dropna()) == {"ck1", "ck2"}


def test_stages_turn_at_the_first_conversion(shop: Shop) -> None:
    """The customers file dates by day, and that day is the first order's: the touch that led to it met a prospect."""
    events = journey_step(shop.workspace, "ck1").events
    happened = events[events["event"] != "customer since"]
    assert happened["stage"].tolist() == ["prospect", "prospect", "prospect", "new", "new"]


def test_who_was_a_customer_before_is_one_throughout(shop: Shop) -> None:
    events = journey_step(shop.workspace, "ck9").events
    assert events.loc[events["event"] == "touch", "stage"].tolist() == ["customer"]
    assert events.loc[events["event"] == "customer since", "timestamp"].tolist() == [pd.Timestamp("2024-05-01")]


def test_it_is_said_whether_links_are_retroactive(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.add("touchpoints", "unified_id,timestamp,channel,campaign,device", *TOUCHES)
    shop.links("cookie=ck1 email=ada@shop.de 2026-01-02", "cookie=ck2 email=ada@shop.de 2026-02-05")
    assert "not joined" in journey_step(shop.workspace, "ck1").retroactive
    shop.identify(unified_id="cookie")
    whole = journey_step(shop.workspace, "ck1")
    assert "known today" in whole.retroactive
    shop.identify(unified_id="cookie", as_of="2026-01-31")
    then = journey_step(shop.workspace, "ck1")
    assert "known by 2026-01-31" in then.retroactive
    assert (len(whole.events), len(then.events)) == (3, 1)


def test_without_identity_a_unified_id_is_the_person(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.add("touchpoints", "unified_id,timestamp,channel,campaign,device", *TOUCHES)
    assert len(journey_step(shop.workspace, "ck2").events) == 2
    with pytest.raises(UsageError, match="Nothing is known of that person"):
        journey_step(shop.workspace, "ck77")


def test_who_is_not_known_is_not_named(shop: Shop) -> None:
    with pytest.raises(UsageError, match="Nobody has that id") as told:
        journey_step(shop.workspace, "email=eve@shop.de")
    assert "eve" not in str(told.value)
