"""What was spent, by the same grains as the credits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Day  # noqa: N812  (date is a column's name here)
from datetime import timedelta
from typing import Any

from attribution.engine import one_row
from attribution.findings import Finding

Label = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Spend:
    """Spend from the spend table or, without one, from the cost of touches.

    Attributes
    ----------
    rows : tuple of (channel, campaign, date, geo, spend)
        Summed; date is ISO text.
    source : str
        ``spend table`` or ``cost of touches``.
    findings : tuple of Finding
    """

    rows: tuple[tuple[str, str, str, str, float], ...]
    source: str
    findings: tuple[Finding, ...] = ()

    def costs(self, campaigns: bool, group: Mapping[str, Any]) -> dict[Label, float] | None:
        """Spend by label inside a group of journeys; None where spend cannot be told apart like that.

        Spend has no conversion kind and does not know who is a customer already.
        """
        if "customer" in group or "kind" in group:
            return None
        totals: dict[Label, float] = {}
        for channel, campaign, date, geo, spend in self.rows:
            if "month" in group and date[:7] != group["month"]:
                continue
            if "week" in group and _monday(date) != group["week"]:
                continue
            if "geo" in group and geo != group["geo"]:
                continue
            label = (channel, campaign if campaigns else None)
            totals[label] = totals.get(label, 0.0) + spend
        return totals


def _monday(date: str) -> str:
    at = Day.fromisoformat(date)
    return (at - timedelta(days=at.weekday())).isoformat()


def read_spend(connection: Any, spend: str | None, touchpoints: str | None, conversions: str | None) -> Spend | None:
    """Sum the spend, all that was ingested, by channel, campaign, day and geo.

    Parameters
    ----------
    spend, touchpoints, conversions : str or None
        SQL relations.

    Returns
    -------
    Spend or None
        None where nothing was spent that we know of.
    """
    if spend is not None:
        return _table(connection, spend, touchpoints, conversions)
    if touchpoints is None:
        return None
    columns = _columns(connection, touchpoints)
    if "cost" not in columns:
        return None
    rows = connection.execute(
        f"SELECT channel, {_or_empty('campaign', columns)}, strftime(timestamp, '%Y-%m-%d'), "
        f"{_or_empty('geo', columns)}, sum(cost) FROM {touchpoints} WHERE cost > 0 GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return Spend(tuple(rows), "cost of touches") if rows else None


def _table(connection: Any, spend: str, touchpoints: str | None, conversions: str | None) -> Spend:
    columns = _columns(connection, spend)
    rows = connection.execute(
        f"SELECT channel, {_or_empty('campaign', columns)}, strftime(date, '%Y-%m-%d'), {_or_empty('geo', columns)}, "
        f"sum(spend) FROM {spend} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    window = _window(connection, touchpoints, conversions)
    if window is None:
        return Spend(tuple(rows), "spend table")
    outside = [row for row in rows if not window[0] <= row[2] <= window[1]]
    findings = []
    if outside:
        findings.append(
            Finding(
                "info",
                "spend-outside-window",
                f"Spend of {sum(row[4] for row in outside):,.2f} lies on days outside {window[0]} to {window[1]}, "
                "where touches and conversions were seen; it is counted in cost, CPA and ROAS.",
                "Ingest spend of the same days only, or the touches of those days.",
                len(outside),
            )
        )
    return Spend(tuple(rows), "spend table", tuple(findings))


def _window(connection: Any, touchpoints: str | None, conversions: str | None) -> tuple[str, str] | None:
    span = "SELECT strftime(min(timestamp), '%Y-%m-%d'), strftime(max(timestamp), '%Y-%m-%d') FROM"
    seen = [one_row(connection, f"{span} {r}") for r in (touchpoints, conversions) if r is not None]
    seen = [w for w in seen if w[0] is not None]
    return (min(w[0] for w in seen), max(w[1] for w in seen)) if seen else None


def _columns(connection: Any, relation: str) -> set[str]:
    return {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


def _or_empty(name: str, columns: set[str]) -> str:
    return f"coalesce({name}, '') AS {name}" if name in columns else f"'' AS {name}"
