"""What is asked of an experiment, and who takes part in it with which outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from attribution.engine import literal, one_row
from attribution.errors import UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.identity.headers import columns_of
from attribution_models.value.uplift_verdicts import Economics

Outcome = Literal["conversions", "value"]

# With fewer buyers in an arm hardly anything can be shown.
FEW_BUYERS: Final = 200


@dataclass(frozen=True, slots=True)
class UpliftQuestion:
    """What is asked of an experiment.

    Attributes
    ----------
    experiment : str
    channel : str or None
        Of an experiment on several channels, which.
    outcome : {"conversions", "value"}
        Whether a person buys, or the value of what they buy, within ``days`` after they were assigned.
    days : int
    features : tuple of str
        Columns of the customers file that may tell people apart, beside their history.
    margin, cost : float or None
        Contribution per conversion or unit of value, and cost of advertising to one person; both or none.
    repeats, groups : int
        Cross-fits; groups of equal size, 0: two, by the sign of the predicted effect.
    planned : float or None
        Share that was to be held out; the split is checked against it.
    """

    experiment: str
    channel: str | None = None
    outcome: Outcome = "conversions"
    days: int = 28
    features: tuple[str, ...] = ()
    margin: float | None = None
    cost: float | None = None
    repeats: int = 20
    groups: int = 0
    planned: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        if (self.margin is None) != (self.cost is None):
            raise UsageError("--margin and --cost go together: the benefit is compared with the cost.")
        if self.days < 1:
            raise UsageError(f"--days {self.days}: give a number from 1 on.")
        if self.planned is not None and not 0 < self.planned < 1:
            raise UsageError(f"--planned {self.planned:g} is no share held out. Give one between 0 and 1, as 0.1.")
        self.economics()

    def economics(self) -> dict[str, Economics]:
        """Margin and cost, by outcome; empty where they are not given."""
        if self.margin is None or self.cost is None:
            return {}
        try:
            return {self.outcome: Economics(self.margin, self.cost)}
        except ValueError as error:
            raise UsageError(f"--margin and --cost: {error}") from None


def assigned(
    connection: Any, assignments: str, relations: tuple[str | None, str | None, str | None], question: UpliftQuestion
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """People of an experiment whose outcome is known in full: customer_id, exposed, outcome, sorted by customer_id.

    They are kept as the temporary table ``uplift_assigned`` besides, with ``assigned_at``. Who was assigned twice
    counts as assigned first. Everybody counts in the arm they were assigned to, whether they saw the ad or not.

    Parameters
    ----------
    connection : DuckDB connection
    assignments : str
        SQL relation.
    relations : tuple
        SQL of touchpoints, conversions and customers.
    question : UpliftQuestion

    Raises
    ------
    UsageError
        No such experiment or channel, no conversions, or an outcome window that ends after the data do.
    """
    channel = _channel(connection, assignments, question)
    touchpoints, conversions, _ = relations
    if conversions is None:
        raise UsageError("Uplift needs outcomes. Add them: attribution ingest --conversions FILE.")
    if question.outcome == "value" and "value" not in columns_of(connection, conversions):
        raise UsageError("--outcome value: the conversions hold no value. Use --outcome conversions.")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE uplift_assigned AS
        SELECT unified_id AS customer_id, arm = 'exposed' AS exposed, assigned_at FROM {assignments}
        WHERE experiment = {literal(question.experiment)} AND channel = {literal(channel)}
        QUALIFY row_number() OVER (PARTITION BY unified_id ORDER BY assigned_at, arm) = 1""")
    ends = " UNION ALL ".join(f"SELECT max(timestamp) AS t FROM {r}" for r in (touchpoints, conversions) if r)
    window = f"assigned_at + INTERVAL {question.days} DAY"
    (late,) = one_row(
        connection, f"SELECT count(*) FROM uplift_assigned WHERE {window} > (SELECT max(t) FROM ({ends}))"
    )
    connection.execute(f"DELETE FROM uplift_assigned WHERE {window} > (SELECT max(t) FROM ({ends}))")
    amount = "coalesce(sum(c.value), 0)::DOUBLE" if question.outcome == "value" else "(count(c.timestamp) > 0)::DOUBLE"
    people: pd.DataFrame = connection.execute(
        f"""SELECT p.customer_id, p.exposed, {amount} AS outcome FROM uplift_assigned p LEFT JOIN {conversions} c
            ON c.unified_id = p.customer_id AND c.timestamp >= p.assigned_at
            AND c.timestamp < p.assigned_at + INTERVAL {question.days} DAY
        GROUP BY ALL ORDER BY 1"""
    ).df()
    if people.empty:
        msg = (
            f'Experiment "{question.experiment}": nobody was assigned {question.days} days or more before the data '
            "end. Give fewer --days, or ingest later conversions."
        )
        raise UsageError(msg)
    return people, tuple(_noted(people, int(late), question))


def _channel(connection: Any, assignments: str, question: UpliftQuestion) -> str:
    """The tested channel; refused where the experiment is unknown or has several and none was chosen."""
    rows = connection.execute(f"SELECT DISTINCT experiment, channel FROM {assignments} ORDER BY 1, 2").fetchall()
    names = list(dict.fromkeys(experiment for experiment, _ in rows))
    if question.experiment not in names:
        near = did_you_mean(question.experiment, names)
        raise UsageError(f'There is no experiment "{question.experiment}".{near} Known: {listed(names)}.')
    channels = [channel for experiment, channel in rows if experiment == question.experiment]
    if question.channel is None and len(channels) == 1:
        return str(channels[0])
    if question.channel not in channels:
        what = "is on several channels" if question.channel is None else f'has no channel "{question.channel}"'
        raise UsageError(f'Experiment "{question.experiment}" {what}: name one of {listed(channels)} with --channel.')
    return str(question.channel)


def _noted(people: pd.DataFrame, late: int, question: UpliftQuestion) -> list[Finding]:
    """Say whose outcome is not known yet, and whether there are too few buyers to show anything."""
    noted = []
    if late:
        message = f"{late:,} people were assigned less than {question.days} days before the data end: left out."
        noted.append(Finding("note", "outcome-open", message, "", late))
    bought = people["outcome"].to_numpy(np.float64) != 0
    exposed = people["exposed"].to_numpy(bool)
    fewest = min(int(bought[exposed].sum()), int(bought[~exposed].sum()))
    if fewest < FEW_BUYERS:
        message = (
            f"Only {fewest:,} people of one arm bought: with fewer than {FEW_BUYERS} hardly anything can be shown."
        )
        noted.append(Finding("info", "few-outcomes", message, "Give more --days, or test on more people.", fewest))
    return noted
