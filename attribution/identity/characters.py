"""Characters that are not seen: Unicode forms, white space, zero-width and control characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Literal

QUOTES = "'\"`´‘’‚‛“”„«»"
_KEPT = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85")


def visible(text: str, form: Literal["NFC", "NFKC"]) -> str:
    """Leave out what is not seen, and give equal-looking text equal code points.

    Format characters (Unicode category Cf: zero-width spaces and joiners, soft hyphens, byte order and direction
    marks) and control characters go; control characters that are white space stay as such. Then NFC (equal text) or
    NFKC (also full-width, superscript and ligature forms; a no-break space becomes a space).
    """
    if text.isascii() and text.isprintable():
        return text
    kept = "".join(c for c in text if c in _KEPT or unicodedata.category(c) not in {"Cf", "Cc"})
    return unicodedata.normalize(form, kept)


def without_space(text: str) -> str:
    """Leave out all white space of Unicode."""
    return "".join(text.split())


def single_spaced(text: str) -> str:
    """Cut white space of Unicode at both ends; each run inside becomes one space."""
    return " ".join(text.split())


def unquoted(text: str) -> str:
    """Cut quotation marks at both ends, and the apostrophe that spreadsheets put before text."""
    return text.strip(QUOTES)


def settled(step: Callable[[str], str], text: str) -> str:
    """Apply a step until nothing changes, so that a canonical text stays itself.

    One pass is not always enough: a character left out may let its neighbours compose.
    """
    for _ in range(16):
        before, text = text, step(text)
        if before == text:
            break
    return text


def fold_i(text: str) -> str:
    """Lower case, with the Turkish capital ``İ`` as ``i``: what its owner types in an address on another keyboard."""
    return text.lower().replace("i\N{COMBINING DOT ABOVE}", "i")
