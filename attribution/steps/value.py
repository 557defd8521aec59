"""What customers are worth, by tier and stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from attribution.engine import connect
from attribution.errors import AttributionError, UsageError
from attribution.findings import Finding
from attribution.identity.stitch import people_table
from attribution.identity.uses import stitching_note
from attribution.progress import Told, silent
from attribution.steps.journeys import refreshed
from attribution.suppression.customer_values import Basis, customer_values, valued_purchases
from attribution.suppression.facts import last_known_day
from attribution.suppression.rules import SuppressionPolicy
from attribution.suppression.tiers import stages_of, tier_table, with_tiers, without_purchases
from attribution.workspace import Workspace


@dataclass(frozen=True, slots=True, eq=False)
class ValueReport:
    """Value of customers.

    Attributes
    ----------
    tiers : DataFrame
        One row per tier, and rows of people without a purchase: names nobody.
    customers : DataFrame
        customer_id, tier, stage, value, alive, purchases.
    model : str
        What the value comes from.
    horizon_days : float
    findings : tuple of Finding
    """

    tiers: pd.DataFrame
    customers: pd.DataFrame
    model: str
    horizon_days: float
    findings: tuple[Finding, ...]


def value_step(
    workspace: Workspace, tiers: int | Sequence[float] = 10, horizon_days: float = 365.0, basis: Basis = "predicted",
    policy: SuppressionPolicy | None = None, told: Told = silent,
) -> ValueReport:  # fmt: skip
    """Value every customer, cut the values into tiers and tell stages.

    Parameters
    ----------
    workspace : Workspace
    tiers : int or sequence of float
        Number of tiers of equal size, or the share of customers in each from the top.
    horizon_days : float
    basis : {"predicted", "observed"}
    policy : SuppressionPolicy or None
        Its windows tell stages; None: the defaults.
    told : Told

    Raises
    ------
    UsageError
        No conversions, or tiers that are none.
    AttributionError
        No purchase has a value above 0.
    """
    manifest = refreshed(workspace, told)
    told("valuing customers", 0, 0)
    if "conversions" not in manifest["tables"]:
        raise UsageError("Value needs purchases. Add them: attribution ingest --conversions FILE.")
    with connect(workspace.scratch()) as connection:
        touchpoints, conversions, customers = (
            people_table(workspace, connection, n, manifest, "suppression")
            for n in ("touchpoints", "conversions", "customers")
        )
        assert conversions is not None
        purchases, noted = valued_purchases(connection, conversions)
        if purchases.empty:
            raise AttributionError("No purchase has a value above 0: there is nothing to value customers by.")
        end = max(last_known_day(connection, touchpoints, conversions), int(purchases["day"].max()))
        others = without_purchases(connection, touchpoints, conversions, customers)
    values = customer_values(purchases, end, horizon_days, basis)
    stages, more = stages_of(purchases[["customer_id", "day"]], end, policy or SuppressionPolicy())
    people = with_tiers(values, tiers, stages)
    findings = (*noted, *values.findings, *more, *stitching_note(manifest, "suppression"))
    return ValueReport(tier_table(people, others), people, values.model, horizon_days, findings)
