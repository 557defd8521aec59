"""The graph of a run on disk, so that a run with a few new links need not read the old ones again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from attribution.identity.components import roots
from attribution.identity.registry import Registry
from attribution.identity.resolve import Resolution
from attribution.identity.status import Status
from attribution.workspace import PRIVATE
from attribution_models.paths.compiled import compiled, read_only


@dataclass(frozen=True, slots=True)
class Graph:
    """Links between the ids of a registry; an id's code is its row there.

    Attributes
    ----------
    pairs : uint64[e]
        As in `edges.Edges`.
    times : int32[e]
    rows : int32[n]
        In how many rows each id was seen.
    group : int32[n]
        Smallest id that an id can be reached from along any links but those at placeholders and ids disabled by hand:
        whatever the guards decide, it depends on ids of the same group alone.
    cut : uint64[c]
        Links between two people that are not used.
    """

    pairs: NDArray[np.uint64]
    times: NDArray[np.int32]
    rows: NDArray[np.int32]
    group: NDArray[np.int32]
    cut: NDArray[np.uint64]


def graph_of(made: Resolution, registry: Registry) -> Graph:
    """The graph of a full run, by rows of the registry, which holds ids that the tables name no more as well."""
    found = made.found
    # Only what is disabled beforehand separates groups.
    group = roots(made.edges, ~np.isin(found.status, (Status.PLACEHOLDER, Status.BY_HAND)))
    if registry.keys.size == found.keys.size:
        return Graph(made.edges.pairs, made.edges.times, made.rows, group, made.guarded.cut)
    at = np.searchsorted(registry.keys, found.keys).astype(np.int32)
    rows, groups = np.zeros(registry.keys.size, np.int32), np.arange(registry.keys.size, dtype=np.int32)
    rows[at], groups[at] = made.rows, at[group]
    return Graph(remapped(made.edges.pairs, at), made.edges.times, rows, groups, remapped(made.guarded.cut, at))


def remapped(pairs: NDArray[np.uint64], at: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Pairs under other codes; the map ascends, so their order stays."""
    return _remapped(read_only(pairs), read_only(at))


@compiled
def _remapped(pairs: NDArray[np.uint64], at: NDArray[np.int32]) -> NDArray[np.uint64]:
    out = np.empty(pairs.size, np.uint64)
    low = np.uint64(0xFFFFFFFF)
    for i in range(pairs.size):
        a, b = at[np.int64(pairs[i] >> np.uint64(32))], at[np.int64(pairs[i] & low)]
        out[i] = np.uint64(a) << np.uint64(32) | np.uint64(b)
    return out


_FILES = (("pairs", "times"), ("rows", "group"), ("cut",))


def write_graph(folder: Path, graph: Graph) -> None:
    """Write a graph into a run's folder; readable by its owner only."""
    for names in _FILES:
        path = folder / f"graph-{names[0]}.arrow"
        path.touch(mode=PRIVATE)
        batch = pa.RecordBatch.from_pydict({name: pa.array(getattr(graph, name)) for name in names})
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
            writer.write_batch(batch)


def read_graph(folder: Path) -> Graph | None:
    """Map a run's graph; None where the run kept none."""
    arrays: dict[str, NDArray[Any]] = {}
    for names in _FILES:
        path = folder / f"graph-{names[0]}.arrow"
        if not path.exists():
            return None
        with pa.memory_map(str(path)) as file:
            batch = pa.ipc.open_file(file).get_batch(0)
        arrays |= {name: batch.column(name).to_numpy() for name in names}
    return Graph(**arrays)
