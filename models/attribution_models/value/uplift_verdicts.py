"""What an experiment allows to say about a group: harm shown, benefit below cost shown, or undecided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from attribution_models.value.multiple import holm
from attribution_models.value.uplift import GroupEffect, UpliftFit

Verdict = Literal["harm shown", "benefit below cost shown", "undecided"]
HARM: Final = "harm shown"
BELOW_COST: Final = "benefit below cost shown"
UNDECIDED: Final = "undecided"


@dataclass(frozen=True, slots=True)
class Economics:
    """What an outcome brings and what the treatment costs.

    Attributes
    ----------
    margin : float
        Contribution per unit of the outcome, above 0.
    cost : float
        Of treating one person, 0 or more.
    """

    margin: float
    cost: float

    def __post_init__(self) -> None:
        """Refuse what makes no break-even point."""
        if not (self.margin > 0 and self.cost >= 0):
            raise ValueError(f"Margin {self.margin}, cost {self.cost}: a margin above 0, a cost from 0 on.")

    @property
    def break_even(self) -> float:
        """Effect per person at which the treatment pays for itself: cost / margin."""
        return self.cost / self.margin


@dataclass(frozen=True, slots=True)
class UpliftVerdict:
    """What may be said about one group.

    Attributes
    ----------
    effect : GroupEffect
    verdict : {"harm shown", "benefit below cost shown", "undecided"}
    p_harm : float
        Against "the effect is 0 or more", Holm-adjusted over arms × outcomes × groups.
    p_below_cost : float
        Against "the effect pays its cost", likewise; nan without margin and cost.
    """

    effect: GroupEffect
    verdict: Verdict
    p_harm: float
    p_below_cost: float


def verdicts(fit: UpliftFit, economics: Mapping[str, Economics] | None = None) -> tuple[UpliftVerdict, ...]:
    """Verdict on each arm, outcome and group of an experiment.

    *harm shown*: the upper bound of the effect lies below 0 ("sleeping dogs"). *benefit below cost shown*: the upper
    bound times the margin lies below the cost. *undecided*: all else, which is the rule; nobody is suppressed on it.
    Bounds are one-sided at the fit's level (95 % two-sided: α = 2.5 %), medians over the repeats, and Holm-adjusted
    over arms × outcomes × groups for either question.

    Parameters
    ----------
    fit : UpliftFit
    economics : mapping of outcome to Economics, optional
        Outcomes without an entry are judged for harm only.

    Raises
    ------
    ValueError
        Economics of an outcome that the fit does not have.
    """
    prices = dict(economics or {})
    unknown = sorted(set(prices) - {e.outcome for e in fit.effects})
    if unknown:
        raise ValueError(f"Margin and cost for {', '.join(unknown)}: no such outcome in this fit.")
    harm = holm([e.p_below(0.0) for e in fit.effects])
    priced = [i for i, e in enumerate(fit.effects) if e.outcome in prices]
    below = np.full(len(fit.effects), np.nan)
    below[priced] = holm([fit.effects[i].p_below(prices[fit.effects[i].outcome].break_even) for i in priced])
    return tuple(
        UpliftVerdict(e, _verdict(float(h), float(c), (1 - e.level) / 2), float(h), float(c))
        for e, h, c in zip(fit.effects, harm, below, strict=True)
    )


def _verdict(p_harm: float, p_below_cost: float, alpha: float) -> Verdict:
    if p_harm < alpha:
        return "harm shown"
    return "benefit below cost shown" if p_below_cost < alpha else "undecided"
