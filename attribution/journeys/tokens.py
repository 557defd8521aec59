"""Path texts into channel codes: Arrow splits and encodes, Python sees the distinct channels only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from attribution.tables import PATH_SEPARATOR

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
    lists = pc.split_pattern(paths, PATH_SEPARATOR)
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    encoded = lists.flatten().dictionary_encode()
    clean = [name.strip(BLANKS) for name in encoded.dictionary.to_pylist()]
    names = sorted(set(clean) - {""})
    place = {name: i for i, name in enumerate(names)}
    recode = np.array([place.get(name, -1) for name in clean], np.int32)
    indices = encoded.indices.to_numpy()
    codes = recode[indices] if indices.size else np.zeros(0, np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    if "" in clean:
        kept = codes >= 0
        offsets = np.concatenate([[0], np.cumsum(kept)])[offsets]
        codes = codes[kept]
    return Tokens(tuple(names), offsets, codes)
