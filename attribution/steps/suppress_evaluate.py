"""Evaluate the holdout of a list: what suppression did to the people on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from attribution.engine import connect
from attribution.errors import GateError, UsageError
from attribution.findings import Finding
from attribution.identity.headers import columns_of
from attribution.identity.stitch import people_table
from attribution.identity.uses import stitching_note
from attribution.progress import Told, silent
from attribution.steps.journeys import refreshed
from attribution.suppression.evaluate import Outcomes, effects, in_words, leaked
from attribution.suppression.evaluation_kept import keep_evaluation
from attribution.suppression.experiment import experiment_of
from attribution.suppression.exposure import Period
from attribution.suppression.outcomes import Events, added_up, last_day, read_events, strangers, take_part
from attribution.workspace import Workspace
from attribution_models.value.holdout_effect import Leakage, SampleRatio, leakage, sample_ratio

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """What is evaluated.

    Attributes
    ----------
    outcomes : str
        File of ids, times and values.
    impressions : str or None
        File of ids and times of impressions after the upload.
    experiment : str or None
        None: the only one.
    start, end : date or None
        First and last day; None: the day of the first upload, or the day of the assignment, and the last outcome's.
    force : bool
        Whether a split that is not the planned one only warns.
    """

    outcomes: str
    impressions: str | None = None
    experiment: str | None = None
    start: date | None = None
    end: date | None = None
    force: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What a holdout shows.

    Attributes
    ----------
    experiment : str
    period : Period
    table : DataFrame
        As `effects` gives it.
    ratio : SampleRatio
    leakage : Leakage or None
    power : dict
        What could be shown, as it was told before the start.
    said : tuple of str
        In words.
    findings : tuple of Finding
    """

    experiment: str
    period: Period
    table: pd.DataFrame
    ratio: SampleRatio
    leakage: Leakage | None
    power: dict[str, Any]
    said: tuple[str, ...]
    findings: tuple[Finding, ...]


def evaluate_step(workspace: Workspace, options: EvaluateOptions, told: Told = silent) -> Evaluation:
    """Compare the arms of an experiment as they were assigned, and keep what it shows.

    Everybody counts in the arm they were assigned to, whether a platform knows them or not; without an outcome as 0.

    Parameters
    ----------
    workspace : Workspace
    options : EvaluateOptions
    told : Told

    Raises
    ------
    UsageError
        No holdout was made, a column is missing, nobody of the file takes part, or the window holds no outcome.
    GateError
        The split is not the planned one.
    """
    manifest = refreshed(workspace, told)
    told("comparing the arms", 0, 0)
    entry = experiment_of(manifest, options.experiment)
    with workspace.write() as changed, connect(workspace.scratch()) as connection:
        joined = take_part(workspace, connection, changed, workspace.path / entry["files"][0])
        events = read_events(workspace, connection, changed, options.outcomes)
        noted = [*events.findings, *strangers(connection, events), *_joined(joined)]
        period = _period(connection, events, entry, options)
        outcomes = _outcomes(workspace, connection, changed, events, period)
        ratio = _ratio(outcomes, entry, force=options.force)
        noted += _broken(ratio)
        table, freed = effects(outcomes), _freed(workspace, changed)
        through = None
        if options.impressions is not None:
            through, more = _leakage(workspace, connection, changed, options.impressions, period, freed)
            noted += more
        suppressed = int((~outcomes.held_out).sum())
        said = (*in_words(table, suppressed, period.days, freed), *(() if through is None else (leaked(through),)))
        found = Evaluation(entry["experiment"], period, table, ratio, through, entry["power"], said, (
            *noted, *stitching_note(manifest, "suppression")
        ))  # fmt: skip
        keep_evaluation(workspace, changed, _content(found, entry, outcomes))
    return found


def _joined(number: int) -> Iterator[Finding]:
    if number:
        message = (
            f"{number:,} people of the experiment were joined with others of it: the arm of the id that stays counts."
        )
        yield Finding("info", "joined-since", message, "", number)


def _period(connection: Any, events: Events, entry: dict[str, Any], options: EvaluateOptions) -> Period:
    """Days whose outcomes count."""
    start = options.start or date.fromisoformat(entry.get("uploaded_on") or entry["assigned_on"])
    last = last_day(connection, events)
    first, end = (start - EPOCH).days, last if options.end is None else (options.end - EPOCH).days
    if end < first or last < first:
        known = np.datetime64(last, "D")
        why = f"The window begins on {start} and ends on {np.datetime64(end, 'D')}; the last outcome is of {known}."
        raise UsageError(f"{why} Give days that the file holds: --start, --end.")
    return Period(first, end + 1)


def _outcomes(
    workspace: Workspace, connection: Any, manifest: dict[str, Any], events: Events, period: Period
) -> Outcomes:
    """Outcomes of each person, in the window and before it; the workspace's purchases count before it only."""
    columns = "unified_id, timestamp, value"
    earlier = f"SELECT {columns} FROM {events.relation}"
    known = people_table(workspace, connection, "conversions", manifest, "suppression")
    if known is not None:
        value = "value" if "value" in columns_of(connection, known) else "NULL::DOUBLE AS value"
        # A purchase that both know is one.
        earlier += f" UNION SELECT unified_id, timestamp, {value} FROM {known}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE earlier_outcomes AS SELECT * FROM ({earlier}) "
        f"WHERE timestamp < {Period.moment(period.start)}"
    )
    after = added_up(connection, events.relation, period)
    near = added_up(connection, "earlier_outcomes", period.before)
    far = added_up(connection, "earlier_outcomes", None, period.before)
    before = {name: np.column_stack([near[name], far[name]]) for name in ("number", "value")}
    return Outcomes(
        after["held_out"].to_numpy(bool), after["number"].to_numpy(np.float64), after["value"].to_numpy(np.float64),
        before, events.valued,
    )  # fmt: skip


def _ratio(outcomes: Outcomes, entry: dict[str, Any], *, force: bool) -> SampleRatio:
    """Check the split."""
    held = int(outcomes.held_out.sum())
    found = sample_ratio(outcomes.held_out.size - held, held, entry["share"])
    if found.broken and not force:
        raise GateError(f"{_mismatch(found)} Find out why first, or read it all the same with --force.")
    return found


def _broken(ratio: SampleRatio) -> Iterator[Finding]:
    if ratio.broken:
        yield Finding("warning", "sample-ratio", f"{_mismatch(ratio)} It was evaluated because of --force.")


def _mismatch(ratio: SampleRatio) -> str:
    return (
        f"{ratio.observed:.2%} of the people are held out and {ratio.expected:.2%} were planned (p = {ratio.p:.1g}): "
        "people went missing in one arm, and nothing may be read from this experiment."
    )


def _freed(workspace: Workspace, manifest: dict[str, Any]) -> dict[str, Any] | None:
    """What was told of the list with match rates."""
    name = manifest["lists"].get("suppression", {}).get("freed")
    return None if not name else dict(json.loads((workspace.path / name).read_text(encoding="utf-8")))


def _leakage(
    workspace: Workspace, connection: Any, manifest: dict[str, Any], file: str, period: Period,
    freed: dict[str, Any] | None,
) -> tuple[Leakage, tuple[Finding, ...]]:  # fmt: skip
    """Impressions in the window, per person of either arm."""
    events = read_events(workspace, connection, manifest, file, repeats=True)
    noted = (*events.findings, *strangers(connection, events))
    shown = added_up(connection, events.relation, period)
    match = None if freed is None else freed["platforms"][-1]["match_rate"]
    try:
        return leakage(shown["number"], shown["held_out"], match), noted
    except ValueError as error:
        raise UsageError(f"{events.name}: {error}") from None


def _content(found: Evaluation, entry: dict[str, Any], outcomes: Outcomes) -> dict[str, Any]:
    """Plain data, without people."""
    held = int(outcomes.held_out.sum())
    through = None if found.leakage is None else asdict(found.leakage)
    return {
        "experiment": found.experiment,
        "assigned_on": entry["assigned_on"],
        "uploaded_on": entry.get("uploaded_on"),
        "start": str(np.datetime64(found.period.start, "D")),
        "end": str(np.datetime64(found.period.end - 1, "D")),
        "days": found.period.days,
        "suppressed": outcomes.held_out.size - held,
        "held_out": held,
        "sample_ratio": asdict(found.ratio),
        "rows": json.loads(found.table.to_json(orient="records", double_precision=15)),
        "leakage": None if through is None else {k: None if v != v else v for k, v in through.items()},  # noqa: PLR0124
        "power_before": found.power,
        "said": list(found.said),
    }
