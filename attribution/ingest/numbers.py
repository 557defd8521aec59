"""How a column of amounts is written: decimal point or comma, thousands separators, currency signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attribution.engine import identifier

SAMPLE = 2000
SIGNS = "[\\s\u00a0\u202f\u2009€$£¥₹]|USD|EUR|GBP|CHF|JPY|''|’"


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A way to read a column as numbers: SQL that gives a DOUBLE, or NULL where a cell does not fit."""

    name: str
    expression: str


def find_number(connection: Any, relation: str, header: str, column_type: str) -> NumberFormat:
    """Find how a column of amounts is written.

    A comma is the decimal sign where cells end in a comma and one, two, four or more digits, or where a
    point stands before it (``1.234,50``), and no cell ends in a point and digits. ``1,234`` alone is read as
    one thousand two hundred thirty-four; points part thousands where a cell has several of them (``1.234.567``)
    and none can be a decimal point. Signs and separators are removed from cells that do not read without that.
    """
    column = identifier(header)
    if not column_type.startswith("VARCHAR"):
        return NumberFormat("number", f"try_cast({column} AS DOUBLE)")
    text = f"trim({column})"
    decimal_comma, decimal_point, grouped = connection.execute(
        f"""SELECT count(*) FILTER (regexp_matches(v, ',([0-9]{{1,2}}|[0-9]{{4,}})\\D*$') AND NOT contains(v, '.')
                   OR regexp_matches(v, '[.][0-9]{{3}},[0-9]+\\D*$')),
                   count(*) FILTER (regexp_matches(v, '[.][0-9]+\\D*$') AND NOT regexp_matches(v, ',[0-9]+\\D*$')
                   AND NOT regexp_matches(v, '^\\D*[0-9]{{1,3}}([.][0-9]{{3}})+\\D*$')),
                   count(*) FILTER (regexp_matches(v, '^\\D*[0-9]{{1,3}}([.][0-9]{{3}}){{2,}}\\D*$'))
            FROM (SELECT DISTINCT {text} AS v FROM {relation} WHERE contains({column}, ',') OR contains({column}, '.')
                  ORDER BY hash(v), v LIMIT {SAMPLE})"""
    ).fetchone()
    clean = f"regexp_replace({text}, '{SIGNS}', '', 'g')"
    if decimal_comma == 0 and decimal_point == 0 and grouped > 0:
        return NumberFormat("thousands points", f"try_cast(replace({clean}, '.', '') AS DOUBLE)")
    if decimal_comma > 0 and decimal_point == 0:
        clean = f"replace(replace({clean}, '.', ''), ',', '.')"
        return NumberFormat("decimal comma", f"try_cast({clean} AS DOUBLE)")
    clean = f"replace({clean}, ',', '')"
    return NumberFormat("number", f"coalesce(try_cast({text} AS DOUBLE), try_cast({clean} AS DOUBLE))")
