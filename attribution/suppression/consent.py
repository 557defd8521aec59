"""Whose details may go into a file for a platform: uploading a list discloses it, so consent comes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from attribution.engine import literal, read_parquet
from attribution.errors import UsageError
from attribution.identity.headers import columns_of
from attribution.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ConsentChoice:
    """What counts for customers files that say nothing of consent.

    Attributes
    ----------
    default : {"granted"} or None
        None: such a file stops the upload.
    basis : str or None
        Legal basis of the upload, in the user's words; recorded with every file.
    """

    default: Literal["granted"] | None = None
    basis: str | None = None

    def __post_init__(self) -> None:
        """Refuse a default without its reason."""
        if self.default is not None and not (self.basis or "").strip():
            msg = (
                "--consent-default granted says that everybody of a file without a consent column may be uploaded; it "
                'needs the legal basis: --basis "TEXT". Both are recorded in the manifest.'
            )
            raise UsageError(msg)


def consent_sql(workspace: Workspace, connection: Any, manifest: dict[str, Any], choice: ConsentChoice) -> str:
    """SQL expression over a customers row: granted, denied or unknown.

    Raises
    ------
    UsageError
        A customers file has no consent column and nothing was chosen, or only some have one.
    """
    files = manifest["tables"].get("customers", [])
    have = ["consent" in columns_of(connection, read_parquet([workspace.path / f])) for f in files]
    if all(have):
        return "coalesce(consent, 'unknown')"
    if any(have):
        msg = (
            f"{have.count(False)} of {len(have)} customers files have no consent column, so it is not known whose "
            "details may be uploaded. Give those files the column consent (granted, denied or unknown)."
        )
        raise UsageError(msg)
    if choice.default is None:
        msg = (
            "The customers have no consent column, so it is not known whose details may be uploaded. Give the column "
            "consent (granted, denied or unknown), or, where you have a legal basis for all of them: "
            '--consent-default granted --basis "TEXT"; both are recorded in the manifest.'
        )
        raise UsageError(msg)
    return literal(choice.default)
