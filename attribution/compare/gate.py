"""The validity gate: what in the data makes any attribution of it worthless or misleading."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from attribution.findings import Finding
from attribution.journeys.journeys import Journeys

FEW_CONVERSIONS = 50
EVERYWHERE = 0.95
ALWAYS = 0.8


def gate(journeys: Journeys, positions: pd.DataFrame) -> tuple[Finding, ...]:
    """Check journeys before credits are believed.

    Parameters
    ----------
    journeys : Journeys
    positions : DataFrame
        From `attribution.journeys.reports.positions`.

    Returns
    -------
    tuple of Finding
        ``few-conversions`` (below 50), ``most-convert`` (above 80 % of journeys convert: journeys that did not
        are missing, or the label leaks), ``one-channel-everywhere`` (a channel in 95 % of converting
        journeys), ``no-signal`` (channels do not differ in conversion rate beyond chance), ``label-repeats``
        (a channel that is only ever in converting journeys: an order confirmation or another trace of the
        conversion itself), ``conversions-before-touches`` (most conversions have no touch before them).
    """
    return tuple(_checks(journeys, positions))


def _checks(journeys: Journeys, positions: pd.DataFrame) -> Iterator[Finding]:
    counts = journeys.counts
    conversions = float(counts["conversions"])
    nulls = float(counts.get("nulls", counts["journeys"] - counts["converting"]))
    if 0 < conversions < FEW_CONVERSIONS:
        message = f"Only {conversions:,.0f} conversions: differences between channels are mostly chance."
        yield Finding("warning", "few-conversions", message, "Take a longer period, or an earlier kind of conversion.")
    if conversions and conversions / (conversions + nulls) > ALWAYS:
        yield Finding(
            "warning",
            "most-convert",
            f"{conversions / (conversions + nulls):.0%} of journeys convert: those that did not seem to be missing, "
            "and removal effects have nothing to compare with.",
            "Ingest the touches of people who did not convert, too.",
        )
    touched = conversions - float(counts["converting_without_touches"])
    if conversions and touched / conversions < 0.5:
        yield Finding(
            "warning",
            "conversions-before-touches",
            f"{1 - touched / conversions:.0%} of conversions have no touch before them in their window.",
            "Check that touches and conversions share ids and time zones, or take a longer --lookback.",
        )
    yield from _channels(positions, touched)
    if nulls and conversions:
        yield from _signal(positions, conversions / (conversions + nulls))


def _channels(positions: pd.DataFrame, touched: float) -> Iterator[Finding]:
    for row in positions.to_dict("records"):
        name = str(row["channel"])
        if touched and len(positions) > 1 and row["inside"] / touched > EVERYWHERE:
            yield Finding(
                "warning",
                "one-channel-everywhere",
                f"{name} is in {row['inside'] / touched:.0%} of the journeys that convert: models cannot tell the "
                "others apart from it.",
                "Look at what it records; drop it where it is no marketing contact.",
            )
        elif row["inside"] >= FEW_CONVERSIONS and row["conversion_rate"] == 1 and len(positions) > 1:
            yield Finding(
                "warning",
                "label-repeats",
                f"Every journey that holds {name} converts: it may be a trace of the conversion itself.",
                "Drop it where it is recorded at or after the order.",
            )


def _signal(positions: pd.DataFrame, rate: float) -> Iterator[Finding]:
    """χ² of channels' conversion rates against the overall one; journeys of several channels count in each."""
    rows = positions[positions["inside"] > 0]
    if len(rows) < 2:
        return
    held = rows["inside"] / rows["conversion_rate"]
    statistic = float((((rows["inside"] - held * rate) ** 2) / (held * rate * (1 - rate))).sum())
    # The channels' counts overlap, so this is a screen at a lenient level, not a test.
    if statistic < len(rows) + 2 * np.sqrt(2 * len(rows)):
        yield Finding(
            "warning",
            "no-signal",
            "Journeys convert equally often whatever channels they hold: the data tell channels apart no better than "
            "chance.",
            "Check how conversions were joined to touches.",
        )
