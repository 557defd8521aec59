"""Journeys on disk: one Arrow IPC file per part, uncompressed, so that kernels read the mapped pages."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa

from attribution.findings import Finding
from attribution.journeys.journeys import JourneyPart, Journeys, Unit
from attribution.settings import JourneySettings

FORMAT = 1


def write_part(path: Path, part: JourneyPart) -> None:
    """Write one part; the caller owns the folder until it is renamed into place."""
    offsets = pa.array(part.offsets.astype(np.int32))
    columns = {
        "conversions": pa.array(part.conversions),
        "value": pa.array(part.value),
        "nulls": pa.array(part.nulls),
        "kind": pa.array(part.kind),
        "geo": pa.array(part.geo),
        "existing": pa.array(part.existing.view(np.uint8)),
        "unit": pa.ListArray.from_arrays(offsets, pa.array(part.units)),
    }
    if part.customer is not None and part.ended_at is not None and part.at is not None:
        columns |= {
            "customer": pa.array(part.customer),
            "ended_at": pa.array(part.ended_at),
            "at": pa.ListArray.from_arrays(offsets, pa.array(part.at)),
        }
    batch = pa.RecordBatch.from_pydict(columns)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)


def read_part(path: Path) -> JourneyPart:
    """Map one part; nothing is copied but the offsets."""
    with pa.memory_map(str(path)) as file:
        batch = pa.ipc.open_file(file).get_batch(0)
    array = {name: batch.column(name) for name in batch.schema.names}
    timed = "at" in array
    return JourneyPart(
        customer=array["customer"].to_numpy() if timed else None,
        ended_at=array["ended_at"].to_numpy() if timed else None,
        conversions=array["conversions"].to_numpy(),
        value=array["value"].to_numpy(),
        nulls=array["nulls"].to_numpy(),
        kind=array["kind"].to_numpy(),
        geo=array["geo"].to_numpy(),
        existing=array["existing"].to_numpy().view(np.bool_),
        offsets=array["unit"].offsets.to_numpy().astype(np.int64),
        units=array["unit"].values.to_numpy(),
        at=array["at"].values.to_numpy() if timed else None,
    )


def write_meta(folder: Path, journeys: Journeys) -> None:
    """Write what the parts do not hold: names of codes, settings, counts."""
    meta = {
        "format": FORMAT,
        "digest": journeys.digest,
        "timed": journeys.timed,
        "settings": journeys.settings.as_dict(),
        "units": [asdict(u) for u in journeys.units],
        "kinds": journeys.kinds,
        "geos": journeys.geos,
        "counts": journeys.counts,
        "findings": [f.as_dict() for f in journeys.findings],
        "parts": [Path(str(p)).name for p in journeys.parts],
    }
    (folder / "meta.json").write_text(json.dumps(meta, ensure_ascii=False, indent=1), encoding="utf-8")


def read_journeys(folder: Path) -> Journeys:
    """Open stored journeys."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    settings = meta["settings"] | {k: tuple(meta["settings"][k]) for k in ("direct_names", "transforms")}
    return Journeys(
        settings=JourneySettings(**settings),
        units=tuple(Unit(**u) for u in meta["units"]),
        kinds=tuple(meta["kinds"]),
        geos=tuple(meta["geos"]),
        counts=meta["counts"],
        findings=tuple(Finding(**f) for f in meta["findings"]),
        parts=tuple(folder / name for name in meta["parts"]),
        timed=meta["timed"],
        digest=meta["digest"],
    )
