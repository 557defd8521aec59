"""What a page of the site would load from outside; links that a reader may follow are none of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

_OUTSIDE = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_STYLED = re.compile(r"(?:url\(\s*|@import\s+)['\"]?((?:https?:)?//[^'\")\s]+)", re.IGNORECASE)
_LOADING = {"src", "srcset", "data", "poster"}


def outside(path: Path) -> Iterator[str]:
    """Addresses that an HTML, CSS or SVG file loads from elsewhere."""
    if path.suffix == ".html":
        loads = _Loads()
        loads.feed(path.read_text(encoding="utf-8"))
        yield from loads.found
    elif path.suffix in {".css", ".svg"}:
        yield from _STYLED.findall(path.read_text(encoding="utf-8"))


class _Loads(HTMLParser):
    """Collects what scripts, style sheets, pictures and frames of a page load from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at the attributes that load something; ``href`` does so in a ``link`` alone."""
        for name, value in attrs:
            loads = name in _LOADING or (tag == "link" and name == "href")
            if value and ((loads and _OUTSIDE.match(value)) or (name == "style" and _STYLED.search(value))):
                self.found.append(value)

    def handle_data(self, data: str) -> None:
        """Look into style sheets inside the page."""
        if self.lasttag == "style":
            self.found += _STYLED.findall(data)
