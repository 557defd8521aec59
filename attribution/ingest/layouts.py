"""Recognise what a file is by its headers, and which header holds which field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from attribution.errors import UsageError, did_you_mean, listed
from attribution.tables import TABLES, Table

# Names seen in exports, in order of preference; compared without case, blanks and punctuation.
TIMES = ("timestamp", "time", "ts", "datetime", "date_time", "event_time", "event_timestamp", "occurred_at")
PEOPLE = (
    "unified_id", "customer_id", "person_id", "user_id", "customer", "profile_id", "contact_id", "crm_id", "member_id",
    "loyalty_id", "uid", "user", "visitor_id", "client_id", "full_visitor_id", "user_pseudo_id", "anonymous_id",
    "cookie_id", "cookie", "device_id", "id",
)  # fmt: skip
CHANNELS = (
    "channel", "marketing_channel", "channel_name", "channel_group", "channel_grouping",
    "default_channel_group", "default_channel_grouping", "session_default_channel_group", "utm_source",
    "source_medium", "traffic_source", "media_source", "source", "media", "utm_medium", "medium", "touchpoint",
)  # fmt: skip
VALUES = (
    "value", "conversion_value", "revenue", "conversion_revenue", "order_value", "total_revenue", "order_total",
    "purchase_value", "amount", "total_amount", "sales", "transaction_revenue", "price", "total",
)  # fmt: skip
CAMPAIGNS = ("campaign", "campaign_name", "utm_campaign", "campaign_id")
GEOS = ("geo", "region", "market", "country", "dma", "state")
FLAGS = ("conversion", "converted", "is_conversion", "conversion_flag", "is_converted", "has_converted", "conv")

SYNONYMS: dict[str, dict[str, tuple[str, ...]]] = {
    "touchpoints": {
        "unified_id": PEOPLE,
        "timestamp": (
            *TIMES, "touchpoint_timestamp", "timestamp_touchpoint", "touch_time", "touchpoint_time", "touched_at",
            "started_at", "session_start", "session_start_time", "session_started_at", "visit_start_time",
            "visit_time", "created_at", "event_date", "session_date", "date", "day",
        ),
        "channel": CHANNELS,
        "campaign": CAMPAIGNS,
        "interaction": ("interaction", "interaction_type", "touch_type", "event_type", "touchpoint_type", "action",
                        "event", "event_name"),
        "cost": ("cost", "touch_cost", "media_cost", "cpc", "spend"),
        "device_type": ("device_type", "device_category", "device"),
        "ownership": ("ownership", "media_type", "paid_owned_earned"),
        "geo": GEOS,
    },
    "conversions": {
        "unified_id": PEOPLE,
        "timestamp": (
            *TIMES, "converted_at", "conversion_time", "conversion_timestamp", "timestamp_conversion",
            "conversion_date",
            "converted_on", "order_date", "ordered_at", "order_time", "order_timestamp", "purchase_date",
            "purchased_at", "purchase_time", "transaction_date", "transaction_time", "created_at", "date", "day",
        ),
        "value": VALUES,
        "conversion_id": ("conversion_id", "order_id", "order_number", "transaction_id", "purchase_id", "invoice_id"),
        "kind": ("kind", "conversion_type", "conversion_kind", "conversion_name", "goal", "goal_name", "event_name"),
        "geo": GEOS,
    },
    "paths": {
        "path": ("path", "paths", "channel_path", "journey", "conversion_path", "touchpoints", "channels",
                 "channel_list", "default_channel_group_path", "marketing_path", "path_to_conversion"),
        "conversions": ("conversions", "total_conversions", "conversion_count", "num_conversions", "n_conversions",
                        "total_conversion", *FLAGS, "conversion_status"),
        "value": ("total_conversion_value", "total_conversions_value", "conversions_value", "total_value", *VALUES),
        "nulls": ("nulls", "total_null", "total_nulls", "null", "non_conversions", "nonconversions", "null_count"),
    },
    "customers": {
        "unified_id": PEOPLE,
        "customer_since": ("customer_since", "first_purchase_at", "first_purchase_date", "first_order_at",
                           "first_order_date", "member_since", "joined_at", "signup_date", "registered_at",
                           "created_at"),
        "last_purchase_at": ("last_purchase_at", "last_purchase_date", "last_order_at", "last_order_date"),
        "status": ("status", "customer_status", "lifecycle", "lifecycle_stage"),
        "consent": ("consent", "marketing_consent", "ad_consent", "opt_in"),
        "email": ("email", "e_mail", "email_address", "mail"),
        "phone": ("phone", "phone_number", "mobile", "mobile_phone", "telephone", "tel"),
        "first_name": ("first_name", "firstname", "given_name", "forename"),
        "last_name": ("last_name", "lastname", "surname", "family_name"),
        "country": ("country", "country_code"),
        "zip": ("zip", "zip_code", "postcode", "postal_code", "plz"),
        "city": ("city", "town"),
        "street": ("street", "street_address", "address", "address_1", "address_line_1"),
        "birth_date": ("birth_date", "date_of_birth", "dob", "birthday", "birthdate"),
        "maid": ("maid", "idfa", "aaid", "gaid", "advertising_id", "mobile_ad_id"),
        "loyalty_tier": ("loyalty_tier", "tier", "loyalty_status"),
    },
    "identities": {
        "id_type_a": ("id_type_a", "type_a", "source_dataset_l"), "id_a": ("id_a", "unique_id_l"),
        "id_type_b": ("id_type_b", "type_b", "source_dataset_r"), "id_b": ("id_b", "unique_id_r"),
        "seen_at": ("seen_at", "first_seen", "linked_at", *TIMES),
        "score": ("score", "match_probability", "probability", "confidence"), "source": ("source", "evidence"),
    },
    "spend": {
        "date": ("date", "day", "date_day", "spend_date", "report_date", "week", "week_start", "month"),
        "channel": CHANNELS,
        "spend": ("spend", "cost", "amount_spent", "media_spend", "ad_spend", "costs", "amount"),
        "impressions": ("impressions", "imps", "impression_count"),
        "clicks": ("clicks", "click_count", "link_clicks"),
        "campaign": CAMPAIGNS,
        "geo": GEOS,
    },
    "observations": {
        "unified_id": PEOPLE,
        "enter": ("enter", "entered_at", "observed_from", "at_risk_from"),
        "exit": ("exit", "exited_at", "observed_until", "at_risk_until"),
    },
    "assignments": {
        "experiment": ("experiment", "experiment_id", "test", "test_id"),
        "unified_id": PEOPLE,
        "channel": CHANNELS,
        "arm": ("arm", "group", "variant", "cell"),
        "assigned_at": ("assigned_at", "assignment_time", *TIMES, "date"),
        "ended_at": ("ended_at", "end", "ended"),
        "would_be_exposed": ("would_be_exposed", "ghost_exposed", "opportunity"),
        "use": ("use", "used_for", "experiment_use"),
    },
}  # fmt: skip

WIDE = re.compile(r"^(?P<stem>.*?)[\W_]*(?P<number>\d+)$")
# Cells of a file without a header row must not be shown as if they were names of columns.
NAMELIKE = re.compile(r"[^@]{1,60}")
LONG_NUMBER = re.compile(r"\d{5}|[0-9a-f-]{32}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file was recognised as.

    Attributes
    ----------
    name : str
        For the user: ``touchpoints``, ``events with a conversion flag``, ``journeys in wide columns``…
    tables : dict of str to dict of str to str
        Table to field to header. One file can fill touchpoints and conversions.
    flag : str or None
        Header of the conversion flag of event files.
    wide : tuple of str
        Headers of the positions, for journeys in wide columns.
    ids : dict of str to tuple of str
        Table to the headers of its ``id:<type>`` columns.
    """

    name: str
    tables: dict[str, dict[str, str]]
    flag: str | None = None
    wide: tuple[str, ...] = ()
    ids: dict[str, tuple[str, ...]] = field(default_factory=dict)


def key(header: str) -> str:
    """Give a header without case, blanks and punctuation."""
    return re.sub(r"[\W_]+", "", header).lower()


def known(header: str) -> bool:
    """Say whether a header is one that some table is recognised by."""
    return key(header) in _known()


@cache
def _known() -> frozenset[str]:
    names = {key(n) for fields in SYNONYMS.values() for names in fields.values() for n in names}
    return frozenset(names | {key(f) for t in TABLES.values() for f in t.names} | {key(f) for f in FLAGS})


def found(headers: Iterable[str]) -> str:
    """List headers for a message; one that looks like a cell of the data is named by its place."""
    named = [
        h if known(h) or (NAMELIKE.fullmatch(h) and not LONG_NUMBER.search(h)) else f"(column {i})"
        for i, h in enumerate(headers, 1)
    ]
    return listed(named)


def recognise(headers: tuple[str, ...], table: str | None, overrides: Mapping[str, str], name: str) -> Layout:
    """Find the layout of a file from its headers.

    Parameters
    ----------
    headers : tuple of str
    table : str or None
        The table the user named (``--touchpoints FILE``); None finds it.
    overrides : mapping
        ``{"touchpoints.channel": "source"}``, from ``--column``.
    name : str
        File name for messages.

    Raises
    ------
    UsageError
        Where a required field has no header, or nothing is recognised.
    """
    check_columns(overrides)
    chosen = table or _table_of(headers, overrides)
    if chosen is None:
        msg = (
            f"{name} is not recognised by its headers. Found: {found(headers)}. Say what it is (--touchpoints, "
            "--conversions, --paths, --customers, --identities, --spend, --assignments), and name columns with "
            "--column touchpoints.channel=HEADER."
            + ("" if len(headers) > 1 else " All of it is one column: set --delimiter if that is wrong.")
        )
        raise UsageError(msg)
    if chosen == "paths":
        return _paths(headers, overrides, name)
    fields = match(TABLES[chosen], headers, overrides)
    events = _events(headers, fields, overrides) if chosen == "touchpoints" else None
    layout = events or Layout(chosen, {chosen: fields})
    _require(TABLES[chosen], fields, headers, name)
    ids = tuple(h for h in headers if h.lower().startswith("id:"))
    return Layout(layout.name, layout.tables, layout.flag, ids={t: ids for t in layout.tables if TABLES[t].ids})


def match(table: Table, headers: tuple[str, ...], overrides: Mapping[str, str]) -> dict[str, str]:
    """Which header holds which field of a table; a header serves one field."""
    by_key: dict[str, str] = {}
    for header in headers:
        by_key.setdefault(key(header), header)
    chosen = {f: overrides[f"{table.name}.{f}"] for f in table.names if f"{table.name}.{f}" in overrides}
    taken = set(chosen.values())
    exact = {f: by_key[key(f)] for f in table.names if f not in chosen and key(f) in by_key}
    for name, header in exact.items():
        if header not in taken:
            chosen[name] = header
            taken.add(header)
    for name in table.names:
        if name in chosen:
            continue
        for synonym in SYNONYMS[table.name].get(name, ()):
            fitting = by_key.get(key(synonym))
            if fitting is not None and fitting not in taken:
                chosen[name] = fitting
                taken.add(fitting)
                break
    return {n: chosen[n] for n in table.names if n in chosen}


def named_columns(columns: Mapping[str, str], headers: Iterable[str]) -> dict[str, str]:
    """Which of the headers that ``--column`` names are in a file, without regard to case where that is needed."""
    there = list(headers)
    spelled = {key(h): h for h in reversed(there)}
    named = {target: h if h in there else spelled.get(key(h)) for target, h in columns.items()}
    return {target: h for target, h in named.items() if h is not None}


def check_columns(columns: Mapping[str, str]) -> None:
    """Refuse ``--column`` targets that no table has.

    Raises
    ------
    UsageError
        Where a target is no TABLE.FIELD of the contract.
    """
    targets = [f"{t.name}.{f}" for t in TABLES.values() for f in t.names]
    targets.append("touchpoints.conversion")  # the flag of event files
    for target, header in columns.items():
        if target in targets:
            continue
        table = target.partition(".")[0]
        own = [t for t in targets if t.startswith(f"{table}.")]
        msg = (
            f"--column {target}={header}: no such field.{did_you_mean(target, targets)} "
            f"Known: {listed(own or sorted(TABLES))}."
        )
        raise UsageError(msg)


def _table_of(headers: tuple[str, ...], overrides: Mapping[str, str]) -> str | None:
    """Give the table whose required fields are all there; the order settles files that fit several."""
    keys = {key(h) for h in headers}
    fits = {t: match(TABLES[t], headers, overrides) for t in TABLES}

    def has(table: str, *fields: str) -> bool:
        return all(f in fits[table] for f in fields)

    if has("observations", "unified_id", "enter", "exit"):
        return "observations"
    if has("assignments", "experiment", "arm", "unified_id"):
        return "assignments"
    if has("identities", "id_a", "id_b") or _splink(keys):
        return "identities"
    if has("paths", "path", "conversions") and not has("touchpoints", "timestamp"):
        return "paths"
    if has("touchpoints", "unified_id", "timestamp", "channel"):
        return "touchpoints"
    if has("spend", "date", "channel", "spend"):
        return "spend"
    crm = {"email", "customer_since", "consent", "phone", "status", "last_purchase_at", "loyalty_tier", "first_name"}
    if crm & set(fits["customers"]) and not has("conversions", "value"):
        return "customers"
    if has("conversions", "unified_id", "timestamp"):
        return "conversions"
    if sum(h.lower().startswith("id:") for h in headers) >= 2:
        return "identities"
    if numbered(headers):
        return "paths"
    return None


def _splink(keys: set[str]) -> bool:
    return {"uniqueidl", "uniqueidr", "matchprobability"} <= keys


def _events(headers: tuple[str, ...], fields: dict[str, str], overrides: Mapping[str, str]) -> Layout | None:
    """Event files hold conversions too: by a flag, or by revenue on the row."""
    if not {"unified_id", "timestamp", "channel"} <= set(fields):
        return None
    by_key = {key(h): h for h in headers}
    flag = overrides.get("touchpoints.conversion") or next(
        (by_key[key(f)] for f in FLAGS if key(f) in by_key and by_key[key(f)] not in fields.values()), None
    )
    conversion = match(TABLES["conversions"], headers, overrides)
    shared = {f: fields[f] for f in ("unified_id", "timestamp", "geo") if f in fields}
    extra = {
        f: h for f, h in conversion.items() if f in {"value", "conversion_id", "kind"} and h not in fields.values()
    }
    if flag is not None:
        extra = {f: h for f, h in extra.items() if h != flag}
        return Layout("events with a conversion flag", {"touchpoints": fields, "conversions": shared | extra}, flag)
    if "value" in extra:
        name = "sessions with revenue on the row"
        return Layout(name, {"touchpoints": fields, "conversions": shared | extra})
    return None


def numbered(headers: tuple[str, ...]) -> tuple[str, ...]:
    """Headers that share a stem and are numbered one after the other; at least two."""
    stems: dict[str, list[tuple[int, str]]] = {}
    for header in headers:
        numbered = WIDE.match(header)
        if numbered:
            stems.setdefault(numbered["stem"].lower(), []).append((int(numbered["number"]), header))
    best = max(stems.values(), key=len, default=[])
    numbers = [n for n, _ in best]
    if len(best) >= 2 and sorted(numbers) == list(range(min(numbers), min(numbers) + len(best))):
        return tuple(h for _, h in sorted(best))
    return ()


def _paths(headers: tuple[str, ...], overrides: Mapping[str, str], name: str) -> Layout:
    fields = match(TABLES["paths"], headers, overrides)
    if "path" in fields:
        counted = key(fields.get("conversions", "conversions"))
        per_row = counted in {key(f) for f in (*FLAGS, "conversion_status")} and "nulls" not in fields
        if per_row:
            return Layout("journeys in one row each", {"paths": fields}, flag=fields["conversions"])
        _require(TABLES["paths"], fields, headers, name)
        return Layout("aggregated paths", {"paths": fields})
    wide = numbered(headers)
    if not wide:
        _require(TABLES["paths"], fields, headers, name)
    kept = {f: h for f, h in fields.items() if h not in wide}
    return Layout("journeys in wide columns", {"paths": kept}, flag=kept.get("conversions"), wide=wide)


def _require(table: Table, fields: dict[str, str], headers: tuple[str, ...], name: str) -> None:
    missing = [f.name for f in table.fields if f.required and f.name not in fields]
    ids = sum(h.lower().startswith("id:") for h in headers)
    if table.name == "identities" and ids + len({"id_a", "id_b"} & set(fields)) < 2:
        missing = [k for k in table.key if k not in fields]
    elif table.key and not ids and not set(table.key) & set(fields):
        missing = [*table.key, *missing]
    if missing:
        first = missing[0]
        split = "" if len(headers) > 1 else " All of it is one column: set --delimiter if that is wrong."
        msg = (
            f'Column "{first}" not found in {name}.{did_you_mean(first, headers)} Found: {found(headers)}.{split} '
            f"Name it with --column {table.name}.{first}=HEADER."
        )
        raise UsageError(msg)
