"""Check rows against a contract: SQL that gives each field's value, and the reason where a row fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from attribution.engine import identifier, literal
from attribution.ingest.layouts import Layout
from attribution.ingest.numbers import find_number
from attribution.ingest.pathcells import path_columns
from attribution.ingest.staged import Staged
from attribution.ingest.text import LINE
from attribution.ingest.timestamps import EARLIEST, LATEST, WINDOW, find_format
from attribution.settings import IngestSettings, moment
from attribution.tables import BASELINE, TABLES, UNATTRIBUTED, Field

LONGEST_TEXT = 1000
# Blanks that exports hold: space, tab, newline, return, no-break, zero-width, byte-order mark, ideographic.
BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(8203) || chr(65279) || chr(12288)"
# Printable ASCII without blanks around it: needs no trimming, and to see that is cheaper than to trim.
CLEAN = "'[!-~]([ -~]*[!-~])?'"
PLACEHOLDERS = (
    "null", "none", "nan", "n/a", "na", "nil", "undefined", "(not set)", "not set", "unknown", "-", "anonymous",
)  # fmt: skip
LONGEST_PLACEHOLDER = 11
# 0, 0000-0000, the device id that iOS gives without consent.
ZEROS = "'[0-]*0[0-]*'"
YES = ("1", "true", "t", "yes", "y", "1.0", "x", "converted", "conversion")
NO = ("0", "false", "f", "no", "n", "0.0", "", "not converted")
CONSENT = {
    "granted": ("granted", "yes", "y", "true", "1", "opt-in", "optin", "opted in", "accepted", "given"),
    "denied": ("denied", "no", "n", "false", "0", "opt-out", "optout", "opted out", "refused", "withdrawn", "revoked"),
}
ROW = "_row"


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition under which a row is quarantined, and the reason given."""

    condition: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """How the rows of one source are read.

    Attributes
    ----------
    columns : dict of str to dict of str to str
        Table to output column to SQL expression over the staged relation.
    takes : dict of str to str
        Table to the condition under which a row (that passed) goes into it.
    rules : list of Rule
        In order; the first that holds names the reason.
    outside : str
        Condition under which a row lies outside the stated window.
    read : dict of str to str
        Header to how it was read, for the user.
    noted : dict of str to str
        What is said about rows that are kept, to the condition under which it holds.
    fine : list of str
        Cheap conditions; a row for which all hold breaks no rule, so that most rows need no other check.
    """

    columns: dict[str, dict[str, str]]
    takes: dict[str, str]
    rules: list[Rule]
    outside: str = "false"
    read: dict[str, str] = field(default_factory=dict)
    noted: dict[str, str] = field(default_factory=dict)
    fine: list[str] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """SQL that gives the first reason that holds, or NULL."""
        if not self.rules:
            return "NULL::VARCHAR"
        fine = " AND ".join(self.fine)
        cases = " ".join(f"WHEN {r.condition} THEN {literal(r.reason)}" for r in self.rules)
        return f"CASE WHEN {fine} THEN NULL {cases} END"


def check(connection: Any, staged: Staged, layout: Layout, settings: IngestSettings) -> Checked:
    """Plan how a staged source becomes contract tables.

    Raises
    ------
    AttributionError
        Where a column cannot be read at all (times in no known format).
    """
    plan = _Plan(connection, staged, layout, settings)
    for table, fields in layout.tables.items():
        plan.add(table, fields)
    return plan.done()


class _Plan:
    def __init__(self, connection: Any, staged: Staged, layout: Layout, settings: IngestSettings) -> None:
        self.connection, self.staged, self.layout, self.settings = connection, staged, layout, settings
        self.columns: dict[str, dict[str, str]] = {}
        self.takes: dict[str, str] = {}
        self.rules: list[Rule] = []
        self.fine: list[str] = []
        self.read: dict[str, str] = {}
        self.noted: dict[str, str] = {}
        self.times: list[str] = []
        self.expressions: dict[tuple[str, str, bool], str] = {}
        self.clean = self.clean_columns()

    def clean_columns(self) -> set[str]:
        """Find the columns of text in which no cell needs trimming, so that none is trimmed."""
        used = {h for fields in self.layout.tables.values() for h in fields.values()}
        used |= {h for headers in self.layout.ids.values() for h in headers} | set(self.layout.wide)
        # Paths are cleaned channel by channel, once they are split.
        used -= {self.layout.tables.get("paths", {}).get("path")}
        texts = sorted(h for h in used if h is not None and self.is_text(h))
        if not texts:
            return set()
        tests = ", ".join(
            f"coalesce(bool_and({identifier(h)} IS NULL OR regexp_full_match({identifier(h)}, {CLEAN})), true)"
            for h in texts
        )
        found = self.connection.execute(f"SELECT {tests} FROM {self.staged.relation}").fetchone()
        return {h for h, clean in zip(texts, found, strict=True) if clean}

    def done(self) -> Checked:
        outside = "false"
        if self.settings.as_of is not None and self.times:
            limit = moment(self.settings.as_of)
            outside = " OR ".join(f"coalesce(epoch_us({t}) > {limit}, false)" for t in self.times)
        return Checked(self.columns, self.takes, self.rules, outside, self.read, self.noted, self.fine)

    def add(self, table: str, fields: dict[str, str]) -> None:
        out: dict[str, str] = {}
        if table == "paths":
            self.columns["paths"] = path_columns(self, fields)
            self.takes["paths"] = "true"
            return
        for name, header in fields.items():
            out[name] = self.field(TABLES[table].field(name), header)
        for header in self.layout.ids.get(table, ()):
            out[header.lower()] = self.text(header)
            self.too_long(header)
        if table == "customers":
            given = [e for n, e in out.items() if n == "unified_id" or n.startswith("id:")]
            self.rule(" AND ".join(f"{e} IS NULL" for e in given), "no id in the row")
        if table == "identities":
            self.identities(out)
        out[ROW] = self.row_hash()
        self.columns[table] = out
        self.takes[table] = "true"
        if table == "conversions" and "touchpoints" in self.layout.tables:
            self.takes[table] = self.converted(out)
            if "value" in out:
                self.note("value", f"coalesce({out['value']}, 0) > 0 AND NOT ({self.takes[table]})")

    def note(self, name: str, condition: str) -> None:
        what = {
            "value": "rows that are no conversion have a value; it is not used",
            "consent": "rows have a consent that is neither given nor denied; read as unknown",
        }
        self.noted[what[name]] = condition

    def identities(self, out: dict[str, str]) -> None:
        given = [e for n, e in out.items() if n in {"id_a", "id_b"} or n.startswith("id:")]
        filled = " + ".join(f"({e} IS NOT NULL)::INT" for e in given)
        self.rule(f"{filled} < 2", "fewer than two ids in the row")

    def converted(self, out: dict[str, str]) -> str:
        if self.layout.flag is not None:
            return self.flag(self.layout.flag)
        return f"coalesce({out['value']}, 0) > 0"

    def flag(self, header: str) -> str:
        self.read[header] = "yes or no"
        if not self.is_text(header):
            column = identifier(header)
            value = f"CASE WHEN {column} IS NULL THEN 0 ELSE coalesce(try_cast({column} AS DOUBLE), 2) END"
            self.rule(f"{value} NOT IN (0, 1)", f'"{header}" is neither yes nor no')
            return f"{value} = 1"
        text = f"lower(coalesce({self.text(header)}, ''))"
        self.rule(f"{text} NOT IN ({_texts((*YES, *NO))})", f'"{header}" is neither yes nor no')
        return f"{text} IN ({_texts(YES)})"

    def field(self, field: Field, header: str) -> str:
        # Touchpoints and conversions of an event file share columns.
        shared = (field.kind, header, field.name == "channel")
        if shared in self.expressions:
            return self.expressions[shared]
        reader = {
            "id": self.id, "text": self.name_or_text, "timestamp": self.time, "date": self.time, "number": self.number,
            "count": self.number, "choice": self.choice, "flag": self.yes_no,
        }[field.kind]  # fmt: skip
        expression = reader(field, header)
        self.expressions[shared] = expression
        return expression

    def rule(self, condition: str, reason: str, fine: str | None = None) -> None:
        """Add a rule; ``fine`` is a cheaper condition under which it cannot hold."""
        found = Rule(condition, reason)
        if found in self.rules:
            return
        self.rules.append(found)
        fine = f"NOT coalesce({condition}, false)" if fine is None else fine
        if fine not in self.fine:
            self.fine.append(fine)

    def is_text(self, header: str) -> bool:
        return self.staged.columns[header].startswith("VARCHAR") and not self.staged.columns[header].endswith("]")

    def raw(self, header: str) -> str:
        """Give the cell as text: whole numbers without ``.0``, which a column with missing ids has elsewhere."""
        column = identifier(header)
        if self.staged.columns[header] in {"FLOAT", "DOUBLE"}:
            whole = f"{column} = trunc({column}) AND abs({column}) < 1e15"
            return (
                f"CASE WHEN {whole} THEN {column}::BIGINT::VARCHAR WHEN NOT isnan({column}) THEN {column}::VARCHAR END"
            )
        return column if self.is_text(header) else f"{column}::VARCHAR"

    def text(self, header: str) -> str:
        raw = self.raw(header)
        if header in self.clean:
            return raw
        clean = f"regexp_full_match({raw}, {CLEAN})"
        return f"CASE WHEN {clean} THEN {raw} ELSE nullif(trim({raw}, {BLANKS}), '') END"

    def empty(self, header: str) -> str:
        column = identifier(header)
        return f"({self.text(header)} IS NULL)" if self.is_text(header) else f"({column} IS NULL)"

    def too_long(self, header: str, longest: int = LONGEST_TEXT) -> None:
        self.rule(
            f"length({self.text(header)}) > {longest}", f'"{header}" is longer than {longest:,} characters',
            f"coalesce(strlen({self.raw(header)}), 0) <= {longest}",
        )  # fmt: skip

    def id(self, field: Field, header: str) -> str:
        expression, raw = self.text(header), self.raw(header)
        self.read.setdefault(header, "id")
        placeholder = f"(lower({expression}) IN ({_texts(PLACEHOLDERS)}) OR regexp_full_match({expression}, {ZEROS}))"
        self.too_long(header)
        if not field.required:
            return f"CASE WHEN NOT coalesce({placeholder}, false) THEN {expression} END"
        filled = f"regexp_full_match({raw}, {CLEAN})"
        clean = f"{raw} IS NOT NULL" if header in self.clean else f"coalesce({filled}, false)"
        named = f"(strlen({raw}) > {LONGEST_PLACEHOLDER} OR lower({raw}) NOT IN ({_texts(PLACEHOLDERS)}))"
        zeros = (
            f"(NOT starts_with({raw}, '0') AND NOT starts_with({raw}, '-') OR NOT regexp_full_match({raw}, {ZEROS}))"
        )
        self.rule(f"{expression} IS NULL", f"{field.name} is empty", clean)
        self.rule(placeholder, f"{field.name} is a placeholder, not an id", f"{named} AND {zeros}")
        return expression

    def name_or_text(self, field: Field, header: str) -> str:
        expression = self.text(header)
        self.read.setdefault(header, "text")
        if field.name == "channel":
            if self.settings.missing_channel is not None:
                expression = f"coalesce({expression}, {literal(self.settings.missing_channel)})"
            self.rule(f"{expression} IS NULL", "channel is empty")
            self.rule(f"{expression} IN ({_texts((BASELINE, UNATTRIBUTED))})", "channel has a reserved name")
        elif field.required:
            self.rule(f"{expression} IS NULL", f"{field.name} is empty")
        self.too_long(header)
        return expression

    def time(self, field: Field, header: str) -> str:
        # A day is a day: it is not moved by a zone.
        zone = None if field.kind == "date" else self.settings.timezone
        found = find_format(
            self.connection, self.staged.relation, header, self.staged.columns[header], self.staged.source.name,
            self.settings.timestamp_format, zone,
        )  # fmt: skip
        self.read[header] = found.name if found.zoned or field.kind == "date" else f"{found.name}, {zone or 'UTC'}"
        empty, inside = self.empty(header), f"{found.expression} BETWEEN {WINDOW}"
        fine = f"coalesce({inside}, {'false' if field.required else empty})"
        if field.required:
            self.rule(empty, f"{field.name} is empty", fine)
        self.rule(f"NOT {empty} AND {found.expression} IS NULL", f"{field.name} does not read as {found.name}", fine)
        self.rule(f"NOT ({inside})", f"{field.name} is before {EARLIEST[:4]} or after {int(LATEST[:4]) - 1}", fine)
        if field.required:
            self.times.append(found.expression)
        return f"({found.expression})::DATE" if field.kind == "date" else found.expression

    def number(self, field: Field, header: str) -> str:
        found = find_number(self.connection, self.staged.relation, header, self.staged.columns[header])
        self.read.setdefault(header, found.name)
        empty, value = self.empty(header), found.expression
        fine = f"coalesce({value} BETWEEN 0 AND 1e300, {'false' if field.required else empty})"
        if field.required:
            self.rule(empty, f"{field.name} is empty", fine)
        self.rule(f"NOT {empty} AND coalesce(NOT isfinite({value}), true)", f"{field.name} is not a number", fine)
        self.rule(f"{value} < 0", f"{field.name} is negative", fine)
        return value

    def yes_no(self, field: Field, header: str) -> str:
        """Yes or no; NULL where the cell is empty, which says neither."""
        said = self.flag(header)
        self.read[header] = "yes or no"
        empty = self.empty(header)
        if field.required:
            self.rule(empty, f"{field.name} is empty")
        return f"CASE WHEN NOT {empty} THEN {said} END"

    def choice(self, field: Field, header: str) -> str:
        text = f"lower({self.text(header)})"
        self.read[header] = " or ".join(field.choices)
        if field.name == "consent":
            cases = " ".join(f"WHEN {text} IN ({_texts(words)}) THEN {literal(to)}" for to, words in CONSENT.items())
            words = (*(w for words in CONSENT.values() for w in words), "unknown")
            self.note("consent", f"{text} NOT IN ({_texts(words)})")
            return f"CASE {cases} ELSE 'unknown' END"
        tidy = f"replace(replace({text}, ' ', '_'), '-', '_')"
        # An empty cell of an optional column says nothing, which is no mistake.
        said = f"coalesce({tidy}, '')" if field.required else f"nullif(coalesce({tidy}, ''), '')"
        self.rule(f"{said} NOT IN ({_texts(field.choices)})", f"{field.name} is not {' or '.join(field.choices)}")
        return tidy if field.required else said

    def row_hash(self) -> str:
        """Give SQL for one number that stands for the source row: every filled cell of it, whatever their order."""
        cells = [
            f"CASE WHEN {identifier(c)} IS NULL THEN 0::UBIGINT ELSE hash({literal(c.lower())}, {identifier(c)}) END"
            for c in sorted(self.staged.columns)
        ]
        return reduce(lambda left, right: f"xor({left}, {right})", cells)


def _texts(words: tuple[str, ...]) -> str:
    return ", ".join(literal(w) for w in words)


def selections(staged: Staged, checked: Checked) -> Iterator[tuple[str, str]]:
    """Yield, for each table, SQL that gives the rows that passed and belong to it."""
    inside = f"{checked.reason} IS NULL AND NOT ({checked.outside})"
    for table, columns in checked.columns.items():
        listed = ", ".join(f"{e} AS {identifier(n)}" for n, e in columns.items())
        yield table, f"SELECT {listed} FROM {staged.relation} WHERE {inside} AND {checked.takes[table]}"


def refused(staged: Staged, checked: Checked) -> str:
    """Give SQL for line, reason and the source's own cells of every row that failed."""
    cells = ", ".join(f"{identifier(c)}::VARCHAR AS {identifier(c)}" for c in staged.columns)
    failed = f"{checked.reason} IS NOT NULL"
    return f"SELECT {LINE}, {checked.reason} AS _reason, {cells} FROM {staged.relation} WHERE {failed}"
