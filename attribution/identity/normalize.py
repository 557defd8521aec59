"""The canonical form of ids: the reference, one value at a time (``docs/identity-forms.md`` says why).

`attribution.identity.canonical` does the same for whole columns; a test holds it against this.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from attribution.identity.characters import settled, single_spaced, unquoted, visible, without_space
from attribution.identity.device_ids import normal_device, normal_ip, normal_maid, normal_token
from attribution.identity.emails import normal_email
from attribution.identity.id_types import Form, IdType, id_type
from attribution.identity.phones import normal_phone
from attribution.identity.placeholders import is_placeholder, placeholder_contact

# Databases write binary digests as 0x… and \x….
_DIGEST = re.compile(r"(?:0x|\\x)?([0-9a-f]+)", re.IGNORECASE | re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{43}=", re.ASCII)
_WHOLE = re.compile(r"([0-9]+)\.0", re.ASCII)
_GROUPED = re.compile(r"[0-9]+(?: [0-9]+)+", re.ASCII)
DIGITS = {"md5": 32, "sha1": 40, "sha256": 64}
UNREAD: dict[Form, str] = {
    "email": "no e-mail address",
    "phone": "no telephone number",
    "md5": "no MD5 digest (32 hexadecimal digits)",
    "sha1": "no SHA-1 digest (40 hexadecimal digits)",
    "sha256": "no SHA-256 digest (64 hexadecimal digits)",
    "ip": "no network address",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of one value.

    Attributes
    ----------
    canonical : str or None
        None where the value normalises to nothing.
    placeholder : bool
        Whether it is no id (`attribution.identity.placeholders`).
    reason : str or None
        Why a value that was there has no canonical form; names no value.
    """

    canonical: str | None
    placeholder: bool = False
    reason: str | None = None


def canonical(kind: IdType | str, text: str, region: str | None = None, *, gmail: bool = False) -> str | None:
    """Bring an id into canonical form.

    Raw e-mails and phones become the SHA-256 (lower-case hexadecimal) of their normal form, and a SHA-256 stays what it
    is, so that both meet. Canonical texts are their own canonical form.

    Parameters
    ----------
    kind : IdType or str
    text : str
    region : str or None
        Country of phone numbers without one (`attribution.identity.phones.checked_region`); None leaves them out.
    gmail : bool
        Leave out dots and what follows a plus in Gmail addresses.

    Returns
    -------
    str or None
        None where the text normalises to nothing.

    Examples
    --------
    >>> canonical("email", " Person@Example.com ")
    '542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345'
    >>> canonical("client_id", "GA1.2.1234567890.1600000000"), canonical("idfa", "no\u200b") or "nothing"
    ('1234567890.1600000000', 'no')
    """
    return read(kind, text, region, gmail=gmail).canonical


def read(kind: IdType | str, text: str, region: str | None = None, *, gmail: bool = False) -> Reading:
    """Bring an id into canonical form, and say why where that cannot be done. See `canonical`."""
    kind = id_type(kind)
    if not single_spaced(visible(text, "NFC")):
        return Reading(None)
    if kind.form in {"email", "phone"}:
        return _contact(kind, text, region, gmail)
    found = _digest(text, kind.form) if kind.form in DIGITS else _NORMAL[kind.form](text)
    if found is None:
        return Reading(None, reason=UNREAD.get(kind.form))
    return Reading(found, is_placeholder(kind, found))


def _contact(kind: IdType, text: str, region: str | None, gmail: bool) -> Reading:
    digest = _digest(text, "sha256") or _from_base64(text)
    if digest is not None:
        return Reading(digest, is_placeholder(kind, digest))
    email = kind.form == "email"
    normal = normal_email(text, gmail=gmail) if email else normal_phone(text, region)
    if normal is None:
        return Reading(None, reason=_why(kind.form, text, region))
    made = hashlib.sha256(normal.encode()).hexdigest()
    return Reading(made, placeholder_contact(kind.form, normal) or is_placeholder(kind, made))


def _why(form: Form, text: str, region: str | None) -> str:
    others: tuple[tuple[Form, str], ...] = (("md5", "an MD5 digest"), ("sha1", "a SHA-1 digest"))
    for name, words in others:
        if _digest(text, name):
            return f"{words}, which cannot meet a SHA-256: name its column id:{form}_{name}"
    if form == "phone" and region is None and sum(c.isdecimal() for c in text) >= 6:
        return "a telephone number without its country: set region"
    return UNREAD[form]


def _digest(text: str, name: Form) -> str | None:
    found = _DIGEST.fullmatch(settled(_plain, text))
    return found[1].lower() if found and len(found[1]) == DIGITS[name] else None


def _from_base64(text: str) -> str | None:
    """Read 32 bytes in base64, as UID2 and The Trade Desk want digests."""
    text = settled(_plain, text)
    if not _BASE64.fullmatch(text):
        return None
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True).hex()
    except binascii.Error:
        return None


def _plain(text: str) -> str:
    return unquoted(without_space(visible(text, "NFKC")))


def _number(text: str) -> str | None:
    """Give numbers that people are called by: grouped digits joined, ``12345.0`` of a float column as ``12345``."""
    return settled(_number_step, text) or None


def _number_step(text: str) -> str:
    text = single_spaced(unquoted(single_spaced(visible(text, "NFKC"))))
    if _GROUPED.fullmatch(text):
        return without_space(text)
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _text(text: str) -> str | None:
    return settled(lambda t: single_spaced(visible(t, "NFC")), text) or None


_NORMAL: dict[Literal["maid", "device", "token", "ip", "number", "text"] | Form, Callable[[str], str | None]] = {
    "maid": normal_maid,
    "device": normal_device,
    "token": normal_token,
    "ip": normal_ip,
    "number": _number,
    "text": _text,
}
