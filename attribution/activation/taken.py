"""Whom a platform's files hold, as keyed digests: what is compared with the next list, and says nothing of anybody.

A person's *key* is HMAC-SHA-256 (RFC 2104) of the customer's id with a key that lies in the workspace. Its first half
says who the person is; its second half is kept by nobody, and is the key of what a platform took of them (`digests`):

    who = key[:128 bits],  digest = rules + sum of SHA-256(key[128 bits:] ‖ group ‖ values), each cut to 64 bits

A *snapshot* has who and digest of each person: who was there, and whether their identifiers are still the same.
Without the workspace's key no address can be tested against it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from attribution.engine import literal, one_row
from attribution.identity.tombstones import tombstone, tombstone_sql
from attribution.workspace import PRIVATE

WHO, CUT = 32, 16  # hexadecimal digits
NAMES = ("who", "digest")  # columns of a snapshot
BATCH = 131_072


def person_key(key: bytes, customer_id: str) -> str:
    """The key of a customer: 64 hexadecimal digits, of which the first 32 say who it is."""
    return tombstone(key, "listed", customer_id)


def person_key_sql(key: bytes, customer_id: str) -> str:
    """The same as SQL."""
    return tombstone_sql(key, "listed", customer_id)


def who_sql(key: str) -> str:
    """SQL of who a person is, as UUID; NULL where the text is no person's key."""
    return f"TRY_CAST(left({key}, {WHO}) AS UUID)"


def digest_sql(key: str, group: str, values: str) -> str:
    """SQL of the digest of a person's values of a group of identifiers, as UBIGINT; NULL where there are none."""
    text = f"right({key}, {WHO}) || {literal(group + '|')} || {values}"
    return f"CAST('0x' || left(sha256({text}), {CUT}) AS UBIGINT)"


class TakenRows:
    """Whom a platform's files hold, noted while these are written.

    Parameters
    ----------
    digests : Path
        Of all people (`attribution.activation.digests`).
    people : int
    groups : tuple of str
        Groups of identifiers that the platform takes.
    rules : int
        Digest of its rules.
    """

    def __init__(self, digests: Path, people: int, groups: tuple[str, ...], rules: int) -> None:
        self.digests, self.groups, self.rules = digests, groups, rules
        self.held: NDArray[np.bool_] = np.zeros(people, np.bool_)

    def add(self, batch: pa.RecordBatch) -> None:
        """Note a batch of rows: columns person and line, which is NULL for people of whom nothing is left."""
        self.held[batch.column("person").filter(batch.column("line").is_valid()).to_numpy()] = True

    def save(self, target: Path) -> int:
        """Write the snapshot, readable by its owner only; give the number of people."""
        with _whole(target) as temporary, pq.ParquetFile(self.digests) as digests:
            who = digests.schema_arrow.field("who")
            schema = pa.schema([who, pa.field(NAMES[1], pa.uint64())])
            with pq.ParquetWriter(temporary, schema, compression="none", use_dictionary=False) as writer:
                for batch in digests.iter_batches(BATCH, columns=["person", "who", *self.groups]):
                    writer.write_batch(self._snapshot(batch, schema))
        return int(pq.read_metadata(target).num_rows)

    def _snapshot(self, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
        """Rows of the snapshot; numpy's sums of 64 bits are those modulo 2^64."""
        digest = np.full(len(batch), self.rules, np.uint64)
        for group in self.groups:
            digest += batch.column(group).fill_null(0).to_numpy()
        rows = pa.RecordBatch.from_arrays([batch.column("who"), pa.array(digest)], schema=schema)
        return rows.filter(pa.array(self.held[batch.column("person").to_numpy()]))


def save_snapshot(connection: Any, query: str, target: Path) -> int:
    """Write rows of a snapshot under a name of their own, whole or not at all."""
    with _whole(target) as temporary:
        (number,) = one_row(connection, f"COPY ({query}) TO {literal(temporary)} (FORMAT parquet, COMPRESSION lz4_raw)")
    return int(number)


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A name to write under; what is there at the end takes the target's place."""
    target.parent.mkdir(mode=0o700, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    temporary.touch(mode=PRIVATE)
    yield temporary
    temporary.chmod(PRIVATE)
    temporary.replace(target)
