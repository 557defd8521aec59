"""Lift tests as part of the likelihood: the modelled counterfactual over the real window and geos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Lift:
    """One measured lift of one channel.

        lift ~ Normal( Σ_{g, t} o_g β_gc [h_c(x_g)_t − h_c(x'_g)_t],  standard_error² + transport² )

    over the test's geos and t = start … end of outcomes: x is the exposure as it was, x' as it would have been without
    the test's spend, and both go through adstock and saturation.

    Attributes
    ----------
    experiment : str
    channel : int
        Place among the channels.
    geos : tuple of int
    start, end : int
        First and last period of outcomes that count, from 0, end included.
    without : array (len(geos), P + T)
        x' in scaled units (what goes through the curve).
    lift, deviation : float
        Measured incremental outcome in the window, and its standard deviation with the transport part.
    """

    experiment: str
    channel: int
    geos: tuple[int, ...]
    start: int
    end: int
    without: NDArray[np.float64]
    lift: float
    deviation: float
