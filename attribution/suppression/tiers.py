"""Customers by value tier and stage, as a table that names nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from msgspec.structs import replace

from attribution.engine import one_row
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.suppression.customer_values import CustomerValues
from attribution.suppression.policy import known_since
from attribution.suppression.purchases import purchase_states
from attribution.suppression.rules import SuppressionPolicy
from attribution_models.value.lifecycle import STAGES
from attribution_models.value.lifetime_value import value_tiers

# A prospect has bought nothing, and is in no tier.
BOUGHT: Final = STAGES[1:]
COLUMNS: Final = ("tier", "customers", "value_each", "value_share", "alive", *BOUGHT)
# Windows that stand in where too few people bought twice to learn them: when one slips, and is lapsed.
WITHOUT_REPEATS: Final = (90.0, 365.0)


def with_tiers(values: CustomerValues, tiers: int | Sequence[float], stages: pd.DataFrame) -> pd.DataFrame:
    """Each customer with tier (1: highest) and stage: customer_id, tier, stage, value, alive, purchases.

    Raises
    ------
    UsageError
        Tiers that are none.
    """
    people = values.people.merge(stages[["customer_id", "stage"]], on="customer_id", how="left")
    try:
        people["tier"] = value_tiers(people["value"].to_numpy(np.float64), tiers)
    except ValueError as error:
        raise UsageError(f"--tiers: {error}") from None
    return people[["customer_id", "tier", "stage", "value", "alive", "purchases"]]


def stages_of(purchases: pd.DataFrame, end: int, policy: SuppressionPolicy) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Stage of each customer by a policy's windows; where too few bought twice, by fixed ones, and a finding says so.

    Parameters
    ----------
    purchases : DataFrame
        customer_id, day.
    end : int
        Today.
    policy : SuppressionPolicy
    """
    try:
        return purchase_states(purchases, end, policy), ()
    except UsageError:
        slipping, lapsed = WITHOUT_REPEATS
        fixed = replace(policy, window="gaps", window_days=slipping, longest_days=lapsed)
        message = (
            f"Too few customers bought twice to learn windows: stages use {slipping:g} days until one slips and "
            f"{lapsed:g} until one is lapsed."
        )
        remedy = "Set window_days under [suppression] and give --config."
        return purchase_states(purchases, end, fixed), (Finding("info", "fixed-windows", message, remedy),)


def tier_table(people: pd.DataFrame, others: Sequence[tuple[str, int]] = ()) -> pd.DataFrame:
    """One row per tier: customers, mean value, share of all value, mean P(alive), customers by stage.

    Parameters
    ----------
    people : DataFrame
        As `with_tiers` gives it.
    others : sequence of (name, number)
        Rows of people without a purchase, as prospects.

    Returns
    -------
    DataFrame
        `COLUMNS`; ``tier`` is a text.
    """
    whole = float(people["value"].sum())
    rows: list[list[Any]] = []
    for tier, mine in people.groupby("tier", sort=True):
        total, alive = float(mine["value"].sum()), mine["alive"].to_numpy(np.float64)
        staged = [int((mine["stage"] == stage).sum()) for stage in BOUGHT]
        share = total / whole if whole > 0 else np.nan
        rows.append([str(tier), len(mine), total / len(mine), share, float(alive.mean()), *staged])
    rows += [[name, number, *[np.nan] * 3, *[0] * len(BOUGHT)] for name, number in others if number]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def without_purchases(
    connection: Any, touchpoints: str | None, conversions: str | None, customers: str | None
) -> tuple[tuple[str, int], ...]:
    """Numbers of people without a purchase: prospects with touches, and customers whom only a file names."""
    known = known_since(connection, touchpoints, conversions, customers)
    (listed,) = one_row(connection, f"SELECT count(*) FILTER (NOT converted) FROM ({known})")
    prospects = 0
    if touchpoints is not None:
        (prospects,) = one_row(
            connection,
            f"""SELECT count(DISTINCT unified_id) FROM {touchpoints}
            WHERE unified_id NOT IN (SELECT customer_id FROM ({known}))""",
        )
    return ("listed only", int(listed)), ("prospect", int(prospects))
