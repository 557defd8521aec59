"""Audience files for a platform, from the people of a list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from attribution.activation.chunks import ChunkWriter, Frame, WrittenFile, chunk_writer
from attribution.activation.people import People, read_people
from attribution.activation.rows import RowQuery, row_query
from attribution.activation.spec import AudienceList, PlatformSpec, platform_spec
from attribution.activation.taken import TakenRows
from attribution.activation.template import envelope_ends
from attribution.engine import one_row
from attribution.findings import Finding

Action = Literal["add", "remove", "replace"]
BATCH = 65_536
# What everybody does before hashing.
USUAL = {"email": {"trim", "no_blanks", "lower"}, "phone": {"e164"}}


@dataclass(frozen=True, slots=True)
class ListFiles:
    """One list of a platform, as files.

    Attributes
    ----------
    name : str
    files : tuple of WrittenFile
        Empty where nobody has what the list takes.
    people : int
        People of whom the list holds something.
    rows : int
    kept, bad, ready, doubled : dict
        Values per identifier: written; nothing left after the platform's steps; digests that the platform does not
        take; the same value twice for a person.
    doubled_rows : int
        Rows left out because another person's is equal.
    """

    name: str
    files: tuple[WrittenFile, ...]
    people: int
    rows: int
    kept: Mapping[str, int]
    bad: Mapping[str, int]
    ready: Mapping[str, int]
    doubled: Mapping[str, int]
    doubled_rows: int


@dataclass(frozen=True, slots=True)
class AudienceFiles:
    """What was written for a platform.

    Attributes
    ----------
    platform, spec : str
        Name; name and version of its description.
    spec_dated, made_on : date
    expires_on : date or None
        When members or the list lapse at the platform, if it says so.
    people : int
        People of the list.
    lists : tuple of ListFiles
    left_out : dict
        Values that no platform takes, per identifier and reason.
    unverified : tuple of str
        Rules of the description that nobody read in the platform's own words.
    findings : tuple of Finding
    """

    platform: str
    spec: str
    spec_dated: date
    made_on: date
    expires_on: date | None
    people: int
    lists: tuple[ListFiles, ...]
    left_out: Mapping[str, Mapping[str, int]]
    unverified: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def files(self) -> tuple[WrittenFile, ...]:
        """All files, in order of lists."""
        return tuple(f for item in self.lists for f in item.files)

    def as_dict(self) -> dict[str, Any]:
        """Plain data without values of people, for a manifest; files by name."""
        made = asdict(self)
        made |= {k: v.isoformat() for k, v in made.items() if isinstance(v, date)}
        for item in made["lists"]:
            item["files"] = [f | {"path": f["path"].name} for f in item["files"]]
        return made


def write_audience(
    connection: Any,
    people: Any,
    platform: str,
    folder: Path | str,
    *,
    name: str = "suppression",
    action: Action = "replace",
    region: str | None = None,
    made_on: date | None = None,
    label: str = "",
    taken: TakenRows | None = None,
) -> AudienceFiles:
    """Write a platform's files for the people of a list.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    people : str, pyarrow.Table, pandas.DataFrame or People
        As `attribution.activation.people.read_people` takes them; read once with it for several platforms.
    platform : str
        Name of a description (`attribution.activation.spec.platforms`).
    folder : Path or str
        Made if it is not there, for its owner only. Older files of the same platform in it are replaced.
    name : str
        What the list is called at the platform, where a file says so.
    action : {"add", "remove", "replace"}
        What the platform shall do with the people, where a file says so.
    region : str or None
        Country of phone numbers without one.
    made_on : date or None
        Today (UTC) where not given; the only thing a file may depend on besides people and description.
    label : str
        What stands in names of files between platform and list; ``add-`` for files that only add.
    taken : TakenRows or None
        Notes whom the files hold (`attribution.activation.digests`).

    Returns
    -------
    AudienceFiles

    Raises
    ------
    UsageError
        No such platform; people without customer_id.
    """
    spec = platform_spec(platform)
    made_on = made_on or datetime.now(UTC).date()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _ready(connection, people, region) as ready:
        variables = _variables(spec, name, action, made_on)
        lists = tuple(_write_list(ready, spec, item, folder, variables, label, taken) for item in spec.lists)
        findings = tuple(_findings(spec, ready, lists))
    expires = made_on + timedelta(days=spec.expiry_days.value) if spec.expiry_days else None
    unverified = spec.unverified()
    return AudienceFiles(spec.platform, spec.name, spec.dated, made_on, expires, ready.people, lists, ready.left_out,
                         unverified, findings)  # fmt: skip


@contextmanager
def _ready(connection: Any, people: Any, region: str | None) -> Iterator[People]:
    if isinstance(people, People):
        yield people
    else:
        with read_people(connection, people, region) as ready:
            yield ready


def _variables(spec: PlatformSpec, name: str, action: Action, made_on: date) -> dict[str, str]:
    made = datetime(made_on.year, made_on.month, made_on.day, tzinfo=UTC)
    until = made + timedelta(days=spec.expiry_days.value if spec.expiry_days else 0)
    return {
        "{list}": name,
        "{action}": spec.actions.get(action, action),
        "{made}": str(int(made.timestamp())),
        "{expires}": "0" if action == "remove" else str(int(until.timestamp())),
    }


def filled(text: str, variables: Mapping[str, str]) -> str:
    """A text with its variables filled in."""
    return re.sub("|".join(re.escape(key) for key in variables), lambda found: variables[found[0]], text)


def _write_list(
    people: People, spec: PlatformSpec, item: AudienceList, folder: Path, variables: Mapping[str, str], label: str,
    taken: TakenRows | None,
) -> ListFiles:  # fmt: skip
    valued = "value" in people.columns
    query = row_query(spec, _with(item, variables), people.table, people.most, value=valued, taken=taken is not None)
    sums = dict.fromkeys(
        ("people", *(f"{w}_{c}" for c in query.contacts for w in ("kept", "bad", "ready", "doubled"))), 0
    )
    suffix = "jsonl" if item.form == "jsonl" else item.form
    stem = f"{spec.platform}-{label}{item.name}"
    with chunk_writer(folder, stem, suffix, _frame(item, query, variables)) as writer:
        _stream(people.connection, query, writer, sums, taken)
        files = writer.finish()
        per = {w: {c: sums[f"{w}_{c}"] for c in query.contacts} for w in ("kept", "bad", "ready", "doubled")}
        return ListFiles(item.name, files, sums["people"], writer.rows, per["kept"], per["bad"], per["ready"],
                         per["doubled"], writer.doubled)  # fmt: skip


def _with(item: AudienceList, variables: Mapping[str, str]) -> AudienceList:
    return replace(item, member=filled(item.member, _in_json(variables)))


def _in_json(variables: Mapping[str, str]) -> dict[str, str]:
    return {key: json.dumps(value, ensure_ascii=False)[1:-1] for key, value in variables.items()}


def _stream(
    connection: Any, query: RowQuery, writer: ChunkWriter, sums: dict[str, int], taken: TakenRows | None
) -> None:
    for batch in connection.sql(f"{query.sql} ORDER BY place, line").to_arrow_reader(BATCH):
        lines = batch.column("line")
        there = lines.is_valid()
        sums["people"] += pc.sum(pc.and_(there, pc.equal(batch.column("people"), 1))).as_py() or 0
        for name in sums:
            if name != "people":
                sums[name] += pc.sum(batch.column(name)).as_py() or 0
        writer.add(lines.cast(pa.string()))
        if taken is not None:
            taken.add(batch)


def _frame(item: AudienceList, query: RowQuery, variables: Mapping[str, str]) -> Frame:
    rows = item.rows.value if item.rows else None
    most = item.bytes.value if item.bytes else None
    if item.form == "jsonl":
        before, after = (filled(end, _in_json(variables)) for end in envelope_ends(item.envelope))
        return Frame(before.encode(), b",", (after + "\n").encode(), rows, most, one_file=True)
    head = [header_line(item, query)] if item.header else []
    head += [filled(line, {k: _cell(v) for k, v in variables.items()}) for line in item.preface]
    return Frame("".join(line + "\n" for line in head).encode(), b"\n", b"\n", rows, most, one_file=False)


def _cell(text: str) -> str:
    """A text of ours inside a line of a CSV file: what would end the cell is left out."""
    return "".join(c for c in text if c not in '",\r\n')


def header_line(item: AudienceList, query: RowQuery) -> str:
    """The header row; ``{n}`` counts repeated columns."""
    seen: dict[str, int] = {}
    names = []
    for column in query.columns:
        seen[column.header] = number = seen.get(column.header, 0) + 1
        name = column.header.replace("{n}", str(number))
        names.append(f'"{name}"' if item.quoted else name)
    return ",".join(names)


def _findings(spec: PlatformSpec, people: People, lists: tuple[ListFiles, ...]) -> Iterator[Finding]:
    total = max((item.people for item in lists), default=0)
    if not total:
        yield Finding("warning", "empty_list", f"{spec.title}: nobody of the list has an identifier that it takes.")
    elif spec.least and total < spec.least.value:
        yield Finding("warning", "below_least_size",
                      f"{spec.title} serves lists from {spec.least.value:,} people; this one holds {total:,}, before "
                      "matching.", "Send a wider list, or one list for several campaigns.", total)  # fmt: skip
    yield from _hashed_before(spec, people)


def _hashed_before(spec: PlatformSpec, people: People) -> Iterator[Finding]:
    """Digests made elsewhere, for a platform whose steps are not what everybody does before hashing."""
    contacts: tuple[Literal["email", "phone"], ...] = ("email", "phone")
    for name in contacts:
        rule = spec.identifiers.get(name)
        if rule is None or (rule.hash == "sha256" and set(rule.steps) <= USUAL[name]):
            continue
        (number,) = one_row(people.connection, f"SELECT coalesce(sum(len({name}_hash)), 0)::BIGINT FROM {people.table}")
        if number:
            message = (
                f"{number:,} values of {name} were hashed before they came here. {spec.title} wants them normalised so "
                f"first: {' → '.join((*rule.steps, rule.hash))}."
            )
            remedy = "A digest made otherwise finds nobody; give the values themselves where you have them."
            yield Finding("warning", "hashed_before", message, remedy, number)
