"""Text for terminals and pipes whose encoding lacks characters: bars become #, an ellipsis three dots."""

from __future__ import annotations

import codecs
import io
from typing import TextIO

NAME = "attribution-plain"
PLAIN = {
    **dict.fromkeys("█▉▊▋▌", "#"), **dict.fromkeys("▏▎▍", ""), "░": ".", "…": "...", "·": "-", "×": "x", "±": "+/-",
    **dict.fromkeys("–—─−", "-"), "→": "->", "≤": "<=", "≥": ">=", "◂": "<", "•": "*", "²": "^2",
    **dict.fromkeys("“”„", '"'), **dict.fromkeys("‘’", "'"),
}  # fmt: skip


def readable(*streams: TextIO) -> None:
    """Let streams write every text: what their encoding lacks in plain characters, else as a number (\\xfc)."""
    codecs.register_error(NAME, plain)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper) and not _holds_all(stream.encoding):
            stream.reconfigure(errors=NAME)


def plainly(text: str, stream: TextIO) -> str:
    """A text as an ASCII stream shows it; click would send UTF-8 there. Other streams see to it themselves."""
    if codecs.lookup(getattr(stream, "encoding", None) or "utf-8").name != "ascii":
        return text
    codecs.register_error(NAME, plain)
    return text.encode("ascii", NAME).decode("ascii")


def plain(error: UnicodeError) -> tuple[str, int]:
    """What stands for the characters that could not be written, as `codecs.register_error` asks for it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(PLAIN[c] if c in PLAIN else _numbered(c) for c in lacking), error.end


def _numbered(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode("ascii")


def _holds_all(encoding: str) -> bool:
    return codecs.lookup(encoding).name.startswith("utf")
