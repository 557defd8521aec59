"""Half-life, fatigue and the share kept: chosen by profile likelihood, and how uncertain the choice is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.hazard_credit import all_credits
from attribution_models.paths.hazard_likelihood import Exposure, measure_exposure
from attribution_models.paths.hazard_setup import Setup, Tuning, folds, make_shape, split_idle, strengthen

if TYPE_CHECKING:
    from attribution_models.paths.hazard import Hazard

Floats = NDArray[np.float64]
Profile = Callable[[Floats], tuple[float, Floats]]

_SALT: Final = 1
_STEPS: Final = np.array([0.25, 0.04, 0.05])  # of (log2 h, 1 / c, kept), for differences
_ROUNDS: Final = 2
_ENOUGH: Final = 0.5  # what a round must have gained for a further one, in units of log-likelihood
_CLOSE: Final = 1e-4  # how near a maximum must be climbed to, in the same units


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The choice, and what of a fit moves with it.

    Attributes
    ----------
    tuning : Tuning
    theta : float64[P]
        Coefficients at the choice, on the people it was made on: near those of everybody.
    error : float64[3]
        Standard errors of log2 h, 1 / c and kept; 0 for what had one candidate or lies at the end of its range.
    covariance : float64[3, 3]
    theta_slope, effect_slope, credit_slope : float64[P, 3], float64[K, 3], float64[2 (K + 1), 3]
        Derivatives along the profile of θ, of the effects per touch, and of the credits of everybody.
    """

    tuning: Tuning
    theta: Floats
    covariance: Floats
    theta_slope: Floats
    effect_slope: Floats
    credit_slope: Floats

    @property
    def error(self) -> Floats:
        """Standard errors of log2 h, 1 / c and kept."""
        return np.sqrt(np.diag(self.covariance))


def choose(spec: Hazard, setup: Setup, threads: int | None = None) -> Choice:
    """Choose on at most `profile_events` events: the best candidates, then the maximum between them.

    With z = (log2 h, 1 / c, kept) and ℓ(z) the profile of the penalised log-likelihood, a quadratic through points
    beside the best candidates gives the maximum within their range. The covariance of z is

        (−∂²ℓ + diag(12 / range²))⁻¹

    over what does not lie at the end of its range: no less certain than the range alone makes it. Through the
    derivatives of θ and credits along the profile it enters every interval (delta method). It trusts the curvature:
    it is not clustered by person.
    """
    sample, share = sample_of(spec, setup)
    scores = _Scores(spec, sample, measure_exposure(sample.tapes, sample.grid, threads), threads)
    z = _best_candidates(spec, scores)
    loose = np.array([len(set(values)) > 1 for values in (spec.half_lives, spec.tired_after, spec.kept)])
    return _with_slopes(scores, _refined(scores, z, _ranges(spec), loose), share)


def sample_of(spec: Hazard, setup: Setup) -> tuple[Setup, float]:
    """People, chosen by a hash of their key, with about `profile_events` events; and their share of everybody."""
    events = sum(tape.period.size for tape in setup.tapes)
    share = min(1.0, spec.profile_events / max(events, 1))
    return (setup if share == 1.0 else split_idle(setup, folds(setup, share, _SALT), share)[0]), share


@dataclass(frozen=True, slots=True, eq=False)
class Quadratic:
    """The profile near its maximum.

    Attributes
    ----------
    z : float64[3]
        The maximum.
    center, steps : float64[3]
        The point whose surroundings are known, and how far away from it along each axis (0: fixed).
    free : bool[3]
        What is neither fixed nor at the end of its range.
    covariance : float64[3, 3]
    """

    z: Floats
    center: Floats
    steps: Floats
    free: NDArray[np.bool_]
    covariance: Floats


class _Scores:
    """The profile of a sample's penalised likelihood, each point climbed once from the one before."""

    def __init__(self, spec: Hazard, sample: Setup, exposure: Exposure, threads: int | None) -> None:
        self.spec, self.sample, self.exposure, self.threads = spec, sample, exposure, threads
        self.known: dict[tuple[float, ...], tuple[float, Floats]] = {}

    def __call__(self, z: Floats) -> tuple[float, Floats]:
        key = tuple(np.round(z, 9))
        if key not in self.known:
            self.known[key] = self._climb(_tuning(z))
        return self.known[key]

    def _climb(self, tuning: Tuning) -> tuple[float, Floats]:
        ready = strengthen(self.sample, tuning.tired_after, self.spec.memory_days, self.threads)
        likelihood = self.spec.likelihood(ready, tuning, self.exposure, self.threads)
        if self.known:
            near = min(self.known, key=lambda key: float(np.abs((np.array(key) - _point(tuning)) / _STEPS).sum()))
            start = self.known[near][1]
        else:
            start = self.spec.first_point(likelihood)
        theta, value, _, _ = self.spec.climb(likelihood, start, _CLOSE)
        return value, theta

    def credits(self, z: Floats) -> tuple[Floats, Floats]:
        """Effects per touch by kind, and credits, at a point of the profile."""
        spec, tuning, theta = self.spec, _tuning(z), self(z)[1]
        ready = strengthen(self.sample, tuning.tired_after, spec.memory_days, self.threads)
        shape = make_shape(ready, tuning, spec.signal_half_lives, spec.floor, spec.least)
        effects = theta[theta.size - shape.is_effect.size + shape.kind_columns[:-1]] / (1.0 - shape.power[0, 1])
        return effects * ready.grid.days, all_credits(ready, shape, theta, self.threads)


def _point(tuning: Tuning) -> Floats:
    return np.array([np.log2(tuning.half_life), 1.0 / tuning.tired_after, tuning.kept])


def _tuning(z: Floats) -> Tuning:
    return Tuning(float(2.0 ** z[0]), float(1.0 / z[1]) if z[1] > 1e-9 else np.inf, float(z[2]))


def _ranges(spec: Hazard) -> Floats:
    ends = [(min(v), max(v)) for v in (spec.half_lives, spec.tired_after, spec.kept)]
    return np.sort(np.array([_point(Tuning(*(float(e[k]) for e in ends))) for k in (0, 1)]), axis=0)


def _best_candidates(spec: Hazard, scores: Profile) -> Floats:
    """One coordinate after the other, and the half-life once more."""
    grids = {"half_life": spec.half_lives, "tired_after": spec.tired_after, "kept": spec.kept}
    chosen = Tuning(*(float(values[len(values) // 2]) for values in grids.values()))
    for name in (*grids, "half_life"):
        points = [replace(chosen, **{name: float(v)}) for v in sorted(grids[name])]
        at = points.index(chosen)
        for way in (1, -1):  # uphill among neighbors
            while 0 <= at + way < len(points) and scores(_point(points[at + way]))[0] > scores(_point(points[at]))[0]:
                at += way
        chosen = points[at]
    return _point(chosen)


def _refined(scores: Profile, z: Floats, ranges: Floats, loose: NDArray[np.bool_]) -> Quadratic:
    """Newton steps on the profile by differences, within the ranges."""
    steps = np.where(loose, np.minimum(_STEPS, (ranges[1] - ranges[0]) / 4), 0.0)
    for _ in range(_ROUNDS):
        center = np.where(loose, np.clip(z, ranges[0] + steps, ranges[1] - steps), z)
        grad, hess = _differences(scores, center, steps, np.flatnonzero(loose))
        lower, upper = np.maximum(ranges[0], center - 4 * steps), np.minimum(ranges[1], center + 4 * steps)
        found = _quadratic_maximum(center, grad, hess, lower, upper, loose)
        gain = scores(found)[0] - scores(z)[0]
        if gain > 0:
            z = found
        if gain < _ENOUGH:
            break
    free = loose & (z > ranges[0]) & (z < ranges[1])
    covariance = np.zeros((3, 3))
    within = np.ix_(free, free)
    widths = (ranges[1] - ranges[0])[free]
    covariance[within] = np.linalg.inv(_concave(hess[within]) + np.diag(12.0 / widths**2))
    return Quadratic(z, center, steps, free, covariance)


def _differences(scores: Profile, center: Floats, steps: Floats, axes: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Gradient and Hessian of the profile at a point."""
    at = scores(center)[0]
    moves = np.diag(steps)
    up = {a: scores(center + moves[a])[0] for a in axes}
    down = {a: scores(center - moves[a])[0] for a in axes}
    grad, hess = np.zeros(3), np.zeros((3, 3))
    for a in axes:
        grad[a] = (up[a] - down[a]) / (2 * steps[a])
        hess[a, a] = (up[a] + down[a] - 2 * at) / steps[a] ** 2
    for a, b in combinations(axes, 2):
        both = scores(center + moves[a] + moves[b])[0]
        hess[a, b] = hess[b, a] = (both - up[a] - up[b] + at) / (steps[a] * steps[b])
    return grad, hess


def _concave(hess: Floats) -> Floats:
    """Give −hess with its negative eigenvalues at 0."""
    values, vectors = np.linalg.eigh(-hess)
    found: Floats = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return found


def _quadratic_maximum(
    center: Floats, grad: Floats, hess: Floats, lower: Floats, upper: Floats, loose: NDArray[np.bool_]
) -> Floats:
    """The maximum of a quadratic in a box: what leaves the box is held at its side, and the others move again."""
    z, free = center.copy(), loose.copy()
    while free.any():
        within = np.ix_(free, free)
        pull = grad + hess @ np.where(free, 0.0, z - center)
        bend = _concave(hess[within]) + 1e-9 * np.eye(int(free.sum()))
        z[free] = center[free] + np.linalg.solve(bend, pull[free])
        out = free & ((z < lower) | (z > upper))
        z[loose] = np.clip(z, lower, upper)[loose]
        if not out.any():
            break
        free &= ~out
    return z


def _with_slopes(scores: _Scores, found: Quadratic, share: float) -> Choice:
    """Derivatives along the profile by central differences; credits of the sample count for everybody."""
    theta = scores(found.z)[1]
    kinds = scores.sample.signals.size
    slopes = [np.zeros((n, 3)) for n in (theta.size, kinds, 2 * (kinds + 1))]
    for a in np.flatnonzero(found.free):
        move = np.diag(found.steps)[a]
        ends = [(scores(end)[1], *scores.credits(end)) for end in (found.center - move, found.center + move)]
        for slope, below, above in zip(slopes, *ends, strict=True):
            slope[:, a] = (above - below) / (2 * found.steps[a])
    return Choice(_tuning(found.z), theta, found.covariance, slopes[0], slopes[1], slopes[2] / share)
