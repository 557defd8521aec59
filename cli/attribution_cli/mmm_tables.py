"""How tables about media-mix models are shown: units, intervals, blocks no wider than a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import click

from attribution_cli.output import columns, number, percent


@dataclass(frozen=True, slots=True)
class Unit:
    """What amounts of one table are counted in.

    Attributes
    ----------
    size : float
        1, a thousand, or a million.
    word : str
        For a title; empty for ones.
    digits : int
    """

    size: float
    word: str
    digits: int

    @classmethod
    def of(cls, values: Iterable[Any]) -> Unit:
        """Choose the unit in which the largest amount has at most six digits before the point."""
        most = max((abs(v) for v in values if v is not None and v == v), default=0.0)  # noqa: PLR0124  (NaN)
        size, word = next(
            ((s, w) for s, w in ((1.0, ""), (1e3, "thousands"), (1e6, "millions")) if most < 1e6 * s), (1e9, "billions")
        )
        scaled = most / size
        return cls(size, word, 0 if scaled >= 1000 else 1 if scaled >= 100 else 2 if scaled >= 1 else 4)

    def show(self, value: Any) -> str:
        """An amount in this unit; nothing where it is missing."""
        # Adding zero makes -0 a 0.
        return number(None if value is None else round(value / self.size, self.digits) + 0.0, self.digits)

    def titled(self, title: str) -> str:
        """A title that says the unit."""
        return f"{title}, in {self.word}" if self.word else title


def share(value: Any) -> str:
    """A share as percent; nothing where it is missing."""
    return percent(None if value is None else round(value, 3) + 0.0)


def ends(lower: str, upper: str) -> str:
    """An interval; nothing where it is missing."""
    return f"{lower} to {upper}" if lower and upper else ""


def ratio(value: Any) -> str:
    """A return: two decimals, more digits where it is small."""
    if value is None or value != value:  # noqa: PLR0124  (NaN)
        return ""
    return f"{value:,.2f}" if abs(value) >= 0.05 or value == 0 else f"{value:.2g}"


def block(title: str, rows: list[list[str]], left: int = 1, *, drawn: bool = False) -> str:
    """A titled table without its empty columns; where its last one is `drawn`, that one begins at the left."""
    filled = [i for i in range(len(rows[0])) if i < left or any(row[i].strip() for row in rows[1:])]
    kept = [[row[i] for i in filled] for row in rows]
    if drawn:
        width = max(len(row[-1]) for row in kept)
        kept = [[*row[:-1], row[-1].ljust(width)] for row in kept]
    return click.style(title, bold=True) + "\n" + columns(kept, left=left)


# What marks stand for in tables; the words are those of the data.
SIGNS = {"prior-dominated": "*", "indistinguishable from zero": "°"}


def signed(name: str, mark: str) -> str:
    """A channel's name with the signs of its marks."""
    signs = "".join(sign for words, sign in SIGNS.items() if words in mark)
    return f"{name} {signs}" if signs else name


def legend(marks: Iterable[str]) -> str:
    """What the signs mean that are used; empty where none is."""
    used = ", ".join(marks)
    meanings = {
        "prior-dominated": "prior-dominated: the data moved it little",
        "indistinguishable from zero": "indistinguishable from zero: probably below 1% of the outcome",
    }
    return "\n".join(f"{SIGNS[words]} {meaning}" for words, meaning in meanings.items() if words in used)
