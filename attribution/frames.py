"""Frames in, journeys out: the same checks as for files, without a workspace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from attribution.credit.finer import credits_by
from attribution.credit.intervals import Uncertainty
from attribution.credit.paths import Fit, credits_of, fit_paths
from attribution.credit.specs import named
from attribution.credit.spend import read_spend
from attribution.engine import connect, identifier, one_row
from attribution.errors import AttributionError, UsageError
from attribution.findings import Finding
from attribution.ingest.check import Checked, check, selections
from attribution.ingest.layouts import recognise
from attribution.ingest.sources import Source
from attribution.ingest.stage import LINE, Staged
from attribution.journeys import build
from attribution.journeys.journeys import Journeys
from attribution.settings import IngestSettings, JourneySettings


def build_journeys(
    touchpoints: Any, conversions: Any = None, customers: Any = None, *, strict: bool = False, **settings: Any
) -> Journeys:
    """Cut frames of touches and conversions into journeys.

    Parameters
    ----------
    touchpoints : pandas, polars or Arrow frame, or any object with an Arrow stream
        Columns as in the contract, or any layout that ``attribution ingest`` recognises; events with a
        conversion flag or revenue on the row need no ``conversions``.
    conversions, customers : frame, optional
    strict : bool
        Raise where a row fails a check, instead of leaving it out with a finding.
    **settings
        As in `attribution.settings.JourneySettings`: ``lookback="30d"``, ``direct="drop"``…

    Returns
    -------
    Journeys

    Raises
    ------
    AttributionError
        A column is missing or cannot be read; under ``strict``, a row failed.

    Examples
    --------
    >>> import pandas as pd, attribution
    >>> touches = pd.DataFrame({
    ...     "user_id": ["u1", "u1", "u2"], "channel": ["Search", "Mail", "Search"],
    ...     "timestamp": pd.to_datetime(["2026-01-01", "2026-01-03", "2026-01-02"])})
    >>> orders = pd.DataFrame({"user_id": ["u1"], "timestamp": pd.to_datetime(["2026-01-04"]), "value": [50.0]})
    >>> found = attribution.build_journeys(touches, orders)
    >>> found.channels
    ('Mail', 'Search')
    >>> found.counts["converting"], found.counts["journeys"]
    (1, 2)
    """
    with connect() as connection:
        tables, findings = _tables(
            connection, {"touchpoints": touchpoints, "conversions": conversions, "customers": customers}, strict
        )
        built = build.build_journeys(connection, build.JourneyTables(**tables), JourneySettings(**settings))
    return _with_findings(built, findings)


def read_paths(frame: Any, *, separator: str | None = None, strict: bool = False, **settings: Any) -> Journeys:
    """Read aggregated paths: ``path``, ``conversions`` and, optionally, ``value`` and ``nulls``.

    Examples
    --------
    >>> import pandas as pd, attribution
    >>> frame = pd.DataFrame({"path": ["A > B", "B"], "conversions": [2, 1], "nulls": [0, 3]})
    >>> attribution.read_paths(frame).channels
    ('A', 'B')
    """
    with connect() as connection:
        tables, findings = _tables(connection, {"paths": frame}, strict, IngestSettings(path_separator=separator))
        built = build.build_journeys(connection, build.JourneyTables(**tables), JourneySettings(**settings))
    return _with_findings(built, findings)


def fit(
    journeys: Journeys, *models: Any, bootstrap: int = 0, posterior: int = 0, seed: int = 1, level: float = 0.9
) -> tuple[Fit, ...]:
    """Fit path models.

    Parameters
    ----------
    journeys : Journeys
    *models : spec or str
        ``Markov(order=2)``, ``Linear()``, or a name: ``"rules"``, ``"markov"``, ``"shapley"``, ``"last"``…
        None fits all of them.
    bootstrap : int
        Replicates for percentile intervals by customer; 0 makes none, 200 are usual.
    posterior : int
        Markov chains only: draws of the chain's rows instead, conditional on the chain.
    seed, level
        Of the intervals.

    Examples
    --------
    >>> import pandas as pd, attribution
    >>> frame = pd.DataFrame({"path": ["C1 > C2 > C3", "C1", "C2 > C3"], "conversions": [1, 0, 0], "nulls": [0, 1, 1]})
    >>> (chain,) = attribution.fit(attribution.read_paths(frame), attribution.Markov(order=1))
    >>> [round(float(c), 9) for c in chain.credit.conversions]
    [0.2, 0.4, 0.4]
    """
    specs: list[Any] = []
    for model in models or ("rules", "markov", "shapley"):
        specs += named([model]) if isinstance(model, str) else [model]
    how = Uncertainty(bootstrap=bootstrap, posterior=posterior, seed=seed, level=level)
    return fit_paths(journeys, specs, None, how)[0]


def credits(
    journeys: Journeys,
    fits: Any,
    spend: Any = None,
    *,
    by: tuple[str, ...] = (),
    kind: str | None = None,
) -> pd.DataFrame:
    """The credits table of fits, with cost, CPA and ROAS where spend is given.

    Parameters
    ----------
    journeys : Journeys
    fits : Fit or sequence of Fit
    spend : frame, optional
        ``date``, ``channel``, ``spend``, and optionally ``campaign`` and ``geo``.
    by : tuple of str
        Of ``campaign``, ``month``, ``week``, ``geo``, ``kind``, ``customer``.
    kind : str, optional
        Only conversions of this kind.

    Examples
    --------
    >>> import pandas as pd, attribution
    >>> found = attribution.read_paths(pd.DataFrame({"path": ["A > B", "B"], "conversions": [2, 1]}))
    >>> table = attribution.credits(found, attribution.fit(found, "linear"))
    >>> table[["channel", "conversions"]].values.tolist()
    [['A', 1.0], ['B', 2.0], ['(unattributed)', 0.0]]
    """
    chosen = [fits] if isinstance(fits, Fit) else list(fits)
    spent = None
    if spend is not None:
        with connect() as connection:
            tables, _ = _tables(connection, {"spend": spend}, strict=True)
            spent = read_spend(connection, tables["spend"], None, None)
    if by or kind is not None:
        return credits_by(journeys, [f.kept for f in chosen], spent, by=by, kind=kind)[0]
    return credits_of(journeys, chosen, spent)


def _with_findings(built: Journeys, findings: list[Finding]) -> Journeys:
    return replace(built, findings=(*findings, *built.findings)) if findings else built


def _tables(
    connection: Any, frames: dict[str, Any], strict: bool, settings: IngestSettings | None = None
) -> tuple[dict[str, str], list[Finding]]:
    """Check frames into tables of the connection; rows that fail are left out, with a finding."""
    tables: dict[str, str] = {}
    findings: list[Finding] = []
    for number, (name, frame) in enumerate(frames.items()):
        if frame is None:
            continue
        staged = _staged(connection, name, frame, f"frame_{number}")
        layout = recognise(tuple(staged.columns), name, {}, staged.source.name)
        checked = check(connection, staged, layout, settings or IngestSettings())
        kept_rows = 0
        for table, query in selections(staged, checked):
            if table in tables and table != name:
                raise UsageError(f"{name} holds {table} too, and {table} are given as well. Give one of them.")
            kept = f"kept_{table}"
            connection.execute(f"CREATE TEMP TABLE {identifier(kept)} AS {_distinct(query, table)}")
            tables[table] = identifier(kept)
            if table == name:
                kept_rows = one_row(connection, f"SELECT count(*) FROM {identifier(kept)}")[0]
        failed = [] if kept_rows == staged.rows else _reasons(connection, staged, checked)
        if failed:
            total = sum(count for _, count in failed)
            why = "; ".join(f"{count:,} × {reason}" for reason, count in failed[:3])
            message = f"{name}: {total:,} of {staged.rows:,} rows left out ({why})."
            if strict or total == staged.rows:
                raise AttributionError(message + " Mend them, or pass strict=False to go on without them.")
            findings.append(Finding("warning", "rows-left-out", message, "Mend them, or leave them out.", total))
    return tables, findings


def _reasons(connection: Any, staged: Staged, checked: Checked) -> list[tuple[str, int]]:
    """How many rows failed, by reason, most first."""
    rows: list[tuple[str, int]] = connection.execute(
        f"SELECT {checked.reason} AS reason, count(*) FROM {staged.relation} WHERE {checked.reason} IS NOT NULL "
        "GROUP BY 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    return rows


def _distinct(query: str, table: str) -> str:
    return query if table == "paths" else f"SELECT DISTINCT * FROM ({query})"


def _staged(connection: Any, name: str, frame: Any, registered: str) -> Staged:
    try:
        if isinstance(frame, pd.DataFrame):
            table = pa.Table.from_pandas(frame, preserve_index=False)
        else:
            table = pa.table(frame)
    except (TypeError, ValueError, pa.ArrowException) as error:
        msg = f"{name}: a pandas, polars or Arrow frame is needed, got {type(frame).__name__} ({error})."
        raise UsageError(msg) from None
    connection.register(registered, table)
    described = connection.execute(f"DESCRIBE SELECT * FROM {registered}").fetchall()
    relation = f"(SELECT *, row_number() OVER () AS {LINE} FROM {registered})"
    source = Source(name, Path(name), "parquet")
    return Staged(source, relation, {row[0]: row[1] for row in described}, table.num_rows)
