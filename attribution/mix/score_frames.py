"""Scores of forecasts as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.mix.rolling import Rolled
from attribution_models.mix.data import MixData
from attribution_models.mix.folds import FutureScores, by_distance
from attribution_models.mix.naive import naive
from attribution_models.mix.scores import RowScores

Floats = NDArray[np.float64]
COLUMNS = (
    "part", "origin", "distance", "fitted_periods", "rows", "elpd", "elpd_se", "elpd_per_row", "crps", "mape", "wmape",
    "naive_wmape", "coverage", "interval_level", "converged", "failure",
)  # fmt: skip


def folds_frame(rolled: Rolled, data: MixData) -> pd.DataFrame:
    """Scores of forecasts: one row per fold, one per distance from the origin, and one of all.

    ``elpd`` is the sum of log densities of the outcomes, each by itself, in the outcome's unit; ``crps`` the mean
    continuous ranked probability score, in that unit; ``naive_wmape`` what last year's (or the latest) outcomes reach
    in the same rows; ``coverage`` the share of outcomes inside their interval.
    """
    scores = rolled.scores
    guesses = _guesses(scores, data)
    rows = [*_folds(rolled, data), *_distances(scores, data, guesses)]
    rows.append({"part": "all", **_measures(scores.rows, guesses)})
    return pd.DataFrame(rows, columns=list(COLUMNS)).assign(interval_level=scores.level)


def _folds(rolled: Rolled, data: MixData) -> Iterator[dict[str, Any]]:
    for fold, gate in zip(rolled.scores.folds, rolled.gates, strict=True):
        about = {
            "part": "fold",
            "origin": str(data.dates[fold.origin]),
            "fitted_periods": fold.origin,
            "converged": None if gate is None else gate.passed,
            "failure": fold.failure or ("" if gate is None else " ".join(gate.failures)),
        }
        scores = fold.scores
        yield about | ({} if scores is None else _measures(scores, _naive(scores, data, fold.origin, rolled.scores)))


def _distances(scores: FutureScores, data: MixData, guesses: Floats) -> Iterator[dict[str, Any]]:
    kept = [fold for fold in scores.folds if fold.scores is not None]
    distance = np.concatenate([
        np.searchsorted(data.dates, fold.scores.dates) - fold.origin + 1 for fold in kept if fold.scores is not None
    ])  # fmt: skip
    for h, rows in by_distance(scores, data.dates):
        yield {"part": "distance", "distance": h, **_measures(rows, guesses[distance == h])}


def _guesses(scores: FutureScores, data: MixData) -> Floats:
    return np.concatenate([
        _naive(fold.scores, data, fold.origin, scores) for fold in scores.folds if fold.scores is not None
    ])  # fmt: skip


def _naive(rows: RowScores, data: MixData, origin: int, scores: FutureScores) -> Floats:
    """The naive forecast of a fold's rows."""
    found = naive(data, origin, scores.horizon)
    geo = [data.geos.index(name) for name in rows.geos]
    return found[geo, np.searchsorted(data.dates, rows.dates) - origin]


def _measures(rows: RowScores, guesses: Floats) -> dict[str, Any]:
    return {
        "rows": len(rows.dates),
        "elpd": rows.elpd,
        "elpd_se": rows.elpd_se,
        "elpd_per_row": rows.elpd / len(rows.dates),
        "crps": float(rows.crps.mean()),
        "mape": rows.mape,
        "wmape": rows.wmape,
        "naive_wmape": float(np.abs(rows.observed - guesses).sum() / np.abs(rows.observed).sum()),
        "coverage": rows.coverage,
    }
