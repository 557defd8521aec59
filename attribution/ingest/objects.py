"""Stage JSON: one object a line, or one array of objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from attribution.engine import read_parquet
from attribution.errors import AttributionError
from attribution.ingest.encodings import to_utf8
from attribution.ingest.refusals import Refusals, damaged, printable
from attribution.ingest.sources import Source
from attribution.ingest.staged import CHUNK_ROWS, UNDECODED, Staged, write_rows
from attribution.ingest.text import LINE
from attribution.settings import IngestSettings

PIECE = 1 << 20
LONGEST_ELEMENT = 64 << 20
NOT_JSON = (ValueError, RecursionError, UnicodeDecodeError)
Record = dict[str, str | None]


class Names:
    """Column names of objects: keys that differ only in case are one column, as they are in SQL."""

    def __init__(self) -> None:
        self.spelled: dict[str, str] = {LINE: f"{LINE}_2"}

    def record(self, element: dict[str, Any]) -> Record:
        """Flatten one object by one level; a second key of the same name in it is numbered."""
        found: Record = {}
        for key, value in element.items():
            inner = value.items() if isinstance(value, dict) else (("", value),)
            for sub, cell in inner:
                name = self.name(f"{key}.{sub}" if isinstance(value, dict) else key)
                number = 1
                while name in found:
                    number += 1
                    name = self.name(f"{key}_{number}")
                found[name] = _cell(cell)
        return found

    def name(self, key: str) -> str:
        """Give the spelling that came first."""
        key = printable(key.strip()) or "column"
        return self.spelled.setdefault(key.lower(), key)


def stage_json(source: Source, settings: IngestSettings, folder: Path) -> Staged:
    """Read JSON into a relation."""
    file = to_utf8(source.path, source.name, settings.encoding, folder)
    refused = Refusals(folder / "refused.jsonl", source.name)
    files: list[Path] = []
    header: dict[str, None] = {}
    total = 0
    for chunk in _chunks(_records(file.path, source.name, refused)):
        names = tuple(dict.fromkeys(name for record, _ in chunk for name in record))
        header |= dict.fromkeys(names)
        target = folder / f"rows-{len(files):05d}.parquet"
        rows = (([record.get(n) for n in names], line) for record, line in chunk)
        total += write_rows(target, names, rows, refused)
        files.append(target)
    if not files:
        _refuse(source.name, refused)
    columns = dict.fromkeys(header, "VARCHAR")
    return Staged(source, read_parquet(files), columns, total, refused, read_as=f"JSON, {file.encoding}")


def json_header(source: Source, settings: IngestSettings, folder: Path) -> tuple[str, ...]:
    """Give the keys of the first thousand objects."""
    file = to_utf8(source.path, source.name, settings.encoding, folder)
    refused = Refusals(folder / "refused.jsonl", source.name)
    header: dict[str, None] = {}
    for record, _ in islice(_records(file.path, source.name, refused), 1000):
        header |= dict.fromkeys(record)
    if not header:
        _refuse(source.name, refused)
    return tuple(header)


def _refuse(name: str, refused: Refusals) -> None:
    if refused.first is None:
        raise AttributionError(f'"{name}" is empty. Export it again.')
    line, reason = refused.first
    read = "One object per line, or one array of objects, is read."
    raise AttributionError(f'"{name}" holds no JSON objects: {reason} (line {line}). {read}')


def _chunks(records: Iterable[tuple[Record, int]]) -> Iterator[list[tuple[Record, int]]]:
    iterator = iter(records)
    while chunk := list(islice(iterator, CHUNK_ROWS)):
        yield chunk


def _records(path: Path, name: str, refused: Refusals) -> Iterator[tuple[Record, int]]:
    with path.open("rb") as file:
        array = file.read(4096).lstrip()[:1] == b"["
    names = Names()
    for number, element, raw in _elements(path, name) if array else _lines(path, refused):
        if not isinstance(element, dict):
            refused.add(number, "not a JSON object", json.dumps(element) if raw is None else raw)
        elif not element:
            refused.add(number, "a JSON object without fields", "{}")
        else:
            yield names.record(element), number


def _lines(path: Path, refused: Refusals) -> Iterator[tuple[int, Any, str | None]]:
    decoder = msgspec.json.Decoder()
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield number, decoder.decode(line), line.decode("utf-8", "replace")
            except NOT_JSON:
                text = line.decode("utf-8", "surrogateescape")
                refused.add(number, UNDECODED if damaged(text) else "not valid JSON", text)


def _elements(path: Path, name: str) -> Iterator[tuple[int, Any, str | None]]:
    """Yield the elements of one array, in bounded memory: a piece of text is held, the array never."""
    decoder = json.JSONDecoder()
    number = 0
    with path.open(encoding="utf-8", errors="surrogateescape") as file:
        text = file.read(PIECE)
        at = text.index("[") + 1
        while True:
            at, text = _skip(text, at, file, first=number == 0)
            if text[at : at + 1] == "]":
                if (text[at + 1 :] + file.read(PIECE)).strip():
                    raise _broken(name, number, "something follows the array")
                return
            try:
                element, end = decoder.raw_decode(text, at)
            except NOT_JSON:
                end = len(text)
            if end >= len(text):  # the text may end inside the element
                more = file.read(max(PIECE, len(text) - at)) if len(text) - at < LONGEST_ELEMENT else ""
                if not more:
                    raise _broken(name, number, "it is cut short or not valid")
                text, at = text[at:] + more, 0
                continue
            number += 1
            at = end
            yield number, element, None


def _skip(text: str, at: int, file: Any, *, first: bool) -> tuple[int, str]:
    """Pass over blanks and, but before the first element, one comma; read on where the text ends."""
    comma = first
    while True:
        while at < len(text) and (text[at].isspace() or (text[at] == "," and not comma)):
            comma = comma or text[at] == ","
            at += 1
        if at < len(text) or not (more := file.read(PIECE)):
            return at, text
        text, at = more, 0


def _broken(name: str, number: int, what: str) -> AttributionError:
    return AttributionError(f'"{name}" is not valid JSON: {what} (after element {number:,}). Export it again.')


def _cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)
