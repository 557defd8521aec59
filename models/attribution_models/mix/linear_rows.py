"""The linear part of the mean as rows of a contribution table: the baseline, and each treatment by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.columns import DENSE, GEO, TIME, Term
from attribution_models.mix.linear_kernel import CONSTANT
from attribution_models.mix.structure import Structure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LinearRows:
    """Columns in order of the row that they belong to: the baseline first, then each treatment.

    A treatment counts from its lowest value in the panel (a promotion: from none), as Meridian's non-media treatments
    do: its row is coefficient · (z − lowest z), and coefficient · lowest z belongs to the baseline.

    Attributes
    ----------
    treatments : tuple of str
    layout : array (k, 6)
        As `linear_kernel.add_columns` takes it.
    values : array
    edges : array (1 + treatments + 1,)
        Columns of row i are ``edges[i]`` … ``edges[i + 1] − 1``.
    source : array (k,)
        Which coefficient each column has, counted over all terms.
    shift : float
        What the baseline has besides: the centre of a standardised outcome.
    """

    treatments: tuple[str, ...]
    layout: Ints
    values: Floats
    edges: Ints
    source: Ints
    shift: float


def linear_rows(s: Structure) -> LinearRows:
    """Lay the terms of a model out by row."""
    treatments = tuple(control.column for control in s.spec.controls if control.treatment)
    rows: list[list[_Column]] = [[] for _ in range(1 + len(treatments))]
    at = 0
    for term in s.terms:
        own = treatment_of(s, term)
        lowest = 0.0 if own is None else _lowest(s, term, own)
        for j in range(term.size):
            column = _Column(term.kind, term.geos[j] if term.geos else 0, term.columns[j] - lowest, at + j)
            rows[0 if own is None else 1 + treatments.index(own)].append(column)
            if lowest:
                rows[0].append(_constant(column, lowest, s.outcome.shape[1]))
        at += term.size
    shift = s.scales.center / s.scales.outcome if s.spec.link == "identity" else 0.0
    return _laid_out(treatments, rows, shift)


def treatment_of(s: Structure, term: Term) -> str | None:
    """Whose row a term belongs to; None for the baseline."""
    names = {control.column for control in s.spec.controls if control.treatment}
    # A treatment has a term of its own, so its first coefficient speaks for all.
    return term.controls[0] if term.controls and term.controls[0] in names else None


def _lowest(s: Structure, term: Term, own: str) -> float:
    """What the column has where the treatment is lowest; a sign turned it round."""
    control = next(c for c in s.spec.controls if c.column == own)
    turned = control.sign < 0 and term.kind == DENSE
    return float(term.columns.max() if turned else term.columns.min())


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    kind: int
    geo: int
    values: Floats
    source: int


def _constant(column: _Column, value: float, periods: int) -> _Column:
    kind = GEO if column.kind == GEO else TIME
    return _Column(kind, column.geo, np.full(periods, value), column.source)


def _laid_out(treatments: tuple[str, ...], rows: list[list[_Column]], shift: float) -> LinearRows:
    columns = [column for row in rows for column in row]
    flat = [np.ascontiguousarray(column.values, dtype=float).ravel() for column in columns]
    starts = np.cumsum([0, *(f.size for f in flat)])
    layout = [[c.kind, c.geo, starts[i], CONSTANT, 0, 0] for i, c in enumerate(columns)]
    return LinearRows(
        treatments=treatments,
        layout=np.array(layout, dtype=np.int64).reshape(-1, 6),
        values=np.concatenate([np.zeros(0), *flat]),
        edges=np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64),
        source=np.array([c.source for c in columns], dtype=np.int64),
        shift=float(shift),
    )
