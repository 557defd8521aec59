"""First policy: people who are customers already, by their conversions or by a customers file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from attribution.engine import identifier, literal, one_row
from attribution.findings import Finding
from attribution.identity.headers import columns_of
from attribution.tables import SUPPRESSION_COLUMNS

if TYPE_CHECKING:
    from attribution.suppression.holdout import HeldOut

POLICY = "existing-customers/1"
NO_CUSTOMERS = ("prospect", "lead", "suspect", "non-customer", "not a customer")


@dataclass(frozen=True, slots=True)
class Suppression:
    """People to suppress.

    Attributes
    ----------
    people : DataFrame
        `SUPPRESSION_COLUMNS`, one row per person, sorted by customer_id.
    findings : tuple of Finding
    policy : str
        Name and version of the rules that made it.
    by_channel : mapping of str to DataFrame
        Lists of platforms that have rules of their own, as `people`.
    holdout : HeldOut or None
        The experiment, whose held-out people are on no list.
    """

    people: pd.DataFrame
    findings: tuple[Finding, ...]
    policy: str = POLICY
    by_channel: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    holdout: HeldOut | None = None

    def listed(self, platform: str) -> pd.DataFrame:
        """People of a platform's list."""
        return self.by_channel.get(platform, self.people)


def suppress(connection: Any, touchpoints: str | None, conversions: str | None, customers: str | None) -> Suppression:
    """List customers with since when, why and by which rule.

    Rules, in order of precedence: ``converted`` (the person has a conversion; since the first one, or the
    customers file's date where that is earlier), ``customers-file`` (listed there, with a status that is no
    prospect's). People whose consent is ``denied`` are left out: a list that is uploaded discloses them.

    Parameters
    ----------
    connection : DuckDB connection
    touchpoints, conversions, customers : str or None
        SQL relations; customers join by ``unified_id`` or any ``id:`` column they share.
    """
    known = known_since(connection, touchpoints, conversions, customers)
    people = connection.execute(
        f"""SELECT customer_id,
            CASE WHEN converted THEN 'has converted' ELSE 'listed as a customer' END AS reason,
            CASE WHEN converted THEN 'converted' ELSE 'customers-file' END AS rule,
            strftime(since, '%Y-%m-%dT%H:%M:%SZ') AS since,
            NULL::VARCHAR AS suppress_until, NULL::VARCHAR AS channel
        FROM ({known}) WHERE NOT denied ORDER BY customer_id"""
    ).df()
    denied, undated = one_row(
        connection, f"SELECT count(*) FILTER (denied), count(*) FILTER (NOT denied AND since IS NULL) FROM ({known})"
    )
    findings = []
    if denied:
        findings.append(
            Finding(
                "note", "consent-denied",
                f"{denied:,} customers have denied consent and are not on the list: uploading it would disclose them.",
                "Keep them out of targeting in your own systems.", int(denied),
            )
        )  # fmt: skip
    if undated:
        message = f"{undated:,} listed customers have no date: what was spent on them before cannot be told."
        findings.append(
            Finding("note", "customers-undated", message, "Give customer_since in the customers file.", int(undated))
        )
    if people.empty:
        findings.append(Finding("warning", "nobody", "No customers were found: the list is empty."))
    return Suppression(people[list(SUPPRESSION_COLUMNS)], tuple(findings))


def known_since(connection: Any, touchpoints: str | None, conversions: str | None, customers: str | None) -> str:
    """SQL with a row per customer: customer_id, since (UTC, may be NULL), converted, denied.

    A customers file dates by day. Where that is the day of the first conversion, the conversion's own time
    counts, so that what led to it is not taken for advertising to a customer.
    """
    bought = (
        "SELECT NULL::VARCHAR AS customer_id, NULL::TIMESTAMP AS first WHERE false"
        if conversions is None
        else f"SELECT unified_id AS customer_id, min(timestamp) AS first FROM {conversions} GROUP BY 1"
    )
    filed = _filed(connection, touchpoints, conversions, customers)
    return f"""SELECT coalesce(b.customer_id, c.customer_id) AS customer_id,
        CASE WHEN b.first IS NULL OR c.since::DATE < b.first::DATE THEN c.since ELSE b.first END AS since,
        b.customer_id IS NOT NULL AS converted, coalesce(c.denied, false) AS denied
        FROM ({bought}) b FULL JOIN ({filed}) c ON c.customer_id = b.customer_id
        WHERE b.customer_id IS NOT NULL OR c.member"""


def _filed(connection: Any, touchpoints: str | None, conversions: str | None, customers: str | None) -> str:
    """Customers of the file under the unified ids of the touches they share an id with."""
    if customers is None:
        none = "NULL::VARCHAR AS customer_id, NULL::TIMESTAMP AS since"
        return f"SELECT {none}, false AS denied, false AS member WHERE false"
    columns = columns_of(connection, customers)
    since = "customer_since" if "customer_since" in columns else "NULL::TIMESTAMP"
    denied = "consent = 'denied'" if "consent" in columns else "false"
    words = ", ".join(literal(w) for w in NO_CUSTOMERS)
    member = f"lower(coalesce(status, '')) NOT IN ({words})" if "status" in columns else "true"
    records = customer_records(connection, touchpoints, conversions, customers)
    facts = f"min({since}) AS since, bool_or({denied}) AS denied, bool_or({member}) AS member"
    return f"""SELECT _id AS customer_id, {facts}
        FROM ({records}) WHERE _id IS NOT NULL GROUP BY 1"""


def customer_records(connection: Any, touchpoints: str | None, conversions: str | None, customers: str) -> str:
    """SQL of the customers file's rows with whose each is (``_id``); one that joins several stands for each."""
    columns = columns_of(connection, customers)
    shared = [c for c in columns if c.startswith("id:")]
    links = []
    own = "unified_id" if "unified_id" in columns else "NULL::VARCHAR"
    for relation in (touchpoints, conversions):
        if relation is None:
            continue
        there = columns_of(connection, relation)
        for column in shared:
            if column in there:
                name = identifier(column)
                links.append(
                    f"SELECT DISTINCT c._n, t.unified_id AS customer_id FROM c JOIN {relation} t ON t.{name} = c.{name}"
                )
    fallback = ", ".join([own, *(f"{literal(c[3:] + ':')} || {identifier(c)}" for c in shared)])
    linked = " UNION ".join(links) if links else "SELECT NULL::BIGINT AS _n, NULL::VARCHAR AS customer_id WHERE false"
    return f"""WITH c AS (SELECT *, row_number() OVER () AS _n FROM {customers}), linked AS ({linked})
        SELECT c.*, coalesce({own}, l.customer_id, {fallback}) AS _id FROM c LEFT JOIN linked l USING (_n)"""
