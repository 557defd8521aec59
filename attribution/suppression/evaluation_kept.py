"""What evaluated holdouts said, kept in the workspace."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from attribution.suppression.freed import Measured
from attribution.workspace import Workspace, digest_of, write_atomically

PURPOSE: Final = "evaluation"


def keep_evaluation(workspace: Workspace, changed: dict[str, Any], content: Mapping[str, Any]) -> None:
    """Keep an evaluation, in place of the last one of the experiment; nothing of any person."""
    folder = workspace.path / "lists" / f"evaluation-{digest_of(content)[:8]}"
    folder.mkdir(exist_ok=True, mode=0o700)
    path = folder / "evaluation.json"
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n")
    changed["lists"][_name(content["experiment"])] = {
        "files": [str(path.relative_to(workspace.path))],
        "purpose": PURPOSE,
        **{key: content[key] for key in ("experiment", "start", "end", "days")},
        "people": content["suppressed"] + content["held_out"],
    }


def kept_evaluation(workspace: Workspace, manifest: Mapping[str, Any], experiment: str) -> dict[str, Any] | None:
    """The last evaluation of an experiment; None where there is none."""
    entry = manifest["lists"].get(_name(experiment))
    if entry is None:
        return None
    found: dict[str, Any] = json.loads((workspace.path / entry["files"][0]).read_text(encoding="utf-8"))
    return found


def measured_by(workspace: Workspace, manifest: Mapping[str, Any], experiment: str) -> Measured | None:
    """What an experiment says of value per listed person; None where it was not evaluated, or had no values."""
    found = kept_evaluation(workspace, manifest, experiment)
    if found is None:
        return None
    rows = [row for row in found["rows"] if row["outcome"] == "value" and row["method"] == "pre-period taken out"]
    if not rows or found["sample_ratio"]["broken"]:
        return None
    return Measured(experiment, rows[0]["effect"], rows[0]["error"], found["days"])


def _name(experiment: str) -> str:
    return f"{PURPOSE} {experiment}"
