"""One cell of an audience file against the platform's rule for it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field

from attribution.activation.faults import Faults
from attribution.activation.spec import Hash, IdentifierRule

DIGITS = {"sha256": 64, "sha1": 40, "md5": 32}
# Lengths in hexadecimal digits that hash functions in use have.
HASHES = {32: "MD5", 40: "SHA-1", 56: "SHA-224", 64: "SHA-256", 96: "SHA-384", 128: "SHA-512"}
WORDS = ("null", "none", "nan", "n/a", "na", "undefined", "unknown", "nil", "(null)", "0", " ", "-", "none@none.com",
         "null@null.com", "test@test.com", "no@email.com", "noemail@noemail.com",
         "00000000-0000-0000-0000-000000000000")  # fmt: skip
HEX = re.compile(r"[0-9a-fA-F]{16,}")
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{42,}={0,2}")
SPREADSHEET = re.compile(r"[+]?[0-9][.,]?[0-9]*[eE]\+[0-9]+|#(?:NAME|REF|VALUE|N/A|NUM)[?!]?.*")
EMAIL = re.compile(r"[^\s@,;]+@[^\s@,;]+\.[^\s@,;.]+")
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
NUMBER = re.compile(r"[1-9][0-9]{6,14}")
COUNTRY = re.compile(r"[A-Za-z]{2}")
AMOUNT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
ZERO = re.compile(r"[0-]+")
CONTACTS = frozenset({"email", "phone", "maid", "idfa", "aaid"})


def _known(text: bytes) -> set[str]:
    made = {str(hashlib.new(name, text, usedforsecurity=False).hexdigest()) for name in DIGITS}
    return made | {base64.b64encode(hashlib.sha256(text).digest()).decode()}


EMPTY = frozenset(_known(b""))
PLACEHOLDERS = frozenset(h for word in WORDS for h in _known(word.encode()) | _known(word.upper().encode()))


@dataclass(slots=True)
class CellRule:
    """What a column, or a place in a request, has to hold.

    Attributes
    ----------
    identifier : str
    rule : IdentifierRule
    hash : {"sha256", "sha1", "md5", "none"}
    where : str
        What the place is called.
    plain : bool
        Whether unhashed values are taken as well.
    plain_seen, hashed_seen : int
        Counts of both, and the first lines.
    """

    identifier: str
    rule: IdentifierRule
    hash: Hash
    where: str
    plain: bool
    plain_seen: int = 0
    hashed_seen: int = 0
    plain_lines: list[int] = field(default_factory=list)
    hashed_lines: list[int] = field(default_factory=list)
    _form: re.Pattern[str] | None = None

    def __post_init__(self) -> None:
        if self.hash != "none":
            text = r"[A-Za-z0-9+/]{43}=" if self.rule.encoding == "base64" else f"[0-9a-f]{{{DIGITS[self.hash]}}}"
            self._form = re.compile(text)

    def check(self, value: str, line: int, faults: Faults) -> None:
        """Check a value that is not empty."""
        if self._form is not None and self._form.fullmatch(value):
            if value in EMPTY:
                faults.add("empty_hash", line, self.where)
            elif self.identifier in CONTACTS and value in PLACEHOLDERS:
                faults.add("placeholder_hash", line, self.where)
            self._saw_hash(line)
            return
        if value != value.strip():
            faults.add("blanks", line, self.where)
            value = value.strip()
        if not value:
            return
        if SPREADSHEET.fullmatch(value):
            faults.add("spreadsheet", line, self.where)
        elif value.lower() in WORDS and self.identifier in CONTACTS:
            faults.add("placeholder", line, self.where)
        elif (wrong := self._wrong_hash(value)) is not None:
            self._saw_hash(line)
            faults.add(*wrong[:1], line, self.where, wrong[1])
        else:
            self._plain(value, line, faults)

    def _saw_hash(self, line: int) -> None:
        self.hashed_seen += 1
        if len(self.hashed_lines) < 5:
            self.hashed_lines.append(line)

    def _wrong_hash(self, value: str) -> tuple[str, str] | None:
        """The fault of a text that is a hash, but not as the platform wants it."""
        if UUID.fullmatch(value) or (self.identifier in {"phone", "zip"} and value.isdecimal()):
            return None
        if self.hash == "none":
            return (
                ("hashed", "") if HEX.fullmatch(value) and len(value) in HASHES and self.identifier != "zip" else None
            )
        if HEX.fullmatch(value):
            return self._wrong_hex(value)
        if BASE64.fullmatch(value) and "@" not in value:
            if self.rule.encoding == "hex":
                return "hash_form", "base64 where hexadecimal digits are wanted"
            return "hash_form", _wrong_base64(value)
        return None

    def _wrong_hex(self, value: str) -> tuple[str, str]:
        seen = HASHES.get(len(value), f"{len(value)} digits")
        if self.rule.encoding == "base64" and len(value) == DIGITS[self.hash]:
            return "hash_form", "hexadecimal digits where base64 of the raw digest is wanted"
        if len(value) != DIGITS[self.hash]:
            return "hash_length", f"{seen} where {HASHES[DIGITS[self.hash]]} is wanted"
        return "hash_case", ""

    def _plain(self, value: str, line: int, faults: Faults) -> None:
        if self.hash != "none":
            self.plain_seen += 1
            if len(self.plain_lines) < 5:
                self.plain_lines.append(line)
            if not self.plain:
                return
        wrong = self._form_fault(value)
        if wrong is not None:
            faults.add(wrong[0], line, self.where, wrong[1])

    def _form_fault(self, value: str) -> tuple[str, str] | None:
        steps = self.rule.steps
        match self.identifier:
            case "email" if not EMAIL.fullmatch(value):
                return "email_form", ""
            case "phone" if "digits" in steps and not (NUMBER.fullmatch(value) or E164.fullmatch(value)):
                return "phone_form", "wanted are digits with country code, without blanks or signs"
            case "phone" if "digits" not in steps and not E164.fullmatch(value):
                return "phone_form", "wanted is +, country code and number, without blanks or signs"
            case "country" if not COUNTRY.fullmatch(value):
                return "country_form", ""
            case "value" if not AMOUNT.fullmatch(value):
                return "value_form", ""
            case "maid" | "idfa" | "aaid":
                return _device_fault(value, steps)
        return None


def _wrong_base64(value: str) -> str:
    if len(value) == 88:
        return "base64 of the hexadecimal text where base64 of the raw digest is wanted"
    return "44 characters of standard base64 are wanted" if set("-_") & set(value) else "another length than 44"


def _device_fault(value: str, steps: tuple[str, ...]) -> tuple[str, str] | None:
    if ZERO.fullmatch(value):
        return "placeholder", ""
    if not UUID.fullmatch(value):
        return "id_form", ""
    if "lower" in steps and value != value.lower():
        return "id_case", "small letters are wanted"
    if "upper" in steps and value != value.upper():
        return "id_case", "capitals are wanted"
    return None


def settle(rules: list[CellRule], faults: Faults) -> None:
    """Say of columns that hold plain and hashed values, or plain ones where only hashes are taken.

    Columns that may be plain are plain together or hashed together.
    """
    for rule in rules:
        if rule.hash != "none" and rule.plain_seen and not rule.plain:
            _note(faults, "mixed" if rule.hashed_seen else "not_hashed", rule.where, rule.plain_seen, rule.plain_lines)
    either = [r for r in rules if r.hash != "none" and r.plain]
    plain, hashed = sum(r.plain_seen for r in either), sum(r.hashed_seen for r in either)
    if plain and hashed:
        for rule in either:
            fewer = (rule.plain_seen, rule.plain_lines) if plain <= hashed else (rule.hashed_seen, rule.hashed_lines)
            if fewer[0]:
                _note(faults, "mixed", rule.where, *fewer)


def _note(faults: Faults, code: str, where: str, count: int, lines: list[int]) -> None:
    for line in lines:
        faults.add(code, line, where)
    kept = faults.found[code, where, ""]
    faults.found[code, where, ""] = (count, kept[1])
