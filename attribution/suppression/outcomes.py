"""Outcomes of an experiment, read by the rules of ``ingest``, and added up for each of its people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from attribution.engine import one_row, read_parquet
from attribution.errors import AttributionError, UsageError
from attribution.findings import Finding
from attribution.identity.headers import columns_of
from attribution.identity.stitch import stitched
from attribution.identity.uses import identity_of
from attribution.ingest.ingest import ingest
from attribution.suppression.exposure import Period
from attribution.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Events:
    """Rows of a file under customers: unified_id, timestamp, and value where there is one.

    Attributes
    ----------
    relation : str
        SQL.
    name : str
        What the file is called.
    valued : bool
    findings : tuple of Finding
    """

    relation: str
    name: str
    valued: bool
    findings: tuple[Finding, ...] = ()


def read_events(
    workspace: Workspace, connection: Any, manifest: dict[str, Any], file: str, *, repeats: bool = False
) -> Events:
    """Read a file of ids, times and values, as ``ingest --conversions`` reads it; nothing of it stays.

    Parameters
    ----------
    workspace : Workspace
        Whose identity says which customer an id is, and whose scratch folder is used.
    connection : DuckDB connection
    manifest : dict
    file : str
    repeats : bool
        Whether equal rows count each, as impressions of one day do; else once.

    Raises
    ------
    UsageError
        A column is missing.
    AttributionError
        No row can be read.
    """
    folder = workspace.scratch() / ("impressions" if repeats else "outcomes")
    apart = Workspace(folder)
    report = ingest(apart, {"conversions": [file]})
    held = apart.manifest()
    files = list(held["tables"].get("conversions", []))
    if repeats:
        files += [item["aside"]["conversions"] for item in held["inputs"] if "conversions" in item["aside"]]
    relation = read_parquet([folder / name for name in files])
    (rows,) = one_row(connection, f"SELECT count(*) FROM {relation}")
    noted = tuple(_told(report.findings, repeats=repeats))
    if not rows:
        raise AttributionError(" ".join([f"{Path(file).name}: no row can be used.", *(f.message for f in noted)]))
    valued = "value" in columns_of(connection, relation)
    shape = f"unified_id, timestamp, {'value' if valued else 'NULL::DOUBLE AS value'}"
    under = under_customers(workspace, connection, manifest, f"(SELECT {shape} FROM {relation})")
    return Events(under, Path(file).name, valued, noted)


def _told(findings: tuple[Finding, ...], *, repeats: bool) -> Iterator[Finding]:
    """What reading noticed; rows that failed are not kept to be looked at."""
    for finding in findings:
        if finding.code == "duplicates" and repeats:
            continue
        if finding.code == "quarantined":
            yield replace(finding, message=finding.message.replace("quarantined", "left out"), remedy="Mend them.")
        else:
            yield replace(finding, remedy="") if finding.code == "timezone" else finding


def under_customers(workspace: Workspace, connection: Any, manifest: dict[str, Any], relation: str) -> str:
    """SQL of rows whose ``unified_id`` is today's customer: by the ids of the files, or by an earlier customer_id."""
    entry = identity_of(manifest, "suppression")
    if entry is None:
        return relation
    folder = workspace.path / entry["path"]
    unified = read_parquet([folder / "unified.parquet"]) if entry["maps"].get("unified") else None
    found = stitched(connection, "conversions", relation, unified, None)
    aliases = read_parquet([folder / "aliases.parquet"])
    return f"""(SELECT t.* REPLACE (coalesce(a.customer_id, t.unified_id) AS unified_id)
        FROM {found} t LEFT JOIN {aliases} a ON a.alias = t.unified_id)"""


def take_part(workspace: Workspace, connection: Any, manifest: dict[str, Any], arms: Path) -> int:
    """Make the table ``experiment_arms`` (customer_id, held_out); give the number of people who were joined since.

    Two who turned out to be one person keep the arm of the id that survives.
    """
    kept = f"(SELECT customer_id::VARCHAR AS unified_id, customer_id::VARCHAR AS was, arm FROM {read_parquet([arms])})"
    now = under_customers(workspace, connection, manifest, kept)
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE experiment_arms AS
        SELECT unified_id AS customer_id, arm = 'held_out' AS held_out FROM {now}
        QUALIFY row_number() OVER (PARTITION BY unified_id ORDER BY was = unified_id DESC, was) = 1""")
    (before,) = one_row(connection, f"SELECT count(*) FROM {kept}")
    (people,) = one_row(connection, "SELECT count(*) FROM experiment_arms")
    return int(before) - int(people)


def last_day(connection: Any, events: Events) -> int:
    """Last day of a file, counted from 1970."""
    (day,) = one_row(
        connection, f"SELECT max(date_diff('day', DATE '1970-01-01', timestamp::DATE)) FROM {events.relation}"
    )
    return int(day)


def strangers(connection: Any, events: Events) -> tuple[Finding, ...]:
    """Say how many people of a file take no part in the experiment.

    Raises
    ------
    UsageError
        Nobody does.
    """
    known, others = one_row(
        connection,
        f"""SELECT count(DISTINCT e.unified_id) FILTER (a.customer_id IS NOT NULL),
            count(DISTINCT e.unified_id) FILTER (a.customer_id IS NULL)
        FROM {events.relation} e LEFT JOIN experiment_arms a ON a.customer_id = e.unified_id""",
    )
    if not known:
        raise UsageError(
            f"{events.name}: none of its {others:,} people takes part in the experiment. Give the customer_id of "
            "holdout.csv, or the unified_id of the files that were ingested."
        )
    if not others:
        return ()
    message = f"{events.name}: {others:,} of {known + others:,} people take no part in the experiment and are left out."
    return (Finding("note", "no-part", message, "", int(others)),)


def added_up(connection: Any, events: str, period: Period | None, until: Period | None = None) -> pd.DataFrame:
    """Number and value of the events of each person of the experiment, sorted by customer_id; zeros included.

    Values are summed by size, so that the order of rows changes no digit.

    Parameters
    ----------
    connection : DuckDB connection
    events : str
        SQL of unified_id, timestamp, value.
    period : Period or None
        Which count; None: all before ``until``.
    until : Period, optional
    """
    which = period.sql("e.timestamp") if period else f"e.timestamp < {Period.moment(until.start)}" if until else "true"
    found: pd.DataFrame = connection.execute(
        f"""SELECT a.customer_id, any_value(a.held_out) AS held_out, count(e.timestamp)::DOUBLE AS number,
            coalesce(sum(e.value ORDER BY e.value), 0)::DOUBLE AS value
        FROM experiment_arms a LEFT JOIN {events} e ON e.unified_id = a.customer_id AND {which}
        GROUP BY 1 ORDER BY 1"""
    ).df()
    return found
