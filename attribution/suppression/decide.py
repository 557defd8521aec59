"""From facts and a policy to the list: the first rule that holds gives the reason, keep-rules take people off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from msgspec.structs import replace

from attribution.findings import Finding
from attribution.suppression.facts import person_facts
from attribution.suppression.policy import Suppression
from attribution.suppression.rules import PROTECTIVE, REASONS, SuppressionPolicy
from attribution.tables import SUPPRESSION_COLUMNS


def suppress_by_policy(
    connection: Any, touchpoints: str | None, conversions: str | None, customers: str | None,
    policy: SuppressionPolicy, uplift: str | None = None,
) -> Suppression:  # fmt: skip
    """List people by a policy, for all platforms and for those that have rules of their own.

    People who denied consent or opted out are on no list: one that is uploaded discloses them.

    Parameters
    ----------
    connection : DuckDB connection
    touchpoints, conversions, customers : str or None
        SQL relations.
    policy : SuppressionPolicy
    uplift : str or None
        Relation of kept verdicts of experiments, for the rules that read them.
    """
    facts = person_facts(connection, touchpoints, conversions, customers, policy, uplift)
    barred = facts["denied"] | facts["opted-out"]
    allowed = facts[~barred].reset_index(drop=True)
    named = sorted({channel for channels in policy.channels.values() for channel in channels})
    people = decide(allowed, policy, None)
    by_channel = {channel: decide(allowed, policy, channel) for channel in named}
    findings = tuple(_findings(allowed, policy, people, int(barred.sum())))
    return Suppression(people, findings, policy.version, by_channel)


def decide(facts: pd.DataFrame, policy: SuppressionPolicy, channel: str | None) -> pd.DataFrame:
    """List people for a platform; None: by the rules that are for all.

    Parameters
    ----------
    facts : DataFrame
        As `person_facts` gives them.
    policy : SuppressionPolicy
    channel : str or None

    Returns
    -------
    DataFrame
        `SUPPRESSION_COLUMNS`, sorted by customer_id.
    """
    kept = _kept(facts, policy, channel)
    rules = [rule for rule in policy.rules if policy.holds_on(rule, channel)]
    holds = [facts[r].to_numpy(bool) & (~kept | (r in PROTECTIVE)) for r in rules]
    chosen = np.select(holds, list(range(len(rules))), default=-1) if rules else np.full(len(facts), -1)
    until = np.full(len(facts), np.nan)
    for place, rule in enumerate(rules):
        if f"{rule}_until" in facts:
            until = np.where(chosen == place, facts[f"{rule}_until"].astype(float), until)
    listed = chosen >= 0
    rule_names = np.array([*rules, ""], dtype=object)[chosen[listed]]
    return pd.DataFrame(
        {
            "customer_id": facts["customer_id"].to_numpy(object)[listed],
            "reason": np.array([REASONS[r] for r in rule_names], dtype=object),
            "rule": rule_names,
            "since": facts["since"].to_numpy(object)[listed],
            "suppress_until": np.array([_date(day) for day in until[listed]], dtype=object),
            "channel": np.full(int(listed.sum()), channel, dtype=object),
        },
        columns=list(SUPPRESSION_COLUMNS),
    )


def _kept(facts: pd.DataFrame, policy: SuppressionPolicy, channel: str | None) -> Any:
    """Who stays in targeting for cross-selling or to be won back."""
    kept = np.zeros(len(facts), dtype=bool)
    for rule in policy.keep:
        if policy.holds_on(rule, channel):
            kept |= facts[rule].to_numpy(bool)
            if rule == "win-back":
                kept |= facts["lapsed"].to_numpy(bool)
    return kept


def _date(day: float) -> str | None:
    """A day since 1970 as text."""
    return None if np.isnan(day) else str(np.datetime64(int(day), "D"))


def _findings(facts: pd.DataFrame, policy: SuppressionPolicy, people: pd.DataFrame, barred: int) -> Iterator[Finding]:
    """Say who is not on the list, and whether rules found nobody."""
    if barred:
        message = f"{barred:,} people denied consent or opted out and are on no list: uploading it would disclose them."
        yield Finding("note", "consent-denied", message, "Keep them out of targeting in your own systems.", barred)
    kept = len(decide(facts, replace(policy, keep=()), None)) - len(people)
    if kept:
        message = f"{kept:,} people stay in targeting by {' and '.join(policy.keep)}."
        yield Finding("note", "kept", message, "", kept)
    if people.empty:
        yield Finding("warning", "nobody", "No rule of the policy holds for anybody: the list is empty.")
