"""Find a customer by any id: the customer's own, an earlier one, a unified id, or ``type=id``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from attribution.engine import literal, read_parquet
from attribution.errors import UsageError
from attribution.identity.id_types import id_type
from attribution.identity.keys import key_of
from attribution.identity.ledger import customer_id
from attribution.identity.normalize import canonical
from attribution.identity.registry import Registry
from attribution.identity.store import read_registry
from attribution.identity.uses import identity_of, identity_settings
from attribution.settings import IdentitySettings
from attribution.workspace import Workspace

CUSTOMER = re.compile(r"c[0-9]{10}")


@dataclass(frozen=True, slots=True)
class Person:
    """One customer.

    Attributes
    ----------
    customer_id : str
    unified_ids : tuple of str
        As they stand in the tables.
    keys : frozenset of int
        Keys of all ids of the customer; empty where no identity was made.
    types : dict of str to int
        Ids by type.
    """

    customer_id: str
    unified_ids: tuple[str, ...]
    keys: frozenset[int]
    types: dict[str, int]


def find_person(connection: Any, workspace: Workspace, manifest: dict[str, Any], text: str) -> Person:
    """Find who an id belongs to.

    Without an identity the text is a unified id.

    Raises
    ------
    UsageError
        Where nobody has that id. The message does not repeat it.
    """
    entry = identity_of(manifest)
    if entry is None:
        return Person(text, (text,), frozenset(), {})
    folder = workspace.path / entry["path"]
    registry = read_registry(folder / "registry.arrow")
    number = _number(connection, folder, registry, text, identity_settings(manifest))
    mine = np.flatnonzero((registry.customer == number) & registry.present)
    if number == 0 or mine.size == 0:
        msg = (
            "Nobody has that id. Give a customer_id (c0000000012), a unified_id as it stands in the files, or TYPE=ID, "
            "as in cookie=ck-81 or email=name@host."
        )
        raise UsageError(msg)
    name = customer_id(number)
    held: tuple[str, ...] = ()
    if entry["maps"].get("unified"):
        table = read_parquet([folder / "unified.parquet"])
        query = f"SELECT unified_id FROM {table} WHERE customer_id = {literal(name)} ORDER BY 1"
        held = tuple(row[0] for row in connection.execute(query).fetchall())
    kinds = np.bincount(registry.types[mine], minlength=len(registry.type_names))
    types = {n: int(k) for n, k in zip(registry.type_names, kinds, strict=True) if k}
    return Person(name, held, frozenset(registry.keys[mine].tolist()), types)


def _number(connection: Any, folder: Path, registry: Registry, text: str, settings: IdentitySettings) -> int:
    """Number of the customer that a text means; 0 for nobody."""
    if CUSTOMER.fullmatch(text):
        aliases = read_parquet([folder / "aliases.parquet"])
        rows = connection.execute(f"SELECT customer_id FROM {aliases} WHERE alias = {literal(text)}").fetchall()
        return int((rows[0][0] if rows else text)[1:])
    unified = folder / "unified.parquet"
    if unified.exists():
        query = f"SELECT customer_id FROM {read_parquet([unified])} WHERE unified_id = {literal(text)}"
        if rows := connection.execute(query).fetchall():
            return int(rows[0][0][1:])
    kind, mark, value = text.partition("=")
    if not mark or not value:
        return 0
    of = id_type(kind)
    form = canonical(of, value, settings.region, gmail=settings.gmail)
    if form is None:
        return 0
    place = int(np.searchsorted(registry.keys, np.uint64(key_of(of.name, form))))
    there = place < registry.keys.size and int(registry.keys[place]) == key_of(of.name, form)
    return int(registry.customer[place]) if there else 0
