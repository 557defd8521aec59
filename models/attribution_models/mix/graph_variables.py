"""Groups of sampled parameters as random variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytensor.tensor as pt
from numpy.typing import NDArray

from attribution_models.mix.generations import pymc
from attribution_models.mix.graph_transforms import Tensor
from attribution_models.mix.groups import Group, Parameter
from attribution_models.mix.labels import dimensions
from attribution_models.mix.priors import FAMILIES

pm = pymc()


@dataclass(frozen=True, slots=True)
class Values:
    """Random variables by the name of their group; an element or a constant by `Parameter`."""

    variables: Mapping[str, Tensor]

    def __getitem__(self, parameter: Parameter) -> Tensor:
        if not parameter.group:
            return pt.constant(double(parameter.constant))
        return self.variables[parameter.group].flatten()[parameter.element]

    def vector(self, name: str) -> Tensor:
        """All elements of a group in C order."""
        return self.variables[name].flatten()


def double(value: float) -> NDArray[np.float64]:
    """Keep a number in double precision: PyTensor stores a Python float in single where it fits, say 4.0."""
    return np.array(value, dtype=np.float64)


def variable(group: Group) -> Tensor:
    """Make the random variable of a group; elements may differ in their prior's parameters, not in its family."""
    first = group.priors[0]
    if any(p.family != first.family or p.transform != first.transform for p in group.priors):
        found = ", ".join(str(p) for p in group.priors)
        raise ValueError(f"{group.name}: its elements must share a family and a scale; got {found}.")
    columns = np.array([p.values for p in group.priors]).T
    family = FAMILIES[first.family]
    given = {
        name: double(column[0]) if len(group.priors) == 1 else column.reshape(group.shape)
        for name, column in zip(family.parameters, columns, strict=True)
    }
    dims = dimensions((group,))[group.name]
    return getattr(pm, family.pymc)(group.name, dims=dims or None, **given)
