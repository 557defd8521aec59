"""Linear columns in the graph."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt

from attribution_models.mix.columns import DENSE, TIME, Spread, Term
from attribution_models.mix.graph_transforms import Tensor, spectral_scale
from attribution_models.mix.graph_variables import Values


def linear(term: Term, values: Values, geos: int) -> Tensor:
    """What a term adds to the scaled mean: Σ_i coefficient_i × column_i, (G, T) or (1, T)."""
    b = coefficients(term, values)
    if term.kind == TIME:
        return pt.dot(b, term.columns)[None, :]
    if term.kind == DENSE:
        return pt.tensordot(b, term.columns, axes=1)
    if term.geos == tuple(range(geos)):
        return b[:, None] * term.columns
    return pt.tensordot(b, term.full(geos), axes=1)


def coefficients(term: Term, values: Values) -> Tensor:
    """Coefficients of the columns, (k,): sampled as they are, or standard draws times their spread."""
    if term.prior.fixed:
        return pt.constant(np.full(term.size, term.prior.values[0], dtype=np.float64))
    drawn = values.vector(term.vector)
    return drawn if term.spread is None else drawn * multiplier(term.spread, values)


def multiplier(spread: Spread, values: Values) -> Tensor:
    """What turns standard draws into coefficients; see `Spread`."""
    scale = values[spread.scale]
    if spread.kind == "spread":
        return scale
    return spectral_scale(spread.kind, np.array(spread.frequencies), scale, values[spread.length])
