from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from attribution.errors import UsageError
from attribution.ingest.layouts import recognise
from attribution.tables import PATH_SEPARATOR
from tests.ingest.stored import read_in, stored

DATA = Path(os.environ.get("ATTRIBUTION_TEST_DATA", Path(__file__).parents[3] / "shared" / "data")) / "mta"
public = pytest.mark.skipif(not DATA.is_dir(), reason=f"public test data are not at {DATA}")

CHANNELS = f"list_transform(string_split(path, '{PATH_SEPARATOR}'), lambda c: trim(c))"
EVENTS = "cookie,time,interaction,conversion,conversion_value,channel"
LAYOUTS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("unified_id,timestamp,channel", "touchpoints", "touchpoints", {"channel": "channel"}),
    ("user_pseudo_id,event_timestamp,session_default_channel_group", "touchpoints", "touchpoints",
     {"unified_id": "user_pseudo_id", "timestamp": "event_timestamp", "channel": "session_default_channel_group"}),
    ("unified_id,timestamp,value", "conversions", "conversions", {"value": "value"}),
    ("customer_id,order_date,order_id,revenue", "conversions", "conversions", {"conversion_id": "order_id"}),
    (EVENTS, "touchpoints", "events with a conversion flag", {"unified_id": "cookie", "interaction": "interaction"}),
    ("CUSTOMERID,SESSIONID,TIMESTAMP_TOUCHPOINT,MARKETINGCHANNEL,REVENUE", "touchpoints",
     "sessions with revenue on the row", {"channel": "MARKETINGCHANNEL", "timestamp": "TIMESTAMP_TOUCHPOINT"}),
    ("session_id,customer_id,started_at,ended_at,utm_source,utm_medium,utm_campaign", "touchpoints", "touchpoints",
     {"timestamp": "started_at", "channel": "utm_source", "campaign": "utm_campaign"}),
    ("customer_id,converted_at,revenue", "conversions", "conversions", {"timestamp": "converted_at", "value": "revenue"}),
    ("path,total_conversions,total_conversion_value,total_null", "paths", "aggregated paths",
     {"value": "total_conversion_value", "nulls": "total_null"}),
    ("path,conversions", "paths", "aggregated paths", {"conversions": "conversions"}),
    ("journey,converted,revenue", "paths", "journeys in one row each", {"path": "journey", "value": "revenue"}),
    ("t1,t2,t3,t4", "paths", "journeys in wide columns", {}),
    ("date_day,utm_source,utm_medium,utm_campaign,spend", "spend", "spend", {"date": "date_day", "channel": "utm_source"}),
    ("customer_id,email,first_purchase_date,consent", "customers", "customers", {"customer_since": "first_purchase_date"}),
    ("id_a,id_b", "identities", "identities", {"id_a": "id_a"}),
    ("id:cookie,id:email_sha256,seen_at", "identities", "identities", {"seen_at": "seen_at"}),
    ("match_probability,unique_id_l,unique_id_r", "identities", "identities",
     {"id_a": "unique_id_l", "id_b": "unique_id_r", "score": "match_probability"}),
    ("experiment,unified_id,channel,arm,assigned_at", "assignments", "assignments", {"arm": "arm"}),
]  # fmt: skip


@pytest.mark.parametrize("named", [False, True], ids=["by its headers", "by the flag"])
@pytest.mark.parametrize(("header", "table", "layout", "fields"), LAYOUTS, ids=[layout[0] for layout in LAYOUTS])
def test_a_layout_is_recognised(header: str, table: str, layout: str, fields: dict[str, str], named: bool) -> None:
    found = recognise(tuple(header.split(",")), table if named else None, {}, "file.csv")
    assert found.name == layout
    assert fields.items() <= found.tables[table].items()


def test_events_fill_two_tables(tmp_path: Path) -> None:
    rows = ["u1,2026-01-05,click,0,0,A", "u1,2026-01-06,conversion,1,9.5,B", "u2,2026-01-07,impression,0,,A"]
    (tmp_path / "events.csv").write_text("\n".join([EVENTS, *rows]) + "\n")
    workspace, report = read_in(tmp_path, {None: [tmp_path / "events.csv"]})
    assert report.files[0].rows.kept == 3
    assert len(stored(workspace, "touchpoints")) == 3
    assert stored(workspace, "conversions", "unified_id, value") == [("u1", 9.5)]


def test_revenue_on_the_row_is_a_conversion(tmp_path: Path) -> None:
    lines = [
        "CUSTOMERID,SESSIONID,TIMESTAMP_TOUCHPOINT,MARKETINGCHANNEL,REVENUE",
        "u1,s1,2026-01-05,A,",
        "u1,s2,2026-01-06,B,7",
    ]
    (tmp_path / "sessions.csv").write_text("\n".join(lines))
    workspace, _ = read_in(tmp_path, {None: [tmp_path / "sessions.csv"]})
    assert stored(workspace, "conversions", "unified_id, value") == [("u1", 7.0)]


@pytest.mark.parametrize("separator", [" > ", ">", " → ", "|"])
def test_paths_are_split(tmp_path: Path, separator: str) -> None:
    (tmp_path / "paths.csv").write_text(f"path;conversions;nulls\nA{separator}B C;2;0\nA;0;3\n")
    workspace, _ = read_in(tmp_path, {None: [tmp_path / "paths.csv"]})
    assert stored(workspace, "paths", f"{CHANNELS}, conversions, nulls") == [
        (["A"], 0.0, 3.0),
        (["A", "B C"], 2.0, 0.0),
    ]


def test_columns_are_set(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("who,when,origin,channel\nu1,2026-01-05,Ads,x\n")
    columns = {"touchpoints.unified_id": "who", "touchpoints.timestamp": "WHEN", "touchpoints.channel": "origin"}
    workspace, report = read_in(tmp_path, {"touchpoints": [tmp_path / "log.csv"]}, columns=columns)
    assert report.files[0].tables["touchpoints"]["timestamp"] == "when"
    assert stored(workspace, "touchpoints", "unified_id, channel") == [("u1", "Ads")]


def test_the_flag_of_events_is_set(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("unified_id,timestamp,channel,bought\nu1,2026-01-05,A,yes\nu2,2026-01-05,A,no\n")
    columns = {"touchpoints.conversion": "bought"}
    workspace, _ = read_in(tmp_path, {"touchpoints": [tmp_path / "log.csv"]}, columns=columns)
    assert stored(workspace, "conversions", "unified_id") == [("u1",)]


def test_one_header_for_two_fields(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("unified_id,timestamp,source\nu1,2026-01-05,\nu2,2026-01-05,A\n")
    columns = {"touchpoints.channel": "source", "touchpoints.campaign": "source"}
    workspace, report = read_in(tmp_path, {"touchpoints": [tmp_path / "log.csv"]}, columns=columns)
    assert report.files[0].reasons == {"channel is empty": 1}
    assert stored(workspace, "touchpoints", "channel, campaign") == [("A", "A")]


def test_an_unknown_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^No such table: touchpoint\. Did you mean \"touchpoints\"\?$"):
        read_in(tmp_path, {"touchpoint": ["x.csv"]})
    with pytest.raises(UsageError, match=r"^Nothing to ingest\."):
        read_in(tmp_path, {None: []})


@public
def test_public_paths(tmp_path: Path) -> None:
    workspace, report = read_in(tmp_path, {"paths": [DATA / "channelattribution_pathdata.csv"]})
    assert (report.files[0].rows.read, report.files[0].rows.kept) == (10_000, 10_000)
    totals = stored(workspace, "paths", f"sum(conversions), round(sum(value), 6), sum(nulls), max(len({CHANNELS}))")
    assert totals == [(19_785.0, 74_802.971587, 68_602.0, 89)]


@public
def test_public_sessions_conversions_and_spend(tmp_path: Path) -> None:
    names = ("sessions", "customer_conversions", "ad_spend")
    _, report = read_in(tmp_path, {None: [DATA / f"dbtlabs_playbook_{name}.csv" for name in names]})
    found = [(f.layout, f.rows.read, f.rows.kept) for f in report.files]
    assert found == [("touchpoints", 90, 90), ("conversions", 21, 21), ("spend", 42, 42)]


@public
def test_public_sessions_with_broken_rows(tmp_path: Path) -> None:
    workspace, report = read_in(tmp_path, {None: [DATA / "hachemsfar_sessions_2019_2020.tsv"]})
    file = report.files[0]
    assert file.layout == "sessions with revenue on the row"
    assert (file.rows.read, file.rows.kept + file.rows.duplicates, file.rows.quarantined) == (13_159, 13_159, 0)
    assert file.repaired == {"unquoted newline in a cell: lines rejoined": 145}
    assert stored(workspace, "touchpoints", "count(DISTINCT unified_id)") == [(10_000,)]


@public
def test_public_wide_journeys(tmp_path: Path) -> None:
    workspace, report = read_in(tmp_path, {None: [DATA / "jakebenn_journeys_wide.csv"]})
    assert (report.files[0].rows.read, report.files[0].rows.kept) == (2_392, 2_392)
    assert report.files[0].read["(conversion)"] == 'token "21"'
    assert stored(workspace, "paths", f"count(*) FILTER (list_contains({CHANNELS}, '21'))") == [(0,)]
