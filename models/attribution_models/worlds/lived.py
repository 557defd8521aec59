"""A path world as it was lived, and what it loses when channels go off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.inhabitants import people_of, rules_of
from attribution_models.worlds.life_state import Life, Log
from attribution_models.worlds.lives import live
from attribution_models.worlds.market import PathWorld

_Ints = NDArray[np.int64]


class LivedWorld:
    """One run of a world, and virtual experiments on its people.

    Parameters
    ----------
    world : PathWorld
        The description.
    run : int
        0 is the run that is tabulated; others are markets of the same description with other people.

    Attributes
    ----------
    people, log
        Who lived and what happened.

    Notes
    -----
    Every draw has its own address, so a person whom no switched-off channel met lives the same life without
    it; counterfactuals run over the others only. That is exact. Memory grows with people and their touches.
    """

    def __init__(self, world: PathWorld, run: int = 0) -> None:
        self.world = world
        self._rules, self.people = rules_of(world), people_of(world, run)
        self._life = Life.blank(len(world.channels))
        self._none_off = np.zeros(len(world.channels), np.bool_)
        self._nothing = Log.with_room(0, 0, 0, 0)
        everyone = np.arange(world.people)
        self._scratch = self._run(everyone, self._none_off, 0, 0)  # counts only: there is no room
        self.log = self._run(everyone, self._none_off, *self._scratch.counts[:2].tolist())
        self._bought = np.bincount(self.log.buyer, minlength=world.people)
        self._spent = np.bincount(self.log.buyer, self.log.cents, world.people).astype(np.int64)
        self._starts = np.searchsorted(self.log.person, np.arange(world.people + 1))

    def lost(self, off: frozenset[int]) -> _Ints:
        """Conversions and cents lost when the channels at these positions go off from the first day to the last.

        The touches of the other channels are regenerated: this is the total effect.
        """
        switch = self._switch(off)
        who = np.flatnonzero(self.log.met[:, switch].any(axis=1))
        return self._less(who, self._again(who, switch, replay=False))

    def lost_directly(self, off: frozenset[int]) -> _Ints:
        """Conversions and cents lost when the others' touches stay as they were: the direct effect."""
        switch = self._switch(off)
        who = np.flatnonzero(self.log.met[:, switch].any(axis=1))
        return self._less(who, self._again(who, switch, replay=True))

    def _switch(self, off: frozenset[int]) -> NDArray[np.bool_]:
        switch = self._none_off.copy()
        switch[list(off)] = True
        return switch

    def _less(self, who: _Ints, counterfactual: _Ints) -> _Ints:
        return np.array([self._bought[who].sum(), self._spent[who].sum()]) - counterfactual

    def _again(self, who: _Ints, off: NDArray[np.bool_], *, replay: bool) -> _Ints:
        """Conversions and cents of these people in another run."""
        self._scratch.counts[:] = 0
        live(self._rules, self.people, self._life, who, off, self.log, self._starts, replay, self._scratch)
        return self._scratch.counts[1:].copy()

    def _run(self, who: _Ints, off: NDArray[np.bool_], touches: int, purchases: int) -> Log:
        log = Log.with_room(touches, purchases, self.world.people, off.size)
        live(self._rules, self.people, self._life, who, off, self._nothing, np.zeros(1, np.int64), False, log)
        return log
