"""Media-mix chapters in a real browser: charts hold the tables' numbers, dates stay days, a channel can be chosen."""

from __future__ import annotations

import pytest

from attribution.report.chapters.mix.chapter import mix
from attribution.report.chapters.mix.returns import return_blocks
from attribution.report.document import Chapter, Chart, Report
from attribution.report.mix_view import MixView
from attribution.report.page import page

ITEMS = """([chart, type, field]) => { const out = []; const walk = (g) => (g.items || []).forEach(i => {
    if (i.mark && i.mark.marktype === type && i.datum && i.datum[field] !== undefined) out.push(i.datum);
    walk(i); }); walk(window.report.views.get(chart).scenegraph().root); return out; }"""


DAYS = """() => { const out = []; const walk = (g) => (g.items || []).forEach(i => {
    if (i.mark && i.mark.marktype === 'symbol' && i.datum) out.push(new Date(i.datum.date).toDateString());
    walk(i); }); walk(window.report.views.get('mix-fit').scenegraph().root); return out; }"""


@pytest.fixture(scope="module")
def chapters(mixed):
    return mix(mixed)


@pytest.fixture(scope="module")
def html(mixed, chapters):
    return page(Report("Report", "", chapters[0], chapters[1:], mixed.colours), mixed.words)


def drawn(opened):
    opened.evaluate("() => window.report.drawAll()")
    opened.wait_for_function("() => [...document.querySelectorAll('figure[data-chart]')].every(f => f.dataset.drawn)")
    return opened


def test_charts_hold_the_numbers_of_their_tables(open_page, html, chapters):
    opened = drawn(open_page(html))
    tables = {b.table.id: b.table.records() for c in chapters for b in c.blocks if isinstance(b, Chart)}
    roas = opened.evaluate(ITEMS, ["mix-roas", "symbol", "amount"])
    wanted = {(r["channel"], r["measure"]): r["amount"] for r in tables["mix-roas"]}
    assert {(r["channel"], r["measure"]): pytest.approx(r["amount"]) for r in roas if "amount" in r} == wanted
    points = opened.evaluate(ITEMS, ["mix-fit", "symbol", "observed"])
    assert [p["observed"] for p in points] == pytest.approx([r["observed"] for r in tables["mix-fit"]])
    stack = opened.evaluate(ITEMS, ["mix-over-time", "area", "contribution"])
    assert len({r["channel"] for r in stack}) == len({r["channel"] for r in tables["mix-over-time"]})


def test_days_stay_days_west_of_greenwich(open_page, html):
    opened = drawn(open_page(html, timezone="America/New_York"))
    points = opened.evaluate(DAYS)
    assert points[:2] == ["Mon Jan 01 2024", "Mon Jan 08 2024"]


def test_one_channel_can_be_chosen(open_page, html):
    opened = drawn(open_page(html))
    for chart in ("mix-response", "mix-carry-over", "mix-saturation"):
        opened.locator(f"figure[data-chart={chart}] select").select_option("search")
        opened.wait_for_timeout(150)
        lines = opened.evaluate(ITEMS, [chart, "line", "channel"])
        assert {r["channel"] for r in lines} == {"search"}, chart


def test_a_star_stands_where_the_prior_decides(open_page, mixed):
    view = MixView(mixed.mixes[0])
    view.__dict__["marks"] = {"tv": "prior-dominated", "search": ""}
    chapter = Chapter("returns", "Returns", "", return_blocks(mixed, view))
    opened = drawn(open_page(page(Report("Report", "", chapter, ()), mixed.words)))
    labels = opened.evaluate("() => [...document.querySelectorAll('figure svg text')].map(t => t.textContent)")
    assert {"tv *", "search"} <= set(labels)
    assert "prior-dominated" in opened.locator("figure .note").first.inner_text()
