"""From files to customers, through the steps."""

from __future__ import annotations

import json
import re
import tomllib
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from attribution.configuration import configure
from attribution.errors import UsageError
from attribution.identity.by_hand import change_by_hand
from attribution.settings import IdentitySettings
from attribution.steps.forget import forget_step
from attribution.steps.identify import identify_step
from attribution.steps.journeys import journeys_step
from attribution.steps.suppress import suppress_step
from tests.conftest import PROJECT
from tests.identity.shop import Shop, audited, bytes_of

ADA, BOB = "email=ada@shop.de", "email=bob@shop.de"
TOUCHES = "unified_id,timestamp,channel"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop")


def test_pairs_and_wide_rows_and_ids_inside_tables_join(shop: Shop) -> None:
    shop.links(f"cookie=ck1 {ADA}")
    shop.add("identities", "id:email,id:phone,id:loyalty", "ada@shop.de,+4930123456,L1", name="wide")
    shop.add("touchpoints", f"{TOUCHES},id:device", "ck1,2026-01-02 10:00:00,Search,dv1", "ck2,2026-01-03,Mail,dv2")
    shop.add("conversions", "unified_id,timestamp,value,id:crm_id", "ck2,2026-01-04 10:00:00,10,C1")
    shop.add("customers", "id:crm_id,email,phone", "C1,,+49 30 123456", "C2,bob@shop.de,")
    report = shop.identify(unified_id="cookie")
    whole = (
        ADA,
        "cookie=ck1",
        "phone=+4930123456",
        "loyalty=L1",
        "device=dv1",
        "cookie=ck2",
        "device=dv2",
        "crm_id=C1",
    )
    assert shop.groups(*whole, BOB, "crm_id=C2") == [[*whole], [BOB, "crm_id=C2"]]
    assert report.profile["customers"] == 2
    assert report.profile["touches"] == {
        "touches": 2,
        "stitched": 2,
        "people_before": 2,
        "people": 1,
        "cross_device": 1,
    }
    # Later steps see one journey of one customer.
    assert journeys_step(shop.workspace).counts["customers"] == 1


def test_raw_and_hashed_forms_meet_across_tables(shop: Shop) -> None:
    digest = sha256(b"ada@shop.de").hexdigest()
    shop.add("touchpoints", f"{TOUCHES},id:email_sha256", f"ck1,2026-01-02,Search,{digest}")
    shop.add("customers", "id:crm_id,email", "C1,Ada@Shop.de")
    shop.identify()
    assert len(shop.groups(ADA, "crm_id=C1", f"email_sha256={digest}")) == 1


def scored(shop: Shop) -> Shop:
    shop.add("customers", "id:crm_id", *(f"C{i}" for i in range(1, 6)))
    header = "id_type_a,id_a,id_type_b,id_b,score"
    rows = ("C1,crm_id,C2,", "C2,crm_id,C3,0.97", "C3,crm_id,C4,0.85", "C4,crm_id,C5,0.5")
    shop.add("identities", header, *(f"crm_id,{row}" for row in rows))
    return shop


@pytest.mark.parametrize(("tier", "joined"), [("exact", 2), ("high", 3), ("broad", 4)])
def test_a_tier_takes_links_from_its_score_on(shop: Shop, tier: str, joined: int) -> None:
    scored(shop).identify(tier=tier)
    ids = [f"crm_id=C{i}" for i in range(1, 6)]
    assert shop.groups(*ids) == [ids[:joined], *([i] for i in ids[joined:])]


def test_scores_of_tiers_can_be_set(shop: Shop) -> None:
    scored(shop).identify(tier="broad", broad=0.5)
    assert len(shop.groups("crm_id=C1", "crm_id=C5")) == 1


def test_each_tier_has_a_registry_of_its_own(shop: Shop) -> None:
    exact = scored(shop).identify(tier="exact")
    broad = shop.identify(tier="broad")
    again = shop.identify(tier="exact")
    assert again.unchanged
    assert again.folder == exact.folder != broad.folder


@pytest.mark.parametrize(
    ("said", "joined"), [("cookie", True), ("auto", True), ("client_id", False), ("device", False), ("person", False)]
)
def test_unified_ids_meet_ids_of_the_type_that_is_said(shop: Shop, said: str, joined: bool) -> None:
    shop.add("touchpoints", TOUCHES, "ck1,2026-01-02,Search", "ck2,2026-01-02,Search", "ck3,2026-01-02,Search")
    shop.links(f"cookie=ck1 {ADA}", f"cookie=ck2 {ADA}")
    customers = shop.unified(shop.identify(unified_id=said))
    assert (customers["ck1"] == customers["ck2"]) == joined
    assert customers["ck3"] != customers["ck1"]


def test_auto_says_what_it_found_and_why(shop: Shop) -> None:
    shop.add("touchpoints", TOUCHES, "u1,2026-01-02,Search", "u2,2026-01-02,Search")
    assert shop.identify().profile["unified_id"][1] == "device"
    shop.add("customers", "unified_id,email", "u1,ada@shop.de", "u2,bob@shop.de")
    name, level, why = shop.identify().profile["unified_id"]
    assert (name, level) == ("unified_id", "person")
    assert "customers file" in why


def test_disable_and_enable(shop: Shop) -> None:
    shop.links("device=dv1 cookie=ck1", "device=dv1 cookie=ck2")
    settings = IdentitySettings()
    assert shop.identify().profile["customers"] == 1
    change_by_hand(shop.workspace, ("device=dv1",), (), settings)
    report = shop.identify()
    assert len(shop.groups("device=dv1", "cookie=ck1", "cookie=ck2")) == 3
    assert audited(report) == [("disabled by hand", "dv1")]
    change_by_hand(shop.workspace, (), ("device=dv1",), settings)
    assert shop.identify().profile["customers"] == 1
    with pytest.raises(UsageError, match="was not disabled") as told:
        change_by_hand(shop.workspace, (), ("device=dv77",), settings)
    assert "dv77" not in str(told.value)


def test_without_guards_every_link_joins(shop: Shop) -> None:
    shop.links(f"device=kiosk {ADA}", f"device=kiosk {BOB}", "email=test@test.com cookie=ck1", f"cookie=ck1 {BOB}")
    shop.identify()
    assert len(shop.groups(ADA, BOB)) == 2
    report = shop.identify(guards=False)
    assert report.profile["customers"] == 1
    assert audited(report) == []


def test_nothing_new_changes_nothing(shop: Shop) -> None:
    shop.links(f"cookie=ck1 {ADA} 2026-01-02", f"cookie=ck2 {BOB} 2026-01-03")
    first = shop.identify()
    made = bytes_of(first)
    again = shop.identify()
    assert again.unchanged
    assert bytes_of(again) == made
    # Another setting that decides nothing here: a run of its own, with the same numbers.
    other = shop.identify(largest=400)
    assert not other.unchanged
    assert bytes_of(other) == made


def test_customers_follow_the_tables_before_the_next_step(shop: Shop) -> None:
    shop.add("touchpoints", TOUCHES, "ck1,2026-01-02 10:00:00,Search", "ck2,2026-01-03 10:00:00,Mail")
    shop.add("conversions", "unified_id,timestamp,value", "ck2,2026-01-04 10:00:00,10")
    shop.links(f"cookie=ck1 {ADA}")
    shop.identify(unified_id="cookie")
    assert journeys_step(shop.workspace).counts["customers"] == 2
    shop.links(f"cookie=ck2 {ADA}", name="more")
    journeys = journeys_step(shop.workspace)
    assert journeys.counts["customers"] == 1
    assert list(suppress_step(shop.workspace).suppression.people["customer_id"]) == [shop.customer(ADA)]


def rows_of(seed: int) -> list[str]:
    """Links with ties in time, a shared device, a placeholder and a mailbox of two records."""
    made = [f"cookie=ck{i} email=p{i % 9}@shop.de 2026-01-{1 + i % 5:02d}" for i in range(30)]
    made += [f"device=dv{i % 6} cookie=ck{i} 2026-01-03" for i in range(0, 30, 2)]
    made += [f"email=p{i % 4}@shop.de crm_id=C{i}" for i in range(6)]
    made += ["device=null cookie=ck1", "email=test@test.com cookie=ck2"]
    order = sorted(made, key=lambda row: sha256(f"{seed}{row}".encode()).digest())
    return made if seed == 0 else order


def test_order_split_and_threads_change_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for seed, files, cores in ((0, 1, 2), (1, 1, 1), (2, 3, 4), (3, 2, 1)):
        for module in ("engine", "identity.guards", "identity.edges", "identity.ranking"):
            monkeypatch.setattr(f"attribution.{module}.threads", lambda cores=cores: cores, raising=False)
        shop = Shop(tmp_path / str(seed))
        rows = rows_of(seed)
        for number in range(files):
            shop.links(*rows[number::files], name=f"links-{number}")
        made.append(bytes_of(shop.identify()))
    assert len(made[0]) >= 4
    assert made[1] == made[0]
    assert made[2] == made[0]
    assert made[3] == made[0]


def test_a_record_that_is_added_and_forgotten_leaves_the_earlier_numbers(shop: Shop) -> None:
    shop.links(f"cookie=ck1 {ADA} 2026-01-02", f"cookie=ck2 {BOB} 2026-01-03", "cookie=ck3 device=dv3 2026-01-01")
    shop.identify()
    ids = (ADA, BOB, "cookie=ck1", "cookie=ck2", "cookie=ck3", "device=dv3")
    before = shop.customers(*ids)
    shop.links("cookie=ck9 email=eve@shop.de 2025-01-01", "email=eve@shop.de crm_id=C9 2025-01-01", name="eve")
    shop.identify()
    assert shop.customers(*ids) == before
    forget_step(shop.workspace, "crm_id=C9")
    assert shop.customers(*ids) == before
    assert "erased" in pq.read_table(shop.identify().folder / "ledger.parquet").column("event").to_pylist()


def test_the_effect_is_of_journeys_and_credit(shop: Shop) -> None:
    shop.add("touchpoints", TOUCHES, "ck1,2026-01-02 10:00:00,Social", "ck2,2026-01-03 10:00:00,Search")
    shop.add("conversions", "unified_id,timestamp,value", "ck2,2026-01-04 10:00:00,10")
    shop.links(f"cookie=ck1 {ADA}", f"cookie=ck2 {ADA}")
    effect = identify_step(shop.workspace, IdentitySettings(unified_id="cookie"), effect=True).effect
    assert effect is not None
    journeys = effect.journeys.set_index("identity")
    assert journeys["touches_per_journey"].to_dict() == {"without": 1.0, "with": 2.0}
    assert journeys["single_touch"].to_dict() == {"without": 1.0, "with": 0.0}
    credits = effect.credits.set_index(["model", "channel"])["change"]
    assert credits["markov-1", "Social"] == pytest.approx(0.5)
    assert credits["last", "Social"] == 0


def test_manifest_and_report_name_nobody(shop: Shop) -> None:
    shop.links(f"cookie=ck1 {ADA}", f"device=kiosk {ADA}", f"device=kiosk {BOB}", "email=not-an-address cookie=ck7")
    report = shop.identify()
    told = json.dumps(shop.workspace.manifest()) + (report.folder / "profile.json").read_text() + str(report.findings)
    assert not re.search(r"shop\.de|kiosk|not-an-address|ck1|ck7", told)
    for path in (*report.folder.iterdir(), report.folder):
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_without_ids_it_is_said_what_to_do(shop: Shop) -> None:
    shop.add("spend", "date,channel,spend", "2026-01-01,Search,10")
    with pytest.raises(UsageError, match="There are no ids to join"):
        shop.identify()


def test_the_documented_configuration_is_valid() -> None:
    text = (PROJECT / "docs" / "commands.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(\[identity\].*?)```", text, re.DOTALL)
    settings = configure(tomllib.loads(block), "docs").identity
    assert settings.enabled
    assert settings.most == {"email > crm_id": 2}
    assert settings.settings().region == "DE"
