"""How much a model's shares move from month to month."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from attribution.compare.agreement import shares
from attribution.credit.finer import credits_by
from attribution.credit.paths import Fit, Kept
from attribution.journeys.journeys import Journeys
from attribution.progress import Told, silent

COLUMNS = ("fit", "months", "mean_shift", "largest_shift", "largest_at")


def no_stability() -> pd.DataFrame:
    """The table where there are no months to compare."""
    return pd.DataFrame(columns=list(COLUMNS))


def monthly_stability(journeys: Journeys, fits: Sequence[Fit | Kept], told: Told = silent) -> pd.DataFrame:
    """Fit each model on the journeys of each month and compare neighbors.

    Returns
    -------
    DataFrame
        ``fit``, ``months``, ``mean_shift`` and ``largest_shift``: ½ Σ |share − share of the month before|, and
        ``largest_at``, the month of the largest. Empty for journeys without times or of one month.
    """
    if not journeys.timed or not fits:
        return no_stability()
    table, _ = credits_by(journeys, [Kept(f.name, f.spec) for f in fits], by=("month",), told=told)
    rows = []
    for fit, mine in table.groupby("fit", sort=False):
        by_month = {str(month): shares(part).iloc[:, 0] for month, part in mine.groupby("month")}
        months = sorted(m for m, s in by_month.items() if s.notna().any())
        moved = {
            later: float(by_month[later].sub(by_month[earlier], fill_value=0.0).abs().sum() / 2)
            for earlier, later in pairwise(months)
        }
        if moved:
            worst = max(moved, key=lambda m: (moved[m], m))
            mean = sum(moved.values()) / len(moved)
            rows.append([fit, len(months), mean, moved[worst], worst])
    return pd.DataFrame(rows, columns=list(COLUMNS))
