"""A bar on a terminal while chains run: how far they are, and how long it still takes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from attribution.steps.mmm import Progress

WIDTH = 24
# Before that share of the draws a rate says nothing.
EARLY = 0.02


def sampling_bar() -> Callable[[str, Progress], None] | None:
    """What to call with a label and how far its chains are; None where nobody watches."""
    if not sys.stderr.isatty():
        return None
    begun: dict[str, float] = {}

    def told(label: str, progress: Progress) -> None:
        since = time.monotonic() - begun.setdefault(label, time.monotonic())
        text = "" if progress.done >= progress.total else bar_line(label, progress, since)
        click.echo(f"\r\033[K{text}", err=True, nl=False)

    return told


def bar_line(label: str, progress: Progress, seconds: float) -> str:
    """One state of the bar: label, bar, share, time left, and divergences where there are any."""
    share = progress.done / progress.total if progress.total else 0.0
    full = round(share * WIDTH)
    parts = [f"{label}  {'█' * full}{'░' * (WIDTH - full)}  {share:4.0%}"]
    if share > EARLY:
        parts.append(f"{duration(seconds * (1 - share) / share)} left")
    if progress.divergences:
        parts.append(f"{progress.divergences:,} divergences")
    return "  ".join(parts)


def duration(seconds: float) -> str:
    """A time as people say it: 4 s, 2 min, 1 h 20 min."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
