"""``attribution reconcile`` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from attribution.workspace import Workspace
from tests.cli.running import Runner
from tests.reconcile.markets import copied, workspace


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return workspace(tmp_path_factory.mktemp("command"))


def test_the_command_prints_keeps_and_writes(run: Runner, place: Workspace, tmp_path: Path) -> None:
    ws = copied(place, tmp_path).path
    first = run("reconcile", "-w", ws)
    assert "reconciled: mmm, markov-1 and 1 experiment, 2025-01-01 to 2025-07-29." in first.err
    assert "offline media" in first.err
    assert "(baseline)" in first.out
    why = run("reconcile", "-w", ws, "--show", "disagreements", "-f", "json", "--discrepancy", "0.7").json
    assert {row["channel"] for row in why} >= {"TV", "Display"}
    finer = run("reconcile", "-w", ws, "--by", "campaign,month", "--name", "finer", "-f", "csv").out
    assert finer.splitlines()[0].startswith("fit,model,estimand,channel,conversions,conversions_lower")
    assert run("credits", "-w", ws, "--model", "finer", "--by", "campaign,month", "-f", "csv").out == finer
    shown = run("credits", "-w", ws, "--force", "-f", "csv").out
    assert ",reconciled,incremental_total," in shown
    assert "reconciled" in run("compare", "-w", ws, "--force").out


def test_errors_say_what_to_do(run: Runner, place: Workspace) -> None:
    for arguments, words in (
        (("--mix", "nobody"), 'No media-mix fit "nobody"'),
        (("--by", "customer"), '"customer" is unknown here'),
        (("--match", "TV"), "is no pair"),
        (("--discrepancy", "-1"), "not above zero"),
    ):
        assert words in run("reconcile", "-w", place.path, *arguments, status=2).err
