"""Who is on the list, and what went to customers, against plain Python on random markets."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.engine import connect
from attribution.suppression.policy import suppress
from attribution.suppression.waste import waste

DAYS = pd.date_range("2026-01-01", periods=20, freq="D")
person = st.sampled_from("abcdef")
moment = st.builds(lambda d, h: DAYS[d] + pd.Timedelta(hours=h), st.integers(0, 19), st.integers(0, 23))
touches = st.lists(
    st.tuples(person, moment, st.sampled_from(("Mail", "Search")), st.sampled_from(("impression", "click")), st.integers(0, 9)),
    min_size=1, max_size=25,
)  # fmt: skip
orders = st.lists(st.tuples(person, moment), max_size=8)
filed = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"),
        st.one_of(st.none(), st.integers(0, 19).map(lambda d: DAYS[d])),
        st.sampled_from((None, "active", "prospect")),
        st.sampled_from(("granted", "denied", "unknown")),
    ),
    max_size=6,
    unique_by=lambda row: row[0],
)


def tables(connection, t, c, f):
    t = pd.DataFrame(t, columns=["unified_id", "timestamp", "channel", "interaction", "cost"])
    c = pd.DataFrame(c, columns=["unified_id", "timestamp"]).astype({"timestamp": "datetime64[us]"})
    f = pd.DataFrame(f, columns=["unified_id", "customer_since", "status", "consent"]).astype(
        {"customer_since": "datetime64[us]", "unified_id": "str", "status": "str", "consent": "str"}
    )
    for name, frame in (("t", t), ("c", c), ("f", f)):
        connection.register(name, frame)


def since_of(c, f) -> dict[str, tuple]:
    """Person to (since or None, converted, denied), by the written rules."""
    first = {}
    for who, at in c:
        first[who] = min(first.get(who, at), at)
    out = {}
    rows = {who: (since, status, consent) for who, since, status, consent in f}
    for who in set(first) | {w for w, (_, status, _) in rows.items() if status != "prospect"}:
        since, _, consent = rows.get(who, (None, None, None))
        bought = first.get(who)
        if bought is not None and not (since is not None and since.date() < bought.date()):
            since = bought
        out[who] = (since, bought is not None, consent == "denied")
    return out


@given(touches, orders, filed)
def test_list_and_waste_are_those_of_the_written_rules(t, c, f):
    want = since_of(c, f)
    with connect() as connection:
        tables(connection, t, c, f)
        found = suppress(connection, "t", "c", "f")
        lost = waste(connection, "t", "c", "f", None).set_index("channel")
    people = found.people.set_index("customer_id")
    listed = {w: v for w, v in want.items() if not v[2]}
    assert set(people.index) == set(listed)
    assert people.index.tolist() == sorted(listed)
    for who, (since, converted, _) in listed.items():
        assert people.loc[who, "rule"] == ("converted" if converted else "customers-file")
        text = people.loc[who, "since"]
        assert (pd.isna(text) and since is None) or text == since.strftime("%Y-%m-%dT%H:%M:%SZ")
    counted = defaultdict(lambda: [0, 0, 0, 0.0])
    for who, at, channel, interaction, cost in t:
        since = want.get(who, (None,))[0]
        if since is not None and at > since:
            counted[channel][0] += 1
            counted[channel][1] += interaction == "impression"
            counted[channel][2] += interaction == "click"
            counted[channel][3] += cost
    for channel in lost.index:
        row = lost.loc[channel]
        got = [row["touches_to_customers"], row["impressions_to_customers"], row["clicks_to_customers"]]
        assert got == counted[channel][:3]
        if sum(x[4] for x in t) > 0:
            assert row["spend_to_customers"] == pytest.approx(counted[channel][3])
    assert lost["touches"].sum() == len(t)


def test_customers_join_by_any_id_they_share(run, tmp_path):
    (tmp_path / "t.csv").write_text(
        "unified_id,timestamp,channel,id:email_sha256\nc1,2026-01-02 00:00:00,Mail,h1\nc2,2026-01-02 00:00:00,Mail,h2\n"
    )
    (tmp_path / "crm.csv").write_text(
        "id:email_sha256,customer_since,consent\nh1,2025-12-01,granted\nh9,2025-12-01,granted\n"
    )
    run("ingest", "--touchpoints", "t.csv", "--customers", "crm.csv")
    rows = run("suppress", "-f", "json").json
    assert [(r["channel"], r["touches_to_customers"]) for r in rows] == [("Mail", 1)]
    (path,) = (tmp_path / "attribution-workspace" / "lists").glob("*/suppression.csv")
    assert pd.read_csv(path)["customer_id"].tolist() == ["c1", "email_sha256:h9"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.with_suffix(".parquet").stat().st_mode & 0o777 == 0o600


def test_without_touch_costs_spend_is_shared_by_touches(run, tmp_path):
    (tmp_path / "t.csv").write_text(
        "unified_id,timestamp,channel\na,2026-01-01 00:00:00,Mail\na,2026-01-03 00:00:00,Mail\nb,2026-01-03 00:00:00,Mail\nb,2026-01-04 00:00:00,Mail\n"
    )
    (tmp_path / "o.csv").write_text("unified_id,timestamp,value\na,2026-01-02 00:00:00,5\n")
    (tmp_path / "s.csv").write_text("date,channel,spend\n2026-01-01,Mail,80\n")
    run("ingest", "--touchpoints", "t.csv", "--conversions", "o.csv", "--spend", "s.csv")
    (row,) = run("suppress", "-f", "json").json
    assert (row["touches_to_customers"], row["spend"], row["spend_to_customers"]) == (1, 80, 20)
    assert row["spend_basis"] == "share of touches"


def test_nobody_known_is_said(run, tmp_path):
    (tmp_path / "t.csv").write_text("unified_id,timestamp,channel\na,2026-01-01 00:00:00,Mail\n")
    run("ingest", "--touchpoints", "t.csv")
    assert "Nobody is known to be a customer" in run("suppress", status=2).err
