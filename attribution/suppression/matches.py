"""What platforms reported of earlier uploads: how many people they were given, and how many they knew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.errors import AttributionError, UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.mix.panel_rows import Problems
from attribution.mix.sheet import Sheet, open_sheets

Floats = NDArray[np.float64]

REQUIRED = ("platform", "uploaded", "matched")
OPTIONAL = ("group", "excluded", "unexpired")


@dataclass(frozen=True, slots=True, eq=False)
class MatchReport:
    """One platform's match report.

    Attributes
    ----------
    platform : str
    uploaded, matched : array (groups,)
        People, by groups of the list from the fewest impressions to the most; one group where it was uploaded whole.
    excluded : float
        Share of the platform's campaigns, by impressions, in which the exclusion is set.
    unexpired : float
        Share of the list's entries that have not expired.
    """

    platform: str
    uploaded: Floats
    matched: Floats
    excluded: float = 1.0
    unexpired: float = 1.0

    def groups(self, rank: NDArray[np.int64]) -> NDArray[np.int64]:
        """Group of each person by their rank in impressions (0 the fewest); groups are as large as they were uploaded.

        Parameters
        ----------
        rank : array (people,)
        """
        ends = np.cumsum(self.uploaded) / self.uploaded.sum()
        place = (rank + 0.5) / max(rank.size, 1)
        found = np.minimum(np.searchsorted(ends, place, side="right"), ends.size - 1)
        return np.asarray(found, dtype=np.int64)


def read_match_rates(file: str) -> tuple[tuple[MatchReport, ...], tuple[Finding, ...]]:
    """Read a table with a row per platform, or per platform and group.

    Columns: platform, uploaded, matched; where there are any: group (1 has the fewest impressions), excluded and
    unexpired (shares).

    Parameters
    ----------
    file : str
        Any file that ``ingest`` reads, or ``-``.

    Raises
    ------
    UsageError
        A column is missing, or a platform is unknown.
    AttributionError
        Cells that do not read, or counts that contradict each other.
    """
    problems = Problems()
    found: dict[str, list[dict[str, Any]]] = {}
    noted: list[Finding] = []
    with open_sheets([file]) as sheets:
        for sheet in sheets:
            noted += sheet.findings
            for row in _rows(sheet, problems):
                found.setdefault(row["platform"], []).append(row)
    reports = [_report(platform, rows, problems) for platform, rows in found.items()]
    problems.stop()
    if not found:
        raise AttributionError(f"{file}: no platform in it. Give a row for each: platform, uploaded, matched.")
    return tuple(r for r in reports if r is not None), tuple(noted)


def _rows(sheet: Sheet, problems: Problems) -> Iterator[dict[str, Any]]:
    """Rows of a sheet whose cells read."""
    for column in REQUIRED:
        if column not in sheet.headers:
            raise UsageError(
                f'Column "{column}" not found in {sheet.name}.{did_you_mean(column, sheet.headers)} '
                f"Found: {listed(sheet.headers)}. A file of match rates has {', '.join(REQUIRED)}, and may have "
                f"{', '.join(OPTIONAL)}."
            )
    names = sheet.names("platform")
    cells = {c: sheet.numbers(c) for c in (*REQUIRED[1:], *OPTIONAL) if c in sheet.headers}
    for column, read in cells.items():
        if len(read.unread):
            problems.add(f'{sheet.name}: column "{column}" does not read in {read.where()}.')
    for place, line in enumerate(sheet.lines):
        row: dict[str, Any] = {column: float(read.values[place]) for column, read in cells.items()}
        if names[place] is None and all(np.isnan(v) for v in row.values()):
            continue
        if names[place] is None or np.isnan(row["uploaded"]) or np.isnan(row["matched"]):
            problems.add(f"{sheet.name}, line {line}: platform, uploaded or matched is empty.")
            continue
        yield row | {"platform": _name(str(names[place])), "where": f"{sheet.name}, line {line}"}


def _name(text: str) -> str:
    """Name of a platform as descriptions of platforms write it."""
    return "-".join(text.lower().split())


def _report(platform: str, rows: list[dict[str, Any]], problems: Problems) -> MatchReport | None:
    """Put a platform's groups in order and check its counts."""
    before = len(problems.texts)
    for row in rows:
        if not 0 <= row["matched"] <= row["uploaded"] or not row["uploaded"] > 0:
            problems.add(f"{row['where']}: 0 <= matched <= uploaded is needed, and uploaded above 0.")
    groups = [row.get("group", np.nan) for row in rows]
    if len(rows) > 1 and (np.isnan(groups).any() or len(set(groups)) < len(groups)):
        problems.add(
            f"{rows[-1]['where']}: {platform} has {len(rows)} rows. Number them in a column group, from the people "
            "with the fewest impressions (1) to those with the most, or give one row."
        )
    shares = {name: {row[name] for row in rows if not np.isnan(row.get(name, np.nan))} for name in OPTIONAL[1:]}
    for name, given in shares.items():
        if len(given) > 1 or not all(0 <= share <= 1 for share in given):
            problems.add(f"{rows[0]['where']}: {name} of {platform} is one share from 0 to 1.")
    if len(problems.texts) > before:
        return None
    rows = sorted(rows, key=lambda row: row.get("group", 0.0)) if len(rows) > 1 else rows
    uploaded, matched = (np.array([row[name] for row in rows], dtype=np.float64) for name in ("uploaded", "matched"))
    return MatchReport(platform, uploaded, matched, **{name: given.pop() for name, given in shares.items() if given})
