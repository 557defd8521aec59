"""Plans of spend from Python: as the commands of ``attribution plan``, with numbers instead of texts.

>>> import attribution
>>> report = attribution.fit_mix(panel, attribution.draft_mix(panel))  # doctest: +SKIP
>>> attribution.plan_mix(report, budget=500_000, locks=["tv"]).table  # doctest: +SKIP

A plan has ``table`` (a frame, as the command writes it with ``-f csv``), ``calendar`` and ``findings``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from attribution.mix.stored import StoredMix, load_mix
from attribution.panels import MixReport
from attribution.plan.options import WITHIN, Goal, PlanOptions, Search, Target
from attribution.steps.plan import PlanReport, plan_report
from attribution.workspace import Workspace

__all__ = ["Goal", "Search", "Target", "plan_mix"]

Fit = MixReport | StoredMix | Workspace | Path | str
Ends = tuple[float | str, float | str]


def plan_mix(
    fit: Fit,
    name: str | None = None,
    *,
    budget: float | None = None,
    window: str | None = None,
    future: Sequence[Path | str] = (),
    by: Sequence[str] = (),
    target: Target | None = None,
    goal: Goal | None = None,
    within: str = WITHIN,
    bounds: Mapping[str, Ends] | None = None,
    locks: Sequence[str] = (),
    steps: Mapping[str, float] | None = None,
    groups: Mapping[str, Ends] | None = None,
    moves: Sequence[str] = (),
    search: Search | None = None,
    draws: int | None = None,
    level: float = 0.9,
) -> PlanReport:
    """The best split of a budget, or the budget that a target needs (``attribution plan``); nothing is kept.

    Parameters
    ----------
    fit : MixReport, StoredMix, Workspace or path
        What `fit_mix` or `load_mix` gave, or a workspace that keeps fits.
    name : str, optional
        Of the fit in a workspace; without: the only or the latest one.
    future : sequence of path
        Files that say something of periods after the panel, for a window there.
    budget, window, by, within, locks, moves, draws, level
        As `PlanOptions` has them.
    target : Target, optional
        ``Target("roas", 2.5)``; also ``outcome`` and ``mroas``.
    goal : Goal, optional
        ``Goal("expected")``; also ``quantile``, ``cvar`` and ``beat-today``. Without: ``Goal("cvar", 0.1)``, the mean
        gain of the worst tenth of draws; with a target ``expected``.
    bounds : mapping of channel to (low, high)
        Numbers are money; ``"0.8x"`` is a multiple of the channel's part of today's split.
    steps : mapping of channel to number
    groups : mapping of channels, with commas, to (low, high)
    search : Search, optional
        Starts and seed.

    Raises
    ------
    UsageError
        No such fit or channel; a budget, bounds or target that no plan can keep.
    """
    options = PlanOptions(
        budget=budget,
        window=window,
        future=tuple(str(path) for path in future),
        by=tuple(by),
        within=within,
        bounds=_ends(bounds),
        locks=tuple(locks),
        steps=tuple(f"{channel}={step!r}" for channel, step in (steps or {}).items()),
        groups=_ends(groups),
        moves=tuple(moves),
        goal=goal,
        target=target,
        search=search or Search(),
        draws=draws,
        level=level,
    )
    return plan_report(_stored(fit, name), options)


def _ends(given: Mapping[str, Ends] | None) -> tuple[str, ...]:
    return tuple(f"{channels}={low}:{high}" for channels, (low, high) in (given or {}).items())


def _stored(fit: Fit, name: str | None) -> StoredMix:
    if isinstance(fit, MixReport):
        return fit.stored
    return fit if isinstance(fit, StoredMix) else load_mix(fit, name)
