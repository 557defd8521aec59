"""The traps that identity falls into, each with the data that sets it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from attribution.steps.suppress import suppress_step
from tests.identity.shop import Shop, audited, bytes_of

NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ADA, BOB = "email=ada@shop.de", "email=bob@shop.de"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.parametrize(
    "nobody",
    [
        "idfa=00000000-0000-0000-0000-000000000000",
        "device=null",
        "crm_id=0000000000",
        "email=test@test.com",
        f"email_sha256={NOTHING}",
        f"email={NOTHING}",
    ],
)
def test_a_placeholder_joins_nobody(shop: Shop, nobody: str) -> None:
    shop.links(f"{nobody} {ADA}", f"{nobody} {BOB}", f"cookie=ck1 {ADA}", f"cookie=ck2 {BOB}")
    shop.identify()
    assert shop.groups(ADA, BOB, "cookie=ck1", "cookie=ck2") == [[ADA, "cookie=ck1"], [BOB, "cookie=ck2"]]


def test_an_id_of_implausibly_many_is_named_and_joins_nobody(shop: Shop) -> None:
    """No list knows it: an address that many anonymous cookies typed in."""
    shop.links(*(f"cookie=ck{i} email=bot@shop.de" for i in range(60)), f"cookie=ck1 {ADA}")
    report = shop.identify(most_partners=50)
    assert ("too many partners", sha256(b"bot@shop.de").hexdigest()) in audited(report)
    assert len(shop.groups("cookie=ck1", "cookie=ck2", "cookie=ck3")) == 3
    assert shop.customer("cookie=ck1") == shop.customer(ADA)


def test_a_kiosk_joins_none_of_its_people(shop: Shop) -> None:
    people = [f"crm_id=C{i}" for i in range(40)]
    shop.links(*(f"device=kiosk {p}" for p in people), *(f"cookie=ck{i} {p}" for i, p in enumerate(people)))
    report = shop.identify()
    assert len(shop.groups(*people)) == 40
    # Its people keep what else is theirs.
    assert shop.customer("cookie=ck7") == shop.customer("crm_id=C7")
    assert ("shared by several people", "kiosk") in audited(report)


def test_a_family_mailbox_joins_none_of_its_records(shop: Shop) -> None:
    shop.links("email=family@home.de crm_id=C1", "email=family@home.de crm_id=C2", "cookie=ck1 crm_id=C1")
    report = shop.identify()
    assert shop.groups("crm_id=C1", "crm_id=C2", "cookie=ck1") == [["crm_id=C1", "cookie=ck1"], ["crm_id=C2"]]
    (row,) = pq.read_table(report.folder / "audit.parquet").to_pylist()
    assert (row["guard"], row["partner_type"], row["limit"]) == ("too many partners", "crm_id", 1)


def test_a_chain_of_cookies_joins_no_two_people(shop: Shop) -> None:
    chain = [f"cookie=ck{i} device=dv{i}" for i in range(6)] + [f"device=dv{i} cookie=ck{i + 1}" for i in range(5)]
    shop.links(*chain, f"cookie=ck0 {ADA}", f"device=dv5 {BOB}")
    shop.identify()
    assert shop.customer(ADA) != shop.customer(BOB)
    assert shop.customer("device=dv1") == shop.customer(ADA)
    assert shop.customer("cookie=ck5") == shop.customer(BOB)


def hairball() -> list[str]:
    """Two knots of five cookies and devices without a person, held together by one link."""
    knots = [[f"cookie={k}{i} device={k}{j}" for i in range(3) for j in range(3)] for k in "ab"]
    return [*knots[0], *knots[1], "cookie=a0 device=b0"]


def test_nothing_is_merged_above_the_largest_size_and_it_is_told(shop: Shop) -> None:
    shop.links(*hairball())
    report = shop.identify(largest=6)
    assert len(shop.groups("cookie=a0", "device=a0", "cookie=b1", "device=b1")) == 4
    assert report.profile["oversized"] == [12]
    assert any(f.code == "oversized" for f in report.findings)
    assert [g for g, _ in audited(report)].count("bridge of an oversized cluster, told") == 1


def test_a_bridge_can_be_cut(shop: Shop) -> None:
    shop.links(*hairball())
    report = shop.identify(largest=6, oversized="cut")
    ids = ("cookie=a0", "device=a0", "device=a1", "cookie=b0", "device=b1")
    assert shop.groups(*ids) == [["cookie=a0", "device=a0", "device=a1"], ["cookie=b0", "device=b1"]]
    assert report.profile["bridges_cut"] == 1


def test_what_is_oversized_is_on_no_list_and_counted(shop: Shop) -> None:
    """Not "not assembled" without a word: above the cap nobody can say who is a customer."""
    shop.links(*hairball(), "cookie=ck9 device=dv9")
    shop.add("conversions", "unified_id,timestamp,value", "a0,2026-01-02,10", "ck9,2026-01-03,10")
    report = shop.identify(largest=6, unified_id="cookie")
    people = suppress_step(shop.workspace).suppression.people
    assert list(people["customer_id"]) == [shop.customer("cookie=ck9")]
    assert report.profile["guards"]["in an oversized cluster"] == 12


def test_order_of_rows_changes_no_byte(tmp_path: Path) -> None:
    rows = [f"cookie=ck{i % 7} email=p{i % 4}@shop.de 2026-01-{1 + i % 9:02d}" for i in range(28)]
    runs = []
    for number, order in enumerate((rows, rows[::-1], sorted(rows))):
        shop = Shop(tmp_path / str(number))
        shop.links(*order)
        runs.append(bytes_of(shop.identify()))
    assert runs[0] == runs[1] == runs[2]


def test_ids_are_those_of_the_last_run(shop: Shop) -> None:
    shop.links(f"cookie=ck1 {ADA} 2026-01-02", f"cookie=ck2 {BOB} 2026-01-03")
    shop.identify()
    before = shop.customers(ADA, BOB, "cookie=ck1", "cookie=ck2")
    # Somebody older and somebody new arrive; nobody else's number changes.
    shop.links("cookie=ck0 email=old@shop.de 2025-01-01", "cookie=ck3 email=new@shop.de 2026-03-01", name="more")
    report = shop.identify()
    assert shop.customers(*before) == before
    assert report.profile["new_customers"] == 2
    assert report.ledger == {}


def test_a_merge_keeps_the_oldest_number_and_an_alias(shop: Shop) -> None:
    shop.links(f"cookie=ck1 {ADA} 2026-01-02", f"cookie=ck2 {BOB} 2026-01-03")
    shop.identify()
    ada, bob = shop.customer(ADA), shop.customer(BOB)
    shop.links(f"{ADA} crm_id=C1 2026-02-01", f"{BOB} crm_id=C1 2026-02-01", name="crm")
    report = shop.identify()
    assert shop.customer(BOB) == shop.customer(ADA) == ada
    assert shop.customer(bob) == ada, "the earlier number still finds the person"
    assert report.ledger == {"merged": 1}


def test_a_later_log_in_is_not_known_before(shop: Shop) -> None:
    shop.links(f"cookie=ck1 {ADA} 2026-01-02", f"cookie=ck2 {ADA} 2026-06-01")
    shop.add(
        "touchpoints", "unified_id,timestamp,channel", "ck1,2026-01-01 10:00:00,Search", "ck2,2026-01-03 10:00:00,Mail"
    )
    today = shop.unified(shop.identify(unified_id="cookie"))
    assert today["ck1"] == today["ck2"]
    report = shop.identify(unified_id="cookie", as_of="2026-03-01")
    then = shop.unified(report)
    assert then["ck1"] == today["ck1"] != then["ck2"]
    assert report.profile["as_of"] == "2026-03-01"


def test_dots_join_addresses_of_google_where_that_is_asked_for_and_no_others(shop: Shop) -> None:
    ids = ("email=a.b@gmail.com", "email=ab@gmail.com", "email=a.b@shop.de", "email=ab@shop.de")
    shop.links(*(f"cookie=ck{i} {text}" for i, text in enumerate(ids)))
    shop.identify()
    assert len(shop.groups(*ids)) == 4
    shop.identify(gmail=True)
    assert shop.groups(*ids) == [[*ids[:2]], [ids[2]], [ids[3]]]


@pytest.mark.parametrize(
    "written", ["ADA@SHOP.DE", "ada\uff20shop.de", "\u00a0ada@shop.de", "a\u200bda@shop.de", "ada@shop.de\u2007"]
)
def test_case_and_unicode_are_one_address(shop: Shop, written: str) -> None:
    shop.add("identities", "id:cookie,id:email", f"ck1,{written}", "ck2,ada@shop.de")
    shop.identify()
    assert len(shop.groups("cookie=ck1", "cookie=ck2")) == 1


def test_a_phone_without_country_needs_a_region_and_is_counted(shop: Shop) -> None:
    shop.add("identities", "id:cookie,id:phone", "ck1,0491 570 006", "ck2,+61 491 570 006")
    report = shop.identify()
    assert len(shop.groups("cookie=ck1", "cookie=ck2")) == 2
    assert sum(report.profile["unread"].values()) == 1
    assert "unread-ids" in {f.code for f in report.findings}
    report = shop.identify(region="AU")
    assert len(shop.groups("cookie=ck1", "cookie=ck2")) == 1
    assert report.profile["unread"] == {}


def test_a_hash_among_raw_addresses_is_not_hashed_again(shop: Shop) -> None:
    shop.add(
        "identities", "id:cookie,id:email",
        "ck1,ada@shop.de", f"ck2,{sha256(b'ada@shop.de').hexdigest()}", f"ck3,{sha256(b'ada@shop.de').hexdigest().upper()}",
    )  # fmt: skip
    shop.identify()
    assert len(shop.groups("cookie=ck1", "cookie=ck2", "cookie=ck3")) == 1


def test_withdrawn_records_split_what_they_joined_and_numbers_return(shop: Shop) -> None:
    """Un-merge: a record is taken back, and both people have the numbers that they had before it."""
    shop.links(f"cookie=ck1 {ADA} 2026-01-02", f"cookie=ck2 {BOB} 2026-01-03")
    shop.identify()
    before = shop.customers(ADA, BOB, "cookie=ck1", "cookie=ck2")
    shop.links(f"{ADA} crm_id=C1 2026-02-01", f"{BOB} crm_id=C1 2026-02-01", name="crm")
    settings = {"most": {"crm_id > email": 1}}
    shop.identify()
    assert shop.customer(BOB) == before[ADA]
    report = shop.identify(**settings)
    assert shop.customers(*before) == before
    assert report.ledger["restored"] == 1
