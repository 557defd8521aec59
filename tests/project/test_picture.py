"""The picture at the top of the README is what the demo prints today."""

from __future__ import annotations

import runpy

from tests.conftest import PROJECT


def test_the_picture_shows_todays_demo():
    script = runpy.run_path(str(PROJECT / "docs" / "terminal_picture.py"))
    drawn = script["draw"](script["demo_output"]())
    assert drawn == (PROJECT / "docs" / "demo.svg").read_text(encoding="utf-8"), "run python docs/terminal_picture.py"
