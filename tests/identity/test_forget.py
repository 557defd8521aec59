"""A person who is erased is nowhere, and does not come back."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from attribution.errors import UsageError
from attribution.ingest.ingest import ingest
from attribution.settings import IngestSettings
from attribution.steps import forget as forgetting
from attribution.steps.forget import forget_step
from attribution.steps.journeys import journeys_step
from attribution.steps.suppress import suppress_step
from tests.identity.shop import LINKS, Shop

# In no form may any of these be left: as written, or as its plain digest.
ADAS = ("ck-ada-1", "ck-ada-2", "ada@shop.de", "CRM-ADA", sha256(b"ada@shop.de").hexdigest())
TOUCHES = (
    "ck-ada-1,2026-01-02 10:00:00,Social",
    "ck-ada-2,2026-01-05 10:00:00,Search",
    "ck-ada-2,2026-01-05 10:00:00,Search",
    "ck-ada-2,never,Search",
    "ck-bob,2026-01-03 10:00:00,Search",
    "ck-bob,never,Search",
)
PAIRS = (
    "cookie,ck-ada-1,email,Ada@Shop.de,2026-01-02 10:00:00",
    "email,ada@shop.de,crm_id,CRM-ADA,2026-01-05 10:00:00",
    "cookie,ck-bob,email,bob@shop.de,2026-01-03 10:00:00",
)
ORDERS = "unified_id,timestamp,value,id:email"


def filled(folder: Path) -> Shop:
    shop = Shop(folder)
    shop.add("touchpoints", "unified_id,timestamp,channel", *TOUCHES)
    shop.add("conversions", ORDERS, "ck-ada-2,2026-01-06 10:00:00,10,ada@shop.de", "ck-bob,2026-01-06 11:00:00,20,")
    shop.add("customers", "id:crm_id,email,customer_since", "CRM-ADA,ada@shop.de,2025-03-01", "CRM-BOB,bob@shop.de,")
    shop.add("identities", LINKS, *PAIRS)
    shop.identify(unified_id="cookie")
    journeys_step(shop.workspace)
    suppress_step(shop.workspace)
    return shop


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("made") / "shop").folder


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Shop:
    shutil.copytree(made, tmp_path / "shop")
    return Shop(tmp_path / "shop")


def holding(shop: Shop, texts: tuple[str, ...] = ADAS) -> list[str]:
    """Files of the workspace that hold one of the texts, in a cell or as bytes."""
    found = []
    for path in sorted(p for p in shop.workspace.path.rglob("*") if p.is_file()):
        text = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            text += str(pq.read_table(path).to_pydict())
        if any(t.lower() in text.lower() for t in texts):
            found.append(str(path.relative_to(shop.workspace.path)))
    return found


def accounted(shop: Shop) -> None:
    """Every row that was read is in one of the counts, and the tables hold what is counted as kept."""
    for item in shop.workspace.manifest()["inputs"]:
        rows = item["rows"]
        counted = sum(rows[n] for n in ("kept", "duplicates", "quarantined", "outside", "forgotten"))
        assert counted == rows["read"], item["table"]
        path = shop.workspace.path / item["files"][item["table"]]
        assert pq.read_metadata(path).num_rows == rows["kept"]
        if item["quarantine"]:
            assert len((shop.workspace.path / item["quarantine"]).read_bytes().splitlines()) == rows["quarantined"]


@pytest.mark.parametrize("text", ["email=ADA@shop.de", "ck-ada-1", "cookie=ck-ada-2", "crm_id=CRM-ADA", "customer"])
def test_any_id_erases_all_of_the_person(shop: Shop, text: str) -> None:
    assert len(holding(shop)) > 4
    bob = shop.customer("email=bob@shop.de")
    report = forget_step(shop.workspace, shop.customer("ck-ada-1") if text == "customer" else text)
    assert holding(shop) == []
    assert report.rows == {"touchpoints": 3, "conversions": 1, "customers": 1, "identities": 2, "quarantine": 1}
    assert report.lists == 1
    accounted(shop)
    assert shop.customer("email=bob@shop.de") == bob
    assert holding(shop, ("ck-bob",)), "nobody else is touched"


def test_journeys_and_lists_are_without_the_person(shop: Shop) -> None:
    ada = shop.customer("ck-ada-1")
    forget_step(shop.workspace, "ck-ada-1")
    entry = shop.workspace.manifest()["lists"]["suppression"]
    assert (entry["people"], entry["reasons"]) == (1, {"has converted": 1})
    for name in entry["files"]:
        assert ada not in (shop.workspace.path / name).read_bytes().decode("latin-1")
        assert (shop.workspace.path / name).stat().st_mode & 0o077 == 0
    csv = next(shop.workspace.path / n for n in entry["files"] if n.endswith(".csv"))
    assert csv.read_text().startswith("customer_id,reason,")
    assert journeys_step(shop.workspace).counts["conversions"] == 1
    assert list(suppress_step(shop.workspace).suppression.people["customer_id"]) == [shop.customer("ck-bob")]


def test_the_same_export_does_not_bring_the_person_back(shop: Shop) -> None:
    forget_step(shop.workspace, "ck-ada-1")
    before = shop.workspace.manifest()["tables"]
    for table in ("touchpoints", "conversions", "customers", "identities"):
        file = shop.folder / f"{table}.csv"
        ingest(shop.workspace, {table: [str(file)]}, IngestSettings(timezone="UTC"))
    shop.identify()
    assert shop.workspace.manifest()["tables"] == before
    assert holding(shop) == []


def test_a_changed_export_does_not_bring_the_person_back(shop: Shop) -> None:
    forget_step(shop.workspace, "ck-ada-1")
    more = ("ck-ada-1,2026-02-01 10:00:00,Mail", "ck-bob,2026-02-01 10:00:00,Mail")
    shop.add("touchpoints", "unified_id,timestamp,channel", *TOUCHES, *more)
    # The same address, written otherwise, hashed, and beside a new cookie.
    digest = sha256(b"ada@shop.de").hexdigest()
    shop.add("conversions", ORDERS, f"ck-new,2026-02-02 10:00:00,10,{digest}", "ck-bob,2026-02-03 10:00:00,5,")
    shop.add("identities", LINKS, *PAIRS, "cookie,ck-tab,email, ADA@SHOP.DE ,2026-02-01 10:00:00")
    shop.add("customers", "id:crm_id,email,customer_since", "CRM-ADA,new@shop.de,2025-03-01", "CRM-CID,c@shop.de,")
    shop.identify()
    accounted(shop)
    assert holding(shop) == []
    with pytest.raises(UsageError, match="Nobody has that id"):
        shop.customer("ck-ada-1")


def test_numbers_are_not_given_to_others(shop: Shop) -> None:
    ada = shop.customer("ck-ada-1")
    forget_step(shop.workspace, "ck-ada-1")
    shop.links("cookie=ck-zoe email=zoe@shop.de 2020-01-01", name="zoe")
    shop.identify()
    assert shop.customer("cookie=ck-zoe") != ada
    with pytest.raises(UsageError, match="Nobody has that id"):
        shop.customer(ada)


def test_who_is_not_known_is_not_named(shop: Shop) -> None:
    before = shop.workspace.manifest()
    with pytest.raises(UsageError) as told:
        forget_step(shop.workspace, "email=eve@shop.de")
    assert "eve" not in str(told.value)
    assert shop.workspace.manifest() == before


def test_without_identity_a_unified_id_is_erased(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.add("touchpoints", "unified_id,timestamp,channel", *TOUCHES)
    report = forget_step(shop.workspace, "ck-ada-2")
    assert report.rows == {"touchpoints": 2, "quarantine": 1}
    assert holding(shop, ("ck-ada-2",)) == []
    accounted(shop)
    shop.add("touchpoints", "unified_id,timestamp,channel", *TOUCHES, "ck-zoe,2026-02-01 10:00:00,Mail")
    assert holding(shop, ("ck-ada-2",)) == []


def test_a_tombstone_is_keyed(shop: Shop) -> None:
    """Whoever has the tombstones without the key can test no address against them."""
    forget_step(shop.workspace, "ck-ada-1")
    identity = shop.workspace.manifest()["identity"]
    stones = pq.read_table(shop.workspace.path / identity["tombstones"]).column("tombstone").to_pylist()
    plain = [sha256(f"{t}{text}".encode()).hexdigest() for text in ADAS for t in ("", "cookie=", "email_sha256=")]
    assert not set(stones) & set(plain)
    assert (shop.workspace.path / identity["key"]).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("at", ["add_tombstones", "resolve_tier"])
def test_an_erasure_that_is_killed_leaves_the_last_good_state(
    shop: Shop, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shop.workspace.manifest()
    held = {n: (shop.workspace.path / n).read_bytes() for n in before["lists"]["suppression"]["files"]}
    files = [f for files in before["tables"].values() for f in files]
    held |= {n: (shop.workspace.path / n).read_bytes() for n in files}

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(forgetting, at, killed)
        with pytest.raises(KeyboardInterrupt):
            forget_step(shop.workspace, "ck-ada-1")
    assert shop.workspace.manifest() == before
    assert all((shop.workspace.path / name).read_bytes() == data for name, data in held.items())
    forget_step(shop.workspace, "ck-ada-1")
    assert holding(shop) == []
