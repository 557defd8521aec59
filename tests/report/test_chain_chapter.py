"""The chapter of the Markov chain: its numbers are the fits', its map adds up, and it is there only with a chain."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from attribution.report.chapters.chain.chapter import DRAWN, SHOWN, chain, markov_fits
from attribution.report.chapters.chain.map import CONVERSION, NULL, OTHERS, START, joined, steps_frame
from attribution.report.document import Chapter, Chart, Drawing, Report, Text
from attribution.report.page import page
from attribution.report.sources import Sources
from attribution.report.words import Words
from attribution.steps.fit import fit_step
from attribution.workspace import Workspace
from attribution_models.paths.kgrams import count_chain
from attribution_models.paths.markov import Markov
from attribution_models.paths.rules import Last
from tests.report.timed_workspace import path_journeys, timed_workspace
from tests.report.workspaces import HOSTILE, fitted, path_workspace


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return timed_workspace(tmp_path_factory.mktemp("shop"))


def sources_of(workspace: Workspace) -> Sources:
    return Sources(workspace, Words())


def made(workspace: Workspace) -> Chapter:
    chapter = chain(sources_of(workspace))
    assert chapter is not None
    return chapter


def frame_of(chapter: Chapter, key: str) -> pd.DataFrame:
    (found,) = [b.table for b in chapter.blocks if isinstance(b, Chart | Drawing) and b.table.id == key]
    return pd.DataFrame(found.records())


def chart_of(chapter: Chapter, key: str) -> Chart:
    (found,) = [b for b in chapter.blocks if isinstance(b, Chart) and b.table.id == key]
    return found


def test_removal_effects_are_the_credits_table(shop: Workspace) -> None:
    """Every chain that was fitted, with intervals where there are some."""
    sources = sources_of(shop)
    assert sources.credits is not None
    shown = frame_of(made(shop), "removal")
    wanted = sources.credits[sources.credits["removal_effect"].notna() & (sources.credits["model"] == "markov")]
    assert set(shown["fit"]) == set(wanted["fit"]) == set(markov_fits(sources))
    both = shown.merge(wanted, on=["fit", "channel"], suffixes=("", "_engine"), validate="1:1")
    assert len(both) == len(shown) == len(wanted)
    for name in ("removal_effect", "removal_effect_lower", "removal_effect_upper", "value_removal_effect"):
        np.testing.assert_allclose(both[name].astype(float), both[f"{name}_engine"])


def test_the_map_is_the_stored_chain(tmp_path: Path) -> None:
    """Steps and chances are the transitions that the fit keeps, and what leaves a place adds up to 1."""
    workspace = path_workspace(tmp_path, ["a", "b", "c"])
    folder = workspace.path / workspace.manifest()["fits"]["markov-1"]["path"]
    stored = pd.read_parquet(folder / "transitions.parquet").set_index(["source", "target"])["weight"]
    for key in ("chain", "transitions"):
        steps = frame_of(made(workspace), key).replace({NULL: "(null)"})
        found = steps.set_index(["source", "target"])["journeys"]
        assert set(found.index) == set(stored.index)
        np.testing.assert_allclose(found, stored[found.index])
        np.testing.assert_allclose(steps.groupby("source")["probability"].sum(), 1)
    assert START in set(steps["source"])
    assert CONVERSION in set(steps["target"])


@pytest.mark.parametrize("most", [2, 5, 12, 40])
def test_joining_channels_conserves_every_step(most: int) -> None:
    """All starts, conversions and ends are there, and each channel is left as often as it is reached."""
    draw = np.random.default_rng(3)
    names = [f"c{i:02d}" for i in range(30)]
    held = path_journeys([
        (draw.choice(names, draw.integers(1, 6)).tolist(), int(draw.integers(0, 3)), int(draw.integers(0, 5)))
        for _ in range(400)
    ])  # fmt: skip
    counted = count_chain(held, 1)
    graph = joined(counted, held.channels, most).graph
    assert len(graph.names) == min(most, 30)
    for mine, whole in (
        (graph.start, counted.start),
        (graph.conversions, counted.conversions),
        (graph.nulls, counted.nulls),
    ):
        assert mine.sum() == whole.sum()
    assert graph.moves.sum() == counted.weight.sum()
    np.testing.assert_allclose(graph.visits, graph.moves.sum(axis=1) + graph.conversions + graph.nulls)
    assert joined(counted, held.channels, most).others == (30 - most + 1 if most < 30 else 0)
    np.testing.assert_allclose(steps_frame(graph).groupby("source")["probability"].sum(), 1)


@pytest.mark.parametrize("number", [1, 2, 150])
def test_few_and_many_channels(tmp_path: Path, number: int) -> None:
    """The map joins what does not fit; removal effects are of all."""
    chapter = made(path_workspace(tmp_path, [f"channel {i:03d}" for i in range(number)], journeys=600))
    assert len(frame_of(chapter, "removal")) == number
    for key, places in (("chain", DRAWN), ("transitions", SHOWN)):
        held = set(frame_of(chapter, key)["source"]) - {START}
        assert len(held) == min(number, places)
        assert (OTHERS in held) == (number > places)
    assert page(Report("t", "s", chapter, ()), Words())


def test_names_are_text(tmp_path: Path) -> None:
    """In the drawing, in tooltips and in the page."""
    chapter = made(path_workspace(tmp_path, HOSTILE))
    (drawing,) = [b for b in chapter.blocks if isinstance(b, Drawing)]
    titles = [e.text for e in ET.fromstring(drawing.svg).iter("title")]
    assert set(HOSTILE) <= set(titles)
    text = page(Report("t", "s", chapter, ()), Words())
    assert "<script>alert" not in text


def test_without_a_chain_there_is_no_chapter(tmp_path: Path) -> None:
    """Rules alone have no removal effects; nothing fitted has none either."""
    workspace = path_workspace(tmp_path, ["a", "b"])
    with workspace.write() as manifest:
        manifest["fits"] = {}
    assert chain(sources_of(workspace)) is None
    fit_step(workspace, (Last(),))
    assert chain(sources_of(workspace)) is None


def test_nothing_converts(tmp_path: Path) -> None:
    """No removal effect is above 0, and the chapter says so."""
    frame = pd.DataFrame({"path": ["a\x1fb", "b"], "conversions": [0, 0], "nulls": [5, 7], "value": [0.0, 0.0]})
    chapter = made(fitted(tmp_path, frame))
    assert chapter.lead.startswith("No walk through the chain converts")
    assert page(Report("t", "s", chapter, ()), Words())


def test_a_chain_without_nulls_has_no_end_but_the_conversion(tmp_path: Path) -> None:
    """Neither in the drawing nor in the heat map."""
    workspace = path_workspace(tmp_path, ["a", "b"])
    with workspace.write() as manifest:
        manifest["fits"] = {}
    fit_step(workspace, (Markov(nulls=False),))
    chapter = made(workspace)
    assert NULL not in set(frame_of(chapter, "chain")["target"])
    (drawing,) = [b for b in chapter.blocks if isinstance(b, Drawing)]
    assert "no conversion" not in [e.text for e in ET.fromstring(drawing.svg).iter("text")]
    assert NULL not in chart_of(chapter, "transitions").spec["encoding"]["x"]["scale"]["domain"]


def test_a_longer_memory_is_named_and_several_chains_can_be_chosen(tmp_path: Path) -> None:
    """The map is of one touch; the switch holds every chain, the leading one first."""
    workspace = path_workspace(tmp_path, ["a", "b", "c"])
    fit_step(workspace, (Markov(order=2),))
    sources = Sources(workspace, Words(), asked="markov-2")
    chapter = chain(sources)
    assert chapter is not None
    switch = next(s for s in chart_of(chapter, "removal").switches if s.param == "fit")
    assert [value for value, _ in switch.options] == ["markov-2", "markov-1"]
    assert any(isinstance(b, Text) and "remembers 2 touches" in b.words for b in chapter.blocks)
