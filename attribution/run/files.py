"""Everything that a run will read and be asked, checked before anything is written."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from attribution.configuration import Configuration
from attribution.errors import UsageError, did_you_mean
from attribution.ingest.layouts import Layout, check_columns, named_columns, recognise
from attribution.ingest.sources import find_sources
from attribution.ingest.stage import header_of
from attribution.ingest.timestamps import check_zone
from attribution.run.decisions import check_decisions
from attribution.run.mix import ready
from attribution.steps.hazard import described
from attribution.workspace import Workspace

# Any of these tables gives journeys.
PATHS = {"touchpoints", "conversions", "paths"}


def validate(configuration: Configuration, base: Path) -> dict[str, Layout]:
    """Check every file and column that the run will read; nothing is written.

    Returns
    -------
    dict
        File to recognised layout.

    Raises
    ------
    UsageError
        The first thing that would fail.
    """
    settings = configuration.ingest.settings()
    check_columns(settings.columns)
    if settings.timezone is not None:
        check_zone(settings.timezone)
    if configuration.hazard.enabled:
        described(configuration.hazard.positive, configuration.hazard.lag)
    panel = ready(configuration, base) if configuration.mmm.enabled else None
    layouts = _layouts(configuration, base)
    workspace = Workspace(base / configuration.workspace)
    held = workspace.manifest()["tables"]
    paths = bool(({t for layout in layouts.values() for t in layout.tables} | set(held)) & PATHS)
    if not paths and panel is None:
        msg = "Nothing to attribute: the configuration names no touchpoints, conversions or paths, and the workspace "
        raise UsageError(msg + "holds none. Add them under [ingest], or a panel under [mmm].")
    check_decisions(configuration, workspace, base, panel, paths=paths)
    return layouts


def _layouts(configuration: Configuration, base: Path) -> dict[str, Layout]:
    """The layout of each file by its header."""
    settings, inputs = configuration.ingest.settings(), configuration.ingest.inputs(base)
    layouts: dict[str, Layout] = {}
    seen: set[str] = set()
    used: set[str] = set()
    with TemporaryDirectory() as scratch:
        for table, arguments in inputs.items():
            for argument in arguments:
                if argument == "-":
                    continue
                for source in find_sources(argument, Path(scratch)):
                    headers = header_of(source, settings, Path(scratch))
                    seen |= set(headers)
                    named = named_columns(settings.columns, headers)
                    used |= set(named)
                    layouts[source.name] = recognise(headers, table, named, source.name)
    absent = {k: h for k, h in settings.columns.items() if k not in used}
    if absent and "-" not in [a for arguments in inputs.values() for a in arguments]:
        field, header = min(absent.items())
        near = did_you_mean(header, seen)
        raise UsageError(f'ingest.columns."{field}" = "{header}": no file has that column.{near}')
    return layouts
