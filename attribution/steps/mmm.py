"""Fit a media-mix model on a panel and keep it in the workspace."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.mix.checks import check_model
from attribution.mix.lifts import read_lifts
from attribution.mix.model_file import read_model
from attribution.mix.model_toml import model_toml
from attribution.mix.panel import Panel, read_panel
from attribution.settings import IngestSettings
from attribution.workspace import PRIVATE, Workspace, digest_of
from attribution_models.mix.fit import MixFit, fit
from attribution_models.mix.lifts import Lift
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.structure import Structure, structure

__all__ = ["MixReport", "Tuning", "mmm_step", "parameter_frame", "save_mix"]

FAMILY = "mmm"


@dataclass(frozen=True, slots=True, eq=False)
class MixReport:
    """A fit, and what should be known about it.

    Attributes
    ----------
    name : str
    fit : MixFit
    parameters : DataFrame
        One row per parameter: mean, sd, quantiles, R-hat, effective sample sizes.
    findings : tuple of Finding
        Of panel, model and lifts; and the gate's, with severity error, where it did not pass.
    folder : Path
    """

    name: str
    fit: MixFit
    parameters: pd.DataFrame
    findings: tuple[Finding, ...]
    folder: Path


def mmm_step(
    workspace: Workspace,
    panels: Sequence[str],
    model: Path,
    lifts: Sequence[str] = (),
    *,
    tuning: Tuning | None = None,
    settings: IngestSettings | None = None,
    wait: Callable[[int, Any], None] | None = None,
    begin: Callable[[Structure], None] | None = None,
) -> MixReport:
    """Read, check, fit and keep.

    A fit whose gate does not pass is kept as failed, and its finding has severity error.
    """
    spec = read_model(model)
    panel = read_panel(panels, spec, settings)
    found: list[Finding] = [*check_model(spec, panel)]
    blocking = [f for f in found if f.severity == "error"]
    if blocking:
        raise UsageError(" ".join(f"{f.message} {f.remedy}".strip() for f in blocking))
    tests: tuple[Lift, ...] = ()
    if lifts:
        read = read_lifts(lifts, spec, panel, settings=settings)
        tests = read.likelihood
        found += read.findings
    built = _structure(spec, panel, tests)
    if begin is not None:
        begin(built)
    done = fit(built, tuning, wait=wait)
    found += _gate(done)
    name = f"{FAMILY}-{spec.name}" if spec.name != FAMILY else FAMILY
    parameters = parameter_frame(done)
    with workspace.write() as manifest:
        folder = save_mix(workspace, manifest, name, spec, panel, tests, done, parameters)
    return MixReport(name, done, parameters, tuple(found), folder)


def _structure(spec: MixSpec, panel: Panel, lifts: tuple[Lift, ...]) -> Structure:
    try:
        return structure(spec, panel.data, lifts)
    except ValueError as error:
        raise UsageError(f"{panel.name}: {error}") from None


def _gate(done: MixFit) -> list[Finding]:
    if done.gate.passed:
        return []
    return [Finding("error", "gate", " ".join(done.gate.failures), " ".join(done.gate.checklist))]


def parameter_frame(done: MixFit) -> pd.DataFrame:
    """The table of parameters."""
    columns = ("parameter", "mean", "sd", "q5", "median", "q95", "rhat", "ess_bulk", "ess_tail", "mcse")
    return pd.DataFrame([tuple(row) for row in done.table], columns=list(columns))


def save_mix(
    workspace: Workspace,
    manifest: dict[str, Any],
    name: str,
    spec: MixSpec,
    panel: Panel,
    lifts: tuple[Lift, ...],
    done: MixFit,
    parameters: pd.DataFrame,
) -> Path:
    """Keep spec, data, draws of free parameters and diagnostics; plain files, nothing pickled."""
    data = panel.data
    arrays = {n: getattr(data, n) for n in data.__dataclass_fields__ if isinstance(getattr(data, n), np.ndarray)}
    points = done.posterior.points
    digest = digest_of(name, model_toml(spec), str(data.dates[0]), float(np.nansum(data.outcome)), points.shape)
    folder = workspace.path / "fits" / f"{FAMILY}-{digest}"
    folder.mkdir(exist_ok=True, mode=0o700)
    (folder / "model.toml").write_text(model_toml(spec), encoding="utf-8")
    np.savez_compressed(folder / "panel.npz", geos=np.array(data.geos), history=data.history, **arrays)
    chain, draw = (a.ravel() for a in np.meshgrid(*(np.arange(n) for n in points.shape[:2]), indexing="ij"))
    flat = points.reshape(-1, points.shape[2])
    table = {"chain": chain, "draw": draw} | {f"x{i}": flat[:, i] for i in range(flat.shape[1])}
    pq.write_table(pa.table(table), folder / "draws.parquet", compression="zstd")
    parameters.to_csv(folder / "parameters.csv", index=False, lineterminator="\n")
    entry = {
        "name": name,
        "model": FAMILY,
        "family": FAMILY,
        "passed": done.gate.passed,
        "failures": list(done.gate.failures),
        "seed": done.posterior.seed,
        "sampler": done.sampler,
        "lifts": [lift.experiment for lift in lifts],
        "rounds": [asdict(r) for r in done.rounds],
    }
    (folder / "fit.json").write_text(json.dumps(entry, ensure_ascii=False, indent=1), encoding="utf-8")
    for file in folder.iterdir():
        file.chmod(PRIVATE)
    manifest.setdefault("mixes", {})[name] = {"path": str(folder.relative_to(workspace.path)), **entry}
    return folder
