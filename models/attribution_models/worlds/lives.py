"""The process of the path worlds, life by life, compiled.

In the spirit of DASS (Sapp, Vaver, Shi and Bathia, "DASS: Digital Advertising System Simulation", Google, 2016):
people move between browsing states by themselves, ads change where they go next, and virtual experiments, the
same lives with a channel off, give the truth.

A person i is away or online; when online, he or she may search or visit, the more readily the greater the
intent; who visited the site lately is in the retargeting audience. On day t (u: uniform on (0, 1), one for each
person, day and purpose, whatever happens; needs, contacts and purchases have their own second of the day and
take effect in that order):

- online      z = 1 with probability activity_i + online_streak · (z_yesterday − activity_i)
- need        O += 1 with probability need_i · weekday_t: exogenous, ads never change it
- search      s = S / (1 + S) with S = O + L + A: ads raise the probability of going on to search and visit
- contact     with channel c, when online, with probability audience_ic · pressure_ct · (push_c + pull_c · s)
- lift        g = response_i / (1 + m_ic / tired_after);
              L += effect_c · g · (1 + Σ_b boost_bc · [m_ib >= 1/2]);  A += awareness_c · g;  m_ic += 1
- purchase    with odds (base_odds + buying_odds · (O + L)) · (1 ± online_buying); then O, L fall to `satisfied`
- door        who has decided comes in through channel c with probability door_c: a touch that causes nothing
- overnight   O · need_decay, L · lift_decay, A · awareness_decay, m · exposure_decay

O: needs, L: intent made by ads, A: curiosity, all in points; m: remembered contacts; rates are per day. Where
intent is observed, response is 1, needs are recorded visits, there are no doors and online_buying is 0, so that
O, L and A are functions of recorded touches and purchases.

An ad of a channel that is off or held out is a ghost: it would have been shown, and does nothing. Where the
touches are given, contacts are those, less the channel that is off, and nothing is regenerated but purchases.

State moves by + − × ÷ in double precision only, which every machine rounds alike.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.draws import plain, uniform
from attribution_models.worlds.life_state import Life, Log, People, Rules

DAY: Final = 86_400  # seconds
DRAWS_PER_DAY: Final = 64
_ONLINE: Final = 0
_NEED: Final = 1
_NEED_AT: Final = 2
_BUY: Final = 3
_BUY_AT: Final = 4
_BASKET: Final = 5  # and 6
_DOOR: Final = 7
_DOOR_AT: Final = 8
_CONTACT: Final = 16  # three per channel: whether, when, clicked
VISITORS: Final = 1  # audience codes; 0 is everyone
SUBSCRIBERS: Final = 2
_NEED_EVENT: Final = -1
_CHANCE_TO_BUY: Final = -2
_NEVER: Final = -1_000_000
_REMEMBERED: Final = 0.5  # contacts

_Ints = NDArray[np.int64]
_Flags = NDArray[np.bool_]


@plain
def _list(life: Life, second: int, event: int, draw: float) -> None:
    """Put an event into the day's list, which is in order of time."""
    i = life.counts[0]
    while i > 0 and life.at[i - 1] > second:
        life.at[i], life.event[i], life.draw[i] = life.at[i - 1], life.event[i - 1], life.draw[i - 1]
        i -= 1
    life.at[i], life.event[i], life.draw[i] = second, event, draw
    life.counts[0] += 1


@plain
def _own_events(rules: Rules, people: People, life: Life, i: int, day: int) -> None:
    """List the need, if one arises, and the moment at which the person may buy."""
    key, place = people.key[i], day * DRAWS_PER_DAY
    if uniform(key, place + _NEED) < people.need[i] * rules.weekday[day]:
        _list(life, int(uniform(key, place + _NEED_AT) * DAY), _NEED_EVENT, 0.0)
    _list(life, int(uniform(key, place + _BUY_AT) * DAY), _CHANCE_TO_BUY, 0.0)


@plain
def _possible_contacts(rules: Rules, key: np.uint64, life: Life, day: int) -> None:
    """List the contacts that boundless intent would bring about."""
    for c in range(rules.push.size):
        place = day * DRAWS_PER_DAY + _CONTACT + 3 * c
        draw = uniform(key, place)
        if c != rules.need_channel and draw < rules.pressure[day, c] * (rules.push[c] + rules.pull[c]):
            _list(life, int(uniform(key, place + 1) * DAY), c, draw)


@plain
def _given_touches(rules: Rules, life: Life, day: int, off: _Flags, given: Log, place: int, end: int) -> int:
    """List the day's given touches; doors cause nothing, and needs arise anyway."""
    while place < end and given.at[place] < (day + 1) * DAY:
        c = given.channel[place]
        if not (off[c] or given.door[place] or c == rules.need_channel):
            _list(life, given.at[place] - day * DAY, c, 0.0)
        place += 1
    return place


@plain
def _note_touch(log: Log, i: int, c: int, second: int, clicked: bool, door: bool) -> None:
    touch = log.counts[0]
    if touch < log.at.size:
        log.person[touch], log.channel[touch], log.at[touch] = i, c, second
        log.clicked[touch], log.door[touch] = clicked, door
    log.counts[0] += 1


@plain
def _effect(rules: Rules, life: Life, c: int, clicked: bool) -> float:
    """Points of intent for a fresh contact, with the help of contacts that are remembered."""
    boost = 1.0
    for b in range(life.memory.size):
        if life.memory[b] >= _REMEMBERED:
            boost += rules.boost[b, c]
    return float(boost * (rules.click_effect[c] if clicked else rules.effect[c]))


@plain
def _meet(
    rules: Rules, people: People, life: Life, i: int, c: int, day: int, second: int, off: _Flags, log: Log
) -> None:
    """Let channel c meet the person: a ghost when off or held out."""
    if rules.navigational[c]:  # who looks for the shop finds it, also where that way is off
        life.since[0] = day
    log.met[i, c] = True
    if off[c] or people.held[i, c]:
        return
    clicked = uniform(people.key[i], day * DRAWS_PER_DAY + _CONTACT + 3 * c + 2) < rules.click_rate[c]
    fresh = people.response[i] / (1.0 + life.memory[c] / rules.tired_after)
    life.intent[1] += fresh * _effect(rules, life, c, clicked)
    life.intent[2] += fresh * rules.awareness[c]
    life.memory[c] += 1.0
    if clicked or rules.is_visit[c]:
        life.since[0] = day
    _note_touch(log, i, c, second, clicked, False)


@plain
def _chance(rules: Rules, people: People, life: Life, i: int, c: int, day: int) -> float:
    """Probability of a contact, given that the person is online."""
    if rules.audience[c] == VISITORS and day - life.since[0] > rules.visitor_days:
        return 0.0
    if rules.audience[c] == SUBSCRIBERS and not (life.since[1] == 1 and people.subscriber[i]):
        return 0.0
    search = life.intent[0] + life.intent[1] + life.intent[2]
    return float(rules.pressure[day, c] * (rules.push[c] + rules.pull[c] * (search / (1.0 + search))))


@plain
def _buys(rules: Rules, key: np.uint64, life: Life, day: int, online: float) -> bool:
    odds = rules.base_odds + rules.buying_odds * (life.intent[0] + life.intent[1])
    odds *= 1.0 + rules.online_buying * (2.0 * online - 1.0)
    return bool(uniform(key, day * DRAWS_PER_DAY + _BUY) * (1.0 + odds) < odds)


@plain
def _purchase(rules: Rules, people: People, life: Life, i: int, day: int, second: int, off: _Flags, log: Log) -> None:
    """Buy, coming in through a door if there is one; intent is then satisfied."""
    key, place = people.key[i], day * DRAWS_PER_DAY
    door = int(np.searchsorted(rules.doors, uniform(key, place + _DOOR), side="right"))
    if door < rules.doors.size:
        log.met[i, door] = True
        if not (off[door] or people.held[i, door]):
            before = 60 + int(1140 * uniform(key, place + _DOOR_AT))
            _note_touch(log, i, door, max(second - before, day * DAY), not rules.is_visit[door], True)
    factor = 0.5 + 2.0 * uniform(key, place + _BASKET) * uniform(key, place + _BASKET + 1)
    cents, buy = int(people.basket[i] * factor + 0.5), log.counts[1]
    if buy < log.cents.size:
        log.buyer[buy], log.buy_at[buy], log.cents[buy] = i, second, cents
    log.counts[1] += 1
    log.counts[2] += cents
    life.intent[0] *= rules.satisfied
    life.intent[1] *= rules.satisfied
    life.since[0], life.since[1] = day, 1


@plain
def _live_day(
    rules: Rules, people: People, life: Life, i: int, day: int, online: float, off: _Flags, replay: bool, log: Log
) -> None:
    for e in range(life.counts[0]):
        c, second = life.event[e], day * DAY + life.at[e]
        if c == _CHANCE_TO_BUY:
            if _buys(rules, people.key[i], life, day, online):
                _purchase(rules, people, life, i, day, second, off, log)
        elif c == _NEED_EVENT:
            life.intent[0] += 1.0
            if rules.need_channel >= 0:
                _meet(rules, people, life, i, rules.need_channel, day, second, off, log)
        elif replay or life.draw[e] < _chance(rules, people, life, i, c, day):
            _meet(rules, people, life, i, c, day, second, off, log)


@plain
def _sleep(rules: Rules, life: Life) -> None:
    life.intent[0] *= rules.need_decay
    life.intent[1] *= rules.lift_decay
    life.intent[2] *= rules.awareness_decay
    for c in range(life.memory.size):
        life.memory[c] *= rules.exposure_decay


@plain
def live(
    rules: Rules, people: People, life: Life, who: _Ints, off: _Flags, given: Log, starts: _Ints, replay: bool, log: Log
) -> None:
    """Live the lives of `who` and write them down.

    Parameters
    ----------
    rules, people : Rules, People
        The world and who lives in it.
    life : Life
        Working memory.
    who : array of int
        Positions of the people who live.
    off : array of bool, (channels)
        Channels that are switched off.
    given : Log
        Touches of an earlier run, person i's from ``starts[i]`` to ``starts[i + 1]``.
    starts : array of int, (people + 1)
        Read under `replay` only.
    replay : bool
        Whether the touches of `given` stand for contacts.
    log : Log
        Written as far as it has room; its counts go on.
    """
    for k in range(who.size):
        i = who[k]
        life.intent[:] = 0.0
        life.intent[0] = people.opening[i]
        life.memory[:] = 0.0
        life.since[0], life.since[1] = _NEVER, people.customer[i]
        online, place = people.activity[i], starts[i] if replay else 0
        for day in range(people.enter[i], people.leave[i]):
            usual = people.activity[i] + rules.online_streak * (online - people.activity[i])
            online = 1.0 if uniform(people.key[i], day * DRAWS_PER_DAY + _ONLINE) < usual else 0.0
            life.counts[0] = 0
            _own_events(rules, people, life, i, day)
            if replay:
                place = _given_touches(rules, life, day, off, given, place, starts[i + 1])
            elif online > 0.0:
                _possible_contacts(rules, people.key[i], life, day)
            _live_day(rules, people, life, i, day, online, off, replay, log)
            _sleep(rules, life)
