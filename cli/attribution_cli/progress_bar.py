"""One line on a terminal while work runs: what is done, how far it is, and how long it still takes.

It appears after a second, so that quick work stays silent, and is erased when the work ends, also where it fails. It
is written to stderr, with spaces and returns only: no colours, no control codes. Pipes, files and dumb terminals get
nothing.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, RLock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attribution.progress import Told

BAR = 24
# Seconds before the line appears, and between two states of it.
QUIET, PACE = 1.0, 0.2
# Before that share is done a rate says nothing.
EARLY = 0.02
# A terminal that does not say how wide it is.
COLUMNS = 80


def watched() -> bool:
    """Whether somebody looks at stderr on a terminal that can go back to the start of a line."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


@dataclass(frozen=True, slots=True)
class State:
    """How far the work is.

    Attributes
    ----------
    stage : str
    done, total : int
        0 of 0 where no share is known.
    since, at : float
        When the stage began, and when this was told.
    note : str
    """

    stage: str
    done: int
    total: int
    since: float
    at: float
    note: str = ""

    def left(self, share: float, now: float) -> float:
        """Seconds to go: at the rate until this was told, less what has passed since."""
        return (self.at - self.since) * (1 - share) / share - (now - self.at)


def bar_line(state: State, now: float, width: int = COLUMNS) -> str:
    """One state of the line: stage, bar, share and time left; stage and time so far where no share is known."""
    share = min(state.done / state.total, 1.0) if state.total > 0 else 0.0
    full = round(share * BAR)
    # Once all is done, what follows under the same name (a sum, a file) is of unknown length.
    bar = [f"{'█' * full}{'░' * (BAR - full)}  {share:4.0%}"] if 0 < state.total > state.done else []
    known = bar and share > EARLY
    span = f"{duration(state.left(share, now))} left" if known else f"{duration(now - state.since)} …"
    rest = "  ".join([*bar, span, *([state.note] if state.note else [])])
    # The last column stays free: a terminal would begin a new line there, which nothing erases.
    room = width - 1
    return f"{cut(state.stage, max(room - len(rest) - 2, 8))}  {rest}"[:room]


def duration(seconds: float) -> str:
    """A time as people say it: 4 s, 2 min, 1 h 20 min."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def cut(text: str, width: int) -> str:
    """A text in at most so many characters; … where some are left out."""
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"


class Line:
    """The line: what stands on the screen now."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.length, self.text = 0, ""

    def show(self, text: str) -> None:
        """Write over what stands there."""
        with self.lock, suppress(OSError, ValueError):
            if text != self.text:
                sys.stderr.write(f"\r{text.ljust(self.length)}")
                sys.stderr.flush()
                self.length, self.text = len(text), text

    def erase(self) -> None:
        """Leave the line empty, for what is written next."""
        with self.lock, suppress(OSError, ValueError):
            if self.length:
                sys.stderr.write(f"\r{' ' * self.length}\r")
                sys.stderr.flush()
            self.length, self.text = 0, ""


LINE = Line()


class Watch:
    """How far the work is; called with the stage, how much of it is done, and how much there is."""

    def __init__(self, stage: str) -> None:
        self.began = time.monotonic()
        self.state = State(stage, 0, 0, self.began, self.began)

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Take the next state. A stage's time counts from its first call."""
        now, before = time.monotonic(), self.state
        self.state = State(stage, done, total, before.since if stage == before.stage else now, now, note)

    def paint(self) -> None:
        """Show the state as it is now, unless the work is too young."""
        now = time.monotonic()
        if now - self.began >= QUIET:
            LINE.show(bar_line(self.state, now, terminal_width(sys.stderr) or COLUMNS))


@contextmanager
def watching(stage: str) -> Iterator[Told]:
    """Show a stage's line while the block runs; the block tells the rest by calling what it is given."""
    if not watched():
        from attribution.progress import silent  # noqa: PLC0415

        yield silent
        return
    watch, over = Watch(stage), Event()
    # Work inside one long call (a query, a kernel) tells nothing meanwhile: time goes on all the same.
    painter = Thread(target=_paint, args=(watch, over), daemon=True)
    painter.start()
    try:
        yield watch
    finally:
        over.set()
        painter.join()
        LINE.erase()


def _paint(watch: Watch, over: Event) -> None:
    pause = QUIET
    while not over.wait(pause):
        with LINE.lock:
            if not over.is_set():
                watch.paint()
        pause = PACE


def terminal_width(stream: object) -> int | None:
    """Columns of the terminal that a stream writes to; None where it is none."""
    try:
        descriptor = stream.fileno()  # type: ignore[attr-defined]
        return (os.get_terminal_size(descriptor).columns or COLUMNS) if os.isatty(descriptor) else None
    except (AttributeError, OSError, ValueError):
        return None
