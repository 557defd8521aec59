"""Part ``kernel``: a gradient, the first-ever compile, and imports."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measure import Row, run, spread
from benchmarks.mmm.process_bench import fit_command
from benchmarks.mmm.runs import FailedError, program

PART = "kernel"
ROUNDS = 5
COMPILE_BAR = 15.0


def kernel() -> tuple[list[Row], dict[str, Any]]:
    """What the compiled density costs, once compiled and the first time."""
    return [*gradients(), *compiling(), *imports()], {}


def gradients() -> Iterator[Row]:
    """Log density and gradient in one call from Python, one thread; medians of five rounds in one process."""
    child = run([sys.executable, "-m", "benchmarks.mmm.gradient_ours"])
    if child.code:
        raise FailedError(child.reason)
    for name, found in child.result.items():
        note = f"{found['sampled']} sampled, {found['integrated']} integrated, {found['rows']:,} rows"
        yield Row(PART, f"log density and gradient: {name}", found["microseconds"], "µs", note=note)


def compiling() -> Iterator[Row]:
    """The first-ever fit of a machine: an empty cache less a full one."""
    with tempfile.TemporaryDirectory() as folder:
        command = fit_command(Path(folder))
        empty = {"NUMBA_CACHE_DIR": f"{folder}/cache"}
        first = run([*command, "-w", f"{folder}/first"], environment=empty)
        later = [run([*command, "-w", f"{folder}/later{i}"], environment=empty) for i in range(3)]
        size = sum(f.stat().st_size for f in Path(folder, "cache").rglob("*") if f.is_file()) / 1e6
    failed = [child for child in (first, *later) if child.code]
    if failed:
        raise FailedError(failed[0].reason)
    warm = median([child.seconds for child in later])
    yield Row(PART, "first-ever compile of fit mmm's kernels", first.seconds - warm, "s", COMPILE_BAR,
              note=f"first {first.seconds:.1f} s, then {warm:.1f} s; {size:.1f} MB kept on disk")  # fmt: skip


def imports() -> Iterator[Row]:
    """Processes that only import, with compiled bytecode; medians of five."""
    codes = {
        "Python alone": "pass",
        "attribution fit mmm --help": "",
        "what fit mmm imports": "import attribution_cli.main, attribution.steps.mmm",
        "numba": "import numba",
        "pandas and pyarrow": "import pandas, pyarrow.parquet",
        "duckdb": "import duckdb",
        "PyMC and ArviZ, which a fit does not import": "import pymc, arviz",
    }
    for what, code in codes.items():
        command = [sys.executable, "-c", code] if code else [*program(), "fit", "mmm", "--help"]
        children = [run(command, environment={"PYTHONDONTWRITEBYTECODE": ""}) for _ in range(ROUNDS + 1)][1:]
        seconds = [child.seconds for child in children]
        yield Row(PART, f"process that imports: {what}", median(seconds), "s", note=spread(seconds))
    yield loaded()


def loaded() -> Row:
    """Heavy libraries that the command has loaded when it is ready to fit."""
    known = ("pymc", "pytensor", "arviz", "nutpie", "xarray", "sklearn", "matplotlib", "holidays")
    code = (
        "import sys, json, attribution_cli.main, attribution.steps.mmm; "
        "print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    child = run([sys.executable, "-c", code])
    modules = set(json.loads(child.output.splitlines()[-1])) if not child.code else set()
    found = [name for name in known if name in modules]
    note = f"of {', '.join(known)}; found {', '.join(found) or 'none'}; cores {len(os.sched_getaffinity(0))}"
    return Row(PART, "libraries imported that a fit does not need", len(found), "", 0, note=note)
