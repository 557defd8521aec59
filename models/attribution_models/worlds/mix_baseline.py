"""What happens without media: geos, demand, controls, promotions, and the baseline that they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution_models.worlds.mix_calendar import holidays, season, trend, weekdays
from attribution_models.worlds.mix_chance import Floats, stream, wandering, weekly_memory
from attribution_models.worlds.mix_world import MixWorld

QUERY, COMPETITOR, HOLIDAY, PROMO = "query_volume", "competitor_price", "holiday", "promo"
# Mean and standard deviation of the controls as the panel shows them.
_SHOWN = {QUERY: (100.0, 15.0), COMPETITOR: (100.0, 5.0)}
_MEMORY = 0.85  # of demand and controls, per week
_COMMON = 0.6  # share of their variance that geos have in common
_PROMO_WEEKS = 0.12  # share of weeks with a promotion


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """The market without media; N periods are lived, before and after the window included.

    Attributes
    ----------
    population : array (G,) of int
    level : array (G,)
        b_g, per person and period.
    demand : array (G, N)
        z, recorded and hidden part together, variance 1.
    controls : dict of str to array (G, N)
        ``query_volume``, ``competitor_price``, ``holiday``, as the panel shows them.
    promo : array (G, N)
        Depth of the promotion, 0 to 1.
    coefficients : dict of str to float
        Of controls and ``promo``: outcome per person and period for one unit more.
    per_person : array (G, N)
        Baseline per person, promotions left out.
    """

    population: NDArray[np.int64]
    level: Floats
    demand: Floats
    controls: dict[str, Floats]
    promo: Floats
    coefficients: dict[str, float]
    per_person: Floats

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All that was drawn."""
        return self.population, self.level, self.demand, *self.controls.values(), self.promo, self.per_person

    def mean(self, promo: Floats) -> Floats:
        """Mean outcome without media under given promotions, (G, N)."""
        return self.population[:, None] * (self.per_person + self.coefficients[PROMO] * promo)


def baseline_of(world: MixWorld) -> Baseline:
    """Draw the market without media."""
    unit = world.level / world.per_week
    rng = stream(world.seed, "geos")
    level = unit * np.exp(world.level_dispersion * rng.standard_normal(world.geos) * (world.geos > 1))
    query = _shown(QUERY, _wandering(world, "query"))
    rival = _shown(COMPETITOR, _wandering(world, "competitor"))
    hidden = np.sqrt(1 - world.recorded) * _wandering(world, "hidden demand")
    demand = np.sqrt(world.recorded) * _standard(QUERY, query) + hidden
    holiday = np.broadcast_to(holidays(world), query.shape).copy()
    shock = world.shock * stream(world.seed, "shock").standard_normal(world.length)
    shares = trend(world) + season(world) + weekdays(world) + shock + world.holiday * holiday
    shares = shares + world.demand * demand + world.competitor * _standard(COMPETITOR, rival)
    coefficients = {
        QUERY: unit * world.demand * float(np.sqrt(world.recorded)) / _SHOWN[QUERY][1],
        COMPETITOR: unit * world.competitor / _SHOWN[COMPETITOR][1],
        HOLIDAY: unit * world.holiday,
        PROMO: unit * world.promo,
    }
    controls = {QUERY: query, COMPETITOR: rival, HOLIDAY: holiday}
    per_person = level[:, None] + unit * shares
    return Baseline(_population(world), level, demand, controls, _promo(world), coefficients, per_person)


def _population(world: MixWorld) -> NDArray[np.int64]:
    """People by geo: log-normal sizes that add up to about `people`."""
    if world.geos == 1:
        return np.array([world.people])
    size = np.exp(0.7 * stream(world.seed, "population").standard_normal(world.geos))
    people: NDArray[np.int64] = np.maximum(np.rint(world.people * size / size.sum()), 1).astype(np.int64)
    return people


def _wandering(world: MixWorld, purpose: str) -> Floats:
    """AR(1) of variance 1 by geo and period, partly common to all geos, (G, N)."""
    memory = weekly_memory(_MEMORY, world.per_week)
    common = wandering(stream(world.seed, purpose).standard_normal(world.length), memory)
    if world.geos == 1:
        return common[None, :]
    local = wandering(stream(world.seed, f"{purpose} by geo").standard_normal((world.geos, world.length)), memory)
    return np.asarray(np.sqrt(_COMMON) * common + np.sqrt(1 - _COMMON) * local)


def _shown(name: str, z: Floats) -> Floats:
    """Bring a control to the scale of the panel, rounded as it is written: the mean uses what is written."""
    center, scale = _SHOWN[name]
    return np.round(center + scale * z, 2)


def _standard(name: str, shown: Floats) -> Floats:
    center, scale = _SHOWN[name]
    return (shown - center) / scale


def _promo(world: MixWorld) -> Floats:
    """Promotions last a week, in all geos alike, at half or full depth."""
    rng = stream(world.seed, "promo")
    weeks = -(-world.length // world.per_week)
    depth = np.where(rng.random(weeks) < _PROMO_WEEKS, np.where(rng.random(weeks) < 0.5, 0.5, 1.0), 0.0)
    return np.broadcast_to(np.repeat(depth, world.per_week)[: world.length], (world.geos, world.length)).copy()
