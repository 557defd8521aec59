"""A fit brought up to date: scales stay, chains start warm, and what moved is said."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.errors import UsageError, listed
from attribution.findings import Finding
from attribution.mix.panel import Panel
from attribution.mix.stored import StoredMix, free_names
from attribution_models.mix.drift import Drift
from attribution_models.mix.fit import MixFit
from attribution_models.mix.scales import Scales
from attribution_models.mix.spec import MixSpec
from attribution_models.mix.start import middle
from attribution_models.mix.structure import Structure

Floats = NDArray[np.float64]
# Standard deviations of the old posterior: worth a note, and worth a question.
MOVED, FAR = 1.0, 2.0
# More than this times the largest exposure or outcome of the old panel: its scale is no longer of order one.
OUTGROWN = 3.0
# What a failed refresh adds to the name of the fit that it does not replace.
BESIDE = "-failed"


def frozen_scales(old: StoredMix, spec: MixSpec, panel: Panel) -> Scales:
    """The old fit's scales, where the new panel and model are of the same kind.

    Raises
    ------
    UsageError
        Other geos, outcome, channels or controls: that is a new model, not a refresh.
    """
    pairs = (
        ("outcome", [old.spec.outcome], [spec.outcome]),
        ("channels", [c.name for c in old.spec.channels], [c.name for c in spec.channels]),
        ("controls", [c.column for c in old.spec.controls], [c.column for c in spec.controls]),
        ("geos", list(old.data.geos), list(panel.data.geos)),
    )
    for what, before, now in pairs:
        if before != now:
            both = f"before: {listed(before, 5)}; now: {listed(now, 5)}"
            raise UsageError(f"--refresh {old.name}: other {what} ({both}). Fit it anew, without --refresh.")
    if old.spec.scaling != spec.scaling or old.spec.link != spec.link:
        raise UsageError(f"--refresh {old.name}: another scaling or link. Fit it anew, without --refresh.")
    return old.scales


def warm_points(old: StoredMix, s: Structure) -> Floats:
    """Draws of the old fit on the new model's sampled line; parameters that are new stand at their prior's middle."""
    points = old.posterior.points.reshape(-1, old.structure.size)
    places = {name: i for i, name in enumerate(free_names(old.structure))}
    found = np.tile(middle(s), (len(points), 1))
    for i, name in enumerate(free_names(s)):
        if name in places:
            found[:, i] = points[:, places[name]]
    return found


def refresh_findings(old: StoredMix, s: Structure) -> Iterator[Finding]:
    """What a refresh rests on."""
    message = (
        f"Refreshed from {old.name}: its scales are kept and half of the chains started at its draws. Its posterior is "
        "no prior here: every period is fitted once, with the priors of the model file."
    )
    yield Finding("note", "refreshed", message)
    if not old.passed:
        yield Finding("warning", "refresh-of-failed", f"{old.name} had not passed its gate; drift from it says little.")
    names = [c.name for c in s.spec.channels]
    grown = [n for n, new, was in zip(names, s.media.max((1, 2)), old.structure.media.max((1, 2)), strict=True)
             if new > OUTGROWN * was]  # fmt: skip
    if grown:
        message = f"Exposure is above {OUTGROWN:g} times the largest that scales were made of: {listed(grown)}."
        yield Finding("warning", "scale-outgrown", message, "Fit anew, without --refresh, so that priors fit the data.")


def beside(old: StoredMix, name: str, done: MixFit) -> bool:
    """Whether a fit must not take its name: it failed its gate, and the fit that it refreshes had passed."""
    return name == old.name and old.passed and not done.gate.passed


def beside_finding(old: StoredMix, name: str) -> Finding:
    """Say which fit is where."""
    message = f"{old.name} had passed its gate and stays what it was; this fit is kept beside it as {name}."
    remedy = "Nothing reads it unless it is named. To take it in place of the old one all the same: --force."
    return Finding("warning", "kept-beside", message, remedy)


def drift_frame(found: Drift) -> pd.DataFrame:
    """One row per channel: return and share before and after, and how far they moved in old standard deviations."""
    columns: dict[str, object] = {"channel": found.channels}
    for name in ("roas", "share"):
        moved = getattr(found, name)
        columns |= {f"{name}_before": moved.before, f"{name}_after": moved.after, f"{name}_drift": moved.drift}
    frame = pd.DataFrame(columns)
    return frame.assign(first=str(found.first), last=str(found.last), periods=found.periods)


def drift_findings(found: Drift, old: str) -> Iterator[Finding]:
    """Name channels whose answer about the same periods moved."""
    shifts = np.where(np.isfinite(found.roas.drift), found.roas.drift, found.share.drift)
    span = f"{found.first} to {found.last}"
    for least, most, severity in ((FAR, np.inf, "warning"), (MOVED, FAR, "info")):
        rows = zip(found.channels, shifts, strict=True)
        moved = [f"{c} ({z:+.1f})" for c, z in rows if least <= abs(z) < most]
        if moved:
            message = (
                f"Against {old}, what is said of {span} moved by {least:g} posterior standard deviations or more: "
                f"{listed(moved)}."
            )
            remedy = "Look for revised data, or for a season or price effect that the older data did not show."
            yield Finding("warning" if severity == "warning" else "info", "drift", message, remedy, len(moved))
