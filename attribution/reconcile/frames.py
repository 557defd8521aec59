"""Reconciled rows as rows of the credits table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.compare.agreement import SPECIAL, TREATMENT
from attribution.credit.columns import ordered
from attribution.credit.mix_fits import GATE_FAILED
from attribution.reconcile.grid import Grid
from attribution.reconcile.mix_side import MixSide
from attribution.reconcile.overlap import Overlap
from attribution.reconcile.rows import Row
from attribution.reconcile.second_measure import Second
from attribution_models.mix.draw_summary import Summary

Floats = NDArray[np.float64]
MODEL, ESTIMAND, INTERVAL = "reconciled", "incremental_total", "posterior"
MIX_ONLY, PATHS_ONLY = "mix only", "paths only"
ENDS = {"": "mean", "_lower": "lower", "_upper": "upper"}
SHARES = {"conversions": "conversion_share", "value": "value_share"}


def credit_rows(
    name: str, rows: Iterable[Row], side: MixSide, found: Overlap, grid: Grid, known: Mapping[str, str], *,
    campaigns: bool, level: float, second: Second | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Rows of the credits table, means of draws with their central intervals.

    The measure that the mix model counts (``conversions``, or ``value`` where its outcome is money) is reconciled; the
    other one follows from it (`second_measure.second_measure`), or is missing where nothing tells it.
    ``cost`` is the panel's spend in the group, missing by campaign; ``cpa`` and ``roas`` are plain ratios to it, unlike
    a mix model's, which count what spend brings after the window and leave out what earlier spend carried in.

    Parameters
    ----------
    known : mapping
        The mark of each channel.
    second : Second, optional
        The other measure, of which rows hold draws then.
    """
    frame = pd.DataFrame([_record(row, level) for row in rows])
    frame["cost"] = np.nan if campaigns else _cost(frame, side, found, grid)
    observed = {side.measure: grid.total(side.observed[found.window.start : found.window.end + 1])}
    if second is not None:
        observed[second.measure] = grid.total(second.observed)
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


def _record(row: Row, level: float) -> dict[str, Any]:
    numbers = _ends("first", Summary.of(row.draws, level))
    if row.second is not None:
        numbers |= _ends("second", Summary.of(row.second, level))
    return {"channel": row.channel, "campaign": row.campaign, "group": row.group, **numbers}


def _ends(name: str, found: Summary) -> dict[str, float]:
    return {f"{name}{end}": float(getattr(found, field)) for end, field in ENDS.items()}


def _cost(frame: pd.DataFrame, side: MixSide, found: Overlap, grid: Grid) -> list[float]:
    spend = grid.sums(side.spend[:, found.window.start : found.window.end + 1, None])[..., 0]
    places = {name: i for i, name in enumerate(side.channels)}
    return [
        float(spend[places[c], g]) if c in places else np.nan
        for c, g in zip(frame["channel"], frame["group"], strict=True)
    ]


def _measures(frame: pd.DataFrame, first: str, observed: Mapping[str, Floats]) -> pd.DataFrame:
    """Amounts, shares of what was observed, and plain ratios to cost; NaN in a measure that was not `observed`."""
    columns: dict[str, Any] = {}
    groups, nothing = frame["group"].to_numpy(), np.full(len(frame), np.nan)
    for name, share in SHARES.items():
        total = observed[name][groups] if name in observed else nothing
        for end in ENDS:
            column = f"{'first' if name == first else 'second'}{end}"
            amounts = frame[column].to_numpy() if name in observed else nothing
            columns[f"{name}{end}"] = amounts
            with np.errstate(divide="ignore", invalid="ignore"):
                columns[f"{share}{end}"] = np.where(total > 0, amounts / total, np.nan)
    cost = frame["cost"].to_numpy()
    for end, other in (("", ""), ("_lower", "_upper"), ("_upper", "_lower")):
        bought, worth = columns[f"conversions{other}"], columns[f"value{end}"]
        with np.errstate(divide="ignore", invalid="ignore"):
            columns[f"cpa{end}"] = np.where(bought > 0, cost / bought, np.nan)
            columns[f"roas{end}"] = np.where(cost > 0, worth / cost, np.nan)
    kept = [c for c in frame.columns if not c.startswith(("first", "second"))]
    return frame[kept].assign(**columns)


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
