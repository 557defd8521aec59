"""Journeys on disk: one Arrow IPC file per part, uncompressed, so that kernels read the mapped pages."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from attribution.findings import Finding
from attribution.journeys.journeys import JourneyPart, Journeys, Unit
from attribution.settings import JourneySettings

FORMAT = 2
SECOND = 1_000_000


def write_part(path: Path, part: JourneyPart) -> None:
    """Write one part; the caller owns the folder until it is renamed into place.

    Writing is what large workspaces wait for, so nothing is written that follows from the rest: a journey
    from events converts once or never and has a value only then, most data know one kind and no geo, and
    unit codes take as few bytes as they need.
    """
    touches = {"unit": pa.array(part.units.astype(_smallest(part.units)))}
    same: dict[str, str] = {}
    converts = part.conversions > 0
    if part.customer is not None and part.ended_at is not None and part.at is not None:
        touches["at"], origin = _times(part.at)
        if origin is not None:
            same["origin"] = str(origin)
        columns = {
            "converts": pa.array(converts),
            "customer": pa.array(part.customer),
            "ended_at": pa.array(part.ended_at),
        }
    else:
        columns = {"conversions": pa.array(part.conversions), "nulls": pa.array(part.nulls)}
    columns["touches"] = pa.ListArray.from_arrays(
        pa.array(part.offsets.astype(np.int32)), pa.StructArray.from_arrays(list(touches.values()), list(touches))
    )
    for name, codes in (("kind", part.kind), ("geo", part.geo)):
        if codes.size and np.all(codes == codes[0]):
            same[name] = str(codes[0])
        else:
            columns[name] = pa.array(codes)
    columns["existing"] = pa.array(part.existing)
    batch = pa.RecordBatch.from_pydict(columns).replace_schema_metadata(same)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)
    values = part.value[converts] if part.customer is not None else part.value
    with pa.OSFile(str(_values(path)), "wb") as file:
        file.write(np.ascontiguousarray(values).tobytes())


def _values(path: Path) -> Path:
    """Where the values of a part's conversions lie: they are few, and of another length than the journeys."""
    return path.with_suffix(".value")


def _times(at: NDArray[np.int64]) -> tuple[pa.Array, int | None]:
    """Whole seconds since an origin in four bytes, where times are that; else microseconds as they are."""
    if at.size == 0:
        return pa.array(at), None
    origin = int(at.min())
    if np.any((at[:: max(1, at.size // 1000)] - origin) % SECOND):
        return pa.array(at), None
    seconds, rest = np.divmod(at - origin, SECOND)
    if rest.any() or int(seconds.max()) >= 2**31:
        return pa.array(at), None
    return pa.array(seconds.astype(np.int32)), origin


def _smallest(codes: NDArray[np.int32]) -> type[np.generic]:
    most = int(codes.max()) if codes.size else 0
    return np.uint8 if most < 2**8 else np.uint16 if most < 2**16 else np.int32


def read_part(path: Path) -> JourneyPart:
    """Map one part; times of touches are not copied."""
    with pa.memory_map(str(path)) as file:
        batch = pa.ipc.open_file(file).get_batch(0)
    array = {name: batch.column(name) for name in batch.schema.names}
    timed = "customer" in array
    values = np.fromfile(_values(path), np.float64)
    if timed:
        converts = array["converts"].to_numpy(zero_copy_only=False)
        conversions = converts.astype(np.float64)
        nulls = 1.0 - conversions
        value = np.zeros(conversions.size)
        value[converts] = values
    else:
        conversions, nulls, value = array["conversions"].to_numpy(), array["nulls"].to_numpy(), values
    same = {k.decode(): v.decode() for k, v in (batch.schema.metadata or {}).items()}

    def codes(name: str) -> NDArray[np.int32]:
        found: NDArray[np.int32] = (
            array[name].to_numpy() if name in array else np.full(conversions.size, int(same.get(name, -1)), np.int32)
        )
        return found

    touches = array["touches"].values
    at = touches.field("at").to_numpy() if timed else None
    if at is not None and "origin" in same:
        at = at * np.int64(SECOND) + int(same["origin"])
    return JourneyPart(
        customer=array["customer"].to_numpy() if timed else None,
        ended_at=array["ended_at"].to_numpy() if timed else None,
        conversions=conversions,
        value=value,
        nulls=nulls,
        kind=codes("kind"),
        geo=codes("geo"),
        existing=array["existing"].to_numpy(zero_copy_only=False),
        offsets=array["touches"].offsets.to_numpy().astype(np.int64),
        units=touches.field("unit").to_numpy().astype(np.int32),
        at=at,
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
