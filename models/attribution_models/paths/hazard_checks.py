"""Is the hazard model to be believed? Calibration, held-out likelihood, and people who differ unseen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from attribution_models.paths.events import Events
from attribution_models.paths.hazard import Hazard, HazardFit
from attribution_models.paths.hazard_credit import all_credits
from attribution_models.paths.hazard_expect import expect
from attribution_models.paths.hazard_intensity import Shape
from attribution_models.paths.hazard_likelihood import measure_exposure
from attribution_models.paths.hazard_setup import Setup, folds, make_shape, split_idle, strengthen
from attribution_models.paths.hazard_tape import CONVERSION, Tape, over
from attribution_models.paths.hazard_tuning import sample_of

Floats = NDArray[np.float64]

WINDOW_DAYS: Final = 7.0
_HELD_OUT_SALT: Final = 2
_CLOSE: Final = 1e-4  # how near a maximum must be climbed to, in units of log-likelihood


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
    before, after : float64[C + 1]
        Credit of conversions per channel and of the baseline on the people it was tried on (for everybody's number of
        conversions), without and with the factor.
    """

    variance: float
    before: Floats
    after: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Checks:
    """All checks of one fit."""

    calibration: Calibration
    held_out: HeldOut
    frailty: Frailty


def check(fit: HazardFit, events: Events, *, threads: int | None = None) -> Checks:
    """All on at most `profile_events` events, people chosen by a hash of their key, at the fit's tuning."""
    setup = fit.spec.set_up(events)
    ready = strengthen(setup, fit.tuning.tired_after, fit.spec.memory_days, threads)
    some, share = sample_of(fit.spec, ready)
    return Checks(
        _calibration(fit, some, WINDOW_DAYS, threads),
        _held_out(fit, some, 0.2, threads),
        _frailty(fit, some, share, 3, threads),
    )


def calibrate(
    fit: HazardFit, events: Events, *, window_days: float = WINDOW_DAYS, threads: int | None = None
) -> Calibration:
    """Expected beside observed conversions, by time and by channel."""
    return _calibration(fit, _ready(fit, events, threads), window_days, threads)


def held_out(fit: HazardFit, events: Events, *, share: float = 0.2, threads: int | None = None) -> HeldOut:
    """Fit with and without media on most people (chosen by a hash of their key), score both on the others.

    Coefficients are fitted again; half-life, fatigue and the share kept are those of the fit, three numbers that the
    held-out people helped to choose.
    """
    return _held_out(fit, _ready(fit, events, threads), share, threads)


def frailty(fit: HazardFit, events: Events, *, rounds: int = 5, threads: int | None = None) -> Frailty:
    """Let people differ by a gamma factor, and see what becomes of the credits.

    With N_i conversions of person i and Λ_i = ∫ λ_i, the likelihood of Z's variance v given λ is

        Σ_i log Γ(N_i + 1/v) − log Γ(1/v) + N_i log v − (N_i + 1/v) log(1 + v Λ_i),

    and E[Z_i | data] = (N_i + 1/v) / (Λ_i + 1/v). Each round maximises over v, sets the factors, and fits the
    coefficients again (expectation and maximisation in turn). A few rounds approximate the maximum; the tuning stays.

    References
    ----------
    O. Aalen, Ø. Borgan, H. Gjessing, Survival and Event History Analysis, 2008, chapter 7.
    """
    return _frailty(fit, _ready(fit, events, threads), 1.0, rounds, threads)


def _ready(fit: HazardFit, events: Events, threads: int | None) -> Setup:
    return strengthen(fit.spec.set_up(events), fit.tuning.tired_after, fit.spec.memory_days, threads)


def _shape(spec: Hazard, fit: HazardFit, setup: Setup) -> Shape:
    return make_shape(setup, fit.tuning, spec.signal_half_lives, spec.floor, spec.least)


def _calibration(fit: HazardFit, setup: Setup, window_days: float, threads: int | None) -> Calibration:
    shape = _shape(fit.spec, fit, setup)
    window = round(window_days / setup.grid.days)
    steps = int(setup.grid.sizes[0])
    total = np.zeros((2, steps + setup.channels))
    for table, _, _ in over(setup.tapes, _expects(setup, shape, fit.theta, window), threads):
        total += table
    return Calibration(total[0, :steps], total[1, :steps], total[0, steps:], total[1, steps:], window_days)


def _held_out(fit: HazardFit, setup: Setup, share: float, threads: int | None) -> HeldOut:
    spec = fit.spec
    test, train = split_idle(setup, folds(setup, share, _HELD_OUT_SALT), share)
    parts = [
        spec.likelihood(people, fit.tuning, measure_exposure(people.tapes, people.grid, threads), threads)
        for people in (train, test)
    ]
    with_media = spec.climb(parts[0], fit.theta, _CLOSE)[0]
    # A prior of no width: the effects stay at 0.
    effects = np.concatenate([np.zeros(int(setup.grid.sizes.sum()), np.bool_), parts[0].shape.is_effect])
    none = replace(parts[0], penalty=parts[0].penalty + np.diag(1e12 * effects))
    without_media = spec.climb(none, np.where(effects, 0.0, with_media), _CLOSE)[0]
    conversions = sum(int((tape.kind == CONVERSION).sum()) for tape in test.tapes)
    return HeldOut(parts[1].data(with_media, False)[0], parts[1].data(without_media, False)[0], conversions)


def _frailty(fit: HazardFit, setup: Setup, share: float, rounds: int, threads: int | None) -> Frailty:
    spec, theta, variance = fit.spec, fit.theta, 0.0
    shape = _shape(spec, fit, setup)
    before = _by_channel(setup, all_credits(setup, shape, theta, threads)) / share
    weight = np.concatenate([tape.weight for tape in setup.tapes])
    mixed = setup
    for _ in range(max(1, rounds)):
        counted = [part[1:] for part in over(setup.tapes, _expects(setup, shape, theta, 0), threads)]
        n, expected = (np.concatenate(part) for part in zip(*counted, strict=True))
        variance = _variance(n, expected, weight)
        factors = [(count + 1 / variance) / (mean + 1 / variance) for count, mean in counted]
        mixed = replace(setup, tapes=[tape._replace(frailty=f) for tape, f in zip(setup.tapes, factors, strict=True)])
        exposure = measure_exposure(mixed.tapes, mixed.grid, threads)
        theta = spec.climb(spec.likelihood(mixed, fit.tuning, exposure, threads), theta, _CLOSE)[0]
    after = _by_channel(mixed, all_credits(mixed, shape, theta, threads)) / share
    return Frailty(variance, before, after)


def _expects(setup: Setup, shape: Shape, theta: Floats, window: int) -> Callable[[Tape], tuple[Floats, Floats, Floats]]:
    def work(tape: Tape) -> tuple[Floats, Floats, Floats]:
        found: tuple[Floats, Floats, Floats] = expect(
            tape, setup.grid, shape, theta, setup.kind_channel, setup.channels, window
        )
        return found

    return work


def _by_channel(setup: Setup, credit: Floats) -> Floats:
    """Credits of conversions by channel and baseline from those by kind."""
    kinds = setup.signals.size
    place = np.append(setup.kind_channel, setup.channels)
    return np.bincount(place, credit[: kinds + 1], minlength=setup.channels + 1).astype(np.float64)


def _variance(n: Floats, expected: Floats, weight: Floats) -> float:
    def loss(log_v: float) -> float:
        v = float(np.exp(log_v))
        terms = gammaln(n + 1 / v) - gammaln(1 / v) + n * log_v - (n + 1 / v) * np.log1p(v * expected)
        return -float(weight @ terms)

    return float(np.exp(minimize_scalar(loss, bounds=(-9.0, 4.0), method="bounded").x))
