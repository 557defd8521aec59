"""Telephone numbers, held against Google's library and its metadata."""

from __future__ import annotations

import random

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from attribution.errors import UsageError
from attribution.identity.normalize import read
from attribution.identity.phones import _E164, _parsed, checked_region, normal_phone

BERLIN = "+493012345678"


@pytest.mark.parametrize(
    ("written", "region"),
    [
        (BERLIN, None), ("+49 30 12345678", None), ("+49 (0)30 123-456-78", None), ("+49 (30) 1234 5678", None),
        ("0049 30 12345678", None), ("0049 30 12345678", "DE"), ("0049 30 12345678", "US"), ("011 49 30 12345678", "US"),
        ("0011 49 30 12345678", "AU"), ("030/12345678", "DE"), ("030 – 1234 5678", "DE"), ("(030) 12345678", "DE"),
        ("+49\u00a030\u202f12345678", None), ("＋４９３０１２３４５６７８", None), ("+٤٩٣٠١٢٣٤٥٦٧٨", None),
        ("tel:+49-30-12345678", None), ("Tel.: 030 12345678", "DE"), ("'+493012345678", None), ('="+493012345678"', None),
        ("493012345678.0", "DE"), ("+49.30.12345678", None), ("+49 30 12345678 ext. 12", None), ("+49\u200b3012345678", None),
        ("\u202a+49 30 12345678\u202c", None), ("+490301234567 8", None),
    ],
)  # fmt: skip
def test_shapes_of_one_number(written, region):
    assert normal_phone(written, region) == BERLIN


@pytest.mark.parametrize(
    ("written", "region", "normal"),
    [
        ("0491 570 006", "AU", "+61491570006"), ("+44-113-496-0987", None, "+441134960987"),
        ("(650)555-1212", "US", "+16505551212"), ("+1 (650) 555-1212", None, "+16505551212"),
        ("00919876543210", None, "+919876543210"), ("0044 207 123 4567", None, "+442071234567"),
        ("+44 844 412 4653", None, "+448444124653"), ("+39 06 1234 5678", None, "+390612345678"),
        ("06 1234 5678", "IT", "+390612345678"), ("8 (495) 123-45-67", "RU", "+74951234567"),
        ("+1 202 456 1111 x123", None, "+12024561111"), ("+1-202-456-1111;ext=5", None, "+12024561111"),
    ],
)  # fmt: skip
def test_numbers_of_many_countries(written, region, normal):
    assert normal_phone(written, region) == normal


@pytest.mark.parametrize(
    "written",
    [
        "",
        "n/a",
        " +A BCD EFG ",
        "+0000000000",
        "4.91512E+12",
        "12",
        "+49 1",
        "555-1234 ext",
        "@",
        "1-800-FLOWERS",
        "030 12345678 work",
        "030 12345678 / 0171 2345678",
        "+49 30 12345678 +49 171 2345678",
        "+1 555 1234",
    ],
)
def test_no_number(written):
    assert normal_phone(written, "DE") is None


def test_without_a_country_a_number_is_left_out_and_said():
    assert normal_phone("0491 570 006") is None
    assert read("phone", "0491 570 006").reason == "a telephone number without its country: set region"
    assert read("phone", "0491 570 006", "AU").reason is None
    assert read("phone", "none").reason == "no telephone number"


def test_every_country_in_every_format():
    """Google's example of every country, as it is written there and abroad, gives its E.164 form."""
    formats = (
        PhoneNumberFormat.INTERNATIONAL,
        PhoneNumberFormat.NATIONAL,
        PhoneNumberFormat.RFC3966,
        PhoneNumberFormat.E164,
    )
    wrong = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is None:
                continue
            expected = phonenumbers.format_number(number, PhoneNumberFormat.E164)
            written = [phonenumbers.format_number(number, f) for f in formats]
            wrong += [(region, w, got) for w in written if (got := normal_phone(w, region)) != expected]
    assert not wrong


def test_numbers_that_pass_unread_are_what_the_library_makes_of_them():
    """No country's trunk prefix can hide in a number of the fast path, so all shapes of a number meet."""
    rng = random.Random(20261125)
    passed, wrong = set(), []
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        for length in (7, 8, 9, 10, 11) * 6:
            text = f"+{code}{rng.randrange(10 ** (length - 1), 10**length)}"
            if _E164.fullmatch(text):
                passed.add(code)
                found = _parsed(text, None)
                # The library also says which lengths are possible; the fast path does not ask.
                if found not in {text, None}:
                    wrong.append((text, found))
    assert not wrong
    assert len(passed) > 200


def test_a_region_is_a_country():
    assert checked_region(" uk ") == "GB"
    assert checked_region("de") == "DE"
    assert checked_region(None) is checked_region(" ") is None
    with pytest.raises(UsageError, match="two letters, as in DE"):
        checked_region("Germany")
