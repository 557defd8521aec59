"""Draws of every row of the reconciled table: channels split below, treatments, and what closes each sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.reconcile.grid import Grid
from attribution.reconcile.mix_side import BASELINE, MixSide
from attribution.reconcile.overlap import Overlap
from attribution.reconcile.path_side import Cell
from attribution.reconcile.row_source import RowSource
from attribution.reconcile.second_measure import Second
from attribution_models.reconcile.split import closing, pairing
from attribution_models.reconcile.totals import Totals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row: channel, campaign (empty where none), place of its week or month, and draws (N,) in both measures."""

    channel: str
    campaign: str
    group: int
    draws: Floats
    second: Floats | None = None


def reconciled_rows(
    totals: Totals, side: MixSide, cells: Sequence[Cell], found: Overlap, grid: Grid, seed: int = 1,
    second: Second | None = None,
) -> Iterator[Row]:  # fmt: skip
    """Rows with draws; in each draw and measure, those of a group add up to what was observed in it.

    A channel with path credit is split by it (`split.split`), in the second measure by its credit in that one. One
    without is split over time as the mix model has it, draw by draw, and has no campaigns. The baseline is the rest:

        baseline_g = observed_g − Σ channels − Σ treatments − (interaction) − (unattributed)
    """
    part = slice(found.window.start, found.window.end + 1)
    pairs = pairing(len(totals.draws), max((len(cell.replicates) for cell in cells), default=0), seed)
    first = RowSource(totals, side, part, grid, grid.total(side.observed[part]), None)
    beside = None if second is None else RowSource(totals, side, part, grid, grid.total(second.observed), second)
    rows = _rows(first, cells, pairs)
    if beside is None:
        yield from rows
        return
    for row, other in zip(rows, _rows(beside, cells, pairs), strict=True):
        yield Row(row.channel, row.campaign, row.group, row.draws, other.draws)


def _rows(source: RowSource, cells: Sequence[Cell], pairs: Ints) -> Iterator[Row]:
    """Rows in one measure."""
    left = np.zeros((len(source.totals.draws), len(source.grid.labels)))
    for row in _parts(source, cells, pairs):
        left[:, row.group] += row.draws
        yield row
    baseline = closing(source.observed, left)
    for group in range(len(source.grid.labels)):
        yield Row(BASELINE, "", group, baseline[:, group])


def _parts(source: RowSource, cells: Sequence[Cell], pairs: Ints) -> Iterator[Row]:
    """All rows but the baseline."""
    for c, channel in enumerate(source.totals.names):
        mine = [cell for cell in cells if cell.channel == channel]
        total = source.total(c)
        if sum(cell.point for cell in mine) > 0:
            draws = source.by_cells(total, mine, pairs)
            for k, cell in enumerate(mine):
                yield Row(channel, cell.group.get("campaign", ""), source.group_of(cell), draws[:, k])
        else:
            yield from _groups(channel, source.by_time(channel, total))
    for name in source.side.rest:
        yield from _groups(name, source.of_mix(name)[:, source.totals.index])


def _groups(name: str, draws: Floats) -> Iterator[Row]:
    for group, row in enumerate(draws):
        yield Row(name, "", group, row)
