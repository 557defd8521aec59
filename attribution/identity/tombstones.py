"""Erased people: keyed digests of their ids, so that an old export does not bring them back.

A tombstone is HMAC-SHA-256 (RFC 2104) of ``type=canonical`` with a key that lies in the workspace: whoever has the file
of tombstones alone can test no address against it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from attribution.engine import literal, read_parquet
from attribution.identity.canonical import canonical_columns
from attribution.identity.id_types import IdType
from attribution.identity.uses import identity_settings
from attribution.workspace import PRIVATE, Workspace, digest_of, write_atomically

BLOCK = 64


def key_of_workspace(workspace: Workspace, manifest: dict[str, Any]) -> bytes:
    """The workspace's key; made when it is first needed."""
    held = manifest.get("identity", {}).get("key")
    if held:
        return (workspace.path / str(held)).read_bytes()
    name = "identity/key"
    write_atomically(workspace.path / name, secrets.token_bytes(32))
    manifest["identity"] = {**manifest.get("identity", {}), "key": name}
    return (workspace.path / str(name)).read_bytes()


def tombstone(key: bytes, type_name: str, canonical: str) -> str:
    """HMAC-SHA-256 of one id, hexadecimal."""
    return hmac.digest(key, f"{type_name}={canonical}".encode(), "sha256").hex()


def tombstone_sql(key: bytes, type_name: str, canonical: str) -> str:
    """The same as SQL: H(K ⊕ opad ‖ H(K ⊕ ipad ‖ m))."""
    padded = (sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    inner, outer = (_blob(bytes(b ^ pad for b in padded)) for pad in (0x36, 0x5C))
    message = f"encode({literal(type_name + '=')} || {canonical})"
    return f"sha256({outer} || unhex(sha256({inner} || {message})))"


def _blob(data: bytes) -> str:
    return "'" + "".join(f"\\x{b:02X}" for b in data) + "'::BLOB"


def add_tombstones(workspace: Workspace, manifest: dict[str, Any], ids: Iterable[tuple[str, str]]) -> int:
    """Add tombstones of erased ids, given as (type, canonical text); give the number of new ones."""
    key = key_of_workspace(workspace, manifest)
    given = list(ids)
    held = set(read_tombstones(workspace, manifest))
    made = {tombstone(key, kind, text) for kind, text in given}
    every = sorted(held | made)
    name = f"identity/tombstones-{digest_of(every)}.parquet"
    target = workspace.path / name
    target.touch(mode=PRIVATE)
    pq.write_table(pa.table({"tombstone": pa.array(every, pa.string())}), target)
    target.chmod(PRIVATE)
    types = sorted({*manifest.get("identity", {}).get("erased_types", ()), *(kind for kind, _ in given)})
    manifest["identity"] = {**manifest.get("identity", {}), "tombstones": name, "erased_types": types}
    return len(made - held)


def read_tombstones(workspace: Workspace, manifest: dict[str, Any]) -> list[str]:
    """Tombstones so far."""
    name = manifest.get("identity", {}).get("tombstones")
    if not name:
        return []
    return [str(t) for t in pq.read_table(workspace.path / name).column("tombstone").to_pylist()]


def erased_rows(
    connection: Any, workspace: Workspace, manifest: dict[str, Any], relation: str, ids: Mapping[str, IdType]
) -> str | None:
    """SQL relation with the row ids (``file_row_number``) of rows that name an erased person; None without tombstones.

    Parameters
    ----------
    connection : DuckDB connection
    workspace : Workspace
    manifest : dict
    relation : str
        Rows with a column ``file_row_number``.
    ids : mapping of str to IdType
        Columns that hold ids.
    """
    name = manifest.get("identity", {}).get("tombstones")
    if not name or not ids:
        return None
    key, settings = key_of_workspace(workspace, manifest), identity_settings(manifest)
    made = canonical_columns(connection, relation, dict(ids), settings.region, gmail=settings.gmail)
    stones = read_parquet([Path(workspace.path / name)])
    hit = " OR ".join(
        f"{tombstone_sql(key, of.name, made.columns[c])} IN (SELECT tombstone FROM {stones})" for c, of in ids.items()
    )
    return f"(SELECT file_row_number FROM {made.relation} WHERE {hit})"
