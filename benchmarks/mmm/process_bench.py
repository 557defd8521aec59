"""Part ``process``: the whole command, start of Python and imports included, beside a script of the peer's."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measure import Row, run, spread
from benchmarks.mmm.robyn_bench import BARS, FILE, SHOWN
from benchmarks.mmm.robyn_ours import spec
from benchmarks.mmm.runs import FailedError, Runner, program
from benchmarks.peers import UnavailableError

PART = "process"
ROUNDS = 5
SECONDS_BAR, SHARE_BAR = 10.0, 0.25
PRIOR = "laplace"


def process(runner: Runner, rounds: int = ROUNDS) -> tuple[list[Row], dict[str, Any]]:
    """``attribution fit mmm`` from command to saved and gated fit."""
    with tempfile.TemporaryDirectory() as folder:
        command = fit_command(Path(folder))
        runs = [run([*command, "-w", f"{folder}/{i}"]) for i in range(rounds + 1)][1:]  # the first fills the caches
        saved = sum(f.stat().st_size for f in Path(folder, "1").rglob("*") if f.is_file()) / 1e3
        shutil.rmtree(Path(folder, "0"), ignore_errors=True)
    failed = [r for r in runs if r.code]
    if failed:
        raise FailedError(failed[0].reason)
    seconds = [r.seconds for r in runs]
    rows = [
        Row(PART, "attribution fit mmm, command to saved and gated fit", median(seconds), "s", SECONDS_BAR,
            note=f"{spread(seconds)}; {saved:,.0f} kB saved; peak {max(r.peak for r in runs):,.0f} MB"),
    ]  # fmt: skip
    for name in BARS:
        rows += beside(runner, name, median(seconds))
    return rows, {}


def fit_command(folder: Path) -> list[str]:
    """The command on Robyn's data, with the model file beside it."""
    from attribution.mix.model_toml import model_toml  # noqa: PLC0415

    model = folder / "mmm.toml"
    model.write_text(model_toml(spec(PRIOR)), encoding="utf-8")
    return [*program(), "fit", "mmm", "--panel", str(FILE), "--model", str(model)]


def beside(runner: Runner, name: str, ours: float) -> Iterator[Row]:
    """A script of the peer's that imports, fits and saves; part ``robyn``'s run, where that was measured."""
    try:
        found = runner.peer(name, "peer_pymc_marketing", FILE, PRIOR, 1, "--", "--reference")
    except (UnavailableError, FailedError) as error:
        failed = isinstance(error, FailedError)
        yield Row(PART, SHOWN[name], None, "s", skipped=not failed, note=f"{'failed: ' if failed else ''}{error}")
        return
    seconds, size = found.result["seconds"], found.result["saved_bytes"] / 1e6
    yield Row(PART, f"{SHOWN[name]}: script that imports, fits and saves", seconds["process"], "s",
              note=f"imports {seconds['imports']:.1f} s, fit {seconds['fit']:.1f} s; {size:,.0f} MB saved; "
                   f"peak {found.peak:,.0f} MB; once, gate or not")  # fmt: skip
    yield Row(PART, f"share of {SHOWN[name]}'s time", ours / seconds["process"], "×", SHARE_BAR)
