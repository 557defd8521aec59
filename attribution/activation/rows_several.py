"""Rows of people who have several values of an identifier, as lists.

Their values fill one row as far as it has places for them; what is left over fills further rows, so that nothing
is lost.
"""

from __future__ import annotations

from collections.abc import Mapping

from attribution.activation.normalize import (
    digest_sql,
    field_digest,
    field_pass,
    marked,
    once_each,
    passes,
    ready_sql,
    usable_list,
)
from attribution.activation.row_parts import RowParts
from attribution.engine import identifier

# Where the values of a contact identifier, and digests that came with the data, are in the table of people.
COLUMNS = {"email": ("email", "email_hash"), "phone": ("phone", "phone_hash"),
           "maid": ("list_concat(idfa, aaid)", "maid_hash"), "idfa": ("idfa", ""), "aaid": ("aaid", "")}  # fmt: skip
NONE = "CAST([] AS VARCHAR[])"
WITH = ("value", "person")  # carried through every stage


def several_stages(parts: RowParts, table: str) -> list[str]:
    """Common table expressions up to ``cut_several``."""
    address = ("CAST([] AS INTEGER[]) AS address", "address", "address")
    if parts.fields:
        address = (_after_steps(parts), _hashed_address(parts), _kept_address(parts))
    person = f"(SELECT *, rowid + (SELECT count(*) FROM {table}_single) AS person FROM {table}_several)"
    stages = (
        ("usable", person, [*_usable(parts), address[0]]),
        ("distinct_values", "usable", [*_distinct(parts), "address"]),
        ("hashed", "distinct_values", [*_hashed(parts), address[1]]),
        ("whole", "hashed", [*_whole(parts), address[2]]),
    )
    made = [f"{name} AS (SELECT {', '.join([*columns, *WITH])} FROM {source})" for name, source, columns in stages]
    made.append(f"numbered AS (SELECT *, unnest(range({_rows(parts)})) AS r FROM whole)")
    return [*made, f"cut_several AS (SELECT {', '.join(['r', *_cut(parts)])} FROM numbered)"]


def _usable(parts: RowParts) -> list[str]:
    """Lists of sound values, digests that came with the data, and how many fell away."""
    made = []
    for name in parts.contacts:
        rule = parts.rule(name)
        values, digests = COLUMNS[name]
        taken = rule.hash == "sha256" and bool(digests)
        ready = f"list_transform({digests}, lambda x: {ready_sql(rule, 'x')})" if taken else NONE
        refused = f"len({digests})" if digests and not taken else "0"
        made += [f"{usable_list(values, rule.steps, name)} AS u_{name}", f"{ready} AS x_{name}",
                 f"len({values}) AS n_{name}", f"{refused} AS ready_{name}"]  # fmt: skip
    return made


def _distinct(parts: RowParts) -> list[str]:
    made = []
    for c in parts.contacts:
        made += [f"{once_each(f'u_{c}')} AS v_{c}", f"x_{c}", f"n_{c} - len(u_{c}) AS bad_{c}", f"ready_{c}",
                 f"len(u_{c}) AS u_{c}"]  # fmt: skip
    return made


def _hashed(parts: RowParts) -> list[str]:
    made = []
    for c in parts.contacts:
        rule = parts.rule(c)
        digest = digest_sql("x", rule.hash, rule.encoding)
        values = f"v_{c}" if rule.hash == "none" else f"list_transform(v_{c}, lambda x: {digest})"
        made += [f"{values} AS h_{c}", f"x_{c}", f"u_{c}", f"bad_{c}", f"ready_{c}"]
    return made + [f"list_transform(v_{c}, lambda x: {digest_sql('x', h)}) AS {h}_{c}" for c, h in parts.extra]


def _whole(parts: RowParts) -> list[str]:
    """Digests that came with the data after those made here, each once."""
    made = []
    for c in parts.contacts:
        others = f"list_sort(list_filter(list_distinct(x_{c}), lambda x: NOT list_contains(h_{c}, x)))"
        whole = f"CASE WHEN len(x_{c}) = 0 THEN h_{c} ELSE list_concat(h_{c}, {others}) END"
        made += [f"{whole} AS {c}", f"u_{c} + len(x_{c}) AS u_{c}", f"bad_{c}", f"ready_{c}"]
    return made + [f"{h}_{c}" for c, h in parts.extra]


def _rows(parts: RowParts) -> str:
    counts = [f"CAST(ceil(len({c}) / {n}) AS BIGINT)" for c, n in parts.places.items()]
    return f"greatest(1, {', '.join([*counts, *(['len(address)'] if parts.fields else [])])})"


def _cut(parts: RowParts) -> list[str]:
    def slice_of(column: str, n: int) -> str:
        return f"{column}[r * {n} + 1 : r * {n} + {n}]"

    made = [f"{slice_of(c, n)} AS {identifier(c)}" for c, n in parts.places.items()]
    made += [f"{slice_of(f'{h}_{c}', parts.places[c])} AS {h}_{c}" for c, h in parts.extra]
    made += [f"[address[r + 1].{f}] AS {identifier(f)}" for f in parts.fields]
    per = ("len(numbered.{c}) AS kept_{c}", "bad_{c}", "ready_{c}", "u_{c} - len(numbered.{c}) AS doubled_{c}")
    return [*made, *WITH, *(part.format(c=c) for c in parts.contacts for part in per)]


def _after_steps(parts: RowParts) -> str:
    """SQL of addresses after all steps, pass by pass."""
    fields = {f: marked(f"a.{f}") for f in parts.fields}
    made = f"list_transform(address, lambda a: {_struct(fields | {'region': 'a.country'})})"
    todo = {f: passes(parts.rule(f).steps) for f in parts.fields}
    for number in range(max(len(steps) for steps in todo.values())):
        now = {f: field_pass(f"a.{f}", s[number], "a.region") if number < len(s) else f"a.{f}" for f, s in todo.items()}
        made = f"list_transform({made}, lambda a: {_struct(now | {'region': 'a.region'})})"
    return f"{made} AS address"


def _hashed_address(parts: RowParts) -> str:
    made = {f: field_digest(f"a.{f}", f, parts.rule(f)) for f in parts.fields}
    return f"list_transform(address, lambda a: {_struct(made)}) AS address"


def _kept_address(parts: RowParts) -> str:
    """Addresses that hold something (or everything, where the list wants that), each once."""
    there = (" AND " if parts.complete else " OR ").join(f"a.{f} IS NOT NULL" for f in parts.fields)
    return f"list_sort(list_distinct(list_filter(address, lambda a: {there}))) AS address"


def _struct(fields: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"'{name}': {sql}" for name, sql in fields.items()) + "}"
