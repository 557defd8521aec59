"""How far apart models are: total variation of their shares, and agreement of their ranks."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from attribution.tables import BASELINE, UNATTRIBUTED

SPECIAL = (BASELINE, UNATTRIBUTED)


def shares(credits: pd.DataFrame, measure: str = "conversions") -> pd.DataFrame:
    """Each fit's shares over channels alone, as channel × fit.

    ``(baseline)`` and ``(unattributed)`` are left out and the rest is renormalised to 1, so that models with
    different estimands can be set side by side; totals are another matter, and compared apart.
    """
    rows = credits[~credits["channel"].isin(SPECIAL)]
    table = rows.pivot_table(index="channel", columns="fit", values=measure, aggfunc="sum", sort=False).fillna(0.0)
    total = table.clip(lower=0).sum()
    return table.clip(lower=0) / total.where(total > 0, np.nan)


def agreement(credits: pd.DataFrame) -> pd.DataFrame:
    """Pairs of fits with their distance.

    Returns
    -------
    DataFrame
        ``fit_a``, ``fit_b``; ``total_variation`` = ½ Σ |share_a − share_b|, the share of credit that would have
        to move to another channel; ``rank_agreement``, Kendall's τ-b of the channels' order;
        ``across_estimands``: the two do not estimate the same thing, and only their shares were compared.
    """
    from scipy.stats import kendalltau  # noqa: PLC0415  (slow to import, and only needed here)

    table = shares(credits)
    estimand = credits.groupby("fit")["estimand"].first()
    rows = []
    for a, b in combinations(table.columns, 2):
        tau = kendalltau(table[a], table[b]).statistic if len(table) > 1 else np.nan
        rows.append(
            {
                "fit_a": a,
                "fit_b": b,
                "total_variation": float((table[a] - table[b]).abs().sum() / 2),
                "rank_agreement": float(tau),
                "across_estimands": bool(estimand[a] != estimand[b]),
            }
        )
    return pd.DataFrame(rows, columns=["fit_a", "fit_b", "total_variation", "rank_agreement", "across_estimands"])


def errors(credits: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Error of each fit against a truth.

    Parameters
    ----------
    credits : DataFrame
    truth : DataFrame
        ``channel``, ``conversions``: of the channels whose truth is known.

    Returns
    -------
    DataFrame
        ``fit``; ``share_error`` = ½ Σ |share − true share| over the channels of the truth;
        ``total_error`` = (Σ credit − Σ truth) / Σ truth over them.
    """
    real = truth.groupby("channel")["conversions"].sum()
    goal = real.clip(lower=0)
    rows = []
    for fit, mine in credits.groupby("fit", sort=False):
        given = mine.groupby("channel")["conversions"].sum().reindex(real.index).fillna(0.0)
        positive = given.clip(lower=0)
        apart = np.nan
        if positive.sum() > 0 and goal.sum() > 0:
            apart = float((positive / positive.sum() - goal / goal.sum()).abs().sum() / 2)
        total = float(given.sum() / real.sum() - 1) if real.sum() > 0 else np.nan
        rows.append({"fit": fit, "share_error": apart, "total_error": total})
    return pd.DataFrame(rows, columns=["fit", "share_error", "total_error"])
