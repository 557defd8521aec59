from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.engine import connect
from attribution.errors import AttributionError
from attribution.ingest import delimited
from attribution.ingest.encodings import Utf8
from attribution.ingest.refusals import Refusals
from attribution.ingest.rows import read_rows
from attribution.ingest.text import look
from tests.ingest.stored import read_in, stored

HEADER = "unified_id,timestamp,channel,campaign\n"
PIECES = st.sampled_from(
    ['"', '""', ",", ",,", "\n", "\r\n", "\r", " ", "\t", ";", "\0", "é", "\u2028", "\ufeff", "a", "u1", "2026-01-05",
     "2026-01-05T10:00:00Z", "u2,2026-01-05,Search,x\n", "u3,2026-01-06,Mail,\n", '"u4","2026-01-06","a,b","c\nd"\n', "#", "0"]
)  # fmt: skip
STRUCTURED = st.lists(PIECES, max_size=40).map("".join)


def ends_well(content: bytes, name: str = "touches.csv", **options: Any) -> None:
    """`read_in` checks that every row is accounted for; any other exception than ours fails the test."""
    with TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        try:
            read_in(Path(folder), {"touchpoints": [Path(folder) / name]}, **options)
        except AttributionError:
            return


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_end_well(content: bytes) -> None:
    ends_well(content)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_below_a_header_end_well(content: bytes) -> None:
    ends_well(HEADER.encode() + content)


@settings(max_examples=50, deadline=None)
@given(STRUCTURED, st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
def test_structured_text_ends_well(body: str, encoding: str) -> None:
    ends_well((HEADER + body).encode(encoding))


@settings(max_examples=40, deadline=None)
@given(
    st.text(alphabet='{}[]",:\n\\u0eE1truenull id\ud800', max_size=80),
    st.sampled_from(["", "[", '{"unified_id": "u1"}\n']),
)
def test_json_ends_well(body: str, begin: str) -> None:
    ends_well((begin + body).encode("utf-8", "surrogatepass"), "touches.json")


@settings(max_examples=400, deadline=None)
@given(STRUCTURED, st.integers(1, 5))
def test_every_line_is_in_one_row(body: str, width: int) -> None:
    lines = body.splitlines(keepends=True)
    covered: set[int] = set()
    for row in read_rows(lines, ",", width, first=1):
        taken = set(range(row.line, row.line + row.span))
        assert not taken & covered
        covered |= taken
        assert row.raw == "".join(lines[row.line - 1 : row.line - 1 + row.span])
        assert row.cells is None or len(row.cells) == width
    assert {n for n, line in enumerate(lines, 1) if line.strip("\r\n")} <= covered <= set(range(1, len(lines) + 1))


CELL = st.text(alphabet='abcÄ é,"\n.-0', max_size=6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=30), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_fast_and_careful_reader_agree(cells: list[tuple[str, str, str]], end: str, quoted: bool) -> None:
    def written(cell: str) -> str:
        if quoted:
            return '"' + cell.replace('"', '""') + '"'
        return "".join(c for c in cell if c not in '",\n')

    content = end.join(["a_name,b_name,c_name", *(",".join(map(written, row)) for row in cells)]) + end
    with TemporaryDirectory() as folder:
        file = Path(folder) / "file.csv"
        file.write_bytes(content.encode())
        shape = look(Utf8(file, "utf-8"), "file.csv", None, None)
        if not delimited.fast_enough(shape):
            return
        rows = delimited.fast(shape, Path(folder) / "fast.parquet")
        if rows is None:
            return
        refused = Refusals(Path(folder) / "refused.jsonl", "file.csv")
        repaired: dict[str, int] = {}
        careful = list(delimited._careful(shape, "file.csv", refused, repaired))
        assert not refused
        assert not repaired
        with connect(Path(folder)) as connection:
            found = connection.execute(
                f"SELECT * FROM read_parquet('{folder}/fast.parquet', file_row_number = true)"
            ).fetchall()
        assert [list(row[:-1]) for row in found] == [cells for cells, _ in careful]
        assert [row[-1] + shape.first_line for row in found] == [line for _, line in careful]


def big(rows: int, seed: int = 3) -> list[str]:
    draw = random.Random(seed)
    return [
        f"p{draw.randrange(200)},2026-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d} 10:00:00,c{draw.randrange(5)},x{i % 7}"
        for i in range(rows)
    ]


@pytest.mark.parametrize("spoil", [lambda line: line, lambda line: ",".join(f'"{c}"' for c in line.split(","))])
def test_fast_and_careful_reader_store_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Any) -> None:
    (tmp_path / "touches.csv").write_text(HEADER + "\n".join(map(spoil, big(3000))) + "\n")
    fast, told = read_in(tmp_path / "fast", {"touchpoints": [tmp_path / "touches.csv"]})
    called = []
    monkeypatch.setattr("attribution.ingest.delimited.fast", lambda shape, target: called.append(shape))
    careful, also = read_in(tmp_path / "careful", {"touchpoints": [tmp_path / "touches.csv"]})
    assert len(called) == 1
    assert told.files[0].rows == also.files[0].rows
    assert stored(fast, "touchpoints", "*") == stored(careful, "touchpoints", "*")


@settings(max_examples=4, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 5))
def test_order_of_rows_and_pieces_changes_nothing(draw: random.Random, pieces: int) -> None:
    # The value column makes a row of the same conversion_id differ; some rows are equal in everything.
    header = "unified_id,timestamp,value,order_id\n"
    lines = [f"p{i % 4},2026-01-{1 + i % 9:02d},{i % 5},{f'o{i % 11}' if i % 3 else ''}" for i in range(60)]
    lines += [*lines[:7], "p1,never,3,o1", ",2026-01-01,1,o2"]
    results = []
    for shuffled in (False, True):
        if shuffled:
            draw.shuffle(lines)
        with TemporaryDirectory() as folder:
            step = -(-len(lines) // (pieces if shuffled else 1))
            files = []
            for n, start in enumerate(range(0, len(lines), step)):
                files.append(Path(folder) / f"{n}.csv")
                files[-1].write_text(header + "\n".join(lines[start : start + step]) + "\n")
            draw.shuffle(files)
            cut = draw.randrange(len(files) + 1) if shuffled else 0
            for part in (files[:cut], files[cut:]):
                if part:
                    workspace, _ = read_in(Path(folder), {"conversions": part})
            manifest = workspace.manifest()
            counts = [i["rows"] for i in manifest["inputs"]]
            totals = {n: sum(c[n] for c in counts) for n in ("read", "kept", "duplicates", "quarantined")}
            results.append((stored(workspace, "conversions", "*"), totals))
    assert results[0] == results[1]
