"""Which integrated columns all geos share, which belong to one, and their inner products; for `arrow_kernel`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.columns import GEO, Term

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Arrow:
    """Columns of some terms, numbered over all of them, apart by whether they are one geo's own.

    Attributes
    ----------
    shared : array (e,)
    owned : array (G, m)
        −1 where a geo has fewer than others.
    border : array (1 or G, e, e)
        X′X of shared columns on fitted rows, over all geos or by geo.
    cross : array (G, m, e)
    block : array (G, m, m)
    """

    shared: Ints
    owned: Ints
    border: Floats
    cross: Floats
    block: Floats

    @classmethod
    def of(cls, terms: list[Term], fitted: NDArray[np.bool_], *, each: bool) -> Arrow:
        """Take the columns apart; `each`: rows of each geo have a sigma of their own."""
        geos = len(fitted)
        shared, common = _shared(terms, fitted)
        owned, own = _owned(terms, fitted)
        if each:
            border = np.einsum("jgt,kgt->gjk", common, common, optimize=True)
        else:
            flat = common.reshape(len(common), fitted.size)
            border = (flat @ flat.T)[None]
        by_geo = np.ascontiguousarray(np.moveaxis(common, 0, 1))
        cross, block = own @ np.moveaxis(by_geo, 1, 2), own @ np.moveaxis(own, 1, 2)
        assert cross.shape[:1] == block.shape[:1] == (geos,)
        return cls(shared, owned, border, cross, block)


def _shared(terms: list[Term], fitted: NDArray[np.bool_]) -> tuple[Ints, Floats]:
    """Places of shared columns, and their values on fitted rows, (e, G, T)."""
    places: list[int] = []
    values, at = [np.zeros((0, *fitted.shape))], 0
    for term in terms:
        if term.kind != GEO:
            places += range(at, at + term.size)
            values.append(term.full(len(fitted)) * fitted)
        at += term.size
    return np.array(places, dtype=np.int64), np.concatenate(values)


def _owned(terms: list[Term], fitted: NDArray[np.bool_]) -> tuple[Ints, Floats]:
    """Places of each geo's own columns, (G, m), and their values on fitted rows, (G, m, T)."""
    members: list[list[tuple[int, Floats]]] = [[] for _ in fitted]
    at = 0
    for term in terms:
        if term.kind == GEO:
            for j, g in enumerate(term.geos):
                members[g].append((at + j, term.columns[j]))
        at += term.size
    most = max(len(found) for found in members)
    places = np.full((len(fitted), most), -1, dtype=np.int64)
    values = np.zeros((len(fitted), most, fitted.shape[1]))
    for g, found in enumerate(members):
        for a, (place, column) in enumerate(found):
            places[g, a], values[g, a] = place, column * fitted[g]
    return places, values
