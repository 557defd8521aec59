"""A part of a fit's window, by dates."""

from __future__ import annotations

import numpy as np

from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.mix.stored import StoredMix
from attribution_models.mix.cells import Window


def window_between(stored: StoredMix, first: str | None, last: str | None) -> Window | None:
    """Periods that begin from one date to another, both included; an end that is not given is the panel's.

    Raises
    ------
    UsageError
        A date that does not read, or no period in between.
    """
    if first is None and last is None:
        return None
    dates = stored.data.dates
    begin, end = (_date(text) if text is not None else str(dates[at]) for text, at in ((first, 0), (last, -1)))
    try:
        return Window.between(stored.data, begin, end)
    except ValueError as error:
        raise UsageError(f"{error} Name dates inside it with --from and --to.") from None


def _date(text: str) -> str:
    try:
        return str(np.datetime64(text, "D"))
    except ValueError:
        raise UsageError(f'"{text}" is no date. Write it as 2024-12-31.') from None


def unfitted_finding(stored: StoredMix, window: Window | None) -> tuple[Finding, ...]:
    """Say how many periods of a window are in no contribution, and why the split of returns is not theirs alone."""
    window = window or Window.whole(stored.data)
    fitted = stored.structure.fitted[:, window.start : window.end + 1]
    lost = int((~fitted).sum())
    if not lost:
        return ()
    of = f"{lost:,} of {fitted.size:,} {stored.calendar.unit}s" + (" × geos" if len(fitted) > 1 else "")
    message = (
        f"{of} are not fitted (outcome not known, or media before them not known): contributions leave them out, spend "
        "and what it returned count them."
    )
    return (Finding("note", "not-fitted", message, "", lost),)
