"""What is asked of a plan."""

from __future__ import annotations

from dataclasses import dataclass, field

from attribution_models.plan.goal import Goal
from attribution_models.plan.optimum import Search
from attribution_models.plan.targets import QUANTITIES, Quantity, Target

__all__ = ["QUANTITIES", "WITHIN", "Goal", "PlanOptions", "Quantity", "Search", "Target"]

# Without a word about bounds: no channel below half, none above one and a half times its part of today's split.
WITHIN = "0.5x:1.5x"


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What may be spent, where, and what for; texts as on the command line.

    Attributes
    ----------
    budget : float or None
        Spent exactly; None: as much as was spent in the window, or what a target needs.
    window : str or None
        ``2024-01-01..2024-06-30``; ``26``: the last 26 periods of the panel; ``+26``: the 26 after it. None: a quarter.
    by : tuple of str
        ``week``, ``geo``: decide on each.
    within : str
        Bounds of channels that `bounds` does not name.
    bounds, locks, steps, groups, moves : tuple of str
        ``CHANNEL=LOW:HIGH``; ``CHANNEL``; ``CHANNEL=AMOUNT``; ``CHANNEL,CHANNEL=LOW:HIGH``;
        ``CHANNEL,…=CHANNEL,…:PERCENT``. An amount with an x is a multiple of the channel's part of today's split.
    goal : Goal
    target : Target or None
    search : Search
    draws : int or None
        Of the posterior; None: all.
    level : float
        Of intervals.
    """

    budget: float | None = None
    window: str | None = None
    by: tuple[str, ...] = ()
    within: str = WITHIN
    bounds: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()
    goal: Goal = field(default_factory=Goal)
    target: Target | None = None
    search: Search = field(default_factory=Search)
    draws: int | None = None
    level: float = 0.9
