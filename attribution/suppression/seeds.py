"""Whom a look-alike seed holds: the customers of highest value, without those whom nobody may advertise by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.suppression.facts import person_facts
from attribution.suppression.rules import SuppressionPolicy
from attribution.suppression.uploads import UploadCounts

# A platform looks for people like those of a seed: who is a customer is no reason to be left out, only these are.
BARRED: Final = ("denied", "opted-out", "complaint", "employee", "test-account")
REASON: Final = "highest value"
# Who is left out, in words.
LEFT_OUT: Final = {
    "denied": "denied consent", "opted-out": "opted out", "complaint": "with an open complaint",
    "employee": "employees", "test-account": "test accounts", "oversized": "of implausibly many ids",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SeedSize:
    """How many people a seed holds.

    Attributes
    ----------
    top : float
        Share of the customers who may be in it, from the highest value.
    people : int or None
        A number in place of the share.
    """

    top: float = 0.1
    people: int | None = None

    def __post_init__(self) -> None:
        """Refuse a seed of nobody."""
        if not 0 < self.top <= 1:
            raise UsageError(f"--top {self.top:g} is no share of customers. Give one above 0, up to 1, as 0.1.")
        if self.people is not None and self.people < 1:
            raise UsageError(f"--people {self.people}: give a number from 1 on.")

    def of(self, customers: int) -> int:
        """People of a seed drawn from so many."""
        wanted = math.ceil(self.top * customers - 1e-9) if self.people is None else self.people
        return min(wanted, customers)


def may_be_seeds(
    connection: Any, relations: tuple[str | None, str | None, str | None], people: pd.DataFrame,
    words: Mapping[str, tuple[str, ...]], oversized: frozenset[str],
) -> tuple[pd.DataFrame, dict[str, int]]:  # fmt: skip
    """Customers who may be in a seed as far as consent and status go, and how many may not, by reason.

    Commercial rules (active, recent, lapsed and the like) leave nobody out: good customers are what a seed is of.

    Parameters
    ----------
    connection : DuckDB connection
    relations : tuple
        SQL of touchpoints, conversions and customers.
    people : DataFrame
        customer_id and more.
    words : mapping
        Rule to the words of ``status`` that mean it, as in ``[suppression.words]``.
    oversized : frozenset of str
        Customers of clusters of implausibly many ids: they stand for many people at once.
    """
    facts = person_facts(connection, *relations, SuppressionPolicy(words=dict(words)))
    known = people[["customer_id"]].merge(facts[["customer_id", *BARRED]], on="customer_id", how="left")
    holds = [(known[name] == True).to_numpy(bool) for name in BARRED]  # noqa: E712  (nothing known: no)
    holds.append(people["customer_id"].isin(oversized).to_numpy(bool))
    names = (*BARRED, "oversized")
    first = np.select(holds, list(range(len(names))), default=-1)
    excluded = {name: int((first == place).sum()) for place, name in enumerate(names) if (first == place).any()}
    return people[first < 0].reset_index(drop=True), excluded


def highest(people: pd.DataFrame, size: SeedSize) -> pd.DataFrame:
    """The people of highest value: customer_id, value, highest first.

    Equal values go by customer_id, so that the same data give the same seed. Nobody worth nothing is in it.

    Parameters
    ----------
    people : DataFrame
        customer_id, value of everybody who may be in it.
    size : SeedSize
    """
    ranked = people.sort_values(["value", "customer_id"], ascending=[False, True], ignore_index=True)
    chosen = ranked[["customer_id", "value"]].head(size.of(len(people)))
    return chosen[chosen["value"] > 0].reset_index(drop=True)


def seed_findings(excluded: dict[str, int], counts: UploadCounts) -> tuple[Finding, ...]:
    """Say who is in no seed, and why."""
    noted = []
    if excluded:
        told = ", ".join(f"{number:,} {LEFT_OUT[name]}" for name, number in excluded.items())
        noted.append(Finding("note", "seed-excluded", f"In no seed: {told}.", "", sum(excluded.values())))
    if counts.unknown:
        message = f"{counts.unknown:,} customers are in no seed: their consent is not known."
        noted.append(Finding("note", "consent-unknown", message, "Ask them, or leave them out.", counts.unknown))
    if counts.unreachable:
        message = f"{counts.unreachable:,} customers are in no seed: no e-mail, phone, device id or address is known."
        remedy = "Ingest a customers file that holds them, and join ids with attribution identify."
        noted.append(Finding("note", "no-identifier", message, remedy, counts.unreachable))
    return tuple(noted)


def nobody_left(customers: int, allowed: int, counts: UploadCounts) -> str:
    """Say where everybody went."""
    return (
        f"Nobody can be in a seed: of {customers:,} customers {customers - allowed:,} are left out by their status or "
        f"denied consent, the consent of {counts.unknown:,} is not known, {counts.unreachable:,} have no identifier, "
        "and the others are worth nothing over the horizon. Give consent and identifiers, or another --horizon."
    )
