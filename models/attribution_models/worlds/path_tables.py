"""Tables of a simulated retailer: what happened to whom, with the labels, ids and prices of real logs."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.path_devices import Columns, devices_met, identities, opaque
from attribution_models.worlds.retailer import Channel

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float32]

ALL_MEDIA = "(all media)"
_CONSENT = np.array(["granted", "denied", "unknown"], dtype=object)
_DEVICES = np.array(["mobile", "desktop", "tablet"], dtype=object)
_NO_ASSIGNMENTS: Columns = {
    "experiment": np.empty(0, object),
    "unified_id": np.empty(0, object),
    "channel": np.empty(0, object),
    "arm": np.empty(0, object),
    "assigned_at": np.empty(0, "datetime64[us]"),
    "ended_at": np.empty(0, "datetime64[us]"),
    "would_be_exposed": np.empty(0, np.bool_),
}
_TEN_THOUSANDTHS = 10_000  # prices are whole hundredths of a cent, so that their sums are exact


class Market(Protocol):
    """What tables need to know of a world."""

    @property
    def people(self) -> int:
        """People in the market."""

    @property
    def seed(self) -> int:
        """Seed of all draws."""

    @property
    def days(self) -> int:
        """Length of the window."""

    @property
    def first_day(self) -> date:
        """First day of the window (UTC)."""

    @property
    def channels(self) -> Sequence[Channel]:
        """How the shop and its people meet."""


@dataclass(frozen=True)
class _Parallel:
    """Arrays with a common first axis or two; those of several chunks join by field."""

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Concatenate field by field."""
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)))


@dataclass(frozen=True)
class Events(_Parallel):
    """Touches and purchases of one run, one array per column; people count from the first of the run."""

    touch_day: _Ints
    touch_person: _Ints
    touch_channel: _Ints
    clicked: NDArray[np.bool_]
    door: NDArray[np.bool_]
    buy_day: _Ints
    buyer: _Ints
    cents: _Ints

    def shifted(self, first: int) -> "Events":
        """Count the same people from `first`."""
        return replace(self, touch_person=self.touch_person + first, buyer=self.buyer + first)


@dataclass(frozen=True)
class Traits(_Parallel):
    """What people bring along. Days count from the window's first day; NaN: no purchase before it."""

    activity: _Floats
    need: _Floats
    response: _Floats
    opening: _Floats
    basket: _Floats
    first_purchase: _Floats
    last_purchase: _Floats
    consent: _Ints

    def first(self, people: int) -> "Traits":
        """Keep the first `people` only."""
        return Traits(*(getattr(self, f.name)[:people] for f in fields(self)))


@dataclass(frozen=True)
class SimulatedTables:
    """The tables of a world: column name to array, rows in order of time.

    Text columns are arrays of str objects, repeated labels share one object; timestamps are
    ``datetime64[us]`` in UTC; money is in currency. An id that does not exist (the device of a desktop, a
    campaign of a natural visit) is the empty text.

    Attributes
    ----------
    people : int
        People in the market: those in no table are time at risk too.
    touchpoints, conversions, customers, identities, spend : mapping of str to array
        As the table contracts of the engine name them. A clicked ad is one row, the click; a channel meets a
        person at most once a day, and once more as the door of a purchase.
    truth : mapping of str to array
        Of the retailer: channel, incremental_conversions, incremental_value: total effect, downstream touches
        regenerated, of switching the channel off from the first day to the last; ``(all media)`` switches all
        paid ones off. Of a path world: the columns of `path_truth.PathTruth`.
    assignments : mapping of str to array
        People in randomised holdouts: experiment, unified_id, channel, arm (exposed, held_out), assigned_at,
        ended_at, would_be_exposed; no rows where nothing is tested.
    observations : mapping of str to array
        unified_id, enter, exit: time at risk of everybody, those without touches too.
    """

    people: int
    touchpoints: Columns
    conversions: Columns
    customers: Columns
    identities: Columns
    spend: Columns
    truth: Columns
    assignments: Columns
    observations: Columns


def tabulate(world: Market, events: Events, traits: Traits, truth: Columns) -> SimulatedTables:
    """Give events their seconds, prices, devices and ids."""
    rng = label_stream(world.seed)
    touch_second, buy_second = _seconds(world, events, rng)
    whole_window = np.zeros(world.people, np.int64), np.full(world.people, world.days)
    return tables_at(world, events, (touch_second, buy_second), traits, truth, whole_window, rng)


def label_stream(seed: int) -> np.random.Generator:
    """A stream of its own: labels never meet the draws of the process."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, 2**32 - 1])))


def tables_at(
    world: Market,
    events: Events,
    seconds: tuple[_Ints, _Ints],
    traits: Traits,
    truth: Columns,
    at_risk: tuple[_Ints, _Ints],
    rng: np.random.Generator,
    assignments: Columns | None = None,
    shared_devices: float = 0.0,
) -> SimulatedTables:
    """Give events whose seconds of the day are known (touches, purchases) their prices, devices and ids.

    `at_risk` holds each person's first day and the day after the last; no `assignments`: no experiments.
    """
    touch_second, buy_second = seconds
    key = (events.touch_channel, events.touch_person, events.touch_day * 86_400 + touch_second)
    order = np.lexsort(key)
    day, person, channel = events.touch_day[order], events.touch_person[order], events.touch_channel[order]
    clicked, at = events.clicked[order], timestamps(world, key[2][order])
    ids = labels("cust", world.people)
    price = _prices(world, channel, clicked, rng)
    met = devices_met(world.people, world.days, person, day, rng, shared_devices)
    visit = np.array([c.contact == "visit" for c in world.channels])[channel]
    touchpoints: Columns = {
        "unified_id": ids[person],
        "timestamp": at,
        "channel": np.array([c.name for c in world.channels], dtype=object)[channel],
        "campaign": _campaigns(world, channel, rng),
        "interaction": np.array(["impression", "click", "visit"], dtype=object)[np.where(visit, 2, clicked)],
        "cost": price / _TEN_THOUSANDTHS,
        "device_type": _DEVICES[met.kind],
        "ownership": np.array([c.ownership for c in world.channels], dtype=object)[channel],
        "id:cookie": opaque(world.seed, "ck", met.cookie),
        "id:device": opaque(world.seed, "dv", met.device),
    }
    bought = np.lexsort((events.buyer, events.buy_day * 86_400 + buy_second))
    conversions: Columns = {
        "unified_id": ids[events.buyer[bought]],
        "timestamp": timestamps(world, (events.buy_day * 86_400 + buy_second)[bought]),
        "value": events.cents[bought] / 100.0,
        "conversion_id": labels("order", bought.size),
        "kind": np.full(bought.size, "purchase", dtype=object),
    }
    customer, since, customers = _customers(world, events, traits, ids, rng)
    since_of = np.full(world.people, np.iinfo(np.int64).max)
    since_of[customer] = since
    return SimulatedTables(
        people=world.people,
        touchpoints=touchpoints,
        conversions=conversions,
        customers=customers,
        identities=identities(touchpoints, met, person, since_of[person] <= day, rng),
        spend=_spend(world, day, channel, clicked, price),
        truth=truth,
        assignments=_NO_ASSIGNMENTS if assignments is None else assignments,
        observations={
            "unified_id": ids,
            "enter": timestamps(world, at_risk[0] * 86_400),
            "exit": timestamps(world, at_risk[1] * 86_400),
        },
    )


def _seconds(world: Market, events: Events, rng: np.random.Generator) -> tuple[_Ints, _Ints]:
    """Seconds of the day: touches from 6 to 22 h, then the door, then the purchase."""
    second = 6 * 3600 + rng.integers(0, 16 * 3600, events.door.size)
    touch_key = events.touch_person * world.days + events.touch_day
    buy_key = events.buyer * world.days + events.buy_day  # unique: who bought has no second purchase that day
    order = np.argsort(buy_key)
    sorted_key = buy_key[order]
    latest = 6 * 3600 + rng.integers(0, 16 * 3600, buy_key.size)
    place = np.minimum(np.searchsorted(sorted_key, touch_key), max(buy_key.size - 1, 0))
    same_day = sorted_key[place] == touch_key if buy_key.size else np.zeros(touch_key.size, dtype=np.bool_)
    before = same_day & ~events.door
    np.maximum.at(latest, order[place[before]], second[before])
    door_purchase = order[place[events.door]]
    second[events.door] = latest[door_purchase] + rng.integers(60, 2400, door_purchase.size)
    latest[door_purchase] = second[events.door]
    return second, latest + rng.integers(120, 3600, latest.size)


def timestamps(world: Market, seconds: _Ints) -> NDArray[np.datetime64]:
    """Instants that many seconds after the window begins."""
    return np.datetime64(world.first_day, "us") + seconds.astype("timedelta64[s]").astype("timedelta64[us]")


def _dates(world: Market, days: _Ints) -> NDArray[np.datetime64]:
    return np.datetime64(world.first_day, "D") + days.astype("timedelta64[D]")


def _prices(world: Market, channel: _Ints, clicked: NDArray[np.bool_], rng: np.random.Generator) -> _Ints:
    """Hundredths of a cent per touch: list price times what the auction made of it, 70 to 130 %."""
    cpm, cpc = np.array([c.cpm for c in world.channels]), np.array([c.cpc for c in world.channels])
    listed = np.where(clicked, cpc[channel], cpm[channel] / 1000)
    return np.rint(listed * rng.uniform(0.7, 1.3, channel.size) * _TEN_THOUSANDTHS).astype(np.int64)


def _campaigns(world: Market, channel: _Ints, rng: np.random.Generator) -> NDArray[np.object_]:
    count = np.array([len(c.campaigns) for c in world.channels])
    start = np.cumsum(count) - count
    names = np.array([name for c in world.channels for name in c.campaigns], dtype=object)
    picked: NDArray[np.object_] = names[start[channel] + rng.integers(0, count[channel])]
    return picked


def _customers(
    world: Market, events: Events, traits: Traits, ids: NDArray[np.object_], rng: np.random.Generator
) -> tuple[_Ints, _Ints, Columns]:
    """People who ever bought: who, since which day, and the table."""
    since = np.where(np.isnan(traits.first_purchase), np.inf, traits.first_purchase)
    np.minimum.at(since, events.buyer, events.buy_day.astype(np.float64))
    customer = np.flatnonzero(np.isfinite(since))
    first = since[customer].astype(np.int64)
    status = np.searchsorted([0.98, 0.99, 0.995], rng.random(customer.size), side="right")
    country = np.searchsorted([0.7, 0.85, 0.95], rng.random(customer.size), side="right")
    table: Columns = {
        "unified_id": ids[customer],
        "customer_since": _dates(world, first),
        "status": np.array(["active", "complaint", "employee", "test"], dtype=object)[status],
        "consent": _CONSENT[traits.consent[customer]],
        "email": np.array([f"{name}@example.com" for name in ids[customer]], dtype=object),
        "country": np.array(["DE", "AT", "CH", "NL"], dtype=object)[country],
    }
    return customer, first, table


def _spend(world: Market, day: _Ints, channel: _Ints, clicked: NDArray[np.bool_], price: _Ints) -> Columns:
    """Every day of every paid channel, zeros too: the sums of the touches of that day."""
    paid = np.array([i for i, c in enumerate(world.channels) if c.ownership == "paid"], dtype=np.int64)
    cells, size = channel * world.days + day, len(world.channels) * world.days

    def daily(weight: NDArray[Any]) -> _Ints:
        total = np.bincount(cells, weights=weight, minlength=size).reshape(-1, world.days)
        return np.ravel(total[paid].T).astype(np.int64)

    return {
        "date": _dates(world, np.repeat(np.arange(world.days), paid.size)),
        "channel": np.tile(np.array([world.channels[i].name for i in paid], dtype=object), world.days),
        "spend": daily(price) / _TEN_THOUSANDTHS,
        "impressions": daily(~clicked),
        "clicks": daily(clicked),
    }


def labels(prefix: str, count: int) -> NDArray[np.object_]:
    """Ids by number, of one width."""
    width = max(6, len(str(count - 1)))
    return np.array([f"{prefix}-{i:0{width}d}" for i in range(count)], dtype=object)
