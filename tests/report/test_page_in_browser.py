"""The page in a real browser: charts hold the tables' numbers, switches work, nothing overflows or asks the network."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from attribution.report.page import page
from attribution.report.report import report_of_workspace
from attribution.report.sources import Sources
from attribution.report.words import Words
from attribution.workspace import Workspace
from tests.conftest import PROJECT
from tests.report.workspaces import HOSTILE, demo_workspace, path_workspace

Open = Callable[..., Any]
WIDTHS = (360, 768, 1440)
SCREENSHOTS = PROJECT / "build" / "screenshots"
# Axe's own words for what nobody may ship.
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return demo_workspace(tmp_path_factory.mktemp("shop"))


def text_of(workspace: Workspace, **words: str) -> str:
    chosen = Words(**words)
    return page(report_of_workspace(Sources(workspace, chosen)), chosen)


@pytest.fixture(scope="module")
def shop_page(shop: Workspace) -> str:
    return text_of(shop, currency="EUR")


def drawn(opened: Any) -> None:
    """Draw every chart and wait for it."""
    opened.evaluate("() => window.report.drawAll()")
    opened.wait_for_function("() => [...document.querySelectorAll('figure[data-chart]')].every(f => f.dataset.drawn)")


def test_every_chart_is_drawn_and_every_table_shows_its_rows(open_page: Open, shop_page: str) -> None:
    """Each chart has marks; each table's cells are the data's values as the locale writes them."""
    opened = open_page(shop_page, 1440)
    drawn(opened)
    charts = opened.evaluate("""() => [...document.querySelectorAll('figure[data-chart]')].map(f => [f.dataset.chart,
        f.querySelectorAll('.canvas svg path, .canvas svg text').length])""")
    assert charts
    assert [c for c, marks in charts if marks < 5] == []
    words = Words(currency="EUR")
    data = json.loads(opened.evaluate("() => document.getElementById('report-data').textContent"))
    for name, table in data["tables"].items():
        cells = opened.evaluate(
            "(id) => [...document.querySelectorAll(`#table-${id} tbody tr`)].map(r => [...r.cells].map(c => c.textContent))",
            name,
        )
        wanted = [
            [words.write(v, c["kind"]) for v, c in zip(row, table["columns"], strict=True)]
            for row in table["rows"][:400]
        ]
        assert cells == wanted, name


def bars(opened: Any, chart: str, field: str) -> dict[str, float]:
    """What the marks of a chart stand for: the data behind its drawn items."""
    found: dict[str, float] = opened.evaluate(
        """([chart, field]) => { const out = {}; const walk = (g) => (g.items || []).forEach(i => {
            if (i.datum && i.datum.channel !== undefined && i.datum[field] !== undefined && i.mark && i.mark.marktype === 'rect')
                out[i.datum.channel] = i.datum[field];
            walk(i); }); walk(window.report.views.get(chart).scenegraph().root); return out; }""",
        [chart, field],
    )
    return found


def test_the_switch_of_models_shows_that_models_numbers(open_page: Open, shop: Workspace, shop_page: str) -> None:
    """Model and measure chosen in the page give the credits table's numbers."""
    credits = Sources(shop, Words()).credits
    assert credits is not None
    opened = open_page(shop_page, 1440)
    drawn(opened)
    for fit, measure in (("shapley", "conversions"), ("last", "value_share")):
        figure = opened.locator("figure[data-chart=contributions]")
        figure.locator("select[data-param=fit]").select_option(fit)
        figure.locator("select[data-param=measure]").select_option(measure)
        opened.wait_for_timeout(150)
        mine = credits[credits["fit"] == fit].set_index("channel")[measure].dropna()
        shown = bars(opened, "contributions", "amount")
        assert set(shown) == set(mine.index)
        assert all(math.isclose(shown[c], mine[c], rel_tol=1e-9, abs_tol=1e-12) for c in mine.index)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overflows(open_page: Open, shop_page: str, width: int, scheme: str) -> None:
    """The page is as wide as the window; screenshots are kept to be looked at."""
    opened = open_page(shop_page, width, scheme=scheme)
    drawn(opened)
    assert opened.evaluate("() => document.documentElement.scrollWidth") <= width
    over = opened.evaluate("""() => [...document.querySelectorAll('main *')].filter(e => {
        if (e.closest('.scroll') || e.closest('svg') || e.closest('details:not([open])')) return false;
        const box = e.getBoundingClientRect(); return box.width > 0 && box.right > window.innerWidth + 1;
    }).map(e => e.tagName + '.' + e.className)""")
    assert over == []
    wide = opened.evaluate("""() => [...document.querySelectorAll('.canvas')].filter(c => {
        const svg = c.querySelector('svg'); return svg && svg.getBoundingClientRect().width > c.clientWidth + 1;
    }).map(c => c.closest('figure').dataset.chart)""")
    assert wide == []
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    opened.screenshot(path=SCREENSHOTS / f"report-{width}-{scheme}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_of_accessibility(open_page: Open, shop_page: str, scheme: str) -> None:
    """Axe finds nothing serious, with every table opened."""
    opened = open_page(shop_page, 1440, scheme=scheme)
    drawn(opened)
    opened.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true; })")
    axe = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
    opened.evaluate(axe)
    found = opened.evaluate(
        "async () => (await axe.run(document)).violations.map(v => [v.impact, v.id, v.nodes.map(n => n.html.slice(0, 120))])"
    )
    assert [v for v in found if v[0] in SERIOUS] == []


def test_a_hostile_name_stays_text(open_page: Open, tmp_path: Path) -> None:
    """In headings, cells, axes, tooltips and downloads; no dialog opens, no formula is written."""
    opened = open_page(text_of(path_workspace(tmp_path, HOSTILE)), 1440)
    drawn(opened)
    shown = opened.evaluate("() => document.body.textContent")
    assert HOSTILE[0] in shown
    assert opened.evaluate("() => document.querySelectorAll('main script').length") == 0
    text = opened.evaluate("() => window.report.csv('contributions')")
    assert "'=HYPERLINK" in text
    assert "\r\n=HYPERLINK" not in text
    labels = opened.evaluate(
        "() => [...document.querySelectorAll('figure[data-chart=contributions] svg text')].map(t => t.textContent)"
    )
    assert any(label.startswith("<script>") for label in labels)


def test_downloads_give_the_table_and_a_picture(open_page: Open, shop_page: str) -> None:
    """CSV with all rows; PNG with pixels."""
    opened = open_page(shop_page, 1440)
    drawn(opened)
    with opened.expect_download() as waited:
        opened.locator("button[data-csv=contributions]").click()
    lines = Path(waited.value.path()).read_text(encoding="utf-8-sig").splitlines()
    data = json.loads(opened.evaluate("() => document.getElementById('report-data').textContent"))
    assert len(lines) == 1 + len(data["tables"]["contributions"]["rows"])
    with opened.expect_download() as waited:
        opened.locator("button[data-png=contributions]").click()
    assert Path(waited.value.path()).read_bytes()[:4] == b"\x89PNG"


def test_it_opens_quickly(open_page: Open, shop_page: str) -> None:
    """What is in sight is drawn at once; the rest when it comes into view."""
    opened = open_page(shop_page, 1440)
    opened.wait_for_function("() => document.querySelector('figure[data-chart=answer]').dataset.drawn")
    waiting = opened.evaluate("() => document.querySelectorAll('figure[data-chart]:not([data-drawn])').length")
    assert waiting > 0


def test_printing_draws_everything(open_page: Open, shop_page: str) -> None:
    """The print style shows every chart and hides what is for the screen."""
    opened = open_page(shop_page, 1440)
    opened.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    opened.wait_for_function("() => [...document.querySelectorAll('figure[data-chart]')].every(f => f.dataset.drawn)")
    opened.emulate_media(media="print")
    assert not opened.locator("nav.chapters").is_visible()
    assert opened.pdf()[:4] == b"%PDF"
