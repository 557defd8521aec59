"""Make look-alike seed files: customers of highest value, in the formats of ad platforms."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from attribution.activation.people import People, read_people
from attribution.activation.spec import platform_spec
from attribution.activation.write import write_audience
from attribution.engine import connect
from attribution.errors import AttributionError, UsageError
from attribution.findings import Finding
from attribution.identity.stitch import oversized_customers, people_table
from attribution.identity.uses import identity_of, stitching_note
from attribution.progress import Told, silent
from attribution.steps.journeys import refreshed
from attribution.steps.suppress_uploads import PlatformUpload, UploadOptions
from attribution.suppression.consent import consent_sql
from attribution.suppression.customer_values import Basis, CustomerValues, customer_values, valued_purchases
from attribution.suppression.facts import last_known_day
from attribution.suppression.policy import customer_records
from attribution.suppression.rules import SuppressionPolicy
from attribution.suppression.seeds import REASON, SeedSize, highest, may_be_seeds, nobody_left, seed_findings
from attribution.suppression.uploads import UploadCounts, contacts, upload_manifest, write_manifest
from attribution.workspace import Workspace, digest_of

NAMES = ("touchpoints", "conversions", "customers")
POLICY = "look-alike-seed/1"


@dataclass(frozen=True, slots=True)
class SeedOptions:
    """Which platforms get a seed, of whom.

    Attributes
    ----------
    uploads : UploadOptions
        Platforms, consent, region and day.
    size : SeedSize
    horizon_days : float
        Time over which value is predicted, or was observed.
    basis : {"predicted", "observed"}
    policy : SuppressionPolicy
        Its words of ``status``; its rules leave nobody out.
    """

    uploads: UploadOptions
    size: SeedSize = field(default_factory=SeedSize)
    horizon_days: float = 365.0
    basis: Basis = "predicted"
    policy: SuppressionPolicy = field(default_factory=SuppressionPolicy)


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What a seed step made.

    Attributes
    ----------
    model : str
        What the value comes from.
    customers, fit, people : int
        Customers with a purchase, those of them who may and can be in a seed, and the seed.
    platforms : tuple of PlatformUpload
    findings : tuple of Finding
    """

    model: str
    customers: int
    fit: int
    people: int
    platforms: tuple[PlatformUpload, ...]
    findings: tuple[Finding, ...]

    @property
    def rank_share(self) -> float:
        """The seed's share of those who may and can be in it."""
        return self.people / self.fit


@dataclass(frozen=True, slots=True, eq=False)
class _Seed:
    """A seed before it is written: the contacts with their value, and what is known of how it was drawn."""

    relation: str
    counts: UploadCounts
    values: CustomerValues
    chosen: pd.DataFrame
    excluded: dict[str, int]
    findings: tuple[Finding, ...]


def seeds_step(workspace: Workspace, options: SeedOptions, told: Told = silent) -> SeedReport:
    """Draw the customers of highest value and write them for each platform.

    Files lie in ``lists/`` and stay until they are made anew or somebody is forgotten.

    Parameters
    ----------
    workspace : Workspace
    options : SeedOptions
    told : Told
        Called with what is being done.

    Raises
    ------
    UsageError
        No conversions, no customers file, no consent, no identifiers.
    AttributionError
        Nobody may be in a seed.
    """
    manifest = refreshed(workspace, told)
    if not {"conversions", "customers"} <= set(manifest["tables"]):
        msg = (
            "A seed needs purchases, and customers with e-mail, phone or device. Add what is missing: attribution "
            "ingest --conversions FILE --customers FILE."
        )
        raise UsageError(msg)
    with workspace.write() as changed, connect(workspace.scratch()) as connection:
        told("valuing customers", 0, 0)
        seed = _drawn(workspace, connection, changed, options)
        told("reading people", 0, 0)
        with read_people(connection, seed.relation, options.uploads.region) as ready:
            made: list[PlatformUpload] = []
            for platform in (platforms := tuple(dict.fromkeys(options.uploads.platforms))):
                told("writing files for platforms", len(made), len(platforms))
                made.append(_written(workspace, connection, changed, ready, seed, options, platform))
    noted = [*seed.findings, *stitching_note(manifest, "suppression"), *(f for m in made for f in m.made.findings)]
    return SeedReport(
        seed.values.model, len(seed.values.people), seed.counts.uploadable, len(seed.chosen), tuple(made), tuple(noted)
    )  # fmt: skip


def _drawn(workspace: Workspace, connection: Any, changed: dict[str, Any], options: SeedOptions) -> _Seed:
    """Value customers, leave out who may or can not be in a seed, and take the highest."""
    touchpoints, conversions, customers = (
        people_table(workspace, connection, n, changed, "suppression") for n in NAMES
    )
    assert conversions is not None
    assert customers is not None
    consent = consent_sql(workspace, connection, changed, options.uploads.consent)
    purchases, noted = valued_purchases(connection, conversions)
    if purchases.empty:
        raise AttributionError("No purchase has a value above 0: there is nobody to make a seed of.")
    end = last_known_day(connection, touchpoints, conversions)
    values = customer_values(purchases, end, options.horizon_days, options.basis)
    oversized = oversized_customers(workspace, connection, changed)
    relations = (touchpoints, conversions, customers)
    allowed, excluded = may_be_seeds(connection, relations, values.people, options.policy.words, oversized)
    connection.register("seed_candidates", allowed[["customer_id"]].assign(reason=REASON).astype(str))
    records = customer_records(connection, touchpoints, conversions, customers)
    relation, counts = contacts(connection, records, consent, "seed_candidates")
    there = {row[0] for row in connection.execute(f"SELECT DISTINCT customer_id FROM {relation}").fetchall()}
    chosen = highest(allowed[allowed["customer_id"].isin(there)], options.size)
    if chosen.empty:
        raise AttributionError(nobody_left(len(values.people), len(allowed), counts))
    connection.execute("CREATE OR REPLACE TEMP TABLE seed_values (customer_id VARCHAR, value DOUBLE)")
    connection.register("seed_chosen", chosen)
    connection.execute("INSERT INTO seed_values SELECT customer_id, value FROM seed_chosen")
    joined = f"(SELECT r.*, v.value FROM {relation} r JOIN seed_values v ON v.customer_id = r.customer_id)"
    findings = (*noted, *values.findings, *seed_findings(excluded, counts))
    return _Seed(joined, counts, values, chosen, excluded, findings)


def _written(
    workspace: Workspace, connection: Any, changed: dict[str, Any], people: People, seed: _Seed, options: SeedOptions,
    platform: str,
) -> PlatformUpload:  # fmt: skip
    """Write one platform's files and manifest, and let the workspace's manifest name them."""
    uploads, spec = options.uploads, platform_spec(platform)
    entry = identity_of(changed, "suppression")
    digest = digest_of(
        changed["tables"], None if entry is None else entry["path"], POLICY, spec.name, str(uploads.made_on),
        uploads.region, asdict(uploads.consent), asdict(options.size), options.horizon_days, options.basis,
        options.policy.words,
    )  # fmt: skip
    folder = workspace.path / "lists" / f"seed-{platform}-{digest[:8]}"
    files = write_audience(
        connection, people, platform, folder, name="seed", region=uploads.region, made_on=uploads.made_on
    )
    inputs = {
        table: sorted(item["digest"] for item in changed["inputs"] if table in item["files"])
        for table in (*NAMES, "identities")
    }
    content = upload_manifest(files, seed.counts, POLICY, inputs, uploads.consent)
    content |= {"reasons": {REASON: len(seed.chosen)}, "seed": _described(seed, options)}
    manifest = write_manifest(folder, content)
    changed["lists"][f"seed-{platform}"] = {
        "files": [str(p.relative_to(workspace.path)) for p in (*(f.path for f in files.files), manifest)],
        "platform": platform,
        "purpose": "seed",
        "people": max((item.people for item in files.lists), default=0),
        "made_on": str(uploads.made_on),
        "expires_on": None if files.expires_on is None else str(files.expires_on),
    }
    return PlatformUpload(files, seed.counts, manifest)


def _described(seed: _Seed, options: SeedOptions) -> dict[str, Any]:
    """How a seed was drawn: counts and settings, nothing of any person."""
    return {
        "model": seed.values.model,
        "value": seed.values.basis,
        "horizon_days": options.horizon_days,
        "customers": len(seed.values.people),
        "may_be_in_it": seed.counts.uploadable,
        "people": len(seed.chosen),
        "rank_share": len(seed.chosen) / seed.counts.uploadable,
        "left_out": seed.excluded,
    }
