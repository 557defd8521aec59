"""Time to event: conversions as a point process that media and demand move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from attribution_models.paths.events import Events
from attribution_models.paths.hazard_likelihood import Exposure, Likelihood, gather_rows, measure_exposure
from attribution_models.paths.hazard_newton import Maximum, maximise
from attribution_models.paths.hazard_result import HazardFit, result
from attribution_models.paths.hazard_setup import Setup, Tuning, make_shape, set_up, strengthen
from attribution_models.paths.hazard_tuning import choose

__all__ = ["Hazard", "HazardFit"]

Floats = NDArray[np.float64]

_ALONE: Final = 0.01  # least share of the time at risk that must lie before any touch


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    r"""Additive point-process model of conversions with a floor, fitted by penalised likelihood.

    The intensity of person i at time t, in conversions per day, is

        λ_i(t) = b_i(t) + Σ_j β_k(j) · s_ij · 2^(−(t − t_j) / h) · kept^m_j(t),
        b_i(t) = ν + exp(calendar + time since entry + recency of the last own conversion + stratum)
                 + Σ_signals Σ_h σ_kh · 2^(−(t − t_j) / h) · kept^m_j(t),

    where the sum is at least ε b, and a smooth continuation above zero elsewhere (`hazard_intensity`). m counts the
    own conversions since the touch. s = 1 / (1 + n / c), n the person's earlier touches of the channel, each
    forgotten by half in `memory_days`.

    In plain words: people buy by themselves, at a rate that moves with the calendar, with how long they are known,
    with how long ago they bought, and with how they look for the shop of their own accord (signals, such as
    visits by (direct) and organic search: they show demand, and never get credit). A touch adds to the rate, or
    takes from it, an amount that fades; repeats add less. Time is cut into periods of `grain_days`; a touch acts
    from the begin of its period, or from the next one if it follows a conversion in the same period. Periods must be
    short: with periods of a day, a conversion before the touch counts against it on the hours that it had not
    acted yet, and null channels come out below zero.

    h, c and kept are chosen by profile likelihood on at most `profile_events` events, between the candidates. What
    the choice leaves open is part of the intervals (`hazard_tuning`). The ridge is fixed beforehand, not chosen.

    Attributes
    ----------
    half_lives : sequence of float
        Candidates for h, in days, shared by all kinds of media; h lies between the least and the greatest.
    tired_after : sequence of float
        Candidates for c, in the same sense; inf is no fatigue.
    kept : sequence of float
        Candidates for the share of signals and effects that outlives an own conversion, in the same sense.
    signal_half_lives : sequence of float
        Half-lives of the signals, in days; all are used together, with coefficients of at least 0.
    positive : bool
        Constrain the effects to be at least 0.
    effect_sd : float
        Ridge: effects, in conversions per first touch over all time, have prior Normal(0, effect_sd²).
    step_sd : float
        Ridge of the baseline: log steps by age, recency and stratum have prior Normal(0, step_sd²).
    smooth_sd : float
        Neighboring calendar steps differ on the log scale by Normal(0, smooth_sd²).
    floor : float
        ε: media are believed to take away at most 1 − ε of the baseline in proportion.
    least : float
        ν as a share of the overall rate of conversions: nobody's baseline is believed to be lower. It keeps effects
        of either sign estimable where people without signals never convert.
    grain_days, calendar_days, memory_days : float
        Length of a period, of a calendar step, and the half-life of remembered touches.
    lag : float
        Days until a touch begins to act. With 1, the visit in which somebody buys, and the channel through which
        it came, explain nothing: less is found where media act at once, and no credit goes to mere doors.
    profile_events : int
        Events that the choice of h, c and kept may read.
    level : float
        Level of the intervals.

    References
    ----------
    J. Shender et al., "A Time To Event Framework For Multi-touch Attribution", Journal of Data Science 22(1), 2024,
    arXiv:2009.08432. Y. Zhang, Y. Wei, J. Ren, "Multi-Touch Attribution in Online Advertising with Survival Theory",
    ICDM 2014 (additive hazards). D. Lin, L. Wei, "The Robust Inference for the Cox Proportional Hazards Model",
    JASA 84, 1989 (sandwich by person).
    """

    half_lives: Sequence[float] = (1.0, 2.0, 4.0, 7.0, 14.0, 28.0)
    tired_after: Sequence[float] = (np.inf, 16.0, 8.0, 4.0, 2.0, 1.0)
    kept: Sequence[float] = (1.0, 0.5, 0.25, 0.1, 0.0)
    signal_half_lives: Sequence[float] = (1.0, 4.0, 16.0)
    positive: bool = False
    effect_sd: float = 0.1
    step_sd: float = 1.0
    smooth_sd: float = 0.3
    floor: float = 0.1
    least: float = 0.01
    grain_days: float = 1 / 24
    calendar_days: float = 7.0
    lag: float = 0.0
    memory_days: float = 14.0
    profile_events: int = 200_000
    level: float = 0.9

    def __post_init__(self) -> None:
        lengths = (*self.half_lives, *self.tired_after, *self.signal_half_lives, self.effect_sd, self.step_sd,
                   self.smooth_sd, self.least, self.grain_days, self.calendar_days, self.memory_days)  # fmt: skip
        if min(lengths) <= 0 or not (self.half_lives and self.tired_after and self.kept):
            raise ValueError("Half-lives, fatigue, standard deviations, least and lengths of time must be above 0.")
        if not all(0 <= k <= 1 for k in self.kept) or self.lag < 0 or not 0 < self.floor < 1 or not 0 < self.level < 1:
            raise ValueError("kept lies in [0, 1]; floor and level lie between 0 and 1; lag is at least 0.")

    @property
    def name(self) -> str:
        """Name of the fit."""
        return "hazard-positive" if self.positive else "hazard"

    def fit(self, events: Events, *, threads: int | None = None) -> HazardFit:
        """Fit; threads never change a bit of the result.

        Raises
        ------
        ValueError
            No conversion at risk, or no time at risk without touches, from which the baseline would be learned.
        """
        setup = self.set_up(events)
        exposure = measure_exposure(setup.tapes, setup.grid, threads)
        refuse(setup, exposure)
        choice = choose(self, setup, threads)
        setup = strengthen(setup, choice.tuning.tired_after, self.memory_days, threads)
        likelihood = self.likelihood(setup, choice.tuning, exposure, threads)
        return result(self, setup, choice, likelihood, self.climb(likelihood, choice.theta))

    def set_up(self, events: Events) -> Setup:
        """Encode the events on this model's grid of periods."""
        return set_up(events, self.grain_days, self.calendar_days, round(self.lag / self.grain_days))

    def likelihood(self, setup: Setup, tuning: Tuning, exposure: Exposure, threads: int | None = None) -> Likelihood:
        """The penalised likelihood of people whose touches have their strengths."""
        shape = make_shape(setup, tuning, self.signal_half_lives, self.floor, self.least)
        sizes = [int(n) for n in setup.grid.sizes]
        difference = np.diff(np.eye(sizes[0]), axis=0)
        calendar = difference.T @ difference / self.smooth_sd**2 + 1e-3 * np.eye(sizes[0])
        steps = np.eye(sum(sizes[1:])) / self.step_sd**2
        # ∫ of a first touch with coefficient 1 over all time, in days.
        days = setup.grid.days / (1.0 - shape.power[shape.table, 1])
        penalty = block_diag(
            calendar, steps, np.diag((days / self.effect_sd) ** 2 * np.where(shape.is_effect, 1, 0.01))
        )
        center = np.zeros(len(penalty))
        center[: sizes[0]] = np.log(setup.rate)
        rows, carried = gather_rows(setup.tapes, setup.grid, shape, threads)
        return Likelihood(setup.tapes, setup.grid, shape, exposure, rows, carried, penalty, center, threads)

    def climb(self, likelihood: Likelihood, start: Floats, *enough: float) -> Maximum:
        """Go to the maximum from a point near it."""
        return maximise(likelihood, start, self.bounds(likelihood), _reach(likelihood), *enough)

    def first_point(self, likelihood: Likelihood) -> Floats:
        """Maximum with effects of at least 0: quick, since no one is below the floor, and near the other one."""
        positive = replace(self, positive=True)
        return maximise(likelihood, initial(likelihood), positive.bounds(likelihood), _reach(likelihood))[0]

    def bounds(self, likelihood: Likelihood) -> Floats:
        """Lower bounds of θ: signals, and effects under `positive`, are at least 0."""
        lower = np.full(likelihood.center.size, -np.inf)
        bounded = ~likelihood.shape.is_effect | self.positive
        lower[lower.size - bounded.size :][bounded] = 0.0
        return lower


def _reach(likelihood: Likelihood) -> Floats:
    """Longest step: a factor of e² for the baseline, any for coefficients."""
    reach = np.full(likelihood.center.size, np.inf)
    reach[: int(likelihood.grid.sizes.sum())] = 2.0
    return reach


def initial(likelihood: Likelihood) -> Floats:
    """First point: half of the overall rate everywhere, and signals that add a little."""
    start = likelihood.center.copy()
    start[: int(likelihood.grid.sizes[0])] -= np.log(2.0)
    signal = ~likelihood.shape.is_effect
    start[start.size - signal.size :][signal] = 0.1 * np.exp(start[0])
    return start


def refuse(setup: Setup, exposure: Exposure) -> None:
    """Raise where the data cannot tell a baseline."""
    if setup.placed[0] == 0:
        raise ValueError(
            f"The hazard model needs conversions within the time at risk; {setup.observed[0]:.0f} conversions were "
            "given and none lies between its person's enter and exit."
        )
    if exposure.untouched < _ALONE * exposure.total:
        raise ValueError(
            f"Only {exposure.untouched:.4g} of {exposure.total:.4g} days at risk lie before any touch, so nobody shows "
            "what happens without media, and (baseline) cannot be told. Give the people without touches (customers "
            "table or an aggregate count), or observation windows that begin before the first touch."
        )
