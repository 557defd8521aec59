"""What a randomised experiment shows of groups of people, kept for the policy's rules."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attribution.engine import connect
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.identity.stitch import people_table
from attribution.identity.uses import identity_of, stitching_note
from attribution.progress import Told, silent
from attribution.steps.journeys import refreshed
from attribution.suppression.uplift_features import features_before
from attribution.suppression.uplift_groups import UpliftResult, uplift_of
from attribution.suppression.uplift_kept import PURPOSE
from attribution.suppression.uplift_people import UpliftQuestion, assigned
from attribution.suppression.uplift_split import check_split
from attribution.workspace import PRIVATE, Workspace, digest_of, write_atomically
from attribution_models.value.uplift_curves import UpliftCurve
from attribution_models.value.uplift_verdicts import UNDECIDED


@dataclass(frozen=True, slots=True, eq=False)
class UpliftReport:
    """What an uplift step found and kept.

    Attributes
    ----------
    table : DataFrame
        Everybody, then each group: people, effect with bounds, verdict.
    curve : UpliftCurve
    features : tuple of str
        What people were told apart by.
    files : tuple of Path
        Verdicts by person, and how they were made.
    findings : tuple of Finding
    """

    table: pd.DataFrame
    curve: UpliftCurve
    features: tuple[str, ...]
    files: tuple[Path, ...]
    findings: tuple[Finding, ...]


def uplift_step(workspace: Workspace, question: UpliftQuestion, told: Told = silent) -> UpliftReport:
    """Judge the groups of an experiment and keep the verdict of each person.

    Parameters
    ----------
    workspace : Workspace
    question : UpliftQuestion
    told : Told
        Called with the repeats that are done.

    Raises
    ------
    UsageError
        No assignments, no such experiment, nothing known of people before it, or scikit-learn is not installed.
    AttributionError
        The arms are not what chance gives.
    """
    manifest = refreshed(workspace, told)
    if "assignments" not in manifest["tables"]:
        msg = (
            "The workspace holds no assignments. Only a randomised experiment tells what ads do to whom; without one, "
            "a policy is called a policy: attribution suppress --config FILE. Where there is an experiment, ingest who "
            "was held out: attribution ingest --assignments FILE."
        )
        raise UsageError(msg)
    names = ("touchpoints", "conversions", "customers")
    with workspace.write() as changed, connect(workspace.scratch()) as connection:
        touchpoints, conversions, customers, assignments = (
            people_table(workspace, connection, n, changed, "suppression") for n in (*names, "assignments")
        )
        assert assignments is not None
        relations = (touchpoints, conversions, customers)
        people, noted = assigned(connection, assignments, relations, question)
        features, more = features_before(connection, "uplift_assigned", relations, question.features)
        if features.empty:
            raise UsageError(_nothing_known(question))
        x = features.to_numpy(np.float64)
        split = check_split(people["exposed"].to_numpy(bool), x, question.planned)
        result = uplift_of(people, x, question, told)
        files = _kept(workspace, changed, question, result, tuple(features.columns))
    findings = (*noted, *more, *split, _in_words(result), *stitching_note(manifest, "suppression"))
    return UpliftReport(result.table, result.curve, tuple(features.columns), files, findings)


def _kept(
    workspace: Workspace, changed: dict[str, Any], question: UpliftQuestion, result: UpliftResult,
    features: tuple[str, ...],
) -> tuple[Path, ...]:  # fmt: skip
    """Write verdicts by person and how they were made; the manifest names them."""
    entry = identity_of(changed, "suppression")
    digest = digest_of(changed["tables"], None if entry is None else entry["path"], asdict(question))
    folder = workspace.path / "lists" / f"uplift-{digest[:8]}"
    folder.mkdir(exist_ok=True, mode=0o700)
    rows, described = folder / "uplift.parquet", folder / "manifest.json"
    rows.touch(mode=PRIVATE)
    result.people.to_parquet(rows, index=False)
    counts = {str(name): int(number) for name, number in result.people["verdict"].value_counts().items()}
    content = {"question": asdict(question), "features": features, "verdicts": counts,
               "groups": json.loads(result.table.to_json(orient="records"))}  # fmt: skip
    write_atomically(described, json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n")
    name = " ".join(("uplift", question.experiment, *([question.channel] if question.channel else [])))
    changed["lists"][name] = {
        "files": [str(path.relative_to(workspace.path)) for path in (rows, described)],
        "purpose": PURPOSE,
        "experiment": question.experiment,
        "channel": question.channel,
        "outcome": question.outcome,
        "people": len(result.people),
    }
    return rows, described


def _in_words(result: UpliftResult) -> Finding:
    """Say what the verdicts allow."""
    counts = result.people["verdict"].value_counts()
    shown = [f"{int(number):,} people: {verdict}" for verdict, number in counts.items() if verdict != UNDECIDED]
    if not shown:
        message = "No group is shown to be harmed, or not worth its cost: nobody is to be left out on uplift."
        return Finding("note", "uplift-undecided", message)
    remedy = "The rules harm-shown and below-cost of [suppression] list them; hold some out to see whether it lasts."
    return Finding("note", "uplift-shown", f"{'; '.join(sorted(shown))}.", remedy, int(counts.sum()))


def _nothing_known(question: UpliftQuestion) -> str:
    return (
        f'Nothing tells the people of "{question.experiment}" apart before they were assigned: no touch, purchase or '
        "record is older. Ingest what happened before, or name columns of the customers file: --features country."
    )
