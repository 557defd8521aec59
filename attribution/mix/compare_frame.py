"""The table of several models of one panel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from attribution.mix.candidates import Fitted, quantity
from attribution_models.mix.spec_table import SpecRow, SpecTable

COLUMNS = (
    "part", "model", "channel", "converged", "rows", "future_elpd", "future_se", "future_difference",
    "future_difference_se", "crps", "mape", "wmape", "coverage", "loo_elpd", "loo_se", "loo_unreliable", "quantity",
    "mean", "lower", "upper", "mark", "interval_level",
)  # fmt: skip


def compare_frame(table: SpecTable, fitted: Sequence[Fitted]) -> pd.DataFrame:
    """Models, their returns, and how far these lie apart.

    ``part`` is ``model`` (scores: ``future_`` leaves the future out, ``loo_`` one row; differences are to the first
    model, over the same rows), ``return`` (of a model and channel: mean and interval) or ``spread`` (of a channel:
    ``lower`` and ``upper`` are the smallest and the largest mean over models).
    """
    what, level = quantity(fitted[0].returns), fitted[0].returns.level
    rows = [_scores(row, model, fitted[0]) for row, model in zip(table.rows, fitted, strict=True)]
    rows += [found for row, model in zip(table.rows, fitted, strict=True) for found in _returns(row, model, what)]
    rows += [
        {"part": "spread", "channel": channel, "quantity": what, "lower": low, "upper": high}
        for channel, (low, high) in table.spread.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).assign(interval_level=level)


def _scores(row: SpecRow, model: Fitted, first: Fitted) -> dict[str, Any]:
    found: dict[str, Any] = {
        "part": "model",
        "model": row.name,
        "converged": model.fit.gate.passed and all(g.passed for g in (model.rolled.gates if model.rolled else ()) if g),
        "loo_elpd": row.loo_elpd,
        "loo_se": row.loo_se,
        "loo_unreliable": row.loo_unreliable if model.loo else None,
    }
    if model.rolled is None or first.rolled is None:
        return found
    scores = model.rolled.scores.rows
    difference = scores.log_density - first.rolled.scores.rows.log_density
    return found | {
        "rows": len(difference),
        "future_elpd": row.future_elpd,
        "future_se": row.future_se,
        "future_difference": float(difference.sum()),
        "future_difference_se": float(np.sqrt(len(difference) * difference.var())),
        "crps": row.crps,
        "mape": row.mape,
        "wmape": scores.wmape,
        "coverage": row.coverage,
    }


def _returns(row: SpecRow, model: Fitted, what: str) -> Iterator[dict[str, Any]]:
    decided = dict(zip(model.learned.channels, model.learned.prior_dominated, strict=True))
    for channel, found in row.roi.items():
        yield {
            "part": "return",
            "model": row.name,
            "channel": channel,
            "quantity": what,
            "mean": found.mean,
            "lower": found.low,
            "upper": found.high,
            "mark": "prior-dominated" if decided[channel] else "",
        }
