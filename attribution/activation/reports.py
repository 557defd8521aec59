"""Results of writing and checking as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from attribution.activation.spec import Limit, PlatformSpec, platform_spec, platforms

if TYPE_CHECKING:
    from attribution.activation.lint import LintReport
    from attribution.activation.write import AudienceFiles


def faults_frame(report: LintReport) -> pd.DataFrame:
    """Faults of a file, one row each: severity, code, column, message, count, lines, remedy."""
    names = ("severity", "code", "column", "message", "count", "lines", "remedy")
    rows = [
        (f.severity, f.code, f.where, f.message, f.count, _lines(f.lines, f.count), f.remedy) for f in report.faults
    ]
    return pd.DataFrame(rows, columns=names)


def _lines(lines: tuple[int, ...], count: int) -> str:
    """``2, 5, 9 …``: the first line numbers."""
    return ", ".join(f"{n}" for n in lines) + (" …" if lines and count > len(lines) else "")


def files_frame(made: AudienceFiles) -> pd.DataFrame:
    """Files of a platform, one row each: platform, list, file, rows, bytes, sha256, people of the list."""
    names = ("platform", "list", "file", "rows", "bytes", "sha256", "people")
    rows = [
        (made.platform, item.name, file.path.name, file.rows, file.bytes, file.sha256, item.people)
        for item in made.lists
        for file in item.files
    ]
    return pd.DataFrame(rows, columns=names)


def platforms_frame() -> pd.DataFrame:
    """Every platform: lists, identifiers with their steps, limits, least size, expiry, version."""
    return pd.DataFrame([_platform(platform_spec(name)) for name in platforms()])


def _platform(spec: PlatformSpec) -> dict[str, str]:
    return {
        "platform": spec.platform,
        "title": spec.title,
        "lists": ", ".join(f"{item.name} ({item.form})" for item in spec.lists),
        "least": _limit(spec.least),
        "lapses": f"{_limit(spec.expiry_days)} days" if spec.expiry_days else "",
        "version": f"{spec.version} of {spec.dated}",
    }


def _limit(limit: Limit | None) -> str:
    return "" if limit is None else f"{limit.value:,}{'' if limit.verified else ' (?)'}"
