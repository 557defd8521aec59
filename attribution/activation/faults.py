"""What is wrong with an audience file: kinds of faults, where they are, never what stands there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

SHOWN = 5
# Code: severity, one line in words, what to do.
KINDS: dict[str, tuple[Literal["warning", "error"], str, str]] = {
    "empty": ("error", "the file holds nobody", ""),
    "compressed": ("error", "the file is compressed", "Unpack it."),
    "encoding": ("error", "not UTF-8", "Save the file as UTF-8 without byte order mark."),
    "bom": ("error", "a byte order mark stands before the first header", "Save the file as UTF-8 without it."),
    "nul": ("error", "NUL characters", "Export the file again."),
    "delimiter": ("error", "cells are not separated by commas", "Export with commas."),
    "header": ("error", "header", ""),
    "quotes": ("error", "a quotation mark is not closed", "Put cells with quotes in quotes and double those inside."),
    "columns": ("error", "rows with more or fewer cells than the header", "Quote cells that hold commas."),
    "blank_row": ("error", "empty rows", "Leave them out."),
    "fixed": ("error", "a cell that must hold a fixed text holds another", ""),
    "preface": ("error", "the rows that name the list are missing", ""),
    "blanks": ("error", "blanks around a value", "Cut them before hashing."),
    "hash_case": ("error", "hashes in capitals", "Write them in lower case."),
    "hash_length": ("error", "hashes of another length", "Hash with what the platform names."),
    "hash_form": ("error", "hashes in another form", "Encode as the platform asks."),
    "empty_hash": ("error", "the hash of nothing", "Leave empty values out before hashing."),
    "placeholder_hash": ("error", "the hash of a word such as null", "Leave such values out before hashing."),
    "placeholder": ("error", "words such as null, or ids of zeros", "Leave them out."),
    "spreadsheet": (
        "error",
        "values that a spreadsheet has changed (1E+11, #NAME?)",
        "Export without opening it there.",
    ),
    "not_hashed": ("error", "values that are not hashed", "Hash them as the platform asks."),
    "hashed": ("error", "hashes where the platform wants the value itself", "Give the value."),
    "mixed": ("error", "plain values among hashed ones", "Hash all of them, or none."),
    "email_form": ("error", "no e-mail address", "Leave it out."),
    "phone_form": ("error", "telephone numbers in another form", ""),
    "country_form": ("error", "countries not as two letters", "Write ISO 3166-1 codes: US, DE."),
    "id_form": ("error", "device ids that are no UUID with hyphens", ""),
    "id_case": ("error", "device ids in the wrong case", ""),
    "value_form": ("error", "values that are no numbers", ""),
    "too_little": ("error", "rows that identify nobody", ""),
    "duplicates": ("error", "rows that were there before", "Write each once."),
    "json": ("error", "lines that are no JSON", "Write one request per line."),
    "shape": ("error", "requests not made as the platform has them", ""),
    "too_many": ("error", "more than the platform takes at once", "Split it."),
    "too_large": ("error", "larger than the platform takes", "Split it."),
    "expired": ("error", "the list has lapsed at the platform", "Make and upload a new one."),
    "expires_soon": ("warning", "the list is about to lapse at the platform", "Make and upload a new one."),
    "too_small": ("warning", "too few to be served", "Send a wider list."),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault in one place of a file.

    Attributes
    ----------
    code : str
        Key of `KINDS`.
    severity : {"warning", "error"}
    where : str
        Column, or empty.
    message : str
    remedy : str
    count : int
    lines : tuple of int
        The first line numbers, counted from 1.
    """

    code: str
    severity: Literal["warning", "error"]
    where: str
    message: str
    remedy: str
    count: int
    lines: tuple[int, ...]


@dataclass(slots=True)
class Faults:
    """Faults while a file is read."""

    found: dict[tuple[str, str, str], tuple[int, list[int]]] = field(default_factory=dict)

    def add(self, code: str, line: int | None = None, where: str = "", detail: str = "") -> None:
        """Note a fault; the same code at the same place counts up."""
        count, lines = self.found.get((code, where, detail), (0, []))
        if line is not None and len(lines) < SHOWN and line not in lines:
            lines.append(line)
        self.found[code, where, detail] = (count + 1, lines)

    def all(self) -> tuple[Fault, ...]:
        """Errors first, each kind in the order of `KINDS`."""
        order = list(KINDS)
        made = []
        for (code, where, detail), (count, lines) in self.found.items():
            severity, words, remedy = KINDS[code]
            made.append(
                Fault(code, severity, where, f"{words}: {detail}" if detail else words, remedy, count, tuple(lines))
            )
        return tuple(sorted(made, key=lambda f: (f.severity != "error", order.index(f.code), f.where)))
