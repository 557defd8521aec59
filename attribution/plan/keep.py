"""Plans in a workspace: what is kept of one, and how it comes back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import AttributionError, UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.plan.options import PlanOptions
from attribution.workspace import PRIVATE, Workspace, digest_of
from attribution_models.plan.goal import Goal
from attribution_models.plan.optimum import Optimum, Search
from attribution_models.plan.targets import Target

Floats = NDArray[np.float64]
FOLDER, VERSION = "plans", 1
CHANNELS, CALENDAR, MONEY = "channels.csv", "calendar.csv", "plan.json"
DEFAULT = "plan"


@dataclass(frozen=True, slots=True, eq=False)
class KeptPlan:
    """A plan as it was kept.

    Attributes
    ----------
    name, fit : str
    options : PlanOptions
    z : array (U,)
        Money of each unit.
    entry : Mapping
        What the manifest says.
    channels, calendar : DataFrame
    """

    name: str
    fit: str
    options: PlanOptions
    z: Floats
    entry: Mapping[str, Any]
    channels: pd.DataFrame
    calendar: pd.DataFrame


def of_another_fit(plans: Sequence[KeptPlan], mixes: Mapping[str, Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Name plans whose fit was replaced since; `mixes` as the manifest has them."""
    old = [plan.name for plan in plans if mixes.get(plan.fit, {}).get("path") != plan.entry["fit_path"]]
    if not old:
        return ()
    message = f"The fit of {', '.join(old)} is not the one that is kept now: figures are as they were then."
    return (Finding("warning", "plan-of-another-fit", message, "Make the plan again.", len(old)),)


def describe(name: str, fit: Mapping[str, Any], options: PlanOptions, span: tuple[str, str], best: Optimum | None,
             budget: float, findings: Sequence[Finding] = ()) -> dict[str, Any]:  # fmt: skip
    """What the manifest says of a plan, as plain data."""
    sure = None
    if best is not None:
        c = best.certificate
        sure = {"kkt": c.kkt, "gap": c.gap, "price": c.price, "starts": c.starts.tolist(), "evaluations": c.evaluations}
        if best.rounding is not None:
            sure |= {"before_rounding": True, "lost_by_rounding": best.rounding}
    return {
        "name": name,
        "version": VERSION,
        "fit": str(fit["name"]),
        "fit_path": str(fit.get("path", "")),
        "fit_passed": bool(fit["passed"]),
        "window": list(span),
        "spend": budget,
        "options": asdict(options),
        "certificate": sure,
        "findings": [finding.as_dict() for finding in findings],
    }


def save_plan(
    workspace: Workspace, manifest: dict[str, Any], entry: Mapping[str, Any], z: Floats, channels: pd.DataFrame,
    calendar: pd.DataFrame,
) -> dict[str, Any]:  # fmt: skip
    """Keep a plan under its name; one of the same name is replaced.

    Parameters
    ----------
    manifest : dict
        From `Workspace.write`.

    Returns
    -------
    dict
        The entry, with its path.
    """
    parent = workspace.path / FOLDER
    folder = parent / f"plan-{digest_of(entry, z.tolist())}"
    temporary = parent / f".plan-{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(mode=0o700, parents=True)
    channels.to_csv(temporary / CHANNELS, index=False, lineterminator="\n")
    calendar.to_csv(temporary / CALENDAR, index=False, lineterminator="\n")
    (temporary / MONEY).write_text(json.dumps({"entry": entry, "money": z.tolist()}, ensure_ascii=False), "utf-8")
    for file in temporary.iterdir():
        file.chmod(PRIVATE)
    if folder.exists():
        shutil.rmtree(temporary)
    else:
        temporary.replace(folder)
    plans = manifest.setdefault("plans", {})
    latest = max((int(p.get("number", 0)) for p in plans.values()), default=0)
    plans[str(entry["name"])] = {"path": str(folder.relative_to(workspace.path)), "number": latest + 1, **entry}
    return dict(plans[str(entry["name"])])


def plan_entry(manifest: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What the manifest says of a plan.

    Raises
    ------
    UsageError
        No plan was made yet, or none of that name.
    """
    plans: dict[str, dict[str, Any]] = manifest.get("plans", {})
    if not plans:
        raise UsageError("No plan was kept yet. Make one first: attribution plan --budget AMOUNT --name NAME.")
    if name not in plans:
        raise UsageError(f'No plan "{name}".{did_you_mean(name, plans)} Kept: {listed(sorted(plans))}.')
    return plans[name]


def load_plan(workspace: Workspace, entry: Mapping[str, Any]) -> KeptPlan:
    """Bring a plan back.

    Raises
    ------
    AttributionError
        Its files are missing or altered, or of another version.
    """
    name, folder = str(entry["name"]), workspace.path / str(entry["path"])
    again = f"Make it again: attribution plan --name {name} …"
    if entry.get("version") != VERSION:
        raise AttributionError(f"Plan {name}: kept by another version of this program. {again}")
    try:
        held = json.loads((folder / MONEY).read_text(encoding="utf-8"))
        tables = [_table(folder / file) for file in (CHANNELS, CALENDAR)]
        z = np.array(held["money"], dtype=np.float64)
    except (OSError, ValueError, KeyError) as error:
        raise AttributionError(f"Plan {name}: {folder} cannot be read ({type(error).__name__}). {again}") from None
    return KeptPlan(name, str(entry["fit"]), _options(entry["options"]), z, entry, *tables)


def _table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def _options(held: Mapping[str, Any]) -> PlanOptions:
    """The options that a plan was made with."""
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in held.items()}
    target = plain.pop("target")
    return PlanOptions(
        **{k: v for k, v in plain.items() if k not in ("goal", "search")},
        goal=None if plain["goal"] is None else Goal(**plain["goal"]),
        search=Search(**plain["search"]),
        target=None if target is None else Target(**target),
    )
