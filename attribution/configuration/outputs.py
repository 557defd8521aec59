"""Sections of what is written: ``[credits]``, ``[suppress]``, ``[report]``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from attribution.errors import UsageError

# The form of a report by the end of its file's name.
REPORT_FORMS: dict[str, Literal["html", "markdown", "json"]] = {
    ".html": "html", ".htm": "html", ".md": "markdown", ".json": "json",
}  # fmt: skip


class Credits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[credits]``: what is printed and written."""

    models: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    kind: str | None = None
    output: str | None = None


class Suppress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[suppress]``: whether lists are made."""

    enabled: bool = True


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[report]``: the page, and how its numbers are written."""

    enabled: bool = True
    output: str = "report.html"
    fit: str | None = None
    title: str = "Channel contributions"
    locale: str = "en-US"
    currency: str = ""

    def options(self) -> dict[str, Any]:
        """What `report_step` takes."""
        return {n: getattr(self, n) for n in ("fit", "title", "locale", "currency")}

    def check(self) -> None:
        """Refuse a file name that says another form, and what nobody can write numbers by.

        Raises
        ------
        UsageError
        """
        from attribution.report.words import Words  # noqa: PLC0415  (slow to import)

        if not self.enabled:
            return
        Words(self.locale, self.currency)
        if Path(self.output).suffix not in REPORT_FORMS:
            known = ", ".join(REPORT_FORMS)
            raise UsageError(f'report.output: "{self.output}" does not tell its form by its name. Known: {known}.')
