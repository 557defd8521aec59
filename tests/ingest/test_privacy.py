from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from attribution.errors import AttributionError
from tests.ingest.stored import quarantined, read_in

PERSON = "anna.müller+{}@example.com"
MAIL = re.compile(r"@example\.com|müller", re.IGNORECASE)
HEADER = "unified_id,timestamp,channel,cost\n"

# Rows in which a person's address stands where it cannot be read, in every way a row can fail.
FAILING = [
    PERSON + ",never,Search,1",
    PERSON + ",2026-02-30,Search,1",
    PERSON + ",1970-01-01,Search,1",
    PERSON + ",2026-01-05,,1",
    PERSON + ",2026-01-05,(baseline),1",
    PERSON + ",2026-01-05,Search,-1",
    PERSON + ",2026-01-05,Search,anna.müller@example.com",
    ",2026-01-05," + PERSON + ",1",
    PERSON + ",anna.müller@example.com,Search,1",
    PERSON,
    PERSON + ",2026-01-05,Search,1,2,3",
    '"' + PERSON + ",2026-01-05",
    PERSON + "x" * 1001 + ",2026-01-05,Search,1",
    PERSON + "\0,2026-01-05,Search,1",
]
GOOD = [f"person-{i},2026-01-05,Search,1" for i in range(30)]

ERRORS = {
    "no header": "anna.müller@example.com,2026-01-05,Search\nbert@example.com,2026-01-05,Mail\n",
    "no header, names only": "anna.müller@example.com,Search\nbert@example.com,Mail\n",
    "one column of addresses": "anna.müller@example.com\nbert@example.com\n",
    "addresses as times": "unified_id,timestamp,channel\nu1,anna.müller@example.com,A\nu2,anna.müller@example.com,A\n",
    "not recognised": "anna.müller at example.com@example.com,x\na,b\n",
    "broken JSON": '[{"unified_id": "anna.müller@example.com", "timestamp": }]',
}


def test_what_fails_names_no_person(tmp_path: Path) -> None:
    rows = [row.replace("{}", str(i)) for i, row in enumerate(FAILING)]
    file = tmp_path / "touches.csv"
    file.write_text(HEADER + "\n".join(GOOD + rows) + "\n", encoding="utf-8")
    workspace, report = read_in(tmp_path, {None: [file]})
    assert report.files[0].rows.quarantined == len(FAILING)
    assert len(report.files[0].reasons) >= 10
    told = " ".join([str(report.findings), str(report.files), workspace.manifest_path.read_text(encoding="utf-8")])
    assert not MAIL.search(told)
    held = str(quarantined(workspace, report.files[0].quarantine))
    assert all(PERSON.replace("{}", str(i)) in held for i in range(len(FAILING)))


@pytest.mark.parametrize("name", ERRORS)
def test_what_cannot_be_read_names_no_person(tmp_path: Path, name: str) -> None:
    file = tmp_path / ("x.json" if "JSON" in name else "x.csv")
    file.write_text(ERRORS[name], encoding="utf-8")
    told = [outcome(file, table) for table in (None, "touchpoints", "paths", "spend")]
    assert sum(isinstance(t, AttributionError) for t in told) >= 3
    assert not MAIL.search(" ".join(map(str, told)))


def outcome(file: Path, table: str | None) -> object:
    """The report, or the error."""
    try:
        return read_in(file.parent, {table: [file]})[1]
    except AttributionError as error:
        return error


def test_only_the_owner_reads_rows(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text(HEADER + "\n".join([*GOOD, FAILING[0]]) + "\n")
    second.write_text(HEADER + "\n".join([*GOOD[10:], "u,2026-01-06,Mail,"]) + "\n")
    workspace, report = read_in(tmp_path, {None: [first, second]})
    assert report.files[1].rows.duplicates == 20
    files = [p for p in workspace.path.rglob("*") if p.is_file() and p.name != ".lock"]
    assert len(files) == 5  # the manifest, the quarantine, two tables, and the rows that were set aside
    assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {0o600}
    folders = [p for p in workspace.path.rglob("*") if p.is_dir()]
    assert {stat.S_IMODE(p.stat().st_mode) for p in folders} == {0o700}
