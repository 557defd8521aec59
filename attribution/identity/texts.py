"""The canonical text of ids, found again by key in the tables that name them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.engine import identifier
from attribution.identity.keys import among, keys_of
from attribution.identity.sources import Prepared

BATCH = 245_760


def texts_of(connection: Any, found: Sequence[Prepared], keys: NDArray[np.uint64], types: set[str]) -> dict[int, str]:
    """Find canonical texts of some ids.

    Parameters
    ----------
    connection : DuckDB connection
    found : sequence of Prepared
    keys : uint64[]
        Ascending.
    types : set of str
        Types that they have: only columns of these are read.

    Returns
    -------
    dict of int to str
        Key to text, of the keys that the tables hold.
    """
    texts: dict[int, str] = {}
    for source, made in ((p.source, p.made) for p in found):
        columns = [c for c, of in source.ids.items() if of.name in types]
        if not columns or keys.size == 0:
            continue
        # Grouping rows again would cost more than reading some of them twice.
        listed = ", ".join(f"{made.columns[c]} AS {identifier(f'{n}')}" for n, c in enumerate(columns))
        for batch in connection.sql(f"SELECT {listed} FROM {made.relation}").to_arrow_reader(BATCH):
            for n, column in enumerate(columns):
                values = batch.column(n)
                mine = keys_of(source.ids[column].name, values)
                hits = np.flatnonzero(among(mine, keys))
                texts.update(zip(mine[hits].tolist(), values.take(hits).to_pylist(), strict=True))
    return texts
