"""The benchmark's rows: the same whatever the chunks, in canonical form, with as many pairs as are stated."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pyarrow as pa
import pytest

from attribution.identity.id_types import id_type
from attribution.identity.normalize import canonical
from benchmarks.identity_data import canonical as canonical_columns
from benchmarks.identity_data import described, drawn, typed, write_links

ROWS = 4000


def frame(form, *edges: int) -> pd.DataFrame:
    parts = [pa.table(form(drawn(lo, hi, ROWS))) for lo, hi in pairwise(edges)]
    return pa.concat_tables(parts).to_pandas()


@pytest.mark.parametrize("form", [canonical_columns, typed])
def test_chunks_change_nothing(form):
    pd.testing.assert_frame_equal(frame(form, 0, ROWS), frame(form, 0, 1, 999, 3001, ROWS))


def test_ids_are_canonical_and_typed_ids_are_not():
    for column, values in frame(canonical_columns, 0, ROWS).items():
        kind = id_type(column)
        assert all(canonical(kind, text) == text for text in values.dropna().unique()[:300]), column
    raw = frame(typed, 0, ROWS)
    same = frame(canonical_columns, 0, ROWS)
    for column in ("id:email", "id:phone"):
        texts = raw[column].dropna()
        assert texts.size > 100
        forms = pd.Series([canonical(column, text) for text in texts], texts.index)
        assert (forms != texts).all()
        assert forms.nunique() == texts.nunique()
    upper = raw["id:maid"].dropna()
    assert (upper.map(lambda text: canonical("maid", text)) == same["id:maid"][upper.index]).mean() > 0.9


def test_rows_pairs_and_clusters_are_as_stated(tmp_path):
    write_links(tmp_path, 20_000)
    found = described(tmp_path)
    assert found["rows"] == 20_000
    assert found["edges"] / found["rows"] == pytest.approx(1.57, abs=0.05)
    assert found["components"] / found["rows"] == pytest.approx(0.178, abs=0.02)
    assert len(pd.read_parquet(tmp_path / "new-00.parquet")) == 200
