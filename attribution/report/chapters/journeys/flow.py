"""How people get from touch to touch, as a Sankey drawing of all converting journeys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.journeys.flow import flow
from attribution.journeys.journeys import Journeys
from attribution.report.charts.sankey import Link, Node, sankey
from attribution.report.document import Block, Column, Drawing, table_of
from attribution.report.palette import OTHER
from attribution.report.sources import Sources

# Touches that have a column of their own; channels that have a band of their own.
STEPS, CHANNELS = 4, 8
OTHERS, CONVERSION = "other channels", "conversion"
HEADS = ("First touch", "2nd touch", "3rd touch", "4th touch")
COLUMNS = (
    Column("touch", "Touch", "count", "1 is the first touch of the journey."),
    Column("channel", "Channel"),
    Column("next", "What follows"),
    Column("conversions", "Conversions", "count"),
    Column("share", "Share", "share", "of conversions with a touch."),
)


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Journeys by touch: who goes where.

    Attributes
    ----------
    names : tuple of str
        K channels, the largest first; what is joined last.
    moves : float64[S, K, K + 1]
        As `flow` has them, for these; the last column converts.
    """

    names: tuple[str, ...]
    moves: NDArray[np.float64]

    @property
    def steps(self) -> int:
        """Touches with a column of their own."""
        return len(self.moves)

    @property
    def later(self) -> NDArray[np.float64]:
        """Conversions with more touches, by channel of the last touch that is shown."""
        return np.asarray(self.moves[-1, :, :-1].sum(axis=1))

    @property
    def total(self) -> float:
        """Conversions with a touch."""
        return float(self.moves[0].sum())


def flow_blocks(sources: Sources, journeys: Journeys, colours: Mapping[str, str]) -> tuple[Block, ...]:
    """The drawing; nothing where no conversion has a touch."""
    held = joined(flow(journeys, STEPS), journeys.channels)
    if not held.total > 0:
        return ()
    nodes, links = _Sketch(sources, held, colours).drawn()
    heads = [*HEADS[: held.steps], *(["Later"] if held.later.sum() > 0 else []), "Conversion"]
    alt = "Bands from the first touch over the next ones to the conversion; the wider a band, the more conversions."
    note = (
        "Read from left to right. All conversions with a touch start at the left; a band's height is how many go that "
        "way. Grey at the bottom: journeys that have converted already."
    )
    if OTHERS in held.names and len(journeys.channels) > CHANNELS:
        note += f" The {CHANNELS} channels of most touches have bands of their own."
    table = table_of(flows(held), "flow", "How journeys flow from touch to touch", COLUMNS)
    return (Drawing(table, sankey(heads, nodes, links, alt), alt, note),)


def joined(moves: NDArray[np.float64], names: tuple[str, ...], most: int = CHANNELS) -> Flow:
    """The largest channels, the others as one, for as many touches as journeys have."""
    touches = moves.sum(axis=(0, 2))
    ranked = np.argsort(-touches, kind="stable")
    ranked = ranked[touches[ranked] > 0]
    kept = ranked if len(ranked) <= most + 1 else ranked[:most]
    group = np.full(len(names) + 1, len(kept))
    group[kept] = np.arange(len(kept))
    size = len(kept) + (len(kept) < len(ranked))
    group[-1] = size
    there = max(int(np.count_nonzero(moves.sum(axis=(1, 2)) > 0)), 1)
    found = np.zeros((there, size + 1, size + 1))
    for step in range(there):
        np.add.at(found[step], (group[:-1, None], group[None, :]), moves[step])
    shown = tuple(names[i] for i in kept)
    return Flow(shown if size == len(kept) else (*shown, OTHERS), found[:, :size])


def flows(held: Flow) -> pd.DataFrame:
    """The bands as rows, in the order of touches."""
    rows = []
    for step, channel, following in zip(*np.nonzero(held.moves), strict=True):
        name = CONVERSION if following == len(held.names) else held.names[following]
        amount = float(held.moves[step, channel, following])
        rows.append((int(step) + 1, held.names[channel], name, amount, amount / held.total))
    return pd.DataFrame(rows, columns=["touch", "channel", "next", "conversions", "share"])


class _Sketch:
    """Nodes and bands of a drawing, built column by column."""

    def __init__(self, sources: Sources, held: Flow, colours: Mapping[str, str]) -> None:
        self.words, self.held, self.colours = sources.words, held, colours
        self.nodes: list[Node] = []
        self.links: list[Link] = []
        self.at: dict[tuple[int, str | int], int] = {}

    def drawn(self) -> tuple[list[Node], list[Link]]:
        """Every node and band."""
        held, last = self.held, self.held.steps + bool(self.held.later.sum() > 0)
        done = np.concatenate([[0.0], held.moves[:, :, -1].sum(axis=1).cumsum()])
        for step in range(held.steps):
            for i, amount in enumerate(held.moves[step].sum(axis=1)):
                self._node(step, i, held.names[i], float(amount), self.colours.get(held.names[i], OTHER))
            self._node(step, CONVERSION, "converted", float(done[step]))
        if last > held.steps:
            self._node(held.steps, "later", "more touches", float(held.later.sum()))
            self._node(held.steps, CONVERSION, "converted", float(done[-1]))
        self._node(last, CONVERSION, "conversions", held.total)
        for step in range(last):
            self._links(step, float(done[min(step, held.steps)]))
        return self.nodes, self.links

    def _node(self, column: int, key: str | int, name: str, amount: float, colour: str = "") -> None:
        if amount > 0:
            self.at[column, key] = len(self.nodes)
            self.nodes.append(Node(column, name, self.words.write(amount / self.held.total, "share"), colour))

    def _links(self, step: int, done: float) -> None:
        """Bands out of a column."""
        if step < self.held.steps:
            for channel, row in enumerate(self.held.moves[step]):
                for following, amount in enumerate(row[:-1] if step + 1 < self.held.steps else ()):
                    self._link((step, channel), (step + 1, following), float(amount))
                if step + 1 == self.held.steps:
                    self._link((step, channel), (step + 1, "later"), float(row[:-1].sum()))
                self._link((step, channel), (step + 1, CONVERSION), float(row[-1]))
        else:
            self._link((step, "later"), (step + 1, CONVERSION), float(self.held.later.sum()))
        self._link((step, CONVERSION), (step + 1, CONVERSION), done)

    def _link(self, source: tuple[int, str | int], target: tuple[int, str | int], amount: float) -> None:
        if amount > 0:
            ends = self.at[source], self.at[target]
            names = " → ".join(self.nodes[i].name for i in ends)
            told = (
                f"{names}: {self.words.write(amount, 'count')} ({self.words.write(amount / self.held.total, 'share')})"
            )
            self.links.append(Link(*ends, amount, told))
