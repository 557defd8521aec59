"""Table contracts: the columns that every step reads and writes. Column names are the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "text", "timestamp", "date", "number", "count", "path", "choice", "flag"]


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its name, how it is read, whether a row can live without it."""

    name: str
    kind: Kind
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what a row is, and its columns.

    Attributes
    ----------
    ids : bool
        Whether ``id:<type>`` columns (``id:cookie``, ``id:email_sha256``…) are kept beside the fields.
    key : tuple of str
        At least one of these columns must be found where no single one is required.
    """

    name: str
    row: str
    fields: tuple[Field, ...]
    ids: bool = False
    key: tuple[str, ...] = ()

    def field(self, name: str) -> Field:
        """The field of that name."""
        return next(f for f in self.fields if f.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Field names in contract order."""
        return tuple(f.name for f in self.fields)


def _f(name: str, kind: Kind, required: bool = False, choices: tuple[str, ...] = ()) -> Field:
    return Field(name, kind, required, choices)


TOUCHPOINTS = Table(
    "touchpoints",
    "one contact",
    (
        _f("unified_id", "id", required=True),
        _f("timestamp", "timestamp", required=True),
        _f("channel", "text", required=True),
        _f("campaign", "text"),
        _f("interaction", "text"),
        _f("cost", "number"),
        _f("device_type", "text"),
        _f("ownership", "text"),
        _f("geo", "text"),
    ),
    ids=True,
)
CONVERSIONS = Table(
    "conversions",
    "one conversion",
    (
        _f("unified_id", "id", required=True),
        _f("timestamp", "timestamp", required=True),
        _f("value", "number"),
        _f("conversion_id", "text"),
        _f("kind", "text"),
        _f("geo", "text"),
    ),
    ids=True,
)
PATHS = Table(
    "paths",
    "one distinct path, aggregated",
    (
        _f("path", "path", required=True),
        _f("conversions", "count", required=True),
        _f("value", "number"),
        _f("nulls", "count"),
    ),
)
CUSTOMERS = Table(
    "customers",
    "one CRM or loyalty record",
    (
        _f("unified_id", "id"),
        _f("customer_since", "timestamp"),
        _f("last_purchase_at", "timestamp"),
        _f("status", "text"),
        _f("consent", "choice", choices=("granted", "denied", "unknown")),
        _f("email", "text"),
        _f("phone", "text"),
        _f("first_name", "text"),
        _f("last_name", "text"),
        _f("country", "text"),
        _f("zip", "text"),
        _f("city", "text"),
        _f("street", "text"),
        _f("birth_date", "text"),
        _f("maid", "text"),
        _f("loyalty_tier", "text"),
    ),
    ids=True,
    key=("unified_id",),
)
IDENTITIES = Table(
    "identities",
    "one link between two ids",
    (
        _f("id_type_a", "text"),
        _f("id_a", "id"),
        _f("id_type_b", "text"),
        _f("id_b", "id"),
        _f("seen_at", "timestamp"),
        _f("score", "number"),
        _f("source", "text"),
    ),
    ids=True,
    key=("id_a", "id_b"),
)
SPEND = Table(
    "spend",
    "one channel and day",
    (
        _f("date", "date", required=True),
        _f("channel", "text", required=True),
        _f("spend", "number", required=True),
        _f("impressions", "count"),
        _f("clicks", "count"),
        _f("campaign", "text"),
        _f("geo", "text"),
    ),
)
# What an experiment is for; each has exactly one use, so that nothing is scored against what moved it.
EXPERIMENT_USES = ("prior", "likelihood", "validate")
ASSIGNMENTS = Table(
    "assignments",
    "one person in one randomised experiment",
    (
        _f("experiment", "text", required=True),
        _f("unified_id", "id", required=True),
        _f("channel", "text", required=True),
        _f("arm", "choice", required=True, choices=("exposed", "held_out")),
        _f("assigned_at", "timestamp", required=True),
        _f("ended_at", "timestamp"),
        _f("would_be_exposed", "flag"),
        _f("use", "choice", choices=EXPERIMENT_USES),
    ),
)

OBSERVATIONS = Table(
    "observations",
    "one person's time at risk",
    (
        _f("unified_id", "id", required=True),
        _f("enter", "timestamp", required=True),
        _f("exit", "timestamp", required=True),
    ),
)

TABLES: dict[str, Table] = {
    t.name: t for t in (TOUCHPOINTS, CONVERSIONS, PATHS, CUSTOMERS, IDENTITIES, SPEND, ASSIGNMENTS, OBSERVATIONS)
}

# Words for a touch's interaction, compared without case.
IMPRESSIONS = frozenset({"impression", "impressions", "view", "view-through", "imp", "i"})
CLICKS = frozenset({"click", "clicks", "click-through", "c"})

# Between the channels of a path as it is kept; no channel name holds it (ASCII's unit separator).
PATH_SEPARATOR = "\x1f"

BASELINE = "(baseline)"
UNATTRIBUTED = "(unattributed)"

CREDIT_COLUMNS = (
    "fit",
    "model",
    "estimand",
    "channel",
    "conversions",
    "value",
    "conversion_share",
    "value_share",
    "cost",
    "cpa",
    "roas",
    "mroas",
    "removal_effect",
    "value_removal_effect",
    "interval_level",
    "interval_kind",
)
GRAINS = ("campaign", "month", "week", "geo", "kind", "customer")
SUPPRESSION_COLUMNS = ("customer_id", "reason", "rule", "since", "suppress_until", "channel")
