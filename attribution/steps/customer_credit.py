"""How much of each channel's credit is of conversions of people who were customers already."""

from __future__ import annotations

from typing import Any

import pandas as pd

from attribution.credit.finer import credits_by
from attribution.credit.hazard import FAMILY
from attribution.credit.paths import Kept, kept_of
from attribution.journeys.store import read_journeys
from attribution.progress import Told, silent
from attribution.steps.journeys import journeys_are_current
from attribution.workspace import Workspace

COLUMNS = ("credit", "credit_to_customers", "credit_basis")


def customer_credit(workspace: Workspace, manifest: dict[str, Any], told: Told = silent) -> pd.DataFrame | None:
    """Conversions by channel, in all and of customers: Shapley, else the first fit of journeys, fitted anew on either.

    A person is a customer when they converted before the journey began, or the customers file has them since then; as
    with ``credits --by customer``. For rules and Shapley both parts add up to the fit's own credit.

    Returns
    -------
    DataFrame or None
        channel and `COLUMNS`; None without a fit of the journeys as they are now.
    """
    held = manifest["journeys"]
    fits = {n: e for n, e in sorted(manifest["fits"].items(), key=_first) if e["family"] != FAMILY}
    if held is None or not fits or not journeys_are_current(manifest):
        return None
    name, entry = next(iter(fits.items()))
    if entry["journeys"] != held["digest"]:
        return None
    journeys = read_journeys(workspace.path / held["path"])
    if not journeys.timed:
        return None
    found, _ = credits_by(journeys, [Kept(name, kept_of(entry).spec)], by=("customer",), told=told)
    found = found[found["channel"].isin(journeys.channels)]
    existing = found[found["customer"] == "existing"]
    whole = found.groupby("channel")["conversions"].sum()
    theirs = existing.groupby("channel")["conversions"].sum().reindex(whole.index, fill_value=0.0)
    return pd.DataFrame(
        {"channel": whole.index, "credit": whole.to_numpy(), "credit_to_customers": theirs.to_numpy(),
         "credit_basis": name}
    )  # fmt: skip


def _first(named: tuple[str, dict[str, Any]]) -> tuple[bool, str]:
    """Shapley first: it goes by what happened, and its parts add up."""
    name, entry = named
    return entry["family"] != "shapley", name


def with_credit(lost: pd.DataFrame, credit: pd.DataFrame | None) -> pd.DataFrame:
    """Add the credit to what went to customers; its columns are empty where nothing was fitted."""
    if credit is None:
        return lost.assign(credit=float("nan"), credit_to_customers=float("nan"), credit_basis=None)
    return lost.merge(credit, on="channel", how="left")
