"""Verdicts of experiments, kept in the workspace for the rules that read them."""

from __future__ import annotations

from typing import Any, Final

from attribution.engine import read_parquet
from attribution.workspace import Workspace

PURPOSE: Final = "uplift"


def verdict_files(manifest: dict[str, Any]) -> list[str]:
    """Files of all kept verdicts, relative to the workspace."""
    kept = (entry for entry in manifest["lists"].values() if entry.get("purpose") == PURPOSE)
    return sorted(name for entry in kept for name in entry["files"] if name.endswith(".parquet"))


def kept_verdicts(workspace: Workspace, manifest: dict[str, Any]) -> str | None:
    """SQL relation of all kept verdicts (customer_id, verdict and more); None where there are none."""
    files = verdict_files(manifest)
    return read_parquet([workspace.path / name for name in files]) if files else None
