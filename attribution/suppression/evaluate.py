"""What a holdout shows: the arms' difference in buyers, purchases and value, and what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution_models.value.holdout_effect import HoldoutEffect, Leakage, holdout_effect
from attribution_models.value.power import holdout_power

Floats = NDArray[np.float64]

COLUMNS = (
    "outcome", "method", "suppressed", "held_out", "effect", "error", "lower", "upper", "p", "explained", "detectable",
)  # fmt: skip
PLAIN: Final = "plain"
CUPED: Final = "pre-period taken out"
LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Each person of an experiment.

    Attributes
    ----------
    held_out : array (n,) of bool
    number, value : array (n,)
        Purchases and their value in the window.
    before : dict of str to array (n, k)
        The same of the pre-period, by outcome: in as many days before the start, and earlier.
    valued : bool
        Whether purchases have a value.
    """

    held_out: NDArray[np.bool_]
    number: Floats
    value: Floats
    before: Mapping[str, Floats]
    valued: bool

    def each(self) -> Iterator[tuple[str, Floats, Floats]]:
        """Yield every outcome: its name, the window's and the pre-period's values."""
        yield "buyers", (self.number > 0).astype(np.float64), self.before["number"]
        yield "purchases", self.number, self.before["number"]
        if self.valued:
            yield "value", self.value, self.before["value"]


def effects(outcomes: Outcomes) -> pd.DataFrame:
    """Difference of the arms, suppressed minus held out, per listed person; plain, and with the pre-period taken out.

    Returns
    -------
    DataFrame
        `COLUMNS`; ``detectable`` is the least difference that these arms find with 80 % power.
    """
    rows = []
    for name, after, before in outcomes.each():
        rows.append(_row(name, PLAIN, after, outcomes.held_out, holdout_effect(after, outcomes.held_out, level=LEVEL)))
        adjusted = holdout_effect(after, outcomes.held_out, before, LEVEL)
        rows.append(_row(name, CUPED, after, outcomes.held_out, adjusted))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(name: str, method: str, after: Floats, out: NDArray[np.bool_], found: HoldoutEffect) -> tuple[Any, ...]:
    explained = min(max(found.explained, 0.0), 1 - 1e-9)
    deviation = float(
        np.sqrt(np.average([after[~out].var(ddof=1), after[out].var(ddof=1)], weights=[(~out).sum(), out.sum()]))
    )
    least = float("nan")
    if deviation > 0:
        least = holdout_power(found.suppressed, found.held_out, deviation, explained=explained).detectable
    means = float(after[~out].mean()), float(after[out].mean())
    return (name, method, *means, found.effect, found.error, found.lower, found.upper, found.p, explained, least)


def in_words(table: pd.DataFrame, people: int, days: int, freed: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What the table says, and whether what is freed outweighs what is lost.

    Parameters
    ----------
    table : DataFrame
        As `effects` gives it.
    people : int
        Suppressed people.
    days : int
        Length of the window.
    freed : mapping or None
        What was told of the list with match rates.
    """
    outcome = "value" if (table["outcome"] == "value").any() else "purchases"
    row = table[(table["outcome"] == outcome) & (table["method"] == CUPED)].iloc[0]
    each = f"{outcome} per listed person in {days} days"
    ends = f"{row['lower']:+.4g} to {row['upper']:+.4g}"
    if row["upper"] < 0:
        said = (
            f"Suppressed people brought less: {row['effect']:+.4g} {each} ({ends}). The ads brought that; it is lost."
        )
    elif row["lower"] > 0:
        said = f"Suppressed people brought more: {row['effect']:+.4g} {each} ({ends}). The ads did harm."
    else:
        said = (
            f"No difference is shown: {row['effect']:+.4g} {each} ({ends}). That is no proof that nothing is lost: "
            f"these arms find a difference of {row['detectable']:.3g} or more."
        )
    point, low, high = (f"{row[name] * people:+,.0f}" for name in ("effect", "lower", "upper"))
    whole = f"Over the {people:,} suppressed people: {point} {outcome} ({low} to {high})."
    return said, whole, _against(row, outcome, days, freed)


def _against(row: Any, outcome: str, days: int, freed: Mapping[str, Any] | None) -> str:
    """Compare with the break-even point."""
    ask = "attribution suppress --match-rates FILE --margin SHARE tells what is freed, and the net of it."
    if freed is None or freed["net"] is None or outcome != "value":
        return f"Whether that outweighs the spend freed is not known yet: {ask}"
    even = freed["platforms"][-1]["spend_freed"] / freed["people"] * days / freed["days"]
    loss = [-row["effect"], -row["upper"], -row["lower"]]
    return (
        f"Spend freed: {even:.4g} per listed person in {days} days. Suppression pays as long as the contribution lost "
        f"stays below that: the margin's share of {loss[0]:.4g} ({loss[1]:.4g} to {loss[2]:.4g}). For the net: {ask}"
    )


def leaked(found: Leakage) -> str:
    """Leakage in words."""
    said = (
        f"After the upload suppressed people had {found.share:.1%} of the impressions of held-out people "
        f"({found.lower:.1%} to {found.upper:.1%}, {found.level:.0%})."
    )
    if np.isnan(found.expected):
        return f"{said} One minus the match rate is what a list that works leaves over."
    if found.beyond:
        return (
            f"{said} The match rate explains {found.expected:.1%}. More than that got through: the list lapsed, the "
            "exclusion is not set in all campaigns, or audience expansion is on."
        )
    return f"{said} The match rate explains {found.expected:.1%}."
