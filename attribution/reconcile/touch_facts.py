"""Where channels stand in the journeys that end in a purchase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.credit.grains import DAY
from attribution.journeys.journeys import JourneyPart, Journeys
from attribution.reconcile.matching import Matching
from attribution.reconcile.overlap import Overlap

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class TouchFacts:
    """Shares of touches in the overlap's journeys that end in a purchase.

    Attributes
    ----------
    followed : dict of str to float
        By the result's name of a channel: share that another channel's touch comes after.
    near : dict of str to float
        Share within a day of the purchase; empty where journeys hold no times.
    usual_followed, usual_near : float
        Of all channels together.
    """

    followed: dict[str, float]
    near: dict[str, float]
    usual_followed: float
    usual_near: float

    @classmethod
    def of(cls, journeys: Journeys, found: Overlap, names: Matching) -> TouchFacts:
        """Count them, a part at a time."""
        called = [names.of_path.get(c, c) for c in journeys.channels]
        labels = tuple(dict.fromkeys(called))
        code = np.array([labels.index(name) for name in called], np.int64)[journeys.channel_of]
        sums = np.zeros((3, len(labels)))
        for i in range(journeys.block_count):
            part = journeys.part(i)
            sums += _counts(part, code[journeys.positions(part.units)], found.places(part), len(labels))
        total = np.maximum(sums[0], 1.0)
        shares = sums[1:] / total
        usual = sums[1:].sum(axis=1) / max(float(sums[0].sum()), 1.0)
        some = [k for k in range(len(labels)) if sums[0, k] > 0]
        followed, near = ({labels[k]: float(row[k]) for k in some} for row in shares)
        return cls(followed, near if journeys.timed else {}, float(usual[0]), float(usual[1]))


def _counts(part: JourneyPart, channel: Ints, place: Ints, channels: int) -> Floats:
    """Touches, those followed by another channel, those of the last day: (3, channels)."""
    lengths = np.diff(part.offsets)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    kept = ((part.conversions > 0) & (place >= 0))[owner]
    near = np.zeros(len(owner), np.bool_)
    if part.at is not None and part.ended_at is not None:
        near = part.ended_at[owner] - part.at < DAY
    flags = (kept, kept & followed_by_another(channel, part.offsets, owner), kept & near)
    return np.array([np.bincount(channel[flag], minlength=channels) for flag in flags], np.float64)


def followed_by_another(channel: Ints, offsets: NDArray[np.int64], owner: Ints) -> Flags:
    """Whether a touch of another channel comes later in the same journey."""
    last = channel[np.maximum(offsets[1:] - 1, 0)] if len(channel) else np.zeros(0, np.int64)
    other = channel != last[owner] if len(channel) else np.zeros(0, np.bool_)
    place = np.full(len(offsets) - 1, -1, np.int64)
    np.maximum.at(place, owner[other], np.flatnonzero(other))
    return np.asarray(other | (np.arange(len(channel)) < place[owner]))
