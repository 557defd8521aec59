"""Check any audience file, ours or not, against a platform's description."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from attribution.activation.faults import Fault, Faults
from attribution.activation.lint_cells import EMAIL, UUID, settle
from attribution.activation.lint_requests import best_requests, check_requests
from attribution.activation.lint_table import best_list, check_table
from attribution.activation.spec import AudienceList, PlatformSpec, platform_spec
from attribution.errors import UsageError, did_you_mean, listed

PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip or a spreadsheet", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2"}
SOON = 14  # days before the end of a list


@dataclass(frozen=True, slots=True)
class LintReport:
    """What was found in a file.

    Attributes
    ----------
    title, spec, list : str
        Product; name and version of its description; the list that the file was taken for.
    spec_dated : date
    bytes : int
    faults : tuple of Fault
        Errors first.
    unverified : tuple of str
        Rules that were applied and that nobody read in the platform's own words.
    """

    title: str
    spec: str
    spec_dated: date
    list: str
    bytes: int
    faults: tuple[Fault, ...]
    unverified: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong; warnings do not count."""
        return not any(f.severity == "error" for f in self.faults)


def lint_file(
    platform: str, path: Path | str, *, list_name: str | None = None, made_on: date | None = None,
    as_of: date | None = None,
) -> LintReport:  # fmt: skip
    """Check an audience file.

    Parameters
    ----------
    platform : str
    path : Path or str
    list_name : str or None
        Which of the platform's lists it is; guessed from header and values where not given.
    made_on : date or None
        When it was made; the file's own date where not given.
    as_of : date or None
        The day for which expiry is asked; today where not given.

    Raises
    ------
    UsageError
        No such platform, list or file.
    """
    spec, path = platform_spec(platform), Path(path)
    if not path.is_file():
        msg = f"No file {path}." if not path.exists() else f"{path} is no file."
        raise UsageError(msg)
    faults = Faults()
    item = _check(spec, path, list_name, faults)
    _check_age(spec, path, made_on, as_of, faults)
    size = path.stat().st_size
    return LintReport(spec.title, spec.name, spec.dated, item.name, size, faults.all(), spec.unverified())


def _check(spec: PlatformSpec, path: Path, list_name: str | None, faults: Faults) -> AudienceList:
    with path.open("rb") as stream:
        start = stream.read(65_536)
    named = _named(spec, list_name)
    unreadable = _unreadable(start, faults)
    if start.startswith(b"\xef\xbb\xbf"):
        faults.add("bom", 1)
        start = start[3:]
    if unreadable:
        return named or spec.lists[0]
    text = start.decode(errors="replace")
    item = named or _guessed(spec, path, text)
    if item.form == "jsonl":
        rules = check_requests(path, spec, item, faults)
    else:
        _check_size(path, item, faults)
        rules = check_table(path, spec, item, _delimiter(text, item, faults), faults)
    settle(rules, faults)
    return item


def _named(spec: PlatformSpec, name: str | None) -> AudienceList | None:
    if name is None:
        return None
    names = [item.name for item in spec.lists]
    if name not in names:
        msg = f'{spec.title} has no list "{name}".{did_you_mean(name, names)} It has {listed(names)}.'
        raise UsageError(msg)
    return spec.lists[names.index(name)]


def _unreadable(start: bytes, faults: Faults) -> bool:
    if not start.strip():
        faults.add("empty")
        return True
    for magic, what in PACKED.items():
        if start.startswith(magic):
            faults.add("compressed", detail=what)
            return True
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or start[:200].count(b"\0") > 20:
        faults.add("encoding", 1, detail="the file is UTF-16")
        return True
    return False


def _guessed(spec: PlatformSpec, path: Path, text: str) -> AudienceList:
    requests = [item for item in spec.lists if item.form == "jsonl"]
    tables = [item for item in spec.lists if item.form != "jsonl"]
    if requests and (text.lstrip().startswith("{") or not tables):
        return best_requests(spec, requests, path)
    headed = [item for item in tables if item.header]
    if headed:
        return best_list(headed, re.split(r"[,;\t|]", text.split("\n", 1)[0].replace('"', "").strip("\r")))
    return next((item for item in tables if item.name in path.stem.lower()), None) or _by_values(tables, text)


def _by_values(lists: list[AudienceList], text: str) -> AudienceList:
    """Files without header say by their values what they are; hashes of any kind look alike."""
    values = [line.strip() for line in text.split("\n")[:50] if line.strip()]
    looks = "email" if any(EMAIL.fullmatch(v) for v in values) else ""
    looks = "maid" if any(UUID.fullmatch(v) for v in values) else looks
    looks = "phone" if values and all(re.fullmatch(r"\+?[0-9 ()-]+", v) for v in values) else looks
    return next((item for item in lists if item.columns[0].of == looks), lists[0])


def _delimiter(text: str, item: AudienceList, faults: Faults) -> str:
    first = text.split("\n", 1)[0]
    if len(item.columns) > 1 and "," not in first:
        for other in (";", "\t", "|"):
            if other in first:
                faults.add("delimiter", 1)
                return other
    return ","


def _check_size(path: Path, item: AudienceList, faults: Faults) -> None:
    size = path.stat().st_size
    if item.bytes and size > item.bytes.value:
        faults.add("too_large", detail=f"{size:,} bytes, {item.bytes.value:,} are taken")


def _check_age(spec: PlatformSpec, path: Path, made_on: date | None, as_of: date | None, faults: Faults) -> None:
    if spec.expiry_days is None:
        return
    made = made_on or datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    today = as_of or datetime.now(UTC).date()
    end = made + timedelta(days=spec.expiry_days.value)
    if today >= end:
        faults.add("expired", detail=f"made on {made}, lapsed on {end} ({spec.expiry_days.value} days)")
    elif today >= end - timedelta(days=SOON):
        faults.add("expires_soon", detail=f"made on {made}, lapses on {end}")
