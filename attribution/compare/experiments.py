"""Randomised experiments on people: the lift of a channel, beside every model's claim, and calibration to it."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from attribution.errors import UsageError, listed
from attribution.findings import Finding
from attribution.tables import BASELINE, UNATTRIBUTED

COLUMNS = (
    "experiment", "channel", "estimator", "exposed", "held_out", "lift", "standard_error", "lower", "upper",
    "value_lift", "value_standard_error",
)  # fmt: skip
INTENTION, ON_EXPOSED = "intention to treat", "effect on exposed"


def lifts(connection: Any, assignments: str, conversions: str, level: float = 0.9) -> pd.DataFrame:
    """Conversions that each tested channel caused, by comparing randomised arms.

    With m_e, s²_e the mean and variance of conversions per person of the exposed arm from ``assigned_at`` to
    ``ended_at`` (or the end of the data), and h for the held-out arm:

        lift = n_e (m_e − m_h),   standard error = n_e √(s²_e / n_e + s²_h / n_h)

    the conversions that would not have happened in the exposed arm without the channel. ``intention to
    treat`` takes everybody assigned; ``effect on exposed`` only people who ``would_be_exposed`` in either arm
    (ghost ads): the same total, with less noise, where that is recorded.

    Parameters
    ----------
    connection : DuckDB connection
    assignments, conversions : str
        SQL relations.
    level : float
        Of the normal interval.

    Returns
    -------
    DataFrame
        `COLUMNS`; an experiment that lacks an arm is left out.
    """
    rows = connection.execute(
        f"""WITH person AS (
            SELECT a.experiment, a.channel, a.arm, a.unified_id, {_would_be(connection, assignments)} AS would_be,
                count(c.timestamp) AS k, coalesce(sum(c.value), 0)::DOUBLE AS v
            FROM {assignments} a LEFT JOIN {_valued(connection, conversions)} c ON c.unified_id = a.unified_id
                AND c.timestamp >= a.assigned_at AND ({_until(connection, assignments)})
            GROUP BY ALL)
        SELECT experiment, channel, arm, would_be, count(*) AS n, sum(k)::DOUBLE AS k, sum(k * k)::DOUBLE AS kk,
            sum(v) AS v, sum(v * v) AS vv FROM person GROUP BY ALL ORDER BY ALL"""
    ).df()
    z = NormalDist().inv_cdf((1 + level) / 2)
    found = []
    for (experiment, channel), mine in rows.groupby(["experiment", "channel"], sort=True):
        known = mine["would_be"].notna().all() and mine["would_be"].any()
        chosen = [(INTENTION, mine)] + ([(ON_EXPOSED, mine[mine["would_be"] == True])] if known else [])  # noqa: E712
        for estimator, part in chosen:
            arms = part.groupby("arm")[["n", "k", "kk", "v", "vv"]].sum()
            if {"exposed", "held_out"} <= set(arms.index) and arms["n"].min() >= 2:
                e, h = arms.loc["exposed"], arms.loc["held_out"]
                lift, error = _difference(e, h, "k")
                value, value_error = _difference(e, h, "v")
                found.append(
                    [experiment, channel, estimator, int(e["n"]), int(h["n"]), lift, error, lift - z * error,
                     lift + z * error, value, value_error]
                )  # fmt: skip
    return pd.DataFrame(found, columns=list(COLUMNS))


def _difference(exposed: pd.Series, held: pd.Series, what: str) -> tuple[float, float]:
    """n_e (m_e − m_h) and its standard error."""
    means, variances = [], []
    for arm in (exposed, held):
        n, mean = arm["n"], arm[what] / arm["n"]
        means.append(mean)
        variances.append(max(arm[what * 2] - n * mean**2, 0.0) / (n - 1) / n)
    scale = exposed["n"]
    return float(scale * (means[0] - means[1])), float(scale * np.sqrt(sum(variances)))


def _columns(connection: Any, relation: str) -> set[str]:
    return {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


def _would_be(connection: Any, assignments: str) -> str:
    return "a.would_be_exposed" if "would_be_exposed" in _columns(connection, assignments) else "NULL::BOOLEAN"


def _until(connection: Any, assignments: str) -> str:
    return (
        "a.ended_at IS NULL OR c.timestamp <= a.ended_at" if "ended_at" in _columns(connection, assignments) else "true"
    )


def _valued(connection: Any, conversions: str) -> str:
    value = "value" if "value" in _columns(connection, conversions) else "0 AS value"
    return f"(SELECT unified_id, timestamp, {value} FROM {conversions})"


def best(found: pd.DataFrame) -> pd.DataFrame:
    """One lift per channel: the effect on exposed where there is one; several experiments by inverse variance.

    Raises
    ------
    UsageError
        Where a channel's lift has no positive standard error, so that it cannot be weighted.
    """
    rows = []
    for channel, mine in found.groupby("channel", sort=True):
        sharp = mine[mine["estimator"] == ON_EXPOSED] if (mine["estimator"] == ON_EXPOSED).any() else mine
        if not (sharp["standard_error"] > 0).all():
            raise UsageError(f"calibrate: the experiment on {channel} saw no conversions; its lift has no error.")
        weight = 1 / sharp["standard_error"] ** 2
        value = float((weight * sharp["value_lift"]).sum() / weight.sum())
        lift = float((weight * sharp["lift"]).sum() / weight.sum())
        rows.append([channel, lift, float(weight.sum() ** -0.5), value, float(sharp["value_standard_error"].mean())])
    return pd.DataFrame(rows, columns=["channel", "lift", "standard_error", "value_lift", "value_standard_error"])


def calibrate(credits: pd.DataFrame, found: pd.DataFrame, level: float = 0.9) -> tuple[pd.DataFrame, list[Finding]]:
    """Move each fit's credit for tested channels to the measured lift; the difference goes to ``(baseline)``.

    The measured lift keeps its sign and brings its own interval; the total stays what was observed. Rows of
    tested channels estimate ``incremental_total``, the others stay as they were.

    Raises
    ------
    UsageError
        Where a tested channel has no credit in a fit: its touches are not in the data, or under another name.
    """
    measured = best(found).set_index("channel")
    z = NormalDist().inv_cdf((1 + level) / 2)
    frames = []
    for fit, rows in credits.groupby("fit", sort=False):
        mine = rows.copy()
        claimed = mine.set_index("channel")["conversions"]
        missing = [c for c in measured.index if not claimed.get(c, 0) > 0]
        if missing:
            msg = f"calibrate: {fit} gives no credit to {listed(missing)}, which an experiment tested. Check its name."
            raise UsageError(msg)
        freed = {"conversions": 0.0, "value": 0.0}
        for channel, lift in measured.iterrows():
            at = mine["channel"] == channel
            for measure, name, error in (
                ("conversions", "lift", "standard_error"),
                ("value", "value_lift", "value_standard_error"),
            ):
                freed[measure] += float(mine.loc[at, measure].sum()) - float(lift[name])
                mine.loc[at, measure] = lift[name]
                mine.loc[at, f"{measure}_lower"] = lift[name] - z * lift[error]
                mine.loc[at, f"{measure}_upper"] = lift[name] + z * lift[error]
            mine.loc[at, "estimand"] = "incremental_total"
            mine.loc[at, "interval_level"] = level
            mine.loc[at, "interval_kind"] = "experiment"
        frames.append(_closed(mine, freed))
    message = f"Calibrated to experiments on {listed(measured.index)}; the difference is in {BASELINE}."
    return pd.concat(frames, ignore_index=True), [Finding("note", "calibrated", message)]


def _closed(rows: pd.DataFrame, freed: dict[str, float]) -> pd.DataFrame:
    """Add the baseline, and let shares, CPA and ROAS follow."""
    totals = {m: float(rows[m].sum()) + freed[m] for m in freed}
    baseline = rows.iloc[[-1]].copy()
    baseline["channel"], baseline["estimand"] = BASELINE, "incremental_total"
    numbers = [c for c in rows.columns if rows[c].dtype.kind == "f"]
    baseline[numbers] = np.nan
    baseline[["conversions", "value"]] = [freed["conversions"], freed["value"]]
    last = rows["channel"] == UNATTRIBUTED
    done = pd.concat([rows[~last], baseline, rows[last]], ignore_index=True)
    for measure, share in (("conversions", "conversion_share"), ("value", "value_share")):
        done[share] = done[measure] / totals[measure] if totals[measure] > 0 else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        done["cpa"] = np.where(done["conversions"] > 0, done["cost"] / done["conversions"], np.nan)
        done["roas"] = np.where(done["cost"] > 0, done["value"] / done["cost"], np.nan)
    return done.drop(
        columns=[c for c in done.columns if c.startswith(("cpa_", "roas_", "conversion_share_", "value_share_"))]
    )
