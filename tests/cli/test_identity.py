"""``attribution identify``, ``journey`` and ``forget``."""

from __future__ import annotations

import io
import json
import shutil

import pandas as pd
import pytest

from tests.cli.running import prepared

TOUCHES = """cookie,timestamp,channel
ck-11,2026-01-02 08:10:00,Social
ck-12,2026-01-06 20:05:00,Search
ck-21,2026-01-03 12:00:00,Social
"""
ORDERS = """cookie,timestamp,value,id:email
ck-12,2026-01-06 20:20:00,50,ada@example.com
"""
LINKS = """id_type_a,id_a,id_type_b,id_b,seen_at
cookie,ck-11,email,ada@example.com,2026-01-04 19:31:00
cookie,ck-21,email,ben@example.com,2026-01-08 07:00:00
device,kiosk,email,ada@example.com,2026-01-08 07:00:00
device,kiosk,email,ben@example.com,2026-01-08 07:00:00
"""
INGEST = ("ingest", "--touchpoints", "t.csv", "--conversions", "o.csv", "--identities", "l.csv", "--timezone", "UTC")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("identity")
    for name, text in (("t", TOUCHES), ("o", ORDERS), ("l", LINKS)):
        (folder / f"{name}.csv").write_text(text)
    prepared(folder, INGEST, ("identify", "--unified-id", "cookie"))
    return folder


@pytest.fixture
def folder(made, run, tmp_path):
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_identify_prints_customers_and_tells_the_rest(run, folder):
    done = run("identify", "--unified-id", "cookie", "--most-partners", "9")
    assert done.out.startswith("6 ids with 5 links are 3 customers (tier high)")
    assert "cross" not in done.out
    assert "shared by several people" in done.err
    assert "Stitched with the links known today, for earlier touches too." in done.err
    assert "Registry, ledger" in done.err
    assert not any(word in done.out + done.err for word in ("ada@", "ck-11", "kiosk"))


def test_nothing_changed_is_said(run, folder):
    assert "nothing changed" in run("identify").err


def test_strict_fails_on_what_is_found(run, folder):
    (folder / "more.csv").write_text("id:cookie,id:phone\nck-31,0491 570 006\n")
    run("ingest", "--identities", "more.csv")
    assert "--region DE" in run("identify").err
    run("identify", "--strict", status=1)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--tier", "best"), "exact"),
        (("--most", "email"), "'email > crm_id=1'"),
        (("--most", "email=1"), "is no rule"),
        (("--high", "2"), "scores lie in 0 to 1"),
        (("--largest", "0"), "must be at least 1"),
        (("--disable", "kiosk"), "write TYPE=ID"),
        (("--enable", "device=kiosk"), "was not disabled"),
        (("--as-of", "someday"), "someday"),
    ],
)
def test_what_cannot_be_is_answered(run, folder, options, told):
    before = json.loads((folder / "attribution-workspace" / "manifest.json").read_text())
    assert told in run("identify", *options, status=2).err
    assert json.loads((folder / "attribution-workspace" / "manifest.json").read_text()) == before


def test_disable_reaches_the_run(run, folder):
    run("identify", "--disable", "email=ADA@example.com")
    assert "1 id (disabled by hand) joins nobody" in run("identify").err
    assert "disabled by hand" not in run("identify", "--enable", "email=ada@example.com").err


def test_as_of_and_tiers_are_told(run, folder):
    assert "known by 2026-01-05" in run("identify", "--as-of", "2026-01-05").err
    assert "(tier exact)" in run("identify", "--tier", "exact").out


def test_the_effect_is_printed(run, folder):
    out = run("identify", "--effect").out
    assert "What stitching changes" in out
    assert "without identity" in out
    assert "+50.0 points" in out


def test_journey_is_data_on_stdout(run, folder):
    done = run("journey", "email=ada@example.com", "-f", "csv")
    table = pd.read_csv(io.StringIO(done.out))
    assert table["event"].tolist() == ["touch", "touch", "conversion"]
    assert set(table["unified_id"]) == {"ck-11", "ck-12"}
    assert "2 cookie, 1 email_sha256" in done.err
    by_number = run("journey", done.err.split(":")[0], "-f", "csv")
    assert by_number.out == done.out
    assert "2026-01-06 20:20:00" in run("journey", "ck-12").out


@pytest.mark.parametrize("command", [("journey",), ("forget", "--yes")])
def test_nobody_is_answered_without_the_id(run, folder, command):
    done = run(command[0], "email=eve@example.com", *command[1:], status=2)
    assert "Nobody has that id" in done.err
    assert "eve" not in done.err
    assert done.out == ""


def test_forget_asks_first(run, folder, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert "Nothing was erased." in run("forget", "ck-11", status=1).err
    assert run("journey", "ck-11").out


def test_forget_says_what_went(run, folder):
    run("suppress")
    done = run("forget", "email=ada@example.com", "--yes")
    assert done.out == ""
    assert "Erased. Rows removed: 2 from touchpoints, 1 from conversions, 2 from identities." in done.err
    assert "Removed from lists: 1." in done.err
    assert "ada" not in done.err
    run("journey", "ck-11", status=2)
    assert "forgotten" in run(*INGEST, "--as-of", "2026-03-01").err


def test_commands_need_a_workspace(run):
    for command in (("identify",), ("journey", "x"), ("forget", "x", "--yes")):
        assert "attribution ingest" in run(*command, status=2).err


def test_run_tells_its_identity_step(run, folder):
    (folder / "attribution.toml").write_text(
        'workspace = "ws"\n[ingest]\ntouchpoints = ["t.csv"]\nconversions = ["o.csv"]\nidentities = ["l.csv"]\n'
        'timezone = "UTC"\n[identity]\neffect = true\n[fit]\nmodels = ["last"]\nbootstrap = 0\n'
    )
    done = run("run", "attribution.toml")
    assert "── identity" in done.err
    assert "are 3 customers" in done.err
    assert "with identity" in done.err
