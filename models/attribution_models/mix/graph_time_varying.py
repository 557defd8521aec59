"""The multiplier of media effects in the graph."""

from __future__ import annotations

import pytensor.tensor as pt

from attribution_models.mix.graph_linear import linear
from attribution_models.mix.graph_transforms import Tensor
from attribution_models.mix.graph_variables import Values
from attribution_models.mix.structure import Structure
from attribution_models.mix.varying_kernel import CENTER


def multiplier(s: Structure, values: Values) -> Tensor | None:
    """v_t = softplus(f_t) / Σ_t w_t softplus(f_t), (T,); None where effects stay the same. See `Varying`."""
    if s.varying is None:
        return None
    soft = pt.softplus(CENTER + linear(s.varying.term, values, len(s.data.geos))[0])
    return soft / pt.dot(soft, s.varying.weight)
