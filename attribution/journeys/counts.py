"""What became of the touches, and what is worth saying about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.findings import Finding
from attribution.journeys.journeys import JourneyPart

TALLY = (
    "touches_in_converting",
    "touches_in_others",
    "touches_outside_lookback",
    "touches_dropped_direct",
    "touches_removed_by_transforms",
)


def named_tally(tally: NDArray[np.int64]) -> dict[str, int]:
    """Name a kernel's tally; the numbers sum to the touches given."""
    return dict(zip(TALLY, (int(n) for n in tally), strict=True))


def count_part(part: JourneyPart) -> dict[str, int]:
    """Count the journeys and people of one part."""
    converts = part.conversions > 0
    customers = 0
    if part.customer is not None and part.customer.size:
        customers = 1 + int(np.count_nonzero(part.customer[1:] != part.customer[:-1]))
    return {
        "journeys": part.conversions.size,
        "converting": int(np.count_nonzero(converts)),
        "converting_without_touches": int(np.count_nonzero(converts & (np.diff(part.offsets) == 0))),
        "customers": customers,
    }


def findings_of(counts: dict[str, Any]) -> Iterator[Finding]:
    """Say what a user should know about the journeys."""
    without = counts["converting_without_touches"]
    if counts["conversions"] == 0:
        yield Finding(
            "warning",
            "no-conversions",
            "There are no conversions: every model's credit is zero.",
            "Ingest conversions, or check that touchpoints and conversions share their ids.",
        )
    elif without:
        share = without / counts["conversions"]
        yield Finding(
            "warning" if share > 0.5 else "note",
            "conversions-without-touches",
            f"{without:,.0f} of {counts['conversions']:,.0f} conversions ({share:.0%}) have no touch in their window; "
            "they are counted as (unattributed).",
            "Where that is more than expected: a longer --lookback, or ids that do not match." if share > 0.5 else "",
            int(without),
        )
    outside = counts["touches_outside_lookback"]
    if outside:
        message = f"{outside:,} of {counts['touches']:,} touches are older than the lookback at their journey's end."
        yield Finding("note", "outside-lookback", message, "", outside)
