"""Drawings of our own: SVG elements whose text and attributes are escaped, and names that fit their place."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree as ET

Element = ET.Element
# About how wide characters are at 12 px, in pixels: a little more than most fonts take.
NARROW, USUAL, BROAD, FULL = 4.0, 6.8, 9.5, 12.5


def canvas(width: float, height: float, alt: str) -> Element:
    """An empty drawing; it keeps its size, and a narrow page scrolls it."""
    size = {"viewBox": f"0 0 {number(width)} {number(height)}", "width": number(width), "height": number(height)}
    return Element("svg", {**size, "role": "img", "aria-label": _visible(alt)})


def add(parent: Element, tag: str, **attributes: str | float) -> Element:
    """A child; ``stroke_width`` stands for ``stroke-width``, ``class_`` for ``class``."""
    named = {n.rstrip("_").replace("_", "-"): v if isinstance(v, str) else number(v) for n, v in attributes.items()}
    return ET.SubElement(parent, tag, named)


def write(parent: Element, x: float, y: float, words: str, **attributes: str | float) -> Element:
    """Text at a place."""
    element = add(parent, "text", x=x, y=y, **attributes)
    element.text = _visible(words)
    return element


def told(element: Element, words: str) -> Element:
    """The element with a tooltip."""
    title = Element("title")
    title.text = _visible(words)
    element.insert(0, title)
    return element


def markup(drawing: Element) -> str:
    """The drawing as it stands in a page."""
    return ET.tostring(drawing, encoding="unicode")


def number(value: float) -> str:
    """A coordinate with one digit."""
    return f"{value:.1f}".removesuffix(".0")


def wide(words: str) -> float:
    """About how many pixels a text takes."""
    return sum(_wide(c) for c in words)


def cut(words: str, pixels: float) -> str:
    """The text, or as much of it as fits with … at its end."""
    if wide(words) <= pixels:
        return words
    left, kept = pixels - BROAD, ""
    for character in words:
        left -= _wide(character)
        if left < 0:
            break
        kept += character
    return kept.rstrip() + "…"


def lines(words: str, pixels: float) -> list[str]:
    """The text on one line, or on two where it does not fit; what is left over is cut."""
    if wide(words) <= pixels or " " not in words.strip():
        return [cut(words, pixels)]
    parts = words.split()
    fits = max((i for i in range(1, len(parts)) if wide(" ".join(parts[:i])) <= pixels), default=1)
    return [cut(" ".join(parts[:fits]), pixels), cut(" ".join(parts[fits:]), pixels)]


def _wide(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return FULL
    if character in "iljtfrI.,:;'|!()[] -":
        return NARROW
    return BROAD if character.isupper() or character in "mw@%&—…" else USUAL


def _visible(words: str) -> str:
    """Text without characters that XML has no place for."""
    return "".join(
        c if c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and c not in "\ufffe\uffff" else "\ufffd" for c in words
    )
