"""What went to people who were customers already at that moment."""

from __future__ import annotations

from typing import Any

import pandas as pd

from attribution.engine import literal
from attribution.suppression.policy import known_since
from attribution.tables import CLICKS, IMPRESSIONS

COLUMNS = (
    "channel", "touches", "touches_to_customers", "impressions", "impressions_to_customers", "clicks",
    "clicks_to_customers", "share_to_customers", "spend", "spend_to_customers", "spend_basis",
)  # fmt: skip


def waste(
    connection: Any, touchpoints: str, conversions: str | None, customers: str | None, spend: str | None
) -> pd.DataFrame:
    """Impressions and spend per channel that went to people who were customers at that moment.

    A touch went to a customer when it lies after the person's ``since`` (first conversion, or the date in
    the customers file). Spend to customers is

    - the sum of those touches' cost, where touches carry cost (``spend_basis`` = ``cost of touches``);
    - else spend × touches to customers / touches (``share of touches``): every touch of a channel is taken
      to cost the same.

    Returns
    -------
    DataFrame
        One row per channel, most spend to customers first; ``spend`` columns are missing where no spend is
        known.
    """
    columns = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {touchpoints}").fetchall()}
    kind = "lower(coalesce(t.interaction, ''))" if "interaction" in columns else "''"
    impression = f"{kind} IN ({', '.join(literal(w) for w in sorted(IMPRESSIONS))})"
    click = f"{kind} IN ({', '.join(literal(w) for w in sorted(CLICKS))})"
    priced = "cost" in columns
    cost = "coalesce(t.cost, 0)" if priced else "0"
    known = known_since(connection, touchpoints, conversions, customers)
    frame: pd.DataFrame = connection.execute(
        f"""SELECT t.channel AS channel, count(*) AS touches,
            count(*) FILTER (t.timestamp > k.since) AS touches_to_customers,
            count(*) FILTER ({impression}) AS impressions,
            count(*) FILTER ({impression} AND t.timestamp > k.since) AS impressions_to_customers,
            count(*) FILTER ({click}) AS clicks,
            count(*) FILTER ({click} AND t.timestamp > k.since) AS clicks_to_customers,
            sum({cost}) AS cost, coalesce(sum({cost}) FILTER (t.timestamp > k.since), 0) AS cost_to_customers
        FROM {touchpoints} t LEFT JOIN (SELECT customer_id, since FROM ({known}) WHERE since IS NOT NULL) k
        ON k.customer_id = t.unified_id GROUP BY 1 ORDER BY 1"""
    ).df()
    frame["share_to_customers"] = frame["touches_to_customers"] / frame["touches"]
    if priced and frame["cost"].sum() > 0:
        frame["spend"], frame["spend_to_customers"] = frame["cost"], frame["cost_to_customers"]
        frame["spend_basis"] = "cost of touches"
    elif spend is not None:
        spent = connection.execute(f"SELECT channel, sum(spend) AS spend FROM {spend} GROUP BY 1").df()
        frame = frame.merge(spent, on="channel", how="left")
        frame["spend_to_customers"] = frame["spend"] * frame["share_to_customers"]
        frame["spend_basis"] = "share of touches"
    else:
        frame["spend"], frame["spend_to_customers"], frame["spend_basis"] = float("nan"), float("nan"), None
    order = ["spend_to_customers", "touches_to_customers", "channel"]
    return frame[list(COLUMNS)].sort_values(order, ascending=[False, False, True], ignore_index=True)
