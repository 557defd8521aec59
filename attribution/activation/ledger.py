"""What was uploaded to a platform, and how a list differs from it.

A *mark* says that a list was uploaded: its day, its files' digests, and a snapshot of whom it held (`taken`). The
manifest of the workspace keeps one mark per platform under ``uploads``. A later list is compared with it: those who
came are *added*, those who left are *removed*, and those whose identifiers differ are *changed*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from attribution.activation.spec import PlatformSpec
from attribution.activation.taken import NAMES
from attribution.engine import literal

Removal = Literal["stated", "not stated", "none"]
KEY = "uploads"
DIFFERENCE = "list_difference"


@dataclass(frozen=True, slots=True)
class Mark:
    """A list that was uploaded.

    Attributes
    ----------
    platform : str
    uploaded_on, made_on : date
    expires_on : date or None
        When those who were uploaded longest ago lapse at the platform; None where it does not say.
    people : int
        People of whom the files held something.
    whole : bool
        Whether the whole list went up, or only who was added and removed.
    left : int
        People with identifiers at the platform that no remove file could name; only a whole list in its place takes
        them out.
    forgotten : int
        People of the list who were erased from the workspace since, and are at the platform still.
    snapshot : str
        File of digests, relative to the workspace.
    ids : str or None
        Tier of the identity whose customers these are; None: ids as they stand in the files.
    spec, policy : str
        Versions of the platform's rules and of the policy.
    basis : str or None
        Legal basis as it was given.
    files : tuple of dict
        Name, list, action, rows, bytes and digest of each file.
    """

    platform: str
    uploaded_on: date
    made_on: date
    expires_on: date | None
    people: int
    whole: bool
    left: int
    forgotten: int
    snapshot: str
    ids: str | None
    spec: str
    policy: str
    basis: str | None
    files: tuple[Mapping[str, Any], ...]

    def lapsed(self, day: date) -> bool:
        """Whether the platform has let members of it go by a day."""
        return self.expires_on is not None and day >= self.expires_on

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for the manifest."""
        return {k: str(v) if isinstance(v, date) else v for k, v in asdict(self).items()} | {"files": [*self.files]}

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Mark:
        """From plain data."""
        days = {k: date.fromisoformat(entry[k]) for k in ("uploaded_on", "made_on")}
        until = entry["expires_on"]
        days |= {} if until is None else {"expires_on": date.fromisoformat(until)}
        return cls(**{**entry, **days, "files": tuple(entry["files"])})


def mark_of(manifest: Mapping[str, Any], platform: str) -> Mark | None:
    """What was uploaded to a platform last; None where nothing is marked."""
    entry = manifest.get(KEY, {}).get(platform)
    return None if entry is None else Mark.read(entry)


def lapses_on(spec: PlatformSpec, made_on: date, uploaded_on: date) -> date | None:
    """When members of a list lapse: counted from the upload, or from the files where these say a day themselves."""
    if spec.expiry_days is None:
        return None
    texts = (text for item in spec.lists for text in (item.member, item.envelope, *item.preface))
    start = made_on if any("{expires}" in text for text in texts) else uploaded_on
    return start + timedelta(days=spec.expiry_days.value)


def removal(spec: PlatformSpec) -> Removal:
    """Whether a platform takes people out by a file: its description says so, does not say, or has no word for it."""
    texts = [text for item in spec.lists for text in (item.member, item.envelope, *item.preface)]
    if "remove" in spec.actions:
        return "stated"
    if any("{action}" in text for text in texts):
        return "none"
    rules = (*spec.identifiers.values(), *spec.lists, spec.exclusion, spec.expiry_days, spec.refresh)
    said = " ".join([*(rule.says for rule in rules if rule is not None), *spec.left_to_you, *texts])
    return "stated" if "remove" in said or "{expires}" in said else "not stated"


def comparable(snapshot: Path) -> bool:
    """Whether a snapshot is of the form that is made now; older ones have other digests, under another name."""
    return tuple(pq.read_schema(snapshot).names) == NAMES


def compare(connection: Any, now: Path, before: Path, moved: str | None) -> dict[str, int]:
    """Compare two snapshots; the table `DIFFERENCE` has who, change (added, changed, removed) and what it was before.

    Every person of ``now`` is in ``before`` with equal identifiers, or added or changed; every person of ``before`` is
    in ``now``, or removed.

    Parameters
    ----------
    connection : DuckDB connection
    now, before : Path
    moved : str or None
        SQL relation of customers who were merged into others since: was, is.

    Returns
    -------
    dict
        Number of people added, changed and removed.
    """
    old = f"(SELECT who, digest FROM read_parquet({literal(before)}))"
    if moved is not None:
        # Two who became one have other identifiers than either had.
        old = f"""(SELECT coalesce(m.is_now, o.who) AS who, CASE WHEN count(*) = 1 THEN min(o.digest) END AS digest
            FROM {old} o LEFT JOIN {moved} m ON m.was = o.who GROUP BY 1)"""
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {DIFFERENCE} AS
        SELECT coalesce(n.who, o.who) AS who, o.digest AS before,
            CASE WHEN o.who IS NULL THEN 'added' WHEN n.who IS NULL THEN 'removed' ELSE 'changed' END AS change
        FROM read_parquet({literal(now)}) n FULL JOIN {old} o ON o.who = n.who
        WHERE o.who IS NULL OR n.who IS NULL OR n.digest IS DISTINCT FROM o.digest""")
    rows = connection.execute(f"SELECT change, count(*) FROM {DIFFERENCE} GROUP BY change").fetchall()
    return {"added": 0, "changed": 0, "removed": 0} | dict(rows)
