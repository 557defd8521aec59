"""Credits of one fit and group as a table with bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attribution_cli.fitted import Barred, fitted
from attribution_cli.output import BAR, bar, number, percent, shown

if TYPE_CHECKING:
    import pandas as pd

REST = ("(unattributed)", "(baseline)")
# Left out first where a terminal is narrow.
SPARE = ("value", "CPA", "cost", "ROAS")


def contributions(rows: pd.DataFrame, width: int | None) -> tuple[str, tuple[str, ...]]:
    """The largest channel first, what is not placed last, then the sum; and what a narrow terminal has no room for."""
    rows = rows.assign(last_line=rows["channel"].isin(REST)).sort_values(
        ["last_line", "conversions"], ascending=[True, False], kind="stable"
    )
    fine, spent = "campaign" in rows.columns, bool(rows["cost"].notna().any())
    level = rows["interval_level"].dropna().max() if "conversions_lower" in rows.columns else None
    ranged = level is not None and level == level  # noqa: PLR0124  (NaN)
    head = ["channel", *(["campaign"] if fine else []), "conversions", *([f"{level:.0%} interval"] if ranged else [])]
    head += ["share", "value", *(["cost", "CPA", "ROAS"] if spent else [])]
    records = rows.to_dict("records")
    lines = [head, *(_line(row, fine=fine, ranged=ranged, spent=spent) for row in records)]
    lines.append(_sum(rows, fine=fine, ranged=ranged, spent=spent))
    most = rows.loc[~rows["last_line"], "conversion_share"].max()
    shares = [None, *(None if row["last_line"] else _of_most(row["conversion_share"], most) for row in records), None]
    spare = [head.index(name) for name in SPARE if name in head] + ([2 + fine] if ranged else [])
    return fitted(Barred(lines, shares, _drawn, BAR, 1 + fine, spare), width)


def _line(row: dict[Any, Any], *, fine: bool, ranged: bool, spent: bool) -> list[str]:
    line = [shown(row["channel"]), *([shown(row["campaign"])] if fine else []), number(row["conversions"])]
    if ranged:
        ends = number(row["conversions_lower"]), number(row["conversions_upper"])
        line.append(" to ".join(ends) if all(ends) else "")
    line += [percent(row["conversion_share"]), number(row["value"], 2)]
    return [*line, *((number(row[name], 2) for name in ("cost", "cpa", "roas")) if spent else ())]


def _sum(rows: pd.DataFrame, *, fine: bool, ranged: bool, spent: bool) -> list[str]:
    total = ["sum", *([""] if fine else []), number(rows["conversions"].sum()), *([""] if ranged else [])]
    total += [percent(rows["conversion_share"].sum()), number(rows["value"].sum(), 2)]
    return [*total, *([number(rows["cost"].sum(), 2), "", ""] if spent else [])]


def _of_most(share: float, most: float) -> float | None:
    return max(float(share), 0.0) / most if most > 0 and share == share else None  # noqa: PLR0124  (NaN)


def _drawn(share: float, width: int) -> str:
    return bar(share, 1.0, width)
