"""The rows of a lifts file, read and checked on their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attribution.errors import AttributionError, UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.mix.panel_rows import Problems
from attribution.mix.sheet import Cells, Sheet, open_sheets
from attribution.settings import IngestSettings

REQUIRED = ("experiment", "channel", "start", "end", "lift", "standard_error")
OPTIONAL = ("geo", "spend_change", "outcome_end", "use")
USES = ("likelihood", "prior", "validate")


@dataclass(frozen=True, slots=True)
class LiftRow:
    """One row.

    Attributes
    ----------
    where : str
        File and line, for messages.
    spend_change : float or None
        What the panel's spend had more than the comparison's; None: the comparison had none.
    geos : tuple of str
        Empty: everywhere.
    """

    where: str
    line: int
    experiment: str
    channel: str
    start: np.datetime64
    end: np.datetime64
    outcome_end: np.datetime64
    lift: float
    standard_error: float
    spend_change: float | None
    geos: tuple[str, ...]
    use: str


def read_lift_rows(
    arguments: Sequence[str], settings: IngestSettings | None = None
) -> tuple[tuple[LiftRow, ...], list[Finding]]:
    """Read and check rows; what needs the panel is checked later.

    Raises
    ------
    UsageError
        A column is missing, or an experiment has two uses.
    AttributionError
        Cells that are empty or do not read, windows that end before they begin, standard errors not above zero.
    """
    problems = Problems()
    findings: list[Finding] = []
    rows: list[LiftRow] = []
    with open_sheets(arguments, settings) as sheets:
        for sheet in sheets:
            findings += sheet.findings
            rows += _rows(sheet, problems)
    problems.stop()
    if not rows:
        raise AttributionError(f"{listed(arguments)}: no lift test in it.")
    _one_use(rows)
    return tuple(rows), findings


def _rows(sheet: Sheet, problems: Problems) -> list[LiftRow]:
    for column in REQUIRED:
        if column not in sheet.headers:
            raise UsageError(
                f'Column "{column}" not found in {sheet.name}.{did_you_mean(column, sheet.headers)} '
                f"Found: {listed(sheet.headers)}. A lifts file has {', '.join(REQUIRED)}, and may have "
                f"{', '.join(OPTIONAL)}."
            )
    names = {c: _names(sheet, c) for c in ("experiment", "channel", "geo", "use")}
    days = {c: _cells(sheet, c, problems) for c in ("start", "end", "outcome_end")}
    numbers = {c: _cells(sheet, c, problems) for c in ("lift", "standard_error", "spend_change")}
    if problems.texts:
        return []
    table = {c: cells.values for c, cells in (days | numbers).items() if cells is not None} | names
    return [
        row
        for i, line in enumerate(sheet.lines)
        if (row := _row({c: values[i] for c, values in table.items()}, sheet.name, int(line), problems)) is not None
    ]


def _names(sheet: Sheet, column: str) -> Any:
    return sheet.names(column) if column in sheet.headers else np.full(len(sheet.lines), None, dtype=object)


def _cells(sheet: Sheet, column: str, problems: Problems) -> Cells | None:
    if column not in sheet.headers:
        return None
    cells = sheet.numbers(column) if column in ("lift", "standard_error", "spend_change") else sheet.days(column)
    if len(cells.unread):
        problems.add(f'{sheet.name}: column "{column}" does not read in {cells.where()}.')
    return cells


def _row(cells: dict[str, Any], name: str, line: int, problems: Problems) -> LiftRow | None:
    where = f"{name}, line {line}"
    empty = [c for c in REQUIRED if _blank(cells[c])]
    if len(empty) == len(REQUIRED):
        return None
    before = len(problems.texts)
    if empty:
        problems.add(f"{where}: {', '.join(empty)} is empty.")
        return None
    outcome_end = cells.get("outcome_end")
    outcome_end = cells["end"] if outcome_end is None or _blank(outcome_end) else outcome_end
    if cells["end"] < cells["start"]:
        problems.add(f"{where}: ends ({cells['end']}) before it starts ({cells['start']}).")
    if outcome_end < cells["end"]:
        problems.add(f"{where}: outcome_end ({outcome_end}) is before end ({cells['end']}).")
    if not cells["standard_error"] > 0:
        problems.add(f"{where}: standard_error is not above zero. A lift without an error is no measurement.")
    use = (cells["use"] or "likelihood").lower()
    if use not in USES:
        problems.add(f"{where}: use is none of {', '.join(USES)}.{did_you_mean(use, USES)}")
    if len(problems.texts) > before:
        return None
    change = cells.get("spend_change")
    geos = tuple(dict.fromkeys(g.strip() for g in (cells["geo"] or "").split(";") if g.strip()))
    return LiftRow(
        where, line, cells["experiment"], cells["channel"], cells["start"], cells["end"], outcome_end,
        float(cells["lift"]), float(cells["standard_error"]),
        None if change is None or _blank(change) else float(change), geos, use,
    )  # fmt: skip


def _blank(value: Any) -> bool:
    return value is None or bool(np.isnat(value) if isinstance(value, np.datetime64) else value != value)  # noqa: PLR0124


def _one_use(rows: Sequence[LiftRow]) -> None:
    uses: dict[str, set[str]] = {}
    for row in rows:
        uses.setdefault(row.experiment, set()).add(row.use)
    several = [f'"{name}" ({" and ".join(sorted(found))})' for name, found in uses.items() if len(found) > 1]
    if several:
        raise UsageError(
            f"An experiment has exactly one use; found two in {listed(several)}. A row without a use counts as "
            "likelihood. Give every row of an experiment the same use."
        )
