"""Journeys of customers as plain tuples: the test double of events, small enough to resample by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from attribution_models.paths.encoded import PathBlock
from attribution_models.paths.resampling_units import Blocks
from tests.paths.listpaths import Journey, ListPaths


class Visit(NamedTuple):
    """A journey of a customer; it converts where ``value`` is a number."""

    customer: int
    path: str
    value: float | None = None


def customer_paths(
    visits: Sequence[Visit], *, blocks: int = 1, channels: Sequence[str] | None = None, direct: Sequence[str] = ()
) -> Blocks:
    """``Paths`` with customers, cut into consecutive blocks."""
    journeys = [
        Journey(
            tuple(visit.path),
            float(visit.value is not None),
            visit.value or 0.0,
            float(visit.value is None),
            tuple(float(3 * age) for age in range(len(visit.path), 0, -1)),
        )
        for visit in visits
    ]
    paths = ListPaths(journeys, channels=channels, direct=direct, blocks=blocks)
    cuts = np.cumsum([0, *(paths.block(i).conversions.size for i in range(blocks))])
    keys = np.array([visit.customer for visit in visits], dtype=np.uint64)
    made: list[PathBlock] = [
        replace(paths.block(i), customer=keys[cuts[i] : cuts[i + 1]]) for i in range(paths.block_count)
    ]
    return Blocks(paths.channels, paths.direct, tuple(made))


def simulated(seed: int, customers: int = 120, names: str = "abcde", longest: int = 6) -> list[Visit]:
    """Customers with one to three journeys each, in mixed order; some journeys have no touches."""
    generator = np.random.default_rng(seed)
    found = []
    for customer in range(customers):
        for _ in range(int(generator.integers(1, 4))):
            length = int(generator.integers(0, longest + 1))
            path = "".join(generator.choice(list(names), length))
            value = float(generator.gamma(2, 30)) if generator.random() < 0.35 else None
            found.append(Visit(customer * 7919 + 13, path, value))
    return [found[i] for i in generator.permutation(len(found))]
