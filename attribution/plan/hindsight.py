"""A fit as it would have been some periods ago, carried on over what is known by now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from attribution.errors import UsageError, listed
from attribution.findings import Finding
from attribution.mix.rolling import Told, labelled
from attribution.mix.stored import StoredMix
from attribution_models.mix.effects import Effects
from attribution_models.mix.fit import ROUNDS, MixFit, fit
from attribution_models.mix.lifts import Lift
from attribution_models.mix.nuts import Progress, Tuning
from attribution_models.mix.structure import Structure, structure
from attribution_models.mix.window import first_periods
from attribution_models.plan.ahead import carried_on, without_outcomes

# Fewer periods than this before the plan teach a model nothing.
FEWEST = 20


def fit_before(
    stored: StoredMix, periods: int, tuning: Tuning, *, rounds: int = ROUNDS, told: Told | None = None
) -> MixFit:
    """Fit the same model to all but the last periods: their outcomes, and lift tests that ended in them, are not seen.

    Raises
    ------
    UsageError
        Too few periods are left, or the model cannot be fitted to them.
    """
    origin = enough_before(stored, periods)
    spec, data = first_periods(stored.spec, stored.data, origin)
    try:
        past = structure(spec, data)
        tests = tuple(_as_of(lift, stored, past) for lift in stored.lifts if lift.end < origin)
        past = structure(spec, data, tests) if tests else past
        return fit(past, tuning, rounds=rounds, warm=_warm(stored, past), told=_labelled(told, past))
    except ValueError as error:
        raise UsageError(f"The model cannot be fitted as of {stored.data.dates[origin]}: {error}") from None


def enough_before(stored: StoredMix, periods: int) -> int:
    """How many periods lie before the last ones.

    Raises
    ------
    UsageError
        Too few to fit.
    """
    origin = len(stored.data.dates) - periods
    if origin < FEWEST:
        raise UsageError(
            f"{periods} {stored.calendar.unit}s before the end only {max(origin, 0)} are left to fit; "
            f"{FEWEST} are needed. Name fewer with --periods."
        )
    return origin


def seen_then(stored: StoredMix, then: MixFit) -> Effects:
    """A fit as it was over the whole panel: later media and controls as they were, the baseline as it forecasts it."""
    effects = Effects.of(then.posterior)
    return carried_on(effects, without_outcomes(stored.data, len(then.posterior.structure.data.dates)))


def known_since(stored: StoredMix, periods: int) -> Iterator[Finding]:
    """Name tests of the last periods whose results are in the model itself, as a prior: the fit as it was has them."""
    origin = len(stored.data.dates) - periods
    late = [test.lift.experiment for test in stored.tests if test.use == "prior" and test.lift.end >= origin]
    if late:
        named = listed(dict.fromkeys(late))
        message = f"The model takes a prior from a test that was not over then: {named}. The plan then knew too much."
        remedy = "Give these tests the use likelihood in the lifts file and fit again: a backtest leaves those out."
        yield Finding("warning", "prior-from-later", message, remedy, len(late))


def _as_of(lift: Lift, stored: StoredMix, past: Structure) -> Lift:
    """A test on the shorter panel, its exposure in units of the earlier fit."""
    scale = stored.scales.media[lift.channel] / past.scales.media[lift.channel]
    return replace(lift, without=lift.without[:, : past.media.shape[2]] * scale)


def _warm(stored: StoredMix, past: Structure) -> np.ndarray | None:
    """Draws of the fit as starts of half of the chains, where the parameters are the same ones."""
    old = stored.structure
    if [(g.name, g.shape) for g in old.groups] != [(g.name, g.shape) for g in past.groups]:
        return None
    return stored.posterior.points.reshape(-1, past.size)


def _labelled(told: Told | None, past: Structure) -> Callable[[int, Progress], None] | None:
    fitted = int(past.fitted.any(axis=0).sum())
    return labelled(f"as it was, {fitted} periods fitted", told)
