"""Which tier journeys and suppression use, and how it is told beside results.

False merges and false splits do different harm: a false merge suppresses a prospect and invents long paths; a false
split leaves a customer in targeting and shortens paths. So each use names its tier; both are ``high`` at first.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from attribution.findings import Finding
from attribution.settings import IdentitySettings

Use = Literal["journeys", "suppression"]
USES: tuple[Use, ...] = get_args(Use)


def tier_of(manifest: dict[str, Any], use: Use = "journeys") -> str | None:
    """The tier in use; None where ids were never joined."""
    found: str | None = manifest.get("identity", {}).get("used", {}).get(use)
    return found


def identity_of(manifest: dict[str, Any], use: Use = "journeys") -> dict[str, Any] | None:
    """The manifest's entry of the tier in use; None where ids were never joined."""
    entry: dict[str, Any] | None = manifest.get("identity", {}).get("tiers", {}).get(tier_of(manifest, use))
    return entry


def identity_settings(manifest: dict[str, Any], use: Use = "journeys") -> IdentitySettings:
    """Settings of the tier in use, or the defaults."""
    entry = identity_of(manifest, use)
    return IdentitySettings() if entry is None else IdentitySettings(**entry["settings"])


def assign(manifest: dict[str, Any], tier: str, uses: tuple[Use, ...]) -> None:
    """Let uses have a tier; one that has none yet follows the first that is chosen."""
    identity = manifest.setdefault("identity", {})
    held = identity.get("used", {})
    identity["used"] = {use: tier if use in uses else held.get(use, tier) for use in USES}


def stitching_note(manifest: dict[str, Any], use: Use = "journeys") -> tuple[Finding, ...]:
    """Say whose results these are, and whether links of later days joined earlier touches."""
    entry = identity_of(manifest, use)
    if entry is None:
        return ()
    as_of = entry["settings"]["as_of"]
    known = f"known by {as_of} alone" if as_of else "known today, which join earlier touches too (retroactive)"
    what = {"journeys": "Journeys are of customers", "suppression": "The list is of customers"}[use]
    return (Finding("note", "stitched", f"{what}: ids joined by links {known}; tier {tier_of(manifest, use)}."),)
