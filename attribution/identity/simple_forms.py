"""Canonical forms as SQL, for values that need no look at Unicode.

Each form tells three kinds of values apart: canonical as they are, *simple* (one expression brings them there), and all
others, which `attribution.identity.normalize` reads. Most files hold canonical values alone, so telling them apart is
one regular expression without captures over each value, and nothing else is done to them.
"""

from __future__ import annotations

from dataclasses import dataclass

from attribution.engine import literal
from attribution.identity.device_ids import GOOGLE, SHORTEST_UUID
from attribution.identity.emails import GMAIL, PLAIN
from attribution.identity.id_types import Form
from attribution.identity.normalize import DIGITS
from attribution.identity.phones import E164
from attribution.identity.placeholders import PLACEHOLDER_EMAIL, PLACEHOLDER_PHONE

# Printable ASCII without space and quotes; what may be an unfilled macro ({…}, %%…, [ID], __ID__) is not simple.
_INSIDE = r"[!#-&(-_a-~]"
_TOKEN = rf"[!#&(-;=-Z\\\]^a-z|}}~]{_INSIDE}*"
# Without a plus: 1.23E+15 is a number that a spreadsheet has shortened.
_NUMBER = r"[!#&(-*,-;=-Z\\\]^a-z|}~][!#-&(-*,-_a-~]*"
_TEXT = rf"{_TOKEN}(?: {_INSIDE}+)*"
_UUID = r"{h}{{8}}-{h}{{4}}-{h}{{4}}-{h}{{4}}-{h}{{12}}"
_LOWER, _ANY = "[0-9a-f]", "[0-9a-fA-F]"
# 32 digits that have not the version of an advertising id; see device_ids.normal_device.
_NO_VERSION_4 = r"{h}{{12}}(?:[0-35-9a-fA-F]{h}{{4}}|4{h}{{3}}[0-7c-fC-F]){h}{{15}}"


@dataclass(frozen=True, slots=True)
class SimpleForm:
    """SQL about one column.

    Attributes
    ----------
    canonical : str
        Condition: the value is its own canonical form.
    simple : str
        Condition: ``made`` is its canonical form.
    made : str
        Expression: the canonical form of values that meet one of the two conditions.
    """

    canonical: str
    simple: str
    made: str


def simple_form(form: Form, value: str) -> SimpleForm:
    """Give the SQL for values of a form; ``value`` is a SQL expression."""
    if form in {"email", "phone"}:
        form = "sha256"
    if form in DIGITS:
        length = f"strlen({value}) = {DIGITS[form]}"
        return SimpleForm(
            f"({length} AND {_matches(value, f'{_LOWER}*')})",
            f"({length} AND {_matches(value, f'{_ANY}*')})",
            f"lower({value})",
        )
    if form == "maid":
        lower, either = (_matches(value, _UUID.format(h=h)) for h in (_LOWER, _ANY))
        return SimpleForm(lower, either, f"lower({value})")
    if form == "device":
        return _device(value)
    if form == "token":
        google = f"starts_with({value}, 'GA1.')"
        return SimpleForm(
            f"({_matches(value, _TOKEN)} AND NOT {google})",
            f"({google} AND {_matches(value, GOOGLE)})",
            f"CASE WHEN {google} THEN regexp_replace({value}, {literal(f'^{GOOGLE}$')}, '\\1') ELSE {value} END",
        )
    if form == "number":
        return SimpleForm(f"({_matches(value, _NUMBER)} AND NOT ends_with({value}, '.0'))", "false", value)
    return SimpleForm(_matches(value, _TEXT) if form == "text" else "false", "false", value)


def _device(value: str) -> SimpleForm:
    """Short ids keep their case; UUIDs and long hexadecimal ids are lower-cased."""
    short, length = f"strlen({value}) < {SHORTEST_UUID}", f"strlen({value})"
    uniform = ", ".join(literal(digit * 32) for digit in "0123456789abcdefABCDEF")

    def long(h: str) -> str:
        return (
            f"({length} = 36 AND {_matches(value, _UUID.format(h=h))}"
            f" OR {length} = 32 AND {_matches(value, _NO_VERSION_4.format(h=h))} AND {value} NOT IN ({uniform})"
            f" OR {length} > 32 AND {_matches(value, f'{h}*')})"
        )

    return SimpleForm(
        f"({short} AND {_matches(value, _TOKEN)} OR NOT {short} AND {long(_LOWER)})",
        f"(NOT {short} AND {long(_ANY)})",
        f"CASE WHEN {short} THEN {value} ELSE lower({value}) END",
    )


@dataclass(frozen=True, slots=True)
class PlainContact:
    """SQL about distinct raw e-mails or phones.

    Attributes
    ----------
    plain : str
        Condition: ``digest`` is the canonical form.
    digest : str
        SHA-256 of the normal form.
    placeholder : str
        Condition: nobody's.
    """

    plain: str
    digest: str
    placeholder: str


def plain_contact(form: Form, value: str, *, gmail: bool) -> PlainContact | None:
    """Give the SQL for raw contacts of a form; None where the form has no raw ones."""
    if form == "email":
        plain, lower = _matches(value, PLAIN), f"lower({value})"
        if gmail:
            domains = ", ".join(literal(d) for d in GMAIL)
            plain = f"({plain} AND split_part({lower}, '@', 2) NOT IN ({domains}))"
        return PlainContact(plain, f"sha256({lower})", f"regexp_matches({lower}, {literal(PLACEHOLDER_EMAIL)})")
    if form == "phone":
        placeholder = f"regexp_matches({value}, {literal(PLACEHOLDER_PHONE)})"
        return PlainContact(_matches(value, E164), f"sha256({value})", placeholder)
    return None


def _matches(value: str, pattern: str) -> str:
    return f"regexp_full_match({value}, {literal(pattern)})"
