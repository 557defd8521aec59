"""The penalised log-likelihood of a set of tapes as a function of all coefficients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from attribution_models.paths.hazard_exposure import exposure
from attribution_models.paths.hazard_grid import Grid, cell_steps
from attribution_models.paths.hazard_intensity import Shape
from attribution_models.paths.hazard_kernel import Rows
from attribution_models.paths.hazard_scan import at_conversions, at_floor, gather
from attribution_models.paths.hazard_tape import Tape, over

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """Days at risk by baseline cell: days in it, and which four steps of θ meet there (cells × baseline, 0/1)."""

    days: Floats
    steps: csr_array
    untouched: float
    total: float


def measure_exposure(tapes: Sequence[Tape], grid: Grid, threads: int | None = None) -> Exposure:
    """Sum the time at risk of all people by baseline cell."""
    table = np.zeros(int(np.prod(grid.sizes)))
    sums = np.zeros(2)
    for part, part_sums in over(tapes, lambda tape: exposure(tape, grid), threads):
        table += part
        sums += part_sums
    cells = np.flatnonzero(table)
    steps = cell_steps(grid.sizes, cells)
    rows = np.repeat(np.arange(cells.size), 4)
    shape = (cells.size, int(grid.sizes.sum()))
    matrix = csr_array((np.ones(rows.size), (rows, steps.ravel())), shape=shape)
    return Exposure(table[cells], matrix, float(sums[0]), float(sums[1]))


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """ℓ(θ) = Σ log λ at conversions − ∫ λ over the time at risk − ½ (θ − center)ᵀ penalty (θ − center).

    θ = (log-baseline steps by calendar, time since entry, recency, stratum; coefficients of the columns, in
    conversions per day and unit of the column). All parts are exact. Above the floor the integral is linear in the
    columns, so their integrals, `carried`, are taken once; only people with touches that may lower the intensity
    are walked through again in each evaluation (`hazard_kernel`).
    """

    tapes: Sequence[Tape]
    grid: Grid
    shape: Shape
    exposure: Exposure
    rows: Sequence[Rows]
    carried: Floats
    penalty: Floats
    center: Floats
    threads: int | None = None

    def __call__(self, theta: Floats, second: bool) -> tuple[float, Floats, Floats]:
        """Value, gradient, and Hessian (empty unless `second`)."""
        off = theta - self.center
        value, grad, hess = self.data(theta, second)
        pull = self.penalty @ off
        return value - 0.5 * float(off @ pull), grad - pull, hess - self.penalty if second else hess

    def data(self, theta: Floats, second: bool) -> tuple[float, Floats, Floats]:
        """The same without the penalty."""
        base = int(self.grid.sizes.sum())
        with np.errstate(over="ignore"):  # a step too far is refused by its value
            expected = self.exposure.days * np.exp(self.exposure.steps @ theta[:base])
        value = (
            -float(expected.sum())
            - self.shape.least * float(self.exposure.days.sum())
            - float(self.carried @ theta[base:])
        )
        grad = np.concatenate([-(self.exposure.steps.T @ expected), -self.carried])
        hess = np.zeros((theta.size, theta.size) if second else (0, 0))
        if not np.isfinite(value):
            return -np.inf, grad, hess
        if second:
            weighted = self.exposure.steps.multiply(expected[:, None]).tocsr()
            hess[:base, :base] = -(self.exposure.steps.T @ weighted).toarray()
        for part in (*self._conversions(theta, second), *self._floor(theta, second)):
            value += part[0]
            grad += part[1]
            hess += part[2]
        return value, grad, hess

    def _conversions(self, theta: Floats, second: bool) -> Iterator[tuple[float, Floats, Floats]]:
        return over(self.rows, lambda rows: at_conversions(rows, self.shape, theta, second), self.threads)

    def _floor(self, theta: Floats, second: bool) -> Iterator[tuple[float, Floats, Floats]]:
        if not (theta[int(self.grid.sizes.sum()) :] < 0.0).any():
            return iter(())
        lowest = lowest_base(theta, self.grid)
        return over(self.tapes, lambda tape: at_floor(tape, self.grid, self.shape, theta, lowest, second), self.threads)


def gather_rows(
    tapes: Sequence[Tape], grid: Grid, shape: Shape, threads: int | None = None
) -> tuple[list[Rows], Floats]:
    """One walk through all events: the conversions with their columns, and ∫ of each column over all people."""
    carried = np.zeros(shape.is_effect.size)
    rows = []
    for part, integral in over(tapes, lambda tape: gather(tape, grid, shape), threads):
        rows.append(part)
        carried += integral
    return rows, carried


def lowest_base(theta: Floats, grid: Grid) -> float:
    """Return a lower bound of μ over all cells."""
    ends = np.cumsum(grid.sizes)
    log_lowest = sum(float(theta[end - n : end].min()) for n, end in zip(grid.sizes, ends, strict=True))
    return float(np.exp(log_lowest))
