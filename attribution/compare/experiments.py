"""Randomised experiments on people: the lift of a channel, its error, and what the experiment is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import pandas as pd

from attribution.errors import UsageError, listed

COLUMNS = (
    "experiment", "channel", "use", "declared", "estimator", "exposed", "held_out", "lift", "standard_error", "lower",
    "upper", "value_lift", "value_standard_error",
)  # fmt: skip
INTENTION, ON_EXPOSED = "intention to treat", "effect on exposed"
DEFAULT_USE: Final = "likelihood"
VALIDATE: Final = "validate"
TRANSPORT: Final = 0.1

Sums = Mapping[str, float]


def lifts(connection: Any, assignments: str, conversions: str, level: float = 0.9) -> pd.DataFrame:
    """Conversions that each tested channel caused, by comparing randomised arms.

    With m_e, s²_e the mean and variance of conversions per person of the exposed arm from ``assigned_at`` to
    ``ended_at`` (or the end of the data), and h for the held-out arm:

        lift = n_e (m_e − m_h),   standard error = n_e √(s²_e / n_e + s²_h / n_h)

    the conversions that would not have happened in the exposed arm without the channel. ``intention to
    treat`` takes everybody assigned; ``effect on exposed`` only people who ``would_be_exposed`` in either arm
    (ghost ads): the same total, with less noise, where that is recorded.

    Parameters
    ----------
    connection : DuckDB connection
    assignments, conversions : str
        SQL relations. An experiment whose rows name no ``use`` is taken for ``likelihood``, with ``declared``
        False.
    level : float
        Of the normal interval, which is that of the sample: `transported` adds what carrying it over costs.

    Returns
    -------
    DataFrame
        `COLUMNS`; an experiment that lacks an arm is left out.

    Raises
    ------
    UsageError
        Where an experiment has two uses.
    """
    use, declared = _use(connection, assignments)
    _one_use(connection, assignments, use)
    rows = connection.execute(
        f"""WITH person AS (
            SELECT a.experiment, a.channel, {use} AS use, {declared} AS declared, a.arm, a.unified_id,
                {_would_be(connection, assignments)} AS would_be, count(c.timestamp) AS k,
                coalesce(sum(c.value), 0)::DOUBLE AS v
            FROM {assignments} a LEFT JOIN {_valued(connection, conversions)} c ON c.unified_id = a.unified_id
                AND c.timestamp >= a.assigned_at AND ({_until(connection, assignments)})
            GROUP BY ALL)
        SELECT experiment, channel, use, bool_and(declared) AS declared, arm, would_be, count(*) AS n,
            sum(k)::DOUBLE AS k, sum(k * k)::DOUBLE AS kk, sum(v) AS v, sum(v * v) AS vv
        FROM person GROUP BY ALL ORDER BY ALL"""
    ).df()
    z = NormalDist().inv_cdf((1 + level) / 2)
    found = []
    for (experiment, channel, purpose), mine in rows.groupby(["experiment", "channel", "use"], sort=True):
        for estimator, e, h in _arms(mine):
            lift, error = _difference(e, h, "k")
            value, value_error = _difference(e, h, "v")
            found.append(
                [experiment, channel, purpose, bool(mine["declared"].all()), estimator, int(e["n"]), int(h["n"]), lift,
                 error, lift - z * error, lift + z * error, value, value_error]
            )  # fmt: skip
    return pd.DataFrame(found, columns=list(COLUMNS))


def _arms(rows: pd.DataFrame) -> Iterator[tuple[str, Sums, Sums]]:
    """Sums of both arms, of everybody and of those who would be exposed, where both arms have two people."""
    known = rows["would_be"].notna().all() and rows["would_be"].any()
    chosen = [(INTENTION, rows)] + ([(ON_EXPOSED, rows[rows["would_be"] == True])] if known else [])  # noqa: E712
    for estimator, part in chosen:
        arms: Any = part.groupby("arm")[["n", "k", "kk", "v", "vv"]].sum().to_dict("index")
        if {"exposed", "held_out"} <= set(arms) and min(arm["n"] for arm in arms.values()) >= 2:
            yield estimator, arms["exposed"], arms["held_out"]


def _difference(exposed: Sums, held: Sums, what: str) -> tuple[float, float]:
    """n_e (m_e − m_h) and its standard error."""
    means, variances = [], []
    for arm in (exposed, held):
        n, mean = arm["n"], arm[what] / arm["n"]
        means.append(mean)
        variances.append(max(arm[what * 2] - n * mean**2, 0.0) / (n - 1) / n)
    scale = exposed["n"]
    return float(scale * (means[0] - means[1])), float(scale * np.sqrt(sum(variances)))


def _columns(connection: Any, relation: str) -> set[str]:
    return {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


def _use(connection: Any, assignments: str) -> tuple[str, str]:
    """SQL for the use of a row, and for whether it names one."""
    if "use" not in _columns(connection, assignments):
        return f"'{DEFAULT_USE}'", "false"
    return f"coalesce(a.use, '{DEFAULT_USE}')", "a.use IS NOT NULL"


def _one_use(connection: Any, assignments: str, use: str) -> None:
    rows = connection.execute(
        f"SELECT experiment, list_sort(list(DISTINCT {use})) AS uses FROM {assignments} a "
        "GROUP BY experiment HAVING len(uses) > 1 ORDER BY experiment"
    ).fetchall()
    if rows:
        named = listed(f'"{experiment}" ({" and ".join(uses)})' for experiment, uses in rows)
        raise UsageError(
            f"An experiment has exactly one use; found two in {named}. A row without a use counts as {DEFAULT_USE}. "
            "Give every row of an experiment the same use and ingest the assignments again."
        )


def _would_be(connection: Any, assignments: str) -> str:
    return "a.would_be_exposed" if "would_be_exposed" in _columns(connection, assignments) else "NULL::BOOLEAN"


def _until(connection: Any, assignments: str) -> str:
    return (
        "a.ended_at IS NULL OR c.timestamp <= a.ended_at" if "ended_at" in _columns(connection, assignments) else "true"
    )


def _valued(connection: Any, conversions: str) -> str:
    value = "value" if "value" in _columns(connection, conversions) else "0 AS value"
    return f"(SELECT unified_id, timestamp, {value} FROM {conversions})"


def sharpest(found: pd.DataFrame) -> pd.DataFrame:
    """One row per experiment and channel: the effect on exposed where there is one."""
    exposed = found["estimator"] == ON_EXPOSED
    has = exposed.groupby([found["experiment"], found["channel"]]).transform("any")
    return found[exposed | ~has]


def transported(found: pd.DataFrame, transport: float = TRANSPORT) -> pd.DataFrame:
    """Add to each lift's standard error what carrying it over to the credits' people and period costs.

        error² = standard_error² + (transport · |lift|)²

    for conversions and for value.

    Parameters
    ----------
    found : DataFrame
        From `lifts`.
    transport : float
        Standard deviation of (effect there / effect here) − 1. The default, 10 %, is a convention: a test's
        weeks, people and creatives are never quite those that are credited. 0: they are.
    """
    done = found.copy()
    for lift, error in (("lift", "standard_error"), ("value_lift", "value_standard_error")):
        done[error] = np.hypot(done[error].astype(float), transport * done[lift].astype(float))
    return done


def best(found: pd.DataFrame, transport: float = TRANSPORT) -> pd.DataFrame:
    """One lift per channel: the sharpest of each experiment, several experiments by inverse variance.

    Raises
    ------
    UsageError
        Where a channel's lift has no positive standard error, so that it cannot be weighted.
    """
    rows = []
    for channel, mine in sharpest(found).groupby("channel", sort=True):
        if not (mine["standard_error"] > 0).all():
            raise UsageError(f"calibrate: the experiment on {channel} saw no conversions; its lift has no error.")
        carried = transported(mine, transport)
        weight = 1 / carried["standard_error"] ** 2
        weight /= weight.sum()
        numbers = [channel]
        for lift, error in (("lift", "standard_error"), ("value_lift", "value_standard_error")):
            numbers += [float((weight * carried[lift]).sum()), float(np.sqrt((weight**2 * carried[error] ** 2).sum()))]
        rows.append(numbers)
    return pd.DataFrame(rows, columns=["channel", "lift", "standard_error", "value_lift", "value_standard_error"])
