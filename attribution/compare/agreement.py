"""How far apart models are: total variation of their shares, and agreement of their ranks."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from attribution.tables import BASELINE, UNATTRIBUTED

INTERACTION = "(interaction)"
SPECIAL = (BASELINE, INTERACTION, UNATTRIBUTED)
# Of a media-mix fit, and of what was reconciled with one: they know the channels of a panel and no others.
PANELS = ("mmm", "reconciled")
TREATMENT = "treatment"


def shares(credits: pd.DataFrame, measure: str = "conversions") -> pd.DataFrame:
    """Each fit's shares over channels alone, as channel × fit; NaN where a fit does not know a channel.

    ``(baseline)``, ``(interaction)``, ``(unattributed)`` and treatments that are no channels are left out and the rest
    is renormalised to 1, so that models with different estimands can be set side by side; totals are another matter,
    and compared apart. A fit whose outcome is money has shares of value instead of conversions.
    """
    rows = channel_rows(credits)
    amount = rows[measure]
    if "value" in rows:
        amount = amount.where(rows.groupby("fit")[measure].transform(lambda x: x.notna().any()), rows["value"])
    table = rows.assign(amount=amount).pivot_table(
        index="channel", columns="fit", values="amount", aggfunc="sum", sort=False, dropna=False
    )
    table = table.reindex(columns=list(dict.fromkeys(rows["fit"])))
    # A model of journeys gives nothing to a channel that it saw in none of them, and says nothing about one that
    # journeys never hold (television); a panel says nothing about what it lacks.
    journeys = rows if "model" not in rows else rows[~rows["model"].isin(PANELS)]
    fits, seen = list(dict.fromkeys(journeys["fit"])), table.index.isin(journeys["channel"])
    table.loc[seen, fits] = table.loc[seen, fits].fillna(0.0)
    return _normalised(table)


def channel_rows(credits: pd.DataFrame) -> pd.DataFrame:
    """Rows of channels: without what closes the sum, and without treatments."""
    rows = credits[~credits["channel"].isin(SPECIAL)]
    if "mark" not in rows:
        return rows
    return rows[~rows["mark"].fillna("").str.split(", ").map(lambda marks: TREATMENT in marks)]


def over_common_channels(table: pd.DataFrame) -> pd.DataFrame:
    """Shares over the channels that every fit knows, each renormalised to 1."""
    return _normalised(table.dropna()) if table.isna().any(axis=None) else table


def _normalised(table: pd.DataFrame) -> pd.DataFrame:
    total = table.clip(lower=0).sum()
    return table.clip(lower=0) / total.where(total > 0, np.nan)


def agreement(credits: pd.DataFrame) -> pd.DataFrame:
    """Pairs of fits with their distance.

    Returns
    -------
    DataFrame
        ``fit_a``, ``fit_b``; ``total_variation`` = ½ Σ |share_a − share_b|, the share of credit that would have
        to move to another channel; ``rank_agreement``, Kendall's τ-b of the channels' order; ``channels``: how many
        both know, over which shares were renormalised (with none, nothing is compared);
        ``across_estimands``: the two do not estimate the same thing, and only their shares were compared.
    """
    from scipy.stats import kendalltau  # noqa: PLC0415  (slow to import, and only needed here)

    table = shares(credits)
    estimand = credits.groupby("fit")["estimand"].first()
    rows = []
    for a, b in combinations(table.columns, 2):
        both = table[[a, b]].dropna()
        pair = _normalised(both)
        tau = kendalltau(pair[a], pair[b]).statistic if len(pair) > 1 else np.nan
        apart = float((pair[a] - pair[b]).abs().sum(skipna=False) / 2) if len(pair) else np.nan
        rows.append(
            {
                "fit_a": a,
                "fit_b": b,
                "total_variation": apart,
                "rank_agreement": float(tau),
                "channels": len(pair),
                "across_estimands": bool(estimand[a] != estimand[b]),
            }
        )
    columns = ["fit_a", "fit_b", "total_variation", "rank_agreement", "channels", "across_estimands"]
    return pd.DataFrame(rows, columns=columns)


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
