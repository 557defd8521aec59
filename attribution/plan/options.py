"""What is asked of a plan."""

from __future__ import annotations

from dataclasses import dataclass, field

from attribution_models.plan.goal import Goal, Kind
from attribution_models.plan.optimum import Search
from attribution_models.plan.targets import QUANTITIES, Quantity, Target

__all__ = [
    "CAUTIOUS",
    "HOPEFUL",
    "QUANTITIES",
    "SHARES",
    "WITHIN",
    "Goal",
    "PlanOptions",
    "Quantity",
    "Search",
    "Target",
]

# Without a word about bounds: no channel below half, none above one and a half times its part of today's split.
WITHIN = "0.5x:1.5x"
# The share of draws that an objective looks at, without a word about it.
SHARES = {"quantile": 0.05, "cvar": 0.1}
# Without a word about risk. The best expected value picks what a model is most hopeful about: where the signal is
# weak it lost against today's split in most simulated markets, while the tail cost nothing where it is strong
# (`benchmarks/study_plan.py`). A target asks for an amount: that is the expected one.
CAUTIOUS, HOPEFUL = Goal("cvar", SHARES["cvar"]), Goal("expected")


def goal_of(kind: Kind, share: float | None = None) -> Goal:
    """An objective, with the share of draws that it looks at without a word.

    Raises
    ------
    ValueError
        A share for an objective that looks at all draws.
    """
    if share is not None and kind not in SHARES:
        raise ValueError(f"{kind} looks at all draws and has no quantile: leave it out, or take quantile or cvar.")
    return Goal(kind, share if share is not None else SHARES.get(kind, SHARES["quantile"]))


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What may be spent, where, and what for; texts as on the command line.

    Attributes
    ----------
    budget : float or None
        Spent exactly; None: as much as was spent in the window, or what a target needs.
    window : str or None
        ``2024-01-01..2024-06-30``; ``26``: the last 26 periods of the panel; ``+26``: the 26 after it. None: a quarter.
    future : tuple of str
        Files that say something of periods after the panel: controls, and media that are decided already.
    by : tuple of str
        ``week``, ``geo``: decide on each.
    within : str
        Bounds of channels that `bounds` does not name.
    bounds, locks, steps, groups, moves : tuple of str
        ``CHANNEL=LOW:HIGH``; ``CHANNEL``; ``CHANNEL=AMOUNT``; ``CHANNEL,CHANNEL=LOW:HIGH``;
        ``CHANNEL,…=CHANNEL,…:PERCENT``. An amount with an x is a multiple of the channel's part of today's split.
    goal : Goal or None
        What is best. None: `CAUTIOUS` where a budget is split, `HOPEFUL` where a target is asked for.
    target : Target or None
    search : Search
    draws : int or None
        Of the posterior; None: all.
    level : float
        Of intervals.
    """

    budget: float | None = None
    window: str | None = None
    future: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    within: str = WITHIN
    bounds: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()
    goal: Goal | None = None
    target: Target | None = None
    search: Search = field(default_factory=Search)
    draws: int | None = None
    level: float = 0.9

    @property
    def aim(self) -> Goal:
        """What is best, with the default in place."""
        return self.goal or (CAUTIOUS if self.target is None else HOPEFUL)
