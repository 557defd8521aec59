"""Devices and browsers of simulated people: which ones touches met, and the links that logs show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
_Ints = NDArray[np.int64]

_COOKIE_DAYS = 60  # a browser forgets its cookie after that time


@dataclass(frozen=True)
class Met:
    """Which device and which browser each touch met: codes, equal where the thing is the same.

    Attributes
    ----------
    kind : array of int
        0 mobile, 1 desktop, 2 tablet.
    cookie, device : array of int
        A negative device code: a desktop, which tells no device id.
    """

    kind: _Ints
    cookie: _Ints
    device: _Ints


def devices_met(
    people: int, days: int, person: _Ints, day: _Ints, rng: np.random.Generator, shared: float = 0.0
) -> Met:
    """Say which of a person's two devices a touch met; some people own one only, some share the second.

    `shared` is the share of pairs of neighbours, (0, 1), (2, 3) and so on, of whom the second person uses the
    second device of the first, with its cookies.
    """
    main = np.searchsorted([0.6, 0.92], rng.random(people), side="right")
    second = (main + 1) % 2  # a desktop beside a phone, a phone beside a desktop, a desktop beside a tablet
    uses_second = np.where(rng.random(people) < 0.6, 0.3, 0.0)
    slot = (rng.random(person.size) < uses_second[person]).astype(np.int64)
    owner = np.arange(people)
    if shared:
        owner -= (owner % 2) * (rng.random(people // 2 + 1) < shared)[owner // 2]
    of = np.where(slot == 1, owner[person], person)
    epoch = (day + of % _COOKIE_DAYS) // _COOKIE_DAYS
    kind = np.where(slot == 1, second[of], main[person])
    code = of * 2 + slot
    return Met(kind, code * (days // _COOKIE_DAYS + 2) + epoch, np.where(kind == 1, -1, code))


def identities(
    touches: Columns, met: Met, person: _Ints, is_customer: NDArray[np.bool_], rng: np.random.Generator
) -> Columns:
    """Links as logs show them: a cookie beside its device when first seen, beside an e-mail at a login."""
    at, cookies, devices = touches["timestamp"], touches["id:cookie"], touches["id:device"]
    on_device = np.flatnonzero(met.device >= 0)
    together = on_device[np.unique(met.cookie[on_device], return_index=True)[1]]
    # Only customers log in; the last touch of one at a cookie stands for the login, and three of ten never do.
    known = np.flatnonzero(is_customer)[::-1]
    pair = met.cookie[known] * (int(person.max(initial=0)) + 1) + person[known]
    login = known[np.unique(pair, return_index=True)[1]]
    login = login[rng.random(login.size) < 0.7]
    emails = [f"{name}@example.com" for name in touches["unified_id"][login]]
    seen_at = np.concatenate([at[together], at[login]])
    ids_a = np.concatenate([cookies[together], cookies[login]])
    ids_b = np.concatenate([devices[together], np.array(emails, dtype=object)])
    kinds = np.repeat(np.array(["device", "email"], dtype=object), [together.size, login.size])
    order = np.argsort(seen_at, kind="stable")
    return {
        "id_type_a": np.full(order.size, "cookie", dtype=object),
        "id_a": ids_a[order],
        "id_type_b": kinds[order],
        "id_b": ids_b[order],
        "seen_at": seen_at[order],
    }


def opaque(seed: int, prefix: str, code: _Ints) -> NDArray[np.object_]:
    """Ids that show nothing of the person: SplitMix64 of the code, one to one; a negative code is no id."""
    codes, inverse = np.unique(code, return_inverse=True)
    z = codes.astype(np.uint64) + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    names = [f"{prefix}-{x:016x}" if c >= 0 else "" for c, x in zip(codes.tolist(), z.tolist(), strict=True)]
    ids: NDArray[np.object_] = np.array(names, dtype=object)[inverse]
    return ids
