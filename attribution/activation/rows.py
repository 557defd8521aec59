"""The SQL of a list's rows: one text per row, from the people of the list and a platform's description.

Counters ride on a person's first row; a person of whom nothing is left has one row without text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attribution.activation.row_parts import RowParts
from attribution.activation.rows_several import several_stages
from attribution.activation.rows_single import single_stages
from attribution.activation.spec import ADDRESS, CONTACTS, AudienceList, Column, Hash, PlatformSpec
from attribution.activation.template import member_sql, placeholders, repeated
from attribution.engine import identifier

COUNTS = ("kept", "bad", "ready", "doubled")


@dataclass(frozen=True, slots=True)
class RowQuery:
    """A query of a list's rows.

    Attributes
    ----------
    sql : str
        Columns line (NULL where nothing is left), place (what rows are sorted by before their text), people, and for
        each contact identifier kept_, bad_, ready_, doubled_ and its name: values kept, not sound, digests that the
        platform does not take, and doubled; where taken, person: number of the row in the table of people, those of
        ``_several`` after those of ``_single``.
    contacts : tuple of str
    columns : tuple of Column
        Of a file, each as often as it is written.
    """

    sql: str
    contacts: tuple[str, ...]
    columns: tuple[Column, ...]


def row_query(
    spec: PlatformSpec, item: AudienceList, table: str, most: Mapping[str, int], *, value: bool,
    taken: bool = False,
) -> RowQuery:  # fmt: skip
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
    taken : bool
        Whether rows say whose they are (`attribution.activation.taken`).
    """
    columns = written_columns(item, most, value=value)
    used = used_identifiers(item, columns)
    contacts = tuple(c for c in CONTACTS if c in used)
    fields = tuple(f for f in ADDRESS if f in used)
    places = _places(item, columns, contacts)
    parts = RowParts(spec, columns, contacts, fields, places, _other_hashes(spec, columns), item.address == "all")
    line = _csv_line(item, columns, spec) if item.form != "jsonl" else member_sql(item.member, item.envelope)
    sums = [f"CASE WHEN r = 0 THEN {what}_{c} ELSE 0 END AS {what}_{c}" for c in contacts for what in COUNTS]
    sums += ["person"] if taken else []
    named = _identifiers(contacts, fields)
    stages = (*single_stages(parts, table), *several_stages(parts, table))
    sql = f"""
        WITH {", ".join(stages)}, cut AS (FROM cut_single UNION ALL BY NAME FROM cut_several),
        keyed AS (SELECT *, [sha256({named})] AS row_key FROM cut)
        SELECT CASE WHEN {_worth(item, contacts)} THEN {line} END AS line, {_order(item, contacts)} AS place,
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


def used_identifiers(item: AudienceList, columns: tuple[Column, ...]) -> set[str]:
    """What a list's rows are made of, by name."""
    return set(placeholders(item.member)) if item.form == "jsonl" else {c.of for c in columns if c.of}


def _places(item: AudienceList, columns: tuple[Column, ...], contacts: tuple[str, ...]) -> dict[str, int]:
    """How many values of each identifier a row takes."""
    if item.form == "jsonl":
        several = repeated(item.member)
        return {c: item.repeat.get(c, 1) if c in several else 1 for c in contacts}
    plain = [c for c in columns if c.hash is None or not any(o.of == c.of and o.hash is None for o in columns)]
    return {c: max(sum(o.of == c and o.hash == h for o in plain) for h in {o.hash for o in plain if o.of == c})
            for c in contacts}  # fmt: skip


def _other_hashes(spec: PlatformSpec, columns: tuple[Column, ...]) -> tuple[tuple[str, Hash], ...]:
    """Contact identifiers with another hash than their own, as columns ask for them."""
    pairs = [(c.of, c.hash) for c in columns if c.of in CONTACTS and c.hash not in {None, spec.identifiers[c.of].hash}]
    return tuple(dict.fromkeys((str(of), h) for of, h in pairs if h is not None))


def _identifiers(contacts: tuple[str, ...], fields: tuple[str, ...]) -> str:
    """SQL of everything that a row says of a person, as one text."""
    parts = [f"coalesce(array_to_string({identifier(name)}, ','), '')" for name in (*contacts, *fields)]
    return f"concat_ws('|', {', '.join(parts)})"


def _worth(item: AudienceList, contacts: tuple[str, ...]) -> str:
    """Whether a row names anybody."""
    needs: tuple[tuple[str, ...], ...] = item.needs or tuple((c,) for c in contacts)
    alternatives = (" AND ".join(f"{identifier(n)}[1] IS NOT NULL" for n in names) for names in needs)
    return "(" + " OR ".join(f"({a})" for a in alternatives) + ")"


def _order(item: AudienceList, contacts: tuple[str, ...]) -> str:
    """What rows are sorted by before their text, where all texts begin alike: comparing those is slow."""
    alike = item.form == "jsonl" or item.columns[0].of is None
    return f"coalesce({', '.join(f'{identifier(c)}[1]' for c in contacts)})" if alike else "NULL"


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
