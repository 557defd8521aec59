"""Every example runs, and docs/commands.md shows what its commands print."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

EXAMPLES = PROJECT / "examples"
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
ENVIRONMENT.pop("ATTRIBUTION_WORKSPACE", None)


@pytest.mark.parametrize("name", sorted(p.name for p in EXAMPLES.glob("0*")))
def test_the_example_runs(name, tmp_path):
    command = (
        [sys.executable, str(EXAMPLES / name)] if name.endswith(".py") else [str(EXAMPLES / name), str(tmp_path / "w")]
    )
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert "Search" in done.stdout


def test_the_commands_print_what_the_document_shows(tmp_path):
    shutil.copytree(EXAMPLES / "data", tmp_path / "shop" / "data")
    shop = tmp_path / "shop"
    text = (PROJECT / "docs" / "commands.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n\$ (attribution [^\n]+)\n(.*?)```", text, re.DOTALL)
    order = {"ingest": 0, "journeys": 1, "fit": 2, "credits": 3, "compare": 4, "suppress": 5}
    blocks.sort(key=lambda b: order.get(b[0].split()[1], 9))
    assert len(blocks) >= 7
    for command, shown in blocks:
        done = subprocess.run(
            shlex.split(command), capture_output=True, text=True, env=ENVIRONMENT, cwd=shop, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        printed = done.stdout + done.stderr
        for line in filter(str.strip, shown.split("\n")):
            assert line in printed.split("\n"), f"{command} no longer prints: {line}\n{printed}"
