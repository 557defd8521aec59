"""What the report says equals the tables it is made of, in every form, for every kind of workspace."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attribution.errors import UsageError
from attribution.report.document import Chart, Column, Report, Table, table_of
from attribution.report.page import in_script, page
from attribution.report.plain_data import plain_data
from attribution.report.report import report_of_workspace
from attribution.report.sources import CLOSING, Sources
from attribution.report.words import Words
from attribution.steps.credits import credits_step
from attribution.steps.report import report_step
from attribution.workspace import Workspace
from tests.report.workspaces import HOSTILE, demo_workspace, fitted, path_workspace


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return demo_workspace(tmp_path_factory.mktemp("shop"))


def made(workspace: Workspace, **options: str) -> Report:
    return report_of_workspace(Sources(workspace, Words(), **options))


def table(report: Report, name: str) -> pd.DataFrame:
    (found,) = [t for t in report.tables() if t.id == name]
    return pd.DataFrame(found.records())


def test_contributions_are_the_credits_table(shop: Workspace) -> None:
    """Every row and every measure, value by value."""
    credits, _ = credits_step(shop)
    shown = table(made(shop), "contributions")
    assert list(shown["channel"]) == list(credits["channel"])
    for name in ("conversions", "value", "conversions_lower", "conversions_upper", "conversion_share"):
        np.testing.assert_allclose(shown[name].astype(float), credits[name].astype(float))


def test_the_answer_is_the_leading_fit(shop: Workspace) -> None:
    """The first picture and the sentence give the leading fit's numbers, beside the span of all fits."""
    report = made(shop, asked="shapley")
    credits, _ = credits_step(shop, ["shapley"])
    shown = table(report, "answer").set_index("channel")
    mine = credits[~credits["channel"].isin(CLOSING)].set_index("channel")["conversions"]
    np.testing.assert_allclose(shown["amount"], mine[shown.index])
    assert (shown["least"] <= shown["share"] + 1e-9).all()
    assert (shown["most"] >= shown["share"] - 1e-9).all()
    assert report.first.title.startswith(f"{mine.idxmax()} contributes most")


def test_tables_have_names_of_their_own(shop: Workspace) -> None:
    """Downloads and addresses are told apart by them."""
    report = made(shop)
    ids = [t.id for t in report.tables()]
    assert len(ids) == len(set(ids))
    assert len({c.id for c in (report.first, *report.chapters)}) == len(report.chapters) + 1


def test_the_same_workspace_gives_the_same_bytes(shop: Workspace) -> None:
    """No clock and no random order."""
    assert report_step(shop) == report_step(shop)


def test_no_person_is_in_it(shop: Workspace) -> None:
    """Neither ids nor e-mails of the demo's customers."""
    text = report_step(shop)
    customers = pd.read_csv(shop.path.parent / "inputs" / "customers.csv", dtype=str)
    lists = pd.read_csv(next(shop.path.glob("lists/suppression-*/suppression.csv")), dtype=str)
    private = [c for c in customers.columns if c.startswith("id:") or c in ("email", "phone", "unified_id", "crm_id")]
    assert private
    values = {v for c in private for v in customers[c].dropna() if len(v) > 5} | set(lists["customer_id"])
    found = [v for v in values if v in text]  # a quick look first: the page is long
    assert not [v for v in found if re.search(rf"(?<![\w.]){re.escape(v)}(?![\w.])", text)]


def test_every_form_has_the_same_numbers(shop: Workspace) -> None:
    """Markdown and JSON hold the page's tables."""
    data = json.loads(report_step(shop, "json"))
    held = {b["table"]["id"] if "table" in b else b.get("id") for c in data["chapters"] for b in c["blocks"]}
    report = made(shop)
    assert {t.id for t in report.tables()} <= held
    text = report_step(shop, "markdown")
    for chapter in report.chapters:
        assert f"## {chapter.title}" in text
    assert json.loads(json.dumps(plain_data(report)["chapters"])) == data["chapters"]


def test_a_page_is_whole(shop: Workspace) -> None:
    """No address outside but names of standards and of the libraries' own texts, and a policy without eval."""
    text = report_step(shop)
    assert len(text.encode()) < 5e6
    assert not re.findall(r"""(?:src|href)=["']?(?!#|data:)[^"'\s>]*//""", text.split("<script>")[0])
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    policy = html.unescape(policy)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_names_are_text_in_every_form(tmp_path: Path) -> None:
    """Channels that are markup, formulas and code."""
    workspace = path_workspace(tmp_path, HOSTILE)
    text = report_step(workspace)
    body, _, rest = text.partition('<script type="application/json"')
    assert "<script" not in body.lower()
    data = rest.partition(">")[2].partition("</script>")[0]
    loaded = json.loads(data)
    assert HOSTILE[0] in {row[1] for row in loaded["tables"]["contributions"]["rows"]}
    assert html.escape(HOSTILE[0]) in body
    said = report_step(workspace, "markdown")
    assert HOSTILE[0] not in said
    assert r"\<script\>" in said
    assert json.loads(report_step(workspace, "json"))


@pytest.mark.parametrize("number", [2, 150])
def test_few_and_many_channels(tmp_path: Path, number: int) -> None:
    """The chapters that path data give, and no others."""
    report = made(path_workspace(tmp_path, [f"channel {i:03d}" for i in range(number)], journeys=600))
    ids = [c.id for c in report.chapters]
    assert ids[0] == "contributions"
    assert not {"cost", "suppression", "identity"} & set(ids)
    assert len(table(report, "answer")) == min(number, 20)
    assert page(report, Words())


def test_nothing_fitted(tmp_path: Path) -> None:
    """Says so, and what to do; still shows the data."""
    workspace = path_workspace(tmp_path, ["a", "b"])
    with workspace.write() as manifest:
        manifest["fits"] = {}
    report = made(workspace)
    assert report.first.title == "No contributions yet"
    assert [c.id for c in report.chapters] == ["data", "method"] or "data" in [c.id for c in report.chapters]
    with pytest.raises(UsageError, match="nothing was fitted"):
        report_step(workspace, fit="markov-1")


def test_nothing_converted(tmp_path: Path) -> None:
    """An empty result is a page that says so."""
    frame = pd.DataFrame({"path": ["a\x1fb", "b"], "conversions": [0, 0], "nulls": [5, 7], "value": [0.0, 0.0]})
    report = made(fitted(tmp_path, frame))
    assert "No channel contributed" in report.first.title
    assert page(report, Words())


def test_an_unknown_fit_is_named(shop: Workspace) -> None:
    """With what is there."""
    with pytest.raises(UsageError, match="markov-1"):
        report_step(shop, fit="markow-1")


def test_charts_read_their_own_columns(shop: Workspace) -> None:
    """Every field that a chart encodes is a column of its table or made by its own transforms."""
    for chart in (b for b in made(shop).blocks() if isinstance(b, Chart)):
        text = json.dumps(chart.spec)
        names = {c.name for c in chart.table.columns} | set(re.findall(r'"as": "(\w+)"', text))
        fields = set(re.findall(r'"field": "([^"]+)"', text))
        assert fields <= names, (chart.table.id, fields - names)


def test_json_cannot_end_its_script() -> None:
    """Whatever a name holds."""
    text = in_script({"a": "</script><!-- \u2028 &"})
    assert not re.search("[<>&\u2028]", text)
    assert json.loads(text) == {"a": "</script><!-- \u2028 &"}


def test_table_of_takes_what_is_there() -> None:
    """Columns that the frame lacks are left out; missing and infinite values are None."""
    frame = pd.DataFrame({"a": ["x", None], "b": [np.nan, np.inf], "c": pd.array([1, None], dtype="Int64")})
    found = table_of(frame, "t", "T", tuple(Column(n, n) for n in "abcd"))
    assert found == Table("t", "T", tuple(Column(n, n) for n in "abc"), (("x", None, 1), (None, None, None)))
