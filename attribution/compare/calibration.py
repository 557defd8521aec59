"""Credits moved to what experiments measured; the total stays what was observed."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Literal

import numpy as np
import pandas as pd

from attribution.compare.experiments import DEFAULT_USE, TRANSPORT, VALIDATE, best
from attribution.compare.precision import weigh
from attribution.errors import UsageError, listed
from attribution.findings import Finding
from attribution.tables import BASELINE, UNATTRIBUTED

Weight = Literal["lift", "precision"]
_MEASURES = (("conversions", "lift", "standard_error"), ("value", "value_lift", "value_standard_error"))
_DERIVED = ("cpa_", "roas_", "conversion_share_", "value_share_")


def calibrate(
    credits: pd.DataFrame,
    found: pd.DataFrame,
    level: float = 0.9,
    *,
    weight: Weight = "lift",
    transport: float = TRANSPORT,
) -> tuple[pd.DataFrame, list[Finding]]:
    """Move each fit's credit for tested channels to what was measured; the difference goes to ``(baseline)``.

    Signs are kept; the total stays what was observed. Rows of tested channels estimate ``incremental_total``, the
    others stay as they were. Experiments whose use is ``validate`` move nothing: they are kept for scoring.

    Parameters
    ----------
    credits : DataFrame
        Credits of any fits.
    found : DataFrame
        From `attribution.compare.experiments.lifts`.
    level : float
        Of the intervals, which are lift ± z · error, the error with `transport`.
    weight : {"lift", "precision"}
        ``lift``: the credit becomes the lift. ``precision``: it becomes the mean of γ · lift + (1 − γ) · β · credit,
        γ = τ² / (τ² + error²), over what all tested channels together say of the common scale β and the discrepancy
        τ of the fit's claims (`precision.weigh`: Fay and Herriot, 1979); for tests that are noisier than the model
        is wrong. Value is weighed apart, by its own lifts.
    transport : float
        As `attribution.compare.experiments.transported` takes it.

    Raises
    ------
    UsageError
        Where a tested channel has no credit in a fit: its touches are not in the data, or under another name.
        Where every experiment is kept for validation.
    """
    usable = found[found["use"] != VALIDATE]
    if usable.empty:
        raise UsageError(
            "calibrate: every experiment is kept for validation (use = validate). Give one the use likelihood, or "
            "leave out --calibrate."
        )
    measured = best(usable, transport).set_index("channel")
    frames = [_moved(rows, measured, level, weight) for _, rows in credits.groupby("fit", sort=False)]
    return pd.concat(frames, ignore_index=True), _findings(found, usable, weight)


def _moved(rows: pd.DataFrame, measured: pd.DataFrame, level: float, weight: Weight) -> pd.DataFrame:
    """One fit, calibrated."""
    _refuse(rows, measured)
    mine, z = rows.copy(), NormalDist().inv_cdf((1 + level) / 2)
    tested = mine["channel"].isin(measured.index)
    goal = measured.loc[mine.loc[tested, "channel"]]
    freed: dict[str, float] = {}
    for measure, lift, error in _MEASURES:
        claim, to, by = (np.asarray(v, np.float64) for v in (mine.loc[tested, measure], goal[lift], goal[error]))
        # Without values in the data their lifts are 0 for certain, and there is nothing to weigh.
        if weight == "precision" and (by > 0).all():
            weighed = weigh(claim, to, by)
            to, by = weighed.estimate, weighed.standard_error
        freed[measure] = float(claim.sum() - to.sum())
        mine.loc[tested, measure] = to
        mine.loc[tested, f"{measure}_lower"] = to - z * by
        mine.loc[tested, f"{measure}_upper"] = to + z * by
    mine.loc[tested, "estimand"] = "incremental_total"
    mine.loc[tested, "interval_level"] = level
    mine.loc[tested, "interval_kind"] = "experiment" if weight == "lift" else "experiment and model"
    return _closed(mine, freed)


def _refuse(rows: pd.DataFrame, measured: pd.DataFrame) -> None:
    claimed = rows.set_index("channel")["conversions"].reindex(measured.index).fillna(0.0)
    # Below 0 is a claim too: models of either sign make it.
    if (claimed == 0).any():
        fit, missing = rows["fit"].iloc[0], listed(claimed.index[claimed == 0])
        msg = f"calibrate: {fit} gives no credit to {missing}, which an experiment tested. Check its name."
        raise UsageError(msg)


def _findings(found: pd.DataFrame, usable: pd.DataFrame, weight: Weight) -> list[Finding]:
    """What was used, what was kept back, and what nobody declared."""
    how = "" if weight == "lift" else " and the claims, by precision"
    channels = listed(sorted(set(usable["channel"])))
    noticed = [
        Finding("note", "calibrated", f"Calibrated to experiments on {channels}{how}; the difference is in {BASELINE}.")
    ]
    kept = sorted(set(found.loc[found["use"] == VALIDATE, "experiment"]))
    if kept:
        noticed.append(Finding("note", "kept-for-validation", f"Not used, as declared: {listed(kept)}."))
    silent = sorted(set(usable.loc[~usable["declared"], "experiment"]))
    if silent:
        message = f"No use is declared for {listed(silent)}: taken as {DEFAULT_USE}."
        remedy = "Add a column use (prior, likelihood, validate) to the assignments."
        noticed.append(Finding("note", "undeclared-use", message, remedy))
    return noticed


def _closed(rows: pd.DataFrame, freed: Mapping[str, float]) -> pd.DataFrame:
    """Give what was freed to the baseline, and let shares, CPA and ROAS follow."""
    totals = {m: float(rows[m].sum()) + freed[m] for m in freed}
    done = _with_baseline(rows, freed)
    for measure, share in (("conversions", "conversion_share"), ("value", "value_share")):
        done[share] = done[measure] / totals[measure] if totals[measure] > 0 else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        done["cpa"] = np.where(done["conversions"] > 0, done["cost"] / done["conversions"], np.nan)
        done["roas"] = np.where(done["cost"] > 0, done["value"] / done["cost"], np.nan)
    return done.drop(columns=[c for c in done.columns if c.startswith(_DERIVED)])


def _with_baseline(rows: pd.DataFrame, freed: Mapping[str, float]) -> pd.DataFrame:
    """Add to the baseline of a model that has one, whose interval then no longer holds; else make one."""
    last, base = rows["channel"] == UNATTRIBUTED, rows["channel"] == BASELINE
    baseline = (rows[base] if base.any() else rows.iloc[[-1]]).copy()
    had = [float(baseline[m].iloc[0]) if base.any() else 0.0 for m in freed]
    baseline["channel"], baseline["estimand"] = BASELINE, "incremental_total"
    numbers = [c for c in rows.columns if rows[c].dtype.kind == "f"]
    baseline[numbers] = np.nan
    baseline[list(freed)] = [h + f for h, f in zip(had, freed.values(), strict=True)]
    return pd.concat([rows[~last & ~base], baseline, rows[last]], ignore_index=True)
