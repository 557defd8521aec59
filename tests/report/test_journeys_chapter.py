"""The chapter of journeys: its numbers are the engine's tables, every flow is conserved, few and many channels fit."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.journeys.flow import flow
from attribution.journeys.journeys import Journeys
from attribution.journeys.reports import lag, length, positions
from attribution.journeys.top_paths import top_paths
from attribution.report.chapters.journeys.chapter import journeys
from attribution.report.chapters.journeys.flow import CONVERSION, OTHERS, STEPS, flows, joined
from attribution.report.chapters.journeys.funnel import PARTS, parts
from attribution.report.document import Chapter, Chart, Drawing, Figures, Report, Text
from attribution.report.page import page
from attribution.report.sources import Sources
from attribution.report.words import Words
from attribution.workspace import Workspace
from tests.report.timed_workspace import path_journeys, timed_workspace
from tests.report.workspaces import HOSTILE, fitted, path_workspace

PATHS = st.lists(
    st.tuples(st.lists(st.sampled_from("ABCD"), max_size=7), st.integers(0, 3), st.integers(0, 3)),
    min_size=1,
    max_size=15,
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return timed_workspace(tmp_path_factory.mktemp("shop"))


def sources_of(workspace: Workspace) -> Sources:
    return Sources(workspace, Words())


def bare(held: Journeys | None) -> SimpleNamespace:
    """Sources that hold journeys only."""
    return SimpleNamespace(journeys=held, words=Words(), channels=[], colours={})


def frame_of(chapter: Chapter, key: str) -> pd.DataFrame:
    tables = [b.table if isinstance(b, Chart | Drawing) else b for b in chapter.blocks]
    (found,) = [t for t in tables if getattr(t, "id", None) == key]
    return pd.DataFrame(found.records())


def test_its_numbers_are_the_engines_tables(shop: Workspace) -> None:
    """Value by value: positions, length, time, top paths."""
    sources = sources_of(shop)
    held, chapter = sources.journeys, journeys(sources)
    assert held is not None
    assert chapter is not None
    stands = positions(held).set_index("channel")
    shown = frame_of(chapter, "funnel").set_index("channel")
    for name in ("inside", "between", "alone", "touches_per_conversion", "lag_days", "conversion_rate"):
        np.testing.assert_allclose(shown[name].astype(float), stands.loc[shown.index, name])
    steps = length(held).set_index("touches")
    found = frame_of(chapter, "path-length").set_index("touches")
    np.testing.assert_allclose(found["share"], steps.loc[found.index, "share"])
    assert found["conversions"].sum() == steps["conversions"].sum()
    times = lag(held).set_index("lag")
    spans = frame_of(chapter, "time-to-conversion").set_index(["since", "lag"])
    for end, title in (("from_first", "From the first touch"), ("from_last", "From the last touch")):
        np.testing.assert_allclose(spans.loc[title, "conversions"], times[end])
        np.testing.assert_allclose(spans.loc[title, "share"], times[f"{end}_share"])
    best = top_paths(held)
    assert list(frame_of(chapter, "top-paths")["path"]) == list(best["path"])
    np.testing.assert_allclose(frame_of(chapter, "top-paths")["value"], best["value"])
    (figures,) = [b for b in chapter.blocks if isinstance(b, Figures)]
    by = {f.label: f.value for f in figures.items}
    assert by["After a single touch"] == pytest.approx(stands["alone"].sum() / stands["opens"].sum())
    assert by["Without any touch"] == pytest.approx(steps.loc["0", "share"])


@given(PATHS)
def test_every_conversion_is_in_one_part_of_a_channel(rows: list[tuple[list[str], int, int]]) -> None:
    """Opens, closes, both, in between or alone: as plain Python counts them, and they add up."""
    wanted: dict[str, Counter[str]] = {}
    for path, conversions, _ in rows:
        for channel in set(path):
            first, last = path[0] == channel, path[-1] == channel
            part = (
                "alone"
                if len(path) == 1
                else "both"
                if first and last
                else "opens_only"
                if first
                else "closes_only"
                if last
                else "between"
            )
            wanted.setdefault(channel, Counter())[part] += conversions
    for row in parts(positions(path_journeys(rows))).to_dict("records"):
        mine = wanted[row["channel"]]
        assert {p: row[p] for p in PARTS} == {p: mine[p] for p in PARTS}
        assert row["inside"] == sum(mine.values())


@given(PATHS, st.integers(1, 5))
def test_flow_is_that_of_plain_python(rows: list[tuple[list[str], int, int]], steps: int) -> None:
    """Every step of every journey, and what comes into a touch leaves it."""
    held = path_journeys(rows)
    names = [*held.channels, CONVERSION]
    wanted: Counter[tuple[int, str, str]] = Counter()
    for path, conversions, _ in rows:
        for i, (a, b) in enumerate(pairwise([*path, CONVERSION])):
            if i < steps and conversions:
                wanted[i, a, b] += conversions
    moves = flow(held, steps)
    found = {(int(s), names[a], names[b]): moves[s, a, b] for s, a, b in zip(*np.nonzero(moves), strict=True)}
    assert found == dict(wanted)
    np.testing.assert_array_equal(moves[:-1, :, :-1].sum(axis=1), moves[1:].sum(axis=2))


@given(PATHS, st.integers(1, 3))
def test_joining_channels_conserves_every_flow(rows: list[tuple[list[str], int, int]], most: int) -> None:
    """In equals out at each channel and touch, and all conversions with a touch arrive."""
    held = path_journeys(rows)
    small = joined(flow(held, STEPS), held.channels, most)
    assert len(small.names) <= most + 1
    np.testing.assert_allclose(small.moves[:-1, :, :-1].sum(axis=1), small.moves[1:].sum(axis=2))
    touched = sum(c for p, c, _ in rows if p)
    assert small.total == touched
    assert small.moves[:, :, -1].sum() + small.later.sum() == touched
    if touched:
        assert flows(small).query("touch == 1")["share"].sum() == pytest.approx(1)


def test_the_drawings_flows_are_its_table(shop: Workspace) -> None:
    """Every row of the table names channels of the drawing; conversions of one touch go straight on."""
    sources = sources_of(shop)
    chapter = journeys(sources)
    assert chapter is not None
    assert sources.journeys is not None
    table = frame_of(chapter, "flow")
    (drawing,) = [b for b in chapter.blocks if isinstance(b, Drawing)]
    stands = positions(sources.journeys)
    first = table[table["touch"] == 1]
    assert first["conversions"].sum() == stands["opens"].sum()
    assert first.loc[first["next"] == CONVERSION, "conversions"].sum() == stands["alone"].sum()
    for name in set(table["channel"]):
        assert name in drawing.svg


@pytest.mark.parametrize("number", [1, 2, 150])
def test_few_and_many_channels(tmp_path: Path, number: int) -> None:
    """The pictures hold what fits, the tables all; path data have no times."""
    workspace = path_workspace(tmp_path, [f"channel {i:03d}" for i in range(number)], journeys=600)
    chapter = journeys(sources_of(workspace))
    assert chapter is not None
    assert len(frame_of(chapter, "funnel")) == number
    assert (OTHERS in set(frame_of(chapter, "flow")["channel"])) == (number == 150)
    charts = {b.table.id for b in chapter.blocks if isinstance(b, Chart)}
    assert charts == {"funnel", "path-length"}
    assert any(isinstance(b, Text) and "without times" in b.words for b in chapter.blocks)
    assert page(Report("t", "s", chapter, ()), Words())


def test_names_are_text(tmp_path: Path) -> None:
    """Markup in names reaches neither the drawing nor the page as markup."""
    chapter = journeys(sources_of(path_workspace(tmp_path, HOSTILE)))
    assert chapter is not None
    text = page(Report("t", "s", chapter, ()), Words())
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    loaded = json.loads(text.partition('id="report-data">')[2].partition("</script>")[0])
    assert HOSTILE[0] in {row[0] for row in loaded["tables"]["funnel"]["rows"]}


def test_without_conversions_it_says_so(tmp_path: Path) -> None:
    """Journeys that never convert, conversions that nobody touched, and no journeys at all."""
    frame = pd.DataFrame({"path": ["a\x1fb", "b"], "conversions": [0, 0], "nulls": [5, 7], "value": [0.0, 0.0]})
    chapter = journeys(sources_of(fitted(tmp_path, frame)))
    assert chapter is not None
    assert chapter.lead.startswith("No journey ended in a conversion")
    assert chapter.blocks == ()
    untouched = journeys(bare(path_journeys([([], 3, 0)])))
    assert untouched is not None
    assert "No conversion has a touch before it" in untouched.lead
    assert journeys(bare(None)) is None


def test_columns_that_say_nothing_are_left_out() -> None:
    """No value, no journeys without a conversion, no longer paths than there are."""
    chapter = journeys(bare(path_journeys([(["a", "b"], 3, 0), (["a"], 1, 0)])))
    assert chapter is not None
    assert list(frame_of(chapter, "top-paths").columns) == ["path", "conversions", "share"]
    found = frame_of(chapter, "path-length")
    assert list(found.columns) == ["touches", "conversions", "share"]
    assert list(found["touches"]) == ["1", "2"]


@given(PATHS, st.integers(1, 6))
def test_top_paths_are_those_of_plain_python(rows: list[tuple[list[str], int, int]], most: int) -> None:
    """Most conversions first, equal ones by name; a path without touches has a name too."""
    held = path_journeys(rows)
    wanted: Counter[tuple[str, ...]] = Counter()
    for path, conversions, _ in rows:
        if conversions:
            wanted[tuple(path)] += conversions
    best = sorted(wanted.items(), key=lambda item: (-item[1], item[0]))[:most]
    found = top_paths(held, most)
    assert list(found["path"]) == [" > ".join(p) or "(no touch)" for p, _ in best]
    assert list(found["conversions"]) == [c for _, c in best]
    if best:
        np.testing.assert_allclose(found["share"], [c / sum(wanted.values()) for _, c in best])


def test_long_paths_are_told_apart_by_their_last_touches() -> None:
    """Twenty of them; what came before is not looked at."""
    tail = ["b", "a"] * 10
    held = path_journeys([(["a", *tail], 1, 0), (["b", "b", *tail], 2, 0), (tail, 4, 0), (tail[1:], 3, 0)])
    found = top_paths(held)
    assert list(found["conversions"]) == [7, 3]
    assert found["path"][0] == " > ".join(tail)


@given(PATHS, st.integers(2, 5))
def test_the_same_whatever_the_parts(rows: list[tuple[list[str], int, int]], parts: int) -> None:
    """Paths in several blocks are added up."""
    whole, many = path_journeys(rows), path_journeys(rows, parts)
    pd.testing.assert_frame_equal(top_paths(many), top_paths(whole))
    np.testing.assert_array_equal(flow(many, 3), flow(whole, 3))
