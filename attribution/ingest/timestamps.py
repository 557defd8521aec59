"""How a column of times is written, found by evidence; ambiguous day and month is an error, never a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from attribution.engine import identifier, literal
from attribution.errors import AttributionError, UsageError, did_you_mean

SAMPLE = 2000
# Of a long column, about this many cells are looked at, chosen by their hash.
LOOKED_AT = 100_000
# Outside these years a time is a mistake of units or of typing, whatever the file.
EARLIEST, LATEST = "1990-01-01", "2100-01-01"
WINDOW = f"TIMESTAMP '{EARLIEST}' AND TIMESTAMP '{int(LATEST[:4]) - 1}-12-31 23:59:59.999999'"

DATES = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y",
         "%m-%d-%y", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%B %d, %Y", "%d %B %Y",
         "%a %b %d %Y", "%Y%m%d", "%Y-%m", "%Y/%m")  # fmt: skip
TIMES = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %H:%M:%S.%f", "T%H:%M:%S", ", %H:%M:%S", ", %H:%M",
         ", %I:%M:%S %p", ", %I:%M %p")  # fmt: skip
# An ISO week, 2026-W05; it begins on its Monday.
WEEK = "%G-W%V"
OTHERS = ("%Y%m%d%H%M%S", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ", "%Y%m%d%H", "%d/%b/%Y:%H:%M:%S %z", "%a %b %d %H:%M:%S %Y",
          "%a, %d %b %Y %H:%M:%S %z", "%b %Y", "%B %Y", WEEK)  # fmt: skip
# Wider than what the database reads by each directive, so that nothing readable is passed over.
SHAPES = dict.fromkeys(("%d", "%m", "%Y", "%y", "%H", "%I", "%M", "%S", "%f", "%G", "%V"), r"\s*\d+") | dict.fromkeys(
    ("%a", "%b", "%B", "%p", "%z"), r".+"
)
# A zone follows a time of day: the end of 2026-01-05 is no offset.
ZONED = (
    r"[T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]*)?)?(Z|z|\s?[+-][0-9]{2}(:?[0-9]{2})?|\s+[A-Za-z]+(/[A-Za-z_]+)*)$"
)
EPOCHS = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1, "nanoseconds": 0.001}
EPOCH_DIGITS = {"seconds": (9, 10), "milliseconds": (12, 13), "microseconds": (15, 16), "nanoseconds": (18, 19)}


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """A way to read a column as UTC timestamps.

    Attributes
    ----------
    name : str
        ``ISO 8601``, ``epoch seconds``, a strptime pattern, or ``time`` where the column is typed.
    expression : str
        SQL that gives a TIMESTAMP in UTC, or NULL where a cell does not fit.
    zoned : bool
        Whether every cell states its zone.
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


def check_format(given: str) -> None:
    """Refuse a time format that cannot be read."""
    with duckdb.connect() as connection:
        try:
            connection.execute(f"SELECT {_named(given, literal(''), None).expression}")
        except duckdb.Error:
            msg = f'timestamp-format: "{given}" is no pattern. Write iso, epoch-seconds, or one like %d.%m.%Y %H:%M.'
            raise UsageError(msg) from None


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
        return TimeFormat("time", f"{column}::TIMESTAMP", zoned=True)
    if column_type.startswith(("TIMESTAMP", "DATE")):
        return TimeFormat("time", _local(f"{column}::TIMESTAMP", zone), zoned=False)
    text = f"trim({column}::VARCHAR)"
    if column_type in {"FLOAT", "DOUBLE"}:  # large numbers as text would be 1.7e+15
        text = f"try_cast({column} AS DECIMAL(38, 3))::VARCHAR"
    if given is not None:
        return _named(given, text, zone)
    sample = _sample(connection, relation, text)
    if not sample:
        return _named("iso", text, zone)
    scored = sorted(_scores(connection, sample, zone), key=lambda s: s[0], reverse=True)
    (believed, read), best = scored[0]
    if max(believed, read) < 0.5:
        unread = max(sample, key=lambda cell: (sample[cell], cell))
        shape = re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", unread))[:40]
        msg = (
            f'{name}: column "{header}" does not read as times (its cells look like "{shape}"). Name another '
            "column, or how it is written: --timestamp-format '%d.%m.%Y %H:%M'."
        )
        raise AttributionError(msg)
    rival = next((f for s, f in scored[1:] if s[0] > 0 and _swapped(best.name) == f.name), None)
    if rival is not None:
        best = _settle(connection, f"(SELECT {text} AS v FROM {relation}) v", best, rival, f'{name}: column "{header}"')
    zoned = best.zoned or (best.name == "ISO 8601" and all(re.search(ZONED, cell) for cell in sample))
    return TimeFormat(best.name, best.expression.replace("v.v", text), zoned)


def _sample(connection: Any, relation: str, text: str) -> dict[str, int]:
    """Give different cells and how often each occurs, chosen by their hash: the order of rows chooses nothing."""
    rows = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()[0]
    cells = f"SELECT {text} AS v, count(*) FROM {relation} WHERE {text} != ''"
    chosen = f"GROUP BY v ORDER BY hash(v), v LIMIT {SAMPLE}"
    every = rows // LOOKED_AT
    found = []
    if every > 1:
        found = connection.execute(f"{cells} AND hash({text}) % {every} = 0 {chosen}").fetchall()
    if len(found) < SAMPLE:
        found = connection.execute(f"{cells} {chosen}").fetchall()
    return dict(found)


Score = tuple[tuple[float, float], TimeFormat]


def _scores(connection: Any, sample: dict[str, int], zone: str | None) -> list[Score]:
    """Give the share of the cells that each format reads as a time within the years that are believed, and at all."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE times_sample AS SELECT unnest($1::VARCHAR[]) AS v, unnest($2::BIGINT[]) AS n",
        [list(sample), list(sample.values())],
    )
    total = sum(sample.values())
    try:
        iso = _shares(connection, [_named("iso", "v.v", zone)], total)
        if min(iso[0][0]) == 1:
            return iso
        # Calendar digits first: 2026010512 could be epoch seconds, but a column of those is hardly ever a calendar.
        patterns = [*OTHERS, *(f"epoch-{unit}" for unit in EPOCHS), *(d + t for d in DATES for t in TIMES)]
        formats = [_named(p, "v.v", zone) for p in patterns if _possible(p, sample)]
        return iso + _shares(connection, formats, total)
    finally:
        connection.execute("DROP TABLE times_sample")


def _possible(pattern: str, cells: Iterable[str]) -> bool:
    """Whether any cell has the shape of a pattern; planning hundreds of readings takes the database a second."""
    if "%" not in pattern:
        return True
    parts = re.split(r"(%[A-Za-z]|\s+)", pattern)
    shape = re.compile("".join(SHAPES.get(p, r"\s*" if p.isspace() else re.escape(p)) for p in parts), re.IGNORECASE)
    return any(shape.fullmatch(cell.strip()) for cell in cells)


def _shares(connection: Any, formats: list[TimeFormat], total: int) -> list[Score]:
    counts = ", ".join(
        f"coalesce(sum(n) FILTER ({f.expression} BETWEEN {WINDOW}), 0), "
        f"coalesce(sum(n) FILTER ({f.expression} IS NOT NULL), 0)"
        for f in formats
    )
    found = connection.execute(f"SELECT {counts} FROM times_sample v").fetchone()
    return [((found[2 * i] / total, found[2 * i + 1] / total), f) for i, f in enumerate(formats)]


def _named(name: str, text: str, zone: str | None) -> TimeFormat:
    if name.lower() in {"iso", "iso 8601"}:
        # A cast to TIMESTAMP would silently drop an offset, so cells that state a zone take the other cast.
        tidy = f"regexp_replace(replace({text}, ',', '.'), '\\s+([+-][0-9]{{2}})', '\\1')"
        local = f"coalesce(try_cast({text} AS TIMESTAMP), try_cast(replace({text}, ',', '.') AS TIMESTAMP))"
        expression = (
            f"CASE WHEN regexp_matches({text}, {literal(ZONED)}) THEN try_cast({tidy} AS TIMESTAMPTZ)::TIMESTAMP "
            f"ELSE {_local(local, zone)} END"
        )
        return TimeFormat("ISO 8601", expression, zoned=False)
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
    zoned = "%z" in name or "%Z" in name or name.endswith("SZ")
    parsed = f"try_strptime({text}, {literal(name)})"
    if name == WEEK:  # a week is no day until its first is named
        parsed = f"try_strptime({text} || '-1', '{WEEK}-%u')"
    return TimeFormat(name, f"{parsed}::TIMESTAMP" if zoned else _local(parsed, zone), zoned)


def _local(expression: str, zone: str | None) -> str:
    return expression if zone in (None, "UTC") else f"timezone({literal(zone or 'UTC')}, {expression})::TIMESTAMP"


def _swapped(pattern: str) -> str:
    return pattern.replace("%d", "%#").replace("%m", "%d").replace("%#", "%m")


def _settle(connection: Any, relation: str, best: TimeFormat, rival: TimeFormat, where: str) -> TimeFormat:
    """Tell day first from month first by the cells that read only one way.

    Raises
    ------
    AttributionError
        Where no cell tells, or some tell the one and some the other.
    """
    a, b = (f"coalesce({f.expression} BETWEEN {WINDOW}, false)" for f in (best, rival))
    only_a, only_b, differ = connection.execute(
        f"SELECT count(*) FILTER ({a} AND NOT {b}), count(*) FILTER ({b} AND NOT {a}), "
        f"count(*) FILTER ({a} AND {b} AND {best.expression} != {rival.expression}) FROM {relation}"
    ).fetchone()
    say = f"Say it: --timestamp-format '{min(best.name, rival.name)}' or '{max(best.name, rival.name)}'."
    if not only_a and not only_b and differ:
        raise AttributionError(f"{where} can be read as day first or month first; no cell tells which. {say}")
    # One cell in a hundred may be mistyped; more are two ways of writing in one column.
    if 100 * min(only_a, only_b) > max(only_a, only_b):
        msg = f"{where} has cells that only read as day first and cells that only read as month first. {say}"
        raise AttributionError(msg + " The other cells are quarantined.")
    return best if only_a >= only_b else rival
