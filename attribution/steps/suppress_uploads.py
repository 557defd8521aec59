"""Make the files of ad platforms from a suppression list, inside a step that lists people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from attribution.activation.people import read_people
from attribution.activation.spec import platform_spec
from attribution.activation.write import AudienceFiles, write_audience
from attribution.errors import UsageError
from attribution.findings import Finding
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
class Uploads:
    """Files made for platforms, in the order asked for, and who is in none of them."""

    made: tuple[AudienceFiles, ...]
    counts: UploadCounts
    manifests: tuple[Path, ...]
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
        The list.
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
    connection.register("listed_people", found.people[["customer_id", "reason"]])
    records = customer_records(connection, touchpoints, conversions, customers)
    relation, counts = contacts(connection, records, consent, "listed_people")
    inputs = {
        table: sorted(item["digest"] for item in changed["inputs"] if table in item["files"])
        for table in ("touchpoints", "conversions", "customers", "identities")
    }
    made, manifests = [], []
    with read_people(connection, relation, options.region) as people:
        for platform in options.platforms:
            digest = digest_of(inputs, found.policy, str(options.made_on), options.consent.default, options.region)
            folder = workspace.path / "lists" / f"{platform}-{digest[:8]}"
            files = write_audience(
                connection, people, platform, folder, region=options.region, made_on=options.made_on
            )  # fmt: skip
            content = upload_manifest(files, counts, found.policy, inputs, options.consent)
            manifests.append(write_manifest(folder, content))
            made.append(files)
            paths = (*(f.path for f in files.files), manifests[-1])
            changed["lists"][platform] = {
                "files": [str(p.relative_to(workspace.path)) for p in paths],
                "platform": platform,
                "made_on": str(options.made_on),
                "expires_on": None if files.expires_on is None else str(files.expires_on),
            }
    findings = (*_noted(counts), *(f for item in made for f in item.findings))
    return Uploads(tuple(made), counts, tuple(manifests), findings)


def _noted(counts: UploadCounts) -> list[Finding]:
    """Say who is on the list but in no file."""
    noted = []
    if counts.unknown:
        message = f"{counts.unknown:,} listed people are in no file: their consent is not known."
        noted.append(Finding("note", "consent-unknown", message, "Ask them, or leave them out.", counts.unknown))
    if counts.unreachable:
        message = (
            f"{counts.unreachable:,} listed people are in no file: no e-mail, phone, device id or address is known."
        )
        remedy = "Ingest a customers file that holds them, and join ids with attribution identify."
        noted.append(Finding("note", "no-identifier", message, remedy, counts.unreachable))
    return noted
