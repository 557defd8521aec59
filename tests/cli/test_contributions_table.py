"""Contributions as a table with bars that fits the terminal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attribution_cli import output
from attribution_cli.fitted import Barred, fitted
from attribution_cli.output import credits_table

LONG = "Display prospecting with a very long name that no terminal has room for"


@pytest.fixture
def credits() -> pd.DataFrame:
    n, amounts = 4, np.array([1533.0, 485.5, 380.25, 710.0])
    return pd.DataFrame(
        {
            "fit": "markov-1", "model": "markov", "channel": ["Brand search", LONG, "E-mail", "(unattributed)"],
            "conversions": amounts, "conversions_lower": amounts * 0.9, "conversions_upper": amounts * 1.1,
            "conversion_share": amounts / amounts.sum(), "value": amounts * 60, "interval_level": 0.9,
            "cost": [3378.25, 368.65, np.nan, np.nan], "cpa": [6.97, 1.15, np.nan, np.nan],
            "roas": [8.49, 51.17, np.nan, np.nan],
        },
        index=range(n),
    )  # fmt: skip


def test_nothing_is_left_out_of_what_is_piped(credits):
    text = credits_table(credits)
    assert LONG in text
    assert "█" * 20 in text
    assert text.splitlines()[1].split() == [
        "channel",
        "conversions",
        "90%",
        "interval",
        "share",
        "value",
        "cost",
        "CPA",
        "ROAS",
    ]
    assert "No room" not in text


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_every_line_fits_the_terminal_and_has_its_bar(credits, width):
    table = credits_table(credits, width).split("\n\n")[0].splitlines()
    assert max(map(len, table[1:])) <= width
    assert "█" * 6 in table[2]
    assert "(unattributed)" in table[-2]
    for line, amount in zip(table[2:], ("1,533.0", "485.5", "380.2", "710.0", "3,108.8"), strict=True):
        assert amount in line


def test_long_names_are_cut_before_columns_are_left_out(credits):
    text = credits_table(credits, 110)
    assert "Display prospec" in text
    assert "…" in text
    assert "ROAS" in text
    assert "No room" not in text


def test_what_is_left_out_is_named(credits):
    text = credits_table(credits, 60)
    assert text.endswith(
        "No room in 60 columns for: 90% interval, value, cost, CPA, ROAS. Widen the window, or write -f csv."
    )
    assert "90% interval" in credits_table(credits, 80).splitlines()[1]


def test_the_narrowest_terminal_still_shows_channel_conversions_and_share(credits):
    table = credits_table(credits, 30).split("\n\n")[0].splitlines()
    assert table[1].split() == ["channel", "conversions", "share"]
    assert "█" not in "".join(table)


def test_bars_shrink_in_proportion():
    table = Barred([["channel"], ["a"], ["b"]], [None, 1.0, 0.5], lambda s, w: "#" * round(s * w), 20)
    for width, longest in ((None, 20), (200, 20), (19, 10)):
        lines = fitted(table, width)[0].splitlines()
        assert [line.count("#") for line in lines] == [0, longest, longest // 2]


def test_a_file_is_never_fitted_to_the_terminal(credits, tmp_path, monkeypatch):
    monkeypatch.setattr(output, "terminal_width", lambda _: 60)
    file = tmp_path / "credits.txt"
    output.write_frame(credits, "table", str(file), credits_table)
    assert LONG in file.read_text(encoding="utf-8")
