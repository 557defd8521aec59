"""One run of identity: in full, or for what new files add to the last run; its folder in the workspace."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from attribution.engine import read_parquet
from attribution.identity.audit import MOST_NAMED, audit, extended, known_texts
from attribution.identity.by_hand import keys_by_hand, read_by_hand
from attribution.identity.extend import extend
from attribution.identity.graph import graph_of, read_graph, write_graph
from attribution.identity.headers import UNIFIED
from attribution.identity.id_types import IdType, id_type
from attribution.identity.keys import placeholder_keys
from attribution.identity.ledger import LEDGER, aliases, ledger
from attribution.identity.links import LinkRows, read_links
from attribution.identity.people import write_records, write_unified
from attribution.identity.profile import device_column, profile, touches_profile
from attribution.identity.registry import Registry, register, without
from attribution.identity.resolve import resolve
from attribution.identity.sources import UNDATED, LinkSource, Prepared, prepared, sources
from attribution.identity.store import read_registry, write_registry
from attribution.identity.unified import unified_type
from attribution.progress import Told
from attribution.settings import IdentitySettings
from attribution.workspace import PRIVATE, Workspace, digest_of, write_atomically

SOURCES = ("identities", *UNIFIED)


def tables_of(workspace: Workspace, manifest: dict[str, Any]) -> dict[str, str]:
    """Relations of the tables whose rows hold ids."""
    return {t: r for t in SOURCES if (r := workspace.table(t, manifest)) is not None}


def digest_of_inputs(manifest: dict[str, Any], settings: IdentitySettings) -> str:
    """A name for what a run depends on.

    Files are named by their content, so their names stand for the tables.
    """
    return digest_of(files_of(manifest), settings.as_dict(), manifest.get("identity", {}).get("by_hand"))


def files_of(manifest: dict[str, Any]) -> dict[str, list[str]]:
    """Files of the tables whose rows hold ids."""
    return {t: list(manifest["tables"][t]) for t in SOURCES if t in manifest["tables"]}


@dataclass(frozen=True, slots=True)
class Done:
    """What a run resolved: registry, numbers for the profile, customers by event."""

    registry: Registry
    numbers: dict[str, Any]
    events: dict[str, int]


class Run:
    """One run: what it reads, resolves and writes."""

    def __init__(
        self, workspace: Workspace, connection: Any, manifest: dict[str, Any], settings: IdentitySettings,
        told: Told, erased: frozenset[int] = frozenset(),
    ) -> None:  # fmt: skip
        self.workspace, self.connection, self.manifest = workspace, connection, manifest
        self.settings, self.told, self.erased = settings, told, erased
        self.tables = tables_of(workspace, manifest)
        self.held: dict[str, Any] = manifest.get("identity", {}).get("tiers", {}).get(settings.tier, {})

    def made(self) -> dict[str, Any]:
        """Resolve, register, write; give the manifest's entry."""
        digest = digest_of_inputs(self.manifest, self.settings)
        unified, why = unified_type(self.connection, self.tables, self.settings)
        run = int(self.held.get("run", 0)) + 1
        folder = self.workspace.path / "identity" / f"{self.settings.tier}-{run:04d}-{digest[:8]}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = sources(self.connection, self.tables, unified)
        before = self.before()
        done = self.extended(folder, before, unified, run) or self.resolved(folder, before, found, run)
        registry = done.registry
        self.told("writing customers", 0, 0)
        write_registry(folder / "registry.arrow", registry)
        write_table(folder / "aliases.parquet", aliases(registry))
        maps = self.write_maps(folder, registry, found, unified)
        past = self.settings.as_of is not None
        numbers = done.numbers | {
            "unified_id": [unified.name, unified.level, why], "as_of": self.settings.as_of,
            "new_customers": registry.issued - before.issued,
        }  # fmt: skip
        if maps["unified"] and "touchpoints" in self.tables:
            map_ = read_parquet([folder / "unified.parquet"])
            device = device_column(self.connection, self.tables["touchpoints"])
            numbers["touches"] = touches_profile(self.connection, self.tables["touchpoints"], map_, device)
        write_atomically(folder / "profile.json", json.dumps(numbers, indent=1).encode())
        here = str(folder.relative_to(self.workspace.path))
        entry = {
            "path": here, "digest": digest, "settings": self.settings.as_dict(), "maps": maps,
            # What was known at an earlier moment changes nobody's number: the registry stays as it was.
            "registry": self.held.get("registry") if past else here,
            "unified_id": unified.name, "run": run, "events": done.events, "files": files_of(self.manifest),
            "by_hand": self.manifest.get("identity", {}).get("by_hand"),
        }  # fmt: skip
        identity = self.manifest.setdefault("identity", {})
        identity["tiers"] = {**identity.get("tiers", {}), self.settings.tier: entry}
        return entry

    def resolved(self, folder: Path, before: Registry, found: tuple[LinkSource, ...], run: int) -> Done:
        """Resolve all links."""
        self.told("reading ids", 0, 0)
        forms = prepared(self.connection, found, self.settings)
        links = read_links(self.connection, forms)
        self.told("joining ids", 0, 0)
        made = resolve(links, self.settings, *self.disabled(links))
        registry = register(made.found, without(before, self.erased))
        events = ledger(before, registry, run)
        past = self.settings.as_of is not None
        self.write_ledger(folder, events, past=past)
        write_table(folder / "audit.parquet", audit(self.connection, forms, made, self.settings))
        if not past and not made.oversized.sizes:
            write_graph(folder, graph_of(made, registry))
        numbers = profile(registry, made.edges.pairs.size, made.guarded.cut.size, made.oversized)
        undated = int((links.seen_at == UNDATED).sum()) if past else 0
        return Done(registry, numbers | {"unread": dict(links.unread), "undated_links": undated}, _counted(events))

    def extended(self, folder: Path, before: Registry, unified: IdType, run: int) -> Done | None:
        """Resolve what new files add to the last run; None where more than that has changed."""
        new = self.newtables_of(unified)
        graph = read_graph(self.workspace.path / self.held["path"]) if new is not None else None
        if new is None or graph is None:
            return None
        self.told("reading new ids", 0, 0)
        forms = prepared(self.connection, sources(self.connection, new, unified), self.settings)
        links = read_links(self.connection, forms)
        self.told("joining new ids", 0, 0)
        levels = {n: id_type(n).level == "person" for n in (*before.type_names, *links.type_names)}
        levels[unified.name] = unified.level == "person"
        made = extend(before, graph, links, levels, self.settings, *self.disabled(links))
        if made is None:
            return None
        events = ledger(made.before, made.after, run)
        self.write_ledger(folder, events, past=False)
        last = self.workspace.path / self.held["path"]
        held = pq.read_table(last / "audit.parquet")
        few = int(np.count_nonzero(made.registry.status)) <= MOST_NAMED

        def others() -> tuple[Prepared, ...]:
            return (
                prepared(self.connection, sources(self.connection, self.tables, unified), self.settings) if few else ()
            )

        part = audit(self.connection, forms, made.part, self.settings, known_texts(held), others)
        write_table(folder / "audit.parquet", extended(held, part, made.part.found.keys))
        write_graph(folder, made.graph)
        numbers = profile(made.registry, made.graph.pairs.size, made.graph.cut.size)
        unread = Counter(json.loads((last / "profile.json").read_text(encoding="utf-8"))["unread"]) + Counter(
            links.unread
        )
        return Done(made.registry, numbers | {"unread": dict(unread), "undated_links": 0}, _counted(events))

    def newtables_of(self, unified: IdType) -> dict[str, str] | None:
        """Relations of table files that the last run had not; None where anything else changed since."""
        held, identity = self.held, self.manifest.get("identity", {})
        same = (
            held
            and not self.erased
            and self.settings.as_of is None
            and held["settings"] == self.settings.as_dict()
            and held["registry"] == held["path"]
            and held["by_hand"] == identity.get("by_hand")
            and held["unified_id"] == unified.name
        )
        if not same:
            return None
        now, then = files_of(self.manifest), held["files"]
        if any(set(files) - set(now.get(table, [])) for table, files in then.items()):
            return None
        added = {t: [f for f in files if f not in set(then.get(t, []))] for t, files in now.items()}
        return {t: read_parquet([self.workspace.path / f for f in files]) for t, files in added.items() if files}

    def disabled(self, links: LinkRows) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Keys of placeholders, and of ids that were disabled by hand; both ascend."""
        by_hand = np.unique(keys_by_hand(read_by_hand(self.workspace, self.manifest)))
        return np.union1d(placeholder_keys(links.type_names), links.placeholders), by_hand

    def before(self) -> Registry:
        """The registry as the last run left it."""
        path = self.held.get("registry")
        return Registry.empty() if path is None else read_registry(self.workspace.path / path / "registry.arrow")

    def write_ledger(self, folder: Path, events: pa.Table, *, past: bool) -> None:
        """Write the ledger of all runs; a look at the past adds nothing to it."""
        parts = [] if past else [events]
        if self.held:
            parts.insert(0, pq.read_table(self.workspace.path / self.held["path"] / "ledger.parquet"))
        write_table(folder / "ledger.parquet", pa.concat_tables(parts) if parts else LEDGER.empty_table())

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


def _counted(events: pa.Table) -> dict[str, int]:
    """How many customers met each event."""
    names = events.column("event").to_pylist()
    who = events.column("customer_id").to_pylist()
    return {event: len({c for c, e in zip(who, names, strict=True) if e == event}) for event in sorted(set(names))}


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table of a run; readable by its owner only."""
    path.touch(mode=PRIVATE)
    pq.write_table(table, path, compression="lz4")
    path.chmod(PRIVATE)
