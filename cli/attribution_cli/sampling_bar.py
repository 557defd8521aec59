"""How far chains are, on the line that all waiting has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attribution_cli.progress_bar import LINE, Watch, watched

if TYPE_CHECKING:
    from attribution.progress import Told
    from attribution.steps.mmm import Progress


def sampling_bar(told: Told | None = None) -> Callable[[str, Progress], None] | None:
    """What to call with a label and how far its chains are; None where nobody watches.

    Parameters
    ----------
    told : Told, optional
        Of `watching`, which shows the line; without it the line is shown at each call.
    """
    if not watched():
        return None
    watch = told if isinstance(told, Watch) else None
    alone = Watch("") if watch is None else watch

    def shown(label: str, progress: Progress) -> None:
        note = f"{progress.divergences:,} divergences" if progress.divergences else ""
        over = progress.done >= progress.total
        alone(*(("judging what was sampled", 0, 0) if over else (label, progress.done, progress.total, note)))
        if watch is None:
            LINE.erase() if over else alone.paint()

    return shown
