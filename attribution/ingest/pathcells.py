"""Path cells of any writing — separators, lists, one column per position — as one text per path.

A path is kept as its channels with `PATH_SEPARATOR` between them: text is checked and split many times faster
than lists. Blanks around channels and empty channels are dropped when the text is split.
"""

from __future__ import annotations

from typing import Any, Protocol

from attribution.engine import identifier, literal, one_row
from attribution.errors import AttributionError
from attribution.ingest.layouts import Layout
from attribution.ingest.staged import Staged
from attribution.settings import IngestSettings
from attribution.tables import BASELINE, PATH_SEPARATOR, TABLES, UNATTRIBUTED, Field

LONGEST_CHANNEL = 1000
LONGEST_PATH = 100_000
SEPARATORS = (">", "→", "|", ";", ",")
CONVERSION_WORDS = frozenset({"conversion", "converted", "purchase", "order", "sale"})
BETWEEN = literal(PATH_SEPARATOR)


class Plan(Protocol):
    """What the plan of a file offers to the reading of its paths."""

    connection: Any
    staged: Staged
    layout: Layout
    settings: IngestSettings
    read: dict[str, str]

    def rule(self, condition: str, reason: str, fine: str | None = None) -> None:
        """Add a rule for rows."""

    def number(self, field: Field, header: str) -> str:
        """SQL for a checked number."""

    def flag(self, header: str) -> str:
        """SQL for a checked yes or no."""

    def text(self, header: str) -> str:
        """SQL for a cell without blanks around it."""

    def too_long(self, header: str, longest: int = 1000) -> None:
        """Add a rule against long cells."""


def path_columns(plan: Plan, fields: dict[str, str]) -> dict[str, str]:
    """Plan the columns of the paths table, and add its rules."""
    path, flag = _path_and_flag(plan, fields)
    out = {"path": path}
    raw = "" if plan.layout.wide else f"coalesce({identifier(fields['path'])}::VARCHAR, '')"
    plan.rule(f"{path} IS NULL", "path does not read as a list", "true" if path.startswith("replace(") else None)
    channels = f"string_split({path}, {BETWEEN})"
    # Looked into only where the whole cell says that there may be something to find.
    plan.rule(
        f"length({path}) > {LONGEST_CHANNEL} AND "
        f"len(list_filter({channels}, lambda x: length(x) > {LONGEST_CHANNEL})) > 0",
        f"a channel is longer than {LONGEST_CHANNEL:,} characters",
        f"strlen({raw}) <= {LONGEST_CHANNEL}" if raw else None,
    )
    for name in (BASELINE, UNATTRIBUTED):
        plan.rule(
            f"contains({path}, {literal(name)}) AND "
            f"len(list_filter({channels}, lambda x: trim(x) = {literal(name)})) > 0",
            "channel has a reserved name",
            f"NOT contains({raw}, {literal(name)})" if raw else None,
        )
    table = TABLES["paths"]
    value = plan.number(table.field("value"), fields["value"]) if "value" in fields else None
    if flag is not None:
        out["conversions"] = f"({flag})::INT::DOUBLE"
        out["nulls"] = f"1 - ({flag})::INT::DOUBLE"
        if value is not None:
            value = f"CASE WHEN {flag} THEN {value} END"
    else:
        for name in ("conversions", "nulls"):
            if name in fields:
                out[name] = f"coalesce({plan.number(table.field(name), fields[name])}, 0)"
    if value is not None:
        out["value"] = f"coalesce({value}, 0)"
        plan.rule(f"{out['value']} > 0 AND {out['conversions']} = 0", "value without a conversion")
    return out


def _path_and_flag(plan: Plan, fields: dict[str, str]) -> tuple[str, str | None]:
    if plan.layout.wide:
        return _wide(plan)
    flag = plan.flag(plan.layout.flag) if plan.layout.flag is not None else None
    return _cell(plan, fields["path"]), flag


def _wide(plan: Plan) -> tuple[str, str]:
    cells = "[" + ", ".join(plan.text(h) for h in plan.layout.wide) + "]"
    path = f"list_filter({cells}, lambda x: x IS NOT NULL)"
    flag = plan.layout.flag
    if flag is not None and one_row(plan.connection, f"SELECT count({plan.text(flag)}) FROM {plan.staged.relation}")[0]:
        return _joined(path), plan.flag(flag)
    token = plan.settings.conversion_token or _conversion_token(plan, path)
    plan.read["(conversion)"] = f'token "{token}"'
    plan.read.setdefault("(no conversion)", "a row without that token")
    others = f"list_filter({path}, lambda x: x != {literal(token)})"
    return _joined(others), f"list_contains({path}, {literal(token)})"


def _joined(channels: str) -> str:
    return f"array_to_string({channels}, {BETWEEN})"


def _conversion_token(plan: Plan, path: str) -> str:
    """Find the token that only ever stands last, and does so in most rows."""
    if not plan.staged.rows:
        return ""
    rows = plan.connection.execute(
        f"""WITH p AS (SELECT {path} AS p FROM {plan.staged.relation}),
        last AS (SELECT p[-1] AS token, count(*) AS rows FROM p WHERE len(p) > 0 GROUP BY 1),
        inner_ AS (SELECT DISTINCT unnest(p[1:-2]) AS token FROM p)
        SELECT token, rows FROM last WHERE token NOT IN (SELECT token FROM inner_)
        ORDER BY rows DESC, token LIMIT 2"""
    ).fetchall()
    if rows and rows[0][1] / plan.staged.rows > 0.5 and (len(rows) == 1 or rows[1][1] < rows[0][1]):
        return str(rows[0][0])
    named = [r[0] for r in rows if r[0].lower().strip("()") in CONVERSION_WORDS]
    if named:
        return str(named[0])
    msg = (
        f"{plan.staged.source.name}: journeys in wide columns, but nothing tells which of them converted. Name the "
        "token that means a conversion: --conversion-token 21"
    )
    raise AttributionError(msg)


def _cell(plan: Plan, header: str) -> str:
    """SQL for the path in one cell."""
    column = identifier(header)
    plan.too_long(header, LONGEST_PATH)
    if plan.staged.columns[header].endswith("[]"):
        plan.read[header] = "list"
        return f"coalesce({_joined(f'{column}::VARCHAR[]')}, '')"
    text = f"coalesce({column}::VARCHAR, '')"
    separator = plan.settings.path_separator
    if separator is None:
        share = f"count(*) FILTER (starts_with(ltrim({text}), '[')) / greatest(count(*), 1)"
        lists = one_row(plan.connection, f"SELECT {share} FROM {plan.staged.relation}")[0]
        if lists > 0.5:
            plan.read[header] = "list"
            return _joined(_as_list(f"trim({text})"))
        separator = _separator(plan, text)
    plan.read[header] = f'path, separator "{separator}"'
    return f"replace({text}, {literal(separator.strip() or separator)}, {BETWEEN})"


def _separator(plan: Plan, text: str) -> str:
    """The first of the known separators that any path holds."""
    for sign in SEPARATORS:
        held = f"SELECT coalesce(bool_or(contains({text}, {literal(sign)})), false) FROM {plan.staged.relation}"
        if one_row(plan.connection, held)[0]:
            return sign
    return SEPARATORS[0]


def _as_list(text: str) -> str:
    """Read a JSON array, or a list as Python prints it; an empty cell is a path without touches."""
    return (
        f"CASE WHEN {text} = '' THEN []::VARCHAR[] WHEN json_valid({text}) AND json_type({text}) = 'ARRAY' "
        f"THEN json_extract_string({text}, '$[*]') ELSE try_cast({text} AS VARCHAR[]) END"
    )
