"""Path texts into channel codes: Arrow splits and encodes, Python sees the distinct channels only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from attribution.engine import threads
from attribution.tables import PATH_SEPARATOR

# Paths that are split at once: they stay in the processor's cache.
CHUNK = 32_768
# Blanks that exports put around names, beyond ASCII's.
BLANKS = " \t\r\n\u00a0\u200b\ufeff\u3000"


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Paths as codes: path j is ``codes[offsets[j]:offsets[j + 1]]``; names sorted, the code is the place."""

    names: tuple[str, ...]
    offsets: NDArray[np.int64]
    codes: NDArray[np.int32]


def tokenize(paths: pa.Array) -> Tokens:
    """Split texts at `PATH_SEPARATOR`; blanks around a channel and empty channels are left out.

    Parameters
    ----------
    paths : pyarrow string array, without nulls
    """
    pieces = [paths.slice(start, CHUNK) for start in range(0, len(paths), CHUNK)]
    with ThreadPoolExecutor(threads()) as pool:
        found = list(pool.map(_encode, pieces))
    names = sorted({name for _, clean, _ in found for name in clean} - {""})
    place = {name: i for i, name in enumerate(names)}
    codes, counts = [np.zeros(0, np.int32)], [np.zeros(1, np.int64)]
    for lengths, clean, indices in found:
        recode = np.array([place.get(name, -1) for name in clean], np.int32)
        mine = recode[indices]
        if "" in clean:
            kept = mine >= 0
            ends = np.concatenate([[0], np.cumsum(kept)])[np.concatenate([[0], np.cumsum(lengths)])]
            lengths, mine = np.diff(ends), mine[kept]  # noqa: PLW2901
        codes.append(mine)
        counts.append(lengths)
    return Tokens(tuple(names), np.cumsum(np.concatenate(counts)), np.concatenate(codes))


def _encode(paths: pa.Array) -> tuple[NDArray[np.int64], list[str], NDArray[np.int32]]:
    """Channels per path, distinct channels without blanks, and which of them stands where."""
    lists = pc.split_pattern(paths, PATH_SEPARATOR)
    encoded = lists.flatten().dictionary_encode()
    clean = [name.strip(BLANKS) for name in encoded.dictionary.to_pylist()]
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)
    return lengths, clean, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
