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


def fit_all(paths: Paths, specs: Sequence[Any]) -> tuple[PathFit, ...]:
    """Fit specs of any families, each family at once; the fits come in the order of the specs.

    Raises
    ------
    ValueError
        For a spec of no family.
    """
    families = [_family_of(spec) for spec in specs]
    done: dict[int, PathFit] = {}
    for family in dict.fromkeys(families):
        mine = [i for i, other in enumerate(families) if other == family]
        done |= dict(zip(mine, FAMILIES[family].fit(paths, [specs[i] for i in mine]), strict=True))
    return tuple(done[i] for i in range(len(specs)))


def _family_of(spec: Any) -> str:
    for name, family in FAMILIES.items():
        if isinstance(spec, tuple(type(default) for default in family.defaults)):
            return name
    raise ValueError(f"{spec!r} is of no family of path models: {', '.join(FAMILIES)}.")
