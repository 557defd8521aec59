"""Every example runs, and docs/commands.md shows what its commands print."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from attribution_cli.main import COMMANDS
from tests.conftest import PROJECT

EXAMPLES = PROJECT / "examples"
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
ENVIRONMENT.pop("ATTRIBUTION_WORKSPACE", None)


NOTEBOOKS = runpy.run_path(str(PROJECT / "docs" / "notebooks.py"))
# Draws of the sampler may differ in their last digits between processors, so of this one only the words are compared.
SAMPLED = {"09_media_mix"}


@pytest.mark.parametrize("name", sorted(p.name for p in EXAMPLES.glob("[0-9]*") if p.suffix in {".py", ".sh"}))
def test_the_example_runs(name, tmp_path):
    command = (
        [sys.executable, str(EXAMPLES / name)] if name.endswith(".py") else [str(EXAMPLES / name), str(tmp_path / "w")]
    )
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert "Search" in done.stdout


@pytest.mark.parametrize("path", NOTEBOOKS["notebooks"](), ids=lambda path: path.stem)
def test_the_notebook_prints_what_is_kept_in_it(path):
    def compared(text):
        return re.sub(r"-?\d[\d.,]*", "#", text).split() if path.stem in SAMPLED else text

    with pd.option_context("display.width", 80, "display.max_columns", 0):
        for kept, printed in NOTEBOOKS["run"](path):
            assert compared(printed) == compared(kept), "run python docs/notebooks.py"


def documented():
    """Commands of docs/commands.md, and the lines it shows for each."""
    text = (PROJECT / "docs" / "commands.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n\$ (attribution [^\n]+)\n(.*?)```", text, re.DOTALL)
    return [
        (shlex.split(command)[1:], [line for line in shown.split("\n") if line.strip()]) for command, shown in blocks
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_that_shows_what_it_prints(name):
    assert any(words[0] == name and shown for words, shown in documented())


def test_the_commands_print_what_the_document_shows(run, tmp_path):
    shutil.copytree(EXAMPLES / "data", tmp_path / "data")
    order = {"simulate": -1, "ingest": 0, "journeys": 1, "fit": 2, "credits": 3, "compare": 4, "suppress": 5}
    for words, shown in sorted(documented(), key=lambda example: order.get(example[0][0], 9)):
        done = run(*words, status=1 if words[0] == "lint" else 0)
        printed = (done.out + done.err).split("\n")
        for line in shown:
            assert line in printed, f"{shlex.join(words)} no longer prints: {line}\n" + "\n".join(printed)
