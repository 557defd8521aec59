"""Path models by family: a new one is its file and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from attribution_models.paths.credit import PathCredit
from attribution_models.paths.encoded import Paths
from attribution_models.paths.markov import Markov
from attribution_models.paths.rules import DEFAULT_RULES, fit_rules
from attribution_models.paths.shapley import Shapley


class PathFit(Protocol):
    """What every fitted path model offers."""

    @property
    def name(self) -> str:
        """Name of the fit."""

    @property
    def credit(self) -> PathCredit:
        """Credit per channel."""

    def touch_credits(
        self, paths: Paths, *, threads: int | None = None
    ) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Credit of every touch, conversions and value, block by block."""


@dataclass(frozen=True, slots=True)
class Family:
    """A family of path models.

    Attributes
    ----------
    defaults : tuple
        Specs that are fitted when none are named.
    fit : callable
        Paths and specs of this family to fits, in the order of the specs.
    """

    defaults: tuple[Any, ...]
    fit: Callable[[Paths, Sequence[Any]], tuple[PathFit, ...]]


def _each(paths: Paths, specs: Sequence[Any]) -> tuple[PathFit, ...]:
    return tuple(spec.fit(paths) for spec in specs)


FAMILIES: Final[Mapping[str, Family]] = MappingProxyType(
    {
        "rules": Family(DEFAULT_RULES, fit_rules),
        "markov": Family((Markov(),), _each),
        "shapley": Family((Shapley(),), _each),
    }
)
