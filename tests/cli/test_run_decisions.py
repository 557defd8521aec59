"""``[reconcile]`` and ``[plan]`` of ``attribution run``, and their names in Python."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

import attribution
from attribution.configuration import Plan, Reconcile, configure
from attribution.demo_weeks import errors_of_sources, missed_by_intervals
from attribution.errors import UsageError
from attribution.plan.options import CAUTIOUS, HOPEFUL, WITHIN
from attribution.run import run as run_all
from attribution.workspace import Workspace
from tests.reconcile.markets import market, write

DATA = """workspace = "ws"
seed = 3
[ingest]
touchpoints = ["touchpoints.csv"]
conversions = ["conversions.csv"]
timezone = "UTC"
[fit]
models = ["markov"]
bootstrap = 20
[suppress]
enabled = false
[credits]
output = "credits.json"
[report]
enabled = false
"""
NO_PAGE, PAGE = "[report]\nenabled = false\n", '[report]\noutput = "report.json"\n'
MIX = """[mmm]
panel = ["panel.csv"]
model = "model.toml"
chains = 2
tune = 100
draws = 150
max_rounds = 1
checks = false
force = true
"""
# Two short chains of a small market do not pass the gate: without force nothing is built on them.
UNSURE = MIX.replace("force = true\n", "")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A market's exports, its panel and a model file."""
    folder = tmp_path_factory.mktemp("decisions")
    write(folder, market())
    return folder


@pytest.fixture
def folder(files, tmp_path):
    """A copy of them where commands run."""
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    return tmp_path


def configured(folder, text):
    (folder / "attribution.toml").write_text(text)


def test_both_follow_from_the_fits_without_a_word(run, folder):
    configured(folder, DATA.replace(NO_PAGE, PAGE) + MIX)
    done = run("run")
    assert done.err.index("── mmm") < done.err.index("── reconcile") < done.err.index("── plan")
    assert done.err.index("── plan") < done.err.index("── credits")
    assert "Path totals are about" in done.err
    assert "Spend" in done.err
    manifest = Workspace(folder / "ws").manifest()
    kept = manifest["plans"]["plan"]["options"]
    assert kept["goal"] is None
    assert kept["search"]["seed"] == 3
    assert manifest["reconciled"]["reconciled"]["spec"]["seed"] == 3
    fits = {row["fit"] for row in json.loads((folder / "credits.json").read_text())}
    assert fits == {"markov-1", "mmm", "reconciled"}
    page = json.loads((folder / "report.json").read_text())
    assert "Where the budget should go" in {chapter["title"] for chapter in page["chapters"]}


def test_what_is_asked_is_what_is_made(folder):
    text = DATA + MIX + (
        '[reconcile]\npaths = "markov"\nby = ["month"]\ndiscrepancy = 1.0\nname = "one"\n'
        '[plan]\nname = "lean"\nbudget = 300\nwindow = "8"\nlocks = ["TV"]\nbounds = ["Display=0.8x:1.2x"]\n'
        'objective = "quantile"\nstarts = 2\n'
    )  # fmt: skip
    configured(folder, text)
    report = run_all(attribution_toml(folder), folder)
    assert report.reconcile is not None
    assert report.reconcile.entry["spec"]["discrepancy"] == 1.0
    assert report.reconcile.entry["by"] == ["month"]
    assert report.plan is not None
    assert report.plan.options.goal.kind == "quantile"
    assert report.plan.options.goal.q == 0.05
    table = report.plan.table.set_index("channel")
    assert table.loc["TV", "spend"] == pytest.approx(table.loc["TV", "spend_today"])
    assert table.loc["(total)", "spend"] == pytest.approx(300)
    manifest = report.workspace.manifest()
    assert set(manifest["plans"]) == {"lean"}
    assert set(manifest["reconciled"]) == {"one"}


def attribution_toml(folder):
    from attribution.configuration import read_configuration  # noqa: PLC0415

    return read_configuration(folder / "attribution.toml")


def test_both_can_be_switched_off(folder):
    configured(folder, DATA + MIX + "[reconcile]\nenabled = false\n[plan]\nenabled = false\n")
    report = run_all(attribution_toml(folder), folder)
    assert (report.reconcile, report.plan) == (None, None)
    assert not {"plans", "reconciled"} & set(report.workspace.manifest())


def test_nothing_is_built_on_a_fit_that_failed_unless_it_is_asked_for(folder):
    configured(folder, DATA + UNSURE)
    report = run_all(attribution_toml(folder), folder)
    assert not report.mmm.stored.passed
    assert (report.reconcile, report.plan) == (None, None)
    configured(folder, DATA + UNSURE + "[plan]\nenabled = true\n")
    report = run_all(attribution_toml(folder), folder)
    assert report.plan is not None
    assert [f.code for f in report.findings if f.severity == "error"]


def test_what_cannot_be_done_is_a_note_or_where_it_is_asked_for_an_error(folder):
    panel = (folder / "panel.csv").read_text().replace("2025-", "2015-")
    (folder / "panel.csv").write_text(panel)
    configured(folder, DATA + MIX)
    report = run_all(attribution_toml(folder), folder)
    assert report.reconcile is None
    (left,) = [f for f in report.findings if f.code == "not-reconciled"]
    assert left.severity == "note"
    assert "no whole period in common" in left.message
    configured(folder, DATA + MIX + "[reconcile]\nenabled = true\n")
    with pytest.raises(UsageError, match=r"^\[reconcile\] .*no whole period in common"):
        run_all(attribution_toml(folder), folder)


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ('[plan]\nlocks = ["TVV"]', '[plan] --lock: no channel "TVV" with spend in this fit. Did you mean "TV"?'),
        ("[plan]\nbudget = -5", "[plan] --budget: -5.0 is no amount above 0"),
        ('[plan]\nwindow = "soon"', '[plan] --window: "soon" is none of'),
        ('[plan]\nwindow = "400"', "[plan] --window 400: begins before the panel"),
        ('[plan]\nbounds = ["TV=9x:2x"]', "[plan] --channel-bounds TV=9x:2x: the lower bound"),
        ('[plan]\nby = ["geo"]', "[plan] --by geo: this fit has no geos"),
        ('[plan]\nmoves = ["TV=Radio:20"]', '[plan] --move: no channel "Radio"'),
        ('[plan]\nfuture = ["next.csv"]', "[plan] --future"),
        ("[plan]\nstarts = 0", "[plan] A search needs a start"),
        ("[plan]\nquantile = 0.1", "plan.quantile: say of which plan.objective"),
        ('[plan]\nobjective = "cvar"\nquantile = 2', "plan.quantile: quantile lies between 0 and 1"),
        ('[plan]\nobjective = "best"', "plan.objective: Invalid enum value"),
        ("[plan]\ntarget_roas = 2\ntarget_outcome = 3", "Take one target: plan.target_outcome, plan.target_roas."),
        ("[plan]\ntarget_roas = 2\nbudget = 3", "plan.target_roas: a target asks how much to spend. Leave plan.budget"),
        ('[plan]\nsteps = ["TV=5"]\nmoves = ["TV=Display:20"]', "plan.moves: they say where money goes"),
        ("[plan]\ntarget_roas = inf", "[plan] A target is a number"),
        ('[plan]\nname = " "', "plan.name: a plan needs a name"),
        ("[plan]\nbudgt = 5", '"plan.budgt" is unknown. Did you mean "budget"?'),
        ('[reconcile]\npaths = "shapley"', '[reconcile] No fit of journeys "shapley"'),
        ('[reconcile]\nmatch = ["Tele=TV"]', '[reconcile] match: no channel "Tele" in the panel'),
        ('[reconcile]\nmatch = ["TV"]', '[reconcile] --match: "TV" is no pair'),
        ('[reconcile]\nname = "markov-1"', '[reconcile] name: "markov-1" is a fit already'),
        ('[reconcile]\nby = ["geo"]', '[reconcile] by: "geo" is unknown here'),
        ("[reconcile]\ndiscrepancy = -1", "[reconcile] --discrepancy"),
    ],
)
def test_it_is_refused_before_the_first_step(run, folder, section, says):
    configured(folder, DATA + MIX + section + "\n")
    assert says in run("run", status=2).err
    assert not (folder / "ws").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (DATA + "[plan]\nbudget = 5\n", "[plan] needs a media-mix fit: name a panel under [mmm]"),
        (DATA + "[plan]\nenabled = true\n", "[plan] needs a media-mix fit"),
        (DATA + "[reconcile]\nenabled = true\n", "Name a panel under [mmm]"),
        ('workspace = "ws"\n' + MIX + "[reconcile]\nenabled = true\n", "Name touchpoints or paths under [ingest]"),
    ],
)
def test_what_they_need_is_named(run, folder, text, says):
    configured(folder, text)
    assert says in run("run", status=2).err
    assert not (folder / "ws").exists()


def test_a_later_run_without_a_panel_uses_the_fit_that_is_there(folder):
    configured(folder, 'workspace = "ws"\n' + MIX + "[plan]\nenabled = false\n[report]\nenabled = false\n")
    run_all(attribution_toml(folder), folder)
    configured(folder, DATA + '[mmm]\nforce = true\n[plan]\nenabled = true\nobjective = "expected"\n')
    report = run_all(attribution_toml(folder), folder)
    assert report.mmm is None
    assert report.plan is not None
    assert report.reconcile is not None
    assert report.plan.stored.name == report.reconcile.entry["mix"] == "mmm"


def test_show_config_prints_them(run):
    text = run("run", "--show-config").out
    assert "[reconcile]\n# enabled = (found, or off)\n" in text
    assert '[plan]\n# enabled = (found, or off)\nname = "plan"\n' in text
    assert 'within = "0.5x:1.5x"' in text


def test_defaults_are_those_of_the_commands():
    assert Plan().within == WITHIN
    assert Plan().options(1).aim == CAUTIOUS
    assert Plan(target_roas=2.0).options(1).aim == HOPEFUL
    assert Plan(objective="cvar").options(1).aim == CAUTIOUS
    assert Reconcile().options(4).seed == 4
    assert not Plan().asked
    assert not Plan(enabled=False, budget=5.0).asked
    assert not configure({}, "nothing").reconcile.asked


def test_python_reconciles_a_workspace(folder):
    configured(folder, DATA + MIX + "[reconcile]\nenabled = false\n[plan]\nenabled = false\n")
    workspace = run_all(attribution_toml(folder), folder).workspace
    report = attribution.reconcile_fits(workspace.path, paths="markov-1", by=["month"], match={"Display": "Display"})
    assert report.entry["by"] == ["month"]
    assert "reconciled" in workspace.manifest()["reconciled"]
    assert {"channel", "reason"} <= set(report.disagreements.columns)


def test_the_demo_names_the_intervals_that_miss_the_truth():
    table = pd.DataFrame(
        {
            "channel": ["TV", "Radio"],
            "path": [9.0, 1.0], "mix": [5.0, 5.0], "reconciled": [6.0, 2.0],
            "mix_lower": [4.0, 1.0], "mix_upper": [8.0, 9.0],
            "reconciled_lower": [5.0, 1.0], "reconciled_upper": [7.0, 2.5],
        }
    )  # fmt: skip
    truth = pd.DataFrame({"channel": ["Radio", "TV"], "incremental_conversions": [4, 6]})
    assert missed_by_intervals(table, truth) == {"mix": [], "reconciled": ["Radio"]}
    errors = errors_of_sources(table, truth, ["TV", "Radio"])
    assert errors == pytest.approx({"path": 0.3, "mix": 0.1, "reconciled": 0.15})
