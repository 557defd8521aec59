"""What a platform showed to the people on a list, and its people sorted into bins by how much they saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BINS: Final = 64  # of people in all


@dataclass(frozen=True, slots=True, eq=False)
class ListedImpressions:
    """What one platform showed to the people on a list, and what is known about reaching them.

    Attributes
    ----------
    platform : str
    impressions : array (people, periods)
        Of each listed person, zeros included, in periods *after* the list was selected: people who are chosen for many
        impressions have fewer afterwards, so the period of the choice overstates.
    spend, served : array (periods,)
        The platform's spend and impressions, to anybody, in those periods: CPM = 1000 spend / served.
    uploaded, matched : array (strata,)
        Counts of the platform's match report, by stratum of the list where it was uploaded in strata.
    stratum : array (people,) of int
        Stratum of each person. Strata by impressions (heavy, middle, light) weight the match rate by impressions.
    excluded : float
        Share of the platform's campaigns (by impressions) in which the exclusion is set.
    unexpired : float
        Share of the list's entries that have not expired.
    """

    platform: str
    impressions: Floats
    spend: Floats
    served: Floats
    uploaded: Floats
    matched: Floats
    stratum: Integers
    excluded: float = 1.0
    unexpired: float = 1.0

    def __post_init__(self) -> None:
        """Refuse tables that contradict each other."""
        people, periods = self.impressions.shape
        if not (people and periods) or self.spend.shape != (periods,) or self.served.shape != (periods,):
            raise ValueError(
                f"{self.platform}: {people} people and {periods} periods of impressions, {self.spend.size} of spend, "
                f"{self.served.size} of impressions served. Give the same periods in all, and at least one."
            )
        if (
            self.uploaded.shape != self.matched.shape
            or not ((self.uploaded > 0) & (self.matched >= 0) & (self.matched <= self.uploaded)).all()
        ):
            raise ValueError(f"{self.platform}: each row of the match table needs 0 <= matched <= uploaded > 0.")
        if self.stratum.shape != (people,) or self.stratum.min() < 0 or self.stratum.max() >= self.uploaded.size:
            raise ValueError(f"{self.platform}: strata of people and rows of the match table do not fit.")
        if not (self.spend >= 0).all() or not (self.served > 0).all() or not (self.impressions >= 0).all():
            raise ValueError(f"{self.platform}: spend and impressions from 0 on, some served in each period.")
        if not (0 <= self.excluded <= 1 and 0 <= self.unexpired <= 1):
            raise ValueError(f"{self.platform}: excluded {self.excluded} and unexpired {self.unexpired} are shares.")


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """People of a stratum with about as many impressions: their number, and sums of impressions and of squares."""

    stratum: Integers
    people: Floats
    logs: Floats
    impressions: Floats
    squares: Floats


def binned(platform: ListedImpressions) -> Bins:
    """People sorted into bins by stratum and, in each, by impressions: the chance of a match is one per bin."""
    each = platform.impressions.mean(axis=1)
    order = np.lexsort((each, platform.stratum))
    each, stratum = each[order], platform.stratum[order]
    size = np.bincount(stratum, minlength=platform.uploaded.size)
    place = np.arange(each.size) - np.repeat(np.cumsum(size) - size, size)
    bins = max(4, BINS // size.size)
    code = stratum * bins + place * bins // size[stratum]
    first = np.flatnonzero(np.r_[True, np.diff(code) != 0])
    people = np.diff(np.r_[first, each.size]).astype(np.float64)
    sums = [np.add.reduceat(values, first) for values in (np.log1p(each), each, each**2)]
    return Bins(stratum[first], people, sums[0] / people, sums[1], sums[2])
