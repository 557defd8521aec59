"""People and their ids, with known truth: `simulate(IdentityWorld(people=20_000, seed=1))`.

People live in households and have mailboxes, accounts, cards, phones and computers; some things are shared. Visits
leave rows of ids in a shop's logs, at its till and in its CRM. Nothing here knows of guards or of any resolver: rates
are chosen for a plausible shop, and were fixed before one was run on the world.

What is hard about it, each with a rate of its own: cookies that reset, people who never log in, second mailboxes,
family computers and tablets, kiosks, mailboxes that a family shares, newsletters that are forwarded within a family,
phones without consent (all of them tell the same all-zero advertising id), tags that send ``null``, a test address or
the digest of nothing in place of an id, and second records at the till that share no key with the first.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

from attribution_models.worlds.identity_people import people_of
from attribution_models.worlds.identity_tables import IdentityTables, tabulate
from attribution_models.worlds.identity_visits import rows_of

STUDY_SEEDS = tuple(range(7001, 7011))


@dataclass(frozen=True, slots=True)
class IdentityWorld:
    """Description of a shop's people and their ids. Rates are shares unless said otherwise.

    Attributes
    ----------
    people : int
        People who visit, known or not.
    seed : int
        Same description, same tables.
    days : int
        Length of the window.
    first_day : datetime.date
        First day of the window (UTC).
    household_sizes : tuple of float
        Shares of households of one, two… people.
    accounts, loyalty : float
        People with an online account (a CRM id) and with a loyalty card.
    second_mailbox : float
        People with a second e-mail address, which some orders name.
    family_mailbox : float
        Households of several people that share one, which each of them may give as his or her own.
    phones, computers : float
        People with a phone and with a computer of their own.
    family_devices : float
        Households of several people with a tablet or computer that all of them use.
    people_per_kiosk : int
        People for each terminal in a shop.
    kiosk_visits : float
        Mean number of visits of a person to a kiosk in the window.
    without_consent : float
        Phones and tablets whose advertising id reads as zeros.
    visits_per_day : float
        Mean daily visits of an average person; people differ.
    in_app : float
        Visits on phones and tablets that come through the app, which knows the advertising id and no cookie.
    in_app_browser : float
        The other visits there at which both are seen.
    log_ins : float
        Visits of account holders that log in.
    guest_orders : float
        Visits without log-in that order as a guest, with an e-mail.
    newsletters : float
        People who get the newsletter.
    newsletter_clicks : float
        Their visits that come from it, with the address's digest in the link.
    forwarded : float
        Newsletter visits that somebody else of the household makes.
    second_records : float
        People with account or card who have a record of the till's system too, typed anew and under another number.
    broken_tags : float
        Visits whose tag sends a placeholder beside what it knows.
    cookie_days : tuple of int
        After how many days browsers forget their cookie.
    cookie_shares : tuple of float
        Shares of those browsers.
    """

    people: int
    seed: int
    days: int = 120
    first_day: date = date(2025, 1, 1)
    household_sizes: tuple[float, ...] = (0.40, 0.30, 0.13, 0.12, 0.05)
    accounts: float = 0.55
    loyalty: float = 0.35
    second_mailbox: float = 0.25
    family_mailbox: float = 0.05
    phones: float = 0.9
    computers: float = 0.5
    family_devices: float = 0.35
    people_per_kiosk: int = 500
    kiosk_visits: float = 0.15
    without_consent: float = 0.35
    visits_per_day: float = 0.08
    in_app: float = 0.3
    in_app_browser: float = 0.05
    log_ins: float = 0.35
    guest_orders: float = 0.04
    newsletters: float = 0.3
    newsletter_clicks: float = 0.08
    forwarded: float = 0.01
    second_records: float = 0.1
    broken_tags: float = 0.005
    cookie_days: tuple[int, ...] = (7, 30, 180)
    cookie_shares: tuple[float, ...] = (0.3, 0.3, 0.4)

    def __post_init__(self) -> None:
        if self.people < 1 or self.days < 1 or self.seed < 0 or self.people_per_kiosk < 1:
            raise ValueError(
                f"A world needs people >= 1, days >= 1, people_per_kiosk >= 1 and seed >= 0; got people={self.people}, "
                f"days={self.days}, people_per_kiosk={self.people_per_kiosk}, seed={self.seed}."
            )
        self._check_shares()

    def _check_shares(self) -> None:
        means = {"kiosk_visits", "visits_per_day"}
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, float) and not (value >= 0 and (f.name in means or value <= 1)):
                raise ValueError(f"{f.name} is {value:g}: it must lie in 0 to {'∞' if f.name in means else 1}.")
        for name in ("household_sizes", "cookie_shares"):
            shares = getattr(self, name)
            if not shares or min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
                raise ValueError(f"{name} are shares that add up to 1; got {shares}.")
        if len(self.cookie_days) != len(self.cookie_shares) or min(self.cookie_days) < 1:
            raise ValueError(f"cookie_days are days >= 1, one for each of cookie_shares; got {self.cookie_days}.")


def simulate(world: IdentityWorld) -> IdentityTables:
    """Let the people visit, and tabulate what logs show.

    Parameters
    ----------
    world : IdentityWorld
        The description. Equal descriptions give equal tables.

    Returns
    -------
    IdentityTables
        Links as pairs and as wide rows, CRM records, and the truth of every id seen.
    """
    people = people_of(world)
    return tabulate(world, people, rows_of(world, people))
