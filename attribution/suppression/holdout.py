"""A stable random share of the list that stays in targeting, so that what suppression does can be measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from attribution.engine import one_row
from attribution.findings import Finding
from attribution.suppression.policy import Suppression
from attribution.suppression.rules import PROTECTIVE, SuppressionPolicy
from attribution_models.value.holdout import held_out
from attribution_models.value.power import holdout_power, rate_deviation

# Days over which purchases are counted for the power that is told beforehand.
OUTCOME_DAYS = 28


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Who takes part in the experiment of a list.

    Attributes
    ----------
    experiment : str
    share : float
    arms : DataFrame
        customer_id, rule, arm (``held_out``, ``suppressed``), sorted by customer_id.
    """

    experiment: str
    share: float
    arms: pd.DataFrame

    @property
    def sizes(self) -> tuple[int, int]:
        """People who are suppressed, and who are held out."""
        held = int((self.arms["arm"] == "held_out").sum())
        return len(self.arms) - held, held

    def as_dict(self) -> dict[str, Any]:
        """Plain data without people, for manifests."""
        suppressed, held = self.sizes
        return {"experiment": self.experiment, "share": self.share, "suppressed": suppressed, "held_out": held}


def hold_out(found: Suppression, policy: SuppressionPolicy, salt: str) -> Suppression:
    """Take the held-out share off all lists of a policy.

    Only people whom a commercial rule lists take part: whoever complained, works here or is a test account is never
    held out, and who opted out is on no list. An arm depends on salt, experiment and customer_id alone.

    Parameters
    ----------
    found : Suppression
    policy : SuppressionPolicy
        With a holdout above 0.
    salt : str
        Secret of the workspace.
    """
    lists = [found.people, *found.by_channel.values()]
    commercial = [people.loc[~people["rule"].isin(PROTECTIVE), ["customer_id", "rule"]] for people in lists]
    protected = {who for people in lists for who in people.loc[people["rule"].isin(PROTECTIVE), "customer_id"]}
    everybody = pd.concat(commercial, ignore_index=True).drop_duplicates("customer_id").sort_values("customer_id")
    everybody = everybody[~everybody["customer_id"].isin(protected)]
    chosen = held_out(everybody["customer_id"], salt, policy.experiment, policy.holdout)
    arms = everybody.assign(arm=np.where(chosen, "held_out", "suppressed")).reset_index(drop=True)
    out = arms.loc[arms["arm"] == "held_out", "customer_id"]
    channels = {channel: _without(people, out) for channel, people in found.by_channel.items()}
    kept = replace(found, people=_without(found.people, out), by_channel=channels)
    return replace(kept, holdout=HeldOut(policy.experiment, policy.holdout, arms))


def _without(people: pd.DataFrame, out: Any) -> pd.DataFrame:
    """People of a list who are not held out."""
    return people[~people["customer_id"].isin(out)].reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class PowerBefore:
    """What a holdout can show, told before it starts.

    Attributes
    ----------
    rate : float
        Share of the people in both arms who bought in the last ``days``.
    detectable : float or None
        Least difference in that share that is found with 80 % power (two-sided 5 %); None where nothing is.
    days : int
    """

    rate: float
    detectable: float | None
    days: int = OUTCOME_DAYS


def power_before(connection: Any, held: HeldOut, conversions: str | None) -> PowerBefore:
    """Work out what the arms can show, by the buyers of the last days."""
    rate = 0.0 if conversions is None else _rate(connection, held, conversions)
    try:
        return PowerBefore(rate, holdout_power(*held.sizes, rate_deviation(rate)).detectable)
    except ValueError:
        return PowerBefore(rate, None)


def holdout_finding(held: HeldOut, power: PowerBefore) -> Finding:
    """Say how large the arms are, and which difference they can show."""
    suppressed, out = held.sizes
    told = f'{out:,} of {out + suppressed:,} people stay in targeting as holdout "{held.experiment}". '
    rate = f"{100 * power.rate:.3g} %"
    if power.detectable is None:
        why = f"arms or buyers of the last {power.days} days ({rate}) leave nothing to compare"
        remedy = "Hold out a larger share, list more people, or measure a more frequent outcome."
        return Finding("warning", "holdout-power", f"{told}What it can show cannot be told: {why}.", remedy, out)
    message = (
        f"{told}It can show a difference of {100 * power.detectable:.3g} points in the share who buy within "
        f"{power.days} days, {rate} before (80 % power, two-sided 5 %); of whom a platform matches half, "
        f"{200 * power.detectable:.3g} points. Fix the day of the analysis now."
    )
    return Finding("note", "holdout-power", message, "", out)


def _rate(connection: Any, held: HeldOut, conversions: str) -> float:
    """Share of the people in both arms who bought in the last days."""
    connection.register("holdout_arms", held.arms[["customer_id"]])
    last = f"SELECT max(timestamp) FROM {conversions}"
    (number,) = one_row(
        connection,
        f"""SELECT count(DISTINCT unified_id) FROM {conversions}
        WHERE unified_id IN (SELECT customer_id::VARCHAR FROM holdout_arms)
            AND timestamp > ({last}) - INTERVAL {OUTCOME_DAYS} DAY""",
    )
    connection.unregister("holdout_arms")
    return float(number) / max(len(held.arms), 1)
