"""Find the inputs that an argument names: files, globs, folders, pipes, archives, database tables."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
MAGIC = {
    b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz", b"\x28\xb5\x2f\xfd": ".zst", b"PK\x03\x04": ".zip",
}  # fmt: skip
OFFICE_MAGIC = (b"\xd0\xcf\x11\xe0",)


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


def find_sources(argument: str, scratch: Path) -> Iterator[Source]:
    """Yield the sources an argument names, in order of name.

    ``-`` is standard input; ``shop.duckdb::touches`` and ``shop.sqlite::SELECT …`` name a database table
    or query; a folder means every readable file in it; ``*``, ``?`` and ``**`` are expanded.

    Raises
    ------
    UsageError
        Where nothing is found or the kind of file is not read.
    """
    if argument == "-":
        yield _spooled(scratch)
        return
    name, separator, query = argument.partition("::")
    suffix = Path(name).suffix.lower()
    if separator and suffix in DATABASES:
        if not Path(name).is_file():
            raise UsageError(f'No database "{name}".')
        yield Source(argument, Path(name), DATABASES[suffix], query.strip())
        return
    for path in _files(argument):
        yield from _opened(path, scratch)


def _files(argument: str) -> list[Path]:
    path = Path(argument)
    if path.is_dir():
        found = sorted(p for p in path.iterdir() if p.is_file() and _readable(p))
        if not found:
            raise UsageError(f'Folder "{argument}" holds no file that can be read ({listed(sorted(READABLE))}).')
        return found
    if path.exists():
        return [path]
    if any(c in argument for c in "*?["):
        anchor = Path(path.anchor) if path.is_absolute() else Path()
        pattern = str(path.relative_to(path.anchor)) if path.is_absolute() else argument
        found = sorted(p for p in anchor.glob(pattern) if p.is_file())
        if not found:
            raise UsageError(f'No file matches "{argument}".')
        return found
    near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    raise UsageError(f'No file "{argument}".{did_you_mean(path.name, near)}')


def _readable(path: Path) -> bool:
    suffixes = [s.lower() for s in path.suffixes[-2:]]
    return bool(suffixes) and (suffixes[-1] in READABLE or (suffixes[-1] in COMPRESSED and suffixes[0] in READABLE))


def _spooled(scratch: Path) -> Source:
    """Standard input goes to a file first: readers look at the beginning twice."""
    target = scratch / "stdin"
    with target.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    source = next(iter(_opened(target, scratch)))
    return replace(source, name="-")


def _opened(path: Path, scratch: Path) -> Iterator[Source]:
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise UsageError(f'Cannot read "{path}": {error.strerror}.') from None
    suffix = path.suffix.lower()
    if suffix in OFFICE or head.startswith(OFFICE_MAGIC):
        raise UsageError(f'"{path}" is a workbook. Save the sheet as CSV and ingest that.')
    if suffix in DATABASES or head.startswith(b"SQLite format 3"):
        raise UsageError(f'"{path}" is a database. Name a table or query: "{path}::TABLE".')
    if head[:4] == b"PAR1" or suffix in {".parquet", ".pq"}:
        yield Source(str(path), path, "parquet")
        return
    packed = next((s for magic, s in MAGIC.items() if head.startswith(magic)), None)
    if packed == ".zip":
        yield from _unzipped(path, scratch)
        return
    if packed:
        target = scratch / f"{path.stem}-{abs(hash(str(path))) % 10**8}"
        _unpack(path, packed, target)
        for inner in _opened(target, scratch):
            yield replace(inner, name=str(path))
        return
    yield Source(str(path), path, "json" if _is_json(head, suffix) else "text")


def _is_json(head: bytes, suffix: str) -> bool:
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return suffix in {".json", ".jsonl", ".ndjson"} or (first == b"{" and suffix not in {".csv", ".tsv"})


def _unpack(path: Path, packed: str, target: Path) -> None:
    openers: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open, ".zst": zstandard.open}
    try:
        with openers[packed](path, "rb") as reader, target.open("wb") as writer:
            shutil.copyfileobj(reader, writer, 1 << 20)
    except (OSError, EOFError, lzma.LZMAError, zstandard.ZstdError) as error:
        target.unlink(missing_ok=True)
        msg = f'"{path}" cannot be unpacked ({type(error).__name__}): it is damaged or cut short. Export it again.'
        raise AttributionError(msg) from None


def _unzipped(path: Path, scratch: Path) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(m for m in archive.namelist() if not m.endswith("/") and not m.startswith("__MACOSX"))
            if any(m.startswith(("xl/", "word/")) for m in members):
                raise UsageError(f'"{path}" is a workbook. Save the sheet as CSV and ingest that.')
            if not members:
                raise UsageError(f'"{path}" is an archive without files.')
            for number, member in enumerate(members):
                target = scratch / f"{path.stem}-{number}{Path(member).suffix}"
                with archive.open(member) as reader, target.open("wb") as writer:
                    _copy(reader, writer)
                for inner in _opened(target, scratch):
                    yield replace(inner, name=f"{path}:{member}")
    except (zipfile.BadZipFile, EOFError, RuntimeError, OSError) as error:
        msg = f'"{path}" cannot be unpacked ({type(error).__name__}): it is damaged or encrypted. Export it again.'
        raise AttributionError(msg) from None


def _copy(reader: IO[bytes], writer: IO[bytes]) -> None:
    shutil.copyfileobj(reader, writer, 1 << 20)
