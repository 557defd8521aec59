"""A registry on disk: one Arrow file, memory-mapped when it is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from attribution.identity.registry import Registry
from attribution.workspace import PRIVATE

COLUMNS = ("keys", "types", "born", "first_seen", "customer", "status", "present")


def write_registry(path: Path, registry: Registry) -> None:
    """Write a registry; readable by its owner only."""
    arrays = {name: pa.array(getattr(registry, name)) for name in COLUMNS if name != "present"}
    arrays["present"] = pa.array(registry.present.view(np.uint8))
    meta = {"issued": str(registry.issued), "types": "\n".join(registry.type_names)}
    batch = pa.RecordBatch.from_pydict(arrays).replace_schema_metadata(meta)
    path.touch(mode=PRIVATE)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)


def read_registry(path: Path) -> Registry:
    """Map a registry."""
    table = registry_table(path)
    arrays = {name: table.column(name).to_numpy() for name in COLUMNS if name != "present"}
    meta = {k.decode(): v.decode() for k, v in table.schema.metadata.items()}
    names = tuple(meta["types"].split("\n")) if meta["types"] else ()
    present = table.column("present").to_numpy().view(np.bool_)
    return Registry(**arrays, present=present, type_names=names, issued=int(meta["issued"]))


def registry_table(path: Path) -> pa.RecordBatch:
    """The columns as they are mapped, for SQL."""
    with pa.memory_map(str(path)) as file:
        return pa.ipc.open_file(file).get_batch(0)
