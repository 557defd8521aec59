"""What is worth knowing about identity, in words."""

from __future__ import annotations

from typing import Any

from attribution.errors import counted
from attribution.findings import Finding, Severity
from attribution.identity.audit import REASONS
from attribution.identity.status import Status
from attribution.settings import IdentitySettings

REMEDIES = {
    Status.TOO_MANY: "The audit table names them and the rule; --most sets it.",
    Status.SHARED: "They stand for themselves; --people-per-device sets how many people a device may join.",
    Status.PLACEHOLDER: "",
    Status.BY_HAND: "",
}
# Share of ids that, when guarded, point to a wrong setting rather than to shared devices.
MANY = 0.2


def identity_findings(numbers: dict[str, Any], settings: IdentitySettings) -> tuple[Finding, ...]:
    """Findings about one run.

    Parameters
    ----------
    numbers : dict
        As `profile.profile` gives them.
    settings : IdentitySettings
    """
    found = []
    name, level, why = numbers["unified_id"]
    what = f"an id of type {name}" if name != "unified_id" else f"the id of a {level}"
    found.append(
        Finding("note", "unified-id", f"unified_id is read as {what}: {why}.", "--unified-id says something else.")
    )
    for status, remedy in REMEDIES.items():
        number = numbers["guards"].get(REASONS[status], 0)
        if number:
            severity: Severity = "warning" if number > MANY * numbers["ids"] else "note"
            verb = "joins" if number == 1 else "join"
            message = f"{counted(number, 'id')} ({REASONS[status]}) {verb} nobody."
            found.append(Finding(severity, f"guard-{status.name.lower()}", message, remedy, number))
    if numbers["unused_links"]:
        number = numbers["unused_links"]
        message = (
            f"{counted(number, 'link')} between devices of different people {'is' if number == 1 else 'are'} not used."
        )
        found.append(Finding("note", "links-between-people", message, "", number))
    if numbers["oversized"]:
        found.append(_oversized(numbers, settings))
    if numbers["undated_links"]:
        number = numbers["undated_links"]
        message = (
            f"{counted(number, 'row')} of links {'has' if number == 1 else 'have'} no time: used as if known always."
        )
        found.append(Finding("warning", "links-undated", message, "Give seen_at in the identities file.", number))
    for reason, number in numbers["unread"].items():
        verb = "is" if number == 1 else "are"
        remedy = "--region DE reads numbers without a country." if "telephone" in reason and not settings.region else ""
        message = f"{counted(number, 'value')} of an id column {verb} {reason}; left out."
        found.append(Finding("warning", "unread-ids", message, remedy, number))
    if not numbers["links"]:
        message = "No two ids occur in one row: every id is a customer of its own."
        found.append(Finding("note", "no-links", message, "Add links: attribution ingest --identities FILE."))
    return tuple(found)


def _oversized(numbers: dict[str, Any], settings: IdentitySettings) -> Finding:
    number, ids = len(numbers["oversized"]), sum(numbers["oversized"])
    done = {
        "apart": "Their ids stand apart and are on no suppression list",
        "cut": f"{counted(numbers['bridges_cut'], 'bridge')} cut; what is still too large stands apart",
        "keep": "They are kept as one customer each",
    }[settings.oversized]
    verb = "holds" if number == 1 else "hold"
    message = f"{counted(number, 'cluster')} {verb} more than {settings.largest:,} ids ({ids:,} in all). {done}."
    remedy = (
        "The audit table names the bridges that hold them together: --oversized cut, --largest N, or --disable an id."
    )
    return Finding("warning", "oversized", message, remedy, number)
