"""How a column of times is written, found by evidence; ambiguous day and month is an error, never a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import duckdb

from attribution.engine import identifier, literal
from attribution.errors import AttributionError, UsageError, did_you_mean

SAMPLE = 2000
# Outside these years a time is a mistake of units or of typing, whatever the file.
EARLIEST, LATEST = "1990-01-01", "2100-01-01"

DATES = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y",
         "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%B %d, %Y", "%d %B %Y", "%a %b %d %Y", "%Y%m%d", "%Y-%m", "%Y/%m")  # fmt: skip
TIMES = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %H:%M:%S.%f", "T%H:%M:%S", ", %H:%M:%S", ", %H:%M")
OTHERS = ("%Y%m%d%H%M%S", "%Y%m%dT%H%M%S", "%Y%m%d%H", "%d/%b/%Y:%H:%M:%S %z", "%a %b %d %H:%M:%S %Y")
ZONED = r"[0-9](Z|z|\s?[+-][0-9]{2}:?([0-9]{2})?|\s+[A-Za-z]+(/[A-Za-z_]+)*)$"
EPOCHS = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1, "nanoseconds": 0.001}
EPOCH_DIGITS = {"seconds": (9, 10), "milliseconds": (12, 13), "microseconds": (15, 16), "nanoseconds": (18, 19)}


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """A way to read a column as UTC timestamps.

    Attributes
    ----------
    name : str
        ``ISO 8601``, ``epoch seconds``, a strptime pattern, or ``typed``.
    expression : str
        SQL that gives a TIMESTAMP in UTC, or NULL where a cell does not fit.
    zoned : bool
        Whether the cells state their zone.
    """

    name: str
    expression: str
    zoned: bool


def check_zone(zone: str) -> None:
    """Refuse a time zone that the database does not know."""
    with duckdb.connect() as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM pg_timezone_names()").fetchall()]
    if zone not in names:
        raise UsageError(f'timezone: "{zone}" is unknown.{did_you_mean(zone, names)} Write Europe/Berlin or UTC.')


def find_format(
    connection: Any, relation: str, header: str, column_type: str, name: str, given: str | None, zone: str | None
) -> TimeFormat:
    """Find how a column is written.

    Parameters
    ----------
    connection, relation, header, column_type
        The column.
    name : str
        File name for messages.
    given : str or None
        A strptime pattern, ``iso``, or ``epoch-seconds``, ``epoch-milliseconds``…; None looks for one.
    zone : str or None
        Zone of cells that state none; None is UTC.

    Raises
    ------
    AttributionError
        Where most cells fit no known format, or day and month cannot be told apart.
    """
    column = identifier(header)
    if column_type.startswith("TIMESTAMP WITH TIME ZONE"):
        return TimeFormat("typed", f"{column}::TIMESTAMP", zoned=True)
    if column_type.startswith(("TIMESTAMP", "DATE")):
        return TimeFormat("typed", _local(f"{column}::TIMESTAMP", zone), zoned=False)
    text = f"trim({column}::VARCHAR)"
    if given is not None:
        return _named(given, text, zone)
    sample = [
        row[0]
        for row in connection.execute(
            f"SELECT DISTINCT {text} AS v FROM {relation} WHERE {text} != '' ORDER BY hash(v), v LIMIT {SAMPLE}"
        ).fetchall()
    ]
    if not sample:
        return _named("iso", text, zone)
    scored = sorted(_scores(connection, sample, zone), key=lambda s: -s[0])
    share, best = scored[0]
    if share < 0.5:
        shape = re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", min(sample)))[:40]
        msg = (
            f'{name}: column "{header}" does not read as times (its cells look like "{shape}"). Name another '
            "column, or how it is written: --timestamp-format '%d.%m.%Y %H:%M'."
        )
        raise AttributionError(msg)
    rival = next((f for s, f in scored[1:] if s == share and _swapped(best.name) == f.name), None)
    if rival is not None:
        _settle(connection, relation, text, best, rival, header, name)
        counts = connection.execute(
            f"SELECT count({best.expression.replace('v.v', text)}), count({rival.expression.replace('v.v', text)}) "
            f"FROM {relation}"
        ).fetchone()
        best = best if counts[0] >= counts[1] else rival
    return TimeFormat(best.name, best.expression.replace("v.v", text), best.zoned)


def _scores(connection: Any, sample: list[str], zone: str | None) -> list[tuple[float, TimeFormat]]:
    connection.execute("CREATE OR REPLACE TEMP TABLE times_sample AS SELECT unnest($1::VARCHAR[]) AS v", [sample])
    formats = [_named("iso", "v.v", zone), *(_named(f"epoch-{unit}", "v.v", zone) for unit in EPOCHS)]
    formats += [_named(d + t, "v.v", zone) for d in DATES for t in TIMES]
    formats += [_named(o, "v.v", zone) for o in OTHERS]
    counts = connection.execute(
        f"SELECT {', '.join(f'count({f.expression})' for f in formats)} FROM times_sample v"
    ).fetchone()
    connection.execute("DROP TABLE times_sample")
    return [(count / len(sample), f) for count, f in zip(counts, formats, strict=True)]


def _named(name: str, text: str, zone: str | None) -> TimeFormat:
    if name.lower() in {"iso", "iso 8601"}:
        # A cast to TIMESTAMP would silently drop an offset, so cells that state a zone take the other cast.
        tidy = f"regexp_replace({text}, '\\s+([+-][0-9]{{2}})', '\\1')"
        expression = (
            f"CASE WHEN regexp_matches({text}, {literal(ZONED)}) THEN try_cast({tidy} AS TIMESTAMPTZ)::TIMESTAMP "
            f"ELSE {_local(f'try_cast({text} AS TIMESTAMP)', zone)} END"
        )
        return TimeFormat("ISO 8601", _finite(expression), zoned=False)
    if name.lower().startswith("epoch-"):
        unit = name.lower().removeprefix("epoch-")
        if unit not in EPOCHS:
            raise UsageError(f'timestamp-format: "{name}" is unknown. Epochs: {", ".join(EPOCHS)}.')
        least, most = EPOCH_DIGITS[unit]
        fits = f"regexp_matches({text}, '^[0-9]{{{least},{most}}}([.][0-9]*)?$')"
        microseconds = f"CAST(round(try_cast({text} AS DECIMAL(38, 6)) * {EPOCHS[unit]}) AS BIGINT)"
        return TimeFormat(f"epoch {unit}", f"CASE WHEN {fits} THEN make_timestamp({microseconds}) END", zoned=True)
    if "%" not in name:
        msg = f'timestamp-format: "{name}" is no pattern. Write iso, epoch-seconds, or a pattern like %d.%m.%Y %H:%M.'
        raise UsageError(msg)
    zoned = "%z" in name
    parsed = f"try_strptime({text}, {literal(name)})"
    return TimeFormat(name, _finite(f"{parsed}::TIMESTAMP" if zoned else _local(parsed, zone)), zoned)


def _finite(expression: str) -> str:
    return f"CASE WHEN isfinite({expression}) THEN {expression} END" if "try_cast" in expression else expression


def _local(expression: str, zone: str | None) -> str:
    return expression if zone in (None, "UTC") else f"timezone({literal(zone or 'UTC')}, {expression})::TIMESTAMP"


def _swapped(pattern: str) -> str:
    return pattern.replace("%d", "%#").replace("%m", "%d").replace("%#", "%m")


def _settle(
    connection: Any, relation: str, text: str, one: TimeFormat, other: TimeFormat, header: str, name: str
) -> None:
    """Refuse a column whose every cell reads with day first and with month first, to different days."""
    a, b = (f.expression.replace("v.v", text) for f in (one, other))
    both, told, differ = connection.execute(
        f"SELECT count(*) FILTER ({a} IS NOT NULL AND {b} IS NOT NULL), "
        f"count(*) FILTER (({a} IS NULL) != ({b} IS NULL)), count(*) FILTER ({a} != {b}) FROM {relation}"
    ).fetchone()
    if both and not told and differ:
        day_first, month_first = sorted((one.name, other.name))
        msg = (
            f'{name}: column "{header}" can be read as day first or month first; no cell tells which. '
            f"Say it: --timestamp-format '{day_first}' or --timestamp-format '{month_first}'."
        )
        raise AttributionError(msg)
