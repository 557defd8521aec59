"""What every path model returns: credit per channel that closes with what was observed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class PathCredit:
    """Credit of every channel, and what no channel can claim.

    In every model ``conversions.sum() + unattributed_conversions == observed_conversions`` up to
    rounding, and the same for value.

    Attributes
    ----------
    conversions : float64[C]
        Conversions attributed to each channel, in the order of ``Paths.channels``.
    value : float64[C]
        Value attributed to each channel, in currency units.
    unattributed_conversions, unattributed_value : float
        What the model cannot place: journeys without touches.
    observed_conversions, observed_value : float
        Totals of the input.
    removal_effect, value_removal_effect : float64[C] or None
        Share of the modelled conversions (value) lost when the channel is taken away, in [0, 1]; only
        from models that remove channels.
    """

    conversions: NDArray[np.float64]
    value: NDArray[np.float64]
    unattributed_conversions: float
    unattributed_value: float
    observed_conversions: float
    observed_value: float
    removal_effect: NDArray[np.float64] | None = None
    value_removal_effect: NDArray[np.float64] | None = None


def share_out(total: float, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide a total in proportion to weights >= 0; all zeros where every weight is zero."""
    whole = float(weights.sum())
    return np.zeros_like(weights) if whole == 0.0 else total * (weights / whole)


def placed(credit: NDArray[np.float64], totals: NDArray[np.float64]) -> PathCredit:
    """Credit from summed kernels: float64[2, C], and totals.

    Totals are unattributed conversions and value, then observed conversions and value.
    """
    return PathCredit(
        conversions=credit[0],
        value=credit[1],
        unattributed_conversions=float(totals[0]),
        unattributed_value=float(totals[1]),
        observed_conversions=float(totals[2]),
        observed_value=float(totals[3]),
    )
