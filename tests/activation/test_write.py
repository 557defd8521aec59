"""Files: split at limits, sorted, the same bytes for the same people, whole or not there, nobody else's to read."""

from __future__ import annotations

import hashlib
import random

import pyarrow as pa
import pytest
from msgspec.structs import replace

from attribution.activation import write
from attribution.activation.lint import lint_file
from attribution.activation.people import read_people
from attribution.activation.spec import Limit, platform_spec, platforms
from attribution.activation.write import write_audience
from attribution.engine import connect
from attribution.errors import AttributionError, UsageError
from tests.activation.writing import DAY, people_table, requests, table, texts, written

PEOPLE = [
    {"customer_id": f"c{n}", "email": f"user{n}@x.com", "phone": f"+1415555{n:04}", "maid": None} for n in range(25)
]


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def limited(monkeypatch):
    """A platform with other limits."""

    def limit(platform, rows=None, size=None):
        spec = platform_spec(platform)
        limits = {
            "rows": rows and Limit(verified=False, value=rows),
            "bytes": size and Limit(verified=False, value=size),
        }
        changed = replace(spec, lists=tuple(replace(item, **limits) for item in spec.lists))
        monkeypatch.setattr(write, "platform_spec", lambda name: changed)

    return limit


def test_a_list_is_split_at_the_most_rows_and_every_part_has_its_header(limited, tmp_path):
    whole = texts(written(PEOPLE, "linkedin", tmp_path / "whole"))["contacts"][0].splitlines()
    limited("linkedin", rows=10)
    made = written(PEOPLE, "linkedin", tmp_path)
    assert [f.path.name for f in made.files] == [f"linkedin-contacts-00{n}.csv" for n in (1, 2, 3)]
    assert [f.rows for f in made.files] == [10, 10, 5]
    parts = [f.path.read_text().splitlines() for f in made.files]
    assert all(part[0] == whole[0] for part in parts)
    assert [line for part in parts for line in part[1:]] == whole[1:]


def test_a_list_is_split_at_the_most_bytes(limited, tmp_path):
    limited("x", size=65 * 4)
    made = written(PEOPLE, "x", tmp_path)
    sizes = [f.bytes for f in made.lists[0].files]
    assert max(sizes) <= 65 * 4
    assert [f.rows for f in made.lists[0].files] == [4] * 6 + [1]


def test_requests_are_split_inside_one_file(limited, tmp_path):
    limited("uid2", rows=10)
    made = written(PEOPLE, "uid2", tmp_path)
    (file,) = made.lists[0].files
    assert [len(r["email_hash"]) for r in requests(file.path.read_text())] == [10, 10, 5]
    limited("pinterest", rows=10, size=700)
    made = written(PEOPLE, "pinterest", tmp_path)
    (file,) = made.lists[0].files
    lines = file.path.read_bytes().splitlines(keepends=True)
    assert all(len(line) <= 700 for line in lines)
    assert sum(len(r["records"].split(",")) for r in requests(file.path.read_text())) == 25


def test_a_limit_below_one_row_is_said(limited, tmp_path):
    limited("x", size=10)
    with pytest.raises(AttributionError, match="longer than a whole file"):
        written(PEOPLE, "x", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("platform", ["meta", "google-data-manager", "liveramp"])
def test_the_same_people_in_any_order_give_the_same_bytes(platform, tmp_path):
    people = [{"customer_id": f"c{n % 7}", "email": [f"b{n}@x.com", f"A{n}@X.com"], "first_name": f"N{n}", "last_name": "L",
               "zip": f"{n}0115", "country": "DE"} for n in range(20)]  # fmt: skip
    first = texts(written(people, platform, tmp_path / "a"))
    random.Random(1).shuffle(people)
    assert texts(written(people, platform, tmp_path / "b")) == first


def test_rows_of_one_customer_are_one_person(tmp_path):
    people = [
        {"customer_id": "1", "email": "a@x.com"},
        {"customer_id": "1", "email": "b@x.com", "phone": "+16577770000"},
    ]
    made = written(people, "meta", tmp_path)
    assert (made.people, made.lists[0].rows, made.lists[0].people) == (1, 1, 1)


def test_rows_without_a_customer_id_stay_apart(tmp_path):
    made = written(
        [{"customer_id": None, "email": "a@x.com"}, {"customer_id": None, "email": "b@x.com"}], "meta", tmp_path
    )
    assert (made.people, made.lists[0].rows) == (2, 2)


@pytest.mark.parametrize("platform", platforms())
def test_a_person_given_twice_over_gives_the_same_rows(platform, tmp_path):
    """Who has one value of each takes another way through the engine than who has several."""
    person = {"customer_id": "1", "email": "Jane.D+x@Gmail.com", "phone": "+16577770000", "first_name": "Mrs. Ja-ne",
              "last_name": "Σας Jr.", "country": "US", "zip": "94035-1234", "maid": "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25"}  # fmt: skip
    again = person | {"email": " JANE.D+X@GMAIL.COM ", "phone": "+1 657 777 0000"}
    once = texts(written([person], platform, tmp_path / "once"))
    assert any(once.values())
    assert once == texts(written([person, again], platform, tmp_path / "twice"))
    if "email" in platform_spec(platform).identifiers:
        digest = {"customer_id": "1", "email": sha("a@x.com")}
        once = texts(written([digest], platform, tmp_path / "c"))
        assert once == texts(written([digest, digest], platform, tmp_path / "d"))


def test_more_values_than_places_go_to_further_rows(tmp_path):
    person = {"email": [f"{c}@x.com" for c in "abcdefgh"], "phone": "+16577770000", "first_name": "A", "last_name": "B",
              "country": "US", "zip": "94035"}  # fmt: skip
    header, rows = table(texts(written([person], "google-ads", tmp_path))["contacts"][0])
    assert len(rows) == 3
    assert {c for row in rows for c in row[:3]} - {""} == {sha(e) for e in person["email"]}
    assert sum(bool(row[header.index("First Name")]) for row in rows) == 1


def test_a_digest_and_its_address_are_one_value(tmp_path):
    made = written([{"email": ["a@x.com", sha("a@x.com").upper(), sha("b@x.com")]}], "meta", tmp_path)
    _, rows = table(texts(made)["customers"][0])
    assert [c for c in rows[0] if c] == [sha("a@x.com"), sha("b@x.com")]
    assert made.lists[0].doubled == {"email": 1, "phone": 0, "maid": 0}


def test_equal_rows_of_two_people_are_written_once(tmp_path):
    made = written([{"email": "a@x.com"}, {"email": " A@X.com"}, {"email": "b@x.com"}], "hashed-emails", tmp_path)
    assert (made.lists[0].rows, made.lists[0].doubled_rows) == (2, 1)


def test_digests_made_elsewhere_are_told_of_where_the_rule_is_not_the_usual_one(tmp_path):
    people = [{"email": sha("a@x.com")}]
    assert [f.code for f in written(people, "uid2", tmp_path).findings] == ["hashed_before"]
    assert not [f for f in written(people, "meta", tmp_path).findings if f.code == "hashed_before"]


def test_what_is_left_out_is_counted_by_reason(tmp_path):
    people = [{"email": ["quinn", sha(""), "d41d8cd98f00b204e9800998ecf8427f", "", "a@x.com"], "phone": ["123", "030 901820"],
               "maid": ["00000000-0000-0000-0000-000000000000", "x"]}]  # fmt: skip
    made = written(people, "meta", tmp_path)
    assert made.left_out == {
        "email": {"another hash than SHA-256": 1, "form": 1, "hash of nothing": 1},
        "phone": {"no number that can be dialled, or no country": 2},
        "maid": {"all zeros": 1, "form": 1},
    }
    assert made.lists[0].kept == {"email": 1, "phone": 0, "maid": 0}


def test_people_with_nothing_give_no_file_and_a_finding(tmp_path):
    made = written([{"email": "quinn"}], "meta", tmp_path)
    assert made.files == ()
    assert [f.code for f in made.findings] == ["empty_list"]


def test_older_parts_of_a_list_do_not_stay_behind(limited, tmp_path):
    limited("linkedin", rows=10)
    written(PEOPLE, "linkedin", tmp_path)
    (tmp_path / "linkedin-notes.csv").write_text("mine")
    written(PEOPLE[:5], "linkedin", tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["linkedin-contacts.csv", "linkedin-notes.csv"]


def test_a_run_that_dies_leaves_the_last_good_files_and_the_next_one_sweeps(tmp_path, monkeypatch):
    written(PEOPLE, "x", tmp_path)
    good = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    (tmp_path / ".x-email-0.99.part").write_text("a killed run")

    def die(*_):
        raise RuntimeError

    monkeypatch.setattr(write.ChunkWriter, "finish", die)
    with pytest.raises(RuntimeError):
        written(PEOPLE[:3], "x", tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == good


def test_columns_may_be_texts_lists_or_numbers_and_a_relation_may_be_sql(tmp_path):
    with connect() as connection:
        connection.execute("CREATE TABLE crm AS SELECT 1 AS customer_id, 'a@x.com;b@x.com' AS email, "
                           "16577770000::BIGINT AS phone, 2139 AS zip, 'United States' AS country, 'J' AS first_name")  # fmt: skip
        for relation in ("crm", "(SELECT * FROM crm)"):
            made = write_audience(connection, relation, "meta", tmp_path, made_on=DAY, region="US")
            _, rows = table(texts(made)["customers"][0])
            assert rows[0][:3] == [sha("a@x.com"), sha("b@x.com"), sha("16577770000")]
            assert rows[0][6] == sha("02139")


def test_values_of_people_are_written_for_seeds(tmp_path):
    header, rows = table(texts(written([{"email": "a@x.com", "value": 12.5}], "meta", tmp_path))["customers"][0])
    assert dict(zip(header, rows[0], strict=True))["value"] == "12.50"


def test_a_name_with_commas_and_quotes_stays_one_cell(tmp_path):
    made = written([{"first_name": 'Jo "J", Jr', "last_name": "Ö", "email": "a@x.com"}], "linkedin", tmp_path)
    _, rows = table(texts(made)["contacts"][0])
    assert rows[0][1:3] == ['Jo "J", Jr', "Ö"]
    assert lint_file("linkedin", made.files[0].path, made_on=DAY, as_of=DAY).clean


def test_a_list_name_cannot_break_out_of_its_cell(tmp_path):
    made = written(PEOPLE, "microsoft", tmp_path, name='a",b\nc')
    assert lint_file("microsoft", made.files[0].path).clean
    made = written(PEOPLE, "pinterest", tmp_path, name='a",b\nc\\')
    assert requests(made.files[0].path.read_text())[0]["name"] == 'a",b\nc\\'


def test_a_relation_without_customers_or_identifiers_is_refused(tmp_path):
    with connect() as connection, pytest.raises(UsageError, match="customer_id"):
        write_audience(connection, pa.table({"email": ["a@x.com"]}), "meta", tmp_path)
    with connect() as connection, pytest.raises(UsageError, match="customer_id and one of"):
        write_audience(connection, pa.table({"customer_id": ["1"]}), "meta", tmp_path)
    with connect() as connection, pytest.raises(UsageError, match='Did you mean "meta"'):
        write_audience(connection, people_table([]), "mete", tmp_path)


def test_people_are_read_once_for_many_platforms_and_their_tables_go_away(tmp_path):
    with connect() as connection:
        with read_people(connection, people_table(PEOPLE)) as people:
            for platform in ("meta", "x"):
                assert write_audience(connection, people, platform, tmp_path, made_on=DAY).people == 25
        assert connection.execute("SHOW TABLES").fetchall() == []


def test_a_list_says_when_it_lapses(tmp_path):
    made = written(PEOPLE, "linkedin", tmp_path)
    assert (made.expires_on - DAY).days == 90
    assert any("seven headers" in rule for rule in made.unverified)
