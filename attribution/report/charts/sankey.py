"""Flows between columns of nodes as a Sankey drawing: the height of a band is what flows in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attribution.report.charts.svg import Element, add, canvas, cut, markup, number, told, wide, write

WIDTH, HEAD, FLOW = 880.0, 30.0, 340.0
# Width of a node; room right of the last column; what is between nodes; what a label needs.
BAR, LAST, GAP, LINE = 12.0, 130.0, 7.0, 15.0
# A band thinner than this is left out of the picture, not out of its table.
THIN = 0.5


@dataclass(frozen=True, slots=True)
class Node:
    """A bar in a column.

    Attributes
    ----------
    column : int
    name : str
    figure : str
        Written after the name.
    colour : str
        Empty: soft grey.
    """

    column: int
    name: str
    figure: str
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A band from one node to another, by their places in the sequence of nodes."""

    source: int
    target: int
    amount: float
    told: str


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a node stands."""

    x: float
    y: float
    height: float


def sankey(heads: Sequence[str], nodes: Sequence[Node], links: Sequence[Link], alt: str) -> str:
    """The drawing as SVG.

    Parameters
    ----------
    heads : sequence of str
        Over each column.
    nodes : sequence of Node
        From the top of each column.
    links : sequence of Link
    alt : str
        What is to be seen.
    """
    places = place(len(heads), nodes, links)
    bottom = max((p.y + max(p.height, LINE) for p in places), default=HEAD)
    drawing = canvas(WIDTH, bottom + GAP, alt)
    for x, head in zip(_across(len(heads)), heads, strict=True):
        write(drawing, x, 14, cut(head, _room(len(heads))), class_="soft")
    _bands(drawing, nodes, links, places)
    for node, at in zip(nodes, places, strict=True):
        _bar(drawing, node, at, _room(len(heads)))
    return markup(drawing)


def place(columns: int, nodes: Sequence[Node], links: Sequence[Link]) -> list[Placed]:
    """Where nodes stand: one scale for all columns, and room for a label beside each."""
    amounts = [_amount(i, links) for i in range(len(nodes))]
    total = max(
        (sum(a for a, n in zip(amounts, nodes, strict=True) if n.column == c) for c in range(columns)), default=0.0
    )
    scale, across = FLOW / total if total > 0 else 0.0, _across(columns)
    down = [HEAD] * columns
    found = []
    for node, amount in zip(nodes, amounts, strict=True):
        height = amount * scale
        slot = max(height, LINE)
        found.append(Placed(across[node.column], down[node.column] + (slot - height) / 2, height))
        down[node.column] += slot + GAP
    return found


def _amount(node: int, links: Sequence[Link]) -> float:
    """What flows through a node."""
    into = sum(link.amount for link in links if link.target == node)
    return max(into, sum(link.amount for link in links if link.source == node))


def _across(columns: int) -> list[float]:
    step = (WIDTH - BAR - LAST) / max(columns - 1, 1)
    return [i * step for i in range(columns)]


def _room(columns: int) -> float:
    """Pixels for the words beside a node."""
    return min((WIDTH - BAR - LAST) / max(columns - 1, 1) - BAR - 12, 220.0)


def _bands(drawing: Element, nodes: Sequence[Node], links: Sequence[Link], places: Sequence[Placed]) -> None:
    """Bands, stacked at either end in the order of the nodes at the other."""
    leaves, enters = ([p.y for p in places] for _ in range(2))
    starts: dict[int, float] = {}
    scale = _scale(links, places)
    for i in sorted(range(len(links)), key=lambda i: (links[i].source, links[i].target)):
        starts[i] = leaves[links[i].source]
        leaves[links[i].source] += links[i].amount * scale
    for i in sorted(range(len(links)), key=lambda i: (links[i].target, links[i].source)):
        link, height = links[i], links[i].amount * scale
        end = enters[link.target]
        enters[link.target] += height
        if height >= THIN:
            shape = _shape(places[link.source].x + BAR, starts[i], places[link.target].x, end, height)
            paint = {"fill": nodes[link.source].colour} if nodes[link.source].colour else {"class_": "soft"}
            told(
                add(drawing, "path", d=shape, fill_opacity="0.3" if nodes[link.source].colour else "0.16", **paint),
                link.told,
            )


def _scale(links: Sequence[Link], places: Sequence[Placed]) -> float:
    """Pixels per unit of flow."""
    for i, at in enumerate(places):
        amount = _amount(i, links)
        if amount > 0:
            return at.height / amount
    return 0.0


def _shape(x0: float, y0: float, x1: float, y1: float, height: float) -> str:
    """A band from (x0, y0) to (x1, y1), its upper corners, as a closed path."""
    a, b, c, d, m = (number(v) for v in (x0, y0, x1, y1, (x0 + x1) / 2))
    low, end = f"{y0 + height:.2f}", f"{y1 + height:.2f}"
    return f"M{a},{y0:.2f}C{m},{b} {m},{d} {c},{y1:.2f}L{c},{end}C{m},{end} {m},{low} {a},{low}Z"


def _bar(drawing: Element, node: Node, at: Placed, room: float) -> None:
    """A node and its name."""
    group = add(drawing, "g")
    paint = {"fill": node.colour} if node.colour else {"class_": "soft"}
    add(group, "rect", x=at.x, y=at.y, width=BAR, height=max(at.height, 1.0), rx=1.5, **paint)
    name = cut(node.name, room - wide(f" {node.figure}"))
    write(group, at.x + BAR + 5, at.y + max(at.height, 1.0) / 2 + 4, f"{name} {node.figure}".rstrip())
    told(group, f"{node.name} {node.figure}".rstrip())
