"""Which lists there are, what was uploaded of them, and what lapses when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from attribution.activation.ledger import KEY, Mark
from attribution.workspace import Workspace

COLUMNS = (
    "list", "files", "people", "made_on", "uploaded_on", "expires_on", "days_left", "state", "added", "changed",
    "removed", "forgotten",
)  # fmt: skip
SOON = 7  # days before the end of a list


def lists(workspace: Workspace, as_of: date | None = None) -> pd.DataFrame:
    """Lists of a workspace, one row each.

    Parameters
    ----------
    workspace : Workspace
    as_of : date or None
        The day from which days are counted; None: today (UTC). Uploads lie in the calendar of today, not in that of the
        data, which may have ended long before.

    Returns
    -------
    DataFrame
        list, files (by what they do), people, made_on, uploaded_on, expires_on (of what was uploaded longest ago),
        days_left, state, and what the last files would change: added, changed, removed; forgotten (people who were
        erased here and are at the platform still). States: ``made`` (not uploaded), ``uploaded``, ``changed`` (files
        made since differ from what was uploaded), ``expiring`` (within 7 days), ``expired``.
    """
    manifest, day = workspace.require(), as_of or datetime.now(UTC).date()
    marks = {name: Mark.read(entry) for name, entry in manifest.get(KEY, {}).items()}
    made = {n: e for n, e in manifest["lists"].items() if n == "suppression" or "platform" in e}
    rows = [_row(name, made.get(name), marks.get(name), day) for name in sorted({*made, *marks})]
    # Numbers that may be missing stay numbers: no column becomes one of fractions.
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def _row(name: str, entry: Mapping[str, Any] | None, mark: Mark | None, day: date) -> dict[str, Any]:
    """One list."""
    since = _since(entry, mark)
    until = None if mark is None else mark.expires_on
    left = None if until is None else (until - day).days
    return {
        "list": name,
        "files": ", ".join(_files(entry)),
        "people": mark.people if entry is None and mark is not None else (entry or {}).get("people"),
        "made_on": (entry or {}).get("made_on") or (None if mark is None else str(mark.made_on)),
        "uploaded_on": None if mark is None else str(mark.uploaded_on),
        "expires_on": None if until is None else str(until),
        "days_left": left,
        "state": _state(mark, left, since),
        **{what: since.get(what) for what in ("added", "changed", "removed")},
        "forgotten": None if mark is None else mark.forgotten,
    }


def _since(entry: Mapping[str, Any] | None, mark: Mark | None) -> Mapping[str, Any]:
    """What the files made last change of what was uploaded; empty where that is not known."""
    changes = None if entry is None else entry.get("changes")
    # Files that were marked themselves differ from nothing.
    if entry is None or mark is None or not changes or entry.get("snapshot") == mark.snapshot:
        return {}
    return changes if changes["state"] == "compared" else {}


def _state(mark: Mark | None, left: int | None, since: Mapping[str, Any]) -> str:
    if mark is None:
        return "made"
    if left is not None and left <= SOON:
        return "expired" if left <= 0 else "expiring"
    return "changed" if any(since.get(what) for what in ("added", "changed", "removed")) else "uploaded"


def _files(entry: Mapping[str, Any] | None) -> Iterator[str]:
    """``1 replace, 2 add``: files by what they do at the platform; plain lists as they are."""
    if entry is None:
        return
    if "made" not in entry:
        number = sum(not name.endswith("manifest.json") for name in entry["files"])
        yield f"{number} file" if number == 1 else f"{number} files"
        return
    whole = Counter(row["action"] for row in entry["made"] if row["holds"] == "the whole list")
    parts = Counter(row["action"] for row in entry["made"] if row["holds"] != "the whole list")
    yield from (f"{number} {action}" + (" all" if action == "add" else "") for action, number in whole.items())
    yield from (f"{number} {action}" for action, number in parts.items())
