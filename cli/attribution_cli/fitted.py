"""A table with bars, made to fit a terminal: bars shrink, long names are cut, and then columns are left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attribution_cli.progress_bar import cut

GAP = 2
# A bar below that says nothing, a name below that names nothing.
LEAST_BAR, LEAST_NAME = 6, 14


@dataclass(frozen=True, slots=True)
class Barred:
    """A table before it is laid out.

    Attributes
    ----------
    lines : sequence of sequence of str
        The head first; no bars.
    shares : sequence of float or None
        Length of each line's bar, of the longest; None has none.
    draw : callable
        A bar from share and width.
    longest : int
        Width of the longest bar where there is room.
    names : int
        The first columns are names, to the left.
    spare : sequence of int
        Columns that may be left out, in that order.
    after : sequence of str
        What stands behind each bar; empty: nothing.
    """

    lines: Sequence[Sequence[str]]
    shares: Sequence[float | None]
    draw: Callable[[float, int], str]
    longest: int
    names: int = 1
    spare: Sequence[int] = ()
    after: Sequence[str] = ()


def fitted(table: Barred, width: int | None) -> tuple[str, tuple[str, ...]]:
    """The table as text, and the heads of columns that are left out; None is as wide as it takes."""
    kept = list(range(len(table.lines[0])))
    lines, spare, left_out = [list(line) for line in table.lines], list(table.spare), list[int]()
    room = table.longest
    while width is not None:
        lines = [list(line) for line in table.lines]
        room = width - _width(lines, kept, table.after) - GAP
        if room < LEAST_BAR:
            room += _cut_names(lines, kept, table.names, LEAST_BAR - room)
        if room >= LEAST_BAR or not spare:
            break
        left_out.append(spare.pop(0))
        kept.remove(left_out[-1])
    size = min(table.longest, room) if room >= LEAST_BAR else 0
    heads = tuple(dict.fromkeys(table.lines[0][i] for i in sorted(left_out)))
    return _aligned(lines, kept, table, size), heads


def _width(lines: Sequence[Sequence[str]], kept: Sequence[int], after: Sequence[str]) -> int:
    """Columns of the terminal that a table takes without its bars."""
    behind = max((len(text) for text in after), default=0)
    widths = [max(len(line[i]) for line in lines) for i in kept]
    return sum(widths) + GAP * (len(kept) - 1) + (behind + GAP if behind else 0)


def _cut_names(lines: list[list[str]], kept: Sequence[int], names: int, short: int) -> int:
    """Cut names until nothing is short, or they are as short as they may be; what that frees."""
    freed = 0
    for i in (i for i in kept if i < names):
        longest = max(len(line[i]) for line in lines)
        target = max(longest - (short - freed), LEAST_NAME)
        if target < longest:
            for line in lines:
                line[i] = cut(line[i], target)
            freed += longest - target
    return freed


def _aligned(lines: Sequence[Sequence[str]], kept: Sequence[int], table: Barred, size: int) -> str:
    bars = ["" if share is None or not size else table.draw(share, size) for share in table.shares]
    rows = [[*(line[i] for i in kept), bar] for line, bar in zip(lines, bars, strict=True)]
    rows = [[*row, text] for row, text in zip(rows, table.after or [""] * len(rows), strict=True)]
    shown = [j for j in range(len(rows[0])) if j < len(kept) or any(row[j] for row in rows)]
    widths = {j: max(len(row[j]) for row in rows) for j in shown}
    left = {j for j, i in enumerate(kept) if i < table.names} | {len(kept), len(kept) + 1}
    return "\n".join(
        (" " * GAP).join(row[j].ljust(widths[j]) if j in left else row[j].rjust(widths[j]) for j in shown).rstrip()
        for row in rows
    )
