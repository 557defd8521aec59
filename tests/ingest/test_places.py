"""Where data come from and where they go: pipes, folders without permission, workspaces that are none."""

from __future__ import annotations

import fcntl
import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from attribution.errors import AttributionError, UsageError
from attribution.ingest.ingest import ingest
from attribution.workspace import Workspace
from tests.ingest.malformed.cases import GOOD, HEADER, MORE, zipped
from tests.ingest.stored import read_in, stored

BROKEN = "{manifest} cannot be read ({why}). Restore it from a copy, or start a new workspace with -w."


@pytest.fixture
def touches(tmp_path: Path) -> Path:
    file = tmp_path / "touches.csv"
    file.write_bytes(HEADER + GOOD + MORE)
    return file


def piped(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch, HEADER + GOOD)
    workspace, report = read_in(tmp_path, {"touchpoints": ["-"]})
    assert report.files[0].name == "-"
    assert len(stored(workspace, "touchpoints")) == 1


def test_an_archive_on_standard_input_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zipped(a__csv=HEADER + GOOD, b__csv=HEADER + MORE)(tmp_path / "x.zip")
    piped(monkeypatch, (tmp_path / "x.zip").read_bytes())
    workspace, report = read_in(tmp_path, {"touchpoints": ["-"]})
    assert [f.name for f in report.files] == ["-:a.csv", "-:b.csv"]
    assert len(stored(workspace, "touchpoints")) == 2


def test_empty_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch, b"")
    with pytest.raises(AttributionError, match=r'^"-" is empty\. Export it again\.$'):
        read_in(tmp_path, {"touchpoints": ["-"]})


def test_a_named_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(HEADER + GOOD + MORE,))
    writer.start()
    workspace, report = read_in(tmp_path, {"touchpoints": [pipe]})
    writer.join()
    assert report.files[0].name == str(pipe)
    assert len(stored(workspace, "touchpoints")) == 2


def unprivileged(code: str, folder: Path) -> str:
    """Run code as nobody where we are root, since root may read and write everything."""
    # The interpreter itself may lie where nobody can read, so all is imported first.
    drop = "import os, duckdb, attribution.ingest.ingest\nif os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", drop + code], capture_output=True, text=True, check=False, cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{root}:{root / 'models'}:{root / 'cli'}", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout.strip()


RUN = """
from attribution.errors import AttributionError
from attribution.ingest.ingest import ingest
from attribution.workspace import Workspace
try:
    ingest(Workspace({workspace!r}), {{"touchpoints": [{file!r}]}})
    print("read")
except AttributionError as error:
    print(error)
"""


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder that others may enter."""
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.stat().st_uid == os.getuid() and folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(folder.stat().st_mode | 0o055)
        if folder.name.startswith("pytest-of"):
            break
    return tmp_path


def test_a_file_without_permission(open_folder: Path, touches: Path) -> None:
    touches.chmod(0)
    (open_folder / "out").mkdir(mode=0o777)
    (open_folder / "out").chmod(0o777)
    code = RUN.format(workspace=str(open_folder / "out" / "ws"), file=str(touches))
    assert unprivileged(code, open_folder) == f'Cannot read "{touches}": Permission denied.'


def test_a_folder_without_permission(open_folder: Path, touches: Path) -> None:
    (open_folder / "closed").mkdir(mode=0o555)
    (open_folder / "closed").chmod(0o555)
    target = open_folder / "closed" / "ws"
    code = RUN.format(workspace=str(target), file=str(touches))
    expected = f'Cannot write to "{target}": Permission denied. Name another folder with -w.'
    assert unprivileged(code, open_folder) == expected


def test_a_workspace_that_is_a_file(touches: Path) -> None:
    with pytest.raises(UsageError, match=r'touches\.csv" is a file; a workspace is a folder\. Name another with -w\.$'):
        Workspace(touches)


def test_a_foreign_folder_as_workspace(tmp_path: Path, touches: Path) -> None:
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "thesis.doc").write_text("mine")
    with pytest.raises(UsageError, match=r'holds other things \("thesis\.doc"…\) and is no workspace'):
        read_in(tmp_path, {None: [touches]})
    assert [p.name for p in (tmp_path / "ws").iterdir()] == ["thesis.doc"]


@pytest.mark.parametrize(
    ("text", "why"),
    [("{", "JSONDecodeError"), ("", "JSONDecodeError"), ("[]", "no object"), ('{"format": 1}', "without fits")],
)
def test_a_corrupt_manifest(tmp_path: Path, touches: Path, text: str, why: str) -> None:
    workspace, _ = read_in(tmp_path, {None: [touches]})
    workspace.manifest_path.write_text(text)
    files = sorted((workspace.path / "tables").rglob("*.parquet"))
    with pytest.raises(AttributionError) as caught:
        read_in(tmp_path, {None: [touches]})
    assert str(caught.value) == BROKEN.format(manifest=workspace.manifest_path, why=why)
    assert sorted((workspace.path / "tables").rglob("*.parquet")) == files


def test_a_manifest_of_a_later_version(tmp_path: Path, touches: Path) -> None:
    workspace, _ = read_in(tmp_path, {None: [touches]})
    workspace.manifest_path.write_text(json.dumps(workspace.manifest() | {"format": 99}))
    with pytest.raises(
        AttributionError, match=r"has format 99; this version reads format 1\. Use the version that wrote it"
    ):
        read_in(tmp_path, {None: [touches]})


def test_a_workspace_that_is_being_written(tmp_path: Path, touches: Path) -> None:
    workspace, _ = read_in(tmp_path, {None: [touches]})
    with (workspace.path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(AttributionError, match=r"^Another attribution command is writing to "):
            ingest(workspace, {None: [str(touches)]})


def test_a_failing_file_leaves_the_workspace_as_it_was(tmp_path: Path, touches: Path) -> None:
    workspace, _ = read_in(tmp_path, {None: [touches]})
    before = {p: p.read_bytes() for p in workspace.path.rglob("*") if p.is_file()}
    more = tmp_path / "more.csv"
    more.write_bytes(HEADER + GOOD + b"u9,2026-01-05,A\n")
    (tmp_path / "bad.csv").write_bytes(b"")
    with pytest.raises(AttributionError):
        read_in(tmp_path, {None: [more, tmp_path / "bad.csv"]})
    assert {p: p.read_bytes() for p in workspace.path.rglob("*") if p.is_file()} == before
    assert not (workspace.path / "tmp").exists()
