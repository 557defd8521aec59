"""Every quantity of a fit on one line: where it lies, and whether its chains agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.diagnostics import diagnose
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.structure import Structure

Floats = NDArray[np.float64]
QUANTILES = (0.05, 0.5, 0.95)


class Row(NamedTuple):
    """One line of a `ParameterTable`."""

    name: str
    mean: float
    sd: float
    low: float
    median: float
    high: float
    rhat: float
    ess_bulk: float
    ess_tail: float
    mcse: float


@dataclass(frozen=True, slots=True, eq=False)
class ParameterTable:
    """Posterior summaries; arrays of one number per quantity.

    Attributes
    ----------
    names : tuple of str
        ``name``, or ``name[coordinate, …]``.
    mean, sd : array
    low, median, high : array
        5 %, 50 % and 95 % quantiles.
    rhat, ess_bulk, ess_tail, mcse : array
        As in `diagnostics.Convergence`.
    """

    names: tuple[str, ...]
    mean: Floats
    sd: Floats
    low: Floats
    median: Floats
    high: Floats
    rhat: Floats
    ess_bulk: Floats
    ess_tail: Floats
    mcse: Floats

    @classmethod
    def of(cls, values: Mapping[str, Floats], coords: Mapping[str, tuple[tuple[str, ...], ...]]) -> ParameterTable:
        """Summarise draws by name.

        Parameters
        ----------
        values : Mapping of str to array (chains, draws, …)
        coords : Mapping of str to tuple of tuple of str
            Coordinates of the dims after chains and draws; a name without counts from 0.
        """
        names = tuple(label for name, x in values.items() for label in labels(name, x.shape[2:], coords.get(name)))
        first = next(iter(values.values()))
        lead = first.shape[:2]
        x = np.concatenate([v.reshape(*lead, -1) for v in values.values()], axis=2)
        flat = np.ascontiguousarray(np.moveaxis(x, 2, 0)).reshape(len(names), -1)
        low, median, high = np.quantile(flat, QUANTILES, axis=1)
        found = diagnose(x)
        mean, sd = flat.mean(axis=1), flat.std(axis=1, ddof=1)
        return cls(names, mean, sd, low, median, high, found.rhat, found.ess_bulk, found.ess_tail, found.mcse)

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Row]:
        numbers = (self.mean, self.sd, self.low, self.median, self.high)
        checks = (self.rhat, self.ess_bulk, self.ess_tail, self.mcse)
        for name, *rest in zip(self.names, *numbers, *checks, strict=True):
            yield Row(name, *(float(v) for v in rest))


def parameter_table(posterior: Posterior) -> ParameterTable:
    """Summarise every sampled parameter and every coefficient, on its original scale."""
    return ParameterTable.of(posterior.by_name(), coordinates(posterior.structure))


def labels(name: str, shape: tuple[int, ...], coords: tuple[tuple[str, ...], ...] | None) -> list[str]:
    """``name[coordinate, …]`` of every element, in C order; ``name`` for a scalar."""
    if not shape:
        return [name]
    known = coords or tuple(tuple(str(i) for i in range(n)) for n in shape)
    return [f"{name}[{', '.join(at)}]" for at in product(*known)]


def coordinates(structure: Structure) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Coordinates of every sampled vector and every linear term by name."""
    terms = {term.name: term.coords for term in structure.terms}
    return terms | {group.name: group.coords for group in structure.groups}
