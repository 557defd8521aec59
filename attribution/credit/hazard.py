"""Fit the time-to-event model on a workspace and keep it beside the path models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from attribution.credit.columns import ordered
from attribution.credit.hazard_checks import checks_data, checks_findings
from attribution.errors import UsageError, listed
from attribution.findings import Finding
from attribution.progress import Told, silent
from attribution.tables import BASELINE, UNATTRIBUTED
from attribution.workspace import PRIVATE, Workspace, digest_of
from attribution_models.paths.events import EventTable
from attribution_models.paths.hazard import Hazard
from attribution_models.paths.hazard_checks import check
from attribution_models.paths.hazard_result import HazardFit

__all__ = [
    "FAMILY", "HazardFit", "HazardReport", "fit_hazard", "hazard_frame", "save_hazard", "unseen_intent",
]  # fmt: skip
FAMILY = "hazard"


@dataclass(frozen=True, slots=True, eq=False)
class HazardReport:
    """The fit, its credits, and what should be known about them."""

    fit: HazardFit
    credits: pd.DataFrame
    findings: tuple[Finding, ...]
    checks: dict[str, Any] | None = None


def fit_hazard(
    events: EventTable, spec: Hazard, *, checked: bool = False, tested: Sequence[str] = (), told: Told = silent
) -> HazardReport:
    """Fit the model; that it may be misled by intent it cannot see comes with every fit.

    Parameters
    ----------
    events : EventTable
    spec : Hazard
    checked : bool
        Calibration, held-out likelihood and frailty too.
    tested : sequence of str
        Channels of which the workspace holds an experiment.
    told : Told

    Raises
    ------
    UsageError
        Where the model cannot be fitted: too little untouched time at risk, no conversions.
    """
    told("fitting the time-to-event model", 0, 0)
    try:
        fit = spec.fit(events)
    except ValueError as error:
        raise UsageError(f"hazard: {error}") from None
    signals = [k for k, flag in zip(events.kinds, events.signals, strict=True) if flag]
    findings = [unseen_intent(fit, events, tested)]
    if signals:
        message = f"Taken as signs of demand, which move the baseline and get no credit: {', '.join(signals)}."
        findings.append(Finding("note", "signals", message))
    data = None
    if checked:
        told("checking the time-to-event model", 0, 0)
        checks = check(fit, events)
        findings += checks_findings(checks, fit, events)
        data = checks_data(checks, fit, events)
    return HazardReport(fit, hazard_frame(fit, events), tuple(findings), data)


def unseen_intent(fit: HazardFit, events: EventTable, tested: Sequence[str]) -> Finding:
    """What the fit cannot know, and for which channels of the workspace an experiment does."""
    media = [c for c in tested if c in events.channels]
    if not media:
        return Finding("note", "unseen-intent", fit.warning)
    rest = {events.channels[k] for k in events.kind_channel[~events.signals]} - set(media)
    message = f"Demand that the data do not show is not corrected for. Experiments here measured {listed(media)}"
    message += f", not {listed(sorted(rest))}." if rest else ": all media."
    return Finding(
        "note", "unseen-intent", message, "Set the tested ones to their lift: attribution credits --calibrate."
    )


def channels_tested(connection: Any, assignments: str | None) -> tuple[str, ...]:
    """Channels of experiments that have both arms."""
    if assignments is None:
        return ()
    rows = connection.execute(
        f"""SELECT DISTINCT channel FROM (SELECT experiment, channel FROM {assignments}
        WHERE arm IN ('exposed', 'held_out') GROUP BY ALL HAVING count(DISTINCT arm) = 2) ORDER BY 1"""
    ).fetchall()
    return tuple(row[0] for row in rows)


def hazard_frame(fit: HazardFit, events: EventTable, name: str | None = None) -> pd.DataFrame:
    """Rows of the credits table: channels, ``(baseline)``, ``(unattributed)``; they sum to what was observed."""
    credit = fit.credit
    columns: dict[str, Any] = {}
    totals = {"conversions": credit.observed_conversions, "value": credit.observed_value}
    for measure, share in (("conversions", "conversion_share"), ("value", "value_share")):
        rest = getattr(credit, f"unattributed_{measure}")
        for end in ("", "_lower", "_upper"):
            amounts = np.append(getattr(credit, f"{measure}{end}"), rest)
            columns[f"{measure}{end}"] = amounts
            columns[f"{share}{end}"] = amounts / totals[measure] if totals[measure] > 0 else np.nan
    frame = pd.DataFrame(
        {
            "fit": name or fit.name,
            "model": FAMILY,
            "estimand": credit.estimand,
            "channel": [*events.channels, BASELINE, UNATTRIBUTED],
            **columns,
            **dict.fromkeys(("cost", "cpa", "roas", "mroas", "removal_effect", "value_removal_effect"), np.nan),
            "interval_level": credit.level,
            "interval_kind": credit.interval_kind,
        }
    )
    return ordered(frame)


def save_hazard(
    workspace: Workspace, manifest: dict[str, Any], report: HazardReport, journeys: str, asked: dict[str, Any]
) -> None:
    """Keep coefficients, tuning, credits and checks, and name them in the manifest."""
    fit = report.fit
    digest = digest_of(fit.name, asdict(fit.spec), journeys, asked)
    folder = workspace.path / "fits" / f"hazard-{digest}"
    folder.mkdir(exist_ok=True, mode=0o700)
    pq.write_table(pa.Table.from_pandas(report.credits, preserve_index=False), folder / "credits.parquet")
    if report.checks is not None:
        (folder / "checks.json").write_text(json.dumps(report.checks, ensure_ascii=False, indent=1), encoding="utf-8")
    np.savez(folder / "parameters.npz", theta=fit.theta, covariance=fit.covariance)
    entry = {
        "name": fit.name,
        "model": FAMILY,
        "family": FAMILY,
        "spec": asdict(fit.spec),
        "asked": asked,
        "journeys": journeys,
        "tuning": asdict(fit.tuning),
        "tuning_error": dict(zip(("log2_half_life", "one_over_tired_after", "kept"), fit.tuning_error, strict=True)),
        "log_likelihood": fit.log_likelihood,
        "untouched_share": fit.untouched_share,
    }
    (folder / "fit.json").write_text(json.dumps(entry, ensure_ascii=False, indent=1, default=float), encoding="utf-8")
    for file in folder.iterdir():
        file.chmod(PRIVATE)
    plain = json.loads(json.dumps(entry, default=float))
    manifest["fits"][fit.name] = {"path": str(folder.relative_to(workspace.path)), **plain}
