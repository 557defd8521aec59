"""Make the files of ad platforms from a suppression list, inside a step that lists people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from attribution.activation.people import People, read_people
from attribution.activation.spec import platform_spec
from attribution.activation.write import AudienceFiles, write_audience
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.identity.uses import identity_of
from attribution.suppression.consent import ConsentChoice, consent_sql
from attribution.suppression.policy import Suppression, customer_records
from attribution.suppression.uploads import UploadCounts, contacts, upload_manifest, write_manifest
from attribution.workspace import Workspace, digest_of


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """Which platforms get files, and on what ground.

    Attributes
    ----------
    platforms : tuple of str
    consent : ConsentChoice
    region : str or None
        Country of phone numbers without one.
    made_on : date
        Day of the files; expiry counts from it.
    """

    platforms: tuple[str, ...]
    consent: ConsentChoice = field(default_factory=ConsentChoice)
    region: str | None = None
    made_on: date = field(default_factory=lambda: datetime.now(UTC).date())

    def __post_init__(self) -> None:
        """Refuse platforms that nobody describes before anything is made."""
        for platform in self.platforms:
            platform_spec(platform)


@dataclass(frozen=True, slots=True)
class PlatformUpload:
    """One platform's files, whom they may hold, and the manifest beside them."""

    made: AudienceFiles
    counts: UploadCounts
    manifest: Path


@dataclass(frozen=True, slots=True)
class Uploads:
    """Files made for platforms."""

    platforms: tuple[PlatformUpload, ...]
    findings: tuple[Finding, ...]


def make_uploads(
    workspace: Workspace, connection: Any, changed: dict[str, Any],
    relations: tuple[str | None, str | None, str | None], found: Suppression, options: UploadOptions,
) -> Uploads:  # fmt: skip
    """Write files and manifests of every platform; ``changed`` names them.

    Parameters
    ----------
    workspace : Workspace
    connection : DuckDB connection
    changed : dict
        The workspace's manifest, to be written by the caller.
    relations : tuple
        SQL of touchpoints, conversions and customers under the customers' ids.
    found : Suppression
        The list, and those of platforms with rules of their own.
    options : UploadOptions

    Raises
    ------
    UsageError
        No customers file, no consent, no identifiers.
    """
    touchpoints, conversions, customers = relations
    if customers is None:
        msg = "Platforms know people by e-mail, phone or device. Add them: attribution ingest --customers FILE."
        raise UsageError(msg)
    consent = consent_sql(workspace, connection, changed, options.consent)
    records = customer_records(connection, touchpoints, conversions, customers)
    made: dict[str, PlatformUpload] = {}
    noted: list[Finding] = []
    for group in _groups(found, options.platforms):
        people = found.listed(group[0])
        connection.register("listed_people", people[["customer_id", "reason"]])
        relation, counts = contacts(connection, records, consent, "listed_people")
        noted += _noted(counts, group if len(group) < len(options.platforms) else ())
        # People are read once for all platforms that have the same list.
        with read_people(connection, relation, options.region) as ready:
            for platform in group:
                made[platform] = _written(workspace, connection, changed, ready, counts, found, options, platform)
        connection.unregister("listed_people")
    ordered = tuple(made[platform] for platform in options.platforms)
    return Uploads(ordered, (*noted, *(f for item in ordered for f in item.made.findings)))


def _groups(found: Suppression, platforms: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Platforms by list: those without rules of their own share one."""
    shared = tuple(p for p in platforms if p not in found.by_channel)
    return [*([shared] if shared else []), *((p,) for p in platforms if p in found.by_channel)]


def _written(
    workspace: Workspace, connection: Any, changed: dict[str, Any], people: People, counts: UploadCounts,
    found: Suppression, options: UploadOptions, platform: str,
) -> PlatformUpload:  # fmt: skip
    """Write one platform's files and manifest, and let the workspace's manifest name them."""
    inputs = {
        table: sorted(item["digest"] for item in changed["inputs"] if table in item["files"])
        for table in ("touchpoints", "conversions", "customers", "identities")
    }
    entry = identity_of(changed, "suppression")
    choice = options.consent
    digest = digest_of(
        changed["tables"], None if entry is None else entry["path"], found.policy, platform_spec(platform).name,
        str(options.made_on), options.region, choice.default, choice.basis,
    )  # fmt: skip
    folder = workspace.path / "lists" / f"{platform}-{digest[:8]}"
    files = write_audience(connection, people, platform, folder, region=options.region, made_on=options.made_on)
    content = upload_manifest(files, counts, found.policy, inputs, choice)
    content["holdout"] = None if found.holdout is None else found.holdout.as_dict()
    manifest = write_manifest(folder, content)
    paths = (*(f.path for f in files.files), manifest)
    changed["lists"][platform] = {
        "files": [str(p.relative_to(workspace.path)) for p in paths],
        "platform": platform,
        "people": max((item.people for item in files.lists), default=0),
        "made_on": str(options.made_on),
        "expires_on": None if files.expires_on is None else str(files.expires_on),
    }
    return PlatformUpload(files, counts, manifest)


def _noted(counts: UploadCounts, group: tuple[str, ...]) -> list[Finding]:
    """Say who is on the list but in no file; of which platforms, where lists differ."""
    where = f" of {', '.join(group)}" if group else ""
    noted = []
    if counts.unknown:
        message = f"{counts.unknown:,} listed people are in no file{where}: their consent is not known."
        noted.append(Finding("note", "consent-unknown", message, "Ask them, or leave them out.", counts.unknown))
    if counts.unreachable:
        message = (
            f"{counts.unreachable:,} listed people are in no file{where}: no e-mail, phone, device id or address is "
            "known."
        )
        remedy = "Ingest a customers file that holds them, and join ids with attribution identify."
        noted.append(Finding("note", "no-identifier", message, remedy, counts.unreachable))
    return noted
