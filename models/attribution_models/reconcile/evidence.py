"""What is known of channels' totals, and by whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# By what a path model estimates: credit of who was there may be off by any factor, an incremental effect by fewer; and
# credit flattens, so that its errors grow with the differences between channels.
DISCREPANCY = {"attributed": 1.4, "incremental_direct": 0.7, "incremental_total": 0.7}
BIAS = {"attributed": 1.5, "incremental_direct": 0.5, "incremental_total": 0.5}


@dataclass(frozen=True, slots=True, eq=False)
class MixTotals:
    """Posterior draws of a media-mix model.

    Attributes
    ----------
    names : tuple of str
        Channels, C.
    draws : array (S, C)
        What each channel brought in the window, in one unit (conversions, or money).
    room : array (S,)
        What the model's baseline holds: a channel that only paths know is part of it.
    observed : float
        What was observed in the window; sets the floor of `log_total`.
    """

    names: tuple[str, ...]
    draws: Floats
    room: Floats
    observed: float

    def __post_init__(self) -> None:
        if self.draws.ndim != 2 or self.draws.shape[1] != len(self.names) or len(self.draws) < 2:
            raise ValueError(f"Draws must be (S, {len(self.names)}) with S >= 2; got {self.draws.shape}.")
        if self.room.shape != (len(self.draws),) or not (np.isfinite(self.draws).all() and self.observed > 0):
            raise ValueError("Room needs a number per draw, draws must be finite, and something must be observed.")


@dataclass(frozen=True, slots=True, eq=False)
class PathTotals:
    """Totals of a path model.

    Attributes
    ----------
    names : tuple of str
        Channels with credit, K; some of them may be none of the mix model's.
    totals : array (K,)
        Above zero.
    log_covariance : array (K, K)
        Of log totals over bootstrap replicates; zeros where there are none.
    """

    names: tuple[str, ...]
    totals: Floats
    log_covariance: Floats

    def __post_init__(self) -> None:
        if self.totals.shape != (len(self.names),) or not (self.totals > 0).all():
            raise ValueError("Every path total must be above zero; leave channels without credit out.")
        if self.log_covariance.shape != (len(self.names),) * 2:
            raise ValueError(f"The covariance must be {len(self.names)} square; got {self.log_covariance.shape}.")


@dataclass(frozen=True, slots=True)
class Experiment:
    """A randomised experiment on people: lift ~ N(share · total of the channel, deviation²).

    Attributes
    ----------
    channel : str
    lift, deviation : float
        Incremental outcome, and its standard deviation with what carrying it over costs.
    share : float
        Share of the channel's total in the window that the experiment measured.
    """

    channel: str
    lift: float
    deviation: float
    share: float = 1.0

    def __post_init__(self) -> None:
        if not (self.deviation > 0 and self.share > 0 and np.isfinite([self.lift, self.deviation, self.share]).all()):
            raise ValueError(f"{self.channel}: an experiment needs a deviation and a share above zero; got {self}.")


@dataclass(frozen=True, slots=True)
class Beliefs:
    """How far path totals are believed.

    Attributes
    ----------
    discrepancy : float
        τ: standard deviation of each channel's own error, in logs; 0.7 is a factor of 2 either way for two in three,
        1.4 one of 4; see `DISCREPANCY`.
    bias : float
        σ_b: standard deviation of the error that all channels share, in logs; see `BIAS`.
    """

    discrepancy: float = DISCREPANCY["attributed"]
    bias: float = BIAS["attributed"]

    def __post_init__(self) -> None:
        if not (self.discrepancy > 0 and self.bias > 0 and np.isfinite([self.discrepancy, self.bias]).all()):
            raise ValueError(
                f"Discrepancy and bias must be numbers above zero; got {self.discrepancy} and {self.bias}."
            )

    @classmethod
    def of(cls, estimand: str, discrepancy: float | None = None) -> Beliefs:
        """Those of a path model by what it estimates; `discrepancy` in place of the usual one."""
        kind = estimand if estimand in BIAS else "attributed"
        return cls(DISCREPANCY[kind] if discrepancy is None else discrepancy, BIAS[kind])


def log_covariance(replicates: Floats) -> Floats:
    """Covariance of log totals over replicates (R, K); a replicate without credit counts as half the least above 0."""
    if len(replicates) < 2:
        return np.zeros((replicates.shape[1],) * 2)
    least = np.where(replicates > 0, replicates, np.inf).min(axis=0)
    logs = np.log(np.maximum(replicates, np.where(np.isfinite(least), least, 1.0) / 2))
    return np.atleast_2d(np.cov(logs, rowvar=False))
