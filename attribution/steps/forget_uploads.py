"""An erased person and the lists that platforms hold already: out of snapshots, and which platforms have to be told."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from attribution.activation.ledger import KEY
from attribution.activation.taken import WHO, person_key, save_snapshot
from attribution.engine import connect, literal, one_row, read_parquet
from attribution.identity.ledger import customer_id
from attribution.identity.lookup import Person, find_person
from attribution.identity.store import read_registry
from attribution.identity.tombstones import key_of_workspace
from attribution.identity.uses import identity_of
from attribution.workspace import Workspace, digest_of


def uploaded_with(workspace: Workspace, text: str) -> tuple[str, ...]:
    """Platforms whose uploaded lists hold a person, found by any id; nothing is changed.

    Raises
    ------
    UsageError
        Where nobody has that id.
    """
    manifest = workspace.require()
    if not manifest.get(KEY):
        return ()
    with connect() as connection:
        person = find_person(connection, workspace, manifest, text)
        return tuple(
            platform for platform, mark in sorted(manifest.get(KEY, {}).items())
            if _number(connection, workspace.path / mark["snapshot"], _whos(connection, workspace, manifest, person))
        )  # fmt: skip


def take_out(
    workspace: Workspace, connection: Any, changed: dict[str, Any], person: Person, more: Iterable[str] = ()
) -> tuple[str, ...]:
    """Take a person out of every snapshot of what was uploaded; give the platforms that hold them.

    Parameters
    ----------
    workspace : Workspace
    connection : DuckDB connection
    changed : dict
        The workspace's manifest, to be written by the caller.
    person : Person
    more : iterable of str
        Further ids under which a list may know the person.
    """
    told = []
    for platform, mark in sorted(changed.get(KEY, {}).items()):
        path = workspace.path / mark["snapshot"]
        whos = _whos(connection, workspace, changed, person, more)
        number = _number(connection, path, whos)
        if number:
            target = path.with_name(f"{path.stem.partition('~')[0]}~{digest_of(path.name)[:8]}.parquet")
            rest = f"FROM read_parquet({literal(path)}) WHERE NOT ({_is_theirs(whos)}) ORDER BY who"
            save_snapshot(connection, rest, target)
            # The platform holds them still, until the whole list is replaced there.
            mark |= {"snapshot": str(target.relative_to(workspace.path)), "people": mark["people"] - number}
            mark["forgotten"] += 1
            told.append(platform)
    return tuple(told)


def _whos(
    connection: Any, workspace: Workspace, manifest: dict[str, Any], person: Person, more: Iterable[str] = ()
) -> list[str]:
    """Digests under which snapshots know a person."""
    key = manifest.get("identity", {}).get("key")
    if not key:
        return []
    names = {*person.unified_ids, *more, *_listed_ids(connection, workspace, manifest, person)}
    return sorted(person_key(key_of_workspace(workspace, manifest), name)[:WHO] for name in names)


def _listed_ids(connection: Any, workspace: Workspace, manifest: dict[str, Any], person: Person) -> set[str]:
    """Ids under which lists know a person: of the tier that suppression uses, and those merged into them."""
    entry = identity_of(manifest, "suppression")
    if entry is None:
        return {person.customer_id}
    folder = workspace.path / entry["path"]
    registry = read_registry(folder / "registry.arrow")
    theirs = np.isin(registry.keys, np.array(sorted(person.keys), np.uint64))
    names = {customer_id(int(number)) for number in np.unique(registry.customer[theirs]) if number}
    of = ", ".join(literal(name) for name in sorted(names)) or "NULL"
    aliases = read_parquet([folder / "aliases.parquet"])
    rows = connection.execute(f"SELECT alias FROM {aliases} WHERE customer_id IN ({of})").fetchall()
    return names | {row[0] for row in rows}


def _number(connection: Any, path: Path, whos: list[str]) -> int:
    """How many rows of a snapshot are of a person."""
    if not whos:
        return 0
    (number,) = one_row(connection, f"SELECT count(*) FROM read_parquet({literal(path)}) WHERE {_is_theirs(whos)}")
    return int(number)


def _is_theirs(whos: list[str]) -> str:
    return f"who IN ({', '.join(f'CAST({literal(digest)} AS UUID)' for digest in whos)})"
