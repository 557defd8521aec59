"""Find the inputs that an argument names: files, globs, folders, pipes, archives, database tables."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from glob import glob
from pathlib import Path
from typing import IO, Any, Literal

import zstandard

from attribution.errors import AttributionError, UsageError, did_you_mean, listed

Format = Literal["text", "json", "parquet", "duckdb", "sqlite"]

DATABASES: dict[str, Format] = {
    ".duckdb": "duckdb", ".ddb": "duckdb", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite",
}  # fmt: skip
COMPRESSED = {".gz", ".bz2", ".xz", ".zst", ".zip"}
READABLE = {".csv", ".tsv", ".txt", ".psv", ".tab", ".json", ".jsonl", ".ndjson", ".parquet", ".pq"}
OFFICE = {".xlsx", ".xls", ".xlsm", ".ods", ".numbers"}
PACKED = {
    ".gz": re.compile(rb"\x1f\x8b"),
    ".bz2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"),
    ".xz": re.compile(rb"\xfd7zXZ\x00"),
    ".zst": re.compile(rb"\x28\xb5\x2f\xfd"),
    ".zip": re.compile(rb"PK(\x03\x04|\x05\x06)"),
}
# What begins like this cannot be read as rows; saying so beats a page of strange characters.
FOREIGN = {
    re.compile(rb"\xd0\xcf\x11\xe0"): "a workbook. Save the sheet as CSV and ingest that",
    re.compile(rb"\s*(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml)", re.IGNORECASE):
        "a web page or XML, perhaps a login page saved in place of the data. Export it again as CSV",
    re.compile(rb"%PDF"): "a PDF document. Export the table as CSV",
    re.compile(rb"ARROW1"): "an Arrow file. Save it as Parquet",
    re.compile(rb"ORC|Obj\x01"): "an ORC or Avro file. Save it as Parquet",
    re.compile(rb"7z\xbc\xaf|Rar!|\x04\x22\x4d\x18"): "an archive of another kind. Unpack it, or use gzip or zip",
}  # fmt: skip
PIECE = 1 << 20
DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, zipfile.BadZipFile, RuntimeError)


@dataclass(frozen=True, slots=True)
class Source:
    """One readable input.

    Attributes
    ----------
    name : str
        As the user knows it; used in messages.
    path : Path
        The file to read: the user's, or a temporary one after decompression or spooling.
    format : str
    query : str
        For databases: a table's name or a SELECT.
    """

    name: str
    path: Path
    format: Format
    query: str = ""


def find_sources(argument: str, scratch: Path, skipped: list[str] | None = None) -> Iterator[Source]:
    """Yield the sources an argument names, in order of name.

    ``-`` is standard input; ``shop.duckdb::touches`` and ``shop.sqlite::SELECT …`` name a database table
    or query; a folder means every readable file in it; ``*``, ``?`` and ``**`` are expanded.

    Parameters
    ----------
    argument : str
    scratch : Path
        Folder for what is unpacked or spooled.
    skipped : list of str, optional
        Takes the names of files in folders and archives that are of no readable kind.

    Raises
    ------
    UsageError
        Where nothing is found or the kind of file is not read.
    AttributionError
        Where an archive is damaged.
    """
    skipped = [] if skipped is None else skipped
    if argument == "-":
        yield from _spooled(sys.stdin.buffer, "-", scratch, skipped)
        return
    name, separator, query = argument.partition("::")
    if separator and (Path(name).suffix.lower() in DATABASES or Path(name).is_file()):
        yield Source(argument, Path(name), _database(name), query.strip())
        return
    try:
        paths = _files(argument, skipped)
    except OSError as error:
        raise UsageError(f'Cannot read "{argument}": {error.strerror}.') from None
    for path in paths:
        yield from _opened(path, str(path), path.suffix.lower(), scratch, skipped)


def _database(name: str) -> Format:
    """Tell the kind of a database by its first bytes, since ``.db`` says nothing."""
    path = Path(name)
    if not path.is_file():
        near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise UsageError(f'No database "{name}".{did_you_mean(path.name, near)}')
    head = _head(path, name)
    if head[8:12] == b"DUCK":
        return "duckdb"
    if head.startswith(b"SQLite format 3"):
        return "sqlite"
    if path.suffix.lower() not in DATABASES:
        raise UsageError(f'"{name}" is no DuckDB or SQLite database, so no table of it can be named with "::".')
    return DATABASES[path.suffix.lower()]


def _files(argument: str, skipped: list[str]) -> list[Path]:
    path = Path(argument)
    if path.is_dir():
        inside = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith((".", "_")))
        found = [p for p in inside if _readable(p)]
        if not found:
            msg = (
                f'Folder "{argument}" holds no file that can be read ({listed(sorted(READABLE))}). For folders inside '
                f'it write "{argument.rstrip("/")}/**/*.csv".'
            )
            raise UsageError(msg)
        skipped.extend(str(p) for p in inside if p not in found)
        return found
    if path.exists():
        return [path]
    if any(c in argument for c in "*?["):
        matches = sorted(Path(p) for p in glob(argument, recursive=True) if Path(p).is_file())  # noqa: PTH207  (any argument)
        if not matches:
            raise UsageError(f'No file matches "{argument}".')
        return matches
    near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    raise UsageError(f'No file "{argument}".{did_you_mean(path.name, near)}')


def _readable(path: Path) -> bool:
    return _inner_suffix(path) in READABLE or path.suffix.lower() == ".zip"


def _inner_suffix(path: Path) -> str:
    """Give ``.json`` for ``touches.json.gz``."""
    packed = path.suffix.lower() in COMPRESSED
    return (path.with_suffix("") if packed else path).suffix.lower()


def _spooled(stream: IO[bytes], name: str, scratch: Path, skipped: list[str]) -> Iterator[Source]:
    """Copy a pipe to a file first: readers look at the beginning twice."""
    target = _temporary(scratch)
    with target.open("wb") as file:
        shutil.copyfileobj(stream, file, PIECE)
    for source in _opened(target, name, "", scratch, skipped):
        yield replace(source, name=source.name.replace(str(target), name))


def _temporary(scratch: Path) -> Path:
    """Make a file of its own that only the owner can read."""
    descriptor, name = tempfile.mkstemp(dir=scratch)
    os.close(descriptor)
    return Path(name)


def _head(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(64)
    except OSError as error:
        raise UsageError(f'Cannot read "{name}": {error.strerror}.') from None


def _opened(path: Path, name: str, suffix: str, scratch: Path, skipped: list[str]) -> Iterator[Source]:
    """Yield what one file holds; ``suffix`` is that of the data, whatever it is packed in."""
    if path.exists() and not path.is_file():  # a named pipe, as in <(zcat touches.gz)
        with path.open("rb") as stream:
            yield from _spooled(stream, name, scratch, skipped)
        return
    head = _head(path, name)
    foreign = next((what for begin, what in FOREIGN.items() if begin.match(head)), None)
    if suffix in OFFICE:
        foreign = "a workbook. Save the sheet as CSV and ingest that"
    if foreign is not None:
        raise UsageError(f'"{name}" is {foreign}.')
    if suffix in DATABASES or head.startswith(b"SQLite format 3") or head[8:12] == b"DUCK":
        raise UsageError(f'"{name}" is a database. Name a table or query: "{name}::TABLE".')
    packed = next((s for s, begin in PACKED.items() if begin.match(head)), None)
    if packed == ".zip":
        yield from _unzipped(path, name, scratch, skipped)
    elif packed:
        target = _temporary(scratch)
        _unpack(path, name, packed, target)
        yield from _opened(target, name, _inner_suffix(path), scratch, skipped)
    elif head[:4] == b"PAR1" or suffix in {".parquet", ".pq"}:
        yield Source(name, path, "parquet")
    else:
        yield Source(name, path, "json" if _is_json(head, suffix) else "text")


def _is_json(head: bytes, suffix: str) -> bool:
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if suffix in {".json", ".jsonl", ".ndjson"}:
        return True
    return suffix not in {".csv", ".tsv", ".psv", ".tab"} and first in {b"{", b"["}


def _unpack(path: Path, name: str, packed: str, target: Path) -> None:
    openers: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open, ".zst": zstandard.open}
    try:
        with openers[packed](path, "rb") as reader, target.open("wb") as writer:
            shutil.copyfileobj(reader, writer, PIECE)
    except DAMAGED as error:
        target.unlink(missing_ok=True)
        raise _damaged(name, error) from None


def _damaged(name: str, error: Exception) -> AttributionError:
    if isinstance(error, OSError) and error.errno is not None:
        return AttributionError(f'"{name}" cannot be unpacked: {error.strerror}.')
    return AttributionError(f'"{name}" cannot be unpacked: it is damaged, cut short or encrypted. Export it again.')


def _unzipped(path: Path, name: str, scratch: Path, skipped: list[str]) -> Iterator[Source]:
    for member, target in _members(path, name, scratch, skipped):
        yield from _opened(target, f"{name}:{member}", Path(member).suffix.lower(), scratch, skipped)


def _members(path: Path, name: str, scratch: Path, skipped: list[str]) -> list[tuple[str, Path]]:
    """Unpack the members of a zip archive that can hold rows."""
    try:
        with zipfile.ZipFile(path) as archive:
            files = sorted(m for m in archive.namelist() if not m.endswith("/") and not _hidden(m))
            if any(m.startswith(("xl/", "word/")) or m == "content.xml" for m in files):
                raise UsageError(f'"{name}" is a workbook. Save the sheet as CSV and ingest that.')
            chosen = [m for m in files if _readable(Path(m))] if len(files) > 1 else files
            if not chosen:
                raise UsageError(f'"{name}" is an archive without files that can be read.')
            skipped.extend(f"{name}:{m}" for m in files if m not in chosen)
            found = []
            for member in chosen:
                target = _temporary(scratch)
                with archive.open(member) as reader, target.open("wb") as writer:
                    shutil.copyfileobj(reader, writer, PIECE)
                found.append((member, target))
            return found
    except DAMAGED as error:
        raise _damaged(name, error) from None


def _hidden(member: str) -> bool:
    return member.startswith("__MACOSX") or Path(member).name.startswith(".")
