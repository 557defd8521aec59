"""Make the picture at the top of the README: the first screen of the demo's page, as Chromium shows it.

    .venv/bin/python docs/page_picture.py [docs/report.png]

Needs Chromium on PATH. The page is made anew from the demo, so the picture is what a newcomer sees.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from attribution.demo import write_demo
from attribution.run import run

WIDTH, HEIGHT = 1240, 900


def picture(target: Path) -> None:
    """Run the demo in a folder of its own and photograph its page."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("Chromium is not on PATH.")
    with TemporaryDirectory() as folder, sync_playwright() as driver:
        base = Path(folder)
        configuration, _ = write_demo(base)
        run(configuration, base)
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=2, color_scheme="light"
        )
        page.goto((base / configuration.report.output).as_uri())
        page.wait_for_function("() => document.querySelector('figure[data-chart]').dataset.drawn")
        page.screenshot(path=target)
        browser.close()
    print(target)


if __name__ == "__main__":
    picture(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "report.png")
