"""How the baseline of a drafted model starts and moves, on the scale of the panel's outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.mix.model_toml import setting
from attribution.mix.roles import Column, Roles
from attribution_models.mix.priors import Prior

FEW_GEOS = 5
# Standard deviations of priors, as shares of the mean outcome. PyMC-Marketing's Normal(0, 2) on the scaled outcome puts
# half of its mass on a baseline below zero; these leave a few per cent there, and are wide all the same: the level
# reaches from a third to nearly twice the mean outcome, a slope may double it, a control's standard deviation may move
# it by half.
LEVEL, TREND, SEASON, CONTROL, SWITCH, NOISE = 0.35, 0.5, 0.4, 0.25, 0.5, 0.5
# Levels of geos differ at least by this share of the mean outcome, before the data speak.
GEOS = 0.25


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean of the outcome as the model scales it: per head where there is a population, over its highest value.

    Attributes
    ----------
    level : float
        Between 0 and 1; 0.5 for an outcome that is not above zero on average.
    between : float
        Standard deviation of the means of geos.
    """

    level: float
    between: float

    @classmethod
    def of(cls, roles: Roles) -> Scale:
        """Read it off the panel's outcome."""
        values = roles.of("outcome")[0].values / _heads(roles)
        known = np.isfinite(values)
        top, mean = float(values[known].max()), float(values[known].mean())
        if not top > 0 or not mean > 0:
            return cls(0.5, 0.0)
        geos = roles.geos[known].astype(str)
        means = [float(values[known][geos == geo].mean()) / top for geo in np.unique(geos)]
        return cls(mean / top, float(np.std(means)))

    def prior(self, share: float) -> Prior:
        """Normal around zero, with a share of the mean outcome as standard deviation."""
        return Prior("normal", (0.0, short(share * self.level)))

    def control(self, column: Column) -> Prior:
        """Of a column's coefficient: for one standard deviation of it, or for 1 against 0.

        A treatment's contribution counts from its lowest value: what is one share for others is shared out from there
        to its mean.
        """
        if is_switch(column.values):
            return self.prior(SWITCH)
        if column.role != "treatment":
            return self.prior(CONTROL)
        known = column.values[np.isfinite(column.values)]
        return self.prior(CONTROL / max(float((known.mean() - known.min()) / known.std()), 1.0))


def is_switch(values: NDArray[np.float64]) -> bool:
    """Whether a column holds 0 and 1 only."""
    return bool(np.isin(values[np.isfinite(values)], (0.0, 1.0)).all())


def short(number: float) -> float:
    """Two digits: a prior is no measurement."""
    return float(f"{number:.2g}")


def baseline(roles: Roles, scale: Scale) -> Iterator[str]:
    """Trend, seasons, level and noise."""
    yield from _trend(roles, scale)
    yield from _seasons(roles, scale)
    yield from _level(roles, scale)
    yield from ("", "[noise]")
    yield setting("sigma", Prior("half-normal", (short(NOISE * scale.level),)), "at most about the mean outcome")


def _level(roles: Roles, scale: Scale) -> Iterator[str]:
    yield from ("", "[intercept]")
    prior = Prior("normal", (short(scale.level), short(LEVEL * scale.level)))
    yield setting("prior", prior, "around the mean outcome over the highest, rarely below zero; PyMC-Marketing: 0 ± 2")
    if roles.geo is None:
        return
    between = short(max(scale.between, GEOS * scale.level))
    if len(set(roles.geos)) < FEW_GEOS:
        yield setting("pooling", between, "few geos: the spread between them is fixed, not estimated")
    else:
        yield setting("pooling", Prior("half-normal", (between,)), "the spread between geos: about that of their means")


def _heads(roles: Roles) -> NDArray[np.float64]:
    """Population of each row's geo over the mean of all geos, where the draft names one; else 1."""
    people = roles.of("population") if roles.geo is not None else ()
    if not people:
        return np.ones(len(roles.days))
    geos, each = np.unique(roles.geos.astype(str), return_inverse=True)
    mean = np.array([np.nanmean(people[0].values[each == g]) for g in range(len(geos))])
    return np.asarray((mean / mean.mean())[each], dtype=float)


def _trend(roles: Roles, scale: Scale) -> Iterator[str]:
    days = len(roles.calendar.dates) * roles.calendar.days
    yield from ("", "[trend]")
    if days < 90:
        yield setting("kind", "none", "less than three months")
        return
    points = min(round(days / 182), 8) if days >= 365 else 0
    yield setting("kind", "linear", "a slope that may change twice a year" if points else "a slope: less than a year")
    yield setting("points", points)
    yield setting("prior", scale.prior(TREND), "mostly within the mean outcome, over the whole window")


def _seasons(roles: Roles, scale: Scale) -> Iterator[str]:
    days = len(roles.calendar.dates) * roles.calendar.days
    yield from ("", "[seasonality]")
    if days >= 540:
        yield setting("yearly", 2, "a year and a half or more: seasons repeat")
    elif days >= 330:
        yield setting("yearly", 1, "seasons hardly repeat, and are hard to tell from media", sure=False)
    else:
        yield setting("yearly", 0, "less than a year")
    if roles.calendar.days == 1:
        yield setting("weekly", 3, "days of the week differ")
    yield setting("prior", scale.prior(SEASON), "a wave mostly within four fifths of the mean outcome")
