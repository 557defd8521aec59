"""What a delimited text file looks like: encoding, delimiter, where the header stands."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from attribution.errors import AttributionError, UsageError

DELIMITERS = (",", ";", "\t", "|", "\x01")
NAMED_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
CHUNK = 1 << 22
SAMPLE = 1 << 18
LONGEST_LINE = 1 << 20
NUMBER = re.compile(r"[+-]?[\d.,]*\d[\d.,:/ T-]*")


@dataclass(frozen=True, slots=True)
class Shape:
    """How to read one text file, already in UTF-8.

    Attributes
    ----------
    path : Path
    encoding : str
        What the original was in.
    delimiter : str
    header : tuple of str
        Column names, made unique.
    first_line : int
        Physical line (from 1) on which the first row after the header begins.
    skipped : int
        Physical lines before the first row: preamble, blank lines, header.
    plain : bool
        No quotes, no NUL, no carriage return but before a newline: fast readers see what we see.
    newlines : int
        Newline characters in the file.
    ends_with_newline : bool
    renamed : tuple of str
        Header cells that were empty or repeated, as they are called now.
    """

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    first_line: int
    skipped: int
    plain: bool
    newlines: int
    ends_with_newline: bool
    renamed: tuple[str, ...] = ()


def to_utf8(path: Path, name: str, encoding: str | None, scratch: Path) -> tuple[Path, str]:
    """A UTF-8 copy of the file, or the file itself where it is UTF-8 already.

    Tried in order: a byte-order mark, UTF-8, UTF-16 without a mark (every second byte zero), Windows-1252
    (a superset of Latin-1's printable characters, and what spreadsheets write).
    """
    if encoding is not None:
        try:
            found = codecs.lookup(encoding).name
        except LookupError:
            raise UsageError(f'encoding: "{encoding}" is unknown. Write utf-8, utf-16, windows-1252 or latin-1.') from None
    else:
        found = _encoding(path)
    if found == "utf-8":
        return path, found
    target = scratch / f"{path.name}.utf8"
    decoder = codecs.getincrementaldecoder("utf-8-sig" if found == "utf-8-sig" else found)("strict")
    try:
        with path.open("rb") as reader, target.open("w", encoding="utf-8", newline="") as writer:
            while chunk := reader.read(CHUNK):
                writer.write(decoder.decode(chunk))
            writer.write(decoder.decode(b"", final=True))
    except UnicodeError:
        msg = f'"{name}" is not in {found}: bytes were found that it does not have. Name the right one with --encoding.'
        raise AttributionError(msg) from None
    return target, found


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4)
        for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"),
                           (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
                           (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
            if head.startswith(mark):
                return name
        file.seek(0)
        sample = file.read(SAMPLE)
        if sample and len(sample) >= 4:
            even, odd = sample[0::2].count(0), sample[1::2].count(0)
            if odd > 0.2 * len(sample) and even == 0:
                return "utf-16-le"
            if even > 0.2 * len(sample) and odd == 0:
                return "utf-16-be"
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")("strict")
        try:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252" if _fits(path, "cp1252") else "latin-1"
    return "utf-8"


def _fits(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def look(path: Path, name: str, encoding: str, delimiter: str | None, header: str | None) -> Shape:
    """Find the delimiter and the header of a UTF-8 text file.

    Raises
    ------
    AttributionError
        Where the file is empty, or has no header row and none was given.
    """
    newlines, quotes, nuls, returns, pairs, last, size = _characters(path)
    if size == 0:
        raise AttributionError(f'"{name}" is empty. Export it again.')
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        sample = file.read(SAMPLE)
    # Lines end at \n, \r\n or a lone \r, as the readers see them; str.splitlines would cut at more.
    lines = [line.rstrip("\r\n") for line in io.StringIO(sample, newline="")]
    if len(sample) >= SAMPLE and len(lines) > 1:
        lines.pop()
    start = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if start is None:
        raise AttributionError(f'"{name}" holds no rows, only blank or comment lines. Export it again.')
    found = _delimiter(lines[start : start + 60], delimiter)
    cells, taken = _record(lines, start, found)
    if header is not None:
        names, skipped = [h.strip() for h in header.split(",")], start
        if len(names) != len(cells):
            msg = f'"{name}" has {len(cells)} columns; --header names {len(names)}. Name each, separated by commas.'
            raise UsageError(msg)
    else:
        _check_header(cells, lines[start + taken : start + taken + 20], found, name)
        names, skipped = [c.strip() for c in cells], start + taken
    unique, renamed = _unique(names)
    plain = quotes == 0 and nuls == 0 and returns == pairs
    return Shape(path, encoding, found, unique, skipped + 1, skipped, plain, newlines, last == b"\n", renamed)


def _characters(path: Path) -> tuple[int, int, int, int, int, bytes, int]:
    newlines = quotes = nuls = returns = pairs = size = 0
    last = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            newlines += chunk.count(b"\n")
            quotes += chunk.count(b'"')
            nuls += chunk.count(b"\0")
            returns += chunk.count(b"\r")
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
            last = chunk[-1:]
            size += len(chunk)
    return newlines, quotes, nuls, returns, pairs, last, size


def _delimiter(lines: list[str], given: str | None) -> str:
    """The candidate that splits the most lines into the header's number of cells; ties: more cells."""
    if given is not None:
        found = NAMED_DELIMITERS.get(given.lower(), given)
        if len(found) != 1:
            raise UsageError(f'delimiter: "{given}" is not one character. Write , ; | or tab.')
        return found
    scores = []
    for candidate in DELIMITERS:
        widths = [len(row) for row in csv.reader([x for x in lines if x.strip()], delimiter=candidate)]
        if widths and widths[0] > 1:
            scores.append((sum(w == widths[0] for w in widths) / len(widths), widths[0], candidate))
    # A header that splits into more cells wins over a slightly more regular one: "a;b" beside "1,5;2,5".
    scores.sort(key=lambda s: (round(s[0], 1), s[1]), reverse=True)
    return scores[0][2] if scores else ","


def _record(lines: list[str], start: int, delimiter: str) -> tuple[list[str], int]:
    """The cells of the record that begins on ``start``, and how many lines it takes."""
    text, taken = lines[start], 1
    while text.count('"') % 2 and start + taken < len(lines) and taken < 10:
        text += "\n" + lines[start + taken]
        taken += 1
    if text.count('"') % 2:
        text, taken = lines[start], 1
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [text]), taken


def _check_header(cells: list[str], following: list[str], delimiter: str, name: str) -> None:
    numeric = sum(bool(NUMBER.fullmatch(c.strip())) for c in cells)
    if cells and numeric == 0:
        return
    rows = list(csv.reader([x for x in following if x.strip()], delimiter=delimiter))
    same = [r for r in rows if len(r) == len(cells)]
    # Years or ids as column names occur; a row is taken for data when it looks like the rows below it.
    looks_like_data = all(
        bool(NUMBER.fullmatch(c.strip())) == (2 * sum(bool(NUMBER.fullmatch(r[i].strip())) for r in same) > len(same))
        for i, c in enumerate(cells)
        if c.strip()
    )
    if not same or looks_like_data:
        msg = (
            f'"{name}" has no header row: its first row looks like data ({len(cells)} columns). '
            "Name the columns in order: --header unified_id,timestamp,channel"
        )
        raise AttributionError(msg)


def _unique(names: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names made unique without regard to case; empty ones become ``column_3``."""
    seen: Counter[str] = Counter()
    taken = {n.lower() for n in names}
    out, renamed = [], []
    for i, original in enumerate(names):
        name = original or f"column_{i + 1}"
        seen[name.lower()] += 1
        while seen[name.lower()] > 1:
            base = f"{name}_{seen[name.lower()]}"
            name = base if base.lower() not in taken else f"{base}_"
            seen[name.lower()] += 1
        if name != original:
            renamed.append(name)
        out.append(name)
    return tuple(out), tuple(renamed)
