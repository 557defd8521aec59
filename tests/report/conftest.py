"""Fits and a browser that the report's tests share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attribution.mix.stored import StoredMix
from attribution.report.sources import Sources
from attribution.report.words import Words
from attribution.workspace import Workspace
from tests.mix.markets import MODEL
from tests.report.mixes import LOG_MODEL, ORDERS_MODEL, fit_into, many, with_off_weeks

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
OFFLINE = ("file:", "data:", "blob:", "about:")


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """A workspace with one media-mix fit, as the report reads it."""
    folder = tmp_path_factory.mktemp("mixed")
    fit_into(folder, "national", with_off_weeks(), MODEL, checks=True)
    return Sources(Workspace(folder / "ws"), Words("en-US", "EUR"))


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, StoredMix]:
    """Fits of other forms: effects that multiply, an outcome that is no money, twelve channels."""
    folder = others_folder(tmp_path_factory)
    panel = with_off_weeks()
    return {
        "log": fit_into(folder, "log", panel, LOG_MODEL),
        "orders": fit_into(folder, "orders", panel, ORDERS_MODEL),
        "many": fit_into(folder, "many", *many(12)),
    }


@pytest.fixture(scope="session")
def several(others: dict[str, StoredMix], tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """The workspace that holds these fits."""
    return Sources(Workspace(others_folder(tmp_path_factory) / "ws"), Words())


def others_folder(factory: pytest.TempPathFactory) -> Path:
    """Where the fits of other forms are kept."""
    folder = factory.getbasetemp() / "others"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Headless Chromium; skipped, with the reason, where it or its driver is not installed."""
    driver = pytest.importorskip("playwright.sync_api", reason="the Python package playwright is not installed")
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(CHROMIUM)} is installed")
    with driver.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=found, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser, tmp_path: Path) -> Iterator[Callable[..., object]]:
    """Open HTML in a browser window of a width; the test fails on a console error and on any network request."""
    contexts, faults = [], []

    def open_(
        html: str, width: int = 1440, *, scheme: str = "light", fragment: str = "", timezone: str = "Europe/Berlin"
    ):
        file = tmp_path / f"page-{len(contexts)}.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en-US", timezone_id=timezone
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: faults.append(f"console: {m.text}") if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on("request", lambda r: None if r.url.startswith(OFFLINE) else faults.append(f"network: {r.url}"))
        page.goto(f"{file.as_uri()}{fragment}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not faults, faults
