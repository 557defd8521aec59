"""The report of a workspace, as a page, Markdown or JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from attribution.errors import UsageError
from attribution.progress import Told, silent
from attribution.report.markdown import markdown
from attribution.report.page import page
from attribution.report.plain_data import plain_data
from attribution.report.report import TITLE, report_of_workspace
from attribution.report.sources import Sources
from attribution.report.words import Words
from attribution.workspace import Workspace, write_atomically

ReportForm = Literal["html", "markdown", "json"]


def report_step(
    workspace: Workspace, form: ReportForm = "html", *, fit: str | None = None, title: str = TITLE,
    locale: str = "en-US", currency: str = "", told: Told = silent,
) -> str:  # fmt: skip
    """Make the report of what a workspace holds; nothing in it is of a person.

    Parameters
    ----------
    workspace : Workspace
    form : {"html", "markdown", "json"}
    fit : str or None
        The fit, or model, that the report leads with; None: the first there of reconciled, Markov chain, Shapley,
        media mix, time to event, rules.
    title : str
    locale, currency : str
        How numbers are written; the currency is an ISO 4217 code, empty for amounts without one.
    told : Told
        Called with how many chapters are written.

    Returns
    -------
    str
        One self-contained HTML file, Markdown, or JSON with raw values.

    Raises
    ------
    UsageError
        No workspace, no such fit, locale or currency.
    """
    workspace.require()
    words = Words(locale, currency)
    report = report_of_workspace(Sources(workspace, words, fit), title, told)
    if form == "markdown":
        return markdown(report, words)
    if form == "json":
        return json.dumps(plain_data(report), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    return page(report, words)


def write_report(path: Path, text: str) -> None:
    """Write a report; an older one stays until the new one is whole.

    Raises
    ------
    UsageError
        The file cannot be written.
    """
    try:
        write_atomically(path, text.encode(), 0o644)
    except OSError as error:
        raise UsageError(f'Cannot write "{path}": {error.strerror}. Name another file.') from None
