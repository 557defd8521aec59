"""What each customer is worth: predicted from repeat buying where that can be fitted, else as it was observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from attribution.errors import counted
from attribution.findings import Finding
from attribution.identity.headers import columns_of
from attribution.suppression.facts import DAY
from attribution_models.value.gamma_gamma import GammaGamma
from attribution_models.value.lifetime_value import lifetime_value
from attribution_models.value.purchase_history import PurchaseHistory, purchase_history
from attribution_models.value.repeat_buying import RepeatBuying, RepeatBuyingFit

Floats = NDArray[np.float64]
Basis = Literal["predicted", "observed"]

# Fewer customers who bought again tell too little of how people differ.
LEAST_REPEATERS: Final = 100
# The Gamma-Gamma model takes frequency and value of purchases to be unrelated; beyond this that is doubtful.
MOST_CORRELATION: Final = 0.3
# Where everybody is as sure to be alive as that, the model tells nobody apart by it.
ALL_ALIVE: Final = 0.99
MODELS: Final = {"predicted": "MBG/NBD and Gamma-Gamma", "observed": "value of purchases"}


@dataclass(frozen=True, slots=True, eq=False)
class CustomerValues:
    """Customers with at least one purchase, and what each is worth.

    Attributes
    ----------
    people : DataFrame
        customer_id, purchases (days with one), value, alive (P(alive); nan where value is observed), sorted by
        customer_id.
    basis : {"predicted", "observed"}
        Predicted: expected discounted value over the horizon to come. Observed: value over as long a time up to now.
    horizon_days : float
    findings : tuple of Finding
    """

    people: pd.DataFrame
    basis: Basis
    horizon_days: float
    findings: tuple[Finding, ...]

    @property
    def model(self) -> str:
        """What the values come from."""
        return MODELS[self.basis]


def valued_purchases(connection: Any, conversions: str) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Purchases of each customer with day and value, and what was done about values that are missing or 0.

    Purchases worth nothing are left out. Where no purchase has a value each counts as 1; where some have
    none, they count as the mean of the others.

    Parameters
    ----------
    connection : DuckDB connection
    conversions : str
        SQL relation.

    Returns
    -------
    tuple of (DataFrame, tuple of Finding)
        customer_id, day (whole days since 1970), value.
    """
    value = "value::DOUBLE" if "value" in columns_of(connection, conversions) else "NULL::DOUBLE"
    rows: pd.DataFrame = connection.execute(
        f"""SELECT unified_id AS customer_id, {DAY.format("timestamp")} AS day, {value} AS value FROM {conversions}
        WHERE unified_id IS NOT NULL ORDER BY ALL"""
    ).df()
    known = rows["value"].to_numpy(np.float64, na_value=np.nan)
    if np.isnan(known).all():
        message = "Conversions hold no value: every purchase counts as 1, so that customers are ranked by purchases."
        return rows.assign(value=1.0), (Finding("warning", "no-values", message, "Give the column value."),)
    findings = []
    worthless, missing = known <= 0, np.isnan(known)
    if worthless.any():
        number = int(worthless.sum())
        message = (
            f"{counted(number, 'purchase')} with a value of 0 or less {'was' if number == 1 else 'were'} left out."
        )
        findings.append(Finding("note", "worthless", message, "", number))
    if missing.any() and (known > 0).any():
        number = int(missing.sum())
        verb = "counts" if number == 1 else "count"
        message = f"{counted(number, 'purchase')} without a value {verb} as the mean of the others."
        findings.append(Finding("info", "values-missing", message, "Give the column value.", number))
    filled = np.where(missing, known[known > 0].mean() if (known > 0).any() else 1.0, known)
    return rows.assign(value=filled)[~worthless].reset_index(drop=True), tuple(findings)


def customer_values(
    purchases: pd.DataFrame, end: int, horizon_days: float = 365.0, basis: Basis = "predicted"
) -> CustomerValues:
    """Value each customer; where the models cannot be fitted, by what was observed, and a finding says why.

    Parameters
    ----------
    purchases : DataFrame
        customer_id, day, value; as `valued_purchases` gives them.
    end : int
        Today: the last day that is known.
    horizon_days : float
    basis : {"predicted", "observed"}
    """
    places, names = pd.factorize(purchases["customer_id"], sort=True)
    codes, days = places.astype(np.int64), purchases["day"].to_numpy(np.int64)
    values = purchases["value"].to_numpy(np.float64)
    history = purchase_history(codes, days, values, max(end, int(days.max())))
    mean = np.bincount(codes, weights=values) / (history.frequency + 1)
    findings: list[Finding] = []
    worth, alive = _observed(codes, days, values, history, horizon_days), np.full(len(names), np.nan)
    used: Basis = "observed"
    if basis == "predicted":
        try:
            buying = _buying(history)
            each, edges = _value_each(history.frequency + 1, mean)
            worth, used = each * _purchases_to_come(buying, history, horizon_days), "predicted"
            alive = buying.alive(history.frequency, history.recency, history.age)
            findings += [*_edges((*buying.edges, *edges)), *_nobody_leaves(alive)]
        except (ValueError, ArithmeticError) as error:
            findings.append(_fallback(str(error), horizon_days))
    people = pd.DataFrame(
        {"customer_id": np.asarray(names, dtype=object), "purchases": history.frequency + 1, "value": worth,
         "alive": alive}
    )  # fmt: skip
    return CustomerValues(people, used, horizon_days, tuple(findings))


def _buying(history: PurchaseHistory) -> RepeatBuyingFit:
    """Model of repeat buying; ValueError or ArithmeticError where it cannot be relied on."""
    again = int((history.frequency > 0).sum())
    if again < LEAST_REPEATERS:
        raise ValueError(f"{again:,} customers bought again, and {LEAST_REPEATERS} are needed to predict.")
    return RepeatBuying("mbgnbd").fit(history.frequency, history.recency, history.age)


def _purchases_to_come(buying: RepeatBuyingFit, history: PurchaseHistory, horizon_days: float) -> Floats:
    """Expected purchases of each customer over the horizon, discounted; ValueError where they cannot be worked out."""
    with np.errstate(invalid="ignore", over="ignore"):
        found = lifetime_value(buying, 1.0, history, horizon_days)
    if not np.isfinite(found).all():
        raise ValueError(
            "The model of repeat buying gives no number of purchases to come: customers hardly differ in how "
            "they leave."
        )
    return found


def _value_each(purchases: NDArray[np.int64], mean: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Expected value of a purchase of each customer, and parameters that the data do not tell.

    The Gamma-Gamma model is of all purchases. Usual is to leave out the first, which says nothing of repeat buying; but
    of what a customer spends it says as much as any other, and most customers have no other.
    """
    if np.ptp(mean) < 1e-9 * mean.max():
        return mean, ()
    again = purchases > 1
    if np.ptp(purchases[again]) > 0 and np.ptp(mean[again]) > 0:
        correlation = float(spearmanr(purchases[again], mean[again]).statistic)
        if abs(correlation) > MOST_CORRELATION:
            raise ValueError(
                f"Frequent buyers spend {'more' if correlation > 0 else 'less'} per purchase (rank correlation "
                f"{correlation:+.2f}, beyond ±{MOST_CORRELATION}), which the model of values does not allow."
            )
    fit = GammaGamma().fit(purchases, mean)
    each = fit.expected_value(purchases, mean)
    if not np.isfinite(each).all():
        raise ValueError("The expected value of a purchase is infinite: some purchases are too large for the model.")
    return each, fit.edges


def _observed(codes: NDArray[np.int64], days: NDArray[np.int64], values: Floats, history: PurchaseHistory,
              horizon_days: float) -> Floats:  # fmt: skip
    """Sum of each customer's purchases in the last days, as many as the horizon has."""
    late = days > history.end - horizon_days
    return np.bincount(codes[late], weights=values[late], minlength=history.customer.size).astype(np.float64)


def _fallback(why: str, horizon_days: float) -> Finding:
    message = f"Value is not predicted, but what was observed in the last {horizon_days:g} days. {why}"
    return Finding("warning", "value-observed", message, "To choose that without this warning: --value observed.")


def _edges(names: tuple[str, ...]) -> list[Finding]:
    """Say which parameters the data do not tell."""
    if not names:
        return []
    message = f"The data do not tell {' and '.join(names)} of the value model: predictions stand, standard errors not."
    return [Finding("note", "value-edges", message)]


def _nobody_leaves(alive: Floats) -> list[Finding]:
    """Say where the model sees nobody leave, as in a short history."""
    if alive.min() < ALL_ALIVE:
        return []
    message = "The data show hardly anybody leaving: P(alive) is near 1 for all, which a short history cannot tell."
    return [Finding("info", "nobody-leaves", message, "Ingest more history; stages by gaps do not use it.")]
