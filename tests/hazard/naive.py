"""The hazard model in plain Python, period by period: slow, and written from the formula."""

from __future__ import annotations

import math

import numpy as np

from attribution_models.paths.events import NEVER, EventTable
from attribution_models.paths.hazard_intensity import Shape
from attribution_models.paths.hazard_setup import Setup
from tests.hazard.streams import Person

Floats = np.ndarray


def floored(b: float, c: float, floor: float) -> float:
    return b + c if b + c >= floor * b else floor * b * math.exp(1 / floor - 1 + c / (floor * b))


class Naive:
    """Intensity of one person at any period."""

    def __init__(
        self,
        person: Person,
        setup: Setup,
        shape: Shape,
        theta: Floats,
        events: EventTable,
        tired_after: float,
        memory: float,
    ) -> None:
        self.person, self.setup, self.shape, self.theta = person, setup, shape, theta
        grid = setup.grid
        self.enter = (person.enter - grid.origin) / grid.grain
        self.exit = (person.exit - grid.origin) / grid.grain
        self.first, self.last = math.floor(self.enter), math.ceil(self.exit) - 1
        self.conversions = [
            (min((t - grid.origin) // grid.grain, self.last), v, t >= person.enter)
            for t, v in person.conversions if t <= person.exit
        ]  # fmt: skip
        self.touches: list[tuple[int, int, float]] = []
        seen: list[tuple[int, int]] = []
        for t, kind in person.touches:
            p = (t - grid.origin) // grid.grain
            if any((c - grid.origin) // grid.grain == p and c < t for c, _ in person.conversions):
                p += 1
            if p > self.last:
                continue
            channel = events.kind_channel[kind]
            n = sum(0.5 ** ((p - q) / memory) for q, other in seen if other == channel)
            self.touches.append((p, kind, 1.0 if events.signals[kind] else 1 / (1 + n / tired_after)))
            seen.append((p, channel))

    def parts(self, p: int, touches: int | None = None) -> tuple[float, float]:
        """b and C in period p, with media only from the first so many touches."""
        grid, shape = self.setup.grid, self.shape
        sizes = grid.sizes
        earlier = [q for q, _, _ in self.conversions if q < p]
        if earlier:
            latest = max(earlier)
        elif self.person.before != NEVER:
            latest = (self.person.before - grid.origin) // grid.grain
        else:
            latest = None
        step = 0 if latest is None else grid.recency[min(p - latest, grid.recency.size - 1)]
        base = int(sizes.sum())
        eta = (
            self.theta[grid.calendar[p]] + self.theta[sizes[0] + grid.age[p - self.first]]
            + self.theta[sizes[:2].sum() + step] + self.theta[sizes[:3].sum() + self.person.stratum]
        )  # fmt: skip
        b, c = shape.least + math.exp(eta), 0.0
        for j, (q, kind, s) in enumerate(self.touches):
            if q > p:
                continue
            resets = len({r for r in earlier if r >= q})
            for column in range(shape.kind_columns[kind], shape.kind_columns[kind + 1]):
                delta = shape.power[shape.table[column], 1]
                x = self.theta[base + column] * s * delta ** (p - q) * shape.kept**resets
                if not shape.is_effect[column]:
                    b += x
                elif touches is None or j < touches:
                    c += x
        return b, c

    def log_likelihood(self) -> float:
        total = 0.0
        for p in range(self.first, self.last + 1):
            risk = min(self.exit, p + 1) - max(self.enter, p)
            total -= floored(*self.parts(p), self.shape.floor) * risk * self.setup.grid.days
        return total + sum(
            math.log(floored(*self.parts(p), self.shape.floor)) for p, _, at_risk in self.conversions if at_risk
        )

    def credits(self, kinds: int) -> Floats:
        """Backwards elimination, one touch after the other from the last."""
        credit = np.zeros((2, kinds + 1))
        for p, value, at_risk in self.conversions:
            if not at_risk:
                continue
            whole = floored(*self.parts(p), self.shape.floor)
            for j in range(len(self.touches) - 1, -1, -1):
                with_it = floored(*self.parts(p, j + 1), self.shape.floor)
                without = floored(*self.parts(p, j), self.shape.floor)
                credit[:, self.touches[j][1]] += np.array([1.0, value]) * (with_it - without) / whole
            credit[:, kinds] += np.array([1.0, value]) * floored(*self.parts(p, 0), self.shape.floor) / whole
        return credit
