"""Countries as people write them: two letters, three letters, or a name in one of many languages."""

from __future__ import annotations

from functools import cache

from holidays.registry import COUNTRIES
from phonenumbers import SUPPORTED_REGIONS
from phonenumbers.geodata.locale import LOCALE_DATA

# What is written besides ISO 3166-1.
ALSO = {"UK": "GB", "EL": "GR", "U.S.": "US", "U.S.A.": "US", "ENGLAND": "GB", "SCOTLAND": "GB", "WALES": "GB",
        "UNITED STATES OF AMERICA": "US", "GREAT BRITAIN": "GB", "HOLLAND": "NL", "SOUTH KOREA": "KR"}  # fmt: skip


def country_code(text: str) -> str | None:
    """Give a country's two letters (ISO 3166-1 alpha-2), upper case; None where none is recognised.

    Names are those that libphonenumber's data hold, in every language they have; a name that two countries share in
    different languages is not recognised.
    """
    return _codes().get(" ".join(text.split()).upper())


@cache
def _codes() -> dict[str, str]:
    found: dict[str, str] = {}
    shared = set()
    for code, names in LOCALE_DATA.items():
        for name in names.values():
            key = name.upper()
            if name and not name.startswith("*") and code in SUPPORTED_REGIONS and found.setdefault(key, code) != code:
                shared.add(key)
    for key in shared:
        del found[key]
    for entry in COUNTRIES.values():
        two = [word for word in entry if len(word) == 2]
        three = [word for word in entry if len(word) == 3 and word.isupper()]
        if two and two[0] in SUPPORTED_REGIONS:
            found |= dict.fromkeys(three, two[0])
    return found | {code: code for code in SUPPORTED_REGIONS} | ALSO
