"""Files for platforms from a list: who is in them, what the manifest says, and who never is."""

from __future__ import annotations

import hashlib
import json

import pytest

from attribution.activation.lint import lint_file

TOUCHES = "unified_id,timestamp,channel\nc1,2026-01-02 00:00:00,Mail\nc9,2026-01-02 00:00:00,Mail\n"
CRM = (
    "unified_id,email,phone,consent\n"
    "c1,Ada@Shop.example,+4930901820,granted\nc1,ada@home.example,,granted\n"
    "c2,bob@shop.example,,denied\nc3,cyd@shop.example,,unknown\nc4,,,granted\n"
    "c5,eve@shop.example,,granted\nc5,eve@home.example,,denied\n"
)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def shop(run, tmp_path):
    (tmp_path / "t.csv").write_text(TOUCHES)
    (tmp_path / "crm.csv").write_text(CRM)
    run("ingest", "--touchpoints", "t.csv", "--customers", "crm.csv")
    return tmp_path / "attribution-workspace" / "lists"


def made(lists, platform):
    (folder,) = lists.glob(f"{platform}-*")
    return folder, json.loads((folder / "manifest.json").read_text())


def test_only_people_with_consent_are_in_files_with_all_their_addresses(run, shop):
    told = run("suppress", "--platform", "meta", "--platform", "google-ads", "--made-on", "2026-11-25").err
    for platform in ("meta", "google-ads"):
        folder, manifest = made(shop, platform)
        files = [folder / f["path"] for item in manifest["audience"]["lists"] for f in item["files"]]
        assert files
        text = "".join(f.read_text() for f in files)
        assert digest("ada@shop.example") in text
        assert digest("ada@home.example") in text
        for name in ("bob@shop", "cyd@shop", "eve@shop", "eve@home"):
            assert digest(f"{name}.example") not in text
        for file in files:
            assert file.stat().st_mode & 0o777 == 0o600
            report = lint_file(platform, str(file))
            assert not [f for f in report.faults if f.severity == "error"]
    assert "consent is not known" in told
    assert "ada" not in told.lower()


def test_the_manifest_counts_and_names_nobody(run, shop):
    run("suppress", "--platform", "google-ads", "--basis", "consent in the account", "--made-on", "2026-11-25")
    folder, manifest = made(shop, "google-ads")
    assert manifest["basis"] == "consent in the account"
    assert manifest["consent_default"] is None
    assert manifest["uploadable"] == 1
    assert manifest["left_out_of_upload"] == {"consent unknown": 1, "no identifier": 1}
    assert manifest["reasons"] == {"listed as a customer": 1}
    assert manifest["audience"]["expires_on"] == "2028-05-18"
    (file,) = [f for item in manifest["audience"]["lists"] for f in item["files"]]
    assert hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest() == file["sha256"]
    text = (folder / "manifest.json").read_text()
    assert "example" not in text
    assert digest("ada@shop.example") not in text


def test_customers_without_a_consent_column_stop_until_a_choice_is_made(run, tmp_path):
    (tmp_path / "crm.csv").write_text("unified_id,email\nc1,ada@shop.example\n")
    run("ingest", "--customers", "crm.csv")
    assert '--consent-default granted --basis "TEXT"' in run("suppress", "--platform", "meta", status=2).err
    assert "legal basis" in run("suppress", "--platform", "meta", "--consent-default", "granted", status=2).err
    run("suppress", "--platform", "meta", "--consent-default", "granted", "--basis", "contract")
    _, manifest = made(tmp_path / "attribution-workspace" / "lists", "meta")
    assert (manifest["consent_default"], manifest["basis"], manifest["uploadable"]) == ("granted", "contract", 1)


def test_forget_takes_files_for_platforms_away(run, shop):
    run("suppress", "--platform", "meta")
    run("forget", "c1", "--yes")
    assert not list(shop.glob("meta-*"))
    run("suppress", "--platform", "meta")
    _, manifest = made(shop, "meta")
    assert manifest["uploadable"] == 0


def test_the_same_input_gives_the_same_bytes_and_other_platforms_keep_their_files(run, shop):
    run("suppress", "--platform", "meta", "--made-on", "2026-11-25")
    folder, _ = made(shop, "meta")
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    run("suppress", "--platform", "meta", "--made-on", "2026-11-25")
    run("suppress", "--platform", "tiktok")
    assert {p.name: p.read_bytes() for p in made(shop, "meta")[0].iterdir()} == before
