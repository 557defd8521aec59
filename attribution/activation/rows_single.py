"""Rows of people who have one value of each identifier, as most have: texts all the way, no lists.

Functions over lists cost several times as much as those over texts, all the more where some rows of a table are left
out; everybody else is in a table apart and goes through `rows_several`. Both give the same columns.
"""

from __future__ import annotations

from attribution.activation.normalize import (
    digest_sql,
    field_digest,
    field_pass,
    marked,
    passes,
    ready_sql,
    sound_sql,
    steps_sql,
)
from attribution.activation.row_parts import RowParts
from attribution.engine import identifier

# The only value of a person with one, and the digest that came in its place.
VALUE = {
    "email": "email[1]",
    "phone": "phone[1]",
    "maid": "coalesce(idfa[1], aaid[1])",
    "idfa": "idfa[1]",
    "aaid": "aaid[1]",
}
DIGEST = {"email": "email_hash", "phone": "phone_hash", "maid": "maid_hash"}


def single_stages(parts: RowParts, table: str) -> list[str]:
    """Common table expressions up to ``cut_single``."""
    first = [column for c in parts.contacts for column in _given(parts, c)]
    first += [f"{marked(f'address[1].{f}')} AS a_{f}" for f in parts.fields]
    stages = [f"single_0 AS (SELECT {', '.join(['*', 'rowid AS person', *first])} FROM {table}_single)"]
    todo = {f"f_{c}": passes(parts.rule(c).steps) for c in parts.contacts}
    todo |= {f"a_{f}": passes(parts.rule(f).steps) for f in parts.fields}
    for number in range(max((len(steps) for steps in todo.values()), default=0)):
        now = [_one_pass(column, steps[number]) for column, steps in todo.items() if number < len(steps)]
        stages.append(f"single_{number + 1} AS (SELECT * REPLACE ({', '.join(now)}) FROM single_{number})")
    last = len(stages) - 1
    sound = [f"CASE WHEN {sound_sql(f'f_{c}', c)} THEN f_{c} END AS f_{c}" for c in parts.contacts]
    sound += [f"{field_digest(f'a_{f}', f, parts.rule(f))} AS a_{f}" for f in parts.fields]
    stages.append(f"sound AS (SELECT * REPLACE ({', '.join(sound)}) FROM single_{last})")
    return [*stages, f"cut_single AS (SELECT {', '.join(_cut(parts))} FROM sound)"]


def _given(parts: RowParts, name: str) -> tuple[str, ...]:
    digests, taken = DIGEST.get(name), parts.rule(name).hash == "sha256"
    ready = ready_sql(parts.rule(name), f"{digests}[1]") if digests and taken else "NULL"
    refused = f"len({digests})" if digests and not taken else "0"
    value = VALUE[name]
    return (
        f"{value} AS f_{name}",
        f"{value} IS NOT NULL AS o_{name}",
        f"{ready} AS x_{name}",
        f"{refused} AS ready_{name}",
    )


def _one_pass(column: str, part: tuple[str, ...]) -> str:
    if column.startswith("f_"):
        return f"{steps_sql(column, part)} AS {column}"
    return f"{field_pass(column, part, 'address[1].country')} AS {column}"


def _cut(parts: RowParts) -> list[str]:
    columns = ["0 AS r"]
    for c in parts.contacts:
        rule = parts.rule(c)
        columns.append(f"[coalesce({digest_sql(f'f_{c}', rule.hash, rule.encoding)}, x_{c})] AS {identifier(c)}")
    columns += [f"[{digest_sql(f'f_{c}', h)}] AS {h}_{c}" for c, h in parts.extra]
    if parts.fields:
        glue = " AND " if parts.complete else " OR "
        there = glue.join(f"a_{f} IS NOT NULL" for f in parts.fields)
        columns += [f"[CASE WHEN {there} THEN a_{f} END] AS {identifier(f)}" for f in parts.fields]
    columns += ["value", "person"]
    for c in parts.contacts:
        columns += [
            f"CASE WHEN f_{c} IS NOT NULL OR x_{c} IS NOT NULL THEN 1 ELSE 0 END AS kept_{c}",
            f"CASE WHEN o_{c} AND f_{c} IS NULL THEN 1 ELSE 0 END AS bad_{c}",
            f"ready_{c}",
            f"0 AS doubled_{c}",
        ]
    return columns
