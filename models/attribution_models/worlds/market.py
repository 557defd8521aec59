"""A market as data: channels, how they find people, what a contact does, and which of them are tested."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from attribution_models.worlds.retailer import Channel

Intent = Literal["observed-intent", "latent-intent"]
INTENTS: tuple[Intent, ...] = ("observed-intent", "latent-intent")


@dataclass(frozen=True)
class PathChannel(Channel):
    """A channel of a path world: a retailer's channel that may also make people look around.

    Attributes
    ----------
    awareness : float
        Curiosity points which the first contact adds. Curiosity lets people search and visit, where other
        channels meet them; it makes nobody buy by itself.
    """

    awareness: float = 0.0


@dataclass(frozen=True)
class Synergy:
    """A contact with `later` works (1 + boost) times as well on who remembers a contact with `earlier`."""

    earlier: str
    later: str
    boost: float


@dataclass(frozen=True)
class PathWorld:
    """Description of one simulated market; `paths.simulate` runs it, `lives` holds the process.

    Attributes
    ----------
    name : str
        Name of the preset.
    intent : {"observed-intent", "latent-intent"}
        ``observed-intent``: intent is a function of recorded touches and purchases. Each need is recorded as a
        visit by the channel `need_channel`; people differ in media use, basket, entry and purchase history
        only. ``latent-intent``: needs arise unseen, people differ in how often and in how ads move them, some
        enter with a need, buying follows being online, and buyers who have decided come in through a door.
    people, seed : int
        Size of the market, touched or not; same description, same tables, to the byte.
    channels : tuple of PathChannel
        How the shop and its people meet.
    synergies : tuple of Synergy
        Which contacts help which.
    tested : tuple of str
        Channels with a ghost-ad holdout each: over the whole window, independent of each other.
    held_out : float
        Share of people from whom each tested channel is withheld.
    days, first_day : int, datetime.date
        The window (UTC).
    need_channel : str
        Channel by which a need is recorded where intent is observed.
    need_per_day : float
        Mean daily probability that a need arises by itself; ads never change it.
    need_decay, lift_decay, awareness_decay, exposure_decay : float
        What is left after a day of needs, of ad-made intent, of curiosity and of remembered contacts.
    base_odds, buying_odds : float
        Daily odds of buying without intent, and what each point of intent adds.
    satisfied : float
        Share of intent that is left after a purchase.
    tired_after : float
        Remembered contacts with a channel at which a further one adds half of the first.
    visitor_days : int
        Days for which a visitor of the site stays in the retargeting audience.
    online_streak : float
        How much of being online carries over to the next day; 0: days are independent.
    online_buying : float
        Where intent is latent: by how much (as a share) the odds of buying are above their mean on days
        online, and below it on others; the activity bias of Lewis, Rao and Reiley (2011).
    late_entry, early_exit : float
        Shares of people who enter after the first day and who leave before the last.
    customers_before : float
        Share of people who bought before the window.
    shared_devices : float
        Share of pairs of people who share a device, hence its cookies.
    mean_basket : float
        Mean value of an order, in currency.
    pressure : tuple of tuple of float
        By day and channel: how many times its usual chance a contact has. Empty: 1 always.
    """

    name: str
    intent: Intent
    people: int
    seed: int
    channels: tuple[PathChannel, ...]
    synergies: tuple[Synergy, ...] = ()
    tested: tuple[str, ...] = ()
    held_out: float = 0.1
    days: int = 120
    first_day: date = date(2025, 1, 1)
    need_channel: str = "Organic search"
    need_per_day: float = 0.012
    need_decay: float = 0.85
    lift_decay: float = 0.9
    awareness_decay: float = 0.95
    exposure_decay: float = 0.93
    base_odds: float = 0.0003
    buying_odds: float = 0.03
    satisfied: float = 0.2
    tired_after: float = 4.0
    visitor_days: int = 14
    online_streak: float = 0.5
    online_buying: float = 0.25
    late_entry: float = 0.2
    early_exit: float = 0.1
    customers_before: float = 0.25
    shared_devices: float = 0.03
    mean_basket: float = 50.0
    pressure: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        if self.people < 1 or self.days < 1 or self.seed < 0:
            raise ValueError(
                f"A world needs people >= 1, days >= 1 and seed >= 0; got people={self.people}, "
                f"days={self.days}, seed={self.seed}."
            )
        if self.intent not in INTENTS:
            raise ValueError(f"Intent is one of {', '.join(INTENTS)}; got {self.intent!r}.")
        if not 0 <= self.held_out < 1:
            raise ValueError(f"The held-out share lies in [0, 1); got {self.held_out}.")
        shape = {(len(self.pressure), len(row)) for row in self.pressure}
        if shape - {(self.days, len(self.channels))}:
            raise ValueError(f"Pressure needs a row per day and a number per channel; got (days, channels) {shape}.")
        self._check_names()

    def _check_names(self) -> None:
        names = [channel.name for channel in self.channels]
        if not 1 <= len(names) <= 16 or len(set(names)) != len(names):
            raise ValueError(f"A world needs 1 to 16 channels whose names differ from each other; got {names}.")
        used = {*self.tested, *(s.earlier for s in self.synergies), *(s.later for s in self.synergies)}
        if self.intent == "observed-intent":
            used.add(self.need_channel)
        if missing := sorted(used - set(names)):
            raise ValueError(f"Named but not among the channels: {', '.join(missing)}; the channels are {names}.")

    @property
    def observed(self) -> bool:
        """Whether intent is a function of what is recorded."""
        return self.intent == "observed-intent"

    @property
    def paid(self) -> tuple[int, ...]:
        """Positions of the paid channels, the players of the off-switch game."""
        return tuple(i for i, channel in enumerate(self.channels) if channel.ownership == "paid")
