"""Panels as planners export them: each is read, or refused in words that say where and what to do; never a traceback."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from attribution.workspace import Workspace

RNG = np.random.default_rng(1)
WEEKS = [dt.date(2023, 1, 2) + dt.timedelta(weeks=i) for i in range(104)]
TV, VIDEO, RADIO = (RNG.gamma(k, s, 104).round() for k, s in ((2.0, 2000.0), (3.0, 800.0), (2.0, 500.0)))
SALES = (60_000 + 1.1 * TV + 2 * VIDEO + RNG.normal(0, 3000, 104)).round()
ROWS = list(zip(WEEKS, SALES, TV, VIDEO, RADIO, strict=True))
HEAD = "week,revenue,tv_spend,video_spend,radio_spend"
PLAIN = [HEAD, *(f"{d},{y:.0f},{a:.0f},{b:.0f},{c:.0f}" for d, y, a, b, c in ROWS)]
SHORT = ("--chains", 2, "--tune", 50, "--draws", 50, "--max-rounds", 1, "--no-checks", "--force")


def german(number: float, sign: str = "") -> str:
    return f"{number:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".") + sign


def european(sign: str = "") -> list[str]:
    head = "Woche;Umsatz;TV Kosten;Außenwerbung Kosten"
    return [head, *(f"{d:%d.%m.%Y};{german(y, sign)};{german(a, sign)};{german(b)}" for d, y, a, b, _ in ROWS)]


def changed(line: int, *, column: int = 4, to: str) -> list[str]:
    """The plain panel with one cell replaced; lines as an editor counts them."""
    lines = list(PLAIN)
    cells = lines[line - 1].split(",")
    cells[column] = to
    lines[line - 1] = ",".join(cells)
    return lines


def everywhere(to: str, name: str = "ooh_spend") -> list[str]:
    return [f"{HEAD},{name}", *(f"{line},{to}" for line in PLAIN[1:])]


def wide(columns: int = 200) -> list[str]:
    names = [f"ch{i}_spend" for i in range(columns)]
    spend = RNG.gamma(2.0, 100.0, (104, columns)).round()
    return [
        ",".join(["week", "revenue", *names]),
        *(",".join([str(d), f"{y:.0f}", *(f"{v:.0f}" for v in row)])
          for (d, y, *_), row in zip(ROWS, spend, strict=True)),
    ]  # fmt: skip


def by_geo(silent: str = "West") -> list[str]:
    lines = ["week,geo,revenue,tv_spend,video_spend"]
    for d, y, a, b, _ in ROWS:
        for k, geo in enumerate(("North", "South", "West")):
            lines.append(
                f"{d},{geo},{'' if geo == silent else f'{y / (k + 2):.0f}'},{a / (k + 2):.0f},{b / (k + 1):.0f}"
            )
    return lines


SUMS = ",".join(f"{column.sum():.0f}" for column in (SALES, TV, VIDEO, RADIO))
LONG = ["date,channel,spend,revenue"]
LONG += [f"{d},{name},{x:.0f},{y:.0f}" for d, y, a, b, _ in ROWS for name, x in (("tv", a), ("video", b))]

# A panel that can be used: its lines, and what `mmm check` says of it beyond notes (nothing: a good panel).
READ = {
    "a good panel": (PLAIN, ()),
    "decimal commas and dates with points": (european(), ()),
    "currency signs": (european(" €"), ()),
    "ISO weeks": ([HEAD, *(f"{d:%G-W%V}," + line.split(",", 1)[1] for d, line in zip(WEEKS, PLAIN[1:], strict=True))], ()),
    "days": (["date,sales,tv_spend", *(f"{WEEKS[0] + dt.timedelta(i)},{SALES[i % 104] + i},{TV[i % 104] + i}" for i in range(600))], ()),
    "months": (["month,sales,tv_spend", *(f"{2018 + i // 12}-{i % 12 + 1:02},{SALES[i]},{TV[i]}" for i in range(84))], ()),
    "a row of totals": ([*PLAIN, f"Total,{SUMS}"], ("line 106 is a row of totals; left out",)),
    "totals without a word": ([*PLAIN, f",{SUMS}"], ("line 106 is a row of totals; left out",)),
    "blank lines": ([*PLAIN[:9], "", *PLAIN[9:50], ",,,,", *PLAIN[50:], "", ",,,,"], ()),
    "missing weeks": ([*PLAIN[:20], *PLAIN[23:60], *PLAIN[61:]], ("4 of 104 weeks have no row (2023-05-15, ", "filled with zero")),
    "n/a": (changed(8, to="n/a"), ('1 empty cells of "radio_spend" are filled with zero',)),
    "an all-zero channel": (everywhere("0"), ()),
    "a constant channel": (everywhere("500"), ()),
    "200 columns": (wide(), ("97 fitted rows for 611 parameters", "Variance inflation")),
    "a geo without outcome": (by_geo(), ("No outcome at all in West", "Geos without population")),
    "outcomes of the future": ([*PLAIN, f"{WEEKS[-1] + dt.timedelta(7)},,10,10,10"], ("1 weeks after the last outcome",)),
    "points that may part thousands": (
        [HEAD.replace(",", ";"), *(f"{d};{y:,.0f};{a + 1000:,.0f};{b};{c}".replace(",", ".") for d, y, a, b, c in ROWS)],
        ("every point in revenue, tv_spend stands before three digits",),
    ),
    "zeros for what was not observed": (changed(8, column=1, to="0"), ('"revenue" is zero in 1 cell (the first: 2023-02-13)',)),
    "returns above sales": (changed(8, column=1, to="-200"), ('"revenue" is below zero in 1 cell (the first: 2023-02-13)',)),
}  # fmt: skip

# A panel that cannot: its lines, the command that refuses it, and what it says.
REFUSED = {
    "ambiguous dates": (
        ["week,revenue,tv_spend", *(f"{i % 12 + 1:02}/{i % 11 + 1:02}/2023,{i},{i}" for i in range(12))],
        "draft", "can be read as day first or month first; no cell tells which. Say it: --timestamp-format",
    ),
    "week numbers alone": (
        ["year,week,revenue,tv_spend", *(f"{d:%G},{int(f'{d:%V}')},{y},{a}" for d, y, a, *_ in ROWS)],
        "draft", ("no column reads as dates. Found: year, week, revenue, tv_spend. A panel has a row for each period, "
        "with its first day (2024-01-01), month (2024-01) or ISO week (2024-W01)."),
    ),
    "a week twice": ([*PLAIN[:20], PLAIN[19], *PLAIN[20:]], "draft", "the first: 2023-05-08, line 21"),
    "one row for each channel": (LONG, "draft", 'the rows of a date differ in "channel": one row for each channel'),
    "title lines": (["Marketing report;;;;", *(line.replace(",", ";") for line in PLAIN)], "draft",
                    "its first line names 1 of 5 columns. Do title lines stand above the header?"),
    "a header alone": (PLAIN[:1], "draft", "there is no row below the header"),
    "nothing": ([""], "draft", "Export it again."),
    "one row": (PLAIN[:2], "draft", "all rows have one date, 2023-01-02"),
    "three rows": (PLAIN[:4], "check", "the outcome is known in 3 weeks. A media-mix model needs 10 at the very least"),
    "quarters": (["date,sales,tv_spend", *(f"{2001 + i // 4}-{i % 4 * 3 + 1:02}-01,{i},{i}" for i in range(40))],
                 "draft", "a media-mix model needs days, weeks or months. Export it finer."),
    "no outcome": ([",".join(np.array(line.split(","))[[0, 2, 3]]) for line in PLAIN], "draft",
                   "no column is named like an outcome"),
    "no media": ([",".join(line.split(",")[:2]) for line in PLAIN], "draft", "no column is named like a medium"),
    "text in a cell": (changed(8, to="tbd"), "check", 'column "radio_spend" holds no number in 1 cell on line 8'),
    "infinity": (changed(8, column=1, to="inf"), "check", 'column "revenue" holds no number in 1 cell on line 8'),
    "a refund": (changed(8, to="-350"), "check",
                 'column "radio_spend" is below zero in 1 cell (the first: 2023-02-13). Refunds and corrections belong'),
}  # fmt: skip


@pytest.fixture
def panel(tmp_path):
    def written(lines: list[str]) -> str:
        (tmp_path / "panel.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return "panel.csv"

    return written


@pytest.mark.parametrize("name", READ)
def test_what_can_be_read_is_drafted_and_checked(run, panel, name):
    lines, said = READ[name]
    run("mmm", "draft", panel(lines), "-o", "mmm.toml")
    found = run("mmm", "check", "panel.csv", "--model", "mmm.toml", "-f", "json").json
    told = [f"{f['message']} {f['remedy']}" for f in found if f["severity"] != "note"]
    assert not [t for t in told if not any(part in t for part in said)]
    for part in said:
        assert any(part in t for t in told)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_is_refused_in_words(run, panel, name):
    lines, command, said = REFUSED[name]
    path = panel(lines)
    if command == "draft":
        done = run("mmm", "draft", path, status=1)
    else:
        run("mmm", "draft", path, "-o", "mmm.toml")
        done = run("mmm", "check", path, "--model", "mmm.toml", status=1)
    assert said in done.err
    assert "defect of the program" not in done.err


def test_a_refund_keeps_its_channel_in_the_draft(run, panel):
    text = run("mmm", "draft", panel(changed(8, to="-350"))).out
    assert 'spend = "radio_spend"  # check: 1 cell below zero (refunds?)' in text


@pytest.mark.parametrize("name", ["a row of totals", "missing weeks", "a geo without outcome"])
def test_what_was_read_with_findings_is_fitted(run, panel, name):
    run("mmm", "draft", panel(READ[name][0]), "-o", "mmm.toml")
    done = run("fit", "mmm", "--panel", "panel.csv", "--model", "mmm.toml", *SHORT, "-f", "json", "-w", "ws")
    assert {"tv", "video", "(baseline)", "(unattributed)"} <= {row["channel"] for row in done.json}
    assert READ[name][1][0] in done.err


def test_a_channel_without_any_spend_is_refused_where_the_model_names_it(run, panel, tmp_path):
    path = panel(everywhere("0"))
    text = run("mmm", "draft", path).out + '\n[[channel]]\nname = "ooh"\nspend = "ooh_spend"\n'
    (tmp_path / "mmm.toml").write_text(text, encoding="utf-8")
    done = run("mmm", "check", path, "--model", "mmm.toml", status=1)
    assert 'channel[3] ooh: column "ooh_spend" is zero in every period' in done.err
    constant = panel(everywhere("500"))
    found = run("mmm", "check", constant, "--model", "mmm.toml", "-f", "json").json
    assert "channel-constant" in {f["code"] for f in found}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_fit_that_is_stopped_leaves_the_last_good_state(run, panel, tmp_path, how):
    run("mmm", "draft", panel(PLAIN), "-o", "mmm.toml")
    run("fit", "mmm", "--panel", "panel.csv", "--model", "mmm.toml", *SHORT, "-w", "ws", "--name", "first")
    kept = Workspace("ws").manifest()["mixes"]
    command = [sys.executable, "-m", "attribution_cli.main", "fit", "mmm", "--panel", "panel.csv", "--model", "mmm.toml",
               "--tune", "20000", "--draws", "20000", "-w", "ws", "--name", "second"]  # fmt: skip
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    assert process.stderr is not None
    assert "Sampling" in process.stderr.readline()
    process.send_signal(how)
    rest = process.communicate()[1]
    assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in rest
    assert Workspace("ws").manifest()["mixes"] == kept
    assert {row["fit"] for row in run("credits", "-w", "ws", "--force", "-f", "json").json} == {"mmm-first"}


def test_a_folder_that_cannot_be_written_is_named(run, panel, tmp_path):
    run("mmm", "draft", panel(PLAIN), "-o", "mmm.toml")
    (tmp_path / "locked").write_text("a file, in which nobody makes a folder, whoever runs the tests")
    done = run("fit", "mmm", "--panel", "panel.csv", "--model", "mmm.toml", *SHORT, "-w", "locked/ws", status=2)
    assert "locked" in done.err
    assert "defect of the program" not in done.err
