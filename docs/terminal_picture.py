"""Draw the README's picture: what ``attribution demo`` prints, as an SVG that is text all through.

Run it after a change of the demo: ``python docs/terminal_picture.py``. A test holds picture and demo together.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

TARGET = Path(__file__).with_name("demo.svg")
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
CELL, LINE, MARGIN = 7.8, 18, 22


def demo_output() -> list[str]:
    """The contributions and the errors of shares beside the truth, as the demo prints them on stdout."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "attribution_cli.main", "demo", "retailer"],
            cwd=folder, capture_output=True, text=True, check=True, env={"NO_COLOR": "1", "PATH": ""},
        )  # fmt: skip
    lines = done.stdout.strip("\n").split("\n")
    return ["$ attribution demo", "", *lines[: lines.index("Where the models disagree most") - 1]]


def draw(lines: list[str]) -> str:
    """An SVG of lines of text on a dark ground."""
    width = max(len(line) for line in lines) * CELL + 2 * MARGIN
    height = len(lines) * LINE + 2 * MARGIN
    rows = []
    for number, line in enumerate(lines):
        after = lines[number + 1] if number + 1 < len(lines) else ""
        heading = number > 0 and not lines[number - 1] and "  " in after  # a title stands above a table
        color = "#7ee787" if line.startswith("$") else "#f0f6fc" if heading else "#c9d1d9"
        weight = ' font-weight="bold"' if heading else ""
        y = MARGIN + LINE * (number + 0.8)
        rows.append(f'<text x="{MARGIN}" y="{y:.1f}" fill="{color}"{weight} xml:space="preserve">{escape(line)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'role="img" aria-label="Terminal: contributions by channel of the demo retailer">\n'
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n'
        f'<g font-family="{FONT}" font-size="13">\n' + "\n".join(rows) + "\n</g>\n</svg>\n"
    )


if __name__ == "__main__":
    TARGET.write_text(draw(demo_output()), encoding="utf-8")
