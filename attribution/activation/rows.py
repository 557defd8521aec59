"""The SQL of a list's rows: one text per row, from the people of the list and a platform's description.

A person's values fill one row as far as it has places for them; what is left over fills further rows, so that nothing
is lost. Counters ride on a person's first row; a person of whom nothing is left has one row without text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attribution.activation.normalize import (
    SOUND,
    digest_sql,
    field_digest,
    field_steps,
    once_each,
    ready_sql,
    usable_list,
)
from attribution.activation.spec import ADDRESS, CONTACTS, AudienceList, Column, Hash, IdentifierRule, PlatformSpec
from attribution.activation.template import member_sql, placeholders, repeated
from attribution.engine import identifier

# Where the values of a contact identifier, and digests that came with the data, are in the table of people.
COLUMNS = {"email": ("email", "email_hash"), "phone": ("phone", "phone_hash"),
           "maid": ("list_concat(idfa, aaid)", "maid_hash"), "idfa": ("idfa", ""), "aaid": ("aaid", "")}  # fmt: skip
NONE = "CAST([] AS VARCHAR[])"


@dataclass(frozen=True, slots=True)
class RowQuery:
    """A query of a list's rows.

    Attributes
    ----------
    sql : str
        Columns line (NULL where nothing is left), people, and for each contact identifier kept_, bad_, ready_,
        doubled_ and its name: values kept, not sound, digests that the platform does not take, and doubled.
    contacts : tuple of str
    columns : tuple of Column
        Of a file, each as often as it is written.
    """

    sql: str
    contacts: tuple[str, ...]
    columns: tuple[Column, ...]


def row_query(spec: PlatformSpec, item: AudienceList, table: str, most: Mapping[str, int], *, value: bool) -> RowQuery:
    """SQL of a list's rows.

    Parameters
    ----------
    spec : PlatformSpec
    item : AudienceList
    table : str
        Of people (`attribution.activation.people.People`).
    most : dict
        Most values that a person has, per contact identifier.
    value : bool
        Whether people have values of their own, for a column that takes them.
    """
    columns = written_columns(item, most, value=value)
    used = _used(item, columns)
    contacts = tuple(c for c in CONTACTS if c in used)
    places = _places(item, columns, contacts)
    fields = tuple(f for f in ADDRESS if f in used)
    extra = _other_hashes(spec, columns)
    line = _csv_line(item, columns, spec) if item.form != "jsonl" else member_sql(item.member, item.envelope)
    sums = [f"CASE WHEN r = 0 THEN {what}_{c} ELSE 0 END AS {what}_{c}"
            for c in contacts for what in ("kept", "bad", "ready", "doubled")]  # fmt: skip
    sql = f"""
        WITH usable AS (SELECT {", ".join([*_usable(spec, contacts), _address(spec, fields), "value"])} FROM {table}),
        single AS (SELECT {", ".join([*_single(contacts), "address", "value"])} FROM usable),
        hashed AS (SELECT {", ".join([*_hashed(spec, contacts, extra), _hashed_address(spec, fields), "value"])}
            FROM single),
        whole AS (SELECT {", ".join([*_whole(contacts, extra), _whole_address(item, fields), "value"])} FROM hashed),
        sorted AS (SELECT * REPLACE ({once_each("address")} AS address) FROM whole),
        numbered AS (SELECT *, unnest(range({_rows(places, bool(fields))})) AS r FROM sorted),
        cut AS (SELECT r, {", ".join([*_cut(places, extra), *_fields(fields), "value", *_carried(contacts)])}
            FROM numbered),
        keyed AS (SELECT *, {_key(contacts, fields)} AS row_key FROM cut)
        SELECT CASE WHEN {_worth(item, contacts)} THEN {line} END AS line,
            CASE WHEN r = 0 THEN 1 ELSE 0 END AS people{"".join(", " + s for s in sums)}
        FROM keyed
    """
    return RowQuery(sql, contacts, columns)


def written_columns(item: AudienceList, most: Mapping[str, int], *, value: bool) -> tuple[Column, ...]:
    """A file's columns, each as often as the data need it."""
    found: list[Column] = []
    for column in item.columns:
        if column.written and (column.of != "value" or value):
            times = max(1, min(column.repeat, most.get(column.of or "", 1)))
            found += [column] * times
    return tuple(found)


def _used(item: AudienceList, columns: tuple[Column, ...]) -> set[str]:
    return set(placeholders(item.member)) if item.form == "jsonl" else {c.of for c in columns if c.of}


def _places(item: AudienceList, columns: tuple[Column, ...], contacts: tuple[str, ...]) -> dict[str, int]:
    """How many values of each identifier a row takes."""
    if item.form == "jsonl":
        several = repeated(item.member)
        return {c: item.repeat.get(c, 1) if c in several else 1 for c in contacts}
    plain = [c for c in columns if c.hash is None or not any(o.of == c.of and o.hash is None for o in columns)]
    return {c: max(sum(o.of == c and o.hash == h for o in plain) for h in {o.hash for o in plain if o.of == c})
            for c in contacts}  # fmt: skip


def _other_hashes(spec: PlatformSpec, columns: tuple[Column, ...]) -> list[tuple[str, Hash]]:
    """Contact identifiers with another hash than their own, as columns ask for them."""
    pairs = [(c.of, c.hash) for c in columns if c.of in CONTACTS and c.hash not in {None, spec.identifiers[c.of].hash}]
    return list(dict.fromkeys((str(of), h) for of, h in pairs if h is not None))


def _usable(spec: PlatformSpec, contacts: tuple[str, ...]) -> list[str]:
    """Lists of sound values, digests that came with the data, and how many fell away."""
    parts = []
    for name in contacts:
        rule: IdentifierRule = spec.identifiers[name]  # type: ignore[index]
        values, digests = COLUMNS[name]
        taken = rule.hash == "sha256" and bool(digests)
        ready = f"list_transform({digests}, lambda x: {ready_sql(rule)})" if taken else NONE
        sound = SOUND.get(name)
        refused = f"len({digests})" if digests and not taken else "0"
        parts += [f"{usable_list(values, rule.steps, sound)} AS u_{name}", f"{ready} AS x_{name}",
                  f"len({values}) AS n_{name}", f"{refused} AS ready_{name}"]  # fmt: skip
    return parts


def _address(spec: PlatformSpec, fields: tuple[str, ...]) -> str:
    """A person's addresses with the fields of the list, after all steps."""
    if not fields:
        return "[] AS address"
    rules = {f: spec.identifiers[f] for f in fields}  # type: ignore[index]
    made = ", ".join(f"'{f}': {field_steps(f'a.{f}', rule, 'a.country')}" for f, rule in rules.items())
    return f"list_transform(address, lambda a: {{{made}}}) AS address"


def _hashed_address(spec: PlatformSpec, fields: tuple[str, ...]) -> str:
    if not fields:
        return "address"
    rules = {f: spec.identifiers[f] for f in fields}  # type: ignore[index]
    made = ", ".join(f"'{f}': {field_digest(f'a.{f}', f, rule)}" for f, rule in rules.items())
    return f"list_transform(address, lambda a: {{{made}}}) AS address"


def _whole_address(item: AudienceList, fields: tuple[str, ...]) -> str:
    """Addresses that hold something (or everything, where the list wants that), each once."""
    if not fields:
        return "address"
    kept = " AND " if item.address == "all" else " OR "
    there = kept.join(f"a.{f} IS NOT NULL" for f in fields)
    return f"list_filter(address, lambda a: {there}) AS address"


def _single(contacts: tuple[str, ...]) -> list[str]:
    parts = []
    for c in contacts:
        parts += [f"{once_each(f'u_{c}')} AS v_{c}", f"x_{c}", f"n_{c} - len(u_{c}) AS bad_{c}", f"ready_{c}",
                  f"len(u_{c}) AS u_{c}"]  # fmt: skip
    return parts


def _hashed(spec: PlatformSpec, contacts: tuple[str, ...], extra: list[tuple[str, Hash]]) -> list[str]:
    parts = []
    for c in contacts:
        rule: IdentifierRule = spec.identifiers[c]  # type: ignore[index]
        digest = digest_sql("x", rule.hash, rule.encoding)
        made = f"v_{c}" if rule.hash == "none" else f"list_transform(v_{c}, lambda x: {digest})"
        parts += [f"{made} AS h_{c}", f"x_{c}", f"u_{c}", f"bad_{c}", f"ready_{c}"]
    return parts + [f"list_transform(v_{c}, lambda x: {digest_sql('x', h)}) AS {h}_{c}" for c, h in extra]


def _whole(contacts: tuple[str, ...], extra: list[tuple[str, Hash]]) -> list[str]:
    """Digests that came with the data after those made here, each once."""
    parts = []
    for c in contacts:
        others = f"list_sort(list_filter(x_{c}, lambda x: NOT list_contains(h_{c}, x)))"
        whole = f"CASE WHEN len(x_{c}) = 0 THEN h_{c} ELSE list_concat(h_{c}, {others}) END"
        parts += [f"{whole} AS {c}", f"u_{c} + len(x_{c}) AS u_{c}", f"bad_{c}", f"ready_{c}"]
    return parts + [f"{h}_{c}" for c, h in extra]


def _rows(places: Mapping[str, int], address: bool) -> str:
    counts = [f"CAST(ceil(len({c}) / {n}) AS BIGINT)" for c, n in places.items()]
    return f"greatest(1, {', '.join([*counts, *(['len(address)'] if address else [])])})"


def _cut(places: Mapping[str, int], extra: list[tuple[str, Hash]]) -> list[str]:
    parts = [f"{c}[r * {n} + 1 : r * {n} + {n}] AS {c}" for c, n in places.items()]
    return parts + [f"{h}_{c}[r * {places[c]} + 1 : r * {places[c]} + {places[c]}] AS {h}_{c}" for c, h in extra]


def _carried(contacts: tuple[str, ...]) -> list[str]:
    per = ("len({c}) AS kept_{c}", "bad_{c}", "ready_{c}", "u_{c} - len({c}) AS doubled_{c}")
    return [part.format(c=c) for c in contacts for part in per]


def _fields(fields: tuple[str, ...]) -> list[str]:
    return [f"[address[r + 1].{f}] AS {identifier(f)}" for f in fields]


def _key(contacts: tuple[str, ...], fields: tuple[str, ...]) -> str:
    parts = [f"array_to_string({identifier(name)}, ',')" for name in (*contacts, *fields)]
    return f"[sha256(concat_ws('|', {', '.join(parts)}))]"


def _worth(item: AudienceList, contacts: tuple[str, ...]) -> str:
    """Whether a row names anybody."""
    needs: tuple[tuple[str, ...], ...] = item.needs or tuple((c,) for c in contacts)
    alternatives = (" AND ".join(f"{identifier(n)}[1] IS NOT NULL" for n in names) for names in needs)
    return "(" + " OR ".join(f"({a})" for a in alternatives) + ")"


def _csv_line(item: AudienceList, columns: tuple[Column, ...], spec: PlatformSpec) -> str:
    seen: dict[tuple[str, Hash | None], int] = {}
    cells = []
    for column in columns:
        if column.of is None:
            cell = "'" + column.text.replace("'", "''") + "'"
        elif column.of == "value":
            cell = "printf('%.2f', value)"
        else:
            seen[column.of, column.hash] = place = seen.get((column.of, column.hash), 0) + 1
            other = column.hash not in {None, spec.identifiers[column.of].hash} and column.of in CONTACTS
            cell = f"{identifier(f'{column.hash}_{column.of}' if other else column.of)}[{place}]"
        cells.append(f"coalesce({_quoted(cell, item, column, spec)}, '')")
    return " || ',' || ".join(cells)


def _quoted(cell: str, item: AudienceList, column: Column, spec: PlatformSpec) -> str:
    """RFC 4180: quotes where a value asks for them, or around every cell."""
    if item.quoted:
        return f"""'"' || replace(coalesce({cell}, ''), '"', '""') || '"'"""
    free = column.of in {"first_name", "last_name"} and spec.identifiers[column.of].hash == "none"
    if not free:
        return cell
    quoted = f"""'"' || replace({cell}, '"', '""') || '"'"""
    return f"""CASE WHEN regexp_matches({cell}, '[",\\r\\n]') THEN {quoted} ELSE {cell} END"""
