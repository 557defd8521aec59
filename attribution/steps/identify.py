"""Join the ids of a workspace into customers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from attribution.engine import connect, read_parquet
from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.identity.audit import audit
from attribution.identity.by_hand import keys_by_hand, read_by_hand
from attribution.identity.effect import StitchingEffect, stitching_effect
from attribution.identity.findings import identity_findings
from attribution.identity.headers import UNIFIED
from attribution.identity.id_types import IdType
from attribution.identity.keys import placeholder_keys
from attribution.identity.ledger import LEDGER, aliases, ledger
from attribution.identity.links import read_links
from attribution.identity.people import write_records, write_unified
from attribution.identity.profile import device_column, profile, touches_profile
from attribution.identity.registry import Registry, register, without
from attribution.identity.resolve import resolve
from attribution.identity.sources import UNDATED, LinkSource, prepared, sources
from attribution.identity.stitch import STITCHED, identity_settings, people_table
from attribution.identity.store import read_registry, write_registry
from attribution.identity.unified import unified_type
from attribution.settings import IdentitySettings
from attribution.steps.journeys import last_settings as last_journey_settings
from attribution.workspace import PRIVATE, Workspace, digest_of, write_atomically

SOURCES = ("identities", *UNIFIED)


@dataclass(frozen=True, slots=True)
class IdentityReport:
    """What an identify step found.

    Attributes
    ----------
    tier : str
    unchanged : bool
        Whether tables and settings were those of the last run, so that nothing was done.
    profile : dict
        Numbers of ids, customers, clusters, guards and touches: `profile.profile`, `profile.touches_profile`.
    ledger : dict of str to int
        Customers merged, split, restored, erased, and new, in this run.
    effect : StitchingEffect or None
    findings : tuple of Finding
    folder : Path
        Where registry, ledger, aliases, audit table and maps lie.
    """

    tier: str
    unchanged: bool
    profile: dict[str, Any]
    ledger: dict[str, int]
    effect: StitchingEffect | None
    findings: tuple[Finding, ...]
    folder: Path


def identify_step(
    workspace: Workspace,
    settings: IdentitySettings | None = None,
    *,
    effect: bool = False,
    told: Callable[[str], None] = lambda _: None,
) -> IdentityReport:
    """Join ids into customers, with the numbers they had before.

    Parameters
    ----------
    workspace : Workspace
    settings : IdentitySettings, optional
        None takes those of the tier's last run, or the defaults.
    effect : bool
        Also cut journeys with and without identity and credit channels on both.
    told : callable
        Called with what is being done.

    Raises
    ------
    UsageError
        Where the workspace holds no ids.
    """
    manifest = workspace.require()
    if not _tables(workspace, manifest):
        msg = (
            "There are no ids to join: the workspace holds no links, touchpoints, conversions or customers. Add some: "
            "attribution ingest --touchpoints FILE --identities FILE."
        )
        raise UsageError(msg)
    settings = settings or identity_settings(manifest)
    identity = manifest.get("identity", {})
    held = identity.get("tiers", {}).get(settings.tier)
    if held is not None and held["digest"] == _digest(manifest, settings) and identity.get("used") == settings.tier:
        missing = effect and not (workspace.path / held["path"] / "effect-credits.parquet").exists()
        if not missing:
            return _reported(workspace, held, settings, unchanged=True)
    with workspace.write() as changed, connect(workspace.scratch()) as connection:
        run = _Run(workspace, connection, changed, settings, told)
        entry = run.made()
        changed["identity"]["used"] = settings.tier
        if effect:
            run.write_effect(entry)
    return _reported(workspace, entry, settings, unchanged=False)


def resolve_tier(
    workspace: Workspace, connection: Any, manifest: dict[str, Any], tier: str, erased: frozenset[int]
) -> None:
    """Resolve a tier anew inside an open change, without ids that are erased.

    Parameters
    ----------
    workspace : Workspace
    connection : DuckDB connection
    manifest : dict
        As the change has it.
    tier : str
    erased : frozenset of int
        Keys of ids that the registry forgets.
    """
    settings = IdentitySettings(**manifest["identity"]["tiers"][tier]["settings"])
    _Run(workspace, connection, manifest, settings, lambda _: None, erased).made()


def _tables(workspace: Workspace, manifest: dict[str, Any]) -> dict[str, str]:
    return {t: r for t in SOURCES if (r := workspace.table(t, manifest)) is not None}


def _digest(manifest: dict[str, Any], settings: IdentitySettings) -> str:
    """Files are named by their content, so their names stand for the tables."""
    files = {t: manifest["tables"].get(t, []) for t in SOURCES}
    return digest_of(files, settings.as_dict(), manifest.get("identity", {}).get("by_hand"))


class _Run:
    """One run: what it reads, resolves and writes."""

    def __init__(
        self, workspace: Workspace, connection: Any, manifest: dict[str, Any], settings: IdentitySettings,
        told: Callable[[str], None], erased: frozenset[int] = frozenset(),
    ) -> None:  # fmt: skip
        self.workspace, self.connection, self.manifest = workspace, connection, manifest
        self.settings, self.told, self.erased = settings, told, erased
        self.tables = _tables(workspace, manifest)
        self.held: dict[str, Any] = manifest.get("identity", {}).get("tiers", {}).get(settings.tier, {})

    def made(self) -> dict[str, Any]:
        """Resolve, register, write; give the manifest's entry."""
        digest = _digest(self.manifest, self.settings)
        unified, why = unified_type(self.connection, self.tables, self.settings)
        found = sources(self.connection, self.tables, unified)
        self.told("reading ids")
        forms = prepared(self.connection, found, self.settings)
        links = read_links(self.connection, forms)
        self.told("joining ids")
        by_hand = keys_by_hand(read_by_hand(self.workspace, self.manifest))
        placeholders = np.union1d(placeholder_keys(links.type_names), links.placeholders)
        made = resolve(links, self.settings, placeholders, by_hand)
        before = self.before()
        registry = register(made.found, without(before, self.erased))
        self.told("writing customers")
        run = int(self.held.get("run", 0)) + 1
        folder = self.workspace.path / "identity" / f"{self.settings.tier}-{run:04d}-{digest[:8]}"
        folder.mkdir(mode=0o700, exist_ok=True)
        write_registry(folder / "registry.arrow", registry)
        events = ledger(before, registry, run)
        past = self.settings.as_of is not None
        self.write_ledger(folder, events, past=past)
        _write_table(folder / "aliases.parquet", aliases(registry))
        _write_table(folder / "audit.parquet", audit(self.connection, forms, made, self.settings))
        maps = self.write_maps(folder, registry, found, unified)
        here = str(folder.relative_to(self.workspace.path))
        numbers = {**profile(made), "unified_id": [unified.name, unified.level, why]}
        numbers["unread"] = dict(links.unread)
        numbers["as_of"] = self.settings.as_of
        numbers["new_customers"] = registry.issued - before.issued
        numbers["undated_links"] = int((links.seen_at == UNDATED).sum()) if past else 0
        if maps["unified"] and "touchpoints" in self.tables:
            map_ = read_parquet([folder / "unified.parquet"])
            device = device_column(self.connection, self.tables["touchpoints"])
            numbers["touches"] = touches_profile(self.connection, self.tables["touchpoints"], map_, device)
        write_atomically(folder / "profile.json", json.dumps(numbers, indent=1).encode())
        entry = {
            "path": here, "digest": digest, "settings": self.settings.as_dict(), "maps": maps,
            # What was known at an earlier moment changes nobody's number: the registry stays as it was.
            "registry": self.held.get("registry") if past else here,
            "unified_id": unified.name, "run": run, "events": _counted(events),
        }  # fmt: skip
        identity = self.manifest.setdefault("identity", {})
        identity["tiers"] = {**identity.get("tiers", {}), self.settings.tier: entry}
        return entry

    def before(self) -> Registry:
        """The registry as the last run left it."""
        path = self.held.get("registry")
        return Registry.empty() if path is None else read_registry(self.workspace.path / path / "registry.arrow")

    def write_ledger(self, folder: Path, events: pa.Table, *, past: bool) -> None:
        """Write the ledger of all runs; a look at the past adds nothing to it."""
        parts = [] if past else [events]
        if self.held:
            parts.insert(0, pq.read_table(self.workspace.path / self.held["path"] / "ledger.parquet"))
        _write_table(folder / "ledger.parquet", pa.concat_tables(parts) if parts else LEDGER.empty_table())

    def write_maps(
        self, folder: Path, registry: Registry, found: tuple[LinkSource, ...], unified: IdType
    ) -> dict[str, int]:
        """Write which customer the tables' own keys mean."""
        customers = next((s for s in found if s.name == "customers"), None)
        c, settings = self.connection, self.settings
        return {
            "unified": write_unified(c, self.tables, unified, registry, settings, folder / "unified.parquet"),
            "records": write_records(c, customers, registry, settings, folder / "records.parquet"),
        }

    def write_effect(self, entry: dict[str, Any]) -> None:
        """Cut journeys with and without identity and keep the comparison."""
        self.told("comparing journeys with and without")
        kept = {t: r for t in STITCHED if (r := self.workspace.table(t, self.manifest)) is not None}
        made = {t: str(people_table(self.workspace, self.connection, t, self.manifest)) for t in kept}
        settings = last_journey_settings(self.manifest)
        found = stitching_effect(self.connection, kept, made, settings)
        folder = self.workspace.path / entry["path"]
        if found is not None:
            _write_table(folder / "effect-journeys.parquet", pa.Table.from_pandas(found.journeys, preserve_index=False))
            _write_table(folder / "effect-credits.parquet", pa.Table.from_pandas(found.credits, preserve_index=False))


def _counted(events: pa.Table) -> dict[str, int]:
    """How many customers met each event."""
    names = events.column("event").to_pylist()
    who = events.column("customer_id").to_pylist()
    return {event: len({c for c, e in zip(who, names, strict=True) if e == event}) for event in sorted(set(names))}


def _write_table(path: Path, table: pa.Table) -> None:
    path.touch(mode=PRIVATE)
    pq.write_table(table, path, compression="lz4")
    path.chmod(PRIVATE)


def _reported(
    workspace: Workspace, entry: dict[str, Any], settings: IdentitySettings, *, unchanged: bool
) -> IdentityReport:
    folder = workspace.path / entry["path"]
    numbers = json.loads((folder / "profile.json").read_text(encoding="utf-8"))
    files = [folder / f"effect-{name}.parquet" for name in ("journeys", "credits")]
    effect = StitchingEffect(*(pd.read_parquet(f) for f in files)) if files[0].exists() else None
    return IdentityReport(
        settings.tier, unchanged, numbers, entry["events"], effect, identity_findings(numbers, settings), folder
    )
