"""Reconciled rows as rows of the credits table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from attribution.compare.agreement import SPECIAL, TREATMENT
from attribution.credit.columns import ordered
from attribution.credit.mix_fits import GATE_FAILED
from attribution.reconcile.mix_side import MixSide
from attribution.reconcile.overlap import Overlap
from attribution.reconcile.rows import Grid, Row
from attribution_models.mix.draw_summary import Summary

MODEL, ESTIMAND, INTERVAL = "reconciled", "incremental_total", "posterior"
MIX_ONLY, PATHS_ONLY = "mix only", "paths only"
# Columns of the credits table that a reconciled row has no number for.
UNKNOWN = ("mroas", "mroas_lower", "mroas_upper", "removal_effect", "value_removal_effect")
ENDS = {"": "mean", "_lower": "lower", "_upper": "upper"}


def credit_rows(
    name: str, rows: Iterable[Row], side: MixSide, found: Overlap, grid: Grid, known: Mapping[str, str], *,
    campaigns: bool, level: float,
) -> pd.DataFrame:  # fmt: skip
    """Rows of the credits table, means of draws with their central intervals.

    ``conversions`` (or ``value``, where the panel's outcome is money) are reconciled; the other measure is missing.
    ``cost`` is the panel's spend in the group, missing by campaign; ``cpa`` and ``roas`` are plain ratios to it, unlike
    a mix model's, which count what spend brings after the window and leave out what earlier spend carried in.

    Parameters
    ----------
    known : mapping
        The mark of each channel.
    """
    made = [_record(row, Summary.of(row.draws, level)) for row in rows]
    frame = pd.DataFrame(made)
    frame["cost"] = np.nan if campaigns else _cost(frame, side, found, grid)
    observed = grid.sums(side.observed[found.window.start : found.window.end + 1][:, None])[:, 0]
    frame = _measures(frame, side.measure, observed)
    frame = frame.assign(
        fit=name, model=MODEL, estimand=ESTIMAND, mroas=np.nan, mroas_lower=np.nan, mroas_upper=np.nan,
        removal_effect=np.nan, value_removal_effect=np.nan,
        interval_level=level, interval_kind=INTERVAL, mark=_marks(frame, side, known),
    )  # fmt: skip
    if grid.grain:
        frame[grid.grain] = [grid.labels[g] for g in frame["group"]]
    frame = frame.drop(columns=["group", *([] if campaigns else ["campaign"])])
    return ordered(_in_order(frame, grid.grain))


def _record(row: Row, found: Summary) -> dict[str, Any]:
    numbers = {f"amount{end}": float(getattr(found, field)) for end, field in ENDS.items()}
    return {"channel": row.channel, "campaign": row.campaign, "group": row.group, **numbers}


def _cost(frame: pd.DataFrame, side: MixSide, found: Overlap, grid: Grid) -> list[float]:
    spend = grid.sums(side.spend[:, found.window.start : found.window.end + 1, None])[..., 0]
    places = {name: i for i, name in enumerate(side.channels)}
    return [
        float(spend[places[c], g]) if c in places else np.nan
        for c, g in zip(frame["channel"], frame["group"], strict=True)
    ]


def _measures(frame: pd.DataFrame, measure: str, observed: Any) -> pd.DataFrame:
    total = np.asarray(observed)[frame["group"].to_numpy()]
    columns: dict[str, Any] = {}
    for name, share in (("conversions", "conversion_share"), ("value", "value_share")):
        for end in ENDS:
            amounts = frame[f"amount{end}"].to_numpy() if name == measure else np.full(len(frame), np.nan)
            columns[f"{name}{end}"] = amounts
            with np.errstate(divide="ignore", invalid="ignore"):
                columns[f"{share}{end}"] = np.where(total > 0, amounts / total, np.nan)
    ends = {end: frame[f"amount{end}"].to_numpy() for end in ENDS}
    cost = frame["cost"].to_numpy()
    for end, other in (("", ""), ("_lower", "_upper"), ("_upper", "_lower")):
        with np.errstate(divide="ignore", invalid="ignore"):
            cpa = np.where(ends[other] > 0, cost / ends[other], np.nan)
            roas = np.where(cost > 0, ends[end] / cost, np.nan)
        columns[f"cpa{end}"] = cpa if measure == "conversions" else np.nan
        columns[f"roas{end}"] = roas if measure == "value" else np.nan
    return frame.drop(columns=[f"amount{end}" for end in ENDS]).assign(**columns)


def _marks(frame: pd.DataFrame, side: MixSide, known: Mapping[str, str]) -> list[str]:
    failed = "" if side.stored.passed else GATE_FAILED
    treatments = {n: TREATMENT for n in side.rest if n not in SPECIAL}
    said = treatments | dict(known)
    return [", ".join(filter(None, (failed, said.get(str(c), "")))) for c in frame["channel"]]


def _in_order(frame: pd.DataFrame, grain: str | None) -> pd.DataFrame:
    """Groups in order of time; channels as they came, what closes the sum last."""
    place = {name: i for i, name in enumerate(SPECIAL)}
    keys = frame.assign(_last=[place.get(str(c), -1) for c in frame["channel"]])
    by = [*([grain] if grain else []), "_last"]
    return keys.sort_values(by, kind="stable").drop(columns="_last").reset_index(drop=True)
