"""Who lives in an identity world: households, mailboxes, accounts and things to browse with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from attribution_models.worlds.identity_world import IdentityWorld

_Flags = NDArray[np.bool_]
_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """People and what they have, n people in h households; flags are per person unless said otherwise.

    Attributes
    ----------
    household : array (n,) of int
        People of a household are neighbours: codes rise.
    account, card, second, newsletter, twice : array (n,) of bool
        Online account, loyalty card, second mailbox, newsletter, record of the till.
    mailbox : array (n,) of int
        Code of the mailbox that a person gives: the own one, or the family's.
    phone, computer : array (n,) of bool
    family_device : array (h,) of bool
    told : array (n + h,) of bool
        Phones, then family devices, that tell their advertising id.
    life, phase : array (2n + h + kiosks,) of int
        Days after which a device's browser forgets its cookie, and its age on the first day.
    kiosks : int
    """

    household: _Ints
    account: _Flags
    card: _Flags
    second: _Flags
    newsletter: _Flags
    mailbox: _Ints
    phone: _Flags
    computer: _Flags
    family_device: _Flags
    told: _Flags
    life: _Ints
    phase: _Ints
    kiosks: int
    twice: _Flags

    @property
    def people(self) -> int:
        """Number of people, n."""
        return self.household.size

    @property
    def households(self) -> int:
        """Number of households, h."""
        return self.family_device.size

    # Codes of mailboxes: the own one of person p is p, the second n + p, that of household i 2n + i.
    # Codes of devices: the phone of p is p, the computer n + p, the device of household i 2n + i, kiosks follow.


def stream(seed: int, purpose: int) -> np.random.Generator:
    """A stream of draws for one purpose."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, purpose])))


def people_of(world: IdentityWorld) -> Population:
    """Draw the people of a world."""
    rng, n = stream(world.seed, 1), world.people
    sizes = rng.choice(len(world.household_sizes), n, p=world.household_sizes) + 1
    household = np.repeat(np.arange(n), sizes)[:n]
    h = int(household[-1]) + 1
    several = (np.bincount(household) > 1)[household]

    def drawn(share: float, size: int = n) -> _Flags:
        flags: _Flags = rng.random(size) < share
        return flags

    account, card, second, newsletter = (
        drawn(s) for s in (world.accounts, world.loyalty, world.second_mailbox, world.newsletters)
    )
    shares_mailbox = drawn(world.family_mailbox, h)[household] & several & drawn(0.8)
    mailbox = np.where(shares_mailbox, 2 * n + household, np.arange(n))
    phone, computer = drawn(world.phones), drawn(world.computers)
    family_device = drawn(world.family_devices, h) & (np.bincount(household) > 1)
    told = ~drawn(world.without_consent, n + h)
    kiosks = -(-n // world.people_per_kiosk)
    life = np.array(world.cookie_days)[rng.choice(len(world.cookie_days), 2 * n + h + kiosks, p=world.cookie_shares)]
    phase = rng.integers(0, life)
    twice = (account | card) & drawn(world.second_records)
    return Population(
        household, account, card, second, newsletter, mailbox, phone, computer, family_device, told, life, phase,
        kiosks, twice,
    )  # fmt: skip
