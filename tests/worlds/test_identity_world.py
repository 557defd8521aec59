"""The identity world: the same bytes, links that truth explains, and everything hard about it is there."""

from __future__ import annotations

from hashlib import sha256
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from attribution_models.worlds.identity_texts import address
from attribution_models.worlds.identity_world import IdentityWorld, simulate

WORLD = IdentityWorld(people=3000, seed=5)


@pytest.fixture(scope="module")
def tables():
    made = simulate(WORLD)
    return tuple(pd.DataFrame(dict(t)) for t in (made.links, made.wide, made.truth))


def test_equal_descriptions_give_equal_tables_and_seeds_matter(tables):
    again = simulate(WORLD)
    for mine, other in zip(tables, (again.links, again.wide, again.truth), strict=True):
        pd.testing.assert_frame_equal(mine, pd.DataFrame(dict(other)))
    assert not tables[0].equals(pd.DataFrame(dict(simulate(IdentityWorld(people=3000, seed=6)).links)))


def test_pairs_are_the_pairs_of_the_wide_rows(tables):
    links, wide, _ = tables
    columns = [c for c in wide if c.startswith("id:")]
    rows = wide.to_dict("records")
    expected = [
        (a[3:], row[a], b[3:], row[b], row["seen_at"])
        for row in rows
        for a, b in combinations(columns, 2)
        if row[a] and row[b]
    ]
    assert sorted(expected) == sorted(links.itertuples(index=False, name=None))
    assert (wide[columns] != "").sum(axis=1).min() == 2
    assert wide["seen_at"].is_monotonic_increasing


def test_truth_names_every_id_once_and_says_which_are_linked(tables):
    links, _, truth = tables
    assert not truth.duplicated(["id_type", "id"]).any()
    linked = set(zip(*truth.loc[truth["linked"] == 1, ["id_type", "id"]].to_numpy().T, strict=True))
    ends = [set(zip(links[f"id_type_{e}"], links[f"id_{e}"], strict=True)) for e in "ab"]
    assert linked == ends[0] | ends[1]
    own = truth["kind"] == "own"
    assert (truth["person"] != "").equals(own)
    assert truth.loc[truth["id"].str.fullmatch(r"C\d+"), "person"].is_unique


def test_an_account_is_linked_with_things_of_its_own_person_or_with_shared_ones_only(tables):
    links, _, truth = tables
    of = truth.set_index(["id_type", "id"])
    records = links[(links["id_type_a"] == "crm_id")]
    people = [of.loc[list(zip(records[f"id_type_{e}"], records[f"id_{e}"], strict=True)), "person"] for e in "ab"]
    apart = people[0].to_numpy() != people[1].to_numpy()
    differing = records[apart & (people[0].to_numpy() != "") & (people[1].to_numpy() != "")]
    # Only a forwarded newsletter brings somebody else's digest into a visit.
    assert set(differing["id_type_b"]) <= {"email_sha256"}
    assert len(differing) < 0.01 * len(records)


def test_what_is_hard_about_it_is_there(tables):
    links, _, truth = tables
    kinds = truth.groupby(["id_type", "kind"]).size()
    assert kinds["device", "kiosk"] == 6
    assert {("cookie", "shared"), ("maid", "shared"), ("email", "shared"), ("cookie", "kiosk")} <= set(kinds.index)
    none = truth[truth["kind"] == "placeholder"]
    assert set(none["id"]) == {
        "null", "undefined", "test@test.com", sha256(b"").hexdigest(), "00000000-0000-0000-0000-000000000000",
    }  # fmt: skip
    assert none.set_index("id").loc["00000000-0000-0000-0000-000000000000", "people"] > 500
    browsers = truth[(truth["id_type"] == "cookie") & (truth["kind"] == "own")]
    assert browsers.groupby("person").size().mean() > 2
    emails = links.loc[links["id_type_b"] == "email", "id_b"]
    assert (emails != emails.str.lower()).any()
    assert (emails != emails.str.strip()).any()


def test_digests_are_those_of_the_addresses(tables):
    _, _, truth = tables
    own = truth[(truth["id_type"] == "email_sha256") & (truth["kind"] == "own")]
    number = own["person"].str.removeprefix("person-").astype(int)
    expected = [sha256(address(WORLD.people, n).encode()).hexdigest() for n in number]
    assert own["id"].str.lower().tolist() == expected


def test_second_records_share_no_key_and_differ_little():
    records = pd.DataFrame(dict(simulate(WORLD).customers))
    truth = pd.DataFrame(dict(simulate(WORLD).truth))
    assert set(records["id:crm_id"]) == set(truth.loc[truth["id_type"] == "crm_id", "id"]) - {"null", "undefined"}
    number = records["id:crm_id"].str[1:]
    first, again = (
        records[records["id:crm_id"].str[0] == letter].assign(p=number).set_index("p") for letter in ("C", "T")
    )
    both = first.index.intersection(again.index)
    assert len(both) > 0.05 * len(first)
    assert (again["email"] == "").all()
    names = ["first_name", "last_name", "birth_date"]
    differing = (first.loc[both, names] != again.loc[both, names]).sum(axis=1)
    assert 0.2 < differing.mean() < 0.6
    assert differing.max() == 1


def test_rates_hold():
    everything = IdentityWorld(
        400, 1, accounts=1.0, log_ins=1.0, broken_tags=0.0, without_consent=0.0, second_records=0.0
    )
    truth = pd.DataFrame(dict(simulate(everything).truth))
    assert (truth["id_type"] == "crm_id").sum() == 400
    assert (truth["kind"] == "placeholder").sum() == 0
    alone = IdentityWorld(people=400, seed=1, household_sizes=(1.0,), kiosk_visits=0.0)
    truth = pd.DataFrame(dict(simulate(alone).truth))
    assert set(truth["kind"]) == {"own", "placeholder"}
    assert np.all(truth.loc[truth["kind"] == "own", "people"] == 1)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"people": 0}, "people >= 1"),
        ({"log_ins": 1.5}, "log_ins is 1.5"),
        ({"household_sizes": (0.5, 0.4)}, "add up to 1"),
        ({"cookie_days": (7,)}, "one for each"),
    ],
)
def test_worlds_that_cannot_be_are_answered(changes, told):
    with pytest.raises(ValueError, match=told):
        IdentityWorld(**({"people": 10, "seed": 1} | changes))
