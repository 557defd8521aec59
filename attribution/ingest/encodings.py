"""What a text file is encoded in, and a UTF-8 copy of it."""

from __future__ import annotations

import codecs
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from attribution.errors import AttributionError, UsageError

CHUNK = 1 << 22
SAMPLE = 1 << 18
ESCAPED = re.compile("[\udc80-\udcff]")
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Utf8:
    """A file in UTF-8.

    Attributes
    ----------
    path : Path
    encoding : str
        What the original is in.
    damaged : bool
        Whether some of its bytes are no UTF-8; rows that hold them are quarantined.
    """

    path: Path
    encoding: str
    damaged: bool = False


def to_utf8(path: Path, name: str, encoding: str | None, scratch: Path) -> Utf8:
    """Give a UTF-8 copy of the file, or the file itself where it is UTF-8 already.

    Tried in order: a byte-order mark, UTF-8, UTF-16 and UTF-32 without a mark (zero bytes in their places),
    UTF-8 with a few damaged bytes, Windows-1252 (a superset of Latin-1's printable characters, and what
    spreadsheets write), Latin-1.

    Raises
    ------
    UsageError
        Where a given encoding has no such name.
    AttributionError
        Where the file is not in the encoding that was given or that its mark states.
    """
    found, damaged = _encoding(path) if encoding is None else (_named(encoding, path), False)
    if found == "utf-8" and (encoding is None or _fits(path, found)):
        return Utf8(path, found, damaged)
    target = Path(tempfile.mkdtemp(dir=scratch)) / "utf8"
    decoder = codecs.getincrementaldecoder(found)("strict")
    try:
        with path.open("rb") as reader, target.open("w", encoding="utf-8", newline="") as writer:
            while chunk := reader.read(CHUNK):
                writer.write(decoder.decode(chunk))
            writer.write(decoder.decode(b"", final=True))
    except UnicodeError:
        msg = (
            f'"{name}" is not in {found}: it holds bytes that this encoding does not have. Name the right one with '
            "--encoding, or leave the option out."
        )
        raise AttributionError(msg) from None
    return Utf8(target, found)


def _named(encoding: str, path: Path) -> str:
    try:
        found = codecs.lookup(encoding).name
        b"a".decode(found, "replace")  # refuses codecs that give no text, like hex
        codecs.getincrementaldecoder(found)
    except (LookupError, UnicodeError):
        msg = f'encoding: "{encoding}" is unknown. Write utf-8, utf-16, windows-1252 or latin-1.'
        raise UsageError(msg) from None
    with path.open("rb") as file:
        return "utf-8-sig" if found == "utf-8" and file.read(3) == codecs.BOM_UTF8 else found


def _encoding(path: Path) -> tuple[str, bool]:
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    for mark, name in MARKS:
        if sample.startswith(mark):
            return name, name == "utf-8-sig" and not _fits(path, name)
    zeros = _by_zeros(sample)
    if zeros is not None and _fits(path, zeros):
        return zeros, False
    if _fits(path, "utf-8"):
        return "utf-8", False
    if _mostly_utf8(path):
        return "utf-8", True
    return ("cp1252" if _fits(path, "cp1252") else "latin-1"), False


def _by_zeros(sample: bytes) -> str | None:
    """Tell UTF-16 and UTF-32 without a mark by where their zero bytes stand."""
    if len(sample) < 8:
        return None
    sample = sample[: len(sample) // 4 * 4]
    zero = [sample[i::4].count(0) / (len(sample) // 4) for i in range(4)]
    if min(zero[2:]) > 0.9 and zero[0] < 0.1:
        return "utf-32-le"
    if min(zero[:2]) > 0.9 and zero[3] < 0.1:
        return "utf-32-be"
    if min(zero[1], zero[3]) > 0.4 and max(zero[0], zero[2]) < 0.1:
        return "utf-16-le"
    if min(zero[0], zero[2]) > 0.4 and max(zero[1], zero[3]) < 0.1:
        return "utf-16-be"
    return None


def _fits(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _mostly_utf8(path: Path) -> bool:
    """Say whether whole multi-byte characters outnumber broken ones two to one: text of another encoding has none."""
    whole = broken = 0
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            text = decoder.decode(chunk)
            found = len(ESCAPED.findall(text))
            broken += found
            whole += len(text) - len(text.encode("ascii", "ignore")) - found
    return whole > 2 * broken
