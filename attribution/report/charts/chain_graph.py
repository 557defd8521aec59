"""A Markov chain over channels as a drawing: start at the left, conversion and null at the right, channels between."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.report.charts.chain_layout import CONVERSION, NULL, START, Place, places
from attribution.report.charts.svg import Element, add, canvas, lines, markup, number, told, write
from attribution.report.palette import OTHER

Floats = NDArray[np.float64]
WIDTH = 880.0
# Height of the drawing by the most channels that it serves.
HEIGHTS = ((3, 330.0), (7, 420.0), (math.inf, 500.0))
# Width of the widest step; steps are as wide as the square root of what goes over them. Height of a line of text.
WIDEST, LINE = 11.0, 14.0
# Steps between channels that are drawn at most; the least share of a kind's steps that is worth a line.
MOST, LEAST = 20, 0.02
NAMES = {START: "start", CONVERSION: "conversion", NULL: "no conversion"}


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """What is drawn: the weight of journeys that take each step.

    Attributes
    ----------
    names : tuple of str
        K channels.
    start, conversions, nulls : float64[K]
        From the start; to the conversion; to the end without one.
    moves : float64[K, K]
        From channel to channel.
    """

    names: tuple[str, ...]
    start: Floats
    moves: Floats
    conversions: Floats
    nulls: Floats

    @property
    def visits(self) -> Floats:
        """How often each channel is reached."""
        return np.asarray(self.start + self.moves.sum(axis=0), float)


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the drawing, between channels or ends (negative, as in `chain_layout`)."""

    source: int
    target: int
    amount: float
    share: float


def steps_of(graph: Graph) -> list[Step]:
    """Every step with its share of what leaves where it begins; a channel followed by itself is not drawn."""
    leaves = graph.moves.sum(axis=1) + graph.conversions + graph.nulls
    starts = float(graph.start.sum())
    found = [Step(START, i, float(w), float(w) / starts) for i, w in enumerate(graph.start) if w > 0]
    for i in range(len(graph.names)):
        ways = [*enumerate(graph.moves[i]), (CONVERSION, graph.conversions[i]), (NULL, graph.nulls[i])]
        found += [Step(i, j, float(w), float(w / leaves[i])) for j, w in ways if w > 0 and j != i]
    return found


def drawn_of(graph: Graph) -> list[Step]:
    """The steps that are drawn: of each kind those that carry enough, the widest last so that they lie on top."""
    kinds: dict[int, list[Step]] = {START: [], CONVERSION: [], NULL: [], 0: []}
    for step in steps_of(graph):
        kinds[step.source if step.source < 0 else min(step.target, 0)].append(step)
    found = []
    for kind, steps in kinds.items():
        least = LEAST * sum(s.amount for s in steps)
        ranked = sorted((s for s in steps if s.amount >= least), key=lambda s: -s.amount)
        found += ranked[: MOST if kind == 0 else len(ranked)]
    found += _lonely(graph, found)
    return sorted(found, key=lambda s: (s.target == NULL and -1, s.amount, s.source, s.target))


def _lonely(graph: Graph, drawn: list[Step]) -> list[Step]:
    """The widest step into and out of each channel that has none."""
    every = [s for s in steps_of(graph) if s.target != NULL]
    found: dict[tuple[int, int], Step] = {}
    for channel in range(len(graph.names)):
        for end in ("source", "target"):
            mine = [s for s in every if getattr(s, end) == channel]
            if mine and not any(getattr(s, end) == channel and s.target != NULL for s in drawn):
                widest = max(mine, key=lambda s: s.amount)
                found[widest.source, widest.target] = widest
    return list(found.values())


def chain_graph(graph: Graph, colours: Mapping[str, str], alt: str, say: Callable[[float, float], str]) -> str:
    """The drawing as SVG.

    Parameters
    ----------
    graph : Graph
    colours : mapping
        Of channels.
    alt : str
        What is to be seen.
    say : callable
        Weight and share of a step in words.
    """
    height = next(h for most, h in HEIGHTS if len(graph.names) <= most)
    drawing = canvas(WIDTH, height, alt)
    where = places(graph.start, graph.conversions, graph.visits, WIDTH, height)
    steps = drawn_of(graph)
    most = max((s.amount for s in steps), default=1.0)
    for step in steps:
        _step(drawing, step, where, most, _colour(graph, colours, step), _named(graph, step, say))
    ends = {s.source for s in steps} | {s.target for s in steps}
    for key, place in where.items():
        if key < 0 and key not in ends:
            continue
        _node(
            drawing, place, NAMES.get(key) or graph.names[key], "" if key < 0 else colours.get(graph.names[key], OTHER)
        )
    return markup(drawing)


def _colour(graph: Graph, colours: Mapping[str, str], step: Step) -> str:
    """Colour of where the step begins; grey from the start and to the end without a conversion."""
    return "" if step.source < 0 or step.target == NULL else colours.get(graph.names[step.source], OTHER)


def _named(graph: Graph, step: Step, say: Callable[[float, float], str]) -> str:
    ends = (NAMES.get(k) or graph.names[k] for k in (step.source, step.target))
    return f"{' → '.join(ends)}: {say(step.amount, step.share)}"


def _step(drawing: Element, step: Step, where: Mapping[int, Place], most: float, colour: str, words: str) -> None:
    """A curve with an arrow head from one place to another."""
    width = max(0.8, WIDEST * math.sqrt(step.amount / most) * (0.6 if step.target == NULL else 1))
    (x0, y0), (cx, cy), (x1, y1) = _curve(where[step.source], where[step.target])
    size = 4 + width * 0.9
    along = math.atan2(y1 - cy, x1 - cx)
    bx, by = x1 - size * math.cos(along), y1 - size * math.sin(along)
    group = add(drawing, "g", opacity="0.25" if step.target == NULL else "0.5" if not colour else "0.72")
    line = f"M{number(x0)},{number(y0)}Q{number(cx)},{number(cy)} {number(bx)},{number(by)}"
    paint = {"stroke": colour} if colour else {"class_": "edge"}
    add(group, "path", d=line, fill="none", stroke_width=width, **paint)
    wing = size * 0.62
    points = [(x1, y1), *((bx + s * wing * math.sin(along), by - s * wing * math.cos(along)) for s in (1, -1))]
    shape = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    add(group, "polygon", points=shape, **({"fill": colour} if colour else {"class_": "soft"}))
    told(group, words)


def _curve(a: Place, b: Place) -> tuple[tuple[float, float], ...]:
    """Begin, control point and end of a curve that leaves and reaches the rims of both places."""
    dx, dy = b.x - a.x, b.y - a.y
    length = math.hypot(dx, dy) or 1.0
    bend = a.bend(b) * length
    cx, cy = (a.x + b.x) / 2 - dy / length * bend, (a.y + b.y) / 2 + dx / length * bend
    return _rim(a, cx, cy, 1), (cx, cy), _rim(b, cx, cy, 3)


def _rim(place: Place, x: float, y: float, beyond: float) -> tuple[float, float]:
    """Where the line from a place towards a point leaves it."""
    along = math.atan2(y - place.y, x - place.x)
    away = place.radius + beyond
    return place.x + away * math.cos(along), place.y + away * math.sin(along)


def _node(drawing: Element, place: Place, name: str, colour: str) -> None:
    group = add(drawing, "g")
    paint = {"fill": colour} if colour else {"class_": "soft"}
    add(group, "circle", cx=place.x, cy=place.y, r=place.radius, **paint)
    written = lines(name, place.room)
    first = -place.radius - 7 - (len(written) - 1) * LINE if place.above else place.radius + 16
    for i, words in enumerate(written):
        write(group, place.x, place.y + first + i * LINE, words, text_anchor="middle")
    told(group, name)
