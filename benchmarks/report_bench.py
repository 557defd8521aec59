"""The report of a workspace after its fits: the whole command, and how large the page is.

Touches are read by `attribution ingest`, all path models fitted by `attribution fit paths`, outside the measured time.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks import data
from benchmarks.commands import command
from benchmarks.measure import OUT, Row, middle, run, spread

TIME_BAR = 10.0  # seconds, for ten million touches on two cores
SIZE_BAR = 5.0  # MB


def report(folder: Path, touches: int, rounds: int) -> list[Row]:
    """Rows of the report's time, memory and size."""
    workspace, page = OUT / "report-workspace", OUT / "report.html"
    shutil.rmtree(workspace, ignore_errors=True)
    try:
        files = ["--touchpoints", *data.files(folder, "touches")], ["--conversions", *data.files(folder, "conversions")]
        arguments = [part for group in files for f in group[1:] for part in (group[0], f)]
        made = [run(command("-w", workspace, "ingest", *arguments, "--timezone", "UTC"))]
        made.append(run(command("-w", workspace, "fit", "paths", "--bootstrap", "200"), timeout=1200))
        # The first report fills the caches of files and compiled kernels and is not counted.
        runs = [run(command("-w", workspace, "report", "-o", page)) for _ in range(rounds + 1)]
        failed = [c for c in (*made, *runs) if c.code]
        if failed:
            return [Row("report", "failed", None, "", note=failed[0].reason)]
        seconds = [c.seconds for c in runs[1:]]
        name = f"{touches / 1e6:g} M touches"
        return [
            Row("report", f"{name}: attribution report, whole process", middle(seconds), "s", TIME_BAR,
                note=spread(seconds)),
            Row("report", "peak memory", max(c.peak for c in runs), "MB"),
            Row("report", "size of the page", page.stat().st_size / 1e6, "MB", SIZE_BAR),
            Row("report", "for scale: ingest; fit with 200 resamples", made[0].seconds + made[1].seconds, "s",
                note=f"{made[0].seconds:.1f} s; {made[1].seconds:.1f} s"),
        ]  # fmt: skip
    finally:
        shutil.rmtree(workspace, ignore_errors=True)
        page.unlink(missing_ok=True)
