"""How values are written: by locale and currency, the same in the page, in Markdown and on the charts' axes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
    get_currency_symbol,
    is_currency,
)

from attribution.errors import UsageError
from attribution.report.document import Cell, Kind

MISSING = "–"


@dataclass(frozen=True)
class Words:
    """Numbers, money, shares and dates as text.

    Parameters
    ----------
    locale : str
        As ``en-US`` or ``de-DE``.
    currency : str
        ISO 4217 code, as ``EUR``; empty: amounts without a currency.

    Raises
    ------
    UsageError
        Locale or currency unknown.
    """

    locale: str = "en-US"
    currency: str = ""

    def __post_init__(self) -> None:
        """Refuse what nobody knows before anything is written."""
        try:
            Locale.parse(self.locale.replace("-", "_"))
        except (UnknownLocaleError, ValueError, TypeError):
            raise UsageError(f'--locale: "{self.locale}" is not known. Write it as en-US or de-DE.') from None
        if self.currency and not is_currency(self.currency):
            raise UsageError(f'--currency: "{self.currency}" is no ISO 4217 code, as EUR, USD or GBP.')

    @cached_property
    def babel(self) -> Locale:
        """The locale's rules."""
        return Locale.parse(self.locale.replace("-", "_"))

    @property
    def tag(self) -> str:
        """The language for ``lang``: the page's own words are English whatever the numbers' locale."""
        return "en"

    def write(self, value: Cell, kind: Kind) -> str:
        """A value by its kind; ``–`` where it is missing."""
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return MISSING
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, str):
            return self.date(value) if kind == "date" else value
        return self.number(float(value), kind)

    def number(self, value: float, kind: Kind) -> str:
        """A number by its kind."""
        if kind == "share":
            pattern = self.babel.percent_formats[None].pattern
            pattern = pattern.replace("0", "0.0") if 0.0005 <= abs(value) < 0.0995 else pattern
            return str(format_percent(value, pattern, locale=self.babel))
        if kind == "money":
            return self.money(value)
        if kind == "count":
            return str(format_decimal(round(value), "#,##0", locale=self.babel))
        return str(format_decimal(value, _pattern(value, kind), locale=self.babel))

    def money(self, value: float) -> str:
        """An amount: whole units from 1,000 on, else with the currency's digits."""
        if not self.currency:
            return str(format_decimal(value, "#,##0" if abs(value) >= 1000 else "#,##0.00", locale=self.babel))
        digits = 0 if abs(value) >= 1000 else get_currency_precision(self.currency)
        pattern = self.babel.currency_formats["standard"].pattern.replace(".00", "." + "0" * digits if digits else "")
        return str(format_currency(value, self.currency, pattern, locale=self.babel, currency_digits=False))

    def compact(self, value: float) -> str:
        """An amount in few characters, as 1.2M."""
        if abs(value) < 10_000:
            return self.money(value)
        if not self.currency:
            return str(format_compact_decimal(value, locale=self.babel, fraction_digits=1))
        return str(format_compact_currency(value, self.currency, locale=self.babel, fraction_digits=1))

    def between(self, lower: Cell, upper: Cell, kind: Kind) -> str:
        """An interval; empty where an end is missing."""
        ends = [self.write(lower, kind), self.write(upper, kind)]
        return "" if MISSING in ends else " to ".join(ends)

    def date(self, value: str | date) -> str:
        """A day in the locale's medium form; text that is no date stays as it is."""
        try:
            day = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            return str(value)
        return str(format_date(day, "medium", locale=self.babel))

    def d3(self) -> dict[str, Any]:
        """Number format of the charts' axes and tooltips, as d3-format describes a locale."""
        symbols = self.babel.number_symbols["latn"]
        before, after = "", ""
        if self.currency:
            symbol = get_currency_symbol(self.currency, locale=self.babel)
            pattern = self.babel.currency_formats["standard"].pattern.split(";")[0]
            first = pattern.index("¤") < pattern.index("0")
            before, after = (symbol, "") if first else ("", f"\u00a0{symbol}")
        return {
            "decimal": symbols["decimal"], "thousands": symbols["group"], "grouping": [3],
            "currency": [before, after], "percent": symbols["percentSign"], "minus": "−",
        }  # fmt: skip


def _pattern(value: float, kind: Kind) -> str:
    """Digits that are worth showing."""
    if kind == "ratio":
        return "#,##0.00"
    size = abs(value)
    return "#,##0" if size >= 100 or value == int(value) else "#,##0.0" if size >= 10 else "#,##0.00"
