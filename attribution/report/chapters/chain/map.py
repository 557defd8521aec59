"""The chain of one-step memory over the largest channels, the others as one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.report.charts.chain_graph import Graph
from attribution_models.paths.kgrams import Chain

START, CONVERSION, NULL, OTHERS = "(start)", "(conversion)", "(no conversion)", "other channels"


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """A chain whose smaller channels are one."""

    graph: Graph
    channels: int

    @property
    def others(self) -> int:
        """How many channels were joined."""
        return self.channels - len(self.graph.names) + 1 if self.channels > len(self.graph.names) else 0


def joined(chain: Chain, names: tuple[str, ...], most: int) -> Joined:
    """The channels that journeys reach most often; from ``most`` on the others are joined.

    Parameters
    ----------
    chain : Chain
        Of order 1.
    names : tuple of str
        Behind the channels' codes.
    most : int
        Places for channels, that of the others among them.
    """
    codes = chain.windows[:, 0] if len(chain.windows) else np.zeros(0, np.int32)
    visits = chain.start + np.bincount(chain.target, chain.weight, len(codes))
    ranked = np.argsort(-visits, kind="stable")
    kept = ranked if len(ranked) <= most else ranked[: most - 1]
    group = np.full(len(codes), len(kept))
    group[kept] = np.arange(len(kept))
    size = len(kept) + (len(kept) < len(ranked))
    moves = np.zeros((size, size))
    np.add.at(moves, (group[chain.source], group[chain.target]), chain.weight)
    start, conversions, nulls = (_summed(group, x, size) for x in (chain.start, chain.conversions, chain.nulls))
    shown = tuple(names[codes[i]] for i in kept)
    graph = Graph(shown if size == len(kept) else (*shown, OTHERS), start, moves, conversions, nulls)
    return Joined(graph, len(codes))


def _summed(group: NDArray[np.int64], amounts: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    return np.bincount(group, amounts, size).astype(float)


def steps_frame(graph: Graph) -> pd.DataFrame:
    """Every step: where from, where to, how many journeys, and its share of what leaves there."""
    sources, targets = [START, *graph.names], [*graph.names, CONVERSION, NULL]
    weights = np.zeros((len(sources), len(targets)))
    weights[0, : len(graph.names)] = graph.start
    weights[1:] = np.hstack([graph.moves, graph.conversions[:, None], graph.nulls[:, None]])
    totals = weights.sum(axis=1)
    rows = [
        (sources[i], targets[j], float(weights[i, j]), float(weights[i, j] / totals[i]))
        for i, j in zip(*np.nonzero(weights), strict=True)
    ]
    return pd.DataFrame(rows, columns=["source", "target", "journeys", "probability"])
