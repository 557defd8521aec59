"""Child processes with their peak memory, medians, and bars.

Standard library only: the process that starts the children must stay small, because Linux counts the
parent's memory at the moment of the start into a child's ``ru_maxrss``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "bench"
MB = 1e6


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; with a bar, it passes or fails.

    ``at_most`` says on which side of the bar the measured number must lie.
    """

    part: str
    what: str
    measured: float | None
    unit: str
    bar: float | None = None
    at_most: bool = True
    note: str = ""
    skipped: bool = False

    @property
    def verdict(self) -> str:
        if self.measured is None:
            return "skipped" if self.skipped else "not measured"
        if self.bar is None:
            return ""
        held = self.measured <= self.bar if self.at_most else self.measured >= self.bar
        return "pass" if held else "FAIL"

    def cells(self) -> list[str]:
        bar = "" if self.bar is None else f"{'≤' if self.at_most else '≥'} {self.bar:g} {self.unit}"
        shown = "–" if self.measured is None else f"{shortened(self.measured)} {self.unit}"
        return [self.part, self.what, shown, bar, self.verdict, self.note]


@dataclass(slots=True)
class Child:
    """What a child process took: wall time, peak memory, and the JSON of its last line.

    ``peak`` is ru_maxrss. ``anonymous`` is the highest sample of the memory that belongs to the process
    alone (RssAnon): without pages of files it maps, which the kernel can drop. ``marks``: the lines of stderr,
    each with the seconds from the start after which it came.
    """

    seconds: float
    peak: float
    anonymous: float
    code: int
    output: str
    errors: str
    result: dict[str, Any] = field(default_factory=dict)
    marks: list[tuple[float, str]] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """The last line it wrote, for a child that failed."""
        lines = [*self.output.strip().splitlines(), *self.errors.strip().splitlines()]
        return lines[-1][:200] if lines else f"exit code {self.code}"


def shortened(number: float) -> str:
    """Three significant digits, and thousands with a comma."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def run(command: Sequence[str | Path], *, timeout: float = 3600, environment: dict[str, str] | None = None) -> Child:
    """Run a command from the project's root; measure its wall time and memory."""
    variables = os.environ | (environment or {})
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command],
        cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    texts: dict[str, str] = {}
    marks: list[tuple[float, str]] = []
    assert process.stderr is not None
    lines = process.stderr
    readers = [
        threading.Thread(target=lambda: texts.update(out=process.stdout.read())),
        threading.Thread(target=lambda: marks.extend((time.perf_counter() - started, line) for line in lines)),
    ]
    for reader in readers:
        reader.start()
    anonymous = _watch(process, started + timeout)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    for reader in readers:
        reader.join()
    errors = "".join(line for _, line in marks)
    child = Child(seconds, usage.ru_maxrss * 1024 / MB, anonymous, process.returncode, texts["out"], errors)
    child.marks = [(at, line.rstrip("\n")) for at, line in marks]
    if child.code == 0:
        child.result = _last_json(child.output)
    return child


def _watch(process: subprocess.Popen[str], deadline: float) -> float:
    """Sample a child until it ends; kill it at the deadline. Give its highest RssAnon in MB."""
    highest = 0.0
    status = Path(f"/proc/{process.pid}/status")
    pause = 0.005
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.perf_counter() > deadline:
            process.kill()
            break
        try:
            found = [line for line in status.read_text().splitlines() if line.startswith("RssAnon")]
        except OSError:
            found = []
        if found:
            highest = max(highest, int(found[0].split()[1]) * 1024 / MB)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
    return highest


def _last_json(output: str) -> dict[str, Any]:
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            return dict(json.loads(line))
    return {}


def python(module: str, *arguments: str | Path | int, timeout: float = 3600) -> Child:
    """Run a module of this package under the project's own Python."""
    return run([sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)], timeout=timeout)


def middle(seconds: Sequence[float]) -> float:
    """The median of repeated times."""
    return median(seconds)


def spread(seconds: Sequence[float]) -> str:
    """Fastest and slowest of repeated times, in words."""
    return f"{min(seconds):.3g} to {max(seconds):.3g} s over {len(seconds)} runs"


def table(rows: Sequence[Row]) -> str:
    """The rows as one Markdown table with aligned columns."""
    lines = [["Part", "What", "Measured", "Bar", "", "Note"], *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(6)]
    text = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines]
    text.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(text)
