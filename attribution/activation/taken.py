"""Whom a platform's files hold, as keyed digests: what is compared with the next list, and says nothing of anybody.

A person's *key* is HMAC-SHA-256 (RFC 2104) of the customer's id with a key that lies in the workspace. Its first half
says who the person is; its second half is kept by nobody, and is the key of what a platform took of them:

    who = key[:128 bits],  what = sum of SHA-256(key[128 bits:] ‖ list ‖ identifiers of a row), cut to 64 bits

A *snapshot* has who and what of each person: who was there, and whether their identifiers are still the same. Without
the workspace's key no address can be tested against it. One hash per row, not the two of an HMAC: it is made of a
million rows for every platform, and cut, so that nothing can be appended to what was hashed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from attribution.engine import literal, one_row
from attribution.identity.tombstones import tombstone, tombstone_sql
from attribution.workspace import PRIVATE

WHO, WHAT = 32, 16  # hexadecimal digits
SCHEMA = pa.schema([("who", pa.string()), ("what", pa.uint64())])
TWO_64 = 18446744073709551616


def person_key(key: bytes, customer_id: str) -> str:
    """The key of a customer: 64 hexadecimal digits, of which the first 32 say who it is."""
    return tombstone(key, "listed", customer_id)


def person_key_sql(key: bytes, customer_id: str) -> str:
    """The same as SQL."""
    return tombstone_sql(key, "listed", customer_id)


def who_sql(key: str) -> str:
    """SQL of who a person is, as UUID; NULL where the text is no person's key."""
    return f"TRY_CAST(left({key}, {WHO}) AS UUID)"


def what_sql(key: str, list_name: str, identifiers: str) -> str:
    """SQL of the digest of a row's identifiers on one of the platform's lists, as UBIGINT."""
    text = f"right({key}, {WHO}) || {literal(list_name + '|')} || {identifiers}"
    return f"CAST('0x' || left(sha256({text}), {WHAT}) AS UBIGINT)"


class TakenRows:
    """Digests of the rows of a platform's files, noted while these are written.

    Parameters
    ----------
    writer : pyarrow.parquet.ParquetWriter
    path : Path
        What the writer writes; a temporary file.
    """

    def __init__(self, writer: pq.ParquetWriter, path: Path) -> None:
        self.writer, self.path = writer, path

    def add(self, batch: pa.RecordBatch) -> None:
        """Note a batch of rows: columns who, what and line, which is NULL for people of whom nothing is left."""
        rows = batch.select(["who", "what"]).filter(batch.column("line").is_valid())
        columns = [pc.cast(column, field.type) for column, field in zip(rows, SCHEMA, strict=True)]
        self.writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))

    def people(self) -> str:
        """SQL of the snapshot: who, what; one row per person."""
        self.writer.close()
        return f"""SELECT CAST(who AS UUID) AS who, CAST(sum(what) % {TWO_64} AS UBIGINT) AS what
            FROM read_parquet({literal(self.path)}) GROUP BY who"""

    def save(self, connection: Any, target: Path) -> int:
        """Write the snapshot, readable by its owner only; give the number of people."""
        return save_snapshot(connection, f"{self.people()} ORDER BY who", target)


@contextmanager
def taken_rows(scratch: Path, name: str) -> Iterator[TakenRows]:
    """A place for digests of rows that does not outlive it."""
    path = scratch / f"taken-{name}.parquet"
    path.touch(mode=PRIVATE)
    writer = pq.ParquetWriter(path, SCHEMA, compression="none", use_dictionary=False)
    try:
        yield TakenRows(writer, path)
    finally:
        writer.close()
        path.unlink(missing_ok=True)


def save_snapshot(connection: Any, query: str, target: Path) -> int:
    """Write rows of who and what under a name of their own, whole or not at all."""
    target.parent.mkdir(mode=0o700, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    temporary.touch(mode=PRIVATE)
    (number,) = one_row(connection, f"COPY ({query}) TO {literal(temporary)} (FORMAT parquet, COMPRESSION lz4_raw)")
    temporary.chmod(PRIVATE)
    temporary.replace(target)
    return int(number)
