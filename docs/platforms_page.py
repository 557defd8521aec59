"""Write docs/platforms.md from the descriptions of the platforms: ``python docs/platforms_page.py``."""

from __future__ import annotations

from pathlib import Path

from attribution.activation.page import platforms_page

PAGE = Path(__file__).with_name("platforms.md")

if __name__ == "__main__":
    PAGE.write_text(platforms_page(), encoding="utf-8")
