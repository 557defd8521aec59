"""An ingest killed at any moment leaves the last good workspace, and the next one succeeds."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.ingest.stored import read_in, relation_of, stored

ROWS = 300_000
KILLS = 20
CODE = """
import sys
from attribution.ingest.ingest import ingest
from attribution.workspace import Workspace
print("ready", flush=True)
ingest(Workspace(sys.argv[1]), {"touchpoints": [sys.argv[2]]})
"""


def write(path: Path, first: int) -> Path:
    """Touches, one in fifty of them twice and one in a thousand without a channel."""
    with path.open("w") as file:
        file.write("unified_id,timestamp,channel\n")
        for i in range(first, first + ROWS):
            row = i - 1 if i % 50 == 0 else i
            channel = "" if row % 1000 == 7 else f"c{row % 9}"
            file.write(
                f"person-{row % 70_001},2026-01-{1 + row % 28:02d} {row % 24:02d}:{row % 60:02d}:{row % 59:02d},{channel}\n"
            )
    return path


def started(workspace: Path, file: Path) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, str(workspace), str(file)], stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": f"{root}:{root / 'models'}:{root / 'cli'}"},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.slow
def test_kill_at_random_moments(tmp_path: Path) -> None:
    first, second = write(tmp_path / "first.csv", 0), write(tmp_path / "second.csv", ROWS // 2)
    workspace, _ = read_in(tmp_path / "whole", {"touchpoints": [first]})
    begin = time.perf_counter()
    workspace, _ = read_in(tmp_path / "whole", {"touchpoints": [second]})
    takes = time.perf_counter() - begin
    expected = [(i["rows"], i["reasons"]) for i in workspace.manifest()["inputs"]]
    both = stored(workspace, "touchpoints", "count(*), bit_xor(_row)")

    draw = random.Random(20)
    killed, _ = read_in(tmp_path, {"touchpoints": [first]})
    last_good = killed.manifest()
    shutil.copytree(killed.path, tmp_path / "last good")
    interrupted = 0
    for kill in range(KILLS):
        process = started(killed.path, second)
        time.sleep(draw.uniform(kill, kill + 1) / KILLS * takes)
        os.kill(process.pid, signal.SIGKILL)
        interrupted += process.wait() == -signal.SIGKILL
        process.stdout.close()  # type: ignore[union-attr]
        found = killed.manifest()
        came_through = found != last_good  # the last of them may
        if came_through:
            assert [(i["rows"], i["reasons"]) for i in found["inputs"]] == expected
        for files in found["tables"].values():
            kept = sum(i["rows"]["kept"] for i in found["inputs"])
            assert len(relation_of([killed.path / f for f in files])) == kept
        for item in found["inputs"]:
            assert (killed.path / item["quarantine"]).stat().st_size > 0
        if came_through:
            shutil.rmtree(killed.path)
            shutil.copytree(tmp_path / "last good", killed.path)
    assert interrupted >= KILLS // 2
    after, _ = read_in(tmp_path, {"touchpoints": [second]})
    assert [(i["rows"], i["reasons"]) for i in after.manifest()["inputs"]] == expected
    assert stored(after, "touchpoints", "count(*), bit_xor(_row)") == both
    named = {p.name for p in (after.path / "tables" / "touchpoints").iterdir()}
    assert len(named) == 4  # two inputs, each with the rows that count and the duplicates set aside


def test_kill_of_the_first_ingest(tmp_path: Path) -> None:
    file = tmp_path / "touches.csv"
    file.write_text("unified_id,timestamp,channel\nu1,2026-01-05,A\n")
    workspace = tmp_path / "ws"
    # What a kill just before the first rename leaves behind.
    (workspace / "tables" / "touchpoints").mkdir(parents=True)
    (workspace / "tables" / "touchpoints" / "half.parquet").write_bytes(b"PAR1")
    (workspace / "tmp" / "staged-1").mkdir(parents=True)
    (workspace / ".lock").touch()
    (workspace / ".manifest.json.4711").write_text("{")
    _, report = read_in(tmp_path, {None: [file]})
    assert report.files[0].rows.kept == 1
    assert len(list((workspace / "tables" / "touchpoints").iterdir())) == 1
    assert not list(workspace.glob(".manifest.json.*"))
    assert not (workspace / "tmp").exists()
