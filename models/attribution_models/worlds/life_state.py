"""What the process of the path worlds reads and writes, as arrays for compiled code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Flags = NDArray[np.bool_]


class Rules(NamedTuple):
    """The world as arrays; channels in their order, `boost` is (earlier, later)."""

    push: _Floats
    pull: _Floats
    effect: _Floats
    click_effect: _Floats
    click_rate: _Floats
    awareness: _Floats
    doors: _Floats  # cumulative shares
    audience: _Ints  # 0 everyone, 1 visitors, 2 subscribers
    is_visit: _Flags
    navigational: _Flags
    boost: _Floats
    weekday: _Floats  # by day of the window
    pressure: _Floats  # (days, channels): how hard a channel is pushed and how far it follows intent, 1 is as usual
    need_channel: int  # -1: needs are not recorded
    need_decay: float
    lift_decay: float
    awareness_decay: float
    exposure_decay: float
    base_odds: float
    buying_odds: float
    satisfied: float
    tired_after: float
    visitor_days: int
    online_streak: float
    online_buying: float


class People(NamedTuple):
    """What people bring along; all arrays are (people), `held` (people, channels)."""

    key: NDArray[np.uint64]  # of their draws
    activity: _Floats
    need: _Floats
    response: _Floats
    opening: _Floats
    basket: _Floats  # cents
    customer: _Flags  # bought before the window
    subscriber: _Flags
    enter: _Ints  # first day
    leave: _Ints  # day after the last
    held: _Flags


class Log(NamedTuple):
    """What happened: people in order, touches of a person by day; seconds count from the window's first."""

    person: _Ints
    channel: _Ints
    at: _Ints
    clicked: _Flags
    door: _Flags
    buyer: _Ints
    buy_at: _Ints
    cents: _Ints
    met: _Flags  # (people, channels): contacts, ghosts too
    counts: _Ints  # touches, purchases and cents so far, whether or not there was room for them

    @classmethod
    def with_room(cls, touches: int, purchases: int, people: int, channels: int) -> Log:
        """Make an empty log for that many rows."""
        ints, flags = np.empty((3, touches), np.int64), np.empty((2, touches), np.bool_)
        buys, met = np.empty((3, purchases), np.int64), np.zeros((people, channels), np.bool_)
        return cls(ints[0], ints[1], ints[2], flags[0], flags[1], buys[0], buys[1], buys[2], met, np.zeros(3, np.int64))


class Life(NamedTuple):
    """State of the life that is lived, and the list of the day's events."""

    intent: _Floats  # O, L, A
    memory: _Floats  # (channels)
    since: _Ints  # day of the last visit, whether a customer
    at: _Ints
    event: _Ints  # a channel; -1 a need, -2 a chance to buy
    draw: _Floats
    counts: _Ints

    @classmethod
    def blank(cls, channels: int) -> Life:
        """Working memory for lives with that many channels."""
        room = channels + 2  # a contact with each, a need and a chance to buy
        at, event = np.empty((2, room), np.int64)
        return cls(
            np.empty(3), np.empty(channels), np.empty(2, np.int64), at, event, np.empty(room), np.empty(1, np.int64)
        )
