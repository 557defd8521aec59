"""The report as one HTML file: opens offline, asks nothing of the network, runs no code that is not in it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from attribution.report.document import Cell, Chart, Kind, Report, Table, WhatIf
from attribution.report.words import Words

# Rows of a table that are in the page; its CSV download has all.
MOST = 400
VENDORED = ("vega.min.js", "vega-lite.min.js", "vega-interpreter.js")
OURS = ("page.js", "what_if.js")


def page(report: Report, words: Words) -> str:
    """The report as HTML.

    A content security policy in the page allows the scripts that are in it, by their digests, and nothing else: no
    ``eval``, no address outside. Names from data are escaped in text and in JSON.

    Parameters
    ----------
    report : Report
    words : Words
        How numbers are written.
    """
    scripts = _scripts(report)
    style = _text("page", "page.css")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["wording"] = words.write
    environment.filters["kind_of"] = lambda block: type(block).__name__
    between: Callable[[Cell, Cell, Kind], str] = words.between
    return environment.from_string(_text("page", "page.html.j2")).render(
        report=report, lang=words.tag, policy=_policy(scripts, style), style=style, scripts=scripts, most=MOST,
        data=in_script(_data(report, words)), between=between, version=version("multichannel-attribution"),
    )  # fmt: skip


def in_script(data: Any) -> str:
    """JSON that is safe inside a script element: no character of it can end the element."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _data(report: Report, words: Words) -> dict[str, Any]:
    """What the page's scripts read: tables, charts, sliders, how numbers are written."""
    blocks = list(report.blocks())
    return {
        "tables": {t.id: _rows(t) for t in report.tables()},
        "charts": {b.table.id: b.spec for b in blocks if isinstance(b, Chart)},
        "whatIf": {b.id: b.data for b in blocks if isinstance(b, WhatIf)},
        "locale": words.d3(),
        "language": words.locale,
        "currency": words.currency,
        "colours": dict(report.colours),
    }


def _rows(table: Table) -> Mapping[str, Any]:
    columns = [{"name": c.name, "title": c.title, "kind": c.kind} for c in table.columns]
    return {"columns": columns, "rows": [list(row) for row in table.rows]}


def _scripts(report: Report) -> list[str]:
    """The chart runtime where there are charts, and what is ours."""
    runtime = [_text("vendor", name) for name in VENDORED]
    sliders = any(isinstance(b, WhatIf) for b in report.blocks())
    return [*runtime, *(_text("page", name) for name in OURS if name != "what_if.js" or sliders)]


def _policy(scripts: list[str], style: str) -> str:
    digests = " ".join(_digest(s) for s in scripts)
    return (
        f"default-src 'none'; script-src {digests}; style-src {_digest(style)}; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text(folder: str, name: str) -> str:
    return (files("attribution.report") / folder / name).read_text(encoding="utf-8")
