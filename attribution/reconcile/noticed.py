"""What should be known about a reconciliation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from attribution.errors import listed
from attribution.findings import Finding
from attribution.journeys.journeys import Journeys
from attribution.mix.checks import SEARCH
from attribution.reconcile.mix_side import BASELINE, MixSide
from attribution.reconcile.overlap import Overlap
from attribution.reconcile.path_side import PathSide
from attribution_models.reconcile.evidence import MixTotals
from attribution_models.reconcile.totals import Totals

# Chains that moved further than this on the way have not arrived (`slices.elliptical_slices`).
DRIFT = 0.15
# How far the journeys' conversions may be from the panel's outcome before it is said.
UNLIKE = 0.2


def noticed(totals: Totals, mix: MixTotals, paths: PathSide, side: MixSide, frame: pd.DataFrame) -> list[Finding]:
    """What draws and rows show."""
    found = []
    if not set(mix.names) & set(paths.totals.names):
        message = "No channel is known to both the panel and the journeys: path totals say nothing about the panel's."
        found.append(Finding("warning", "nothing-in-common", message, "Match names with --match PANEL=PATH."))
    if totals.method == "copula":
        message = (
            f"The evidence lies outside what most of the media-mix draws reach ({totals.effective:,.0f} effective "
            f"draws of {len(totals.draws):,}): a smooth copula of them was sampled instead."
        )
        found.append(Finding("info", "copula", message, "See the table of disagreements for where they part."))
    if totals.drift > DRIFT:
        message = f"The chains had not settled (they still moved by {totals.drift:.2f} standard deviations)."
        found.append(Finding("warning", "not-settled", message, "Believe the intervals less; check the disagreements."))
    baseline = frame.loc[frame["channel"] == BASELINE].iloc[0]
    if float(baseline[f"{side.measure}_lower"]) < 0:
        message = "The baseline's interval reaches below zero: channels take more than was observed in some draws."
        found.append(Finding("warning", "baseline-below-zero", message, "Check the mix model's priors: mmm check."))
    return found


def through_search(panel: Sequence[str], unseen: Sequence[str]) -> list[Finding]:
    """Say that a mix model holds the spend of search as it was, where a channel of the panel is in no journey.

    Parameters
    ----------
    panel, unseen : sequence of str
        Channels of the panel, and those of them that journeys lack.
    """
    search = [name for name in panel if SEARCH.search(name.lower())]
    rest = [name for name in unseen if name not in search]
    if not (search and rest):
        return []
    message = (
        f"The media-mix model takes the spend of {listed(search, 4)} as given: sales by people whom {listed(rest, 4)} "
        "made search count as search's. No other source here sees them, so the number may be too low."
    )
    return [Finding("note", "through-search", message, "A lift test of it measures all that it does.")]


def unlike(journeys: float, panel: float, measure: str) -> list[Finding]:
    """Say where the panel counts something else than the journeys.

    Parameters
    ----------
    journeys, panel : float
        What both observed in the overlap.
    """
    if panel > 0 and abs(journeys / panel - 1) > UNLIKE:
        message = (
            f"In the same days journeys hold {journeys:,.0f} {measure}, and the panel's outcome is {panel:,.0f}: they "
            "may count different things."
        )
        remedy = "The result follows the panel's; path totals count by their proportions."
        return [Finding("info", "outcomes-differ", message, remedy)]
    return []


def total_in(journeys: Journeys, found: Overlap, measure: str) -> float:
    """What journeys observed in the overlap."""
    total = 0.0
    for i in range(journeys.block_count):
        part = journeys.part(i)
        inside = found.places(part) >= 0
        total += float(np.asarray(getattr(part, measure))[inside].sum())
    return total
