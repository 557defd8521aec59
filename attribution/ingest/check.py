"""Check rows against a contract: SQL that gives each field's value, and the reason where a row fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from attribution.engine import identifier, literal
from attribution.errors import AttributionError
from attribution.ingest.layouts import Layout
from attribution.ingest.numbers import find_number
from attribution.ingest.stage import LINE, Staged
from attribution.ingest.timestamps import EARLIEST, LATEST, find_format
from attribution.settings import IngestSettings
from attribution.tables import BASELINE, TABLES, UNATTRIBUTED, Field

LONGEST_TEXT = 1000
LONGEST_PATH = 100_000
BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(8203) || chr(65279) || chr(12288)"
PLACEHOLDERS = (
    "null", "none", "nan", "n/a", "na", "nil", "undefined", "(not set)", "not set", "unknown", "-", "0",
    "00000000-0000-0000-0000-000000000000", "anonymous",
)  # fmt: skip
YES = ("1", "true", "t", "yes", "y", "1.0", "x", "converted", "conversion")
NO = ("0", "false", "f", "no", "n", "0.0", "", "not converted")
CONSENT = {
    "granted": ("granted", "yes", "y", "true", "1", "opt-in", "optin", "opted in", "accepted", "given"),
    "denied": ("denied", "no", "n", "false", "0", "opt-out", "optout", "opted out", "refused", "withdrawn", "revoked"),
}
SEPARATORS = (">", "→", "|", ";", ",")
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
    outside : str or None
        Condition under which a row lies outside the stated window.
    read : dict of str to str
        Header to how it was read, for the user.
    """

    columns: dict[str, dict[str, str]]
    takes: dict[str, str]
    rules: list[Rule]
    outside: str | None
    read: dict[str, str] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """SQL that gives the first reason that holds, or NULL."""
        cases = " ".join(f"WHEN {r.condition} THEN {literal(r.reason)}" for r in self.rules)
        return f"CASE {cases} END" if cases else "NULL"


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
        self.read: dict[str, str] = {}
        self.times: list[str] = []
        self.expressions: dict[tuple[str, str], str] = {}

    def done(self) -> Checked:
        outside = None
        if self.settings.as_of is not None and self.times:
            from attribution.journeys.build import moment  # noqa: PLC0415  (compiled kernels, only here)

            limit = moment(self.settings.as_of)
            outside = " OR ".join(f"coalesce(epoch_us({t}) > {limit}, false)" for t in self.times)
        return Checked(self.columns, self.takes, self.rules, outside, self.read)

    def add(self, table: str, fields: dict[str, str]) -> None:
        out: dict[str, str] = {}
        if table == "paths":
            self.add_paths(fields)
            return
        for name, header in fields.items():
            out[name] = self.field(TABLES[table].field(name), header)
        for header in self.layout.ids.get(table, ()):
            out[header.lower()] = self.text(header)
            self.too_long(header, out[header.lower()])
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

    def identities(self, out: dict[str, str]) -> None:
        given = [e for n, e in out.items() if n in {"id_a", "id_b"} or n.startswith("id:")]
        filled = " + ".join(f"({e} IS NOT NULL)::INT" for e in given)
        self.rule(f"{filled} < 2", "fewer than two ids in the row")

    def converted(self, out: dict[str, str]) -> str:
        if self.layout.flag is not None:
            return self.flag(self.layout.flag)
        return f"coalesce({out['value']}, 0) > 0"

    def flag(self, header: str) -> str:
        if self.staged.columns[header].startswith(("BOOLEAN", "TINYINT", "INTEGER", "BIGINT", "DOUBLE", "UTINYINT")):
            value = f"coalesce({identifier(header)}::DOUBLE, 0)"
            self.rule(f"{value} NOT IN (0, 1)", f'"{header}" is neither yes nor no')
            return f"{value} = 1"
        text = f"lower(coalesce(trim({identifier(header)}::VARCHAR), ''))"
        self.rule(f"{text} NOT IN ({_texts((*YES, *NO))})", f'"{header}" is neither yes nor no')
        self.read[header] = "yes or no"
        return f"{text} IN ({_texts(YES)})"

    def field(self, field: Field, header: str) -> str:
        if (field.kind, header) in self.expressions:  # an event file's touchpoints and conversions share columns
            return self.expressions[field.kind, header]
        reader = {
            "id": self.id, "text": self.name_or_text, "timestamp": self.time, "date": self.time, "number": self.number,
            "count": self.number, "choice": self.choice,
        }[field.kind]  # fmt: skip
        expression = reader(field, header)
        self.expressions[field.kind, header] = expression
        return expression

    def rule(self, condition: str, reason: str) -> None:
        found = Rule(condition, reason)
        if found not in self.rules:
            self.rules.append(found)

    def text(self, header: str) -> str:
        return f"nullif(trim({identifier(header)}::VARCHAR, {BLANKS}), '')"

    def too_long(self, header: str, expression: str, longest: int = LONGEST_TEXT) -> None:
        self.rule(f"length({expression}) > {longest}", f'"{header}" is longer than {longest:,} characters')

    def id(self, field: Field, header: str) -> str:
        expression = self.text(header)
        self.read.setdefault(header, "id")
        if field.required:
            self.rule(f"{expression} IS NULL", f"{field.name} is empty")
        placeholder = f"length({expression}) <= 36 AND lower({expression}) IN ({_texts(PLACEHOLDERS)})"
        if field.required:
            self.rule(placeholder, f"{field.name} is a placeholder, not an id")
        else:
            expression = f"CASE WHEN NOT coalesce({placeholder}, false) THEN {expression} END"
        self.too_long(header, expression)
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
        self.too_long(header, expression)
        return expression

    def time(self, field: Field, header: str) -> str:
        zone = self.settings.timezone
        found = find_format(
            self.connection, self.staged.relation, header, self.staged.columns[header], self.staged.source.name,
            self.settings.timestamp_format, zone,
        )  # fmt: skip
        how = {"typed": "time"}.get(found.name, found.name)
        self.read[header] = how if found.zoned or field.kind == "date" else f"{how}, {zone or 'UTC'}"
        empty = f"coalesce(trim({identifier(header)}::VARCHAR), '') = ''"
        if field.required:
            self.rule(empty, f"{field.name} is empty")
        self.rule(f"NOT ({empty}) AND {found.expression} IS NULL", f"{field.name} does not read as {how}")
        window = f"NOT ({found.expression} >= TIMESTAMP '{EARLIEST}' AND {found.expression} < TIMESTAMP '{LATEST}')"
        self.rule(window, f"{field.name} is before {EARLIEST[:4]} or after {int(LATEST[:4]) - 1}")
        if field.required:
            self.times.append(found.expression)
        return f"({found.expression})::DATE" if field.kind == "date" else found.expression

    def number(self, field: Field, header: str) -> str:
        found = find_number(self.connection, self.staged.relation, header, self.staged.columns[header])
        self.read.setdefault(header, {"typed": "number"}.get(found.name, found.name))
        empty = f"coalesce(trim({identifier(header)}::VARCHAR), '') = ''"
        if field.required:
            self.rule(empty, f"{field.name} is empty")
        self.rule(f"NOT ({empty}) AND {found.expression} IS NULL", f"{field.name} is not a number")
        self.rule(f"{found.expression} < 0", f"{field.name} is negative")
        return found.expression

    def choice(self, field: Field, header: str) -> str:
        text = f"lower({self.text(header)})"
        self.read[header] = " or ".join(field.choices)
        if field.name == "consent":
            cases = " ".join(f"WHEN {text} IN ({_texts(words)}) THEN {literal(to)}" for to, words in CONSENT.items())
            return f"CASE {cases} ELSE 'unknown' END"
        tidy = f"replace(replace({text}, ' ', '_'), '-', '_')"
        self.rule(f"coalesce({tidy}, '') NOT IN ({_texts(field.choices)})", f"{field.name} is not {' or '.join(field.choices)}")
        return tidy

    def row_hash(self) -> str:
        """One number for the whole source row, every column of it, whatever their order in the file."""
        return f"hash({', '.join(identifier(c) for c in sorted(self.staged.columns))})"

    def add_paths(self, fields: dict[str, str]) -> None:
        path, flag = self.path_and_flag(fields)
        out = {"path": path}
        self.rule(f"{path} IS NULL", "path does not read as a list")
        self.rule(f"len(list_filter({path}, lambda x: length(x) > {LONGEST_TEXT})) > 0",
                  f"a channel is longer than {LONGEST_TEXT:,} characters")  # fmt: skip
        reserved = _texts((BASELINE, UNATTRIBUTED))
        self.rule(f"len(list_filter({path}, lambda x: x IN ({reserved}))) > 0", "channel has a reserved name")
        value = self.number(TABLES["paths"].field("value"), fields["value"]) if "value" in fields else None
        if flag is not None:
            out["conversions"] = f"({flag})::INT::DOUBLE"
            out["nulls"] = f"1 - ({flag})::INT::DOUBLE"
            if value is not None:
                value = f"CASE WHEN {flag} THEN {value} END"
        else:
            for name in ("conversions", "nulls"):
                if name in fields:
                    out[name] = f"coalesce({self.number(TABLES['paths'].field(name), fields[name])}, 0)"
        if value is not None:
            out["value"] = f"coalesce({value}, 0)"
            self.rule(f"{out['value']} > 0 AND {out['conversions']} = 0", "value without a conversion")
        self.columns["paths"] = out
        self.takes["paths"] = "true"

    def path_and_flag(self, fields: dict[str, str]) -> tuple[str, str | None]:
        if self.layout.wide:
            cells = "[" + ", ".join(self.text(h) for h in self.layout.wide) + "]"
            path = f"list_filter({cells}, lambda x: x IS NOT NULL)"
            if self.layout.flag is not None and self.any_filled(self.layout.flag):
                return path, self.flag(self.layout.flag)
            token = self.settings.conversion_token or self.conversion_token(path)
            self.read["(conversion)"] = f'token "{token}"'
            if "(no conversion)" not in self.read:
                self.read["(no conversion)"] = "a row without that token"
            return f"list_filter({path}, lambda x: x != {literal(token)})", f"list_contains({path}, {literal(token)})"
        header = fields["path"]
        flag = self.flag(self.layout.flag) if self.layout.flag is not None else None
        return self.path(header), flag

    def any_filled(self, header: str) -> bool:
        found = self.connection.execute(f"SELECT count({self.text(header)}) FROM {self.staged.relation}").fetchone()
        return bool(found[0])

    def conversion_token(self, path: str) -> str:
        """The token that only ever stands last, and does so in most rows."""
        rows = self.connection.execute(
            f"""WITH p AS (SELECT {path} AS p FROM {self.staged.relation}),
            last AS (SELECT p[-1] AS token, count(*) AS rows FROM p WHERE len(p) > 0 GROUP BY 1),
            inner_ AS (SELECT DISTINCT unnest(p[1:-2]) AS token FROM p)
            SELECT token, rows FROM last WHERE token NOT IN (SELECT token FROM inner_)
            ORDER BY rows DESC, token LIMIT 2"""
        ).fetchall()
        total = max(self.staged.rows, 1)
        if rows and rows[0][1] / total > 0.5 and (len(rows) == 1 or rows[1][1] < rows[0][1]):
            return str(rows[0][0])
        named = [r[0] for r in rows if r[0].lower().strip("()") in {"conversion", "converted", "purchase", "order", "sale"}]
        if named:
            return str(named[0])
        msg = (
            f"{self.staged.source.name}: journeys in wide columns, but nothing tells which of them converted. Name the "
            "token that means a conversion: --conversion-token 21"
        )
        raise AttributionError(msg)

    def path(self, header: str) -> str:
        column = identifier(header)
        kind = self.staged.columns[header]
        self.too_long(header, f"{column}::VARCHAR", LONGEST_PATH)
        if kind.endswith("[]"):
            self.read[header] = "list"
            return _tidy(f"{column}::VARCHAR[]")
        text = f"coalesce(trim({column}::VARCHAR), '')"
        separator = self.settings.path_separator
        if separator is None:
            lists, *counts = self.connection.execute(
                f"SELECT count(*) FILTER ({text} LIKE '[%]') / greatest(count(*), 1), "
                + ", ".join(f"count(*) FILTER (contains({text}, {literal(s)}))" for s in SEPARATORS)
                + f" FROM {self.staged.relation}"
            ).fetchone()
            if lists > 0.5:
                self.read[header] = "list"
                return _tidy(f"CASE WHEN {text} = '' THEN []::VARCHAR[] ELSE try_cast({text} AS VARCHAR[]) END")
            separator = next((s for s, n in zip(SEPARATORS, counts, strict=True) if n > 0), SEPARATORS[0])
        self.read[header] = f'path, separator "{separator}"'
        return _tidy(f"string_split({text}, {literal(separator.strip() or separator)})")


def _tidy(expression: str) -> str:
    """Channels without blanks around them; empty ones are no touch."""
    trimmed = f"list_transform({expression}, lambda x: trim(x, {BLANKS}))"
    return f"list_filter({trimmed}, lambda x: x != '')"


def _texts(words: tuple[str, ...]) -> str:
    return ", ".join(literal(w) for w in words)


def selections(staged: Staged, checked: Checked) -> Iterator[tuple[str, str]]:
    """For each table, SQL that gives the rows that passed and belong to it."""
    inside = f"{checked.reason} IS NULL"
    if checked.outside:
        inside += f" AND NOT ({checked.outside})"
    for table, columns in checked.columns.items():
        listed = ", ".join(f"{e} AS {identifier(n)}" for n, e in columns.items())
        yield table, f"SELECT {listed} FROM {staged.relation} WHERE {inside} AND {checked.takes[table]}"


def refused(staged: Staged, checked: Checked) -> str:
    """SQL that gives line, reason and the source's own cells of every row that failed."""
    cells = ", ".join(f"{identifier(c)}::VARCHAR AS {identifier(c)}" for c in staged.columns)
    return f"SELECT {LINE}, {checked.reason} AS _reason, {cells} FROM {staged.relation} WHERE {checked.reason} IS NOT NULL"
