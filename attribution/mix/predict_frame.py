"""Predictions as a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from attribution_models.mix.draw_summary import Summary
from attribution_models.mix.predict import Band, Prediction

COLUMNS = (
    "part", "date", "geo", "observed", "expected", "expected_lower", "expected_upper", "new_lower", "new_upper",
    "interval_level",
)  # fmt: skip


def predict_frame(found: Prediction, change: Summary | None = None, *, by_geo: bool = False) -> pd.DataFrame:
    """One row per period (and geo), one of all periods together, and one of the change against what was spent.

    ``part`` is ``period``, ``all`` or ``change``. ``expected`` is the mean outcome with its interval; ``new_`` the
    interval of an outcome that is still to come, noise included. ``observed`` is empty where a geo or period of the sum
    is not known.
    """
    if by_geo:
        size = found.observed.shape
        rows = _rows(found.rows, found.observed, date=np.tile(found.dates.astype(str), size[0]))
        rows["geo"] = np.repeat(found.geos, size[1])
    else:
        rows = _rows(found.total, found.observed.sum(axis=0), date=found.dates.astype(str))
    frames = [pd.DataFrame({"part": "period", **rows})]
    frames.append(pd.DataFrame({"part": "all", **_rows(found.whole, found.observed.sum())}))
    if change is not None:
        ends = {"expected": change.mean, "expected_lower": change.lower, "expected_upper": change.upper}
        frames.append(pd.DataFrame({"part": "change", **{name: [float(v)] for name, v in ends.items()}}))
    frame = pd.concat([f.dropna(axis=1, how="all") for f in frames], ignore_index=True).reindex(columns=list(COLUMNS))
    return frame.assign(interval_level=found.level)


def _rows(band: Band, observed: Any, **more: Any) -> dict[str, Any]:
    fields = {
        "observed": observed,
        "expected": band.mean,
        "expected_lower": band.low,
        "expected_upper": band.high,
        "new_lower": band.new_low,
        "new_upper": band.new_high,
    }
    return {**more, **{name: np.ravel(values) for name, values in fields.items()}}
