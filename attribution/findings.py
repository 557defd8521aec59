"""Findings: what a step noticed about the data, and what it did about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["note", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation; never holds a value of the data, only names, counts and reasons.

    Attributes
    ----------
    severity : {"note", "info", "warning", "error"}
        ``error`` makes a command exit with 1; under ``--strict`` every finding but a ``note`` does. A note
        tells what happened; it says nothing against the data.
    code : str
        Stable name, for filters and tests.
    message : str
        What was seen and what was done.
    remedy : str
        What the user can do; empty where nothing needs doing.
    count : int
        Rows concerned; 0 where that has no meaning.
    """

    severity: Severity
    code: str
    message: str
    remedy: str = ""
    count: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for manifests and JSON."""
        return asdict(self)


def worst(findings: Iterable[Finding]) -> Severity:
    """The highest severity among findings; ``note`` where there is none."""
    rank: dict[Severity, int] = {"note": 0, "info": 1, "warning": 2, "error": 3}
    return max((f.severity for f in findings), key=rank.__getitem__, default="note")
