"""PyMC's joint log density and gradient at a point: what compiled densities are held against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pytensor
from numpy.typing import NDArray
from pytensor.compile.mode import Mode

from attribution_models.mix.graph import graph
from attribution_models.mix.structure import Structure

Floats = NDArray[np.float64]
# Evaluating a tiny model a few times is quicker in Python than any compiler is with it.
UNCOMPILED = Mode(linker="py", optimizer=None)


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """log p(θ, b, y) on the sampled line, Jacobians included, as PyMC has it.

    Attributes
    ----------
    structure : Structure
        In which every coefficient is sampled (``integrate=False``).
    evaluate : callable
        From one array per group to the log density and one derivative per group.
    """

    structure: Structure
    evaluate: Callable[..., list[Any]]

    @classmethod
    def of(cls, structure: Structure) -> Reference:
        """Build the graph of a structure and its derivative."""
        with pytensor.config.change_flags(cxx="", traceback__limit=0, cast_policy="numpy+floatX"):
            model = graph(structure)
            values = [model.rvs_to_values[model[group.name]] for group in structure.groups]
            # One after another: a single sum of all terms has more inputs than a NumPy function takes (32).
            density = reduce(add, (term.sum() for term in model.logp(sum=False)))
            outputs = [density, *pytensor.grad(density, values)]
            return cls(structure, pytensor.function(values, outputs, mode=UNCOMPILED))

    def __call__(self, x: Floats) -> tuple[float, Floats]:
        """Log density and gradient at x, array (n,), ordered as `Structure.groups`, each in C order."""
        given = [x[g.start : g.start + g.size].reshape(g.shape) for g in self.structure.groups]
        density, *slopes = self.evaluate(*given)
        return float(density), np.concatenate([np.ravel(slope) for slope in slopes])
