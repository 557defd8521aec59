"""``attribution lists`` and ``attribution suppress --mark-uploaded``, as they are typed."""

from __future__ import annotations

import pandas as pd
import pytest

import attribution

CRM = "unified_id,email,consent\nc1,ada@shop.example,granted\nc2,bob@shop.example,granted\n"
MORE = "unified_id,email,consent\nc1,,denied\nc3,cyd@shop.example,granted\n"
MADE = ("--basis", "contract", "--made-on", "2026-11-25")


@pytest.fixture
def shop(run, tmp_path):
    (tmp_path / "crm.csv").write_text(CRM)
    (tmp_path / "more.csv").write_text(MORE)
    run("ingest", "--customers", "crm.csv")
    return tmp_path


def listed(run, *options):
    return {row["list"]: row for row in run("lists", "-f", "json", *options).json}


def test_a_workspace_without_lists_says_how_to_make_one(run, shop):
    told = run("lists")
    assert told.out == ""
    assert "attribution suppress --platform" in told.err
    assert run("lists", "-f", "json").json == []
    assert run("lists", "-w", "nowhere", status=2).err.startswith("Error: No workspace")


def test_from_the_first_upload_to_the_second(run, shop):
    run("suppress", "--platform", "google-ads", *MADE)
    assert listed(run)["google-ads"]["state"] == "made"
    told = run("suppress", "--mark-uploaded", "google-ads", "--uploaded-on", "2026-11-26")
    assert "google-ads: uploaded on 2026-11-26: the whole list; 2 people, lapses on 2028-05-19." in told.err
    assert told.out == "", "nothing is made"

    run("ingest", "--customers", "more.csv")
    told = run("suppress", "--platform", "google-ads", *MADE).err
    assert "1 added, 0 changed, 1 removed" in told
    assert "google-ads-add-contacts.csv  1 row to add" in told
    assert "google-ads-remove-contacts.csv  1 row to remove" in told
    assert "ada" not in told
    row = listed(run, "--as-of", "2026-12-01")["google-ads"]
    assert (row["state"], row["added"], row["removed"], row["people"]) == ("changed", 1, 1, 2)
    assert (row["made_on"], row["uploaded_on"], row["expires_on"]) == ("2026-11-25", "2026-11-26", "2028-05-19")
    assert row["days_left"] == 535
    assert "changed since upload: +1 -1" in run("lists").out

    told = run("suppress", "--platform", "google-ads", "--mark-uploaded", "google-ads", *MADE).err
    assert "uploaded on 2026-11-25: what was added and removed" in told
    assert "--mark-uploaded google-ads:all" in told
    assert listed(run)["google-ads"]["state"] == "uploaded"


def test_strict_fails_where_something_has_expired(run, shop):
    run("suppress", "--platform", "google-ads", "--mark-uploaded", "google-ads", *MADE)
    run("lists", "--strict", "--as-of", "2028-05-17")
    assert "expires within 7 days" in run("lists", "--as-of", "2028-05-17").out
    assert "expired" in run("lists", "--as-of", "2028-05-18").out
    run("lists", "--strict", "--as-of", "2028-05-18", status=1)


def test_every_form_of_the_table(run, shop):
    run("suppress", "--platform", "meta", *MADE)
    run("suppress", "--mark-uploaded", "meta")
    header, *rows = run("lists", "-f", "csv").out.splitlines()
    assert header.startswith("list,files,people,made_on,uploaded_on,expires_on,days_left,state")
    assert [row.split(",")[0] for row in rows] == ["meta", "suppression"]
    run("lists", "-f", "parquet", "-o", "lists.parquet")
    assert pd.read_parquet("lists.parquet")["state"].tolist() == ["uploaded", "made"]
    frame = attribution.lists(attribution.Workspace("attribution-workspace"))
    assert frame["list"].tolist() == ["meta", "suppression"]


def test_options_that_say_nothing_are_refused(run, shop):
    assert "--mark-uploaded" in run("suppress", "--uploaded-on", "2026-11-25", status=2).err
    assert "attribution suppress --platform meta" in run("suppress", "--mark-uploaded", "meta", status=2).err


def test_erasing_names_the_platforms_first(run, shop):
    run("suppress", "--platform", "meta", "--platform", "tiktok", *MADE)
    run("suppress", "--mark-uploaded", "meta")
    told = run("forget", "c1", "--yes").err
    first, last = told.index("Uploaded lists hold this person: meta."), told.index("Erased.")
    assert first < last
    assert "attribution suppress --platform meta" in told[last:]
    assert "tiktok" not in told
    assert listed(run)["meta"]["forgotten"] == 1
    assert "Uploaded lists" not in run("forget", "c2-nobody", "--yes").err
