"""The simulated retailer as data: twelve channels, how they find people and what a contact with them does."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Audience = Literal["everyone", "visitors", "subscribers"]
Ownership = Literal["paid", "owned", "earned"]


@dataclass(frozen=True)
class Channel:
    """One way by which people and the shop meet.

    Attributes
    ----------
    name : str
        Channel name, as in the tables.
    ownership : {"paid", "owned", "earned"}
        Only paid channels cost money and go off with ``(all media)``.
    contact : {"impression", "visit"}
        What a contact without a click is called.
    push : float
        Daily probability that an average member of the audience is contacted, whatever he or she wants.
    pull : float
        Daily probability that is added when intent is boundless: how far the channel follows intent.
    effect, click_effect : float
        Intent points which the first contact adds, without and with a click.
    click_rate : float
        Share of contacts that are clicks.
    cpm, cpc : float
        Price of a thousand (viewable) impressions and of a click, in currency.
    door : float
        Share of buyers who, having decided, come in through this channel. It causes nothing.
    navigational : bool
        People who take this way look for this very shop: without it they come by another, unrecorded one.
    audience : {"everyone", "visitors", "subscribers"}
        Whom `push` reaches: all by their media use; recent visitors of the site, buyers included; customers
        who agreed to mail.
    campaigns : tuple of str
        Campaign names, drawn with equal probability for each contact.
    """

    name: str
    ownership: Ownership
    contact: Literal["impression", "visit"]
    push: float = 0.0
    pull: float = 0.0
    effect: float = 0.0
    click_effect: float = 0.0
    click_rate: float = 0.0
    cpm: float = 0.0
    cpc: float = 0.0
    door: float = 0.0
    navigational: bool = False
    audience: Audience = "everyone"
    campaigns: tuple[str, ...] = ("always on",)


# Chosen, not estimated from any shop: prices as for viewable impressions, and effects such that true ROAS
# runs from about 0.5 (brand search) to about 7 (online video), while last touch prefers brand search.
RETAILER: tuple[Channel, ...] = (
    Channel("Brand search", "paid", "impression", pull=0.09, click_effect=0.017, click_rate=1.0, cpc=0.35,
            door=0.17, navigational=True, campaigns=("brand exact", "brand broad")),
    Channel("Generic search", "paid", "impression", pull=0.07, click_effect=0.18, click_rate=1.0, cpc=0.85,
            campaigns=("category", "long tail", "competitors")),
    Channel("Shopping", "paid", "impression", pull=0.06, click_effect=0.16, click_rate=1.0, cpc=0.55,
            campaigns=("all products", "top sellers")),
    Channel("Display prospecting", "paid", "impression", push=0.0075, effect=0.006, click_effect=0.03,
            click_rate=0.01, cpm=14.0, cpc=0.6, campaigns=("interests", "lookalikes")),
    Channel("Retargeting", "paid", "impression", push=0.036, pull=0.01, effect=0.003, click_effect=0.006,
            click_rate=0.04, cpm=18.0, cpc=0.7, audience="visitors", campaigns=("viewed products", "cart")),
    Channel("Paid social", "paid", "impression", push=0.010, pull=0.01, effect=0.014, click_effect=0.08,
            click_rate=0.04, cpm=25.0, cpc=0.8, campaigns=("spring", "lookalikes", "catalogue")),
    Channel("Online video", "paid", "impression", push=0.007, effect=0.021, click_effect=0.08,
            click_rate=0.012, cpm=45.0, cpc=0.9, campaigns=("brand film", "short cuts")),
    Channel("Affiliates", "paid", "impression", pull=0.03, click_effect=0.045, click_rate=1.0, cpc=0.6,
            door=0.05, campaigns=("coupons", "blogs")),
    Channel("E-mail", "owned", "impression", push=0.03, effect=0.005, click_effect=0.02, click_rate=0.12,
            audience="subscribers", campaigns=("newsletter", "service")),
    Channel("Organic search", "owned", "visit", pull=0.09, door=0.10, navigational=True, campaigns=("",)),
    Channel("(direct)", "owned", "visit", push=0.001, pull=0.08, door=0.20, navigational=True,
            campaigns=("",)),
    Channel("Referral", "earned", "visit", push=0.0004, pull=0.02, effect=0.01, campaigns=("",)),
)  # fmt: skip


@dataclass(frozen=True)
class RetailerWorld:
    """Description of one simulated retailer; `path_world.simulate` runs it.

    Attributes
    ----------
    people : int
        People in the market, touched or not.
    seed : int
        Same description, same tables, to the byte.
    days : int
        Length of the window.
    first_day : datetime.date
        First day of the window (UTC).
    intent : {"latent", "observed"}
        ``latent``: needs arise unseen, people differ in how often, and buyers who have decided come in
        through a door. ``observed``: each need is recorded as a visit by organic search, people differ only
        in media use, basket and purchase history, and there are no doors; intent is then a function of
        recorded history.
    channels : tuple of Channel
        How the shop and its people meet.
    need_per_day : float
        Mean daily probability that a need arises by itself.
    need_decay, lift_decay : float
        What is left of organic and of ad-made intent after a day.
    buying_odds : float
        Daily odds of buying per intent point.
    satisfied : float
        Share of intent that is left after a purchase.
    repurchase_days : float
        Days after a purchase at which needs and response are back to half.
    exposure_decay : float
        What is left of remembered contacts after a day.
    tired_after : float
        Remembered contacts with a channel at which a further one adds half of the first.
    visitor_days : int
        Days for which a visitor of the site stays in the retargeting audience.
    customers_before : float
        Share of people who bought before the window, for average needs.
    mean_basket : float
        Value of a median order, in currency.
    """

    people: int
    seed: int
    days: int = 120
    first_day: date = date(2025, 1, 1)
    intent: Literal["latent", "observed"] = "latent"
    channels: tuple[Channel, ...] = RETAILER
    need_per_day: float = 0.0105
    need_decay: float = 0.85
    lift_decay: float = 0.9
    buying_odds: float = 0.03
    satisfied: float = 0.1
    repurchase_days: float = 30.0
    exposure_decay: float = 0.93
    tired_after: float = 4.0
    visitor_days: int = 14
    customers_before: float = 0.25
    mean_basket: float = 48.0

    def __post_init__(self) -> None:
        if self.people < 1 or self.days < 1 or self.seed < 0:
            raise ValueError(
                f"A world needs people >= 1, days >= 1 and seed >= 0; got people={self.people}, "
                f"days={self.days}, seed={self.seed}."
            )
        names = [channel.name for channel in self.channels]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"A world needs channels whose names differ from each other; got {names}.")
