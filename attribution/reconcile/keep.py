"""Reconciled results in a workspace: what is kept of one, and how it comes back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from attribution.errors import AttributionError
from attribution.findings import Finding
from attribution.reconcile.frames import MODEL
from attribution.workspace import PRIVATE, Workspace, digest_of

FOLDER, VERSION = "fits", 1
CREDITS, FINER, REASONS, ENTRY = "credits.parquet", "finer.parquet", "disagreements.parquet", "reconciled.json"


def save_reconciled(
    workspace: Workspace, manifest: dict[str, Any], entry: Mapping[str, Any], credits: pd.DataFrame,
    finer: pd.DataFrame | None, reasons: pd.DataFrame,
) -> None:  # fmt: skip
    """Keep a result under its name; one of the same name is replaced.

    Parameters
    ----------
    manifest : dict
        From `Workspace.write`.
    """
    parent = workspace.path / FOLDER
    folder = parent / f"{MODEL}-{digest_of(entry)}"
    temporary = parent / f".{MODEL}-{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(mode=0o700, parents=True)
    credits.to_parquet(temporary / CREDITS, index=False)
    reasons.to_parquet(temporary / REASONS, index=False)
    if finer is not None:
        finer.to_parquet(temporary / FINER, index=False)
    (temporary / ENTRY).write_text(json.dumps(entry, ensure_ascii=False, indent=1), encoding="utf-8")
    for file in temporary.iterdir():
        file.chmod(PRIVATE)
    if folder.exists():
        shutil.rmtree(folder)
    temporary.replace(folder)
    place = {"path": str(folder.relative_to(workspace.path))}
    manifest.setdefault("reconciled", {})[str(entry["name"])] = place | dict(entry)


def kept_credits(workspace: Workspace, entry: Mapping[str, Any], by: Sequence[str] = ()) -> pd.DataFrame:
    """Rows of the credits table of a kept result, at the grain that it was made with."""
    return _read(workspace, entry, FINER if by else CREDITS)


def kept_reasons(workspace: Workspace, entry: Mapping[str, Any]) -> pd.DataFrame:
    """The table of disagreements of a kept result."""
    return _read(workspace, entry, REASONS)


def _read(workspace: Workspace, entry: Mapping[str, Any], file: str) -> pd.DataFrame:
    path = workspace.path / str(entry["path"]) / file
    try:
        if entry.get("version") == VERSION:
            return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise AttributionError(f"{entry['name']}: {path} cannot be read ({type(error).__name__}). {_AGAIN}") from None
    raise AttributionError(f"{entry['name']}: kept by another version of this program. {_AGAIN}")


_AGAIN = "Make it again: attribution reconcile."


def with_grain(
    entries: Iterable[Mapping[str, Any]], by: Sequence[str], kind: str | None
) -> tuple[list[Mapping[str, Any]], list[Finding]]:
    """Those results that have a grain, and what is left out."""
    kept: list[Mapping[str, Any]] = []
    left: list[Mapping[str, Any]] = []
    for entry in entries:
        fits = kind is None and (not by or set(by) == set(entry["by"]))
        (kept if fits else left).append(entry)
    return kept, [_left_out(entry, by, kind) for entry in left]


def _left_out(entry: Mapping[str, Any], by: Sequence[str], kind: str | None) -> Finding:
    if kind is not None:
        return Finding("note", "no-grain", f"{entry['name']} left out: it knows no kinds of conversions.")
    remedy = f"Make it with that grain (campaign, week, month): attribution reconcile --by {','.join(by)}."
    return Finding("note", "no-grain", f"{entry['name']} left out: it was made without {', '.join(by)}.", remedy)


def stale(manifest: Mapping[str, Any], entry: Mapping[str, Any]) -> list[Finding]:
    """Say where a result rests on fits that are no longer these."""
    kinds = {"mix": manifest.get("mixes", {}), "paths": manifest["fits"]}
    held = {kind: fits.get(entry[kind]) for kind, fits in kinds.items()}
    changed = [str(entry[k]) for k, now in held.items() if now is None or now["path"] != entry[f"{k}_path"]]
    if not changed:
        return []
    message = f"{entry['name']} was made of an earlier {' and '.join(changed)}."
    return [Finding("warning", "stale", message, "Make it again: attribution reconcile.")]
