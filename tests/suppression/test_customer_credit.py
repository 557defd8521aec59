"""Credit that went to people who were customers at that moment, beside what was spent on them."""

from __future__ import annotations

import pandas as pd
import pytest


@pytest.fixture
def shop(run, tmp_path):
    rows = []
    for n in range(40):
        rows += [(f"p{n}", "2026-05-01 10:00:00", "Social"), (f"p{n}", "2026-05-02 10:00:00", "Search")]
        rows += [(f"p{n}", "2026-05-20 10:00:00", "Mail")] if n % 4 == 0 else []
    pd.DataFrame(rows, columns=["unified_id", "timestamp", "channel"]).to_csv(tmp_path / "t.csv", index=False)
    orders = [(f"p{n}", "2026-05-03 10:00:00", 10) for n in range(30)]
    orders += [(f"p{n}", "2026-05-21 10:00:00", 10) for n in range(0, 30, 4)]
    pd.DataFrame(orders, columns=["unified_id", "timestamp", "value"]).to_csv(tmp_path / "o.csv", index=False)
    run("ingest", "--touchpoints", "t.csv", "--conversions", "o.csv")
    return tmp_path


def lost(run):
    return {row["channel"]: row for row in run("suppress", "-f", "json").json}


def test_it_is_what_credits_by_customer_says(run, shop):
    assert all(row["credit"] is None for row in lost(run).values())
    run("fit", "rules")
    found = lost(run)
    assert {row["credit_basis"] for row in found.values()} == {"first"}
    run("fit", "shapley")
    found = lost(run)
    assert {row["credit_basis"] for row in found.values()} == {"shapley"}
    rows = run("credits", "--model", "shapley", "--by", "customer", "-f", "json").json
    for channel, row in found.items():
        theirs = sum(r["conversions"] for r in rows if r["channel"] == channel and r["customer"] == "existing")
        whole = sum(r["conversions"] for r in rows if r["channel"] == channel)
        assert (row["credit"], row["credit_to_customers"]) == pytest.approx((whole, theirs))
    # The second purchase of eight people came after a mail alone.
    assert found["Mail"]["credit_to_customers"] == pytest.approx(8)
    assert found["Search"]["credit_to_customers"] == 0
    assert "credit" in run("suppress").out.splitlines()[0]


def test_fits_of_earlier_journeys_say_nothing(run, shop):
    run("fit", "rules")
    (shop / "more.csv").write_text("unified_id,timestamp,value\np1,2026-06-01 10:00:00,5\n")
    run("ingest", "--no-journeys", "--conversions", "more.csv")
    assert all(row["credit"] is None for row in lost(run).values())
