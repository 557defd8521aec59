"""Whole commands as a user types them, start of Python included."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from benchmarks.data import files
from benchmarks.measure import OUT, Child, Row, middle, python, run, spread

HELP_RUNS = 10
HELP_BAR = 0.3
COMPILE_BAR = 15.0


def command(*words: str | Path) -> list[str]:
    """The installed command beside this Python, or its module."""
    installed = Path(sys.executable).parent / "attribution"
    start = [str(installed)] if installed.is_file() else [sys.executable, "-m", "attribution_cli.main"]
    return [*start, *map(str, words)]


def commands(data: Path) -> list[Row]:
    """Ingest, journeys, fits and credits of the big set, one process each."""
    workspace = OUT / "workspace"
    shutil.rmtree(workspace, ignore_errors=True)
    at = ("-w", workspace)
    touches = [word for file in files(data, "touches") for word in ("--touchpoints", file)]
    conversions = [word for file in files(data, "conversions") for word in ("--conversions", file)]
    steps: dict[str, list[str | Path]] = {
        "ingest (checks, de-duplication, copy)": [*at, "ingest", *touches, *conversions, "--no-journeys"],
        "journeys": [*at, "journeys"],
        "fit rules": [*at, "fit", "rules", "-f", "json"],
        "fit markov --order 1": [*at, "fit", "markov", "--order", "1", "-f", "json"],
        "fit markov --order 3": [*at, "fit", "markov", "--order", "3", "-f", "json"],
        "fit shapley": [*at, "fit", "shapley", "-f", "json"],
        "credits -f json": [*at, "credits", "-f", "json"],
    }
    rows = []
    for name, words in steps.items():
        done = run(command(*words))
        rows.append(_row(name, done))
        if done.code:
            break
    shutil.rmtree(workspace, ignore_errors=True)
    return rows


def _row(name: str, done: Child) -> Row:
    if done.code:
        return Row("commands", f"attribution {name}", None, "s", note=f"failed: {done.reason}")
    return Row("commands", f"attribution {name}", done.seconds, "s", note=f"peak {done.peak:,.0f} MB")


def startup(small: Path) -> list[Row]:
    """Time of ``--help``, and the first-ever compile of all kernels."""
    runs = [run(command("--help")) for _ in range(HELP_RUNS)]
    broken = [r for r in runs if r.code]
    note = f"failed: {broken[0].reason}" if broken else spread([r.seconds for r in runs])
    seconds = None if broken else middle([r.seconds for r in runs])
    rows = [Row("startup", "attribution --help", seconds, "s", HELP_BAR, note=note)]
    cache = OUT / "numba-cache"
    shutil.rmtree(cache, ignore_errors=True)
    environment = {"NUMBA_CACHE_DIR": str(cache)}
    module = [sys.executable, "-m", "benchmarks.engine_bench", "kernels", str(small)]
    cold, warm = (run(module, environment=environment) for _ in range(2))
    shutil.rmtree(cache, ignore_errors=True)
    what = "first-ever compile of all kernels"
    if cold.code or warm.code:
        return [*rows, Row("startup", what, None, "s", COMPILE_BAR, note=f"failed: {cold.reason}")]
    note = f"whole process {cold.seconds:.1f} s with an empty cache, {warm.seconds:.1f} s with a full one"
    return [*rows, Row("startup", what, cold.seconds - warm.seconds, "s", COMPILE_BAR, note=note)]


def small_set() -> Path:
    """A small set on which to call every kernel."""
    return Path(python("data", "recipe", 2000).result["folder"])
