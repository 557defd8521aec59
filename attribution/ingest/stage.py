"""Stage a source: any format becomes a relation with a ``_line`` column, structure checked, nothing lost."""

from __future__ import annotations

import tempfile
from pathlib import Path

from attribution.ingest.database import stage_database, stage_parquet
from attribution.ingest.delimited import shape_of, stage_text
from attribution.ingest.objects import json_header, stage_json
from attribution.ingest.sources import Source
from attribution.ingest.staged import Staged
from attribution.ingest.text import LINE
from attribution.settings import IngestSettings


def stage(source: Source, settings: IngestSettings, scratch: Path) -> Staged:
    """Read one source into a relation; a folder in ``scratch`` takes the temporary Parquet files."""
    folder = Path(tempfile.mkdtemp(prefix="staged-", dir=scratch))
    if source.format == "text":
        return stage_text(source, settings, folder)
    if source.format == "json":
        return stage_json(source, settings, folder)
    if source.format == "parquet":
        return stage_parquet(source)
    return stage_database(source, folder)


def header_of(source: Source, settings: IngestSettings, scratch: Path) -> tuple[str, ...]:
    """Column names of a source without reading its rows (of JSON: of its first thousand objects)."""
    folder = Path(tempfile.mkdtemp(prefix="header-", dir=scratch))
    if source.format == "text":
        return shape_of(source, settings, folder).header
    if source.format == "json":
        return json_header(source, settings, folder)
    return tuple(stage(source, settings, scratch).columns)


__all__ = ["LINE", "Staged", "header_of", "stage"]
