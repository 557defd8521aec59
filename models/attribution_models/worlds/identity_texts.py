"""Ids of an identity world as text: as different systems write the same thing."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.draws import mixed
from attribution_models.worlds.identity_visits import COLUMNS, NO_ID, PLACEHOLDER

_Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

_FIRST = ("anna", "ben", "carla", "david", "emma", "felix", "greta", "hugo", "ida", "jonas", "karin", "luca", "maria",
          "noah", "olga", "paul", "rosa", "sven", "tina", "uwe", "vera", "wim", "yara", "zoe")  # fmt: skip
_LAST = ("adler", "berg", "costa", "duval", "evans", "fischer", "garcia", "huber", "ivanov", "jensen", "keller",
         "lopez", "meyer", "novak", "olsen", "peeters", "rossi", "silva", "taylor", "vogel", "weber")  # fmt: skip
# What broken tags and phones without consent send in place of an id.
PLACEHOLDERS: Final[dict[str, tuple[str, ...]]] = {
    "crm_id": ("null", "undefined"),
    "email": ("test@test.com",),
    "email_sha256": (sha256(b"").hexdigest(),),
    "maid": ("00000000-0000-0000-0000-000000000000",),
}


def name(number: int) -> tuple[str, str]:
    """First and last name of a person; neighbours mostly share the last one."""
    return _FIRST[number % len(_FIRST)], _LAST[number // len(_FIRST) % len(_LAST)]


def address(people: int, mailbox: int) -> str:
    """Address of a mailbox: the own one of a person, the second, or that of a household."""
    which, number = min(mailbox // people, 2), mailbox % people if mailbox < 2 * people else mailbox - 2 * people
    first, last = name(number)
    if which == 0:
        return f"{first}.{last}.{number}@example.com"
    return f"{first[0]}{last}{number}@example.net" if which == 1 else f"family.{last}.{number}@example.org"


def typed(text: str, how: int) -> str:
    """An address as people type it: as it is, with capitals, all in capitals, with a blank after it."""
    if how == 1:
        name, _, domain = text.partition("@")
        return f"{name.title()}@{domain}"
    return (text, "", text.upper(), f"{text} ")[how]


def texts(column: str, codes: _Ints, written: _Ints, people: int, seed: int) -> Texts:
    """Texts of one column's codes; the empty text where there is no id."""
    how = np.where(codes >= 0, written, 0) if column.startswith("email") else np.zeros_like(written)
    # Lower and upper hexadecimal digits are the two ways of writing a digest.
    how = (how == 2).astype(np.int64) if column == "email_sha256" else how
    both, place = np.unique(np.stack([codes, how]), axis=1, return_inverse=True)
    key = mixed(both[0].astype(np.uint64) + np.uint64((seed * 16 + COLUMNS.index(column)) * 0x9E3779B97F4A7C15 % 2**64))
    found = [_text(column, code, h, k, people) for code, h, k in zip(*both.tolist(), key.tolist(), strict=True)]
    made: Texts = np.array(found, dtype=object)[place.ravel()]
    return made


def _text(column: str, code: int, how: int, key: int, people: int) -> str:
    if code == NO_ID:
        return ""
    if code <= PLACEHOLDER:
        return PLACEHOLDERS[column][PLACEHOLDER - code]
    match column:
        case "crm_id":
            return f"C{code:08d}" if code < people else f"T{code - people:08d}"
        case "loyalty":
            return f"6{code:09d}"
        case "email":
            return typed(address(people, code), how)
        case "email_sha256":
            digest = sha256(address(people, code).encode()).hexdigest()
            return digest.upper() if how else digest
        case "maid":
            tail = sha256(f"{key}".encode()).hexdigest()[:16]
            text = f"{key:016x}{tail}"
            return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
    return f"{'till' if column == 'device' else 'ck'}-{key:016x}"
