"""Draws of every row of the reconciled table: channels split below, treatments, and what closes each sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.reconcile.mix_side import BASELINE, MixSide
from attribution.reconcile.overlap import Overlap
from attribution.reconcile.path_side import Cell
from attribution_models.reconcile.split import closing, pairing, split
from attribution_models.reconcile.totals import Totals

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row: channel, campaign (empty where none), place of its week or month, and draws (N,)."""

    channel: str
    campaign: str
    group: int
    draws: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Weeks or months of the overlap; one group of all without.

    Attributes
    ----------
    grain : str or None
    labels : tuple of str
    of : array (periods of the window,)
        Group of each period.
    """

    grain: str | None
    labels: tuple[str, ...]
    of: NDArray[np.int64]

    @classmethod
    def of_overlap(cls, found: Overlap, side: MixSide, grain: str | None) -> Grid:
        """Of the overlap's periods by their first day."""
        if grain is None:
            return cls(None, ("",), np.zeros(len(found.counted), np.int64))
        names = found.labels(side.stored.calendar, grain)
        labels = tuple(dict.fromkeys(names))
        return cls(grain, labels, np.array([labels.index(name) for name in names], np.int64))

    def sums(self, by_period: Floats) -> Floats:
        """Sum over the periods of each group: (…, periods, N) to (…, groups, N)."""
        out = np.zeros((*by_period.shape[:-2], len(self.labels), by_period.shape[-1]))
        for period, group in enumerate(self.of):
            out[..., group, :] += by_period[..., period, :]
        return out


def reconciled_rows(
    totals: Totals, side: MixSide, cells: Sequence[Cell], found: Overlap, grid: Grid, seed: int = 1
) -> Iterator[Row]:
    """Rows with draws; in each draw, those of a group add up to what was observed in it.

    A channel with path credit is split by it (`split.split`). One without is split over time as the mix model has it,
    draw by draw, and has no campaigns. The baseline is what is left:

        baseline_g = observed_g − Σ channels − Σ treatments − (interaction) − (unattributed)
    """
    part = slice(found.window.start, found.window.end + 1)
    observed = grid.sums(side.observed[part][:, None])[:, 0]
    replicates = max((len(cell.replicates) for cell in cells), default=0)
    pairs = pairing(len(totals.draws), replicates, seed)
    left = [np.zeros((len(totals.draws), len(grid.labels)))]
    for c, channel in enumerate(totals.names):
        mine = [cell for cell in cells if cell.channel == channel]
        rows = _by_paths if sum(cell.point for cell in mine) > 0 else _by_mix
        for row in rows(channel, totals.draws[:, c], totals.index, mine, pairs, side, part, grid, observed):
            left[0][:, row.group] += row.draws
            yield row
    for name in side.rest:
        draws = grid.sums(side.rows(name)[0][part])[:, totals.index]
        left.append(draws.T)
        for group in range(len(grid.labels)):
            yield Row(name, "", group, draws[group])
    baseline = closing(observed, *left)
    for group in range(len(grid.labels)):
        yield Row(BASELINE, "", group, baseline[:, group])


def _by_paths(
    channel: str, total: Floats, _index: object, mine: Sequence[Cell], pairs: NDArray[np.int64], _side: object,
    _part: object, grid: Grid, _observed: object,
) -> Iterator[Row]:  # fmt: skip
    replicates = np.stack([cell.replicates for cell in mine], axis=1)
    draws = split(total, replicates, np.array([cell.point for cell in mine]), pairs)
    for k, cell in enumerate(mine):
        label = cell.group.get(grid.grain, "") if grid.grain else ""
        yield Row(channel, cell.group.get("campaign", ""), grid.labels.index(label), draws[:, k])


def _by_mix(
    channel: str, total: Floats, index: NDArray[np.int64], _mine: object, _pairs: object, side: MixSide, part: slice,
    grid: Grid, observed: Floats,
) -> Iterator[Row]:  # fmt: skip
    if channel in side.channels:
        own = grid.sums(side.rows(channel)[0][part])
        mean = own.mean(axis=1)
        own = own[:, index]
    else:
        mean, own = observed, np.zeros((len(observed), len(total)))
    sums = own.sum(axis=0)
    usual = mean / mean.sum() if abs(mean.sum()) > 0 else np.full(len(mean), 1 / len(mean))
    # A draw that is next to nothing has no shape of its own.
    small = np.abs(sums) < 1e-6 * max(float(observed.sum()), 1e-300)
    shares = np.where(small, usual[:, None], own / np.where(small, 1.0, sums))
    for group in range(len(grid.labels)):
        yield Row(channel, "", group, total * shares[group])
