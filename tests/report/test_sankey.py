"""Drawings of flows and of chains: what flows in flows out, names stay text, nothing lies on anything else."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.report.charts.chain_graph import Graph, chain_graph, drawn_of, steps_of
from attribution.report.charts.chain_layout import CONVERSION, NULL, START, places
from attribution.report.charts.sankey import FLOW, LINE, Link, Node, place, sankey
from attribution.report.charts.svg import cut, lines, wide
from attribution.report.palette import palette
from tests.report.workspaces import HOSTILE

LONG = [f"{i} channel with a name of eighty characters".ljust(80, "x") for i in range(12)]


def sketch(names: list[str]) -> tuple[list[Node], list[Link]]:
    """Each of the first column's nodes goes to each of the second's, and these to one."""
    size = len(names)
    nodes = [Node(c, n, "12%", "#0072b2") for c in (0, 1) for n in names] + [Node(2, "all", "100%")]
    links = [Link(i, size + j, 1.0 + i + 2 * j, f"{names[i]} → {names[j]}") for i in range(size) for j in range(size)]
    links += [Link(size + j, 2 * size, sum(1.0 + i + 2 * j for i in range(size)), "") for j in range(size)]
    return nodes, links


def graph_of(names: tuple[str, ...], seed: int = 1) -> Graph:
    draw = np.random.default_rng(seed)
    size = len(names)
    return Graph(
        names,
        draw.random(size) * 100,
        draw.random((size, size)) ** 3 * 50,
        draw.random(size) * 9,
        draw.random(size) * 90,
    )


def test_a_node_is_as_high_as_what_flows_through_it() -> None:
    """One scale for all columns, and a column that holds everything is as high as the drawing's flow."""
    nodes, links = sketch(["a", "b", "c"])
    found = place(3, nodes, links)
    total = sum(link.amount for link in links if link.source < 3)
    for i, at in enumerate(found):
        into = sum(link.amount for link in links if link.target == i)
        out = sum(link.amount for link in links if link.source == i)
        assert at.height == pytest.approx(max(into, out) / total * FLOW)
    assert found[-1].height == pytest.approx(FLOW)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=25))
def test_labels_of_a_column_never_overlap(amounts: list[float]) -> None:
    """However small the nodes are."""
    nodes = [Node(0, str(i), "") for i in range(len(amounts))] + [Node(1, "all", "")]
    found = place(2, nodes, [Link(i, len(amounts), a, "") for i, a in enumerate(amounts)])
    middles = [p.y + p.height / 2 for p in found[:-1]]
    assert all(b - a >= LINE for a, b in pairwise(middles))


def test_bands_fill_their_nodes() -> None:
    """Bands leave and enter a node without a gap: their heights add up to the node's."""
    nodes, links = sketch(["a", "b"])
    drawing = ET.fromstring(sankey(["one", "two", "three"], nodes, links, "alt"))
    heights = []
    for path in drawing.iter("path"):
        x0, top, low = re.match(r"M([\d.]+),([\d.]+)C.* [\d.]+,([\d.]+)Z", path.attrib["d"]).groups()
        heights.append((float(x0), float(low) - float(top)))
    for x in {x for x, _ in heights}:
        assert sum(h for at, h in heights if at == x) == pytest.approx(FLOW, abs=0.1)


@pytest.mark.parametrize("names", [list(HOSTILE), LONG, ["x"], ["\x00\x1b", "\ud800", "日本" * 40]])
def test_names_are_text_in_drawings(names: list[str]) -> None:
    """Markup in a name is escaped, a long name is cut in the drawing and whole in the tooltip."""
    nodes, links = sketch(names)
    graph = graph_of(tuple(names))
    for text in (
        sankey(["one", "two", "three"], nodes, links, "alt"),
        chain_graph(graph, palette(names), "alt", lambda amount, share: f"{amount} {share}"),
    ):
        drawing = ET.fromstring(text)
        assert not {e.tag for e in drawing.iter()} - {"svg", "g", "path", "rect", "circle", "polygon", "text", "title"}
        assert not [a for e in drawing.iter() for a in e.attrib if a == "style" or a.startswith("on")]
        titles = " ".join(e.text or "" for e in drawing.iter("title"))
        assert all(n in titles for n in names if n.isprintable() and len(n) > 2)
        assert "<script" not in text
        width = float(drawing.attrib["width"])
        assert width <= 900
        for element in drawing.iter("text"):
            half = wide(element.text or "") * (0.5 if element.get("text-anchor") == "middle" else 1)
            assert float(element.attrib["x"]) + half <= width + 2


def test_drawings_are_the_same_each_time() -> None:
    """Nothing depends on an order that changes."""
    nodes, links = sketch(list(HOSTILE))
    assert sankey(["a", "b", "c"], nodes, links, "") == sankey(["a", "b", "c"], nodes, links, "")
    graph = graph_of(HOSTILE)
    assert len({chain_graph(graph, {}, "", lambda a, s: f"{a}{s}") for _ in range(2)}) == 1


def test_nothing_flows() -> None:
    """Without nodes or with empty ones there is still a drawing."""
    assert ET.fromstring(sankey(["one"], [], [], "alt")).tag == "svg"
    assert ET.fromstring(sankey(["one", "two"], [Node(0, "a", ""), Node(1, "b", "")], [], "alt")).tag == "svg"
    nothing = np.zeros(0)
    graph = Graph((), nothing, np.zeros((0, 0)), nothing, nothing)
    assert ET.fromstring(chain_graph(graph, {}, "alt", lambda a, s: "")).tag == "svg"


@pytest.mark.parametrize("size", range(1, 13))
def test_labels_of_a_graph_never_overlap(size: int) -> None:
    """For every number of channels, with names as long as they come, in two lines."""
    graph = graph_of(tuple(LONG[:size]), seed=size)
    drawing = ET.fromstring(chain_graph(graph, {}, "", lambda a, s: ""))
    height = float(drawing.attrib["height"])
    boxes = []
    for element in drawing.iter("text"):
        x, y, half = float(element.attrib["x"]), float(element.attrib["y"]), wide(element.text) / 2
        assert half <= x <= 880 - half
        assert 10 <= y <= height - 3
        boxes.append((x - half, x + half, y))
    for (a, b, y), (c, d, z) in combinations(boxes, 2):
        assert b <= c or d <= a or abs(y - z) >= 12


def test_circles_of_a_graph_never_overlap() -> None:
    """At the most channels that are drawn."""
    graph = graph_of(tuple(LONG))
    found = list(places(graph.start, graph.conversions, graph.visits, 880, 500).values())
    for a, b in combinations(found, 2):
        assert np.hypot(a.x - b.x, a.y - b.y) > a.radius + b.radius


def test_every_channel_of_a_graph_has_a_way_in_and_out() -> None:
    """Also a channel that hardly anybody meets; what is drawn are steps of the chain, and the widest."""
    names = tuple(f"c{i}" for i in range(12))
    graph = graph_of(names)
    graph.start[3], graph.moves[3, :], graph.moves[:, 3] = 0, 0, 0
    graph.moves[4, 3], graph.moves[3, 5], graph.conversions[3], graph.nulls[3] = 0.01, 0.02, 0.001, 0.0
    drawn, every = drawn_of(graph), steps_of(graph)
    assert set(drawn) <= set(every)
    assert all(count == 1 for count in Counter((s.source, s.target) for s in drawn).values())
    for channel in range(12):
        assert any(s.source == channel and s.target != NULL for s in drawn)
        assert any(s.target == channel for s in drawn)
    widest = max((s for s in every if s.source >= 0 and s.target >= 0), key=lambda s: s.amount)
    assert widest in drawn


def test_shares_of_steps_are_the_chains() -> None:
    """What leaves a channel, itself among it, adds up to 1; what leaves the start as well."""
    graph = graph_of(("a", "b", "c"))
    for i in range(3):
        again = graph.moves[i, i] / (graph.moves[i].sum() + graph.conversions[i] + graph.nulls[i])
        assert sum(s.share for s in steps_of(graph) if s.source == i) + again == pytest.approx(1)
    assert sum(s.share for s in steps_of(graph) if s.source == START) == pytest.approx(1)
    assert {s.target for s in steps_of(graph)} == {0, 1, 2, CONVERSION, NULL}


@given(st.text(max_size=60), st.floats(20, 300))
def test_a_name_is_cut_to_its_place(name: str, pixels: float) -> None:
    """On one line and on two."""
    for line in (cut(name, pixels), *lines(name, pixels)):
        assert wide(line) <= pixels
    assert cut(name, 1e6) == name
    assert len(lines(name, pixels)) <= 2
