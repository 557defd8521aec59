"""Records without shared keys, linked by Splink; and edge files that Splink wrote elsewhere."""

from __future__ import annotations

import random
import stat

import pandas as pd
import pyarrow as pa
import pytest

from attribution.engine import connect
from attribution.errors import UsageError
from attribution.identity import linkage
from attribution.identity.linkage import link_records
from attribution.identity.linkage_model import LinkageSettings, without_matches

SPLINK = "Splink is not installed here: pip install splink"
FIRST = [
    "anna",
    "bela",
    "carlos",
    "dora",
    "emil",
    "frieda",
    "gustav",
    "hanna",
    "igor",
    "julia",
    "karl",
    "lena",
    "moritz",
    "nadia",
    "otto",
    "petra",
    "quirin",
    "rita",
]
LAST = [
    "abel",
    "brandt",
    "cramer",
    "dietz",
    "ebert",
    "funke",
    "gross",
    "heinz",
    "imhof",
    "jung",
    "krause",
    "lorenz",
    "moser",
    "nagel",
    "otten",
    "pabst",
    "reuter",
]
TOWNS = ("Aachen", "Bonn", "Cottbus", "Dresden", "Essen", "Fulda", "Gera", "Halle")


def typo(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text))
    return text[:at] + rng.choice("abcdefghij0123456789") + text[at + 1 :]


def records(people: int = 300, seed: int = 1) -> pd.DataFrame:
    """Every second person has a second record under another number, without e-mail and with one field mistyped."""
    rng = random.Random(seed)
    rows = []
    for p in range(people):
        birth = f"{rng.randrange(1940, 2006)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
        row = {
            "id:crm_id": f"A{p:04d}", "first_name": rng.choice(FIRST).title(), "last_name": rng.choice(LAST).title(),
            "birth_date": birth, "city": rng.choice(TOWNS), "email": f"mail{p}@shop.example", "person": p,
        }  # fmt: skip
        rows.append(row)
        if p % 2:
            field = rng.choice(["first_name", "last_name", "birth_date"])
            rows.append(row | {"id:crm_id": f"B{p:04d}", field: typo(row[field], rng), "email": None})
    return pd.DataFrame(rows)


def linked(frame: pd.DataFrame, **settings) -> pd.DataFrame:
    settings = {"random_pairs": 50_000} | settings
    with connect() as connection:
        connection.register("customers", pa.Table.from_pandas(frame, preserve_index=False))
        found = link_records(connection, "customers", LinkageSettings(**settings))
        left = connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
        assert left == [("customers",)], "what the linker made stays behind"
    return found.edges.to_pandas()


def test_records_of_one_person_are_found_and_no_others():
    pytest.importorskip("splink", reason=SPLINK)
    frame = records()
    person = frame.set_index("id:crm_id")["person"]
    edges = linked(frame.drop(columns="person"))
    right = person[edges["id_a"]].to_numpy() == person[edges["id_b"]].to_numpy()
    assert right.mean() > 0.98
    assert right.sum() > 0.85 * 150
    assert edges["score"].between(0.8, 1).all()
    assert (edges["id_a"] < edges["id_b"]).all()
    assert set(edges["id_type_a"]) == {"crm_id"}


def test_order_of_rows_repeats_and_writing_change_nothing():
    pytest.importorskip("splink", reason=SPLINK)
    frame = records().drop(columns="person")
    again = pd.concat([frame.sample(frac=1, random_state=3), frame.head(50)])
    again["last_name"] = again["last_name"].str.upper() + " "
    pd.testing.assert_frame_equal(linked(frame), linked(again))


def test_public_records_are_linked_as_their_labels_say(public):
    pytest.importorskip("splink", reason=SPLINK)
    raw = pd.read_csv(public("identity/fake_1000.csv"), dtype=str)
    names = {"unique_id": "id:crm_id", "surname": "last_name", "dob": "birth_date"}
    edges = linked(raw.rename(columns=names).drop(columns="cluster"), least=0.95)
    of = raw.set_index("unique_id")["cluster"]
    right = of[edges["id_a"]].to_numpy() == of[edges["id_b"]].to_numpy()
    sizes = raw.groupby("cluster").size()
    assert right.mean() > 0.99
    # The model of Splink's README joins 0.47 of them at that score.
    assert right.sum() > 0.6 * (sizes * (sizes - 1) / 2).sum()


def test_matches_are_taken_out_of_what_random_pairs_taught():
    # One pair in a thousand is a match; nine in ten of those agree, and one in ten thousand of the others.
    share, same, chance = 0.001, 0.9, 0.0001
    seen = share * same + (1 - share) * chance
    levels = [
        {"u_probability": seen, "m_probability": same}, {"u_probability": 1 - seen, "m_probability": 1 - same}, {},
    ]  # fmt: skip
    learned = {"comparisons": [{"comparison_levels": levels}], "probability_two_random_records_match": 0.5}
    made = without_matches(learned, share, random_pairs=10**12)
    assert [level.get("u_probability") for level in levels] == pytest.approx([chance, 1 - chance, None])
    assert made["probability_two_random_records_match"] == share
    few = [{"u_probability": 1e-4, "m_probability": 0.1}]
    without_matches({"comparisons": [{"comparison_levels": few}]}, share, random_pairs=10_000)
    assert few[0]["u_probability"] == pytest.approx(1e-4), "no smaller than its standard error"


def test_without_splink_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr(linkage, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'multichannel-attribution\[linkage\]'"), connect() as connection:
        link_records(connection, "customers")


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (records(10).drop(columns="person"), "too few to learn"),
        (records(60)[["id:crm_id", "city"]], "Filled columns: city"),
        (records(60)[["email", "first_name"]], "need an id that names each"),
    ],
)
def test_records_that_do_not_say_enough_are_answered(frame, told):
    pytest.importorskip("splink", reason=SPLINK)
    with pytest.raises(UsageError, match=told):
        linked(frame)


def test_pairs_go_from_link_through_ingest_to_customers(run, tmp_path):
    pytest.importorskip("splink", reason=SPLINK)
    records(120).drop(columns="person").to_csv(tmp_path / "crm.csv", index=False)
    run("ingest", "--customers", "crm.csv")
    assert "180 customers" in run("identify").out
    told = run("link", "-o", "pairs.csv", "--random-pairs", "50000")
    assert "180 records compared by first_name, last_name, birth_date, email, city" in told.err
    assert stat.S_IMODE((tmp_path / "pairs.csv").stat().st_mode) == 0o600
    pairs = pd.read_csv(tmp_path / "pairs.csv")
    assert len(pairs) > 45
    run("ingest", "--identities", "pairs.csv")
    assert f"{180 - (pairs['score'] >= 0.95).sum()} customers" in run("identify").out
    assert f"{180 - len(pairs)} customers" in run("identify", "--tier", "broad").out
    assert "180 customers" in run("identify", "--tier", "exact").out


def test_an_edge_file_that_splink_wrote_is_read_by_tiers(run, tmp_path):
    (tmp_path / "crm.csv").write_text(
        "customer_id,first_name,email\n" + "".join(f"r{i},Ann,p{i}@shop.example\n" for i in range(6)), encoding="utf-8"
    )
    (tmp_path / "edges.csv").write_text(
        "match_weight,match_probability,unique_id_l,unique_id_r,first_name_l,first_name_r,gamma_first_name,match_key\n"
        "12.1,0.9998,r0,r1,Ann,Ann,2,0\n3.5,0.9188,r2,r3,Ann,Ann,2,0\n0.2,0.5346,r4,r5,Ann,Ann,2,1\n",
        encoding="utf-8",
    )
    told = run("ingest", "--customers", "crm.csv", "--identities", "edges.csv").err
    assert "edges.csv: identities" in told
    for tier, customers in (("exact", 6), ("high", 5), ("broad", 4)):
        assert f"are {customers} customers" in run("identify", "--tier", tier).out
