"""The policy of attribution.toml: who is listed by which rule, until when, for which platform, and who never."""

from __future__ import annotations

import itertools
import re
import tomllib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.configuration import configure
from attribution.errors import UsageError
from attribution.suppression.decide import decide
from attribution.suppression.purchases import purchase_states
from attribution.suppression.rules import KEEP, REASONS, SuppressionPolicy
from tests.conftest import PROJECT

TOUCHES = """unified_id,timestamp,channel,interaction
freq,2026-06-25 12:00:00,Display,impression
freq,2026-06-26 12:00:00,Display,impression
freq,2026-06-27 12:00:00,Display,impression
freq,2026-06-28 12:00:00,Display,impression
click,2026-06-25 12:00:00,Display,impression
click,2026-06-26 12:00:00,Display,impression
click,2026-06-27 12:00:00,Display,impression
click,2026-06-28 12:00:00,Display,click
other,2026-06-30 12:00:00,Display,impression
"""
ORDERS = """unified_id,timestamp,value
recent,2026-06-01 12:00:00,10
slipped,2026-03-01 12:00:00,10
lapsed,2025-01-01 12:00:00,10
complaint,2026-06-01 12:00:00,10
employee,2026-06-01 12:00:00,10
cross,2026-06-01 12:00:00,10
out,2026-06-01 12:00:00,10
denied,2026-06-01 12:00:00,10
"""
CRM = """unified_id,email,status,consent
recent,recent@shop.example,,granted
complaint,complaint@shop.example,Active; Open complaint,granted
employee,employee@shop.example,employee | cross-sell,granted
cross,cross@shop.example,cross-sell,granted
out,out@shop.example,Opted out,granted
denied,denied@shop.example,,denied
freq,freq@shop.example,prospect,granted
"""
POLICY = """[suppression]
name = "spring"
rules = ["complaint", "employee", "test-account", "subscriber", "recent", "lapsed", "over-frequency"]
keep = ["cross-sell", "win-back"]
window_days = 60
longest_days = 300
most_impressions = 3
"""


@pytest.fixture
def shop(run, tmp_path):
    for name, text in (("t", TOUCHES), ("o", ORDERS), ("crm", CRM)):
        (tmp_path / f"{name}.csv").write_text(text)
    run("ingest", "--touchpoints", "t.csv", "--conversions", "o.csv", "--customers", "crm.csv")
    return tmp_path


def listed(folder, name="suppression"):
    (path,) = (folder / "attribution-workspace" / "lists").glob(f"suppression-*/{name}.csv")
    return pd.read_csv(path, dtype=str, keep_default_na=False).set_index("customer_id")


def test_the_first_rule_that_holds_gives_the_reason_and_people_return_by_themselves(run, shop):
    (shop / "attribution.toml").write_text(POLICY)
    told = run("suppress", "--config", "attribution.toml").err
    people = listed(shop)
    assert people["rule"].to_dict() == {
        "complaint": "complaint", "employee": "employee", "freq": "over-frequency", "recent": "recent",
    }  # fmt: skip
    assert people["suppress_until"].to_dict() == {
        "complaint": "", "employee": "", "freq": "2026-07-28", "recent": "2026-07-31",
    }  # fmt: skip
    assert people.loc["recent", "reason"] == "bought recently"
    assert people.loc["recent", "since"] == "2026-06-01T12:00:00Z"
    assert "policy spring/" in told
    assert "2 people denied consent or opted out" in told
    assert "2 people stay in targeting by cross-sell and win-back" in told


def test_rules_of_a_platform_make_a_list_of_its_own(run, shop):
    (shop / "attribution.toml").write_text(f'{POLICY}\n[suppression.channels]\n"over-frequency" = ["meta"]\n')
    run("suppress", "--config", "attribution.toml", "--platform", "meta", "--platform", "tiktok")
    assert set(listed(shop).index) == {"complaint", "employee", "recent"}
    assert set(listed(shop, "suppression-meta").index) == {"complaint", "employee", "freq", "recent"}
    lists = shop / "attribution-workspace" / "lists"
    sizes = {p: len(next(lists.glob(f"{p}-*/*.csv")).read_text().splitlines()) - 1 for p in ("meta", "tiktok")}
    assert sizes == {"meta": 4, "tiktok": 3}


def test_without_repeats_a_window_has_to_be_given(run, shop):
    (shop / "attribution.toml").write_text('[suppression]\nrules = ["recent"]\n')
    assert "window_days = 90" in run("suppress", "--config", "attribution.toml", status=2).err
    (shop / "attribution.toml").write_text("")
    assert "no rules" in run("suppress", "--config", "attribution.toml", status=2).err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('rules = ["recnt"]', 'Did you mean "recent"?'),
        ('keep = ["win-back"]', "no rules to keep people from"),
        ('rules = ["recent"]\nrecent_share = 1.5', "suppression.recent_share"),
        ('rules = ["recent"]\nwindow_days = 0', "suppression.window_days"),
        ('rules = ["recent"]\nlapsed_share = 0.1', "lapse while active"),
        ('rules = ["recent"]\nchannels = {recent = ["../x"]}', "names of platforms"),
        ('rules = ["recent"]\nchannels = {active = ["meta"]}', "suppression.channels"),
        ("most = 3", "suppression.most"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(run, tmp_path, text, says):
    (tmp_path / "attribution.toml").write_text(f"[suppression]\n{text}\n")
    assert says in run("suppress", "--config", "attribution.toml", status=2).err


flags = st.fixed_dictionaries({name: st.booleans() for name in (*REASONS, *KEEP)})
names = st.lists(st.sampled_from(list(REASONS)), unique=True, min_size=1)


def by_hand(row, rules, keep, channels, channel):
    """The rule that lists a person, by the words of the document."""

    def here(rule):
        return rule not in channels or channel in channels[rule]

    stays = any(here(k) and (row[k] or (k == "win-back" and row["lapsed"])) for k in keep)
    for rule in rules:
        if here(rule) and row[rule] and not (stays and rule not in ("complaint", "employee", "test-account")):
            return rule
    return None


@given(
    st.lists(flags, min_size=1, max_size=6), names, st.lists(st.sampled_from(KEEP), unique=True),
    st.dictionaries(st.sampled_from(list(REASONS)), st.just(("meta",)), max_size=3), st.sampled_from((None, "meta", "x")),
)  # fmt: skip
def test_decisions_are_those_of_the_written_rules(rows, rules, keep, channels, channel):
    facts = pd.DataFrame([row | {"customer_id": f"c{n}", "since": None} for n, row in enumerate(rows)])
    policy = SuppressionPolicy(rules=tuple(rules), keep=tuple(keep), channels=channels)
    people = decide(facts, policy, channel)
    want = {f"c{n}": by_hand(row, rules, keep, channels, channel) for n, row in enumerate(rows)}
    assert dict(zip(people["customer_id"], people["rule"], strict=True)) == {k: v for k, v in want.items() if v}
    assert people["reason"].tolist() == [REASONS[r] for r in people["rule"]]


def test_the_window_is_the_share_of_gaps_that_ended():
    # Of 60 gaps that lasted 10 days 20 ended then, the others that ended after 20: S(10) = 2/3, S(20) = 0.
    rows = [(f"c{n:02}", day) for n in range(40) for day in (100, 110 if n < 20 else 120)]
    bought = pd.DataFrame(rows, columns=["customer_id", "day"])
    states = purchase_states(bought, 125, SuppressionPolicy(recent_share=0.3)).set_index("customer_id")
    assert states.loc["c00", "recent_until"] == 110 + 10
    assert states.loc["c39", "recent_until"] == 120 + 10
    assert not states.loc["c00", "recent"]
    assert states.loc["c39", "recent"]
    longer = purchase_states(bought, 125, SuppressionPolicy(recent_share=0.5)).set_index("customer_id")
    assert longer.loc["c00", "recent_until"] == 110 + 20


def test_by_chance_alive_regular_buyers_are_active_and_silent_ones_are_not():
    rng = np.random.default_rng(3)
    rows = [("weekly", d) for d in range(0, 365, 7)] + [("silent", d) for d in range(0, 120, 7)]
    for n in range(150):
        last = rng.integers(20, 360)
        days = itertools.takewhile(lambda d, last=last: d <= last, np.cumsum(rng.integers(5, 60, size=40)))
        rows += [(f"c{n}", int(d)) for d in days]
    policy = SuppressionPolicy(window="alive", rules=("active",))
    states = purchase_states(pd.DataFrame(rows, columns=["customer_id", "day"]), 365, policy).set_index("customer_id")
    assert states.loc["weekly", "active"]
    assert states.loc["weekly", "active_until"] > 365
    assert not states.loc["silent", "active"]
    assert states.loc["silent", "stage"] == "lapsed"


def test_too_few_repeats_name_the_setting():
    rows = pd.DataFrame([("a", 1), ("a", 5), ("b", 2)], columns=["customer_id", "day"])
    with pytest.raises(UsageError, match="window_days"):
        purchase_states(rows, 10, SuppressionPolicy())


def test_the_policy_of_the_document_is_one():
    text = (PROJECT / "docs" / "commands.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(\[suppression\].*?)```", text, re.DOTALL)
    policy = configure(tomllib.loads(block), "docs/commands.md").suppression
    assert policy.rules[-1] == "active"
    assert policy.holds_on("active", "meta")
    assert not policy.holds_on("active", None)


def test_a_list_of_nobody_makes_files_of_nobody(run, shop):
    (shop / "attribution.toml").write_text('[suppression]\nrules = ["test-account"]\n')
    told = run("suppress", "--config", "attribution.toml", "--platform", "google-ads").err
    assert "No rule of the policy holds for anybody" in told
    assert listed(shop).empty
