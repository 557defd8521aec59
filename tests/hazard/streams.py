"""Event streams for the tests: drawn from the model itself, or small and arbitrary."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from attribution_models.paths.events import NEVER, EventBlock, EventTable
from attribution_models.paths.hazard_grid import DAY

START = int(np.datetime64("2025-01-01", "us").astype(np.int64))


@dataclass(frozen=True)
class Person:
    enter: int
    exit: int
    touches: tuple[tuple[int, int], ...] = ()  # (time, kind), sorted
    conversions: tuple[tuple[int, float], ...] = ()  # (time, value), sorted
    before: int = NEVER
    stratum: int = 0


def block_of(people: list[Person], first_key: int = 0, keys: list[int] | None = None) -> EventBlock:
    touches = [t for p in people for t in p.touches]
    conversions = [c for p in people for c in p.conversions]

    def offsets(counts: list[int]) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    return EventBlock(
        person=np.array(keys if keys is not None else range(first_key, first_key + len(people)), np.uint64),
        enter=np.array([p.enter for p in people], np.int64),
        exit=np.array([p.exit for p in people], np.int64),
        touch_offsets=offsets([len(p.touches) for p in people]),
        touched_at=np.array([t for t, _ in touches], np.int64),
        kinds=np.array([k for _, k in touches], np.int32),
        conversion_offsets=offsets([len(p.conversions) for p in people]),
        converted_at=np.array([t for t, _ in conversions], np.int64),
        value=np.array([v for _, v in conversions], np.float64),
        converted_before=np.array([p.before for p in people], np.int64),
        stratum=np.array([p.stratum for p in people], np.int32),
    )


def table_of(*blocks: EventBlock, kinds: int = 3, signals: tuple[int, ...] = (2,)) -> EventTable:
    names = tuple(f"kind {k}" for k in range(kinds))
    return EventTable(names, names, np.arange(kinds, dtype=np.int32), np.isin(np.arange(kinds), signals), tuple(blocks))


def random_people(count: int, seed: int, kinds: int = 3, days: int = 40) -> list[Person]:
    """Anything goes: late entry, history, conversions beyond the window, ties, several events a day."""
    rng = np.random.default_rng(seed)
    people = []
    for _ in range(count):
        a, b = np.sort(rng.uniform(0, days, 2))
        enter, leave = START + int(a * DAY), START + int((b + 0.1) * DAY)

        def times(mean: float) -> list[int]:
            n = rng.poisson(mean)
            return sorted(START + int(t * 4) * (DAY // 4) for t in rng.uniform(0, days, n))

        touches = tuple((t, int(rng.integers(kinds))) for t in times(6))
        conversions = tuple((t, float(rng.integers(1, 90))) for t in times(2))
        before = NEVER if rng.random() < 0.5 else START - int(rng.uniform(1, 300)) * DAY
        people.append(Person(enter, leave, touches, conversions, before, int(rng.integers(2))))
    return people


def simulated(
    people: int, seed: int, effects: tuple[float, ...], *, base: float = 0.01, late: bool = False, days: int = 90,
    signal: float = 0.05, half_life: float = 4.0, signal_half_life: float = 4.0, rate: float = 0.02,
) -> EventTable:  # fmt: skip
    """Draw from the model: kinds 0… with `effects` (rate per day at the touch), and one signal that media follow.

    With `late`, half of the people enter at a random time; what they did before is recorded, and not at risk.
    """
    rng = np.random.default_rng(seed)
    kinds = len(effects) + 1
    decay, signal_decay = 0.5 ** (1 / half_life), 0.5 ** (1 / signal_half_life)
    carry, demand = np.zeros(people), np.zeros(people)
    enter = np.where(late & (rng.random(people) < 0.5), rng.integers(1, days - 10, people), 0)
    touch, conversion = [], []
    for day in range(days):
        looks = rng.random(people) < 0.03
        demand += signal * looks
        touch += [(int(i), day, kinds - 1) for i in np.flatnonzero(looks)]
        for k, effect in enumerate(effects):
            met = rng.random(people) < rate * (1 + 4 * (demand > 0.02))
            carry += effect * met
            touch += [(int(i), day, k) for i in np.flatnonzero(met)]
        mean = np.maximum(base + demand + carry, 1e-4)
        n = rng.poisson(mean)
        conversion += [(int(i), day) for i in np.repeat(np.arange(people), n)]
        carry *= decay
        demand *= signal_decay
    touches: list[list[tuple[int, int]]] = [[] for _ in range(people)]
    for i, day, k in touch:
        touches[i].append((START + day * DAY + DAY // 4, k))
    conversions: list[list[tuple[int, float]]] = [[] for _ in range(people)]
    for i, day in conversion:
        if day >= enter[i]:
            conversions[i].append((START + day * DAY + DAY // 2, 10.0 + i % 7))
    rows = [
        Person(START + int(enter[i]) * DAY, START + days * DAY, tuple(touches[i]), tuple(conversions[i]))
        for i in range(people)
    ]
    half = people // 2
    return table_of(block_of(rows[:half]), block_of(rows[half:], half), kinds=kinds, signals=(kinds - 1,))


def renamed(events: EventTable, order: list[int]) -> EventTable:
    """The same people with kinds in another order."""
    back = np.argsort(order).astype(np.int32)
    return EventTable(
        tuple(events.channels[k] for k in order), tuple(events.kinds[k] for k in order),
        np.arange(len(order), dtype=np.int32), events.signals[order],
        tuple(replace(b, kinds=back[b.kinds]) for b in events.blocks),
    )  # fmt: skip
