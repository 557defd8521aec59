"""Journeys seen at a finer grain: groups of journeys, and channels told apart by campaign.

With ``--by`` every model is fitted anew inside each group, on the group's journeys alone, so that each
group adds up to what was observed in it. For rules and Shapley the groups also add up to the whole; a
Markov chain fitted per group is a chain per group. ``campaign`` is no group: it makes the chain's states
finer, one per channel and campaign.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.errors import UsageError, did_you_mean, listed
from attribution.journeys.journeys import JourneyPart, Journeys
from attribution.progress import Told, silent
from attribution.tables import GRAINS
from attribution_models.paths.encoded import PathBlock, take

DAY = 86_400_000_000
EMPTY = ""


@dataclass(frozen=True, slots=True, eq=False)
class JourneyView:
    """Some of the journeys, with channels or (channel, campaign) pairs as states; a `Paths`.

    Attributes
    ----------
    journeys : Journeys
    labels : tuple of (channel, campaign or None)
        What each code stands for.
    code_of : int32[units]
    masks : tuple of bool arrays or None
        Which journeys of each part belong; None takes all.
    """

    journeys: Journeys
    labels: tuple[tuple[str, str | None], ...]
    code_of: NDArray[np.int32]
    masks: tuple[NDArray[np.bool_] | None, ...]

    @property
    def channels(self) -> tuple[str, ...]:
        """State names; a campaign follows its channel."""
        return tuple(c if campaign is None else f"{c} / {campaign}" for c, campaign in self.labels)

    @property
    def direct(self) -> NDArray[np.bool_]:
        """Which states are direct traffic."""
        known = dict(zip(self.journeys.channels, self.journeys.direct.tolist(), strict=True))
        return np.array([known[channel] for channel, _ in self.labels], np.bool_)

    @property
    def block_count(self) -> int:
        """Number of parts."""
        return self.journeys.block_count

    def block(self, index: int) -> PathBlock:
        """One part, journeys outside the view left out."""
        block = self.journeys.encode(self.journeys.part(index), self.code_of)
        mask = self.masks[index]
        return block if mask is None else take(block, np.flatnonzero(mask))


def check_grains(by: tuple[str, ...]) -> None:
    """Refuse a grain that is not known, or named twice."""
    for grain in by:
        if grain not in GRAINS:
            raise UsageError(f'by: "{grain}" is unknown.{did_you_mean(grain, GRAINS)} Known: {listed(GRAINS)}.')
    if len(set(by)) < len(by):
        raise UsageError("by: a grain is named twice.")


def views(
    journeys: Journeys, by: tuple[str, ...] = (), kind: str | None = None, told: Told = silent
) -> Iterator[tuple[dict[str, Any], JourneyView]]:
    """Yield ``(group, view)`` for each group of journeys that the grains tell apart, in order.

    Parameters
    ----------
    journeys : Journeys
    by : tuple of str
        Of ``campaign``, ``month``, ``week``, ``geo``, ``kind``, ``customer``.
    kind : str or None
        Only conversions of this kind; journeys that never convert belong to every kind.
    told : Told
        Called with how many groups were taken before.
    """
    check_grains(by)
    if kind is not None and kind not in journeys.kinds:
        near = did_you_mean(kind, journeys.kinds)
        raise UsageError(f'kind: no conversions of kind "{kind}".{near} Found: {listed(journeys.kinds)}.')
    timed = [g for g in by if g in ("month", "week", "geo", "kind", "customer")]
    if timed and not journeys.timed:
        raise UsageError(f"by: aggregated paths hold no {timed[0]}; only path, conversions, value and nulls.")
    labels, code_of = _labels(journeys, "campaign" in by)
    of_kind = [_of_kind(journeys, journeys.part(i), kind) for i in range(journeys.block_count)]
    groups = tuple(g for g in by if g not in ("campaign", "kind"))
    kinds: list[str | None] = [None]
    if "kind" in by:
        kinds = [*journeys.kinds] if kind is None else [kind]
        if kind is None and any(np.any((p.kind < 0) & (p.conversions > 0)) for p in _parts(journeys)):
            kinds.append(EMPTY)
    codes, names = _groups(journeys, groups)
    for before, one in enumerate(kinds):
        for number, name in enumerate(names):
            told("fitting each group", before * len(names) + number, len(kinds) * len(names))
            masks = []
            for i in range(journeys.block_count):
                mask = of_kind[i]
                if one is not None:
                    mask = _and(mask, _of_kind(journeys, journeys.part(i), one))
                if groups:
                    mask = _and(mask, codes[i] == number)
                masks.append(mask)
            group = dict(zip(groups, name, strict=True)) | ({} if one is None else {"kind": one})
            yield {g: group[g] for g in by if g in group}, JourneyView(journeys, labels, code_of, tuple(masks))


def _parts(journeys: Journeys) -> Iterator[JourneyPart]:
    return (journeys.part(i) for i in range(journeys.block_count))


def _and(one: NDArray[np.bool_] | None, other: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _of_kind(journeys: Journeys, part: JourneyPart, kind: str | None) -> NDArray[np.bool_] | None:
    if kind is None:
        return None
    code = journeys.kinds.index(kind) if kind in journeys.kinds else -1
    mask: NDArray[np.bool_] = (part.kind == code) | (part.conversions == 0)
    return mask


def _labels(journeys: Journeys, campaigns: bool) -> tuple[tuple[tuple[str, str | None], ...], NDArray[np.int32]]:
    pairs = [(u.channel, (u.campaign or EMPTY) if campaigns else None) for u in journeys.units]
    labels = tuple(sorted(set(pairs), key=lambda p: (p[0], p[1] or EMPTY)))
    code = {label: i for i, label in enumerate(labels)}
    return labels, np.array([code[p] for p in pairs], np.int32)


def _groups(journeys: Journeys, groups: tuple[str, ...]) -> tuple[list[NDArray[np.int64]], list[tuple[str, ...]]]:
    """A group number for each journey, and the names of the groups, sorted."""
    if not groups:
        return [], [()]
    columns = [[_keys(part, g) for g in groups] for part in _parts(journeys)]
    found: set[tuple[str, ...]] = set()
    packed = []
    for part in columns:
        stacked = np.stack(part, axis=1) if part else np.zeros((0, 0), np.int64)
        distinct, inverse = np.unique(stacked, axis=0, return_inverse=True)
        names = [tuple(_name(journeys, g, int(v)) for g, v in zip(groups, row, strict=True)) for row in distinct]
        found |= set(names)
        packed.append((names, inverse.reshape(-1)))
    ordered = sorted(found)
    number = {name: i for i, name in enumerate(ordered)}
    codes = [np.array([number[n] for n in names], np.int64)[inverse] for names, inverse in packed]
    return codes, ordered


def _keys(part: JourneyPart, grain: str) -> NDArray[np.int64]:
    if grain == "geo":
        return part.geo.astype(np.int64)
    if grain == "customer":
        return part.existing.astype(np.int64)
    assert part.ended_at is not None
    days = part.ended_at // DAY
    if grain == "week":
        return days - (days + 3) % 7  # 1970-01-01 was a Thursday; a week is named by its Monday
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _name(journeys: Journeys, grain: str, key: int) -> str:
    if grain == "geo":
        return journeys.geos[key] if key >= 0 else EMPTY
    if grain == "customer":
        return "existing" if key else "new"
    return str(np.datetime64(key, "D" if grain == "week" else "M"))
