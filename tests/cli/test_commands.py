"""What every command shares: help, formats, exit codes, errors that answer."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys

import click
import pandas as pd
import pytest

from attribution_cli.main import COMMANDS, attribution
from tests.cli.running import prepared

TOUCHES = """user_id,timestamp,channel,campaign,cost
u1,2026-01-01 08:00:00,Search,brand,1.5
u1,2026-01-02 08:00:00,Mail,,
u2,2026-01-02 09:00:00,Search,generic,2.5
u3,2026-01-05 10:00:00,Social,,0.5
u1,2026-02-10 08:00:00,Social,,0.5
"""
ORDERS = """user_id,timestamp,value,order_id,kind
u1,2026-01-03 12:00:00,50,o1,purchase
u2,2026-01-04 12:00:00,30,o2,signup
u9,2026-01-04 12:00:00,20,o3,purchase
"""


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    (folder / "touches.csv").write_text(TOUCHES)
    (folder / "orders.csv").write_text(ORDERS)
    files = ("--touchpoints", "touches.csv", "--conversions", "orders.csv")
    prepared(folder, ("ingest", *files, "--timezone", "UTC"), ("fit", "paths"))
    return folder


@pytest.fixture
def market(run, fitted, tmp_path):
    """A copy of the fitted workspace and its files: no test sees what another does to it."""
    shutil.copytree(fitted, tmp_path, dirs_exist_ok=True)
    return run


def all_commands():
    for name in COMMANDS:
        command = attribution.get_command(None, name)
        yield (name,), command
        for inner in command.list_commands(None) if isinstance(command, click.Group) else ():
            yield (name, inner), command.get_command(None, inner)


@pytest.mark.parametrize(
    ("names", "command"), list(all_commands()), ids=lambda v: " ".join(v) if isinstance(v, tuple) else ""
)
def test_every_command_has_help_with_an_example(run, names, command):
    shown = run(*names, "--help").out
    assert len(command.help.splitlines()[0]) > 10
    if not hasattr(command, "commands"):
        assert "Example" in shown
        assert f"attribution {' '.join(names)}" in shown
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert parameter.help, f"{names} {parameter.name} has no help"


def test_help_loads_nothing_heavy():
    code = "import sys; sys.argv=['attribution','--help']\nfrom attribution_cli.main import main\ntry: main()\nexcept SystemExit: pass\n" \
           "print([m for m in ('numpy','duckdb','pandas','numba','pyarrow','scipy') if m in sys.modules])"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_formats_hold_the_same_numbers(market, tmp_path):
    reference = market("credits", "-f", "json").json
    lines = [json.loads(x) for x in market("credits", "-f", "jsonl").out.splitlines()]
    assert lines == reference
    market("credits", "-f", "csv", "-o", "credits.csv")
    market("credits", "-f", "parquet", "-o", "credits.parquet")
    for frame in (pd.read_csv(tmp_path / "credits.csv"), pd.read_parquet(tmp_path / "credits.parquet")):
        assert frame["conversions"].tolist() == [r["conversions"] for r in reference]
        assert frame["channel"].tolist() == [r["channel"] for r in reference]
    table = market("credits").out
    assert "markov-1" in table
    assert "(unattributed)" in table


def test_data_go_to_stdout_and_the_rest_to_stderr(market):
    done = market("credits", "-f", "json")
    json.loads(done.out)
    assert "note" not in done.out


def test_grains_add_up_inside_each_group(market):
    whole = pd.DataFrame(market("credits", "-f", "json").json)
    rules = ["first", "last", "last-non-direct", "linear", "position-40-20-40", "shapley", "time-decay-7d"]
    for grain in ("month", "week", "campaign", "customer"):
        fine = pd.DataFrame(market("credits", "--by", grain, "-f", "json").json)
        for fit in rules:
            mine = fine[fine["fit"] == fit].groupby("channel")["conversions"].sum()
            total = whole[whole["fit"] == fit].set_index("channel")["conversions"]
            for channel in total.index:
                assert mine.get(channel, 0) == pytest.approx(total[channel]), (grain, fit, channel)
        groups = fine.groupby(["fit", *([] if grain == "campaign" else [grain])])["conversions"].sum()
        assert groups.groupby("fit").sum().to_numpy() == pytest.approx(3)


def test_one_kind_of_conversion(market):
    rows = market("credits", "--model", "last", "--kind", "purchase", "-f", "json").json
    assert {r["channel"]: r["conversions"] for r in rows} == {"Mail": 1, "Search": 0, "Social": 0, "(unattributed)": 1}
    by = market("credits", "--model", "last", "--by", "kind", "-f", "json").json
    assert {(r["kind"], r["channel"]): r["conversions"] for r in by}[("signup", "Search")] == 1


def test_cost_of_touches_gives_cpa_and_roas(market):
    rows = {r["channel"]: r for r in market("credits", "--model", "first", "-f", "json").json}
    assert rows["Search"]["cost"] == 4.0
    assert rows["Search"]["cpa"] == 2.0
    assert rows["Search"]["roas"] == 20.0
    assert rows["Social"]["cost"] == 1.0
    assert rows["Social"]["cpa"] is None
    assert rows["Social"]["roas"] == 0.0


def test_spend_without_touches_has_a_row(market, tmp_path):
    (tmp_path / "spend.csv").write_text("date,channel,spend\n2026-01-01,Search,10\n2026-01-01,Radio,99\n")
    market("ingest", "--spend", "spend.csv")
    rows = {r["channel"]: r for r in market("credits", "--model", "first", "-f", "json").json}
    assert rows["Radio"]["cost"] == 99
    assert rows["Radio"]["conversions"] == 0
    assert rows["Search"]["cpa"] == 5
    assert list(rows)[-1] == "(unattributed)"


def test_touch_credits_sum_to_the_table(market, tmp_path):
    table = pd.DataFrame(market("fit", "paths", "--touch-credits", "touches.parquet", "-f", "json").json)
    touches = pd.read_parquet(tmp_path / "touches.parquet")
    sums = touches.groupby(["fit", "channel"])[["conversions", "value"]].sum()
    for row in table.to_dict("records"):
        if row["channel"] != "(unattributed)":
            got = (
                sums.loc[(row["fit"], row["channel"])]
                if (row["fit"], row["channel"]) in sums.index
                else {"conversions": 0, "value": 0}
            )
            assert got["conversions"] == pytest.approx(row["conversions"])
            assert got["value"] == pytest.approx(row["value"])
    assert stat.S_IMODE((tmp_path / "touches.parquet").stat().st_mode) == 0o600


def test_later_files_refit_what_is_stale(market, tmp_path):
    (tmp_path / "more.csv").write_text("user_id,timestamp,channel\nu9,2026-01-01 00:00:00,Mail\n")
    market("ingest", "--touchpoints", "more.csv")
    done = market("credits", "--model", "first", "-f", "json")
    assert "fitted again" in done.err
    assert {r["channel"]: r["conversions"] for r in done.json}["Mail"] == 1


def test_the_same_file_again_changes_nothing(market, tmp_path):
    before = (tmp_path / "attribution-workspace" / "manifest.json").read_text()
    told = market("ingest", "--touchpoints", "touches.csv", "--timezone", "UTC").err
    assert "unchanged" in told
    held = json.loads(before)
    now = json.loads((tmp_path / "attribution-workspace" / "manifest.json").read_text())
    assert now["tables"] == held["tables"]
    assert now["journeys"] == held["journeys"]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["credits"], 2, 'No workspace at "attribution-workspace". Start one with: attribution ingest'),
        (["fit", "rules"], 2, "No workspace at"),
        (["ingest"], 2, "Nothing to ingest"),
        (["ingest", "missing.csv"], 2, 'No file "missing.csv"'),
        (["ingest", "--column", "channel=source", "x.csv"], 2, "is not TABLE.FIELD=HEADER"),
        (["ingst"], 2, "No such command 'ingst'"),
        (["run", "nowhere.toml"], 2, 'Cannot read "nowhere.toml"'),
    ],
)
def test_errors_answer_and_exit_codes_are_those_of_the_plan(run, arguments, status, message):
    assert message in run(*arguments, status=status).err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["credits", "--model", "markv-1"], 2, 'Did you mean "markov-1"'),
        (["credits", "--by", "mnth"], 2, 'Did you mean "month"'),
        (["credits", "--kind", "purchas"], 2, 'Did you mean "purchase"'),
        (["credits", "-f", "parquet"], 2, "name a file with -o"),
        (["fit", "paths", "--models", "rules,shapely"], 2, 'Did you mean "shapley"'),
        (["fit", "rules", "--position-weights", "40/60"], 2, "is not FIRST/MIDDLE/LAST"),
        (["fit", "rules", "--half-life", "-1"], 2, "half_life"),
        (["fit", "markov", "--order", "0"], 2, "order"),
        (["fit", "markov", "--order", "two"], 2, "neither a whole number nor auto"),
        (["journeys", "--lookback", "month"], 2, "is no duration"),
    ],
)
def test_errors_on_a_workspace_answer(market, arguments, status, message):
    assert message in market(*arguments, status=status).err


def test_strict_makes_findings_fail_and_keeps_the_data(run, tmp_path):
    (tmp_path / "t.csv").write_text("user_id,timestamp,channel\nu1,2026-01-01 00:00:00,A\n,2026-01-01 00:00:00,A\n")
    done = run("ingest", "--touchpoints", "t.csv", "--strict", status=1)
    assert "unified_id is empty" in done.err
    run("ingest", "--touchpoints", "t.csv", "--strict", "--timezone", "Europe/Berlin", status=1)
    run("ingest", "--touchpoints", "t.csv", "--timezone", "UTC")


def test_an_unforeseen_error_shows_no_value_and_no_traceback(run, monkeypatch):
    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("jane.doe@example.com")

    monkeypatch.setattr("attribution.steps.credits.credits_step", broken)
    monkeypatch.setattr("attribution.workspace.Workspace.require", lambda _: {})
    told = run("credits", status=1).err
    assert "jane" not in told
    assert "RuntimeError" in told
    assert "--debug" in told


def test_the_workspace_is_named_by_flag_before_or_after_and_by_the_environment(run, tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text(TOUCHES)
    run("-w", "one", "ingest", "--touchpoints", "t.csv")
    run("ingest", "-w", "two", "--touchpoints", "t.csv")
    monkeypatch.setenv("ATTRIBUTION_WORKSPACE", "three")
    run("ingest", "--touchpoints", "t.csv")
    assert all((tmp_path / name / "manifest.json").exists() for name in ("one", "two", "three"))


def test_a_pipe_is_read(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "attribution_cli.main", "-w", str(tmp_path / "w"), "ingest", "--touchpoints", "-"],
        input=TOUCHES.encode(), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert b"5 rows read, 5 kept" in done.stderr


def test_names_from_data_stay_on_one_line(run, tmp_path):
    (tmp_path / "t.csv").write_text('user_id,timestamp,channel\nu1,2026-01-01 00:00:00,"a\nb\x1b[31m"\n')
    (tmp_path / "o.csv").write_text("user_id,timestamp,value\nu1,2026-01-02 00:00:00,1\n")
    run("ingest", "--touchpoints", "t.csv", "--conversions", "o.csv")
    shown = run("fit", "shapley").out
    assert "a␤b" in shown
    assert "\x1b[31m" not in shown
