"""Sampled parameters: vectors by name, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from attribution_models.mix.priors import Prior


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A vector of sampled parameters that share a family and a line: one random variable of the graph.

    Attributes
    ----------
    name, dims, coords
        As PyMC and ArviZ show it; a scalar has no dims.
    priors : tuple of Prior
        One per element, all of one family and one map to the line; or one for all.
    start : int
        Of its first element in the sampled vector; elements follow in C order.
    """

    name: str
    dims: tuple[str, ...]
    coords: tuple[tuple[str, ...], ...]
    priors: tuple[Prior, ...]
    start: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the dims."""
        return tuple(len(c) for c in self.coords)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=int))

    def prior(self, element: int) -> Prior:
        """Prior of one element."""
        return self.priors[0] if len(self.priors) == 1 else self.priors[element]


@dataclass(frozen=True, slots=True)
class Parameter:
    """Where a value comes from: an element of a group, or a constant."""

    group: str = ""
    element: int = 0
    constant: float = float("nan")


class GroupBook:
    """Collects parameters, and makes one vector of those that share a role, a family and a map to the line."""

    def __init__(self) -> None:
        self._members: dict[str, list[tuple[str, Prior]]] = {}
        self._whole: dict[str, Group] = {}

    def member(self, role: str, label: str, prior: Prior) -> Parameter:
        """Add one channel's parameter; asking twice for a label gives the same one."""
        if prior.fixed:
            return Parameter(constant=prior.values[0])
        name = next(n for n in self._names(role) if self._kind(n) in (None, _kind(prior)))
        members = self._members.setdefault(name, [])
        labels = [known for known, _ in members]
        if label not in labels:
            members.append((label, prior))
            return Parameter(name, len(members) - 1)
        return Parameter(name, labels.index(label))

    def whole(
        self, name: str, dims: tuple[str, ...], coords: tuple[tuple[str, ...], ...], prior: Prior
    ) -> tuple[Parameter, ...]:
        """Add a vector with one prior for all its elements."""
        if prior.fixed:
            size = int(np.prod([len(c) for c in coords], dtype=int))
            return (Parameter(constant=prior.values[0]),) * size
        group = Group(name, dims, coords, (prior,))
        self._whole[name] = group
        return tuple(Parameter(name, i) for i in range(group.size))

    def ordered(self) -> tuple[Group, ...]:
        """All vectors, one after the other."""
        found = []
        for name, members in self._members.items():
            labels = tuple(label for label, _ in members)
            single = labels == ("(all)",)
            dims = () if single else (f"{name}_channel",)
            found.append(Group(name, dims, () if single else (labels,), tuple(p for _, p in members)))
        start, placed = 0, []
        for group in (*found, *self._whole.values()):
            placed.append(replace(group, start=start))
            start += group.size
        return tuple(placed)

    @staticmethod
    def _names(role: str) -> Iterator[str]:
        yield role
        number = 2
        while True:
            yield f"{role}_{number}"
            number += 1

    def _kind(self, name: str) -> tuple[str, int] | None:
        members = self._members.get(name)
        return _kind(members[0][1]) if members else None


def _kind(prior: Prior) -> tuple[str, int]:
    """What elements of one vector have in common: truncated normals may differ in their map to the line."""
    return prior.family, prior.transform
