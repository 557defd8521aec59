"""A retailer whose true incremental conversions are known, down to each touch of each person.

In the spirit of DASS (Sapp, Vaver, Shi and Bathia, "DASS: Digital Advertising System Simulation", Google):
people behave by themselves, ads change what they do next, and virtual experiments give the truth.

The process, for person i on day t, with all draws uniform on (0, 1) and keyed by (person, day, purpose):

- refill      R = d / (d + repurchase_days), d days after the last purchase; 1 for who never bought
- need        organic += 1 with probability need_i · weekday_t · R
- intent      I = organic + lift, and its pull s = I / (1 + I)
- contact     with channel c with probability push_c · audience_ic + pull_c · s
- lift        lift += effect_c · response_i · R / (1 + m_ic / tired_after); m_ic are the remembered contacts
- purchase    with odds buying_odds · (organic + lift); organic and lift then fall to their share `satisfied`
- door        who buys comes in through channel c with probability door_c, having decided already
- overnight   organic · need_decay, lift · lift_decay, m · exposure_decay

Intent is in points (one need is one point), rates are per day, money is in currency; a purchase of i is
worth basket_i times a log-normal factor, whatever led to it.

In plain words: needs come and fade; ads add a little intent that carries over, repeats add less; search,
affiliates and retargeting find people who want to buy already, so that they stand near purchases which they
did not cause; nobody takes buyers out of the audiences. Organic search and (direct) are how intent shows:
they add nothing by construction. Referral and e-mail add a little.

The truth is the total effect with downstream touches regenerated: the world is run again with one channel off
from the first day to the last, with the same draws. What a channel adds after the window is not counted, and
nothing is carried into the window. Switching off a navigational channel does not keep people away: they come
another way.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.path_tables import ALL_MEDIA, Events, SimulatedTables, Traits, tabulate
from attribution_models.worlds.retailer import RETAILER, Channel, RetailerWorld

__all__ = ["ALL_MEDIA", "RETAILER", "Channel", "RetailerWorld", "SimulatedTables", "simulate"]

CHUNK = 2048  # people at a time: the pre-drawn arrays of a chunk fit in about 30 MB for 120 days
_LONG_AGO = -1_000_000.0  # last visit or purchase of who had none; refill is then 1 within rounding
_NEED_CHANNEL = "Organic search"  # by which a need shows itself where intent is observed
# Needs by day of the week, Monday first, mean 1.
_WEEK = np.array([0.95, 0.9, 0.9, 0.95, 1.0, 1.1, 1.2], dtype=np.float32)

_Floats = NDArray[np.float32]
_Ints = NDArray[np.int64]
_Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Draws:
    """All chance of one chunk, drawn before anything happens, so that a channel off shifts no other draw.

    A contact comes about where its draw lies below its chance: with `pressed` draws divided by a pressure, that many
    times as readily.
    """

    contact: _Floats  # (days, channels, people)
    click: _Floats  # (days, channels, people)
    need: _Floats  # (days, people)
    buy: _Floats  # (days, people)
    door: _Floats  # (days, people)
    basket: _Floats  # (days, people), a factor with median 1

    def pressed(self, pressure: _Floats) -> "Draws":
        """The same chance where contacts come about `pressure` times as readily: (days, channels); 0: none does."""
        with np.errstate(divide="ignore", invalid="ignore"):  # infinite, or no number: below no chance
            return replace(self, contact=self.contact / pressure[:, :, None])


def simulate(world: RetailerWorld) -> SimulatedTables:
    """Run the world once as it is and once per switch, and tabulate.

    Parameters
    ----------
    world : RetailerWorld
        The description. Equal descriptions give equal tables.

    Returns
    -------
    SimulatedTables
        The tables of the factual run, and in ``truth`` per channel (and for ``(all media)``, all paid
        channels off at once) factual minus counterfactual conversions and value. The numbers are those of
        these very people: whole conversions, and a weak channel's may be negative in a small world. They do
        not add up to ``(all media)``, since channels share people.

    Raises
    ------
    ValueError
        If intent is to be observed and no channel is named ``Organic search``.

    Notes
    -----
    A person whom a channel never contacted lives the same life without it, because the draws are the same; so
    each counterfactual runs over contacted people only. That is exact, and saves two thirds of the work.
    """
    switches = _switches(world.channels)
    events: list[Events] = []
    traits: list[Traits] = []
    conversions, cents = np.zeros(len(switches), np.int64), np.zeros(len(switches), np.int64)
    for first in range(0, world.people, CHUNK):
        people = min(CHUNK, world.people - first)
        chunk, draws = lives_of(world, first)
        everyone = np.arange(people)
        actual = live(world, chunk, draws, everyone, np.ones((len(world.channels), people), dtype=np.bool_))
        lost = _lost_by_switching_off(world, chunk, draws, actual, switches)
        conversions += lost[0]
        cents += lost[1]
        events.append(actual.shifted(first))
        traits.append(chunk)
    names = [*(channel.name for channel in world.channels), ALL_MEDIA]
    truth = {
        "channel": np.array(names, dtype=object),
        "incremental_conversions": conversions,
        "incremental_value": cents / 100.0,
    }
    return tabulate(world, Events.joined(events), Traits.joined(traits), truth)


def lives_of(world: RetailerWorld, first: int) -> tuple[Traits, Draws]:
    """What the people of the chunk that begins with `first` bring along, and all chance that meets them."""
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([world.seed, first // CHUNK])))
    chunk = draw_traits(world, rng).first(min(CHUNK, world.people - first))
    return chunk, draw(world, rng)


def _switches(channels: tuple[Channel, ...]) -> _Flags:
    """Say what each counterfactual switches off, (counterfactuals, channels); all paid channels come last."""
    paid = np.array([channel.ownership == "paid" for channel in channels])
    return np.vstack([np.eye(len(channels), dtype=np.bool_), paid])


def _lost_by_switching_off(
    world: RetailerWorld, traits: Traits, draws: Draws, actual: Events, switches: _Flags
) -> tuple[_Ints, _Ints]:
    """Count the conversions and cents that each switch takes away from the people of a chunk."""
    count, people = len(switches), traits.activity.size
    contacted = np.zeros((switches.shape[1], people), dtype=np.bool_)
    contacted[actual.touch_channel, actual.touch_person] = True
    # One row per pair of switch and person whose life it can change; all of them live side by side.
    scenario, person = np.nonzero((switches[:, :, None] & contacted).any(axis=1))
    if not person.size:
        return np.zeros(count, np.int64), np.zeros(count, np.int64)
    without = live(world, traits, draws, person, ~switches[scenario].T)
    bought = np.bincount(actual.buyer, minlength=people)
    spent = _sum_by(actual.buyer, actual.cents, people)
    kept = scenario[without.buyer]
    orders = _sum_by(scenario, bought[person], count) - np.bincount(kept, minlength=count)
    cents = _sum_by(scenario, spent[person], count) - _sum_by(kept, without.cents, count)
    return orders, cents


def _sum_by(group: _Ints, amount: _Ints, groups: int) -> _Ints:
    """Add whole numbers by group; exact, since doubles hold them up to 2^53."""
    return np.bincount(group, weights=amount, minlength=groups).astype(np.int64)


def draw_traits(world: RetailerWorld, rng: np.random.Generator) -> Traits:
    """Draw what people bring along, for a whole chunk, so that nobody depends on how many there are."""
    n, observed = CHUNK, world.intent == "observed"
    need = np.ones(n) if observed else rng.gamma(1.2, 1 / 1.2, n)
    response = np.ones(n) if observed else rng.gamma(2.0, 0.5, n)
    before = rng.random(n) < np.minimum(0.9, world.customers_before * need)
    first_purchase = -1.0 - np.floor(rng.exponential(400.0, n))
    # An older customer bought again at some time between the first purchase and now.
    last_purchase = first_purchase if observed else np.floor((first_purchase + 1.0) * rng.random(n)) - 1.0
    opening = np.zeros(n) if observed else (rng.random(n) < world.need_per_day * need * 6) * rng.random(n)
    return Traits(
        activity=rng.gamma(0.8, 1 / 0.8, n).astype(np.float32),
        need=(world.need_per_day * need).astype(np.float32),
        response=response.astype(np.float32),
        opening=opening.astype(np.float32),
        basket=(world.mean_basket * np.exp(0.4 * rng.standard_normal(n))).astype(np.float32),
        first_purchase=np.where(before, np.maximum(first_purchase, -2000.0), np.nan).astype(np.float32),
        last_purchase=np.where(before, np.maximum(last_purchase, -2000.0), _LONG_AGO).astype(np.float32),
        consent=np.searchsorted([0.6, 0.8], rng.random(n), side="right"),
    )


def draw(world: RetailerWorld, rng: np.random.Generator, people: int = CHUNK) -> Draws:
    """Draw all chance of so many people."""
    by_channel, by_person = (world.days, len(world.channels), people), (world.days, people)
    return Draws(
        contact=rng.random(by_channel, dtype=np.float32),
        click=rng.random(by_channel, dtype=np.float32),
        need=rng.random(by_person, dtype=np.float32),
        buy=rng.random(by_person, dtype=np.float32),
        door=rng.random(by_person, dtype=np.float32),
        basket=np.exp(np.float32(0.5) * rng.standard_normal(by_person, dtype=np.float32)),
    )


def live(world: RetailerWorld, traits: Traits, draws: Draws, person: _Ints, on: _Flags) -> Events:
    """Live through the window: one row per life, `person` says whose, `on` (channels, rows) what is on.

    State is kept in single precision and moved by + − × ÷ only, which every machine rounds alike; odds and
    I / (1 + I) stand where exponentials would, whose last digit differs between processors.
    """
    plan, rows = _Plan.of(world), person.size
    activity, need_rate, response = traits.activity[person], traits.need[person], traits.response[person]
    basket = traits.basket[person]
    subscriber = traits.consent[person] == 0
    organic, lift = traits.opening[person], np.zeros(rows, np.float32)
    last_purchase, last_visit = traits.last_purchase[person], np.full(rows, _LONG_AGO, np.float32)
    memory = np.zeros((len(world.channels), rows), np.float32)
    reach = np.broadcast_to(activity, memory.shape).copy()
    log = _Log()
    for day in range(world.days):
        since = np.float32(day) - last_purchase
        refill = since / (since + np.float32(world.repurchase_days))
        weekday = _WEEK[(world.first_day.weekday() + day) % 7]
        needs = draws.need[day].take(person) < need_rate * weekday * refill
        organic += needs
        intent = organic + lift
        reach[plan.visitors] = activity * (day - last_visit <= world.visitor_days)
        reach[plan.subscribers] = subscriber & (last_purchase > _LONG_AGO)
        chance = plan.push * reach + plan.pull * (intent / (1 + intent))
        wanted = draws.contact[day].take(person, axis=1) < chance
        if world.intent == "observed":
            wanted[plan.need_channel] = needs
        # Who looks for the shop finds it, also where that way is not recorded.
        last_visit[wanted[plan.navigational].any(axis=0)] = day

        channel, row = np.nonzero(wanted & on)
        clicked = draws.click[day, channel, person[row]] < plan.click_rate[channel]
        gain = np.where(clicked, plan.click_effect[channel], plan.effect[channel])
        gain *= response[row] * refill[row] / (1 + memory[channel, row] / np.float32(world.tired_after))
        lift += np.bincount(row, weights=gain, minlength=rows).astype(np.float32)
        memory[channel, row] += 1
        last_visit[row[clicked | plan.is_visit[channel]]] = day
        log.touches(day, channel, row, clicked, door=False)

        odds = np.float32(world.buying_odds) * (organic + lift)
        buyer = np.flatnonzero(draws.buy[day].take(person) < odds / (1 + odds))
        door = np.searchsorted(plan.doors, draws.door[day, person[buyer]], side="right")
        through = door < len(world.channels)
        through[through] = on[door[through], buyer[through]]
        channel = door[through]
        log.touches(day, channel, buyer[through], ~plan.is_visit[channel], door=True)
        log.purchases(day, buyer, np.rint(100 * basket[buyer] * draws.basket[day, person[buyer]]))
        organic[buyer] *= np.float32(world.satisfied)
        lift[buyer] *= np.float32(world.satisfied)
        last_purchase[buyer] = last_visit[buyer] = day
        organic *= np.float32(world.need_decay)
        lift *= np.float32(world.lift_decay)
        memory *= np.float32(world.exposure_decay)
    return log.events()


@dataclass(frozen=True)
class _Plan:
    """The channels as arrays, in their order."""

    push: _Floats  # (channels, 1)
    pull: _Floats  # (channels, 1)
    effect: _Floats
    click_effect: _Floats
    click_rate: _Floats
    is_visit: _Flags
    navigational: _Flags
    visitors: _Flags
    subscribers: _Flags
    doors: _Floats  # cumulative shares
    need_channel: int

    @classmethod
    def of(cls, world: RetailerWorld) -> "_Plan":
        channels, observed = world.channels, world.intent == "observed"
        names = [c.name for c in channels]
        if observed and _NEED_CHANNEL not in names:
            raise ValueError(f"Observed intent needs a channel named {_NEED_CHANNEL!r}; found {names}.")
        return cls(
            push=np.array([[c.push] for c in channels], np.float32),
            pull=np.array([[c.pull] for c in channels], np.float32),
            effect=np.array([c.effect for c in channels], np.float32),
            click_effect=np.array([c.click_effect for c in channels], np.float32),
            click_rate=np.array([c.click_rate for c in channels], np.float32),
            is_visit=np.array([c.contact == "visit" for c in channels]),
            navigational=np.array([c.navigational for c in channels]),
            visitors=np.array([c.audience == "visitors" for c in channels]),
            subscribers=np.array([c.audience == "subscribers" for c in channels]),
            doors=np.cumsum([0.0 if observed else c.door for c in channels]).astype(np.float32),
            need_channel=names.index(_NEED_CHANNEL) if observed else -1,
        )


class _Log:
    """What happened, day by day, as arrays."""

    def __init__(self) -> None:
        self._touches: list[tuple[_Ints, ...]] = []
        self._purchases: list[tuple[_Ints, ...]] = []

    def touches(self, day: int, channel: _Ints, row: _Ints, clicked: _Flags, *, door: bool) -> None:
        self._touches.append(
            (np.full(row.size, day), channel, row, clicked.astype(np.int64), np.full(row.size, int(door)))
        )

    def purchases(self, day: int, row: _Ints, cents: _Floats) -> None:
        self._purchases.append((np.full(row.size, day), row, cents.astype(np.int64)))

    def events(self) -> Events:
        day, channel, row, clicked, door = (np.concatenate(part) for part in zip(*self._touches, strict=True))
        buy_day, buyer, cents = (np.concatenate(part) for part in zip(*self._purchases, strict=True))
        return Events(day, row, channel, clicked == 1, door == 1, buy_day, buyer, cents)
