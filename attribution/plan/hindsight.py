"""A fit as it would have been some periods ago, over media that are known by now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from attribution.errors import UsageError
from attribution.mix.rolling import Told, labelled
from attribution.mix.stored import StoredMix
from attribution_models.mix.fit import ROUNDS, MixFit, fit
from attribution_models.mix.folds import training
from attribution_models.mix.lifts import Lift
from attribution_models.mix.nuts import Progress, Tuning
from attribution_models.mix.structure import Structure, structure

# Fewer periods than this before the plan teach a model nothing.
FEWEST = 20


def fit_before(
    stored: StoredMix, periods: int, tuning: Tuning, *, rounds: int = ROUNDS, told: Told | None = None
) -> MixFit:
    """Fit the same model to all but the last periods: their outcomes, and lift tests that ended in them, are not seen.

    Raises
    ------
    UsageError
        Too few periods are left.
    """
    length = len(stored.data.dates)
    origin = length - periods
    if origin < FEWEST:
        raise UsageError(
            f"{periods} {stored.calendar.unit}s before the end only {max(origin, 0)} are left to fit; "
            f"{FEWEST} are needed. Name fewer with --periods."
        )
    past, _ = training(stored.spec, stored.data, origin, periods)
    rows = np.arange(length) < origin
    tests = tuple(_rescaled(lift, stored, past) for lift in stored.lifts if lift.end < origin)
    try:
        past = structure(past.spec, past.data, tests, rows=rows) if tests else past
        return fit(past, tuning, rounds=rounds, warm=_warm(stored, past), told=_labelled(told, past))
    except ValueError as error:
        raise UsageError(f"The model cannot be fitted as of {stored.data.dates[origin]}: {error}") from None


def _rescaled(lift: Lift, stored: StoredMix, past: Structure) -> Lift:
    """A test's exposure in units of the earlier fit."""
    return replace(lift, without=lift.without * stored.scales.media[lift.channel] / past.scales.media[lift.channel])


def _warm(stored: StoredMix, past: Structure) -> np.ndarray | None:
    """Draws of the fit as starts of half of the chains, where the parameters are the same ones."""
    old = stored.structure
    if [(g.name, g.shape) for g in old.groups] != [(g.name, g.shape) for g in past.groups]:
        return None
    return stored.posterior.points.reshape(-1, past.size)


def _labelled(told: Told | None, past: Structure) -> Callable[[int, Progress], None] | None:
    fitted = int(past.fitted.any(axis=0).sum())
    return labelled(f"as it was, {fitted} periods fitted", told)
