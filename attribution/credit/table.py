"""The credits table: one row per channel in one fit, what was spent on it, and what could not be placed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from attribution.tables import CREDIT_COLUMNS, UNATTRIBUTED
from attribution_models.paths.credit import PathCredit

TEXT_COLUMNS = ("fit", "model", "estimand", "channel", "interval_kind")


def credits_frame(
    fit: str,
    model: str,
    credit: PathCredit,
    labels: tuple[tuple[str, str | None], ...],
    group: Mapping[str, Any],
    estimand: str = "attributed",
) -> pd.DataFrame:
    """Rows of one fit, without spend.

    Parameters
    ----------
    fit, model : str
        ``markov-2`` and ``markov``.
    credit : PathCredit
    labels : tuple of (channel, campaign or None)
    group : mapping
        Grain columns and their values.
    estimand : str

    Returns
    -------
    DataFrame
        `CREDIT_COLUMNS` and the grain columns; channels and ``(unattributed)`` sum to the observed
        conversions and value.
    """
    rows = [*labels, (UNATTRIBUTED, None)]
    conversions = np.append(credit.conversions, credit.unattributed_conversions)
    value = np.append(credit.value, credit.unattributed_value)
    nothing = np.full(len(rows), np.nan)
    effect = nothing if credit.removal_effect is None else np.append(credit.removal_effect, np.nan)
    worth = nothing if credit.value_removal_effect is None else np.append(credit.value_removal_effect, np.nan)
    frame = pd.DataFrame(
        {
            "fit": fit,
            "model": model,
            "estimand": estimand,
            "channel": [channel for channel, _ in rows],
            "conversions": conversions,
            "value": value,
            "conversion_share": _ratio(conversions, np.full(len(rows), credit.observed_conversions)),
            "value_share": _ratio(value, np.full(len(rows), credit.observed_value)),
            "cost": nothing,
            "cpa": nothing,
            "roas": nothing,
            "mroas": nothing,
            "removal_effect": effect,
            "value_removal_effect": worth,
            "interval_level": nothing,
            "interval_kind": None,
        }
    )
    for grain, key in group.items():
        frame[grain] = key
    if any(campaign is not None for _, campaign in labels):
        frame["campaign"] = [campaign or "" for _, campaign in rows]
    return frame


def with_spend(frame: pd.DataFrame, costs: Mapping[tuple[str, str | None], float] | None) -> pd.DataFrame:
    """The rows of one fit beside what was spent.

    ``cpa`` = cost / conversions; ``roas`` = value / cost; missing where the divisor is zero. A channel
    with spend and without touches gets a row, before ``(unattributed)``: money of which no path tells.

    Parameters
    ----------
    frame : DataFrame
        From `credits_frame`, one fit and one group.
    costs : mapping or None
        Spend by (channel, campaign or None); None where spend cannot be told apart like that.
    """
    if costs is None or frame.empty:
        return frame
    fine = "campaign" in frame.columns
    labels = list(zip(frame["channel"], frame["campaign"] if fine else [None] * len(frame), strict=True))
    unseen = sorted((label for label in costs if label not in labels), key=lambda p: (p[0], p[1] or ""))
    if unseen:
        rows = frame.iloc[[-1] * len(unseen)].copy()
        rows["channel"] = [channel for channel, _ in unseen]
        if fine:
            rows["campaign"] = [campaign for _, campaign in unseen]
        for name in ("conversions", "value", "conversion_share", "value_share"):
            rows[[c for c in (name, f"{name}_lower", f"{name}_upper") if c in rows.columns]] = 0.0
        frame = pd.concat([frame.iloc[:-1], rows, frame.iloc[-1:]], ignore_index=True)
        labels = [*labels[:-1], *unseen, labels[-1]]
    cost = np.array([costs.get(label, np.nan) for label in labels], float)
    costed = {"cost": cost, "cpa": _ratio(cost, frame["conversions"]), "roas": _ratio(frame["value"], cost)}
    if "conversions_lower" in frame.columns:
        # Cost is known, so the ends of conversions and value are those of CPA (reversed) and ROAS.
        costed |= {
            "cpa_lower": _ratio(cost, frame["conversions_upper"]),
            "cpa_upper": _ratio(cost, frame["conversions_lower"]),
            "roas_lower": _ratio(frame["value_lower"], cost),
            "roas_upper": _ratio(frame["value_upper"], cost),
        }
    return frame.assign(**costed)


def empty_frame() -> pd.DataFrame:
    """A credits table without rows."""
    return pd.DataFrame({c: pd.Series(dtype="str" if c in TEXT_COLUMNS else "float64") for c in CREDIT_COLUMNS})


def _ratio(above: Any, below: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.asarray(above, float) / np.asarray(below, float)
    return np.where(np.asarray(below) > 0, ratio, np.nan)
