"""Files that only add and remove: what changed on a platform's list since it was uploaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from attribution.activation.digests import digests_of
from attribution.activation.ledger import DIFFERENCE, Mark, comparable, compare, removal
from attribution.activation.people import People, read_people
from attribution.activation.people_part import leave_shared, part_of
from attribution.activation.spec import platform_spec
from attribution.activation.taken import who_sql
from attribution.activation.write import AudienceFiles, write_audience
from attribution.engine import literal, one_row

State = Literal["compared", "lapsed", "other ids", "other form"]


@dataclass(frozen=True, slots=True)
class Changes:
    """How a list differs from the one that was uploaded, and the files of it.

    Attributes
    ----------
    since : date
        Day of that upload.
    state : {"compared", "lapsed", "other ids", "other form"}
        ``lapsed``: the platform has let its members go. ``other ids``: it was uploaded under other customer ids, so
        that nobody can be compared. ``other form``: what was noted of it cannot be compared with what is noted now.
        None of these has files; the whole list is to be uploaded.
    added, changed : int
        People in the add files: new ones, and those whose identifiers differ.
    removed : int
        People in the remove files.
    gone : int
        People who left and are in no remove file: nothing that the platform takes is known of them any more.
    old : int
        People in the remove files who were uploaded with other identifiers.
    shared : int
        People who left and share an identifier with somebody who stays; it stays too.
    add, remove : AudienceFiles or None
    """

    since: date
    state: State = "compared"
    added: int = 0
    changed: int = 0
    removed: int = 0
    gone: int = 0
    old: int = 0
    shared: int = 0
    add: AudienceFiles | None = None
    remove: AudienceFiles | None = None

    @property
    def made(self) -> tuple[tuple[Literal["add", "remove"], AudienceFiles], ...]:
        """Files by action."""
        made: tuple[tuple[Literal["add", "remove"], AudienceFiles | None], ...]
        made = (("add", self.add), ("remove", self.remove))
        return tuple((action, files) for action, files in made if files is not None and files.files)

    @property
    def left(self) -> int:
        """People with identifiers at the platform that these files do not take out."""
        return self.changed + self.gone + self.old

    def counts(self) -> dict[str, Any]:
        """Plain data without files, for a manifest."""
        names = ("state", "added", "changed", "removed", "gone", "old", "shared")
        return {"since": str(self.since)} | {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Upload:
    """What files of changes are made from.

    Attributes
    ----------
    platform : str
    folder, scratch : Path
        Where files go; where temporary ones do.
    now, before : Path
        Snapshots of this list, and of the one that was uploaded.
    mark : Mark
    ids : str or None
        Tier of the identity whose customers these are.
    moved : str or None
        SQL relation of customers who were merged into others: was, is_now.
    leaving : callable
        Gives SQL of the records of those who were removed, under their keys, whatever their consent: taking them out
        is what they want.
    region : str or None
    made_on : date
    """

    platform: str
    folder: Path
    scratch: Path
    now: Path
    before: Path
    mark: Mark
    ids: str | None
    moved: str | None
    leaving: Callable[[], str]
    region: str | None
    made_on: date


def write_changes(people: People, upload: Upload) -> Changes:
    """Compare a list with what was uploaded, and write its add and remove files beside those of the whole list.

    Parameters
    ----------
    people : People
        Of the list, under their keys.
    upload : Upload
    """
    since = upload.mark.uploaded_on
    if upload.mark.lapsed(upload.made_on):
        return Changes(since, "lapsed")
    if upload.mark.ids != upload.ids:
        return Changes(since, "other ids")
    if not comparable(upload.before):
        return Changes(since, "other form")
    found = compare(people.connection, upload.now, upload.before, upload.moved)
    made: dict[str, Any] = {"added": found["added"], "changed": found["changed"]}
    if found["added"] or found["changed"]:
        with part_of(people, f"SELECT who FROM {DIFFERENCE} WHERE change <> 'removed'") as part:
            made["add"] = write_audience(people.connection, part, upload.platform, upload.folder, action="add",
                                         made_on=upload.made_on, label="add-")  # fmt: skip
    if found["removed"]:
        made |= _removed(people, upload, found["removed"])
    return Changes(since, **made)


def _removed(people: People, upload: Upload, total: int) -> dict[str, Any]:
    """Write the remove files, and count who cannot be in them."""
    if removal(platform_spec(upload.platform)) == "none":
        return {"gone": total}
    connection = people.connection
    with read_people(connection, upload.leaving(), upload.region) as leaving:
        shared = leave_shared(leaving, people)
        with digests_of(leaving, upload.scratch) as digests:
            taken, held = digests.taken(upload.platform), digests.folder / "removed.parquet"
            files = write_audience(connection, leaving, upload.platform, upload.folder, action="remove",
                                   made_on=upload.made_on, label="remove-", taken=taken)  # fmt: skip
            taken.save(held)
            inside, old, sharing, nothing = _outcome(connection, held, shared)
        connection.execute(f"DROP TABLE {shared}")
    gone = total - inside - nothing
    return {"removed": inside, "gone": gone, "old": old, "shared": sharing, "remove": files}


def _outcome(connection: Any, held: Path, shared: str) -> tuple[int, ...]:
    """Of those who left: in the remove files; in them with other identifiers; sharing one; in none, as all is shared.

    Parameters
    ----------
    connection : DuckDB connection
    held : Path
        Snapshot of the remove files.
    shared : str
        Table of whom something was left out for others: customer_id.
    """
    return one_row(
        connection,
        f"""SELECT count(t.who), count(t.who) FILTER (s.customer_id IS NULL AND t.digest IS DISTINCT FROM d.before),
            count(s.customer_id), count(*) FILTER (s.customer_id IS NOT NULL AND t.who IS NULL)
        FROM (FROM {DIFFERENCE} WHERE change = 'removed') d
        LEFT JOIN read_parquet({literal(held)}) t ON t.who = d.who
        LEFT JOIN {shared} s ON {who_sql("s.customer_id")} = d.who""",
    )
