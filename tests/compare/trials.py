"""Experiments made by hand, shared by the tests of lifts, calibration and conflicts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attribution.compare.experiments import COLUMNS, ON_EXPOSED


def credits(intervals: bool = False) -> pd.DataFrame:
    """One fit: Mail 50, Search 40, the rest unattributed; the interval of Mail is 50 ± z · 3."""
    rows = [["f", "attributed", "Mail", 50.0, 500.0, 10.0], ["f", "attributed", "Search", 40.0, 400.0, 5.0],
            ["f", "attributed", "(unattributed)", 10.0, 100.0, np.nan]]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["fit", "estimand", "channel", "conversions", "value", "cost"])
    frame = frame.assign(
        cpa=np.nan, roas=np.nan, interval_level=np.nan, interval_kind=None, conversion_share=0.0, value_share=0.0
    )
    if intervals:
        half = np.where(frame["channel"] == "Mail", 1.6448536 * 3, 1.0)
        frame = frame.assign(
            conversions_lower=frame["conversions"] - half,
            conversions_upper=frame["conversions"] + half,
            interval_level=0.9,
        )
    return frame


def trial(channel: str = "Mail", lift: float = -5.0, use: str = "likelihood", declared: bool = True, error: float = 4.0,
          name: str = "t", estimator: str = ON_EXPOSED) -> pd.DataFrame:  # fmt: skip
    """One row of lifts; value is ten times conversions."""
    row = [name, channel, use, declared, estimator, 100, 50, lift, error, 0.0, 0.0, lift * 10, error * 10]
    return pd.DataFrame([row], columns=list(COLUMNS))
