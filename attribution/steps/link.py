"""Find CRM records that are probably one person, as edges for an identities file."""

from __future__ import annotations

from attribution.engine import connect
from attribution.errors import UsageError
from attribution.identity.linkage import Linkage, link_records, require_splink
from attribution.identity.linkage_model import LinkageSettings
from attribution.progress import Told, silent
from attribution.workspace import Workspace


def link_step(workspace: Workspace, settings: LinkageSettings | None = None, told: Told = silent) -> Linkage:
    """Compare the records of the workspace's customers table with Splink; the workspace stays as it is.

    Parameters
    ----------
    workspace : Workspace
    settings : LinkageSettings, optional
    told : Told
        Called with what is being done.

    Raises
    ------
    UsageError
        Splink is not installed, the workspace holds no customers, or they do not say enough.
    """
    require_splink()
    manifest = workspace.require()
    relation = workspace.table("customers", manifest)
    if relation is None:
        raise UsageError("There are no records to link. Add some: attribution ingest --customers FILE.")
    with connect(workspace.scratch()) as connection:
        return link_records(connection, relation, settings, told)
