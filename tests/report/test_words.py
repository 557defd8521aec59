"""How values are written."""

import re

import pytest

from attribution.errors import UsageError
from attribution.report.palette import COLOURS, OTHER, SPECIAL, palette
from attribution.report.words import Words

WHITE, DARK = "#ffffff", "#14171b"


def test_numbers_go_by_locale_and_currency() -> None:
    """The same amounts in three locales."""
    assert Words("en-US", "USD").money(1234567.4) == "$1,234,567"
    assert Words("de-DE", "EUR").money(1234567.4) == "1.234.567\u00a0€"
    assert Words("en-US", "EUR").money(12.5) == "€12.50"
    assert Words("en-US").money(12.5) == "12.50"
    assert Words("ja-JP", "JPY").money(900) in ("￥900", "¥900")
    assert Words("de-DE").number(0.123, "share") == "12\u00a0%"
    assert Words().number(0.0123, "share") == "1.2%"
    assert Words().number(1234.6, "count") == "1,235"
    assert Words("fr-FR").number(2.345, "ratio") == "2,34" or Words("fr-FR").number(2.345, "ratio") == "2,35"


def test_what_is_missing_is_a_dash() -> None:
    """None, not-a-number and infinity."""
    assert [Words().write(v, "money") for v in (None, float("nan"), float("inf"))] == ["–"] * 3
    assert Words().between(None, 2.0, "count") == ""
    assert Words().between(1.0, 2.0, "count") == "1 to 2"


def test_dates_go_by_locale() -> None:
    """A day as ISO text; other text is left alone."""
    assert Words("en-US").write("2026-03-01", "date") == "Mar 1, 2026"
    assert Words("de-DE").write("2026-03-01", "date") == "01.03.2026"
    assert Words().write("never", "date") == "never"


@pytest.mark.parametrize(("locale", "currency", "named"), [("xx-YY", "", "--locale"), ("en-US", "EURO", "--currency")])
def test_unknown_ones_are_refused(locale: str, currency: str, named: str) -> None:
    """The error names the option and what was given."""
    with pytest.raises(UsageError, match=named):
        Words(locale, currency)


def test_axes_go_by_the_same_locale() -> None:
    """d3's description of the locale says where the currency stands."""
    assert Words("en-US", "USD").d3()["currency"] == ["$", ""]
    after = Words("de-DE", "EUR").d3()
    assert after["currency"] == ["", "\u00a0€"]
    assert (after["decimal"], after["thousands"]) == (",", ".")


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(a: str, b: str) -> float:
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", [*COLOURS, OTHER, *SPECIAL.values()])
def test_colours_stand_out_on_both_pages(colour: str) -> None:
    """At least 3:1 against the light and the dark page, as WCAG asks of graphics."""
    assert re.fullmatch("#[0-9a-f]{6}", colour)
    assert _contrast(colour, WHITE) >= 3
    assert _contrast(colour, DARK) >= 3


def test_a_channel_keeps_its_colour() -> None:
    """Colours go by rank; beyond the palette all share one."""
    many = [f"channel {i}" for i in range(30)]
    found = palette(many)
    assert len({found[c] for c in many[: len(COLOURS)]}) == len(COLOURS)
    assert {found[c] for c in many[len(COLOURS) :]} == {OTHER}
    assert palette(many[:3])["channel 2"] == found["channel 2"]
