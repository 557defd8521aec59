"""Arrays of a kept media-mix fit in one file: panel, scales, lift tests, and which periods were fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.mix.lift_tests import LiftTest
from attribution_models.mix.data import MixData
from attribution_models.mix.lifts import Lift
from attribution_models.mix.scales import Scales
from attribution_models.mix.structure import Structure


def write_arrays(path: Path, s: Structure, tests: Sequence[LiftTest] = ()) -> None:
    """Write them as plain arrays (``.npz``); texts as arrays of text, nothing pickled."""
    found: dict[str, NDArray[Any]] = {"rows": np.asarray(s.fitted.any(axis=0))}
    found |= {f"data.{f.name}": np.asarray(getattr(s.data, f.name)) for f in fields(MixData)}
    found |= {f"scales.{f.name}": np.asarray(getattr(s.scales, f.name)) for f in fields(Scales)}
    for i, lift in enumerate(s.lifts):
        found |= {f"lift{i}.{f.name}": np.asarray(getattr(lift, f.name)) for f in fields(Lift)}
    for i, test in enumerate(tests):
        found |= {f"test{i}.{f.name}": np.asarray(getattr(test.lift, f.name)) for f in fields(Lift)}
        found[f"test{i}.use"] = np.asarray(test.use)
    assert not any(array.dtype.hasobject for array in found.values())
    np.savez_compressed(path, **found)  # type: ignore[arg-type]


def read_arrays(path: Path) -> tuple[MixData, Scales, tuple[Lift, ...], NDArray[np.bool_], tuple[LiftTest, ...]]:
    """Read what `write_arrays` wrote.

    Returns
    -------
    data : MixData
    scales : Scales
    lifts : tuple of Lift
    rows : array (T,) of bool
        Periods of the likelihood.
    tests : tuple of LiftTest
        Those that are no part of the likelihood.

    Raises
    ------
    OSError, ValueError, KeyError
        Where the file is missing, is no such file, or lacks something.
    """
    with np.load(path, allow_pickle=False) as held:
        found = {name: held[name] for name in held.files}
    data = {f.name: found[f"data.{f.name}"] for f in fields(MixData)}
    scales = {f.name: found[f"scales.{f.name}"] for f in fields(Scales)}
    lifts, tests = (sum(n.startswith(head) and n.endswith(".experiment") for n in found) for head in ("lift", "test"))
    return (
        MixData(**data | {"geos": tuple(map(str, data["geos"])), "history": int(data["history"])}),
        Scales(**scales | {name: float(scales[name]) for name in ("center", "outcome")}),
        tuple(_lift(found, f"lift{i}") for i in range(lifts)),
        found["rows"],
        tuple(LiftTest(str(found[f"test{i}.use"]), _lift(found, f"test{i}")) for i in range(tests)),
    )


def _lift(found: dict[str, NDArray[Any]], head: str) -> Lift:
    parts = {f.name: found[f"{head}.{f.name}"] for f in fields(Lift)}
    return Lift(
        experiment=str(parts["experiment"]),
        channel=int(parts["channel"]),
        geos=tuple(map(int, parts["geos"])),
        start=int(parts["start"]),
        end=int(parts["end"]),
        without=parts["without"],
        lift=float(parts["lift"]),
        deviation=float(parts["deviation"]),
    )
