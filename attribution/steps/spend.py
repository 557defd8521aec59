"""What a workspace knows of spend."""

from __future__ import annotations

from typing import Any

from attribution.credit.spend import Spend, read_spend
from attribution.engine import connect
from attribution.workspace import Workspace


def spend_of(workspace: Workspace, manifest: dict[str, Any]) -> Spend | None:
    """What was spent, from the spend table or the cost of touches."""
    names = ("spend", "touchpoints", "conversions")
    with connect(workspace.scratch()) as connection:
        return read_spend(connection, *(workspace.table(n, manifest) for n in names))
