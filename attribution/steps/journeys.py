"""Journeys of a workspace's tables, built where tables or settings changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attribution.engine import connect
from attribution.identity.stitch import people_table
from attribution.identity.uses import USES, identity_of, identity_settings, tier_of
from attribution.journeys.build import JourneyTables, build_journeys
from attribution.journeys.journeys import JourneyPart, Journeys
from attribution.journeys.store import FORMAT, read_journeys, write_meta, write_part
from attribution.progress import Told, silent
from attribution.settings import JourneySettings
from attribution.workspace import PRIVATE, Workspace, digest_of, versions

TABLES = ("touchpoints", "conversions", "customers", "paths")


def journeys_step(workspace: Workspace, settings: JourneySettings | None = None, told: Told = silent) -> Journeys:
    """Journeys of the workspace's tables, built where tables or settings changed.

    Parameters
    ----------
    workspace : Workspace
    settings : JourneySettings, optional
        None takes those of the last build, or the defaults.
    told : Told
    """
    manifest = refreshed(workspace, told)
    settings = settings or last_settings(manifest)
    digest = _journey_digest(manifest, settings)
    held = manifest["journeys"]
    if held is not None and held["digest"] == digest:
        return read_journeys(workspace.path / held["path"])
    with workspace.write() as changed:
        folder = workspace.path / "journeys" / digest
        folder.mkdir(exist_ok=True, mode=0o700)

        def sink(index: int, part: JourneyPart) -> Path:
            place = folder / f"part-{index:05d}.arrow"
            write_part(place, part)
            place.chmod(PRIVATE)
            return place

        with connect(workspace.scratch()) as connection:
            tables = JourneyTables(**{n: people_table(workspace, connection, n, changed) for n in TABLES})
            journeys = build_journeys(connection, tables, settings, sink, digest=digest, told=told)
        write_meta(folder, journeys)
        changed["journeys"] = {
            "digest": digest,
            "path": str(folder.relative_to(workspace.path)),
            "settings": settings.as_dict(),
            "counts": journeys.counts,
        }
    return journeys


def refreshed(workspace: Workspace, told: Told = silent) -> dict[str, Any]:
    """The manifest, with customers of the tables as they are now where ids were joined before."""
    manifest = workspace.require()
    tiers = {tier: use for use in USES if (tier := tier_of(manifest, use)) is not None}
    if not tiers:
        return manifest
    from attribution.steps.identify import identify_step  # noqa: PLC0415  (that step reads journey settings here)

    for use in tiers.values():
        identify_step(workspace, identity_settings(manifest, use), uses=(), told=told)
    return workspace.manifest()


def last_settings(manifest: dict[str, Any]) -> JourneySettings:
    """Settings of the journeys that were cut last, or the defaults."""
    held = manifest["journeys"]
    if held is None:
        return JourneySettings()
    known = held["settings"]
    return JourneySettings(**{**known, **{k: tuple(known[k]) for k in ("direct_names", "transforms")}})


def journeys_are_current(manifest: dict[str, Any]) -> bool:
    """Whether the journeys are those of the tables as they are."""
    held = manifest["journeys"]
    return held is not None and bool(held["digest"] == _journey_digest(manifest, last_settings(manifest)))


def _journey_digest(manifest: dict[str, Any], settings: JourneySettings) -> str:
    """Files are named by their content, so their names stand for the tables."""
    files = {t: manifest["tables"].get(t, []) for t in TABLES}
    entry = identity_of(manifest)
    known = [files, settings.as_dict(), *([] if entry is None else [entry["path"]])]
    # Customers are hashed by DuckDB, whose hash may change with its version.
    return digest_of(*known, FORMAT, versions()["duckdb"])
