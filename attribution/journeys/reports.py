"""Tables about the journeys themselves: positions in the funnel, lag, length, the most frequent paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.journeys.journeys import Journeys
from attribution.journeys.sequences import pairs, sequences
from attribution.journeys.top_paths import top_paths
from attribution_models.paths.compiled import compiled, read_only
from attribution_models.paths.encoded import PathBlock, map_blocks

HOUR, DAY = 3_600_000_000, 86_400_000_000
# Classes of time, each up to (not including) its end.
LAGS = (
    ("under 1 hour", HOUR),
    ("under 1 day", DAY),
    ("1 to 2 days", 3 * DAY),
    ("3 to 6 days", 7 * DAY),
    ("7 to 13 days", 14 * DAY),
    ("14 to 29 days", 30 * DAY),
    ("30 to 59 days", 60 * DAY),
    ("60 days or more", None),
)
COLUMNS = ("from_first", "from_last")
LENGTHS = 10

# Columns that the kernel counts, weighted by conversions.
OPENS, CLOSES, ALONE, INSIDE, BETWEEN, TOUCHES, NULLS, LAG = range(8)


@compiled
def _count(
    offsets: NDArray[np.int64], channels: NDArray[np.int32], conversions: NDArray[np.float64],
    nulls: NDArray[np.float64], touched_at: NDArray[np.int64], ended_at: NDArray[np.int64], size: int,
) -> NDArray[np.float64]:  # fmt: skip
    table = np.zeros((size, 8))
    seen = np.full(size, -1, np.int64)
    for j in range(conversions.size):
        lo, hi = offsets[j], offsets[j + 1]
        if lo == hi:
            continue
        c = conversions[j]
        table[channels[lo], OPENS] += c
        table[channels[hi - 1], CLOSES] += c
        if hi - lo == 1:
            table[channels[lo], ALONE] += c
        for i in range(lo, hi):
            k = channels[i]
            table[k, TOUCHES] += c
            if touched_at.size:
                table[k, LAG] += c * (ended_at[j] - touched_at[i])
            if seen[k] != j:
                seen[k] = j
                table[k, INSIDE] += c
                if k != channels[lo] and k != channels[hi - 1]:
                    table[k, BETWEEN] += c
                table[k, NULLS] += nulls[j]
    return table


def positions(journeys: Journeys) -> pd.DataFrame:
    """Where channels stand in converting journeys.

    Returns
    -------
    DataFrame
        Per channel: ``opens``, ``closes``, ``alone`` (the journey's only touch), ``assists`` (in the journey,
        not closing it) as counts of conversions; ``inside``, the conversions whose journey holds the channel;
        ``between``, those of them that it neither opens nor closes;
        ``opens_share``, ``closes_share``, ``alone_share`` of these; ``touches_per_conversion``;
        ``lag_days``, the mean time from its touches to the conversion (missing for aggregated paths);
        ``conversion_rate`` of journeys that hold it.
    """
    size = len(journeys.channels)
    none = np.zeros(0, np.int64)

    def kernel(block: PathBlock) -> NDArray[np.float64]:
        return _count(
            read_only(block.offsets),
            read_only(block.channels),
            read_only(block.conversions),
            read_only(block.nulls),
            read_only(none if block.touched_at is None else block.touched_at),
            read_only(none if block.ended_at is None else block.ended_at),
            size,
        )

    table = np.zeros((size, 8))
    for part in map_blocks(journeys, kernel):
        table += part
    opens, closes, alone, inside, between, touches, nulls, lag = table.T
    return pd.DataFrame(
        {
            "channel": journeys.channels,
            "opens": opens,
            "closes": closes,
            "alone": alone,
            "assists": inside - closes,
            "inside": inside,
            "between": between,
            "opens_share": _ratio(opens, inside),
            "closes_share": _ratio(closes, inside),
            "alone_share": _ratio(alone, inside),
            "touches_per_conversion": _ratio(touches, inside),
            "lag_days": _ratio(lag / DAY, touches) if journeys.timed else np.full(size, np.nan),
            "conversion_rate": _ratio(inside, inside + nulls),
        }
    )


def lag(journeys: Journeys) -> pd.DataFrame:
    """Time from the first and from the last touch to the conversion: conversions and share by class of days."""
    if not journeys.timed:
        return pd.DataFrame(
            {"lag": [], "from_first": [], "from_last": [], "from_first_share": [], "from_last_share": []}
        )
    edges = np.array([edge for _, edge in LAGS if edge is not None])
    counts = np.zeros((2, len(LAGS)))

    def kernel(block: PathBlock) -> NDArray[np.float64]:
        assert block.touched_at is not None
        assert block.ended_at is not None
        rows = np.flatnonzero((block.conversions > 0) & (np.diff(block.offsets) > 0))
        ends, weight = block.ended_at[rows], block.conversions[rows]
        found = np.zeros((2, len(LAGS)))
        for which, touch in enumerate((block.offsets[:-1][rows], block.offsets[1:][rows] - 1)):
            classes = np.searchsorted(edges, ends - block.touched_at[touch], side="right")
            found[which] = np.bincount(classes, weight, len(LAGS))
        return found

    for part in map_blocks(journeys, kernel):
        counts += part
    total = counts.sum(axis=1)
    names = [name for name, _ in LAGS]
    shares = {
        f"{n}_share": _ratio(c, np.full(len(LAGS), t))
        for n, c, t in zip(("from_first", "from_last"), counts, total, strict=True)
    }
    return pd.DataFrame({"lag": names, "from_first": counts[0], "from_last": counts[1], **shares})


def length(journeys: Journeys) -> pd.DataFrame:
    """Touches per journey: conversions, their share, and the conversion rate by length; the last class is open."""
    counts = np.zeros((2, LENGTHS + 1))

    def kernel(block: PathBlock) -> NDArray[np.float64]:
        lengths = np.minimum(np.diff(block.offsets), LENGTHS)
        return np.stack([np.bincount(lengths, w, LENGTHS + 1) for w in (block.conversions, block.nulls)])

    for part in map_blocks(journeys, kernel):
        counts += part
    converted, missed = counts
    names = [str(n) for n in range(LENGTHS)] + [f"{LENGTHS} or more"]
    return pd.DataFrame(
        {
            "touches": names,
            "conversions": converted,
            "share": _ratio(converted, np.full(LENGTHS + 1, converted.sum())),
            "conversion_rate": _ratio(converted, converted + missed),
        }
    )


REPORTS: dict[str, Callable[[Journeys], pd.DataFrame]] = {
    "positions": positions,
    "lag": lag,
    "length": length,
    "paths": top_paths,
    "sequences": sequences,
    "pairs": pairs,
}


def _ratio(above: Any, below: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(below) > 0, np.asarray(above) / np.asarray(below), np.nan)
