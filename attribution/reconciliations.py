"""Reconciled results from Python: as ``attribution reconcile``, with mappings instead of texts.

>>> import attribution
>>> attribution.reconcile_fits("workspace", by=["month"]).credits  # doctest: +SKIP

A result has ``credits`` and ``disagreements`` (frames, as the command writes them with ``-f csv``) and ``findings``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from attribution.reconcile.options import DEFAULT, ReconcileOptions
from attribution.steps.reconcile import ReconcileReport, reconcile_step
from attribution.workspace import Workspace

__all__ = ["reconcile_fits"]


def reconcile_fits(
    workspace: Workspace | Path | str,
    mix: str | None = None,
    paths: str | None = None,
    *,
    by: Sequence[str] = (),
    discrepancy: float | None = None,
    match: Mapping[str, str] | None = None,
    name: str = DEFAULT,
    level: float = 0.9,
    seed: int = 1,
) -> ReconcileReport:
    """One answer from a media-mix fit, a fit of journeys and experiments on people; kept under `name`.

    It needs a workspace, since it needs journeys, fits and experiments of the same market.

    Parameters
    ----------
    workspace : Workspace or path
    mix, paths : str, optional
        Fits by name; without: the latest media-mix fit; hazard, else a Markov chain, else another.
    by, discrepancy, name, level, seed
        As `ReconcileOptions` has them.
    match : mapping of the paths' name to the panel's
        Beside names that are the same but for capitals.

    Raises
    ------
    UsageError
        A fit is missing, or panel and journeys have no period in common.
    """
    place = workspace if isinstance(workspace, Workspace) else Workspace(Path(workspace))
    pairs = tuple((panel, path) for path, panel in (match or {}).items())
    return reconcile_step(place, mix, paths, ReconcileOptions(tuple(by), discrepancy, pairs, name, level, seed))
