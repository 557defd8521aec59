"""What listed people were shown on a platform's channels in a period, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.engine import literal
from attribution.errors import UsageError, listed
from attribution.identity.headers import columns_of
from attribution.tables import IMPRESSIONS

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``start`` until before ``end``, counted from 1970."""

    start: int
    end: int

    def sql(self, column: str) -> str:
        """SQL that says whether a time lies in it."""
        return f"({column} >= {self.moment(self.start)} AND {column} < {self.moment(self.end)})"

    @property
    def before(self) -> Period:
        """As many days before it."""
        return Period(2 * self.start - self.end, self.start)

    @property
    def days(self) -> int:
        """Length."""
        return self.end - self.start

    @staticmethod
    def moment(day: int) -> str:
        """SQL of the first moment of a day."""
        return f"TIMESTAMP '{np.datetime64(day, 'D')} 00:00:00'"

    def __str__(self) -> str:
        return f"{np.datetime64(self.start, 'D')} to {np.datetime64(self.end - 1, 'D')}"


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """A platform's channels in one period.

    Attributes
    ----------
    prices : DataFrame
        channel, unit (``impressions``, or ``touches`` where no impressions are known), served (to anybody), spend.
    source : str
        Where spend comes from: ``spend table`` or ``cost of touches``.
    """

    period: Period
    prices: pd.DataFrame
    source: str

    @property
    def spend(self) -> float:
        """Of all channels."""
        return float(self.prices["spend"].sum())

    @property
    def served(self) -> float:
        """Impressions (or touches) of all channels, to anybody."""
        return float(self.prices["served"].sum())

    @property
    def unit(self) -> str:
        """What is counted."""
        return " and ".join(sorted(self.prices["unit"].unique()))

    def shown(self, connection: Any, touchpoints: str, people: Sequence[str], period: Period) -> tuple[Floats, Floats]:
        """What each person was shown in a period: as a number, and at the platform's mean price.

        A search impression can cost thirty times as much as one of a banner. So each counts as price / mean price:
        times the mean price, that gives what was really spent on the person.

        Parameters
        ----------
        connection : DuckDB connection
        touchpoints : str
            SQL relation.
        people : sequence of str
        period : Period
        """
        index = pd.Index(people)
        counted, priced = np.zeros(len(index)), np.zeros(len(index))
        mean = self.spend / self.served
        for row in self.prices.to_dict("records"):
            only = f"AND {_impression(connection, touchpoints)}" if row["unit"] == "impressions" else ""
            found = connection.execute(
                f"""SELECT unified_id, count(*)::DOUBLE AS n FROM {touchpoints}
                WHERE channel = {literal(row["channel"])} AND {period.sql("timestamp")} {only} GROUP BY 1"""
            ).df()
            each = found.set_index("unified_id")["n"].reindex(index, fill_value=0.0).to_numpy(np.float64)
            counted += each
            priced += each * (row["spend"] / row["served"] / mean)
        return counted, priced


def exposure_of(
    connection: Any, touchpoints: str, spend: str | None, platform: str, channels: Sequence[str], period: Period
) -> Exposure:
    """What a platform's channels served and cost in a period.

    Spend is that of the spend table, or the cost of touches without one. Served impressions are the spend table's,
    where it has any: the touches may be of some people only.

    Parameters
    ----------
    connection : DuckDB connection
    touchpoints : str
    spend : str or None
        SQL relations.
    platform : str
    channels : sequence of str
    period : Period

    Raises
    ------
    UsageError
        Nothing was served or spent.
    """
    names = ", ".join(literal(channel) for channel in channels)
    cost = "coalesce(sum(cost), 0)" if "cost" in columns_of(connection, touchpoints) else "0"
    seen = connection.execute(
        f"""SELECT channel, count(*)::DOUBLE AS touches, {cost}::DOUBLE AS cost,
            count(*) FILTER ({_impression(connection, touchpoints)})::DOUBLE AS impressions
        FROM {touchpoints} WHERE channel IN ({names}) AND {period.sql("timestamp")} GROUP BY 1 ORDER BY 1"""
    ).df()
    if seen.empty:
        raise UsageError(f"{platform}: no touch of {listed(channels)} lies in {period}, so nothing can be freed there.")
    paid = pd.DataFrame({"channel": seen["channel"], "spend": seen["cost"], "reported": 0.0})
    source = "cost of touches"
    if spend is not None:
        reported = "coalesce(sum(impressions), 0)" if "impressions" in columns_of(connection, spend) else "0"
        paid = connection.execute(
            f"""SELECT channel, coalesce(sum(spend), 0)::DOUBLE AS spend, {reported}::DOUBLE AS reported FROM {spend}
            WHERE channel IN ({names}) AND {period.sql("date")} GROUP BY 1"""
        ).df()
        source = "spend table"
    return _priced(seen.merge(paid, on="channel", how="left").fillna(0.0), platform, channels, period, source)


def _priced(seen: pd.DataFrame, platform: str, channels: Sequence[str], period: Period, source: str) -> Exposure:
    """Units, what was served and spent by channel."""
    by_impressions = seen["impressions"] > 0
    counted = np.where(by_impressions, seen["impressions"], seen["touches"])
    served = np.where(by_impressions & (seen["reported"] > 0), seen["reported"], counted)
    prices = pd.DataFrame(
        {"channel": seen["channel"], "unit": np.where(by_impressions, "impressions", "touches"), "served": served,
         "spend": seen["spend"]}
    )  # fmt: skip
    if not prices["spend"].sum() > 0:
        raise UsageError(
            f"{platform}: no spend is known for {listed(channels)} in {period}. Add it: attribution ingest --spend "
            "FILE."
        )
    return Exposure(period, prices, source)


def _impression(connection: Any, touchpoints: str) -> str:
    """SQL that says whether a touch is an impression."""
    if "interaction" not in columns_of(connection, touchpoints):
        return "false"
    return f"lower(coalesce(interaction, '')) IN ({', '.join(literal(w) for w in sorted(IMPRESSIONS))})"
