"""Visits of an identity world's people, as rows of ids: what a shop's logs, till and CRM write down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.identity_people import Population, stream

if TYPE_CHECKING:
    from attribution_models.worlds.identity_world import IdentityWorld

_Flags = NDArray[np.bool_]
_Ints = NDArray[np.int64]

DAY = 86_400
NO_ID = -1
# Code of the first placeholder of a column: texts that stand where an id should.
PLACEHOLDER = -2
COLUMNS = ("crm_id", "email", "email_sha256", "loyalty", "maid", "device", "cookie")
# How often visits happen on phone, computer and family device, where a person has them.
_PLACES = np.array([0.55, 0.30, 0.15])
_YEARS_BEFORE = 730 * DAY  # accounts are up to two years older than the window


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of ids, r of them, in order of time.

    Attributes
    ----------
    at : array (r,) of int
        Seconds from the window's start.
    person : array (r,) of int
        Who made the visit.
    codes : dict of str to array (r,) of int
        Column to code of the id; `NO_ID` or, from `PLACEHOLDER` down, a placeholder.
    written : array (r,) of int
        How e-mails were typed, 0 to 3; see `identity_texts`.
    """

    at: _Ints
    person: _Ints
    codes: dict[str, _Ints]
    written: _Ints


@dataclass(slots=True)
class _Log:
    """Rows as they are collected."""

    rng: np.random.Generator
    parts: list[tuple[_Ints, _Ints, dict[str, _Ints]]] = field(default_factory=list)

    def add(self, at: _Ints, person: _Ints, **codes: _Ints) -> None:
        self.parts.append((at, person, codes))

    def rows(self) -> Rows:
        at = np.concatenate([p[0] for p in self.parts])
        order = np.argsort(at, kind="stable")
        codes = {
            c: np.concatenate([p[2].get(c, np.full(p[0].size, NO_ID)) for p in self.parts])[order] for c in COLUMNS
        }
        person = np.concatenate([p[1] for p in self.parts])[order]
        written = self.rng.choice(4, at.size, p=(0.8, 0.1, 0.05, 0.05))
        return Rows(at[order], person, codes, written)


def rows_of(world: IdentityWorld, people: Population) -> Rows:
    """Draw all rows: the CRM's records, visits online, visits to kiosks, receipts at the till."""
    log = _Log(stream(world.seed, 2))
    _records(world, people, log)
    _online(world, people, log)
    _kiosks(world, people, log)
    return log.rows()


def _records(world: IdentityWorld, people: Population, log: _Log) -> None:
    """An account's record names e-mail and card; some get the second address later; receipts go to who asks."""
    rng, n = log.rng, people.people
    who = np.flatnonzero(people.account)
    with_card = people.card[who] & (rng.random(who.size) < 0.8)
    at = -rng.integers(1, _YEARS_BEFORE, who.size)
    log.add(at, who, crm_id=who, email=people.mailbox[who], loyalty=np.where(with_card, who, NO_ID))
    later = np.flatnonzero(people.account & people.second & (rng.random(n) < 0.3))
    log.add(rng.integers(0, world.days * DAY, later.size), later, crm_id=later, email=n + later)
    # A record of the till is seen alone: its number n + p shares no key with anything.
    twice = np.flatnonzero(people.twice)
    log.add(-rng.integers(1, _YEARS_BEFORE, twice.size), twice, crm_id=n + twice)
    asked = np.flatnonzero(people.card & (rng.random(n) < 0.3))
    log.add(rng.integers(0, world.days * DAY, asked.size), asked, loyalty=asked, email=people.mailbox[asked])


def _online(world: IdentityWorld, people: Population, log: _Log) -> None:
    """Visits in browsers and apps: who logs in, orders as a guest or comes from a newsletter tells who."""
    rng, n = log.rng, people.people
    often = world.visits_per_day * world.days * rng.lognormal(-0.32, 0.8, n)
    person = np.repeat(np.arange(n), rng.poisson(often))
    device, there = _device(people, person, rng)
    person, device = person[there], device[there]
    at = rng.integers(0, world.days * DAY, person.size)

    def happens(share: float) -> _Flags:
        flags: _Flags = rng.random(person.size) < share
        return flags

    maid = _maid(people, device)
    app = (maid != NO_ID) & happens(world.in_app)
    both = (maid != NO_ID) & happens(world.in_app_browser)
    cookie = np.where(app, NO_ID, _cookie(world, people, device, at))
    logged_in = people.account[person] & happens(world.log_ins)
    clicked = people.newsletter[person] & ~app & happens(world.newsletter_clicks)
    guest = ~logged_in & happens(world.guest_orders)
    digest = np.where(logged_in & happens(0.6), people.mailbox[person], NO_ID)
    reader = np.where(happens(world.forwarded), _other(people, person, rng), person)
    digest = np.where(clicked, people.mailbox[reader], digest)
    second = people.second[person] & happens(0.4)
    email = np.where(guest, np.where(second, n + person, people.mailbox[person]), NO_ID)
    crm = np.where(logged_in, person, NO_ID)
    broken = happens(world.broken_tags)
    which = rng.integers(0, 4, person.size)
    crm = np.where(broken & (which <= 1), PLACEHOLDER - which, crm)
    digest = np.where(broken & (which == 2), PLACEHOLDER, digest)
    email = np.where(broken & (which == 3), PLACEHOLDER, email)
    log.add(
        at, person, crm_id=crm, email=email, email_sha256=digest, maid=np.where(app | both, maid, NO_ID), cookie=cookie
    )


def _kiosks(world: IdentityWorld, people: Population, log: _Log) -> None:
    """Terminals in shops: people scan their card or log in, one after the other, in the same browser."""
    rng = log.rng
    person = np.repeat(np.arange(people.people), rng.poisson(world.kiosk_visits, people.people))
    person = person[people.account[person] | people.card[person]]
    kiosk = rng.integers(0, people.kiosks, person.size)
    device = 2 * people.people + people.households + kiosk
    at = rng.integers(0, world.days * DAY, person.size)
    scans = people.card[person] & (~people.account[person] | (rng.random(person.size) < 0.5))
    log.add(
        at, person, crm_id=np.where(scans, NO_ID, person), loyalty=np.where(scans, person, NO_ID),
        device=device, cookie=_cookie(world, people, device, at),
    )  # fmt: skip


def _device(people: Population, person: _Ints, rng: np.random.Generator) -> tuple[_Ints, _Flags]:
    """Code of the device of each visit, and whether the person has any."""
    n = people.people
    home = people.household
    has = np.stack([people.phone, people.computer, people.family_device[home]], axis=1)[person]
    ends = np.cumsum(has * _PLACES, axis=1)
    u = rng.random(person.size) * ends[:, -1]
    place = np.minimum((u[:, None] >= ends).sum(axis=1), 2)
    there: _Flags = ends[:, -1] > 0
    return np.where(place == 2, 2 * n + home[person], place * n + person), there


def _maid(people: Population, device: _Ints) -> _Ints:
    """Advertising id of phones and family devices; a computer has none."""
    n = people.people
    phone, family = device < n, device >= 2 * n
    slot = np.where(phone, device, np.where(family, device - n, 0))
    return np.where(phone | family, np.where(people.told[slot], slot, PLACEHOLDER), NO_ID)


def _cookie(world: IdentityWorld, people: Population, device: _Ints, at: _Ints) -> _Ints:
    """Cookie of a device's browser on that day."""
    most = (world.days + max(world.cookie_days)) // min(world.cookie_days) + 2
    return device * most + (at // DAY + people.phase[device]) // people.life[device]


def device_of_cookie(world: IdentityWorld, cookie: _Ints) -> _Ints:
    """Device whose browser had that cookie."""
    return cookie // ((world.days + max(world.cookie_days)) // min(world.cookie_days) + 2)


def _other(people: Population, person: _Ints, rng: np.random.Generator) -> _Ints:
    """Somebody else of the household; who lives alone stays."""
    home = people.household
    first = np.searchsorted(home, home[person])
    size = np.bincount(home)[home[person]]
    step = 1 + (rng.random(person.size) * (size - 1)).astype(np.int64)
    return np.where(size > 1, first + (person - first + step) % size, person)
