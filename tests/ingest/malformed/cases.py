"""Malformed inputs, each with what must become of it: the error's text, or the fate of every row.

``{file}`` stands for the path as the user gave it. Rows that are not listed as duplicates, quarantined or outside
are kept; ``read`` is checked against the sum.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

HEADER = b"unified_id,timestamp,channel\n"
GOOD = b"u1,2026-01-05T10:00:00Z,Search\n"
MORE = b"u2,2026-01-06T10:00:00Z,Mail\n"
CONVERSIONS = b"unified_id,timestamp,value\n"
FLAGGED = b"cookie,time,conversion,conversion_value,channel\n"
PATHS = b"path,total_conversions,total_conversion_value,total_null\n"
Make = Callable[[Path], Any]


@dataclass(frozen=True)
class Case:
    """One input and its expected end.

    Attributes
    ----------
    name : str
    content : bytes or callable
        The file's bytes, or what makes it at a path.
    error : str or None
        The whole message, where the ingest must fail.
    kept, duplicates, outside, repaired : int
    reasons : dict of str to int
        Quarantined rows.
    lines : tuple of int or None
        Lines of the quarantined rows, where they matter.
    findings : tuple of str
        Codes that must be among the findings.
    times, channels, values : tuple or None
        What the stored column holds, sorted.
    """

    name: str
    content: bytes | Make
    error: str | None = None
    file: str = "touches.csv"
    argument: str = "{file}"
    table: str | None = "touchpoints"
    settings: dict[str, Any] = field(default_factory=dict)
    kept: int = 0
    duplicates: int = 0
    outside: int = 0
    repaired: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    lines: tuple[int, ...] | None = None
    findings: tuple[str, ...] = ()
    times: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None
    values: tuple[float | None, ...] | None = None
    merged: int = 0


def rows(*lines: str, header: bytes = HEADER, end: str = "\n") -> bytes:
    """A header and lines of text."""
    return header + "".join(line + end for line in lines).encode()


def at(*times: str) -> bytes:
    """One touch for each way of writing a time."""
    return rows(*(f'u{i},"{t}",Search' for i, t in enumerate(times)))


def sold(*values: str) -> bytes:
    """One conversion for each way of writing a value."""
    return rows(*(f'u{i},2026-01-05T10:00:00Z,"{v}"' for i, v in enumerate(values)), header=CONVERSIONS)


def parquet(**columns: Any) -> Make:
    """A Parquet file of these columns."""
    return lambda path: pq.write_table(pa.table(columns), path)


def zipped(**members: bytes) -> Make:
    """A zip archive; ``__`` in a name stands for its point."""

    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name.replace("__", "."), content)

    return make


def sqlite_file(*statements: str) -> Make:
    """A SQLite file after these statements."""

    def make(path: Path) -> None:
        connection = sqlite3.connect(path)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    return make


def duckdb_file(*statements: str) -> Make:
    """A DuckDB file after these statements."""

    def make(path: Path) -> None:
        with duckdb.connect(str(path)) as connection:
            for statement in statements:
                connection.execute(statement)

    return make


def folder(**files: bytes) -> Make:
    """A folder of files; ``__`` in a name stands for its point."""

    def make(path: Path) -> None:
        path.mkdir()
        for name, content in files.items():
            (path / name.replace("__", ".")).write_bytes(content)

    return make


def nothing(path: Path) -> None:
    """No file at all."""


def several(**files: bytes) -> Make:
    """Files beside the named one, which does not exist."""

    def make(path: Path) -> None:
        for name, content in files.items():
            (path.parent / name.replace("__", ".")).write_bytes(content)

    return make


def cut(data: bytes, keep: float = 0.6) -> bytes:
    """The beginning of some bytes."""
    return data[: int(len(data) * keep)]


def flipped(data: bytes) -> bytes:
    """Bytes with some in the middle changed."""
    middle = len(data) // 2
    return data[:middle] + bytes(255 - b for b in data[middle : middle + 30]) + data[middle + 30 :]


def parquet_bytes() -> bytes:
    """A sound Parquet file of 20,000 rows."""
    buffer = io.BytesIO()
    ids = [f"person-{i * 7919 % 100_003}" for i in range(20_000)]
    times = [datetime(2026, 1, 5, tzinfo=UTC)] * 20_000
    pq.write_table(pa.table({"unified_id": ids, "timestamp": times, "channel": ["Search"] * 20_000}), buffer)
    return buffer.getvalue()


def json_lines(*objects: Any) -> bytes:
    """One JSON text a line; text stays as it is."""
    return "".join((o if isinstance(o, str) else json.dumps(o)) + "\n" for o in objects).encode()


TOUCH = {"unified_id": "u1", "timestamp": "2026-01-05T10:00:00Z", "channel": "Search"}
UTC_10 = "2026-01-05 10:00:00"
BIG = rows(*(f"u{i * 7919 % 100_003},2026-01-05T10:{i % 60:02d}:00Z,Search" for i in range(5000)))
NAMELESS = "Name the columns in order: --header unified_id,timestamp,channel"
NOT_A_TIME = "timestamp does not read as ISO 8601"
COLUMNS = "Found: unified_id, timestamp, channel."
DAY_OR_MONTH = "Say it: --timestamp-format '%d/%m/%Y' or '%m/%d/%Y'."
READ_KINDS = ".csv, .json, .jsonl, .ndjson, .parquet, .pq, .psv, .tab, .tsv, .txt"

STRUCTURE = [
    Case("empty file", b"", '"{file}" is empty. Export it again.'),
    Case("only a byte-order mark", b"\xef\xbb\xbf", '"{file}" is empty. Export it again.'),
    Case("only blank lines", b"\n\n\n", '"{file}" holds no rows, only blank or comment lines. Export it again.'),
    Case("only comments", b"# made by x\n# on y\n", '"{file}" holds no rows, only blank or comment lines. Export it again.'),
    Case("only a header", HEADER, kept=0, findings=("no-rows",)),
    Case("comments above the header", b"# exported\n\n" + HEADER + GOOD, kept=1),
    Case("Excel's line that states the delimiter", b"sep=;\nunified_id;timestamp;channel\nu1;2026-01-05;A,B\n", kept=1,
         channels=("A,B",)),
    Case("no header", GOOD + MORE,
         '"{file}" has no header row: its first row looks like data (3 columns). ' + NAMELESS),
    Case("no header, e-mail addresses", b"anna@example.com,Search\nbert@example.com,Mail\n",
         '"{file}" has no header row: its first row looks like data (2 columns). ' + NAMELESS),
    Case("no header, ids with numbers", b"u17,Search\nu18,Mail\nu19,Search\n",
         '"{file}" has no header row: its first row looks like data (2 columns). ' + NAMELESS),
    Case("no header, but named", GOOD + MORE, settings={"header": "unified_id,timestamp,channel"}, kept=2),
    Case("--header of another width", GOOD + MORE,
         '"{file}" has 3 columns; --header names 2. Name each, separated by commas.', settings={"header": "a,b"}),
    Case("repeated header names", b"unified_id,timestamp,channel,channel\nu1,2026-01-05,A,B\n", kept=1, channels=("A",),
         findings=("renamed",)),
    Case("empty header names", b"unified_id,timestamp,channel,,\nu1,2026-01-05,A,x,y\n", kept=1, findings=("renamed",)),
    Case("header names that differ in case", b"unified_id,timestamp,channel,CHANNEL\nu1,2026-01-05,A,B\n", kept=1,
         channels=("A",), findings=("renamed",)),
    Case("a column with our own name", b"unified_id,timestamp,channel,_line\nu1,2026-01-05,A,7\n", kept=1),
    Case("header repeated in the middle", HEADER + GOOD + HEADER + MORE, kept=2, reasons={NOT_A_TIME: 1}, lines=(3,)),
    Case("missing column", b"unified_id,timestamp,chanel_x\nu1,2026-01-05,A\n",
         'Column "channel" not found in {file}. Did you mean "chanel_x"? Found: unified_id, timestamp, chanel_x. '
         "Name it with --column touchpoints.channel=HEADER."),
    Case("missing column, header with an e-mail address", b"unified_id,timestamp,anna@example.com\nu1,2026-01-05,A\n",
         '"{file}" has no header row: its first row looks like data (3 columns). ' + NAMELESS),
    Case("unknown --column target", HEADER + GOOD,
         '--column touchpoints.chanel=channel: no such field. Did you mean "touchpoints.channel"? Known: '
         "touchpoints.unified_id, touchpoints.timestamp, touchpoints.channel, touchpoints.campaign, "
         "touchpoints.interaction, touchpoints.cost, touchpoints.device_type, touchpoints.ownership, touchpoints.geo, "
         "touchpoints.conversion.", settings={"columns": {"touchpoints.chanel": "channel"}}),
    Case("--column with an absent header", HEADER + GOOD,
         '--column touchpoints.campaign=kampagne: column "kampagne" not found in any file. ' + COLUMNS,
         settings={"columns": {"touchpoints.campaign": "kampagne"}}),
    Case("--column with a header written wrongly", b"unified_id,timestamp,origin\nu1,2026-01-05,A\n",
         '--column touchpoints.channel=orign: column "orign" not found in {file}. Did you mean "origin"? '
         "Found: unified_id, timestamp, origin.", settings={"columns": {"touchpoints.channel": "orign"}}),
    Case("not recognised", b"colour,size\nred,1\n",
         "{file} is not recognised by its headers. Found: colour, size. Say what it is (--touchpoints, --conversions, "
         "--paths, --customers, --identities, --spend, --assignments), and name columns with --column "
         "touchpoints.channel=HEADER.", table=None),
    Case("spaces between cells", b"unified_id timestamp channel\nu1 2026-01-05 A\n",
         'Column "unified_id" not found in {file}. Found: unified_id timestamp channel. All of it is one column: set '
         "--delimiter if that is wrong. Name it with --column touchpoints.unified_id=HEADER."),
    Case("spaces between cells, said", b"unified_id timestamp channel\nu1 2026-01-05 A\n",
         settings={"delimiter": "space"}, kept=1),
    Case("delimiter of two characters", HEADER + GOOD,
         'delimiter: "::" is not one character. Write , ; | or tab.', settings={"delimiter": "::"}),
    Case("wrong --delimiter", HEADER + GOOD,
         'Column "unified_id" not found in {file}. Found: unified_id,timestamp,channel. All of it is one column: set '
         "--delimiter if that is wrong. Name it with --column touchpoints.unified_id=HEADER.", settings={"delimiter": ";"}),
    Case("semicolons", b"unified_id;timestamp;channel\nu1;2026-01-05;A\n", kept=1),
    Case("tabs", b"unified_id\ttimestamp\tchannel\nu1\t2026-01-05\tA\n", kept=1),
    Case("pipes", b"unified_id|timestamp|channel\nu1|2026-01-05|A\n", kept=1),
    Case("Ctrl-A", b"unified_id\x01timestamp\x01channel\nu1\x012026-01-05\x01A\n", kept=1),
    Case("returns as line ends", (HEADER + GOOD + MORE).replace(b"\n", b"\r"), kept=2),
    Case("returns and newlines", (HEADER + GOOD + MORE).replace(b"\n", b"\r\n"), kept=2, channels=("Mail", "Search")),
    Case("mixed line ends", HEADER + GOOD.replace(b"\n", b"\r\n") + MORE + b"u3,2026-01-07,Mail\r", kept=3),
    Case("no newline at the end", HEADER + GOOD + MORE.rstrip(), kept=2),
    Case("blank lines between and after", HEADER + b"\n" + GOOD + b"\n\n" + b"u2,,Mail\n" + b"\n\n", kept=1,
         reasons={"timestamp is empty": 1}, lines=(6,)),
    Case("unclosed quote", HEADER + b'u1,2026-01-05,"Search\n' + MORE, kept=2, repaired=1, channels=('"Search', "Mail")),
    Case("unclosed quote in a narrow row", HEADER + b'u1,"2026-01-05\n' + MORE, kept=1,
         reasons={"a quote is opened and not closed": 1}, lines=(2,)),
    Case("quote within a cell", HEADER + b'u1,2026-01-05,the 5" screen\n' + MORE, kept=2, repaired=1),
    Case("two quotes within a cell", HEADER + b'u1,2026-01-05,the "best" screen\n', kept=1,
         channels=('the "best" screen',)),
    Case("text after a closing quote", HEADER + b'u1,2026-01-05,"Search" engine\n' + MORE, kept=2,
         channels=("Mail", "Search engine")),
    Case("doubled quotes and delimiters in quotes", HEADER + b'u1,2026-01-05,"A ""B"", C"\n', kept=1,
         channels=('A "B", C',)),
    Case("newlines in quotes, right lines after them", HEADER + b'u1,2026-01-05,"Paid\nSearch"\n' + b"u2,never,Mail\n",
         kept=1, reasons={NOT_A_TIME: 1}, lines=(4,), channels=("Paid\nSearch",)),
    Case("newline without quotes", b"unified_id,timestamp,geo,channel,campaign\nu1,2026-01-05,DE,A/\nB,c\nu2,x,DE,A,c\n",
         kept=1, repaired=1, reasons={NOT_A_TIME: 1}, lines=(4,), channels=("A/\nB",)),
    Case("too many cells", HEADER + b"u1,2026-01-05,A,B\n" + GOOD, kept=1, reasons={"4 cells where the header has 3": 1}),
    Case("one cell", HEADER + b"u1\n" + GOOD + MORE, kept=2, reasons={"1 cells where the header has 3": 1}),
    Case("too few cells", b"unified_id,timestamp,channel,campaign\nu1,2026-01-05,A\nu2,2026-01-05,A\n", kept=2, repaired=2,
         findings=("repaired",)),
    Case("delimiters at the end of rows", HEADER + b"u1,2026-01-05,A,,\nu2,2026-01-05,A,\n", kept=2, repaired=2),
    Case("empty rows of delimiters", HEADER + GOOD + b",,\n,,\n", kept=1, reasons={"unified_id is empty": 2}),
    Case("over-long field", HEADER + GOOD + b"u2,2026-01-05," + b"x" * 1001 + b"\n", kept=1,
         reasons={'"channel" is longer than 1,000 characters': 1}),
    Case("over-long quoted field", HEADER + GOOD + b'u2,2026-01-05,"' + b"x" * 200_000 + b'"\n', kept=1,
         reasons={'"channel" is longer than 1,000 characters': 1}),
    Case("over-long line", HEADER + GOOD + b"u2,2026-01-05," + b"x" * (1 << 20) + b"\n", kept=1,
         reasons={"line longer than 1,048,576 characters": 1}),
    Case("no line end", b"x" * 300_000,
         '"{file}" has no line end in its first 262,144 characters: it is no table as text. Export it again.'),
    Case("a web page", b"<!DOCTYPE html><html><body>Log in</body></html>\n",
         '"{file}" is a web page or XML, perhaps a login page saved in place of the data. Export it again as CSV.'),
]  # fmt: skip

ACCENTS = "unified_id,timestamp,channel\nu1,2026-01-05,Café\n"
ENCODINGS = [
    Case("UTF-8 with a mark", b"\xef\xbb\xbf" + ACCENTS.encode(), kept=1, channels=("Café",)),
    Case("UTF-16 little-endian", ACCENTS.encode("utf-16"), kept=1, channels=("Café",)),
    Case("UTF-16 big-endian", b"\xfe\xff" + ACCENTS.encode("utf-16-be"), kept=1, channels=("Café",)),
    Case("UTF-16 without a mark", ACCENTS.encode("utf-16-le"), kept=1, channels=("Café",)),
    Case("UTF-16 big-endian without a mark", ACCENTS.encode("utf-16-be"), kept=1, channels=("Café",)),
    Case("UTF-32", ACCENTS.encode("utf-32"), kept=1, channels=("Café",)),
    Case("UTF-32 without a mark", ACCENTS.encode("utf-32-le"), kept=1, channels=("Café",)),
    Case("UTF-16 cut in the middle of a character", ACCENTS.encode("utf-16")[:-1],
         '"{file}" is not in utf-16: it holds bytes that this encoding does not have. Name the right one with '
         "--encoding, or leave the option out."),
    Case("Windows-1252", "unified_id,timestamp,channel\nu1,2026-01-05,Café “x”\n".encode("cp1252"), kept=1,
         channels=("Café “x”",)),
    Case("Latin-1", b"unified_id,timestamp,channel\nu1,2026-01-05,Caf\xe9\x81\n", kept=1, channels=("Café\x81",)),
    Case("an encoding that is said", "unified_id,timestamp,channel\nu1,2026-01-05,Поиск\n".encode("cp1251"), kept=1,
         settings={"encoding": "cp1251"}, channels=("Поиск",)),
    Case("a wrong --encoding", b"unified_id,timestamp,channel\nu1,2026-01-05,Caf\xe9\n",
         '"{file}" is not in utf-8: it holds bytes that this encoding does not have. Name the right one with '
         "--encoding, or leave the option out.", settings={"encoding": "utf-8"}),
    Case("an unknown --encoding", HEADER + GOOD,
         'encoding: "klingon" is unknown. Write utf-8, utf-16, windows-1252 or latin-1.', settings={"encoding": "klingon"}),
    Case("an --encoding that is none", HEADER + GOOD,
         'encoding: "hex" is unknown. Write utf-8, utf-16, windows-1252 or latin-1.', settings={"encoding": "hex"}),
    Case("UTF-8 with damaged bytes", "unified_id,timestamp,channel\nu1,2026-01-05,Café\nu2,2026-01-05,Öl\n".encode()
         + b"u3,2026-01-05,Caf\xc3\n" + "u4,2026-01-05,Ärger\n".encode(), kept=3,
         reasons={"characters that cannot be decoded": 1}, lines=(4,), channels=("Café", "Ärger", "Öl")),
    Case("NUL bytes", HEADER + GOOD + b"u2,2026-01-05,Se\x00arch\n" + MORE, kept=2,
         reasons={"NUL character in the line": 1}, lines=(3,)),
]  # fmt: skip

TIMES = [
    Case("offsets, Z and a named zone", at("2026-01-05T11:00:00+01:00", "2026-01-05T10:00:00Z", "2026-01-05 05:00:00 -05:00",
                                           "2026-01-05 10:00:00+00", "2026-01-05 11:00:00 Europe/Berlin"),
         kept=5, times=(UTC_10,) * 5),
    Case("local times with --timezone", at("2026-01-05 11:00:00", "2026-01-05T10:00:00Z", "2026-01-05"), kept=3,
         settings={"timezone": "Europe/Berlin"}, times=("2026-01-04 23:00:00", UTC_10, UTC_10)),
    Case("times without a zone", at("2026-01-05 10:00"), kept=1, times=(UTC_10,), findings=("timezone",)),
    Case("unknown --timezone", HEADER + GOOD,
         'timezone: "Europe/Berln" is unknown. Did you mean "Europe/Berlin"? Write Europe/Berlin or UTC.',
         settings={"timezone": "Europe/Berln"}),
    Case("fractions of seconds after a comma", at("2026-01-05 10:00:00,5", "2026-01-05T11:00:00,25+01:00"), kept=2,
         times=(UTC_10 + ".25", UTC_10 + ".5")),
    Case("seconds since 1970", at("1767607200", "1767607200.5"), kept=2, times=(UTC_10, UTC_10 + ".5")),
    Case("milliseconds", at("1767607200000"), kept=1, times=(UTC_10,)),
    Case("microseconds", at("1767607200000000"), kept=1, times=(UTC_10,)),
    Case("nanoseconds", at("1767607200000000000"), kept=1, times=(UTC_10,)),
    Case("calendar digits", at("20260105100000", "20260106100000"), kept=2, times=(UTC_10, "2026-01-06 10:00:00")),
    Case("hours as digits, no seconds since 1970", at("2026010510", "2026010610"), kept=2,
         times=(UTC_10, "2026-01-06 10:00:00")),
    Case("day first", at("13/01/2026", "05/01/2026"), kept=2, times=("2026-01-05 00:00:00", "2026-01-13 00:00:00")),
    Case("month first", at("01/13/2026", "01/05/2026"), kept=2, times=("2026-01-05 00:00:00", "2026-01-13 00:00:00")),
    Case("two-digit years", at("13.01.26", "05.01.26"), kept=2, times=("2026-01-05 00:00:00", "2026-01-13 00:00:00")),
    Case("day or month", at("05/01/2026", "06/01/2026"),
         '{file}: column "timestamp" can be read as day first or month first; no cell tells which. ' + DAY_OR_MONTH),
    Case("day and month", at("13/01/2026", "01/13/2026", "05/01/2026"),
         '{file}: column "timestamp" has cells that only read as day first and cells that only read as month first. '
         + DAY_OR_MONTH + " The other cells are quarantined."),
    Case("day or month, said", at("05/01/2026", "06/01/2026", "01/13/2026"), kept=2,
         settings={"timestamp_format": "%d/%m/%Y"}, reasons={"timestamp does not read as %d/%m/%Y": 1},
         times=("2026-01-05 00:00:00", "2026-01-06 00:00:00")),
    Case("day or month, no difference", at("05/05/2026"), kept=1, times=("2026-05-05 00:00:00",)),
    Case("clock with noon", at("2026-01-05 10:00:00 AM", "2026-01-05 10:00:00 PM"), kept=2,
         times=(UTC_10, "2026-01-05 22:00:00")),
    Case("month names", at("5 Jan 2026 10:00:00"), kept=1, times=(UTC_10,)),
    Case("mixed formats", at("2026-01-05", "2026-01-06", "Jan 7, 2026"), kept=2, reasons={NOT_A_TIME: 1}),
    Case("no times at all", at("yesterday", "last week"),
         '{file}: column "timestamp" does not read as times (its cells look like "aaaaaaaaa"). Name another column, or '
         "how it is written: --timestamp-format '%d.%m.%Y %H:%M'."),
    Case("a bad --timestamp-format", HEADER + GOOD,
         'timestamp-format: "day" is no pattern. Write iso, epoch-seconds, or a pattern like %d.%m.%Y %H:%M.',
         settings={"timestamp_format": "day"}),
    Case("a --timestamp-format that cannot be", HEADER + GOOD,
         'timestamp-format: "%Q%!" is no pattern. Write iso, epoch-seconds, or one like %d.%m.%Y %H:%M.',
         settings={"timestamp_format": "%Q%!"}),
    Case("an unknown epoch", HEADER + GOOD,
         'timestamp-format: "epoch-weeks" is unknown. Epochs: seconds, milliseconds, microseconds, nanoseconds.',
         settings={"timestamp_format": "epoch-weeks"}),
    Case("before 1990 and after 2099", at("1989-12-31", "2100-01-01", "2099-12-31", "1990-01-01"), kept=2,
         reasons={"timestamp is before 1990 or after 2099": 2}, lines=(2, 3)),
    Case("mostly before 1990", at("1970-01-01", "1970-01-02", "2026-01-05"), kept=1,
         reasons={"timestamp is before 1990 or after 2099": 2}),
    Case("infinite times", at("infinity", "2026-01-05", "-infinity"), kept=1,
         reasons={"timestamp is before 1990 or after 2099": 2}),
    Case("hours and days that do not exist", at("2026-01-05 25:00:00", "2026-02-30", "2026-01-04 24:00:00", "2026-01-05"),
         kept=2, reasons={NOT_A_TIME: 2}, lines=(2, 3), times=("2026-01-05 00:00:00",) * 2),
    Case("later than --as-of", at("2026-01-05 23:59:59", "2026-01-06 00:00:00"), kept=1, outside=1,
         settings={"as_of": "2026-01-05"}, findings=("outside",)),
    Case("a bad --as-of", HEADER + GOOD, 'as-of: "soon" is no date. Write 2026-03-31 or 2026-03-31T18:00:00.',
         settings={"as_of": "soon"}),
    Case("empty times", at("", " ", "2026-01-05"), kept=1, reasons={"timestamp is empty": 2}),
    Case("a day stays that day in every zone", b"date,channel,spend\n2026-01-05,A,3\n", table="spend", kept=1,
         settings={"timezone": "Europe/Berlin"}, times=("2026-01-05",)),
]  # fmt: skip

VALUES = [
    Case("decimal commas", sold("1,50", "1.234,50", "12"), table="conversions", kept=3, values=(1.5, 12.0, 1234.5)),
    Case("thousands separators", sold("1,234.50", "1,234", "7.25"), table="conversions", kept=3,
         values=(7.25, 1234.0, 1234.5)),
    Case("thousands points", sold("1.234.567,89", "1.234,5"), table="conversions", kept=2, values=(1234.5, 1234567.89)),
    Case("currency signs", sold("€ 5.50", "$7", "1 234.00 EUR", "1\u202f000\u00a0€"), table="conversions", kept=4,
         values=(5.5, 7.0, 1000.0, 1234.0)),
    Case("nan and inf", sold("nan", "inf", "-Infinity", "5"), table="conversions", kept=1,
         reasons={"value is not a number": 3}),
    Case("negative values", sold("-5", "(5)", "5", "0"), table="conversions", kept=2,
         reasons={"value is negative": 1, "value is not a number": 1}, values=(0.0, 5.0)),
    Case("text in a number", sold("5", "five", ""), table="conversions", kept=2, reasons={"value is not a number": 1},
         values=(5.0, None)),
    Case("numbers beyond all bounds", sold("1e999", "5"), table="conversions", kept=1,
         reasons={"value is not a number": 1}),
    Case("negative cost", b"unified_id,timestamp,channel,cost\nu1,2026-01-05,A,-1\nu2,2026-01-05,A,1\n", kept=1,
         reasons={"cost is negative": 1}),
    Case("negative spend", b"date,channel,spend\n2026-01-05,A,-3\n2026-01-06,A,3\n", table="spend", kept=1,
         reasons={"spend is negative": 1}),
    Case("empty spend", b"date,channel,spend\n2026-01-05,A,\n2026-01-06,A,3\n", table="spend", kept=1,
         reasons={"spend is empty": 1}),
    Case("empty and placeholder ids", rows(*(f"{i},2026-01-05,A" for i in (
        "", "  ", "null", "N/A", "None", "(not set)", "0", "00000000-0000-0000-0000-000000000000", "0000000000", "-",
        "00a", "nullify"))), kept=2,
        reasons={"unified_id is empty": 2, "unified_id is a placeholder, not an id": 8}),
    Case("blanks around cells", rows(" u1\u00a0, 2026-01-05 ,\tA ", "u1,2026-01-05,A"), kept=2, channels=("A", "A")),
    Case("missing channels", rows("u1,2026-01-05,", "u2,2026-01-05,A"), kept=1, reasons={"channel is empty": 1}),
    Case("missing channels, named", rows("u1,2026-01-05,", "u2,2026-01-05,A"), kept=2,
         settings={"missing_channel": "(other)"}, channels=("(other)", "A")),
    Case("reserved channel names", rows("u1,2026-01-05,(baseline)", "u2,2026-01-05,(unattributed)", "u3,2026-01-05,A"),
         kept=1, reasons={"channel has a reserved name": 2}),
    Case("SQL in a cell", rows("u1,2026-01-05,'; DROP TABLE x; --", "u'2,2026-01-05,A"), kept=2),
    Case("equal rows", rows("u1,2026-01-05,A", "u1,2026-01-05,A", "u1,2026-01-05,B"), kept=2, duplicates=1,
         findings=("duplicates",)),
    Case("equal conversion ids, equal values", b"unified_id,timestamp,value,order_id\nu1,2026-01-05,5,a\nu1,2026-01-05,5,a\n",
         table="conversions", kept=1, duplicates=1),
    Case("equal conversion ids, other values", b"unified_id,timestamp,value,order_id\nu1,2026-01-06,7,a\nu1,2026-01-05,5,a\n",
         table="conversions", kept=1, duplicates=1, merged=1, values=(5.0,), findings=("conversions-merged",)),
    Case("a flag that is neither yes nor no", FLAGGED + b"u1,2026-01-05,maybe,0,A\nu2,2026-01-05,Yes,5,A\nu3,2026-01-05,,0,A\n",
         kept=2, reasons={'"conversion" is neither yes nor no': 1}),
    Case("a value without a conversion", FLAGGED + b"u1,2026-01-05,0,5,A\nu2,2026-01-05,1,5,A\n", kept=2, findings=("noted",)),
    Case("revenue of zero", b"user_id,timestamp,channel,revenue\nu1,2026-01-05,A,0\nu2,2026-01-05,A,3\nu3,2026-01-05,A,\n",
         kept=3),
    Case("no id in a customer's row", b"unified_id,id:cookie,email\nu1,,a@x.org\n,c1,b@x.org\n,,c@x.org\n",
         table="customers", kept=2, reasons={"no id in the row": 1}),
    Case("consent in unknown words", b"unified_id,consent\nu1,yes\nu2,perhaps\nu3,Opt-Out\n", table="customers", kept=3,
         findings=("noted",)),
    Case("links with one id", b"id_a,id_b\nx,y\nx,\nnull,y\n", table="identities", kept=1,
         reasons={"fewer than two ids in the row": 2}),
    Case("links without a second column", b"id_a,score\nx,1\n",
         'Column "id_b" not found in {file}. Did you mean "id_a"? Found: id_a, score. Name it with --column '
         "identities.id_b=HEADER.", table="identities"),
    Case("an unknown arm", b"experiment,unified_id,channel,arm,assigned_at\ne,u1,A,Held-out,2026-01-05\n"
         b"e,u2,A,exposed,2026-01-05\ne,u3,A,control,2026-01-05\n", table="assignments", kept=2,
         reasons={"arm is not exposed or held_out": 1}),
]  # fmt: skip

JOURNEYS = [
    Case("paths: empty, separators at the end", PATHS + b"A > B >,1,2,0\n,1,0,0\n > ,0,0,3\nA>B,0,0,1\n", table="paths", kept=4),
    Case("paths: negative counts", PATHS + b"A > B,-1,2,0\nA,1,2,-3\nA,1,2,3\n", table="paths", kept=1,
         reasons={"conversions is negative": 1, "nulls is negative": 1}),
    Case("paths: value without a conversion", PATHS + b"A > B,0,2,1\nA,1,2,3\n", table="paths", kept=1,
         reasons={"value without a conversion": 1}),
    Case("paths: equal rows are two rows", PATHS + b"A,1,2,3\nA,1,2,3\n", table="paths", kept=2),
    Case("paths: counts that are no numbers", PATHS + b"A,one,2,3\nA,1,2,3\n", table="paths", kept=1,
         reasons={"conversions is not a number": 1}),
    Case("paths: empty counts", PATHS + b"A,,,3\nA,1,2,3\n", table="paths", kept=1, reasons={"conversions is empty": 1}),
    Case("paths: reserved and over-long channels", PATHS + b"A > (baseline),1,2,0\nA > " + b"x" * 1001 + b",1,2,0\nA,1,2,0\n",
         table="paths", kept=1, reasons={"channel has a reserved name": 1, "a channel is longer than 1,000 characters": 1}),
    Case("paths: no counts", b"path,size\nA > B,1\n",
         'Column "conversions" not found in {file}. Found: path, size. Name it with --column paths.conversions=HEADER.',
         table="paths"),
    Case("path lists as JSON", b'path;converted\n"[""A"",""B, \\u00e9""]";1\n[];0\n["A";1\n', table="paths", kept=2,
         reasons={"path does not read as a list": 1}),
    Case("path lists as Python", b"path;converted\n['A', 'B']\x3b1\n['C']\x3b0\n", table="paths", kept=2),
    Case("wide journeys without a token", b"t1,t2,t3\nA,B,\nB,A,\nA,B,A\n",
         "{file}: journeys in wide columns, but nothing tells which of them converted. Name the token that means a "
         "conversion: --conversion-token 21", table="paths"),
    Case("wide journeys, channels named like columns", b"channel_1,channel_2\nchannel_2,sale\nchannel_1,channel_2\n",
         table="paths", kept=2),
    Case("wide journeys, token said", b"t1,t2,t3\nA,B,\nB,A,sale\nA,B,A\n", table="paths", kept=3,
         settings={"conversion_token": "sale"}),
]  # fmt: skip

FORMATS = [
    Case("gzip", gzip.compress(HEADER + GOOD), file="touches.csv.gz", kept=1),
    Case("gzip without the suffix", gzip.compress(HEADER + GOOD), kept=1),
    Case("bzip2", bz2.compress(HEADER + GOOD), file="touches.csv.bz2", kept=1),
    Case("xz", lzma.compress(HEADER + GOOD), file="touches.csv.xz", kept=1),
    Case("Zstandard", zstandard.compress(HEADER + GOOD), file="touches.csv.zst", kept=1),
    Case("gzip of JSON in an array", gzip.compress(json.dumps([TOUCH]).encode()), file="touches.json.gz", kept=1),
    Case("gzip cut short", cut(gzip.compress(BIG)), file="t.csv.gz",
         error='"{file}" cannot be unpacked: it is damaged, cut short or encrypted. Export it again.'),
    Case("gzip damaged", flipped(gzip.compress(BIG)), file="t.csv.gz",
         error='"{file}" cannot be unpacked: it is damaged, cut short or encrypted. Export it again.'),
    Case("bzip2 cut short", cut(bz2.compress(BIG)), file="t.csv.bz2",
         error='"{file}" cannot be unpacked: it is damaged, cut short or encrypted. Export it again.'),
    Case("xz damaged", flipped(lzma.compress(BIG)), file="t.csv.xz",
         error='"{file}" cannot be unpacked: it is damaged, cut short or encrypted. Export it again.'),
    Case("Zstandard damaged", flipped(zstandard.compress(BIG)), file="t.csv.zst",
         error='"{file}" cannot be unpacked: it is damaged, cut short or encrypted. Export it again.'),
    Case("zip of one", zipped(touches__csv=HEADER + GOOD), file="touches.zip", kept=1),
    Case("zip of several", zipped(a__csv=HEADER + GOOD, b__csv=HEADER + MORE, c__pdf=b"%PDF"), file="touches.zip", kept=2,
         findings=("skipped",)),
    Case("zip of nothing", zipped(), file="touches.zip", error='"{file}" is an archive without files that can be read.'),
    Case("zip damaged", b"PK\x03\x04" + b"x" * 300, file="touches.zip",
         error='"{file}" cannot be unpacked: it is damaged, cut short or encrypted. Export it again.'),
    Case("workbook", zipped(xl__workbook=b"", **{"xl/workbook__xml": b""}), file="touches.xlsx",
         error='"{file}" is a workbook. Save the sheet as CSV and ingest that.'),
    Case("workbook under another name", zipped(**{"xl/workbook__xml": b""}), file="touches.csv",
         error='"{file}" is a workbook. Save the sheet as CSV and ingest that.'),
    Case("old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1", file="touches.xls",
         error='"{file}" is a workbook. Save the sheet as CSV and ingest that.'),
    Case("PDF", b"%PDF-1.7\n", file="touches.pdf", error='"{file}" is a PDF document. Export the table as CSV.'),
    Case("Parquet of nothing", b"", file="t.parquet", error='"{file}" is empty. Export it again.'),
    Case("Parquet cut short", lambda path: path.write_bytes(cut(parquet_bytes())), file="t.parquet",
         error='"{file}" is no readable Parquet file (InvalidInputException). Export it again.'),
    Case("Parquet with a damaged page", lambda path: path.write_bytes(b"PAR1" + b"\xff" * 400 + parquet_bytes()[404:]),
         file="t.parquet", error='"{file}" cannot be read ('),
    Case("Parquet that is none", b"hello\n", file="t.parquet",
         error='"{file}" is no readable Parquet file (InvalidInputException). Export it again.'),
    Case("Parquet, times with and without a zone", parquet(
        unified_id=["u1", "u2"], timestamp=pa.array([datetime(2026, 1, 5, 10, tzinfo=UTC)] * 2, pa.timestamp("ms", "UTC")),
        channel=["A", "B"]), file="t.parquet", kept=2, settings={"timezone": "Europe/Berlin"}, times=(UTC_10,) * 2),
    Case("Parquet, local times", parquet(
        unified_id=["u1", "u2"], timestamp=pa.array([datetime(2026, 1, 5, 11)] * 2, pa.timestamp("ns")),  # noqa: DTZ001
        channel=["A", "B"]), file="t.parquet", kept=2, settings={"timezone": "Europe/Berlin"}, times=(UTC_10,) * 2),
    Case("Parquet, seconds as floating numbers", parquet(unified_id=["u1", "u2"], timestamp=[1767607200.0, 1767607200.25],
                                                         channel=["A", "B"]),
         file="t.parquet", kept=2, times=(UTC_10, UTC_10 + ".25")),
    Case("Parquet, nothing where something must be", parquet(
        unified_id=["u1", None, "u3", ""], timestamp=[datetime(2026, 1, 5)] * 3 + [None], channel=["A", "B", None, "C"]),  # noqa: DTZ001
        file="t.parquet", kept=1, reasons={"unified_id is empty": 2, "channel is empty": 1}, lines=(2, 3, 4)),
    Case("Parquet, ids as floating numbers", parquet(unified_id=[12.0, None, 0.0], timestamp=[datetime(2026, 1, 5)] * 3,  # noqa: DTZ001
                                                     channel=["A", "B", "C"]), file="t.parquet", kept=1,
         reasons={"unified_id is empty": 1, "unified_id is a placeholder, not an id": 1}),
    Case("Parquet, NaN and infinity", parquet(unified_id=["a", "b", "c"], timestamp=[datetime(2026, 1, 5)] * 3,  # noqa: DTZ001
                                              value=[float("nan"), float("inf"), 5.0]), file="t.parquet",
         table="conversions", kept=1, reasons={"value is not a number": 2}),
    Case("Parquet, paths as lists", parquet(path=[["A", " B "], [], None, ["C", None]], converted=[True, False, True, None]),
         file="t.parquet", table="paths", kept=4),
    Case("JSON lines, some broken", json_lines(TOUCH, '{"unified_id": "u2", ', [1, 2], "7", {}, TOUCH | {"unified_id": "u3"}),
         file="t.jsonl", kept=2, reasons={"not valid JSON": 1, "not a JSON object": 2, "a JSON object without fields": 1},
         lines=(2, 3, 4, 5)),
    Case("JSON lines, nested, keys that come late", json_lines(
        {"user": {"id": "u1"}, "timestamp": 1767607200, "channel": "A"},
        {"user": {"id": "u2"}, "timestamp": 1767607200, "Channel": "B", "campaign": "c"}), file="t.jsonl", kept=2,
        settings={"columns": {"touchpoints.unified_id": "user.id"}}, channels=("A", "B")),
    Case("JSON lines, lone surrogates and deep nesting", json_lines(
        TOUCH, '{"unified_id": "u2", "timestamp": "2026-01-05", "channel": "\\ud800"}', "[" * 100_000), file="t.jsonl", kept=1,
        reasons={"not valid JSON": 2}),
    Case("JSON lines, blank names", json_lines(TOUCH | {"": "x", " ": "y", "_line": 3}), file="t.jsonl", kept=1),
    Case("JSON array", json.dumps([TOUCH, TOUCH | {"unified_id": "u2"}, 5], indent=2).encode(), file="t.json", kept=2,
         reasons={"not a JSON object": 1}, lines=(3,)),
    Case("JSON array cut short", json.dumps([TOUCH, TOUCH]).encode()[:-5], file="t.json",
         error='"{file}" is not valid JSON: it is cut short or not valid (after element 1). Export it again.'),
    Case("JSON array with something after it", b'[{"a": 1}] x', file="t.json",
         error='"{file}" is not valid JSON: something follows the array (after element 1). Export it again.'),
    Case("JSON of nothing", b"[]", file="t.json", error='"{file}" is empty. Export it again.'),
    Case("JSON without objects", b"1\n2\n", file="t.json",
         error='"{file}" holds no JSON objects: not a JSON object (line 1). One object per line, or one array of objects, '
         "is read."),
    Case("JSON in UTF-16", json.dumps([TOUCH]).encode("utf-16"), file="t.json", kept=1),
    Case("SQLite table", sqlite_file("CREATE TABLE t (unified_id, timestamp, channel)",
                                     "INSERT INTO t VALUES ('u1', '2026-01-05', 'A'), (NULL, '2026-01-05', 'A')"),
         file="shop.sqlite", argument="{file}::t", kept=1, reasons={"unified_id is empty": 1}, lines=(2,)),
    Case("SQLite query with equal names", sqlite_file("CREATE TABLE t (a, b)", "INSERT INTO t VALUES ('u1', 1767607200)"),
         file="shop.db", argument="{file}::SELECT a AS unified_id, b AS timestamp, a AS channel, a AS channel FROM t", kept=1),
    Case("SQLite text that is none", sqlite_file(
        "CREATE TABLE t (unified_id, timestamp, channel)",
        "INSERT INTO t VALUES (CAST(X'616e6e61ff' AS TEXT), '2026-01-05', 'A'), ('u2', '2026-01-05', 'A')"),
        file="shop.sqlite", argument="{file}::t", kept=1, reasons={"characters that cannot be decoded": 1}),
    Case("SQLite, missing table", sqlite_file("CREATE TABLE touches (a)"), file="shop.sqlite", argument="{file}::touch",
         error='No table "touch" in {file}. Did you mean "touches"? Found: touches.'),
    Case("SQLite, bad query", sqlite_file("CREATE TABLE t (a)"), file="shop.sqlite", argument="{file}::SELECT b FROM t",
         error='"{file}::SELECT b FROM t" cannot be read: no such column: b'),
    Case("SQLite that is none", b"hello", file="shop.sqlite", argument="{file}::t",
         error='"{file}::t" cannot be read: file is not a database'),
    Case("SQLite without a table named", sqlite_file("CREATE TABLE t (a)"), file="shop.sqlite",
         error='"{file}" is a database. Name a table or query: "{file}::TABLE".'),
    Case("SQLite that is not there", nothing, file="shop.sqlite", argument="{file}::t", error='No database "{file}".'),
    Case("DuckDB table", duckdb_file(
        "CREATE TABLE t AS SELECT 'u1' AS unified_id, TIMESTAMP '2026-01-05 10:00' AS timestamp, 'A' AS channel"),
        file="shop.duckdb", argument="{file}::t", kept=1, times=(UTC_10,)),
    Case("DuckDB, missing table", duckdb_file("CREATE TABLE touches (a INT)"), file="shop.duckdb", argument="{file}::touchs",
         error='No table "touchs" in {file}. Did you mean "touches"? Found: touches.'),
    Case("DuckDB, a query that fails on a cell", duckdb_file("CREATE TABLE t AS SELECT 'anna@example.com' AS a"),
         file="shop.duckdb", argument="{file}::SELECT a::INT FROM t",
         error='"{file}::SELECT a::INT FROM t" cannot be read: Conversion'),
    Case("a database with another suffix", duckdb_file(
        "CREATE TABLE t AS SELECT 'u1' AS unified_id, TIMESTAMP '2026-01-05 10:00' AS timestamp, 'A' AS channel"),
        file="shop.db", argument="{file}::t", kept=1),
    Case("a table of a text file", HEADER + GOOD, argument="{file}::t",
         error='"{file}" is no DuckDB or SQLite database, so no table of it can be named with "::".'),
]  # fmt: skip

PLACES = [
    Case("missing file", several(touchs__csv=HEADER), file="touches.csv",
         error='No file "{file}". Did you mean "touchs.csv"?'),
    Case("missing file in a missing folder", nothing, file="a/b/touches.csv", error='No file "{file}".'),
    Case("glob without a match", several(touchs__csv=HEADER), file="*.parquet", error='No file matches "{file}".'),
    Case("glob", several(a__csv=HEADER + GOOD, b__csv=HEADER + MORE), file="*.csv", kept=2),
    Case("empty folder", folder(), file="exports",
         error='Folder "{file}" holds no file that can be read (' + READ_KINDS
         + '). For folders inside it write "{file}/**/*.csv".'),
    Case("folder of mixed files", folder(a__csv=HEADER + GOOD, b__csv=HEADER + MORE, notes__docx=b"PK", _SUCCESS=b""),
         file="exports", kept=2, findings=("skipped",)),
    Case("name that is too long", nothing, file="x" * 300, error='Cannot read "{file}": File name too long.'),
]  # fmt: skip

CASES = [*STRUCTURE, *ENCODINGS, *TIMES, *VALUES, *JOURNEYS, *FORMATS, *PLACES]
