from __future__ import annotations

from pathlib import Path

import pytest

from attribution.errors import UsageError
from tests.ingest.stored import read_in, stored

HEADER = "unified_id,timestamp,channel\n"
LINES = [f"u{i},2026-01-05 10:{i:02d}:00,Search" for i in range(20)]
SALES = "unified_id,timestamp,value,order_id\n"


def write(path: Path, lines: list[str], header: str = HEADER) -> Path:
    path.write_text(header + "\n".join(lines) + "\n")
    return path


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", LINES)
    workspace, _ = read_in(tmp_path, {None: [file]})
    before = workspace.manifest()
    workspace, report = read_in(tmp_path, {None: [file]})
    after = workspace.manifest()
    assert report.files[0].unchanged
    assert [f.code for f in report.findings] == ["unchanged"]
    assert {k: before[k] for k in ("inputs", "tables")} == {k: after[k] for k in ("inputs", "tables")}


def test_the_same_content_under_another_name_changes_nothing(tmp_path: Path) -> None:
    files = [write(tmp_path / name, LINES) for name in ("a.csv", "b.csv")]
    workspace, report = read_in(tmp_path, {None: files})
    assert [f.unchanged for f in report.files] == [False, True]
    assert len(stored(workspace, "touchpoints")) == 20


def test_more_files_add(tmp_path: Path) -> None:
    read_in(tmp_path, {None: [write(tmp_path / "a.csv", LINES[:12])]})
    workspace, report = read_in(tmp_path, {None: [write(tmp_path / "b.csv", LINES[12:])]})
    assert report.files[0].rows.kept == 8
    assert len(stored(workspace, "touchpoints")) == 20


def test_an_overlapping_export_counts_duplicates(tmp_path: Path) -> None:
    read_in(tmp_path, {None: [write(tmp_path / "a.csv", LINES[:12])]})
    workspace, report = read_in(tmp_path, {None: [write(tmp_path / "b.csv", LINES[6:])]})
    assert (report.files[0].rows.kept, report.files[0].rows.duplicates) == (8, 6)
    assert len(stored(workspace, "touchpoints")) == 20


def test_another_timezone_replaces_the_earlier_reading(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", LINES)
    read_in(tmp_path, {None: [file]})
    workspace, report = read_in(tmp_path, {None: [file]}, timezone="Europe/Berlin")
    assert report.files[0].rows.kept == 20
    times = stored(workspace, "touchpoints", "min(timestamp)::VARCHAR, count(*)")
    assert times == [("2026-01-05 09:00:00", 20)]
    assert len(workspace.manifest()["inputs"]) == 1
    assert len(list((workspace.path / "tables" / "touchpoints").iterdir())) == 1


def test_a_new_reading_gives_back_what_the_old_one_displaced(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.csv", LINES[:12]), write(tmp_path / "b.csv", LINES[6:])
    read_in(tmp_path, {None: [first]})
    read_in(tmp_path, {None: [second]})
    # Of the first file nothing is left but what the second has too; that must not be lost with it.
    workspace, report = read_in(tmp_path, {None: [first]}, as_of="2026-01-04")
    assert report.files[0].rows.outside == 12
    assert len(stored(workspace, "touchpoints")) == 14
    rows = {i["name"]: i["rows"] for i in workspace.manifest()["inputs"]}
    assert rows[str(second)]["kept"] == 14
    assert rows[str(second)]["duplicates"] == 0
    workspace, _ = read_in(tmp_path, {None: [first]})
    assert len(stored(workspace, "touchpoints")) == 20


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_one_conversion_id_in_several_files(tmp_path: Path, order: tuple[int, ...]) -> None:
    files = [
        write(tmp_path / "a.csv", ["u1,2026-01-06,6,o1", "u2,2026-01-06,1,o2"], SALES),
        write(tmp_path / "b.csv", ["u1,2026-01-05,5,o1", "u3,2026-01-05,1,"], SALES),
        write(tmp_path / "c.csv", ["u1,2026-01-05,4,o1", "u2,2026-01-06,1,o2"], SALES),
    ]
    for place in order:
        workspace, _ = read_in(tmp_path, {"conversions": [files[place]]})
    held = stored(workspace, "conversions", "unified_id, value")
    assert held == [("u1", held[0][1]), ("u2", 1.0), ("u3", 1.0)]
    assert held[0][1] in {4.0, 5.0}  # two rows of the earliest time: the content decides, the same in every order
    together, _ = read_in(tmp_path / "at once", {"conversions": files})
    assert stored(together, "conversions", "*") == stored(workspace, "conversions", "*")
    inputs = workspace.manifest()["inputs"]
    assert sum(i["rows"]["kept"] for i in inputs) == 3
    assert sum(i["rows"]["duplicates"] for i in inputs) == 3


def test_a_conversion_merged_in_an_event_file_keeps_its_touch(tmp_path: Path) -> None:
    header = "unified_id,timestamp,channel,conversion,order_id,value\n"
    lines = ["u1,2026-01-05,A,1,o1,5", "u1,2026-01-06,B,1,o1,5", "u1,2026-01-07,B,0,,"]
    workspace, report = read_in(tmp_path, {None: [write(tmp_path / "e.csv", lines, header)]})
    rows = report.files[0].rows
    assert (rows.kept, rows.duplicates, rows.conversions_merged) == (3, 0, 1)
    assert stored(workspace, "conversions", "timestamp::DATE::VARCHAR") == [("2026-01-05",)]
    again, _ = read_in(tmp_path, {None: [write(tmp_path / "f.csv", [lines[0], "u9,2026-01-05,A,0,,"], header)]})
    counts = [i["rows"] for i in again.manifest()["inputs"]]
    assert [(c["kept"], c["duplicates"], c["conversions_merged"]) for c in counts] == [(3, 0, 1), (1, 1, 0)]


def test_one_file_for_two_tables(tmp_path: Path) -> None:
    header = "unified_id,timestamp,channel,amount_x\n"
    file = write(tmp_path / "a.csv", ["u1,2026-01-05,A,5"], header)
    workspace, _ = read_in(tmp_path, {"touchpoints": [file], "conversions": [file]})
    assert len(stored(workspace, "touchpoints")) == len(stored(workspace, "conversions")) == 1


def test_one_file_twice_for_one_table_is_refused(tmp_path: Path) -> None:
    header = "unified_id,timestamp,channel,conversion\n"
    file = write(tmp_path / "a.csv", ["u1,2026-01-05,A,1"], header)
    with pytest.raises(
        UsageError, match=r"is given twice in ways that fill the same table \(conversions, touchpoints\)"
    ):
        read_in(tmp_path, {"touchpoints": [file], "conversions": [file]})


def test_a_column_that_only_one_piece_has(tmp_path: Path) -> None:
    first = tmp_path / "a.jsonl"
    first.write_text('{"unified_id": "u1", "timestamp": "2026-01-05", "channel": "A"}\n')
    second = tmp_path / "b.jsonl"
    second.write_text(
        first.read_text() + '{"unified_id": "u2", "timestamp": "2026-01-05", "channel": "A", "geo": "DE"}\n'
    )
    workspace, report = read_in(tmp_path, {None: [first, second]})
    assert [f.rows.duplicates for f in report.files] == [0, 1]
    assert len(stored(workspace, "touchpoints")) == 2
