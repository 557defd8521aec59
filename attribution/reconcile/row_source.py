"""What rows are made of in one measure: totals over time, and over campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.reconcile.grid import Grid
from attribution.reconcile.mix_side import MixSide
from attribution.reconcile.path_side import Cell
from attribution.reconcile.second_measure import Second
from attribution_models.reconcile.split import split
from attribution_models.reconcile.totals import Totals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RowSource:
    """One measure of the result.

    Attributes
    ----------
    totals : Totals
    side : MixSide
    part : slice
        The window, in periods of the panel.
    grid : Grid
    observed : array (G,)
        What was observed, by group.
    second : Second or None
        None: the measure that the mix model counts.
    """

    totals: Totals
    side: MixSide
    part: slice
    grid: Grid
    observed: Floats
    second: Second | None

    def total(self, c: int) -> Floats:
        """Draws of a channel's total."""
        draws = self.totals.draws[:, c]
        return draws if self.second is None else draws * self.second.factors[self.totals.names[c]]

    def of_mix(self, name: str) -> Floats:
        """Draws of a row of the mix model by group, (G, S)."""
        if self.second is None:
            return self.grid.sums(self.side.rows(name)[0][self.part])
        return self.grid.sums(self.second.by_period(self.side, name, self.part))

    def by_time(self, name: str, total: Floats) -> Floats:
        """A total over time as the mix model has the channel, (G, N); as the outcome went where it has none."""
        mean, own = self.observed, np.zeros((len(self.observed), len(total)))
        if name in self.side.channels:
            own = self.of_mix(name)
            mean, own = own.mean(axis=1), own[:, self.totals.index]
        sums = own.sum(axis=0)
        usual = mean / mean.sum() if abs(mean.sum()) > 0 else np.full(len(mean), 1 / len(mean))
        # A draw that is next to nothing has no shape of its own.
        small = np.abs(sums) < 1e-6 * max(float(self.observed.sum()), 1e-300)
        return np.asarray(total * np.where(small, usual[:, None], own / np.where(small, 1.0, sums)))

    def by_cells(self, total: Floats, mine: Sequence[Cell], pairs: Ints) -> Floats:
        """A total over a channel's cells by path credit, (N, K)."""
        credit = [self._credit(cell) for cell in mine]
        if not sum(max(point, 0.0) for point, _ in credit) > 0:
            credit = [(cell.point, cell.replicates) for cell in mine]
        return split(total, np.stack([r for _, r in credit], axis=1), np.array([point for point, _ in credit]), pairs)

    def _credit(self, cell: Cell) -> tuple[float, Floats]:
        """Credit of a cell in this measure; where the panel prices outcomes, its credit at the group's price."""
        if self.second is None:
            return cell.point, cell.replicates
        if self.second.source == "journeys":
            return cell.other, cell.other_replicates
        group = self.grid.of == self.group_of(cell)
        first, second = (float(x[group].sum()) for x in (self.side.observed[self.part], self.second.observed))
        price = second / first if first > 0 else float(self.second.rate[group].mean())
        return cell.point * price, cell.replicates * price

    def group_of(self, cell: Cell) -> int:
        """Place of a cell's week or month."""
        return self.grid.labels.index(cell.group.get(self.grid.grain, "") if self.grid.grain else "")
