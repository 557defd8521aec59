"""How far the data moved every parameter from its prior."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.parameter_table import labels
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.priors import INTERVAL, Prior
from attribution_models.mix.start import draw

Floats = NDArray[np.float64]
DRAWS = 20_000
CHOSEN = ("uniform", "truncated-normal")
NEAR = 0.02  # of an interval's width counts as lying at its end


@dataclass(frozen=True, slots=True)
class Shift:
    """One parameter's posterior beside its prior.

    Attributes
    ----------
    name : str
    ratio : float
        Posterior over prior standard deviation.
    tail : float
        Prior probability of values as far out as the posterior's mean (`tail_of`): near 0 where the prior had ruled the
        answer out, however narrow or wide the posterior is.
    at_end : float
        Share of draws within 2 % of an end of the prior's interval, where somebody chose it (uniform, truncated); 0
        for others, as a share has to lie between 0 and 1.
    """

    name: str
    ratio: float
    tail: float
    at_end: float


def shifts(posterior: Posterior, seed: int = 1) -> tuple[Shift, ...]:
    """Compare every parameter that has a prior of its own.

    Coefficients that share a sampled spread have none: their prior is part of the posterior.
    """
    rng = np.random.default_rng([seed, 17])
    return tuple(shift(name, draws, prior, rng) for name, draws, prior in _pairs(posterior))


def shift(name: str, draws: Floats, prior: Prior, rng: np.random.Generator) -> Shift:
    """Compare draws, array (D,), with a prior."""
    before = draw(prior, rng, DRAWS)
    return Shift(
        name, float(draws.std() / before.std()), tail_of(float(draws.mean()), before, prior), _at_end(draws, prior)
    )


def tail_of(value: float, before: Floats, prior: Prior) -> float:
    """Prior probability of values at least as far out: 2 min(F(value), 1 − F(value)), F by draws of the prior.

    A prior that is highest at an end of its support (half-normal, exponential, beta with a shape of at most 1) has one
    tail only, away from that end: nothing is more likely there than values near it.
    """
    below = float(np.mean(before < value))
    low, high = _peaks(prior)
    if low or high:
        return 1 - below if low else below
    return 2 * min(below, 1 - below)


def _peaks(prior: Prior) -> tuple[bool, bool]:
    """Whether the density is highest at the lower end of the support; at the upper one."""
    v = prior.values
    match prior.family:
        case "half-normal" | "exponential":
            return True, False
        case "gamma":
            return v[0] <= 1, False
        case "beta":
            return v[0] <= 1 < v[1], v[1] <= 1 < v[0]
        case "truncated-normal":
            return v[0] <= v[2], v[0] >= v[3]
        case _:
            return False, False


def _at_end(draws: Floats, prior: Prior) -> float:
    lower, upper = prior.bounds
    if prior.transform != INTERVAL or prior.family not in CHOSEN:
        return 0.0
    near = NEAR * (upper - lower)
    return float(np.mean((draws < lower + near) | (draws > upper - near)))


def _pairs(posterior: Posterior) -> Iterator[tuple[str, Floats, Prior]]:
    s, values = posterior.structure, posterior.by_name()
    terms = s.terms if s.varying is None else (*s.terms, s.varying.term)
    spread = {term.vector for term in terms if term.spread is not None}
    for group in s.groups:
        if group.name in spread:
            continue
        draws = values[group.name].reshape(posterior.size, -1)
        for i, name in enumerate(labels(group.name, group.shape, group.coords)):
            yield name, draws[:, i], group.prior(i)
    for term in s.terms:
        if term.integrate and term.spread is None:
            draws = values[term.name].reshape(posterior.size, -1)
            shape = tuple(len(c) for c in term.coords)
            for i, name in enumerate(labels(term.name, shape, term.coords)):
                yield name, draws[:, i], term.prior
