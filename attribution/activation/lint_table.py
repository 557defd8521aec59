"""Delimited audience files: header, rows, cells."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from attribution.activation.faults import Faults
from attribution.activation.lint_cells import CellRule
from attribution.activation.lint_doubles import Doubles
from attribution.activation.spec import AudienceList, Column, IdentifierRule, PlatformSpec
from attribution.errors import counted, did_you_mean

AMOUNT = IdentifierRule(steps=(), verified=True)


def text_lines(path: Path, faults: Faults) -> Iterator[str]:
    """Lines of a file as text; bytes that are no UTF-8 and NUL characters are noted and replaced."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            data = line[3:] if number == 1 and line.startswith(b"\xef\xbb\xbf") else line
            try:
                text = data.decode()
            except UnicodeDecodeError:
                faults.add("encoding", number)
                text = data.decode(errors="replace")
            if "\0" in text:
                faults.add("nul", number)
                text = text.replace("\0", "")
            yield text


def header_names(item: AudienceList) -> dict[str, Column]:
    """Every spelling of a header that a list may have; numbered ones counted out."""
    return {
        column.header.replace("{n}", str(n)): column
        for column in item.columns
        for n in range(1, (column.repeat if "{n}" in column.header else 1) + 1)
    }


def best_list(lists: list[AudienceList], header: list[str]) -> AudienceList:
    """The list whose header has most in common with a file's."""
    seen = {h.strip().lower() for h in header}
    return max(lists, key=lambda item: len(seen & {h.lower() for h in header_names(item)}))


def check_table(path: Path, spec: PlatformSpec, item: AudienceList, delimiter: str, faults: Faults) -> list[CellRule]:
    """Check a delimited file; give the rules of its columns with what they saw, for `settle`."""
    reader = csv.reader(text_lines(path, faults), delimiter=delimiter, strict=True)
    table = _Table(spec, item, faults)
    try:
        for row in reader:
            table.add(row, reader.line_num)
    except csv.Error:
        faults.add("quotes", reader.line_num)
    table.finish()
    return [rule for rule in table.rules if rule is not None]


class _Table:
    def __init__(self, spec: PlatformSpec, item: AudienceList, faults: Faults) -> None:
        self.spec, self.item, self.faults = spec, item, faults
        self.rules: list[CellRule | None] = []
        self.texts: list[str | None] = []
        self.started = not item.header
        if not item.header:
            self._columns([item.columns[0].header])
        self.doubles = Doubles()
        self.preface = [re.compile(_pattern(line)) for line in item.preface]

    def add(self, row: list[str], line: int) -> None:
        if not any(row):
            self.faults.add("blank_row", line)
        elif not self.started:
            self.started = True
            self._header(row)
        elif self.preface and (found := self._is_preface(row)) is not None:
            self.preface.remove(found)
        elif len(row) != len(self.rules):
            self.faults.add("columns", line)
        else:
            self._row(row, line)

    def _is_preface(self, row: list[str]) -> re.Pattern[str] | None:
        text = ",".join(row)
        return next((p for p in self.preface if p.fullmatch(text)), None)

    def _row(self, row: list[str], line: int) -> None:
        for value, rule, text in zip(row, self.rules, self.texts, strict=True):
            if rule is not None:
                if value:
                    rule.check(value, line, self.faults)
            elif text and value != text:
                self.faults.add("fixed", line, detail=f'"{text}" is wanted')
        if not self._worth(row):
            self.faults.add("too_little", line)
        self.doubles.add(tuple(row), line)

    def _worth(self, row: list[str]) -> bool:
        there = {rule.identifier for value, rule in zip(row, self.rules, strict=True) if rule is not None and value}
        if not self.item.needs:
            return bool(there)
        return any(there >= set(names) for names in self.item.needs)

    def _header(self, row: list[str]) -> None:
        known = header_names(self.item)
        by_lower = {h.lower(): h for h in known}
        if not any(h.strip().lower() in by_lower for h in row):
            self.faults.add("header", 1, detail=f"the first row is none; wanted are {', '.join(known)}")
        for name in dict.fromkeys(row):
            if name in known:
                continue
            close = by_lower.get(re.sub(r"\s", "", name).lower()) or by_lower.get(name.strip().lower())
            if close:
                self.faults.add("header", 1, detail=f'the platform writes "{close}" exactly so')
            else:
                self.faults.add("header", 1, detail=f"column {row.index(name) + 1} is none of the platform's."
                                                    f"{did_you_mean(name, known)}")  # fmt: skip
        self._columns([by_lower.get(re.sub(r"\s", "", h).lower(), by_lower.get(h.strip().lower(), h)) for h in row])
        self._required(row)

    def _required(self, row: list[str]) -> None:
        for column in self.item.columns:
            times = row.count(column.header)
            if column.text and not times:
                self.faults.add("header", 1, detail=f'"{column.header}" is missing')
            if "{n}" not in column.header and times > max(column.repeat, 1):
                self.faults.add("header", 1, detail=f'"{column.header}" may stand there {column.repeat} times')
        there = {rule.identifier for rule in self.rules if rule is not None}
        needs = self.item.needs or tuple((c.of,) for c in self.item.columns if c.of)
        if not any(there >= set(names) for names in needs):
            self.faults.add("header", 1, detail="no column identifies anybody")

    def _columns(self, names: list[str]) -> None:
        known = header_names(self.item)
        for name in names:
            column = known.get(name)
            self.texts.append(column.text if column is not None and column.of is None else None)
            self.rules.append(None if column is None or column.of is None else self._rule(name, column))

    def _rule(self, name: str, column: Column) -> CellRule:
        of = str(column.of)
        rule = self.spec.identifiers.get(of, AMOUNT)  # type: ignore[call-overload]
        wanted = rule.hash if column.hash is None else column.hash
        return CellRule(of, rule, wanted, name if self.item.header else "", rule.plain)

    def finish(self) -> None:
        if not self.started or not len(self.doubles):
            self.faults.add("empty")
        if self.preface:
            self.faults.add("preface")
        if self.item.rows and len(self.doubles) > self.item.rows.value:
            self.faults.add("too_many", detail=f"{len(self.doubles):,} rows, {self.item.rows.value:,} are taken")
        self.doubles.settle(self.faults)
        least = self.spec.least
        if least and 0 < len(self.doubles) < least.value:
            self.faults.add("too_small", detail=f"{counted(len(self.doubles), 'row')}, {least.value:,} are asked for")


def _pattern(line: str) -> str:
    return re.sub(r"\\\{[a-z]+\\\}", "[^,]*", re.escape(line))
