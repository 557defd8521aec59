"""Files for ad platforms from a suppression list: consent, identifiers, and a manifest without personal data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attribution.activation.people import COLUMNS
from attribution.activation.write import AudienceFiles
from attribution.engine import identifier, one_row
from attribution.errors import UsageError
from attribution.identity.headers import columns_of
from attribution.suppression.consent import ConsentChoice
from attribution.workspace import write_atomically

# Ids beside the columns of a customers file that platforms know people by; what goes before the value.
MORE = {
    "email": {"id:email": "", "id:email_sha256": ""},
    "phone": {"id:phone": "", "id:phone_sha256": ""},
    "maid": {"id:maid": "", "id:idfa": "idfa:", "id:gaid": "gaid:", "id:aaid": "aaid:"},
}

# One of these is needed: a name or a country alone finds nobody.
KNOWN_BY = frozenset({"email", "phone", "maid", "zip"})


@dataclass(frozen=True, slots=True)
class UploadCounts:
    """People of a list, by whether a platform's file may and can hold them.

    Attributes
    ----------
    listed, uploadable : int
    unknown : int
        Consent is not known: left out.
    unreachable : int
        Consent granted or to be taken so, but no e-mail, phone, device id or address.
    reasons : dict
        Uploadable people by reason.
    """

    listed: int
    uploadable: int
    unknown: int
    unreachable: int
    reasons: dict[str, int]


def contacts(connection: Any, records: str, consent: str, listed: str) -> tuple[str, UploadCounts]:
    """Tables of whom to upload with all their identifiers, and the counts of whom not.

    Consent that is denied in one record of a person counts for all; else granted in one suffices.

    Parameters
    ----------
    connection : DuckDB connection
    records : str
        SQL of the customers file's rows with ``_id``, as `customer_records` gives.
    consent : str
        SQL expression over such a row.
    listed : str
        Relation of the list: customer_id, reason.
    """
    columns = columns_of(connection, f"({records})")
    cells = {name: _cells(name, columns) for name in COLUMNS}
    given = {name: cell for name, cell in cells.items() if cell is not None}
    if not KNOWN_BY & set(given):
        msg = (
            "The customers hold nothing that a platform knows people by. Ingest a customers file with email, phone, "
            "maid or first_name, last_name, country and zip."
        )
        raise UsageError(msg)
    # An empty list comes without types.
    whole = f"SELECT customer_id::VARCHAR AS customer_id, reason::VARCHAR AS reason FROM {listed}"
    there = " OR ".join(f"len({cell}) > 0" for name, cell in given.items() if name in KNOWN_BY)
    selected = ", ".join(f"{cell} AS {name}" for name, cell in given.items())
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE upload_records AS
        SELECT _id AS customer_id, {consent} AS consent, {there} AS reachable, {selected}
        FROM ({records}) WHERE _id IN (SELECT customer_id FROM ({whole}))""")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE upload_people AS
        SELECT l.customer_id, l.reason, coalesce(bool_or(r.consent = 'denied'), false) AS denied,
            coalesce(bool_or(r.consent = 'granted'), false) AS granted,
            coalesce(bool_or(r.reachable), false) AS reachable
        FROM ({whole}) l LEFT JOIN upload_records r USING (customer_id) GROUP BY 1, 2""")
    chosen = "granted AND reachable AND NOT denied"
    total, fit, unknown, unreachable = one_row(
        connection,
        f"""SELECT count(*), count(*) FILTER ({chosen}), count(*) FILTER (NOT granted AND NOT denied AND reachable),
            count(*) FILTER (NOT reachable AND NOT denied) FROM upload_people""",
    )
    rows = connection.execute(
        f"SELECT reason, count(*) FROM upload_people WHERE {chosen} GROUP BY 1 ORDER BY 1"
    ).fetchall()
    whom = f"SELECT customer_id FROM upload_people WHERE {chosen}"
    relation = f"(SELECT * EXCLUDE (consent, reachable) FROM upload_records WHERE customer_id IN ({whom}))"
    return relation, UploadCounts(total, fit, unknown, unreachable, dict(rows))


def known_contacts(connection: Any, records: str, ids: str) -> str:
    """Table of some people's identifiers, whatever their consent: who leaves a list is taken out with them.

    Parameters
    ----------
    connection : DuckDB connection
    records : str
        SQL of the customers file's rows with ``_id``.
    ids : str
        Relation of ``_id`` and the customer_id that the table shall have.
    """
    columns = columns_of(connection, f"({records})")
    cells = {name: _cells(name, columns) for name in COLUMNS}
    selected = ", ".join(f"{cell} AS {name}" for name, cell in cells.items() if cell is not None)
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE known_contacts AS SELECT i.customer_id, r.* EXCLUDE (_id)
        FROM (SELECT _id, {selected} FROM ({records})) r JOIN {ids} i ON i._id = r._id""")
    return "known_contacts"


def _cells(name: str, columns: Sequence[str]) -> str | None:
    """SQL of a row's values of an identifier as a list, None where no column holds any."""
    held = [identifier(name)] if name in columns else []
    held += [f"'{before}' || {identifier(c)}" for c, before in MORE.get(name, {}).items() if c in columns]
    return f"list_filter([{', '.join(held)}], lambda x: x IS NOT NULL)" if held else None


def upload_manifest(
    made: AudienceFiles, counts: UploadCounts, policy: str, inputs: dict[str, list[str]], choice: ConsentChoice
) -> dict[str, Any]:
    """What was made, by which rules and from what; nothing of any person."""
    return {
        "policy": policy,
        "basis": choice.basis,
        "consent_default": choice.default,
        "inputs": inputs,
        "listed": counts.listed,
        "uploadable": counts.uploadable,
        "left_out_of_upload": {"consent unknown": counts.unknown, "no identifier": counts.unreachable},
        "reasons": counts.reasons,
        "audience": made.as_dict(),
    }


def write_manifest(folder: Path, content: dict[str, Any]) -> Path:
    """Write a platform's manifest beside its files."""
    path = folder / "manifest.json"
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n")
    return path
