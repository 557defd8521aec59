"""Robyn's weekly data as both sides of the comparison read it, and the peer's model in formulas.

What PyMC-Marketing 0.19.2 (``mmm.multidimensional.MMM``) and 1.3.0 (``mmm.MMM``) build from it was read in
their source and is the same in both. With t = 0 … T - 1 the weeks and c the channels in the order of ``CHANNELS``::

    y_t   = revenue_t / max revenue                     x_tc = spend_tc / max_t spend_tc
    w_lc  = alpha_c^l / sum_{j<L} alpha_c^j             l = 0 … L - 1, L = 8 (so the longest lag is 7 weeks)
    a_tc  = sum_l w_lc x_{t-l,c}                        x is 0 before the first week
    h_tc  = (1 - e^{-lam_c a_tc}) / (1 + e^{-lam_c a_tc})  = tanh(lam_c a_tc / 2)
    mu_t  = intercept + sum_c beta_c h_tc + gamma_control z_t + sum_k gamma_fourier_k F_tk
    y_t   ~ Normal(mu_t, sigma)

    intercept ~ Normal(0, 2)       alpha_c ~ Beta(1, 3)           lam_c ~ Gamma(shape 3, rate 1)
    beta_c ~ HalfNormal(2)         gamma_control ~ Normal(0, 2)   sigma ~ HalfNormal(2)
    gamma_fourier_k ~ Laplace(0, 1), or Normal(0, sqrt 2) with the same variance

z is the control as it was handed in: the peer scales no controls, so competitor_sales_B is divided by its
maximum beforehand. F has 2 M columns, all sines first, then all cosines (sin_1, sin_2, cos_1, cos_2), with
the day of the year d_t from 1 (1 January) to 366, and no centring::

    F_{t,m-1} = sin(2 pi m d_t / 365.25)     F_{t,M+m-1} = cos(2 pi m d_t / 365.25)     m = 1 … M, M = 2

The day of the year starts again at 1 each January; the phase jumps by less than a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]
CHANNELS = ("tv_S", "ooh_S", "print_S", "facebook_S", "search_S")
CONTROL = "competitor_sales_B"
OUTCOME = "revenue"
DATE = "DATE"
L_MAX = 8
MODES = 2
DAYS_IN_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Robyn:
    """The arrays of one national model, unscaled but for the control."""

    dates: pd.DatetimeIndex
    outcome: Array  # (T,)
    media: Array  # (T, 5), in the order of CHANNELS
    control: Array  # (T, 1), divided by its maximum
    fourier: Array  # (T, 2 * MODES), sines first

    @property
    def outcome_scale(self) -> float:
        """What the peer divides the outcome by."""
        return float(self.outcome.max())

    @property
    def media_scale(self) -> Array:
        """What the peer divides each channel by."""
        return np.asarray(self.media.max(axis=0))


def fourier(dates: pd.DatetimeIndex, modes: int = MODES) -> Array:
    """The peer's yearly Fourier columns: sin_1 … sin_M, cos_1 … cos_M."""
    angles = 2 * np.pi * np.outer(dates.dayofyear.to_numpy() / DAYS_IN_YEAR, np.arange(1, modes + 1))
    return np.hstack([np.sin(angles), np.cos(angles)])


def frame(path: Path) -> pd.DataFrame:
    """The columns of the model: date, outcome, channels and the control divided by its maximum."""
    table = pd.read_csv(path, parse_dates=[DATE])
    table[CONTROL] /= table[CONTROL].max()
    return table[[DATE, OUTCOME, *CHANNELS, CONTROL]]


def arrays(path: Path) -> Robyn:
    """Robyn's weekly data as arrays."""
    table = frame(path)
    dates = pd.DatetimeIndex(table[DATE])
    return Robyn(
        dates=dates,
        outcome=table[OUTCOME].to_numpy(float),
        media=table[list(CHANNELS)].to_numpy(float),
        control=table[[CONTROL]].to_numpy(float),
        fourier=fourier(dates),
    )
