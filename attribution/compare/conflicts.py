"""What models claim against what experiments measured: the conflict, and the score where one was kept for it."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, Final

import numpy as np
import pandas as pd

from attribution.compare.experiments import TRANSPORT, VALIDATE, sharpest, transported

COLUMNS = (
    "experiment", "channel", "use", "estimator", "fit", "claim", "claim_error", "lift", "lift_error", "conflict",
    "scored",
)  # fmt: skip
# The estimator of a lift test on a panel: what a media-mix model says of the same window and geos.
LIFT_TEST: Final = "lift test"


def conflicts(credits: pd.DataFrame, found: pd.DataFrame, transport: float = TRANSPORT) -> pd.DataFrame:
    """Each fit's claim beside each lift, with the conflict between them in standard errors.

        z = (claim − lift) / √(claim_error² + lift_error²)

    claim_error is half the width of the fit's interval over its normal quantile, 0 for a fit without intervals;
    lift_error holds `transport` (`experiments.transported`). |z| above 2 or 3 says that the claim and the lift
    cannot both be right about the same thing.

    Parameters
    ----------
    credits : DataFrame
        Credits of any fits.
    found : DataFrame
        From `experiments.lifts`.
    transport : float
        Share of the lift that is its standard deviation from there to here.

    Returns
    -------
    DataFrame
        `COLUMNS`. ``scored``: models are scored against this row: those of ``validate`` alone, as nothing may be
        scored against what it was fitted to. All False where none is declared.
    """
    lifts = transported(found, transport)
    chosen = set(sharpest(found).index)
    rows = []
    for at, lift in zip(lifts.index, lifts.to_dict("records"), strict=True):
        for claim in _claims(credits, str(lift["channel"])):
            error = float(np.hypot(claim["error"], lift["standard_error"]))
            apart = (claim["conversions"] - lift["lift"]) / error if error > 0 else np.nan
            scored = lift["use"] == VALIDATE and at in chosen
            named = [lift[k] for k in ("experiment", "channel", "use", "estimator")]
            numbers = [claim["conversions"], claim["error"], lift["lift"], lift["standard_error"], apart]
            rows.append([*named, claim["fit"], *numbers, scored])
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _claims(credits: pd.DataFrame, channel: str) -> list[dict[str, Any]]:
    """Conversions and their standard error by fit; a fit without the channel claims 0."""
    rows: list[dict[str, Any]] = []
    for fit, mine in credits.groupby("fit", sort=False):
        row = mine[mine["channel"] == channel]
        rows.append({"fit": fit, "conversions": float(row["conversions"].sum()), "error": _error(row)})
    return rows


def _error(row: pd.DataFrame) -> float:
    """Standard error that a normal interval of that width would have; 0 where there is none."""
    if (
        len(row) != 1
        or "conversions_lower" not in row
        or row[["conversions_lower", "interval_level"]].isna().any(axis=None)
    ):
        return 0.0
    width = float(row["conversions_upper"].iloc[0] - row["conversions_lower"].iloc[0])
    return width / 2 / NormalDist().inv_cdf((1 + float(row["interval_level"].iloc[0])) / 2)


def scores(table: pd.DataFrame) -> pd.DataFrame:
    """Score fits against the experiments that were kept for validation.

    Parameters
    ----------
    table : DataFrame
        From `conflicts`.

    Returns
    -------
    DataFrame
        By ``fit``: ``experiments``; ``error`` = Σ |claim − lift| / Σ |lift|; ``conflict`` = √(mean z²), about 1
        for claims that are right and whose errors are. No rows where no experiment is for validation.
    """
    rows = []
    for fit, mine in table[table["scored"]].groupby("fit", sort=False):
        size = float(mine["lift"].abs().sum())
        wrong = float((mine["claim"] - mine["lift"]).abs().sum()) / size if size > 0 else np.nan
        rows.append([fit, len(mine), wrong, float(np.sqrt((mine["conflict"] ** 2).mean()))])
    return pd.DataFrame(rows, columns=["fit", "experiments", "error", "conflict"])
