"""What the ``unified_id`` of the tables is: a person's number, a device's, or ids of a type that links name too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from attribution.engine import identifier, literal, one_row
from attribution.errors import UsageError
from attribution.identity.headers import UNIFIED, columns_of
from attribution.identity.id_types import IdType, Level, id_type
from attribution.identity.uses import identity_of
from attribution.settings import IdentitySettings

# Unified ids looked at to find what they are.
SAMPLE = 20_000
NAME = "unified_id"


def unified_type(connection: Any, tables: Mapping[str, str], settings: IdentitySettings) -> tuple[IdType, str]:
    """Find what ``unified_id`` is, as `IdentitySettings.unified_id` says.

    Returns
    -------
    tuple of (IdType, str)
        The type, and why, in words.
    """
    said = settings.unified_id
    if said == "auto":
        return _looked_at(connection, tables)
    if said in get_args(Level):
        return IdType(NAME, cast("Level", said), "text"), "as set"
    if said == NAME:
        raise UsageError('unified_id: say what it is: "person", "device" or an id type such as "cookie".')
    return id_type(said), "as set"


def held_type(manifest: dict[str, Any]) -> IdType:
    """What the tier in use found ``unified_id`` to be; before any run, a type of its own."""
    entry = identity_of(manifest)
    name = NAME if entry is None else str(entry["unified_id"])
    return IdType(NAME, "person", "text") if name == NAME else id_type(name)


def _looked_at(connection: Any, tables: Mapping[str, str]) -> tuple[IdType, str]:
    held = [t for t in UNIFIED if t in tables and NAME in columns_of(connection, tables[t])]
    events = [t for t in held if t != "customers"] or held
    if events:
        every = " UNION ".join(f"SELECT unified_id FROM {tables[t]} WHERE unified_id IS NOT NULL" for t in events)
        # The smallest hashes are a sample that no order of rows changes.
        sample = f"(SELECT unified_id AS id FROM ({every}) ORDER BY sha256(unified_id) LIMIT {SAMPLE})"
        for name, ids in _named_ids(connection, tables):
            total, met = one_row(connection, f"SELECT count(*), count(*) FILTER (id IN ({ids})) FROM {sample}")
            if total and met / total > 0.5:
                return id_type(name), f"{met / total:.0%} of unified ids occur as {name} in the links"
    if "customers" in held:
        filled, rows = one_row(connection, f"SELECT count(unified_id), count(*) FROM {tables['customers']}")
        if rows and filled / rows > 0.5:
            return IdType(NAME, "person", "text"), "the customers file is keyed by it"
    return IdType(NAME, "device", "text"), "no links or customers file name it, so it may be shared by people"


def _named_ids(connection: Any, tables: Mapping[str, str]) -> list[tuple[str, str]]:
    """Types of the identities table with a query for their ids, in alphabetic order."""
    if "identities" not in tables:
        return []
    relation = tables["identities"]
    columns = columns_of(connection, relation)
    found: dict[str, list[str]] = {}
    for column in columns:
        if column.startswith("id:"):
            found.setdefault(column[3:], []).append(f"SELECT {identifier(column)} FROM {relation}")
    for end in ("a", "b"):
        if not {f"id_{end}", f"id_type_{end}"} <= set(columns):
            continue
        names = connection.execute(f"SELECT DISTINCT id_type_{end} FROM {relation}").fetchall()
        for (name,) in names:
            if name:
                query = f"SELECT id_{end} FROM {relation} WHERE id_type_{end} = {literal(name)}"
                found.setdefault(name, []).append(query)
    found.pop(NAME, None)
    return [(name, " UNION ALL ".join(queries)) for name, queries in sorted(found.items())]
