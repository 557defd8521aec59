"""Who is on the list by what is known, with and without a policy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from attribution.findings import Finding
from attribution.identity.stitch import oversized_customers
from attribution.identity.tombstones import key_of_workspace, tombstone
from attribution.suppression.as_of import Relations
from attribution.suppression.decide import suppress_by_policy
from attribution.suppression.holdout import hold_out
from attribution.suppression.policy import Suppression, suppress
from attribution.suppression.rules import SuppressionPolicy
from attribution.suppression.uplift_kept import kept_verdicts
from attribution.workspace import Workspace


def listing(
    workspace: Workspace,
    connection: Any,
    changed: dict[str, Any],
    relations: Relations,
    policy: SuppressionPolicy | None,
) -> Suppression:
    """List people by what relations know, held-out people and oversized clusters taken off.

    Parameters
    ----------
    workspace : Workspace
    connection : DuckDB connection
    changed : dict
        The workspace's manifest, to be written by the caller.
    relations : tuple
        SQL of touchpoints, conversions and customers under the customers' ids.
    policy : SuppressionPolicy or None
        None, or one without rules: everybody who is known to be a customer.
    """
    oversized = oversized_customers(workspace, connection, changed)
    if policy is None or not policy.rules:
        return _without_oversized(suppress(connection, *relations), oversized)
    verdicts = kept_verdicts(workspace, changed)
    found = _without_oversized(suppress_by_policy(connection, *relations, policy, verdicts), oversized)
    if not policy.holdout:
        return found
    # The share is drawn with the workspace's key: who does not have it cannot tell who is held out.
    return hold_out(found, policy, tombstone(key_of_workspace(workspace, changed), "holdout", policy.experiment))


def _without_oversized(found: Suppression, oversized: frozenset[str]) -> Suppression:
    """Leave out whoever belongs to a cluster of implausibly many ids, and say how many."""
    people, number = _rest(found.people, oversized)
    channels = {channel: _rest(own, oversized)[0] for channel, own in found.by_channel.items()}
    found = replace(found, people=people, by_channel=channels)
    if not number:
        return found
    message = f"{number:,} customers are not on the list: their ids belong to clusters of implausibly many ids."
    remedy = "The audit table of attribution identify names what holds the clusters together."
    noted = Finding("warning", "oversized", message, remedy, number)
    return replace(found, findings=(*found.findings, noted))


def _rest(people: pd.DataFrame, oversized: frozenset[str]) -> tuple[pd.DataFrame, int]:
    """People of no such cluster, and the number of the others."""
    theirs = people["customer_id"].isin(oversized)
    return people[~theirs].reset_index(drop=True), int(theirs.sum())
