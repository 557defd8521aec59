"""Rows that could not be read at all, written down as they come."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import msgspec

from attribution.workspace import PRIVATE

ENCODER = msgspec.json.Encoder()


class Refusals:
    """Rows that could not be split into cells: one JSON object a line, in a file only the owner can read.

    Parameters
    ----------
    path : Path
        Where they are written; made with the first of them.
    name : str
        The source, as the user knows it.

    Attributes
    ----------
    reasons : Counter
        How many rows were refused, by reason.
    first : tuple of (int, str) or None
        Line and reason of the first one.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self.reasons: Counter[str] = Counter()
        self.first: tuple[int, str] | None = None

    def __len__(self) -> int:
        return self.reasons.total()

    def add(self, line: int, reason: str, text: str) -> None:
        """Write down one row; bytes that are no text are escaped."""
        self.reasons[reason] += 1
        self.first = self.first or (line, reason)
        entry = {"file": self.name, "line": line, "reason": reason, "text": printable(text)}
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(ENCODER.encode(entry) + b"\n")


def printable(text: str) -> str:
    """Give text that can be encoded: lone surrogates, which stand for damaged bytes, are escaped."""
    if text.isascii():
        return text
    raw = "".join(f"\\x{ord(c) - 0xDC00:02x}" if "\udc80" <= c <= "\udcff" else c for c in text)
    return raw.encode("utf-8", "backslashreplace").decode("utf-8")


def damaged(text: str | None) -> bool:
    """Say whether a text holds characters that stand for damaged bytes."""
    if text is None or text.isascii():
        return False
    return any("\ud800" <= c <= "\udfff" for c in text)
