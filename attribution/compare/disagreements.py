"""The biggest disagreements, named in words with the reason that the journeys give."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from attribution.compare.agreement import PANELS, over_common_channels, shares

MOST = 5
# Differences of less than this share are no disagreement that a planner acts on.
LEAST = 0.02


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A channel on which two models differ most."""

    channel: str
    high: str
    high_share: float
    low: str
    low_share: float
    reason: str

    @property
    def sentence(self) -> str:
        """The disagreement in words: who gives how much, and why."""
        return f"{self.high} gives {self.channel} {self.high_share:.0%}, {self.low} {self.low_share:.0%}: {self.reason}"


def disagreements(credits: pd.DataFrame, positions: pd.DataFrame | None, most: int = MOST) -> tuple[Disagreement, ...]:
    """The channels on which models differ most, largest difference first.

    Parameters
    ----------
    credits : DataFrame
        Of at least two fits.
    positions : DataFrame or None
        From `attribution.journeys.reports.positions`; None without journeys.
    """
    table = over_common_channels(shares(credits))
    if table.shape[1] < 2:
        return ()
    facts = None if positions is None else positions.set_index("channel")
    panels = set(credits.loc[credits["model"].isin(PANELS), "fit"]) if "model" in credits else set()
    spread = (table.max(axis=1) - table.min(axis=1)).sort_values(ascending=False, kind="stable")
    found = []
    for channel in spread[spread >= LEAST].index[:most]:
        high, low = str(table.loc[channel].idxmax()), str(table.loc[channel].idxmin())
        reason = "no journey holds it."
        if facts is None:
            reason = "same data, other assumptions: compare their priors and baselines."
        elif channel in facts.index:
            reason = _reason(facts.loc[channel])
        if facts is not None and len({high, low} & panels) == 1:
            reason += f" {high if high in panels else low} counts what its spend added, seen in a journey or not."
        found.append(
            Disagreement(
                str(channel), high, float(table.loc[channel, high]), low, float(table.loc[channel, low]), reason
            )
        )
    return tuple(found)


def _reason(fact: pd.Series) -> str:
    """What stands out in a channel's place in converting journeys."""
    opens, closes, alone = fact["opens_share"], fact["closes_share"], fact["alone_share"]
    if not fact["inside"] > 0:
        return (
            "no converting journey holds it; models that follow chains credit it for leading to channels that convert."
        )
    parts = []
    if closes >= opens + 0.15:
        parts.append(f"it closes {closes:.0%} of the conversions it is in and opens {opens:.0%}")
    elif opens >= closes + 0.15:
        parts.append(f"it opens {opens:.0%} of the conversions it is in and closes {closes:.0%}")
    else:
        parts.append(f"it opens {opens:.0%} and closes {closes:.0%} of the conversions it is in")
    if alone >= 0.3:
        parts.append(f"in {alone:.0%} it is the only touch")
    if fact["touches_per_conversion"] >= 2:
        parts.append(
            f"it is touched {fact['touches_per_conversion']:.1f} times per conversion, which linear credit counts"
        )
    return "; ".join(parts) + "."
