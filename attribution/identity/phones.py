"""Telephone numbers: E.164, which is what gets hashed."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

from attribution.errors import UsageError, did_you_mean
from attribution.identity.characters import settled, unquoted, visible

# International numbers that stand for themselves: 8 to 15 digits, a country code, then no digit that could be a trunk
# prefix there. What is not matched (+44 (0)113…, Argentina, Belarus, Gabon…) is left to the library, which knows each
# country's rules; 20 times faster than asking it. Both Python and DuckDB read this expression; a test holds it against
# the library's metadata.
E164 = (
    r"\+(?:1[2-9][0-9]{9}|7[3-79][0-9]{9}|55[1-8][0-9]{6,11}|81[1-9][0-9]{6,11}"
    r"|86(?:[2-9]|1[3-689]|17[0-8])[0-9]{6,10}"
    r"|(?:2[07]|3[0-469]|4[013-9]|5[12367]|58|6[0-6]|8[24]|9[0-58])[1-9][0-9]{5,12}"
    r"|(?:21[12368]|22[0-9]|23[0-9]|24[02-9]|25[0-8]|26[02-9]|29[01789]|35[0-9]|37[1-467]|38[0-35-79]|42[013]|50[0-9]"
    r"|59[0-9]|67[03-9]|68[0-35-9]|69[01]|80[08]|85[0236]|87[08]|88[0-368]|96[0-8]|97[0-79]|99[24568])[1-9][0-9]{4,11})"
)
_E164 = re.compile(E164, re.ASCII)
_LABEL = re.compile(r"^(?:tel|phone|mobile|whatsapp|sms|callto|fax|t|m|p)\s*[.:]+\s*", re.IGNORECASE)
_FLOAT = re.compile(r"^(\+?\d{5,})\.0$")
_DIGITS = re.compile(r"\+?[0-9]+", re.ASCII)
_EXTENSION = re.compile(r"\s*;?\s*(?:ext(?:ension|n)?|x|durchwahl|dw|poste|#)\s*[.:=]?\s*\d{1,7}$", re.IGNORECASE)
_BETWEEN = frozenset("./()[]_·~∙•*")


def normal_phone(text: str, region: str | None = None) -> str | None:
    """Bring a telephone number into E.164: ``+``, country code, national number, no extension.

    Parameters
    ----------
    text : str
        As typed or exported.
    region : str or None
        Country of numbers without one, as two letters (`checked_region`); None leaves such numbers out.

    Returns
    -------
    str or None
        None where the text is no number that could be dialled, or its country is not known.
    """
    if _E164.fullmatch(text):
        return text
    text = settled(_step, text)
    text = _joined(_EXTENSION.sub("", text))
    # Words, two numbers in one cell, 4.9E+12: the library would make digits of them.
    if not _DIGITS.fullmatch(text):
        return None
    if text.startswith("00") and not _dials_abroad(text, region):
        text = "+" + text[2:]
    return text if _E164.fullmatch(text) else _parsed(text, region)


def checked_region(region: str | None) -> str | None:
    """Give a country as libphonenumber names it.

    Raises
    ------
    UsageError
        No country has that code.
    """
    if region is None or not region.strip():
        return None
    code = region.strip().upper()
    code = {"UK": "GB", "EL": "GR"}.get(code, code)
    if code not in phonenumbers.SUPPORTED_REGIONS:
        close = did_you_mean(code, phonenumbers.SUPPORTED_REGIONS)
        msg = f'region: "{region}" is no country code.{close} Give two letters, as in DE, GB or US.'
        raise UsageError(msg)
    return code


def _step(text: str) -> str:
    text = unquoted(visible(text, "NFKC").strip().lstrip("=")).strip()
    text = _LABEL.sub("", text)
    whole = _FLOAT.match(text)
    return whole[1] if whole else text


def _joined(text: str) -> str:
    """Leave out what people write between digits; digits of other scripts become ASCII."""
    kept = []
    for c in text:
        if c.isspace() or c in _BETWEEN or unicodedata.category(c) == "Pd":
            continue
        kept.append(str(unicodedata.decimal(c)) if c.isdecimal() else c)
    return "".join(kept)


def _dials_abroad(text: str, region: str | None) -> bool:
    """Whether the number begins with what is dialled in that country before a country code (``0011`` in Australia)."""
    if region is None:
        return False
    metadata = PhoneMetadata.metadata_for_region(region)
    prefix = metadata.international_prefix if metadata else None
    return prefix is not None and re.match(prefix, text) is not None


@lru_cache(maxsize=1 << 18)
def _parsed(text: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return _formatted(number)


def _formatted(number: phonenumbers.PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
