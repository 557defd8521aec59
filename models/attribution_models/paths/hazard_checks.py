"""Is the hazard model to be believed? Calibration, held-out likelihood, and people who differ unseen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from attribution_models.paths.compiled import compiled
from attribution_models.paths.events import Events
from attribution_models.paths.hazard import Hazard, HazardFit, initial, refuse
from attribution_models.paths.hazard_grid import FAR_PAST, Grid
from attribution_models.paths.hazard_intensity import Shape, base_rate, base_steps, rate
from attribution_models.paths.hazard_likelihood import measure_exposure
from attribution_models.paths.hazard_result import result
from attribution_models.paths.hazard_setup import Setup, folds, make_shape, set_up, split_idle, strengthen
from attribution_models.paths.hazard_tape import CONVERSION, Tape, over

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_HELD_OUT_SALT: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Conversions that the fit expects beside those observed.

    Attributes
    ----------
    expected_by_time, observed_by_time : float64[W]
        By calendar step.
    expected_by_channel, observed_by_channel : float64[C]
        In periods of people whom the channel touched within the last `window_days`; these overlap.
    window_days : float
    """

    expected_by_time: Floats
    observed_by_time: Floats
    expected_by_channel: Floats
    observed_by_channel: Floats
    window_days: float


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Log-likelihood of people whom neither model saw, with media and without; gain is their difference.

    ``gain_per_conversion`` is in nats; above 0: the touches tell something about who converts when.
    """

    with_media: float
    without_media: float
    conversions: int

    @property
    def gain_per_conversion(self) -> float:
        """Gain of the media model, nats per held-out conversion."""
        return (self.with_media - self.without_media) / max(self.conversions, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Frailty:
    """What changes when people may differ by an unseen factor Z ~ Gamma(mean 1, variance) on their intensity.

    Attributes
    ----------
    variance : float
        Estimate; near 0, nothing is left unexplained between people.
    fit : HazardFit
        Fit with the intensity of each person multiplied by E[Z | data], its tuning as before. Its intervals take
        the factors as given.
    """

    variance: float
    fit: HazardFit


def calibrate(fit: HazardFit, events: Events, *, window_days: float = 7.0, threads: int | None = None) -> Calibration:
    """Expected beside observed conversions, by time and by channel; one walk over all periods at risk."""
    setup = _ready(fit, events, threads)
    shape = make_shape(setup, fit.tuning, fit.spec.signal_half_lives, fit.spec.floor, fit.spec.least)
    window = round(window_days / setup.grid.days)
    total = np.zeros((2, int(setup.grid.sizes[0]) + setup.channels))
    for part in over(
        setup.tapes,
        lambda tape: _calibrate(tape, setup.grid, shape, fit.theta, setup.kind_channel, setup.channels, window),
        threads,
    ):
        total += part
    steps = int(setup.grid.sizes[0])
    return Calibration(total[0, :steps], total[1, :steps], total[0, steps:], total[1, steps:], window_days)


def held_out(spec: Hazard, events: Events, *, share: float = 0.2, threads: int | None = None) -> HeldOut:
    """Fit with and without media on most people (chosen by a hash of their key), score both on the others."""
    setup = set_up(events, spec.grain_days, spec.calendar_days, spec.lag)
    test, train = split_idle(setup, folds(setup, share, _HELD_OUT_SALT), share)
    refuse(train, measure_exposure(train.tapes, train.grid, threads))
    tuning, start = spec.choose(train, threads)
    scores = []
    for media in (True, False):
        parts = []
        for people in (train, test):
            ready = strengthen(people, tuning.tired_after, spec.memory_days, threads)
            exposure = measure_exposure(ready.tapes, ready.grid, threads)
            parts.append(spec.likelihood(ready, tuning, exposure, threads))
        if not media:
            # A prior of no width: the effects stay at 0.
            effects = np.concatenate([np.zeros(int(setup.grid.sizes.sum()), np.bool_), parts[0].shape.is_effect])
            parts[0] = replace(parts[0], penalty=parts[0].penalty + np.diag(1e12 * effects))
            start = initial(parts[0])
        theta = spec.climb(parts[0], start)[0]
        scores.append(parts[1].data(theta, False)[0])
    conversions = sum(int((tape.kind == CONVERSION).sum()) for tape in test.tapes)
    return HeldOut(scores[0], scores[1], conversions)


def frailty(fit: HazardFit, events: Events, *, rounds: int = 5, threads: int | None = None) -> Frailty:
    """Let people differ by a gamma factor, and see what becomes of the credits.

    With N_i conversions of person i and Λ_i = ∫ λ_i, the likelihood of Z's variance v given λ is

        Σ_i log Γ(N_i + 1/v) − log Γ(1/v) + N_i log v − (N_i + 1/v) log(1 + v Λ_i),

    and E[Z_i | data] = (N_i + 1/v) / (Λ_i + 1/v). Each round maximises over v, sets the factors, and fits the
    coefficients again (expectation and maximisation in turn). A few rounds approximate the maximum.

    References
    ----------
    O. Aalen, Ø. Borgan, H. Gjessing, Survival and Event History Analysis, 2008, chapter 7.
    """
    spec = fit.spec
    setup = _ready(fit, events, threads)
    theta, variance = fit.theta, 0.0
    for _ in range(max(1, rounds)):
        likelihood = spec.likelihood(setup, fit.tuning, measure_exposure(setup.tapes, setup.grid, threads), threads)
        counted = list(
            over(setup.tapes, lambda t: _expected(t, setup.grid, likelihood.shape, theta), threads)  # noqa: B023
        )
        n, expected = (np.concatenate(part) for part in zip(*counted, strict=True))
        weight = np.concatenate([tape.weight for tape in setup.tapes])
        variance = _variance(n, expected, weight)
        factors = [(count + 1 / variance) / (mean + 1 / variance) for count, mean in counted]
        tapes = [tape._replace(frailty=f) for tape, f in zip(setup.tapes, factors, strict=True)]
        setup = replace(setup, tapes=tapes)
        exposure = measure_exposure(setup.tapes, setup.grid, threads)
        likelihood = spec.likelihood(setup, fit.tuning, exposure, threads)
        found = spec.climb(likelihood, theta)
        theta = found[0]
    return Frailty(variance, result(spec, setup, fit.tuning, likelihood, found))


def _ready(fit: HazardFit, events: Events, threads: int | None) -> Setup:
    setup = set_up(events, fit.spec.grain_days, fit.spec.calendar_days, fit.spec.lag)
    return strengthen(setup, fit.tuning.tired_after, fit.spec.memory_days, threads)


def _variance(n: Floats, expected: Floats, weight: Floats) -> float:
    def loss(log_v: float) -> float:
        v = float(np.exp(log_v))
        terms = gammaln(n + 1 / v) - gammaln(1 / v) + n * log_v - (n + 1 / v) * np.log1p(v * expected)
        return -float(weight @ terms)

    return float(np.exp(minimize_scalar(loss, bounds=(-9.0, 4.0), method="bounded").x))


@compiled
def _expected(tape: Tape, grid: Grid, shape: Shape, theta: Floats) -> tuple[Floats, Floats]:
    """Conversions of each person, and how many the model expects at frailty 1."""
    n = np.zeros(tape.first.size)
    mean = np.zeros(tape.first.size)
    periods = np.empty(grid.calendar.size)
    for i in range(tape.first.size):
        _intensities(tape, i, grid, shape, theta, periods)
        for p in range(tape.first[i], tape.last[i] + 1):
            mean[i] += periods[p]
        for e in range(tape.offsets[i], tape.offsets[i + 1]):
            n[i] += tape.kind[e] == CONVERSION
    return n, mean


@compiled
def _intensities(tape: Tape, i: int, grid: Grid, shape: Shape, theta: Floats, out: Floats) -> None:
    """Write the conversions that person i is expected to make in each period at risk, frailty aside."""
    base = theta.size - shape.is_effect.size
    state = np.zeros(shape.is_effect.size)
    steps = np.empty(4, dtype=np.int64)
    converted = int(tape.before[i])
    e = tape.offsets[i]
    stop = tape.offsets[i + 1]
    start = int(tape.first[i])
    if e < stop:
        start = min(start, int(tape.period[e]))
    for p in range(start, tape.last[i] + 1):
        paused = False
        while e < stop and tape.period[e] == p:
            k = tape.kind[e]
            if k < 0:
                paused = True
            else:
                for q in range(shape.kind_columns[k], shape.kind_columns[k + 1]):
                    state[q] += tape.strength[e]
            e += 1
        if p >= tape.first[i]:
            base_steps(grid, p, tape.first[i], converted, tape.stratum[i], steps)
            c = (theta[base:] * state * shape.is_effect).sum()
            b = shape.least + base_rate(theta, steps) + (theta[base:] * state).sum() - c
            part = tape.first_part[i] if p == tape.first[i] else 1.0
            if p == tape.last[i]:
                part *= tape.last_part[i]
            out[p] = rate(b, c, shape.floor)[0] * part * grid.days
        for q in range(state.size):
            state[q] *= shape.power[shape.table[q], 1] * (shape.kept if paused else 1.0)
        if paused:
            converted = p


@compiled
def _calibrate(
    tape: Tape, grid: Grid, shape: Shape, theta: Floats, kind_channel: NDArray[np.int32], channels: int, window: int
) -> Floats:
    """Expected and observed conversions by calendar step, then by channel of recent touches."""
    steps = grid.sizes[0]
    total = np.zeros((2, steps + channels))
    periods = np.empty(grid.calendar.size)
    touched = np.empty(channels, dtype=np.int64)
    for i in range(tape.first.size):
        _intensities(tape, i, grid, shape, theta, periods)
        touched[:] = FAR_PAST
        e = tape.offsets[i]
        for p in range(tape.first[i], tape.last[i] + 1):
            seen = 0
            while e < tape.offsets[i + 1] and tape.period[e] <= p:
                if tape.kind[e] >= 0:
                    touched[kind_channel[tape.kind[e]]] = tape.period[e]
                elif tape.kind[e] == CONVERSION:
                    seen += 1
                e += 1
            expected = periods[p] * tape.weight[i]
            total[0, grid.calendar[p]] += expected
            total[1, grid.calendar[p]] += seen
            for c in range(channels):
                if p - touched[c] < window:
                    total[0, steps + c] += expected
                    total[1, steps + c] += seen
    return total
