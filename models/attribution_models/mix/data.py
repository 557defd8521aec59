"""The panel as arrays, on a full calendar; what the model is fitted to."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class MixData:
    """A panel of G geos and T periods; national panels have one geo.

    Attributes
    ----------
    dates : array (T,) of datetime64[D]
        First day of each period, without gaps.
    geos : tuple of str
        G names; ``("national",)`` where there are none.
    outcome : array (G, T)
        As in the panel; NaN where it was not observed.
    exposure : array (C, G, P + T)
        What acts, in the order of `MixSpec.channels`: P periods before the window, then the window. For reach and
        frequency: reach.
    frequency : array (C, G, P + T)
        Mean frequency; zeros for channels without.
    spend : array (C, G, T)
        Money; zeros for channels without.
    controls : array (K, G, T)
        In the order of `MixSpec.controls`.
    population : array (G,)
        Ones where unknown.
    revenue_per_outcome : array (G, T)
        Money per unit of outcome; ones where the outcome is money; NaN where its worth is not known.
    history : int
        How many of the P periods before the window are known; the others are zeros.
    """

    dates: NDArray[np.datetime64]
    geos: tuple[str, ...]
    outcome: NDArray[np.float64]
    exposure: NDArray[np.float64]
    spend: NDArray[np.float64]
    controls: NDArray[np.float64]
    population: NDArray[np.float64]
    revenue_per_outcome: NDArray[np.float64]
    frequency: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0, 0)))
    history: int = 0

    def __post_init__(self) -> None:
        geos, periods = self.outcome.shape
        if len(self.dates) != periods or len(self.geos) != geos:
            raise ValueError(
                f"outcome has shape {self.outcome.shape}; got {len(self.geos)} geos, {len(self.dates)} dates."
            )
        channels, media_geos, length = self.exposure.shape
        if media_geos != geos or length < periods:
            raise ValueError(
                f"exposure has shape {self.exposure.shape}; it needs {geos} geos and {periods} periods or more."
            )
        if self.spend.shape != (channels, geos, periods):
            raise ValueError(f"spend has shape {self.spend.shape}; it needs {(channels, geos, periods)}.")
        if self.controls.shape[1:] != (geos, periods):
            raise ValueError(f"controls have shape {self.controls.shape}; they need (K, {geos}, {periods}).")

    @property
    def before(self) -> int:
        """P: periods of media before the window."""
        return int(self.exposure.shape[2] - self.outcome.shape[1])

    @property
    def days(self) -> int:
        """Usual length of a period (months differ); 1 for a panel of one."""
        return round(float(np.median(np.diff(self.dates).astype(float)))) if len(self.dates) > 1 else 1
