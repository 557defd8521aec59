"""Make the files of ad platforms from a suppression list, inside a step that lists people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from attribution.activation.changes import Changes
from attribution.activation.changes_told import changes_findings
from attribution.activation.digests import Digests, digests_of
from attribution.activation.ledger import mark_of
from attribution.activation.people import People, read_people
from attribution.activation.spec import platform_spec
from attribution.activation.taken import person_key_sql
from attribution.activation.write import AudienceFiles, write_audience
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.identity.tombstones import key_of_workspace
from attribution.identity.uses import identity_of
from attribution.progress import Told, silent
from attribution.steps.upload_ledger import UploadLedger, file_rows
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
    """One platform's files, whom they may hold, the manifest beside them, and what changed since the last upload."""

    made: AudienceFiles
    counts: UploadCounts
    manifest: Path
    changes: Changes | None = None


@dataclass(frozen=True, slots=True)
class Uploads:
    """Files made for platforms."""

    platforms: tuple[PlatformUpload, ...]
    findings: tuple[Finding, ...]


def make_uploads(
    workspace: Workspace, connection: Any, changed: dict[str, Any],
    relations: tuple[str | None, str | None, str | None], found: Suppression, options: UploadOptions,
    told: Told = silent,
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
    told : Told
        Called with how many platforms have their files.

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
    key = key_of_workspace(workspace, changed)
    ledger = UploadLedger(workspace, connection, changed, key, records, options.region, options.made_on)
    made: dict[str, PlatformUpload] = {}
    noted: list[Finding] = []
    for group in _groups(found, options.platforms):
        people = found.listed(group[0])
        connection.register("listed_people", people[["customer_id", "reason"]])
        relation, counts = contacts(connection, records, consent, "listed_people")
        noted += _noted(counts, group if len(group) < len(options.platforms) else ())
        told("reading people", 0, 0)
        # People are read once for all platforms that have the same list.
        keyed = f"(SELECT * REPLACE ({person_key_sql(key, 'customer_id')} AS customer_id) FROM {relation})"
        with (
            read_people(connection, keyed, options.region) as ready,
            digests_of(ready, workspace.scratch()) as digests,
        ):
            for platform in group:
                told("writing files for platforms", len(made), len(options.platforms))
                made[platform], more = _written(ledger, changed, (ready, digests), counts, found, options, platform)
                noted += more
        connection.unregister("listed_people")
    ordered = tuple(made[platform] for platform in options.platforms)
    return Uploads(ordered, (*noted, *(f for item in ordered for f in item.made.findings)))


def _groups(found: Suppression, platforms: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Platforms by list: those without rules of their own share one."""
    shared = tuple(p for p in platforms if p not in found.by_channel)
    return [*([shared] if shared else []), *((p,) for p in platforms if p in found.by_channel)]


def _written(
    ledger: UploadLedger, changed: dict[str, Any], listed: tuple[People, Digests], counts: UploadCounts,
    found: Suppression, options: UploadOptions, platform: str,
) -> tuple[PlatformUpload, tuple[Finding, ...]]:  # fmt: skip
    """Write one platform's files, snapshot and manifest, and let the workspace's manifest name them."""
    workspace, spec, mark = ledger.workspace, platform_spec(platform), mark_of(changed, platform)
    digest = _digest(changed, found, options, platform)
    folder, snapshot = workspace.path / "lists" / f"{platform}-{digest[:8]}", ledger.snapshot(platform, digest)
    people, taken = listed[0], listed[1].taken(platform)
    files = write_audience(ledger.connection, people, platform, folder, region=options.region,
                           made_on=options.made_on, taken=taken)  # fmt: skip
    number = taken.save(workspace.path / snapshot)
    changes = None if mark is None else ledger.changes(people, platform, folder, snapshot, mark)
    rows = file_rows(spec, files, changes)
    names = [row["name"] for row in rows]
    content = _manifest(changed, files, counts, found, options, rows, changes)
    upload = PlatformUpload(files, counts, write_manifest(folder, content), changes)
    changed["lists"][platform] = {
        "files": [str((folder / name).relative_to(workspace.path)) for name in (*names, upload.manifest.name)],
        "platform": platform,
        "people": number,
        "made_on": str(options.made_on),
        "expires_on": None if files.expires_on is None else str(files.expires_on),
        "snapshot": snapshot,
        "ids": ledger.ids,
        "spec": files.spec,
        "policy": found.policy,
        "basis": options.consent.basis,
        "made": rows,
        "changes": None if mark is None or changes is None else {**changes.counts(), "left": changes.left},
        "before": None if mark is None else mark.as_dict(),
    }
    return upload, () if mark is None or changes is None else changes_findings(spec, mark, changes)


def _digest(changed: dict[str, Any], found: Suppression, options: UploadOptions, platform: str) -> str:
    """Name of everything that a platform's files depend on."""
    entry, mark, choice = identity_of(changed, "suppression"), mark_of(changed, platform), options.consent
    uploaded = None if mark is None else (mark.snapshot, str(mark.uploaded_on), str(mark.expires_on))
    return digest_of(
        changed["tables"], None if entry is None else entry["path"], found.policy, platform_spec(platform).name,
        str(options.made_on), options.region, choice.default, choice.basis, uploaded,
        changed["lists"].get("suppression", {}).get("files"),
    )  # fmt: skip


def _manifest(
    changed: dict[str, Any], files: AudienceFiles, counts: UploadCounts, found: Suppression, options: UploadOptions,
    rows: list[dict[str, Any]], changes: Changes | None,
) -> dict[str, Any]:  # fmt: skip
    """What was made, by which rules and from what."""
    inputs = {
        table: sorted(item["digest"] for item in changed["inputs"] if table in item["files"])
        for table in ("touchpoints", "conversions", "customers", "identities")
    }
    return upload_manifest(files, counts, found.policy, inputs, options.consent) | {
        "holdout": None if found.holdout is None else found.holdout.as_dict(),
        "spec": files.spec,
        "expires_on": None if files.expires_on is None else str(files.expires_on),
        "files": rows,
        "since_upload": None if changes is None else changes.counts(),
    }


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
