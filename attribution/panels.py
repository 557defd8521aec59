"""Media-mix models from Python: frames or files in, a fit out; with a workspace or without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from attribution.credit.mix_fits import mix_credits
from attribution.errors import UsageError
from attribution.mix.arviz_out import to_arviz
from attribution.mix.model_file import parse_model, read_model
from attribution.mix.save_mix import save_mix
from attribution.mix.stored import StoredMix, load_mix
from attribution.steps.mmm import MixOptions, MixReport, Tuning, fit_ready, ready_mix
from attribution.workspace import Workspace
from attribution_models.mix.spec import MixSpec

__all__ = ["MixReport", "StoredMix", "fit_mix", "load_mix", "mix_credits", "to_arviz"]


def fit_mix(
    panel: Any,
    model: MixSpec | Path | str,
    lifts: Any = None,
    *,
    workspace: Workspace | Path | str | None = None,
    name: str | None = None,
    refresh: str | None = None,
    chains: int = 4,
    tune: int = 600,
    draws: int = 1000,
    target_accept: float = 0.9,
    rounds: int = 4,
    seed: int = 1,
    checks: bool = True,
    placebo: bool = False,
    level: float = 0.9,
) -> MixReport:
    """Fit a media-mix model.

    Parameters
    ----------
    panel : frame, path or sequence of paths
        One row per period (and geo); pandas, polars or Arrow, or files.
    model : MixSpec, path or str
        A specification, a model file, or the text of one.
    lifts : frame, path or sequence of paths, optional
        Lift tests: experiment, channel, start, end, lift, standard_error, …
    workspace : Workspace or path, optional
        Keep the fit there, as the command does; without, nothing is written.
    name, refresh
        As ``--name`` and ``--refresh``; `refresh` needs a workspace.
    chains, tune, draws, target_accept, rounds, seed
        How it is sampled: in rounds, until the gate passes.
    checks, placebo : bool
        Judge the fit; fit it once more for each channel, with its future spend beside it.
    level : float
        Of the intervals in `MixReport.credits`.

    Returns
    -------
    MixReport
        ``credits``, ``findings``, ``stored.parameters``, ``fit.gate.passed`` … ``mix_credits(report.stored, by=…)``
        gives finer ones, ``to_arviz(report.stored)`` the draws.

    Raises
    ------
    UsageError, AttributionError
        What the command would refuse. A gate that does not pass is a finding, not an error.
    """
    if refresh is not None and workspace is None:
        raise UsageError("refresh: name the workspace that holds the earlier fit: workspace=….")
    place = workspace if isinstance(workspace, Workspace) else Workspace(workspace or "attribution-workspace")
    options = MixOptions(
        name=name,
        tuning=Tuning(chains=chains, tune=tune, draws=draws, target_accept=target_accept, seed=seed),
        rounds=rounds,
        refresh=refresh,
        checks=checks,
        placebo=placebo,
        level=level,
    )
    with files_of("panel", panel) as panels, files_of("lifts", lifts) as tests:
        ready = ready_mix(place, panels, model_of(model), tests, options)
    report = fit_ready(ready, options)
    if workspace is not None:
        with place.write() as manifest:
            save_mix(place, manifest, report.stored)
    return report


def model_of(model: MixSpec | Path | str) -> MixSpec:
    """A specification as it is; that of a model file, or of the text of one."""
    if isinstance(model, MixSpec):
        return model
    if isinstance(model, str) and "\n" in model:
        return parse_model(model)
    return read_model(Path(model))


@contextmanager
def files_of(name: str, given: Any) -> Iterator[Sequence[str]]:
    """Paths as they are; a frame as a file that is gone afterwards."""
    if given is None:
        yield ()
    elif isinstance(given, (str, Path)):
        yield (str(given),)
    elif isinstance(given, (list, tuple)):
        yield tuple(str(path) for path in given)
    else:
        with TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.parquet"
            pq.write_table(_table(name, given), path)
            yield (str(path),)


def _table(name: str, frame: Any) -> pa.Table:
    try:
        if isinstance(frame, pd.DataFrame):
            return pa.Table.from_pandas(frame, preserve_index=False)
        return pa.table(frame)
    except (TypeError, ValueError, pa.ArrowException) as error:
        kind = type(frame).__name__
        raise UsageError(f"{name}: a frame or a file is needed, got {kind} ({type(error).__name__}).") from None
