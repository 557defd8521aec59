"""One customer's timeline over all ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from attribution.engine import connect, identifier, literal
from attribution.errors import UsageError
from attribution.identity.lifecycle import WITHOUT_REPEATS, lifecycle_windows, stages_at
from attribution.identity.lookup import Person, find_person
from attribution.identity.stitch import people_table
from attribution.identity.uses import identity_of
from attribution.steps.journeys import refreshed
from attribution.workspace import Workspace

# Told of each event, where the tables have it.
TOUCH = ("channel", "campaign", "interaction", "device_type", "cost")
CONVERSION = ("value", "kind")
COLUMNS = ("timestamp", "event", *TOUCH, *CONVERSION, "unified_id", "stage")
DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened to one customer.

    Attributes
    ----------
    person : Person
    events : DataFrame
        `COLUMNS`, in order of time: ``event`` is ``touch``, ``conversion`` or ``customer since``; ``unified_id`` the id
        that the source gave; ``stage`` what the person was just before (`lifecycle.stages_at`).
    retroactive : str
        How the ids were joined, in words.
    """

    person: Person
    events: pd.DataFrame
    retroactive: str


def journey_step(workspace: Workspace, text: str) -> Timeline:
    """Everything that is known of a customer, found by any id.

    Raises
    ------
    UsageError
        Where nobody has that id, or nothing is known of them.
    """
    manifest = refreshed(workspace)
    with connect(workspace.scratch()) as connection:
        person = find_person(connection, workspace, manifest, text)
        parts = [_events(connection, workspace, manifest, person, *of) for of in _SOURCES]
        since = _since(connection, workspace, manifest, person)
        everybody = people_table(workspace, connection, "conversions", manifest)
        windows = WITHOUT_REPEATS if everybody is None else lifecycle_windows(connection, everybody)
    found = [part for part in parts if part is not None and not part.empty]
    if not found and since is None:
        raise UsageError("Nothing is known of that person: no touches, conversions or customers file names them.")
    events = pd.concat([*found, *_since_row(since)], ignore_index=True)
    events = events.sort_values(["timestamp", "_order"], kind="stable", ignore_index=True)
    return Timeline(person, _staged(events, since, windows), _joined(manifest))


_SOURCES = (("touchpoints", "touch", TOUCH, 0), ("conversions", "conversion", CONVERSION, 2))


def _events(
    connection: Any, workspace: Workspace, manifest: dict[str, Any], person: Person, table: str, event: str,
    columns: tuple[str, ...], order: int,
) -> pd.DataFrame | None:  # fmt: skip
    relation = workspace.table(table, manifest)
    if relation is None:
        return None
    there = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}
    listed = ", ".join(identifier(c) for c in columns if c in there)
    ids = ", ".join(literal(u) for u in person.unified_ids) or "NULL"
    query = (
        f"SELECT timestamp, {literal(event)} AS event, {listed + ',' if listed else ''} unified_id, {order} AS _order "
        f"FROM {relation} WHERE unified_id IN ({ids}) ORDER BY ALL"
    )
    frame: pd.DataFrame = connection.execute(query).df()
    return frame


def _since(connection: Any, workspace: Workspace, manifest: dict[str, Any], person: Person) -> pd.Timestamp | None:
    """Since when a customers file has the person as a customer."""
    relation = people_table(workspace, connection, "customers", manifest)
    if relation is None:
        return None
    there = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}
    if not {"customer_since", "unified_id"} <= there:
        return None
    query = f"SELECT min(customer_since) FROM {relation} WHERE unified_id = {literal(person.customer_id)}"
    (row,) = connection.execute(query).fetchall()
    return None if row[0] is None else pd.Timestamp(row[0])


def _since_row(since: pd.Timestamp | None) -> list[pd.DataFrame]:
    return [] if since is None else [pd.DataFrame({"timestamp": [since], "event": ["customer since"], "_order": [1]})]


def _staged(events: pd.DataFrame, since: pd.Timestamp | None, windows: tuple[float, float]) -> pd.DataFrame:
    """Say of each event what the person was at that moment.

    A customers file dates by day: where that is the day of the first conversion, the conversion's own time counts.
    """
    at = events["timestamp"].astype("datetime64[us]").to_numpy().astype(np.int64)
    bought = at[(events["event"] == "conversion").to_numpy()].tolist()
    first = None if since is None else int(since.value // 1000)
    if first is not None and bought and first // DAY >= bought[0] // DAY:
        first = None
    events["stage"] = stages_at(at, bought, windows, first)
    return events.reindex(columns=[c for c in COLUMNS if c in events])


def _joined(manifest: dict[str, Any]) -> str:
    entry = identity_of(manifest)
    if entry is None:
        return "Ids were not joined: this is what one unified id saw."
    as_of = entry["settings"]["as_of"]
    known = f"known by {as_of}" if as_of else "known today, so that earlier touches are theirs too"
    return f"Ids were joined by the links {known} (tier {entry['settings']['tier']})."
