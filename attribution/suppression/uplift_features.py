"""What was known of each person of an experiment before it began, as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.engine import identifier
from attribution.errors import UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.identity.headers import columns_of
from attribution.suppression.policy import customer_records

Floats = NDArray[np.float64]

# Channels and words of a column that get a number of their own, the most frequent first; others are one.
MOST_CHANNELS: Final = 20
MOST_WORDS: Final = 20
# A word of fewer people tells nothing of a group, and would name somebody.
LEAST_PEOPLE: Final = 20
# Columns that are kept up to date, so that they may tell what happened since.
CHANGING: Final = ("status", "loyalty_tier", "consent")
# Columns of a customers file that are ids or name a person, or that tell of time and are read as that.
NO_FEATURES: Final = frozenset({
    "unified_id", "email", "phone", "first_name", "last_name", "street", "birth_date", "maid", "customer_since",
    "last_purchase_at",
})  # fmt: skip
BEFORE = "{table}.timestamp < p.assigned_at"
DAYS = "date_diff('second', {}, p.assigned_at) / 86400.0"


def features_before(
    connection: Any, people: str, relations: tuple[str | None, str | None, str | None], columns: tuple[str, ...] = ()
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """One row of numbers per person, in order of customer_id; nothing in it happened after ``assigned_at``.

    Purchases before: whether any, days since the last, log(1 + number), log(1 + value). Touches before: whether any,
    days since the first, log(1 + number) by channel. Whether and for how long the customers file knew the person. Of
    the named columns: a number as it is, or 0/1 by word.

    Parameters
    ----------
    connection : DuckDB connection
    people : str
        Relation: customer_id, assigned_at; one row per person.
    relations : tuple
        SQL of touchpoints, conversions and customers.
    columns : tuple of str
        Columns of the customers file that count too, as far as the record was there before.

    Returns
    -------
    tuple of (DataFrame, tuple of Finding)
        Columns that differ between people, without customer_id.

    Raises
    ------
    UsageError
        A column that is not there, or one that names people.
    """
    touchpoints, conversions, customers = relations
    order = connection.execute(f"SELECT customer_id FROM {people} ORDER BY customer_id").df()["customer_id"]
    parts: list[pd.DataFrame] = []
    findings: list[Finding] = []
    if conversions is not None:
        parts.append(_purchases(connection, people, conversions))
    if touchpoints is not None:
        parts += _touches(connection, people, touchpoints)
    if customers is not None:
        found, findings = _records(connection, people, relations, columns)
        parts += found
    elif columns:
        raise UsageError("--features names columns of the customers, and there are none. Ingest a customers file.")
    wide = pd.DataFrame(index=pd.Index(order, name="customer_id"))
    for part in parts:
        wide = wide.join(part.set_index("customer_id"))
    wide = wide.astype(float).fillna(0.0)
    varied = [name for name in wide if wide[name].nunique() > 1]
    return wide[varied].reset_index(drop=True), tuple(findings)


def _purchases(connection: Any, people: str, conversions: str) -> pd.DataFrame:
    value = "coalesce(sum(c.value), 0)" if "value" in columns_of(connection, conversions) else "0"
    found: pd.DataFrame = connection.execute(
        f"""SELECT p.customer_id, 1 AS "bought before", {DAYS.format("max(c.timestamp)")} AS "days since purchase",
            ln(1 + count(*)) AS purchases, ln(1 + greatest({value}, 0)) AS "value bought"
        FROM {people} p JOIN {conversions} c ON c.unified_id = p.customer_id AND {BEFORE.format(table="c")}
        GROUP BY p.customer_id, p.assigned_at ORDER BY 1"""
    ).df()
    return found


def _touches(connection: Any, people: str, touchpoints: str) -> Iterator[pd.DataFrame]:
    joined = f"{people} p JOIN {touchpoints} t ON t.unified_id = p.customer_id AND {BEFORE.format(table='t')}"
    yield connection.execute(
        f"""SELECT p.customer_id, 1 AS "touched before", {DAYS.format("min(t.timestamp)")} AS "days since first touch",
            ln(1 + count(*)) AS touches FROM {joined} GROUP BY p.customer_id, p.assigned_at ORDER BY 1"""
    ).df()
    counted: pd.DataFrame = connection.execute(
        f"SELECT p.customer_id, t.channel, count(*) AS n FROM {joined} GROUP BY 1, 2 ORDER BY 1, 2"
    ).df()
    for channel in _frequent(counted.groupby("channel")["n"].sum(), MOST_CHANNELS):
        mine = counted[counted["channel"] == channel]
        yield pd.DataFrame({"customer_id": mine["customer_id"], f"touches of {channel}": np.log1p(mine["n"])})


def _frequent(sizes: pd.Series, most: int) -> list[Any]:
    """Names by size, the largest first; of equal ones in order of the name."""
    pairs = sorted(sizes.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return [name for name, _ in pairs[:most]]


def _records(
    connection: Any, people: str, relations: tuple[str | None, str | None, str | None], columns: tuple[str, ...]
) -> tuple[list[pd.DataFrame], list[Finding]]:
    """Facts of the customers file, of records that were there before the experiment."""
    customers = relations[2]
    assert customers is not None
    there = columns_of(connection, customers)
    _check(columns, there)
    dated = "customer_since" in there
    if not dated and not columns:
        return [], []
    known = "r.customer_since <= p.assigned_at" if dated else "true"
    since = DAYS.format("r.customer_since") if dated else "0"
    asked = "".join(f", r.{identifier(name)}::VARCHAR AS {identifier(name)}" for name in columns)
    first = ", ".join([*(["r.customer_since"] if dated else []), *(f"r.{identifier(name)}" for name in columns)])
    rows: pd.DataFrame = connection.execute(
        f"""SELECT p.customer_id, 1 AS "customer before", {since} AS "days as customer"{asked}
        FROM {people} p JOIN ({customer_records(connection, *relations[:2], customers)}) r ON r._id = p.customer_id
        WHERE {known} QUALIFY row_number() OVER (PARTITION BY p.customer_id ORDER BY {first}) = 1 ORDER BY 1"""
    ).df()
    parts = [rows[["customer_id", "customer before", "days as customer"]]] if dated else []
    parts += [part for name in columns for part in _column(rows[["customer_id", name]], name)]
    return parts, list(_warned(columns, dated=dated))


def _check(columns: tuple[str, ...], there: list[str]) -> None:
    """Refuse columns that are not there, and those that name people."""
    usable = [c for c in there if c not in NO_FEATURES and not c.startswith("id:")]
    for name in columns:
        if name not in usable:
            what = "names people" if name in there else "is no column of the customers"
            near = "" if name in there else did_you_mean(name, usable)
            raise UsageError(f'--features "{name}": it {what}.{near} Usable: {listed(usable) or "none"}.')


def _column(rows: pd.DataFrame, name: str) -> Iterator[pd.DataFrame]:
    """A column as one number, or as 0/1 by word."""
    given = rows.dropna(subset=[name])
    numbers = pd.to_numeric(given[name], errors="coerce")
    if len(given) and numbers.notna().all() and numbers.nunique() > 2:
        yield pd.DataFrame({"customer_id": given["customer_id"], f"{name} given": 1.0, name: numbers})
        return
    counted = given[name].value_counts()
    for word in _frequent(counted[counted >= LEAST_PEOPLE], MOST_WORDS):
        yield pd.DataFrame({"customer_id": given.loc[given[name] == word, "customer_id"], f"{name} = {word}": 1.0})


def _warned(columns: tuple[str, ...], *, dated: bool) -> Iterator[Finding]:
    """Say which columns may tell of what came after the assignment: verdicts by those are worth nothing."""
    remedy = "Leave them out where the experiment may have changed them."
    changing = [name for name in columns if name in CHANGING]
    if columns and not dated:
        message = (
            f"The customers have no customer_since: {listed(columns)} may be of records made after the assignment."
        )
        yield Finding("warning", "features-undated", message, f"Give customer_since. {remedy}")
    elif changing:
        message = f"{listed(changing)} may have changed since the assignment: a file says what is, not what was."
        yield Finding("warning", "features-changing", message, remedy)
