"""Link rows of a generated graph, seeded, written once to build/bench as Parquet.

A set is a folder: ``links-*.parquet`` (the rows), ``new-00.parquet`` (one per cent more, seen later) and
``raw-*.parquet`` on demand (the same rows with e-mails, phones and advertising ids as people and systems type them).
Columns are those of a wide identities file: ``id:<type>``, null where a row does not name one, and ``seen_at``.

The graph: people have one CRM id, one or two e-mails, a phone, one or two advertising ids, some a loyalty card, and
browsers whose cookies change over the year. A row is a visit, a record or a receipt that names two or three ids. Some
people share an advertising id with a neighbour, some visits happen at kiosks, some phones tell zeros, some tags send
the digest of nothing. At 10 M rows that is about 16 M distinct pairs and 1.8 M clusters, as in the published figure of
sql-identity-resolution (10,000,000 rows, 16,124,751 edges, 1,839,324 clusters).

Every value is a function of seed and row number by SplitMix64, so the set does not depend on a library's version, on
memory or on the size of a chunk.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.data import _once
from benchmarks.measure import OUT

CHUNK = 1_000_000
ROWS_PER_FILE = 5_000_000
PEOPLE = 0.155  # per row
SEED = 20_261_125
DAYS = 365
START = 1_735_689_600_000_000  # 2025-01-01, microseconds since 1970
EPOCHS = 4  # times a browser's cookie changes in the year
ROWS_PER_KIOSK = 20_000
ZEROS = b"00000000-0000-0000-0000-000000000000"
NOTHING = b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

# Share of rows, and the ids that such a row names.
KINDS: tuple[tuple[float, tuple[str, ...]], ...] = (
    (0.16, ("cookie", "email_sha256")),
    (0.12, ("cookie", "maid")),
    (0.09, ("cookie", "crm_id")),
    (0.31, ("cookie", "email_sha256", "crm_id")),
    (0.14, ("cookie", "maid", "email_sha256")),
    (0.09, ("cookie", "crm_id", "phone_sha256")),
    (0.05, ("crm_id", "email_sha256", "loyalty")),
    (0.04, ("email_sha256", "phone_sha256")),
)
TYPES = ("cookie", "maid", "crm_id", "email_sha256", "phone_sha256", "loyalty")

_Words = NDArray[np.uint64]
_Flags = NDArray[np.bool_]
_HEX = np.frombuffer("".join(f"{i:02x}" for i in range(256)).encode(), np.uint8).reshape(256, 2)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Numbers of some rows: who, with which ids, when."""

    present: dict[str, _Flags]
    cookie: _Words
    maid: _Words
    person: _Words
    email: _Words
    zeros: _Flags
    nothing: _Flags
    seen_at: NDArray[np.int64]


def links(rows: int) -> Path:
    """Folder of a set of that many rows."""
    return _once(OUT / f"identity-{rows}", lambda folder: write_links(folder, rows))


def write_links(folder: Path, rows: int) -> None:
    """Write the rows and the new ones."""
    for number, start in enumerate(range(0, rows, ROWS_PER_FILE)):
        stop = min(start + ROWS_PER_FILE, rows)
        _write(folder / f"links-{number:02d}.parquet", start, stop, rows, canonical)
    _write(folder / "new-00.parquet", rows, rows + rows // 100, rows, canonical)


def write_raw(folder: Path, rows: int) -> None:
    """Write the same rows with ids as they are typed."""
    for number, start in enumerate(range(0, rows, ROWS_PER_FILE)):
        path = folder / f"raw-{number:02d}.parquet"
        if not path.exists():
            _write(path, start, min(start + ROWS_PER_FILE, rows), rows, typed)


def _write(path: Path, start: int, stop: int, rows: int, form: Callable[[Chunk], dict[str, pa.Array]]) -> None:
    unfinished = path.with_suffix(".unfinished")
    writer = None
    for lo in range(start, stop, CHUNK):
        chunk = drawn(lo, min(lo + CHUNK, stop), rows)
        table = pa.table(form(chunk) | {"seen_at": pa.array(chunk.seen_at, pa.timestamp("us"))})
        writer = writer or pq.ParquetWriter(unfinished, table.schema, compression="lz4", use_dictionary=False)
        writer.write_table(table)
    if writer is not None:
        writer.close()
        unfinished.rename(path)


def drawn(lo: int, hi: int, rows: int) -> Chunk:
    """Draw rows lo to hi of a set of ``rows``; later ones are new links, a third of them of new people."""
    i = np.arange(lo, hi, dtype=np.uint64)
    people = max(1, round(PEOPLE * rows))
    # Every fifth row sees to it that everybody has one; the others have a long tail.
    u = _uniform(i, 1)
    tail = (u * np.sqrt(u) * people).astype(np.uint64)
    person = np.where(i % np.uint64(5) == 0, i // np.uint64(5) % np.uint64(people), tail)
    new = i >= np.uint64(rows)
    person = np.where(new & (_uniform(i, 2) < 0.33), np.uint64(people) + i, person)
    at = START + (i.astype(np.float64) / rows * DAYS * 86_400_000_000).astype(np.int64)
    ends = np.cumsum([share for share, _ in KINDS])
    kind = np.minimum(np.searchsorted(ends, _uniform(i, 3), side="right"), len(KINDS) - 1)
    named = {t: np.array([t in names for _, names in KINDS])[kind] for t in TYPES}
    # A third of browsers keep a cookie for the year; others change it EPOCHS times, at days of their own.
    browser = person * np.uint64(4) + (_uniform(i, 4) * 2.2).astype(np.uint64)
    epoch = ((at - START) / (DAYS * 86_400_000_000 / EPOCHS) + _uniform(browser, 5)).astype(np.uint64)
    epoch = np.where(_uniform(browser, 6) < 0.33, np.uint64(0), epoch)
    kiosk = _uniform(i, 7) < 0.0002
    kiosks = np.uint64(max(1, rows // ROWS_PER_KIOSK))
    cookie = np.where(kiosk, i % kiosks + np.uint64(2**60), browser * np.uint64(EPOCHS + 2) + epoch)
    shared = _uniform(person, 8) < 0.02
    owner = np.where(shared, person - person % np.uint64(2), person)
    maid = owner * np.uint64(2) + (_uniform(i, 9) < 0.2).astype(np.uint64)
    email = person * np.uint64(2) + ((_uniform(person, 10) < 0.25) & (_uniform(i, 11) < 0.3)).astype(np.uint64)
    zeros, nothing = _uniform(maid, 12) < 0.05, _uniform(i, 13) < 0.0005
    return Chunk(named, cookie, maid, person, email, zeros, nothing, at)


def canonical(chunk: Chunk) -> dict[str, pa.Array]:
    """Ids in canonical form."""
    n = chunk.person.size
    maid = _uuid(_digits(chunk.maid, 2, "maid"))
    maid[chunk.zeros] = np.frombuffer(ZEROS, np.uint8)
    email = _digits(chunk.email, 4, "email")
    email[chunk.nothing] = np.frombuffer(NOTHING, np.uint8)
    texts = {
        "cookie": _digits(chunk.cookie, 1, "cookie"),
        "maid": maid,
        "crm_id": _prefixed(b"C", _decimals(chunk.person, 10)),
        "email_sha256": email,
        "phone_sha256": _digits(chunk.person, 4, "phone"),
        "loyalty": _prefixed(b"6", _decimals(chunk.person, 11)),
    }
    assert all(text.shape[0] == n for text in texts.values())
    return {f"id:{t}": _strings(text, chunk.present[t]) for t, text in texts.items()}


def typed(chunk: Chunk) -> dict[str, pa.Array]:
    """Raw e-mails with capitals, phones with a blank and without, upper-case advertising ids; the rest as it is."""
    columns = canonical(chunk)
    address = np.concatenate(
        [_prefixed(b"Person.", _decimals(chunk.email, 10)), _repeated(b"@Example.com", chunk.email.size)], axis=1
    )
    phone = _prefixed(b"+49 171 ", _decimals(chunk.person % np.uint64(10**7), 7))
    maid = _uuid(_digits(chunk.maid, 2, "maid"))
    letters = (maid >= ord("a")) & (maid <= ord("f"))
    maid[letters] -= 32
    raw = {"email": ("email_sha256", address), "phone": ("phone_sha256", phone), "maid": ("maid", maid)}
    for name, (column, text) in raw.items():
        columns.pop(f"id:{column}")
        columns[f"id:{name}"] = _strings(text, chunk.present[column])
    return columns


def _mixed(z: _Words) -> _Words:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _word(code: _Words, purpose: int) -> _Words:
    return _mixed(_mixed(code + np.uint64((SEED + purpose) * 0x9E3779B97F4A7C15 % 2**64)) + np.uint64(purpose))


def _uniform(code: _Words, purpose: int) -> NDArray[np.float64]:
    return (_word(code, purpose) >> np.uint64(11)).astype(np.float64) / 2.0**53


def _digits(code: _Words, words: int, what: str) -> NDArray[np.uint8]:
    """Sixteen hexadecimal digits per word, an array (n, 16 · words) of characters."""
    first = 100 + 10 * sum(what.encode())
    bytes_ = np.stack([_word(code, first + k) for k in range(words)], axis=1).view(np.uint8)
    return _HEX[bytes_].reshape(code.size, 16 * words)


def _uuid(digits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    made = np.full((digits.shape[0], 36), ord("-"), np.uint8)
    made[:, [k for k in range(36) if k not in {8, 13, 18, 23}]] = digits
    return made


def _decimals(code: _Words, digits: int) -> NDArray[np.uint8]:
    powers = np.uint64(10) ** np.arange(digits - 1, -1, -1, dtype=np.uint64)
    return (code[:, None] // powers % np.uint64(10)).astype(np.uint8) + np.uint8(ord("0"))


def _repeated(text: bytes, n: int) -> NDArray[np.uint8]:
    return np.tile(np.frombuffer(text, np.uint8), (n, 1))


def _prefixed(prefix: bytes, text: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([_repeated(prefix, text.shape[0]), text], axis=1)


def _strings(characters: NDArray[np.uint8], present: _Flags) -> pa.Array:
    """Texts of one length as an Arrow column, null where not present."""
    n, width = characters.shape
    offsets = np.zeros(n + 1, np.int32)
    np.cumsum(present * width, out=offsets[1:])
    valid = pa.py_buffer(np.packbits(present, bitorder="little"))
    data = pa.py_buffer(np.ascontiguousarray(characters[present]))
    return pa.Array.from_buffers(pa.string(), n, [valid, pa.py_buffer(offsets), data])


def described(folder: Path) -> dict[str, Any]:
    """Rows, distinct ids, pairs and connected components, by other means than the engine's: pandas and SciPy."""
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    table = pa.concat_tables([pq.read_table(f) for f in sorted(folder.glob("links-*.parquet"))])
    codes, count = {}, 0
    for t in TYPES:
        encoded = table.column(f"id:{t}").combine_chunks().dictionary_encode()
        indices = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
        codes[t] = np.where(indices >= 0, indices + count, -1)
        count += len(encoded.dictionary)
    pairs = []
    for i, a in enumerate(TYPES):
        for b in TYPES[i + 1 :]:
            both = (codes[a] >= 0) & (codes[b] >= 0)
            pairs.append(np.unique(codes[a][both] * count + codes[b][both]))
    pair = np.concatenate(pairs)
    graph = coo_array((np.ones(pair.size, np.int8), (pair // count, pair % count)), shape=(count, count))
    components, label = connected_components(graph, directed=False)
    return {
        "folder": str(folder), "rows": table.num_rows, "ids": count, "edges": pair.size,
        "components": int(components), "largest": int(np.bincount(label).max()),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int)
    parser.add_argument("--raw", action="store_true", help="also write the rows with ids as they are typed")
    parser.add_argument("--describe", action="store_true", help="count ids, pairs and components (SciPy; no guards)")
    given = parser.parse_args()
    folder = links(given.rows)
    if given.raw:
        write_raw(folder, given.rows)
    print(json.dumps(described(folder) if given.describe else {"folder": str(folder)}))


if __name__ == "__main__":
    main()
