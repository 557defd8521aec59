"""How a column of amounts is written: decimal point or comma, thousands separators, currency signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attribution.engine import identifier

SAMPLE = 2000
SIGNS = "[\\s€$£¥₹%]|USD|EUR|GBP|CHF|JPY|''|’"


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A way to read a column as numbers: SQL that gives a finite DOUBLE or NULL where a cell does not fit."""

    name: str
    expression: str


def find_number(connection: Any, relation: str, header: str, column_type: str) -> NumberFormat:
    """Find how a column of amounts is written.

    A comma is the decimal sign where cells end in a comma and one, two, four or more digits, or where a
    point stands before it (``1.234,50``). ``1,234`` alone is read as one thousand two hundred thirty-four.
    """
    column = identifier(header)
    if not column_type.startswith("VARCHAR"):
        number = f"try_cast({column} AS DOUBLE)"
        return NumberFormat("typed", f"CASE WHEN isfinite({number}) THEN {number} END")
    text = f"trim({column})"
    decimal_comma, decimal_point, signs = connection.execute(
        f"""SELECT count(*) FILTER (regexp_matches(v, ',([0-9]{{1,2}}|[0-9]{{4,}})\\D*$') AND NOT contains(v, '.')
                   OR regexp_matches(v, '[.][0-9]{{3}},[0-9]+\\D*$')),
                   count(*) FILTER (regexp_matches(v, '[.][0-9]+\\D*$') AND NOT regexp_matches(v, ',[0-9]+\\D*$')),
                   count(*) FILTER (try_cast(v AS DOUBLE) IS NULL)
            FROM (SELECT DISTINCT {text} AS v FROM {relation} WHERE {text} != '' ORDER BY hash(v), v LIMIT {SAMPLE})"""
    ).fetchone()
    comma = decimal_comma > 0 and decimal_point == 0
    clean = text
    if signs:
        clean = f"regexp_replace({clean}, '{SIGNS}', '', 'g')"
        clean = f"replace(replace({clean}, '.', ''), ',', '.')" if comma else f"replace({clean}, ',', '')"
    number = f"try_cast({clean} AS DOUBLE)"
    return NumberFormat("decimal comma" if comma else "number", f"CASE WHEN isfinite({number}) THEN {number} END")
