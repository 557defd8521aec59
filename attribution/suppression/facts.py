"""What is known of every person whom a rule could put on the list."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from attribution.engine import literal, one_row
from attribution.errors import UsageError
from attribution.identity.headers import columns_of
from attribution.suppression.policy import customer_records, known_since
from attribution.suppression.purchases import purchase_states
from attribution.suppression.rules import BY_UPLIFT, WORDS, SuppressionPolicy
from attribution.tables import CLICKS, IMPRESSIONS
from attribution_models.value.uplift_verdicts import BELOW_COST, HARM

FLAGS = (
    "denied", "refused", "converted", "customers-file", *WORDS, "recent", "active", "lapsed", "over-frequency",
    *sorted(BY_UPLIFT),
)  # fmt: skip
DAY = "date_diff('day', DATE '1970-01-01', {}::DATE)"


def person_facts(
    connection: Any, touchpoints: str | None, conversions: str | None, customers: str | None,
    policy: SuppressionPolicy, uplift: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """One row per person: since, denied, and for each rule whether it holds (``RULE``) and until when (``RULE_until``).

    Days count from 1970; today is the last day of touches and conversions.

    Parameters
    ----------
    connection : DuckDB connection
    touchpoints, conversions, customers : str or None
        SQL relations.
    policy : SuppressionPolicy
    uplift : str or None
        Relation of kept verdicts: customer_id, verdict.

    Raises
    ------
    UsageError
        Too few repeat purchases for a window, or a rule on verdicts where none are kept.
    """
    known: pd.DataFrame = connection.execute(
        f"""SELECT customer_id, strftime(since, '%Y-%m-%dT%H:%M:%SZ') AS since, denied, converted,
            NOT converted AS "customers-file" FROM ({known_since(connection, touchpoints, conversions, customers)})"""
    ).df()
    frames = [known, _named(connection, touchpoints, conversions, customers, policy)]
    end = last_known_day(connection, touchpoints, conversions)
    if policy.by_purchases:
        bought = _purchases(connection, touchpoints, conversions, customers)
        if not bought.empty:
            frames.append(purchase_states(bought, max(end, int(bought["day"].max())), policy))
    if touchpoints is not None and "over-frequency" in policy.rules:
        frames.append(_over_frequency(connection, touchpoints, conversions, end, policy))
    if BY_UPLIFT & set(policy.rules):
        frames.append(_by_uplift(connection, uplift))
    facts = frames[0]
    for frame in frames[1:]:
        facts = facts.merge(frame, on="customer_id", how="outer")
    for name in FLAGS:
        facts[name] = _flag(facts, name)
    facts["denied"] |= facts["refused"]
    return facts.sort_values("customer_id", ignore_index=True)


def _flag(facts: pd.DataFrame, name: str) -> Any:
    """A column of yes and no, where nothing is known: no."""
    if name not in facts:
        return np.zeros(len(facts), dtype=bool)
    return (facts[name] == 1).to_numpy(dtype=bool, na_value=False)


def last_known_day(connection: Any, touchpoints: str | None, conversions: str | None) -> int:
    """The last day that touches and conversions know of; 0 where there are none."""
    last = 0
    for relation in (touchpoints, conversions):
        if relation is not None:
            (day,) = one_row(connection, f"SELECT coalesce(max({DAY.format('timestamp')}), 0) FROM {relation}")
            last = max(last, int(day))
    return last


def _named(
    connection: Any, touchpoints: str | None, conversions: str | None, customers: str | None, policy: SuppressionPolicy
) -> pd.DataFrame:
    """Whom the customers file's status names, by rule, and who refused consent, customer or not."""
    columns = [] if customers is None else columns_of(connection, customers)
    if customers is None or not {"status", "consent"} & set(columns):
        return pd.DataFrame({"customer_id": pd.Series(dtype=object)})
    records = customer_records(connection, touchpoints, conversions, customers)
    status = "lower(coalesce(status, ''))" if "status" in columns else "''"
    words = f"list_transform(string_split_regex({status}, '[;,|]'), lambda x: trim(x))"
    refused = "consent = 'denied'" if "consent" in columns else "false"
    flags = [f"bool_or({refused}) AS refused"]
    for rule in WORDS:
        given = ", ".join(literal(w) for w in policy.words_of(rule)) or "NULL"
        flags.append(f'bool_or(list_has_any({words}, [{given}]::VARCHAR[])) AS "{rule}"')
    found: pd.DataFrame = connection.execute(
        f"SELECT _id AS customer_id, {', '.join(flags)} FROM ({records}) WHERE _id IS NOT NULL GROUP BY 1"
    ).df()
    return found


def _purchases(
    connection: Any, touchpoints: str | None, conversions: str | None, customers: str | None
) -> pd.DataFrame:
    """Days of purchases: conversions, and the customers file's last purchase."""
    parts = []
    if conversions is not None:
        parts.append(f"SELECT unified_id AS customer_id, {DAY.format('timestamp')} AS day FROM {conversions}")
    if customers is not None and "last_purchase_at" in columns_of(connection, customers):
        records = customer_records(connection, touchpoints, conversions, customers)
        parts.append(
            f"SELECT _id AS customer_id, {DAY.format('last_purchase_at')} AS day FROM ({records}) "
            "WHERE _id IS NOT NULL AND last_purchase_at IS NOT NULL"
        )
    if not parts:
        return pd.DataFrame({"customer_id": [], "day": []})
    found: pd.DataFrame = connection.execute(" UNION ".join(f"({p})" for p in parts)).df()
    return found


def _over_frequency(
    connection: Any, touchpoints: str, conversions: str | None, end: int, policy: SuppressionPolicy
) -> pd.DataFrame:
    """Who saw more impressions in the last days than the policy allows, without a click or a purchase in them."""
    if "interaction" not in columns_of(connection, touchpoints):
        return pd.DataFrame({"customer_id": pd.Series(dtype=object)})
    shown, clicked = (", ".join(literal(w) for w in sorted(words)) for words in (IMPRESSIONS, CLICKS))
    first = end - policy.impression_days
    bought = "SELECT NULL::VARCHAR AS unified_id WHERE false"
    if conversions is not None:
        bought = f"SELECT unified_id FROM {conversions} WHERE {DAY.format('timestamp')} > {first}"
    kind = "lower(coalesce(interaction, ''))"
    found: pd.DataFrame = connection.execute(
        f"""SELECT unified_id AS customer_id, true AS "over-frequency",
            max({DAY.format("timestamp")}) + {policy.impression_days} AS "over-frequency_until"
        FROM {touchpoints} WHERE {DAY.format("timestamp")} > {first}
            AND unified_id NOT IN (SELECT unified_id FROM ({bought}) WHERE unified_id IS NOT NULL)
        GROUP BY 1 HAVING count(*) FILTER ({kind} IN ({shown})) > {policy.most_impressions}
            AND count(*) FILTER ({kind} IN ({clicked})) = 0"""
    ).df()
    return found


def _by_uplift(connection: Any, uplift: str | None) -> pd.DataFrame:
    """Who belongs to a group that an experiment showed to be harmed, or not worth its cost."""
    if uplift is None:
        msg = (
            "The rules harm-shown and below-cost read what a randomised experiment showed, and no such result is kept. "
            "Make one: attribution uplift --experiment NAME. Without an experiment, leave these rules out."
        )
        raise UsageError(msg)
    found: pd.DataFrame = connection.execute(
        f"""SELECT customer_id, bool_or(verdict = {literal(HARM)}) AS "harm-shown",
            bool_or(verdict = {literal(BELOW_COST)}) AS "below-cost"
        FROM {uplift} WHERE verdict IN ({literal(HARM)}, {literal(BELOW_COST)}) GROUP BY 1"""
    ).df()
    return found
