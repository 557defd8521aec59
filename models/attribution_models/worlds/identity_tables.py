"""An identity world as tables: links as pairs and as wide rows, and whose every id is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.identity_people import Population
from attribution_models.worlds.identity_records import records_of
from attribution_models.worlds.identity_texts import Texts, texts
from attribution_models.worlds.identity_visits import COLUMNS, PLACEHOLDER, Rows, device_of_cookie
from attribution_models.worlds.path_tables import labels

if TYPE_CHECKING:
    from attribution_models.worlds.identity_world import IdentityWorld

Columns = Mapping[str, NDArray[Any]]
_Ints = NDArray[np.int64]

OWN, SHARED, KIOSK, NO_PERSON = "own", "shared", "kiosk", "placeholder"


@dataclass(frozen=True, slots=True)
class IdentityTables:
    """Column name to array, rows in order of time.

    Attributes
    ----------
    people : int
    links : mapping of str to array
        One row per pair of ids that one row of a log names: id_type_a, id_a, id_type_b, id_b, seen_at.
    wide : mapping of str to array
        The same rows with one ``id:<type>`` column per type, and seen_at; an empty text is no id.
    customers : mapping of str to array
        CRM records: ``id:crm_id`` and what they say of a person.
    truth : mapping of str to array
        One row per id as it is written, in whatever row it was seen, also alone: id_type, id, person (empty where it
        is nobody's alone), kind (``own``, ``shared`` within a household, ``kiosk``, ``placeholder``), people (how
        many used it), linked (whether a row names it beside another id).
    """

    people: int
    links: Columns
    wide: Columns
    customers: Columns
    truth: Columns


def tabulate(world: IdentityWorld, people: Population, rows: Rows) -> IdentityTables:
    """Write rows of codes as texts, and say whose they are."""
    written = {c: texts(c, rows.codes[c], rows.written, world.people, world.seed) for c in COLUMNS}
    start = np.datetime64(world.first_day.isoformat(), "us")
    at = start + rows.at.astype("timedelta64[s]")
    several = sum((rows.codes[c] != -1).astype(np.int64) for c in COLUMNS) > 1
    wide = {f"id:{c}": written[c][several] for c in COLUMNS} | {"seen_at": at[several]}
    truth = _truth(world, people, rows, written, several)
    return IdentityTables(world.people, _pairs(written, at), wide, records_of(world, people), truth)


def _pairs(written: Mapping[str, Texts], at: NDArray[np.datetime64]) -> Columns:
    """All pairs of ids of each row."""
    parts = []
    for a, b in combinations(COLUMNS, 2):
        there = np.flatnonzero((written[a] != "") & (written[b] != ""))
        kinds = (np.full(there.size, c, dtype=object) for c in (a, b))
        parts.append((there, *kinds, written[a][there], written[b][there]))
    row, kind_a, kind_b, id_a, id_b = (np.concatenate([p[i] for p in parts]) for i in range(5))
    order = np.argsort(row, kind="stable")
    columns = {"id_type_a": kind_a, "id_a": id_a, "id_type_b": kind_b, "id_b": id_b, "seen_at": at[row]}
    return {name: column[order] for name, column in columns.items()}


def _truth(
    world: IdentityWorld, people: Population, rows: Rows, written: Mapping[str, Texts], several: NDArray[np.bool_]
) -> Columns:
    parts = [
        _of_column(world, people, rows, c, written[c], several) for c in COLUMNS if bool((rows.codes[c] != -1).any())
    ]
    return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}


def _of_column(
    world: IdentityWorld, people: Population, rows: Rows, column: str, text: Texts, several: NDArray[np.bool_]
) -> dict[str, NDArray[Any]]:
    there = np.flatnonzero(rows.codes[column] != -1)
    ids, first, place = np.unique(text[there], return_index=True, return_inverse=True)
    owner, kind = _owners(world, people, column, rows.codes[column][there[first]])
    names = np.append(labels("person", world.people), "")
    users = np.unique(place * world.people + rows.person[there]) // world.people
    linked = np.bincount(place, several[there], ids.size) > 0
    return {
        "id_type": np.full(ids.size, column, dtype=object),
        "id": ids,
        "person": names[owner],
        "kind": kind,
        "people": np.bincount(users, minlength=ids.size),
        "linked": linked.astype(np.int64),
    }


def _owners(world: IdentityWorld, people: Population, column: str, codes: _Ints) -> tuple[_Ints, Texts]:
    """Person of each code (−1: nobody alone), and the kind of id."""
    n, h = world.people, people.households
    # Mailboxes and devices are coded alike: two per person, then the household's, then kiosks.
    thing = device_of_cookie(world, codes) if column == "cookie" else codes
    if column == "maid":
        thing = np.where(codes >= n, codes + n, codes)
    if column == "device":
        thing = np.full(codes.size, 2 * n + h)
    if column in {"crm_id", "loyalty"}:
        thing = codes % n
    kind = np.array([OWN, SHARED, KIOSK, NO_PERSON], dtype=object)[
        np.where(codes <= PLACEHOLDER, 3, (thing >= 2 * n).astype(np.int64) + (thing >= 2 * n + h))
    ]
    return np.where(kind == OWN, thing % n, -1), kind
