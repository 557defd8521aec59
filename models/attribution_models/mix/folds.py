"""Rolling-origin cross-validation: fit the past, score the future, again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.data import MixData
from attribution_models.mix.density import Density
from attribution_models.mix.means import Means
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.scores import RowScores, score_rows
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.structure import Structure, structure
from attribution_models.mix.window import first_periods

Floats = NDArray[np.float64]
Sampler = Callable[[Structure], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One origin.

    Attributes
    ----------
    origin : int
        Periods that were fitted; the next ones are scored.
    scores : RowScores or None
        None where the fold could not be fitted.
    failure : str
        Why.
    """

    origin: int
    scores: RowScores | None
    failure: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FutureScores:
    """Leave-future-out scores of one model.

    Attributes
    ----------
    outcome : str
        Column that was predicted.
    horizon : int
        Periods after each origin.
    level : float
        Of the interval whose coverage is counted.
    folds : tuple of Fold
    rows : RowScores
        Of all folds together.
    """

    outcome: str
    horizon: int
    level: float
    folds: tuple[Fold, ...]
    rows: RowScores

    @property
    def failures(self) -> tuple[str, ...]:
        """Reasons of folds that could not be fitted."""
        return tuple(fold.failure for fold in self.folds if fold.scores is None)


def origins(periods: int, folds: int, horizon: int, step: int | None = None, least: int = 1) -> tuple[int, ...]:
    """Origins from the panel's end backwards: the last fold ends with the panel.

    Parameters
    ----------
    folds, horizon : int
        How many, and how many periods each one predicts.
    step : int, optional
        Periods between origins; without: the horizon, so that each period is predicted once.
    least : int
        Fewest periods to fit.

    Raises
    ------
    ValueError
        The panel is too short.
    """
    gap = step or horizon
    found = tuple(periods - horizon - gap * k for k in reversed(range(folds)))
    if min(folds, horizon, gap) < 1 or found[0] < least:
        raise ValueError(
            f"{folds} folds of {horizon} periods, {gap} apart, need {least + horizon + gap * (folds - 1)} periods or "
            f"more; the panel has {periods}. Take fewer or shorter folds."
        )
    return found


def rolling_origin(
    spec: MixSpec, data: MixData, fit: Sampler, at: tuple[int, ...], horizon: int, *, level: float = 0.9, seed: int = 1
) -> FutureScores:
    """Fit rows before each origin and score the `horizon` periods after it, media and controls known.

    Scales, and what priors on shares refer to, come from the fitted rows only. The score is the density of each row by
    itself, not of all rows of a fold together.

    Parameters
    ----------
    fit : callable
        From a structure to draws on the sampled line, array (chains, draws, n).
    at : tuple of int
        `origins`.

    Raises
    ------
    ValueError
        Every fold failed.
    """
    return gathered(
        spec,
        tuple(score_origin(spec, data, fit, origin, horizon, level=level, seed=seed) for origin in at),
        horizon,
        level,
    )


def gathered(spec: MixSpec, folds: tuple[Fold, ...], horizon: int, level: float) -> FutureScores:
    """Put the folds of one model together.

    Raises
    ------
    ValueError
        Every fold failed.
    """
    scored = tuple(fold.scores for fold in folds if fold.scores is not None)
    if not scored:
        raise ValueError(f"No fold could be fitted: {folds[0].failure}")
    return FutureScores(spec.outcome, horizon, level, folds, RowScores.joined(scored))


def score_origin(
    spec: MixSpec, data: MixData, fit: Sampler, origin: int, horizon: int, *, level: float = 0.9, seed: int = 1
) -> Fold:
    """Fit the rows before one origin and score the next `horizon` periods; what stops it becomes the fold's failure."""
    try:
        past, whole = training(spec, data, origin, horizon)
        posterior = Posterior.of(Density.of(past), fit(past), seed)
        rows = np.zeros(whole.outcome.shape, bool)
        rows[:, origin:] = True
        scores = score_rows(Means.of(posterior, replace(past, data=whole)), rows, level=level, seed=seed)
    except ValueError as error:
        return Fold(origin, None, f"Origin {data.dates[origin]}: {error}")
    return Fold(origin, scores)


def training(spec: MixSpec, data: MixData, origin: int, horizon: int) -> tuple[Structure, MixData]:
    """Structure that fits the periods before an origin, and the panel up to the horizon's end with its outcomes.

    Nothing after the origin tells the fit about its outcomes: they are taken away before scales are computed, and
    periods after the horizon are cut off.
    """
    length = origin + horizon
    shorter, whole = first_periods(spec, data, length)
    blind = whole.outcome.copy()
    blind[:, origin:] = np.nan
    rows = np.arange(length) < origin
    return structure(shorter, replace(whole, outcome=blind), rows=rows), whole


def by_distance(scores: FutureScores, dates: NDArray[np.datetime64]) -> Iterator[tuple[int, RowScores]]:
    """Rows of all folds by their distance from the origin, 1 … horizon."""
    distance = np.concatenate([
        np.searchsorted(dates, fold.scores.dates) - fold.origin + 1 for fold in scores.folds if fold.scores is not None
    ])  # fmt: skip
    for h in range(1, scores.horizon + 1):
        kept = distance == h
        if kept.any():
            yield h, RowScores(*(getattr(scores.rows, name)[kept] for name in RowScores.__slots__))
