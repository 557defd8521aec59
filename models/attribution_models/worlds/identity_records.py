"""CRM records of an identity world: what people said of themselves, once, or twice and not quite the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.identity_people import Population, stream
from attribution_models.worlds.identity_texts import address, name

if TYPE_CHECKING:
    from attribution_models.worlds.identity_world import IdentityWorld

_STREETS = ("Main Street", "Station Road", "Mill Lane", "Church Street", "Garden Way", "High Street", "Lake Avenue",
            "Park Road", "School Lane", "Victoria Street", "Bridge Street", "Market Place")  # fmt: skip
_CITIES = ("Aachen", "Bonn", "Cottbus", "Dresden", "Essen", "Fulda", "Gera", "Halle", "Ingolstadt", "Jena", "Kassel",
           "Leipzig", "Mainz", "Nuremberg", "Oldenburg", "Passau")  # fmt: skip
COLUMNS = ("id:crm_id", "first_name", "last_name", "birth_date", "email", "phone", "street", "zip", "city", "country")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

_Record = dict[str, str]


def records_of(world: IdentityWorld, people: Population) -> Mapping[str, NDArray[Any]]:
    """Write a record of every account, and the till's of who has one: no e-mail, typed anew, some after a move."""
    rng = stream(world.seed, 3)
    draws = rng.random((people.people, 12))
    rows = []
    for p in np.flatnonzero(people.account | people.twice).tolist():
        first = _record(people, p, draws)
        if people.account[p]:
            rows.append(first)
        if people.twice[p]:
            rows.append(_again(first, p, draws))
    return {c: np.array([row[c] for row in rows], dtype=object) for c in COLUMNS}


def _record(people: Population, p: int, draws: NDArray[np.float64]) -> _Record:
    """Neighbours of a household share an address, which its first member's draws decide."""
    u = draws[p]
    first, last = name(p)
    born = np.datetime64("1940-01-01") + int(u[0] * 24_000)
    home = int(np.searchsorted(people.household, people.household[p]))
    return {
        "id:crm_id": f"C{p:08d}", "first_name": first.title(), "last_name": last.title(), "birth_date": str(born),
        "email": address(people.people, int(people.mailbox[p])), "phone": f"+4917{int(u[1] * 10**9):09d}",
        **_home(draws[home, 2:5]), "country": "DE",
    }  # fmt: skip


def _home(u: NDArray[np.float64]) -> _Record:
    city = int(u[0] * len(_CITIES))
    street = f"{_STREETS[int(u[1] * len(_STREETS))]} {1 + int(u[2] * 150)}"
    return {"street": street, "zip": f"{10_000 + 5_000 * city + int(u[1] * 40):05d}", "city": _CITIES[city]}


def _again(first: _Record, p: int, draws: NDArray[np.float64]) -> _Record:
    """Type a record anew: one field mistyped in half of them, a new address in one of seven, a phone in half."""
    u = draws[p]
    again = first | {"id:crm_id": f"T{p:08d}", "email": "", "phone": first["phone"] if u[5] < 0.5 else ""}
    if u[6] < 0.15:
        again |= _home(u[9:12])
    if u[7] < 0.5:
        field = ("first_name", "last_name", "birth_date", "street")[int(u[7] * 8)]
        again[field] = _mistyped(again[field], u[8])
    return again


def _mistyped(text: str, u: float) -> str:
    """Replace one character by another of its kind."""
    at = int(u * len(text))
    if not text[at].isalnum():
        at -= 1
    near = str((int(text[at]) + 1) % 10) if text[at].isdigit() else _LETTERS[(ord(text[at].lower()) - 96) % 26]
    return text[:at] + near + text[at + 1 :]
