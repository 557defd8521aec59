"""What was uploaded, and what changed since: add and remove files against a platform that is played by hand."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from attribution.activation.changes import Upload, write_changes
from attribution.activation.changes_told import changes_findings
from attribution.activation.digests import digests_of, groups_taken, rules_digest
from attribution.activation.ledger import DIFFERENCE, Mark, compare, lapses_on, mark_of, removal
from attribution.activation.lint import lint_file
from attribution.activation.people import read_people
from attribution.activation.spec import platform_spec, platforms
from attribution.activation.taken import WHO, person_key, save_snapshot, who_sql
from attribution.activation.write import write_audience
from attribution.engine import connect
from attribution.errors import UsageError
from attribution.ingest.ingest import ingest
from attribution.ingest.settle import forget as take_in_out
from attribution.settings import IngestSettings
from attribution.steps import mark as marking
from attribution.steps.forget import forget_step
from attribution.steps.forget_uploads import uploaded_with
from attribution.steps.lists import lists
from attribution.steps.mark import mark_step
from attribution.steps.suppress import suppress_step
from attribution.steps.suppress_uploads import UploadOptions
from attribution.suppression.consent import ConsentChoice
from attribution.workspace import Workspace
from tests.activation.writing import people_table
from tests.identity.shop import Shop

KEY = b"k" * 32
DAY = date(2026, 11, 25)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def a_mark(platform, snapshot, ids=None, expires_on=None):
    return Mark(platform, DAY, DAY, expires_on, 0, True, 0, 0, snapshot, ids, "", "", None, ())


class Platform:
    """A list at a platform, as files of ours make it."""

    def __init__(self, name, folder):
        self.name, self.folder, self.number = name, folder, 0

    def keyed(self, people):
        """People as a table under digests of their ids."""
        return people_table([{**p, "customer_id": person_key(KEY, i)} for i, p in sorted(people.items())])

    def make(self, now, before=None, records=None, made_on=DAY, mark=None):
        """Write the whole list, and what changed since an earlier snapshot; people are id to identifiers."""
        self.number += 1
        folder = self.folder / f"{self.name}-{self.number}"
        with ExitStack() as stack:
            connection = stack.enter_context(connect())
            people = stack.enter_context(read_people(connection, self.keyed(now), "DE"))
            taken = stack.enter_context(digests_of(people, self.folder)).taken(self.name)
            whole = write_audience(connection, people, self.name, folder, made_on=made_on, taken=taken)
            snapshot = folder / "snapshot.parquet"
            taken.save(snapshot)
            if before is None:
                return whole, snapshot, None

            def leaving():
                connection.register("everybody", self.keyed(records))
                whom = f"SELECT who FROM {DIFFERENCE} WHERE change = 'removed'"
                return f"(FROM everybody WHERE {who_sql('customer_id')} IN ({whom}))"

            upload = Upload(
                self.name, folder, self.folder, snapshot, before, mark or a_mark(self.name, "x"), None, None,
                leaving, "DE", made_on,
            )  # fmt: skip
            return whole, snapshot, write_changes(people, upload)


def lines(files):
    """Rows of files of one value a line."""
    return {line for f in (files.files if files else ()) for line in f.path.read_text().splitlines()}


def emails(people, ids):
    return {digest(e) for i in ids for e in people[i]["email"]}


def population(rng, size=40):
    """People with one to three addresses of a pool that is small enough to be shared at times."""
    chosen = rng.random(size) < 0.6
    return {
        f"c{n}": {"email": [f"a{k}@x.de" for k in sorted(rng.choice(size * 3, rng.integers(1, 4), replace=False))]}
        for n in range(size) if chosen[n]
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_add_and_remove_files_are_those_of_a_count_by_hand(seed, tmp_path):
    rng = np.random.default_rng(seed)
    before, drawn = population(rng), population(rng)
    # Half of those on both lists keep their addresses.
    now = {i: before[i] if i in before and rng.random() < 0.5 else p for i, p in drawn.items()}
    records = {**{i: p for i, p in before.items() if rng.random() < 0.7}, **now}
    platform = Platform("x", tmp_path)
    _, snapshot, _ = platform.make(before)
    whole, _, changes = platform.make(now, snapshot, records)

    added = set(now) - set(before)
    changed = {i for i in set(now) & set(before) if now[i] != before[i]}
    known, gone = (set(before) - set(now)) & set(records), set(before) - set(now) - set(records)
    staying = emails(now, now)
    assert (changes.added, changes.changed, changes.gone) == (len(added), len(changed), len(gone))
    assert lines(whole) == staying
    assert lines(changes.add) == emails(now, added | changed)
    assert lines(changes.remove) == emails(records, known) - staying
    assert changes.shared == sum(bool(emails(records, [i]) & staying) for i in known)
    assert changes.removed == sum(bool(emails(records, [i]) - staying) for i in known)

    # What the platform holds afterwards: the list, and what only the whole list takes out.
    held = (emails(before, before) - lines(changes.remove)) | lines(changes.add)
    assert held >= staying
    assert held - staying == emails(before, changed | gone) - staying - lines(changes.remove)


def test_previous_and_added_without_removed_is_now(tmp_path):
    """People keep their identifiers and share none: whole rows add up, on platforms of every form."""
    for number, name in enumerate(("tiktok", "snap", "amazon", "google-ads")):
        rng = np.random.default_rng(number)
        everybody = {
            f"c{n}": {"email": [f"a{n}@x.de", f"b{n}@x.de"][: 1 + n % 2], "phone": f"+4930901{820 + n}",
                      "first_name": f"N{n}", "last_name": "X", "country": "DE", "zip": "10115"}
            for n in range(30)
        }  # fmt: skip
        before, now = ({i: p for i, p in everybody.items() if rng.random() < 0.5} for _ in range(2))
        platform = Platform(name, tmp_path)
        first, snapshot, _ = platform.make(before)
        whole, _, changes = platform.make(now, snapshot, everybody)
        assert (changes.left, changes.shared) == (0, 0)
        held = (values(first) - values(changes.remove)) | values(changes.add)
        assert held == values(whole), name


def values(files):
    """Texts of a list's members: digests, names, codes; without what tells the action or the time."""
    found = set()
    for item in files.lists:
        for f in item.files:
            text = f.path.read_text()
            if f.path.suffix == ".jsonl":
                found |= {w for line in text.splitlines() for w in members(json.loads(line))}
            else:
                found |= {tuple(filter(None, line.split(","))) for line in text.splitlines()[f.path.suffix == ".csv" :]}
    return found


def members(node):
    """64-digit words of a request, one tuple per innermost object or list that has any."""
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, str):
        return
    own = tuple(v for v in node if isinstance(v, str) and len(v) == 64)
    if own:
        yield own
    for inner in node:
        if not isinstance(inner, (int, float, bool, type(None))):
            yield from members(inner)


@pytest.fixture(scope="module")
def shared():
    with connect() as connection:
        yield connection


@given(st.dictionaries(st.integers(0, 30), st.integers(0, 2)), st.dictionaries(st.integers(0, 30), st.integers(0, 2)))
@settings(max_examples=40)
def test_every_person_of_two_snapshots_is_somewhere(tmp_path_factory, shared, before, now):
    folder = tmp_path_factory.mktemp("snapshots")
    for name, people in (("before", before), ("now", now)):
        rows = pa.table(
            {"w": pa.array([f"{n:032x}" for n in people], pa.string()), "digest": pa.array(people.values())}
        )
        shared.register("rows", rows)
        query = "SELECT CAST(w AS UUID) AS who, CAST(digest AS UBIGINT) AS digest FROM rows"
        shared.execute(f"COPY ({query}) TO '{folder / name}' (FORMAT parquet)")
    counts = compare(shared, folder / "now", folder / "before", None)
    rows = shared.execute(f"SELECT who, change FROM {DIFFERENCE}").fetchall()
    found = {int(str(w).replace("-", ""), 16): change for w, change in rows}
    want = {p: "added" for p in now if p not in before} | {p: "removed" for p in before if p not in now}
    want |= {p: "changed" for p in now if p in before and now[p] != before[p]}
    assert found == want
    assert counts == {c: sum(v == c for v in want.values()) for c in ("added", "changed", "removed")}


def test_customers_who_became_one_are_not_removed(tmp_path):
    """The mark knows c2, who has been merged into c1 since: removing c2's address would remove c1's."""
    platform = Platform("hashed-emails", tmp_path)
    _, snapshot, _ = platform.make({"c1": {"email": ["a@x.de"]}, "c2": {"email": ["b@x.de"]}})
    _, now, _ = platform.make({"c1": {"email": ["a@x.de", "b@x.de"]}})
    with connect() as connection:
        moved = pd.DataFrame({"a": [person_key(KEY, "c2")], "b": [person_key(KEY, "c1")]})
        connection.register("m", moved)
        relation = f"(SELECT {who_sql('a')} AS was, {who_sql('b')} AS is_now FROM m)"
        assert compare(connection, now, snapshot, relation) == {"added": 0, "changed": 1, "removed": 0}
        assert compare(connection, now, snapshot, None) == {"added": 0, "changed": 1, "removed": 1}


@pytest.mark.parametrize("name", platforms())
def test_files_that_only_add_or_remove_pass_the_linter(name, tmp_path):
    people = {
        f"c{n}": {"email": [f"Ada.{n}@x.de"], "phone": f"+4930901{820 + n}", "first_name": "Ada", "last_name": f"L{n}",
                  "country": "DE", "zip": "10115", "maid": [f"0a1b2c3d-0000-4000-8000-0000000000{n:02}"]}
        for n in range(1, 5)
    }  # fmt: skip
    before, now = tmp_path / "before.parquet", {i: people[i] for i in ("c3", "c4")}
    keys = ", ".join(f"('{person_key(KEY, i)}')" for i in ("c1", "c2"))
    with connect() as connection:
        save_snapshot(
            connection, f"SELECT {who_sql('k')} AS who, 0::UBIGINT AS digest FROM (VALUES {keys}) t(k)", before
        )
    whole, _, changes = Platform(name, tmp_path).make(now, before, people)
    assert (changes.added, changes.changed, changes.removed, changes.gone) == (2, 0, 2, 0)
    assert [action for action, _ in changes.made] == ["add", "remove"]
    names = {f.path.name for f in whole.files}
    for action, made in changes.made:
        for file in made.files:
            assert f"-{action}-" in file.path.name
            assert file.path.name not in names
            assert file.path.stat().st_mode & 0o777 == 0o600
            assert not [f for f in lint_file(name, file.path, as_of=DAY, made_on=DAY).faults if f.severity == "error"]


# One of everything, and a second device so that both kinds are there.
EVERYTHING = {
    "email": ["a@x.de", "b@x.de"], "phone": "+16502530000", "first_name": "Ada", "last_name": "Lu", "country": "DE",
    "zip": "10115", "maid": ["idfa:0a1b2c3d-0000-4000-8000-000000000001", "aaid:0a1b2c3d-0000-4000-8000-000000000002"],
}  # fmt: skip
OTHER = {
    "email": {"email": ["a@x.de", "c@x.de"]},
    "one more": {"email": ["a@x.de", "b@x.de", "c@x.de"]},
    "digest": {"email": ["a@x.de", "b@x.de", digest("c@x.de")]},
    "phone": {"phone": "+16502530001"},
    "idfa": {"maid": ["idfa:0a1b2c3d-0000-4000-8000-000000000003", EVERYTHING["maid"][1]]},
    "aaid": {"maid": [EVERYTHING["maid"][0], "aaid:0a1b2c3d-0000-4000-8000-000000000003"]},
    "name": {"first_name": "Eva"},
    "zip": {"zip": "10117"},
    "order": {"email": ["b@x.de", "a@x.de"], "maid": EVERYTHING["maid"][::-1]},
}


@pytest.mark.parametrize("name", ["hashed-emails", "linkedin", "liveramp", "meta"])
def test_who_changed_is_who_has_other_rows_in_the_files(name, tmp_path):
    """What a platform does not take is no change; what it takes is one. The files themselves tell."""
    platform = Platform(name, tmp_path)
    first, snapshot, _ = platform.make({"c1": EVERYTHING})
    found, want = {}, {}
    for what, other in OTHER.items():
        whole, _, changes = platform.make({"c1": EVERYTHING | other}, snapshot, {})
        found[what] = (changes.added, changes.changed, changes.removed)
        want[what] = (0, int([f.sha256 for f in whole.files] != [f.sha256 for f in first.files]), 0)
    assert found == want
    assert found["order"] == (0, 0, 0)
    assert found["email"] == (0, 1, 0)
    assert found["zip"][1] == (name == "meta")


def test_a_second_value_elsewhere_is_no_change(tmp_path):
    """People with one of each and people with several are read apart, and have the same digests."""
    one = {"email": ["a@x.de"], "first_name": "Ada", "last_name": "Lu", "country": "DE"}
    for name in ("linkedin", "hashed-emails"):
        platform = Platform(name, tmp_path)
        _, snapshot, _ = platform.make({"c1": one, "c2": one})
        now = {"c1": one | {"phone": ["+4930901820", "+4930901821"]}, "c2": one}
        _, _, changes = platform.make(now, snapshot, {})
        assert (changes.added, changes.changed, changes.removed) == (0, 0, 0)


def test_addresses_whose_parts_change_places_are_a_change(tmp_path):
    before = {"first_name": ["Ada", "Eva"], "last_name": ["Lu", "Mo"], "country": "DE", "zip": ["10115", "20095"]}
    platform = Platform("google-ads", tmp_path)
    _, snapshot, _ = platform.make({"c1": before})
    _, _, changes = platform.make({"c1": before | {"zip": before["zip"][::-1]}}, snapshot, {})
    assert changes.changed == 1


def test_groups_and_rules_of_platforms():
    assert groups_taken(platform_spec("hashed-emails")) == ("email", "email_hash")
    assert groups_taken(platform_spec("linkedin")) == ("email", "email_hash", "aaid", "names")
    spec = platform_spec("x")
    assert rules_digest(replace(spec, version=99, title="Another", actions={})) == rules_digest(spec)
    rule = replace(spec.identifiers["phone"], steps=("e164", "no_plus"))
    assert rules_digest(replace(spec, identifiers=spec.identifiers | {"phone": rule})) != rules_digest(spec)


def test_actions_are_said_where_a_platform_asks_for_them():
    stated = {name for name in platforms() if removal(platform_spec(name)) == "stated"}
    assert stated >= {
        "amazon",
        "dv360",
        "google-data-manager",
        "meta",
        "microsoft",
        "pinterest",
        "reddit",
        "tiktok",
        "yahoo",
    }
    assert removal(platform_spec("linkedin")) == "not stated"


def test_a_platform_without_a_word_for_removing_gets_no_file_and_a_finding(tmp_path, monkeypatch):
    spec = replace(platform_spec("microsoft"), actions={"add": "Add"})
    assert removal(spec) == "none"
    platform = Platform("microsoft", tmp_path)
    people = {"c1": {"email": ["a@x.de"]}, "c2": {"email": ["b@x.de"]}}
    _, snapshot, _ = platform.make(people)
    monkeypatch.setattr("attribution.activation.changes.platform_spec", lambda _: spec)
    _, _, changes = platform.make({"c1": people["c1"]}, snapshot, people)
    assert (changes.made, changes.removed, changes.gone, changes.left) == ((), 0, 1, 1)
    told = {f.code: f.message for f in changes_findings(spec, a_mark("microsoft", "x"), changes)}
    assert "no word for that" in told["left-unknown"]


def test_a_year_without_dates_never_lapses_and_words_in_files_count_from_these():
    later = DAY + timedelta(days=10)
    assert lapses_on(platform_spec("google-ads"), DAY, later) == later + timedelta(days=540)
    assert lapses_on(platform_spec("yahoo"), DAY, later) == DAY + timedelta(days=90)
    assert lapses_on(platform_spec("tiktok"), DAY, later) is None


# A workspace, from ingest to the next upload.

CRM = {
    "c1": ("ada@shop.example", "granted"), "c2": ("bob@shop.example", "granted"), "c3": ("cyd@shop.example", "granted"),
    "c4": ("dan@shop.example", "granted"),
}  # fmt: skip


class Store:
    """A workspace whose customers file is replaced at will."""

    def __init__(self, folder):
        self.folder, self.workspace = folder, Workspace(folder / "ws")

    def customers(self, people):
        rows = [f"{i},{email},{consent}" for i, (email, consent) in people.items()]
        file = self.folder / "crm.csv"
        file.write_text("\n".join(["unified_id,email,consent", *rows]) + "\n")
        with self.workspace.write() as changed:
            for item in list(changed["inputs"]):
                take_in_out(self.workspace, changed, item)
        ingest(self.workspace, {"customers": [str(file)]}, IngestSettings(timezone="UTC"))
        return self

    def make(self, *names, made_on=DAY):
        return suppress_step(
            self.workspace, UploadOptions(names or ("tiktok",), ConsentChoice(None, "contract"), made_on=made_on)
        )

    def entry(self, name="tiktok"):
        return self.workspace.manifest()["lists"][name]

    def mark(self, name="tiktok"):
        return mark_of(self.workspace.manifest(), name)

    def content(self, action, name="tiktok"):
        """Digests in the files of an action; None where there are none."""
        entry = self.entry(name)
        folder = Path(entry["files"][-1]).parent
        files = [self.workspace.path / folder / row["name"] for row in entry["made"] if row["action"] == action]
        return "".join(f.read_text() for f in files) if files else None


@pytest.fixture(scope="module")
def made_store(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("store")).customers(CRM)
    store.make()
    mark_step(store.workspace, ["tiktok"], DAY)
    return store.folder


@pytest.fixture
def store(made_store, tmp_path):
    shutil.copytree(made_store, tmp_path / "store")
    return Store(tmp_path / "store")


def codes(report):
    return {f.code for f in report.uploads.findings}


def test_the_same_list_again_has_nothing_to_add(store):
    report = store.make(made_on=DAY + timedelta(days=1))
    changes = report.uploads.platforms[0].changes
    assert (changes.added, changes.changed, changes.removed, changes.made) == (0, 0, 0, ())
    assert "upload-unchanged" in codes(report)
    assert store.content("add") is None
    assert store.content("remove") is None


def test_who_came_and_who_withdrew_consent(store):
    now = {
        **CRM,
        "c1": ("ada@shop.example", "denied"),
        "c5": ("eve@shop.example", "granted"),
        "c2": ("bob@new.example", "granted"),
    }
    del now["c4"]
    report = store.customers(now).make()
    changes = report.uploads.platforms[0].changes
    assert (changes.added, changes.changed, changes.removed, changes.gone) == (1, 1, 1, 1)
    add, remove = store.content("add"), store.content("remove")
    assert digest("eve@shop.example") in add
    assert digest("bob@new.example") in add
    assert digest("ada@shop.example") in remove, "whatever the consent"
    assert digest("ada@shop.example") not in store.content("replace")
    assert digest("bob@shop.example") not in remove, "the old address is not known any more"
    assert {"identifiers-changed", "left-unknown", "upload-changes"} <= codes(report)
    manifest = json.loads((report.uploads.platforms[0].manifest).read_text())
    assert {(f["action"], f["holds"], f["rows"]) for f in manifest["files"]} == {
        ("replace", "the whole list", 3), ("add", "added and changed", 2), ("remove", "removed", 1),
    }  # fmt: skip
    for file in manifest["files"]:
        data = (report.uploads.platforms[0].manifest.parent / file["name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
    assert manifest["basis"] == "contract"
    assert (manifest["spec"], manifest["policy"]) == (platform_spec("tiktok").name, report.suppression.policy)
    assert manifest["inputs"]["customers"]
    assert manifest["since_upload"]["since"] == str(DAY)


def test_a_mark_stays_until_the_next_one(store):
    before = store.mark()
    store.customers({**CRM, "c5": ("eve@shop.example", "granted")}).make("tiktok", "meta")
    assert store.mark() == before
    assert store.workspace.path.joinpath(before.snapshot).exists()
    mark_step(store.workspace, ["tiktok"])
    now = store.mark()
    assert (now.people, now.whole, before.people) == (5, False, 4)
    assert not store.workspace.path.joinpath(before.snapshot).exists(), "nothing needs it any more"
    report = store.make()
    assert report.uploads.platforms[0].changes.made == ()


def test_what_files_cannot_take_out_is_remembered_until_the_whole_list_goes_up(store):
    store.customers({**CRM, "c2": ("bob@new.example", "granted")}).make()
    for _ in range(2):
        mark_step(store.workspace, ["tiktok"])
        assert (store.mark().left, store.mark().whole) == (1, False)
    report = store.make()
    assert "left-before" in codes(report)
    mark_step(store.workspace, ["tiktok:all"])
    assert (store.mark().left, store.mark().whole) == (0, True)
    assert "left-before" not in codes(store.make())


def test_days_go_on_from_the_earliest_upload_unless_the_whole_list_goes_up(store):
    store.make("google-ads")
    mark_step(store.workspace, ["google-ads"])
    first = DAY + timedelta(days=540)
    assert store.mark("google-ads").expires_on == first
    later = DAY + timedelta(days=100)
    store.customers({**CRM, "c5": ("eve@shop.example", "granted")}).make("google-ads", made_on=later)
    mark_step(store.workspace, ["google-ads"], later + timedelta(days=1))
    assert store.mark("google-ads").expires_on == first
    for how, end in ((":all", later + timedelta(days=541)), (":changes", first), (":all", later + timedelta(days=541))):
        mark_step(store.workspace, [f"google-ads{how}"], later + timedelta(days=1))
        assert store.mark("google-ads").expires_on == end, "said again, of the same files"


def test_after_the_end_everybody_is_to_be_added_again(store):
    store.make("google-ads")
    mark_step(store.workspace, ["google-ads"])
    last = DAY + timedelta(days=539)
    assert store.make("google-ads", made_on=last).uploads.platforms[0].changes.state == "compared"
    report = store.make("google-ads", made_on=last + timedelta(days=1))
    assert report.uploads.platforms[0].changes.state == "lapsed"
    assert report.uploads.platforms[0].changes.made == ()
    assert "upload-lapsed" in codes(report)
    mark_step(store.workspace, ["google-ads"])
    assert store.mark("google-ads").expires_on == last + timedelta(days=541)


def test_lists_of_other_ids_are_not_compared(store):
    with store.workspace.write() as changed:
        changed["uploads"]["tiktok"]["ids"] = "high"
    report = store.make()
    assert report.uploads.platforms[0].changes.state == "other ids"
    assert "upload-other-ids" in codes(report)


def test_a_snapshot_of_an_older_form_is_not_compared(store):
    path = store.workspace.path / store.mark().snapshot
    pq.write_table(pq.read_table(path).rename_columns(["who", "what"]), path)
    report = store.make()
    assert report.uploads.platforms[0].changes.state == "other form"
    assert report.uploads.platforms[0].changes.made == ()
    assert "upload-other-form" in codes(report)
    assert uploaded_with(store.workspace, "c1") == ("tiktok",)
    mark_step(store.workspace, ["tiktok"])
    assert store.make().uploads.platforms[0].changes.state == "compared"


@pytest.mark.parametrize(
    ("named", "day", "says"),
    [
        ("meta", None, "attribution suppress --platform meta"),
        ("tiktak", None, "Did you mean"),
        ("tiktok:some", None, "tiktok:all"),
        ("tiktok:changes", None, "No add or remove files"),
        ("tiktok", DAY - timedelta(days=1), "cannot have been uploaded"),
    ],
)
def test_marks_that_cannot_be_true_are_refused(store, named, day, says):
    before = store.workspace.manifest()
    with pytest.raises(UsageError, match=says):
        mark_step(store.workspace, [named], day)
    assert store.workspace.manifest() == before


def test_nothing_of_anybody_is_in_snapshots_and_manifests(store):
    store.customers({**CRM, "c1": ("ada@shop.example", "denied")}).make()
    mark_step(store.workspace, ["tiktok"])
    path = store.workspace.path
    texts = [t for i, (email, _) in CRM.items() for t in (email, email.split("@")[0] + "@", digest(email), digest(i))]
    snapshots = list(path.glob("lists/ledger/*.parquet"))
    assert snapshots
    for file in [path / "manifest.json", *path.glob("lists/*/manifest.json"), *snapshots]:
        assert file.stat().st_mode & 0o077 == 0
        text = file.read_bytes().decode("latin-1")
        if file.suffix == ".parquet":
            assert pq.read_schema(file).names == ["who", "digest"]
            text += str(pq.read_table(file).to_pydict())
        assert not [t for t in texts if t in text]


def test_a_snapshot_cannot_be_tested_without_the_key(store):
    rows = pq.read_table(store.workspace.path / store.mark().snapshot).column("who").to_pylist()
    held = {str(row).replace("-", "") if not isinstance(row, bytes) else row.hex() for row in rows}
    key = (store.workspace.path / store.workspace.manifest()["identity"]["key"]).read_bytes()
    assert held == {person_key(key, i)[:WHO] for i in CRM}
    assert not held & {person_key(b"another", i)[:WHO] for i in CRM}


def test_a_run_that_is_killed_leaves_marks_and_files_as_they_were(store, monkeypatch):
    before = store.workspace.manifest()
    held = {p: p.read_bytes() for p in (store.workspace.path / "lists").rglob("*") if p.is_file()}
    store.customers({**CRM, "c5": ("eve@shop.example", "granted")})
    between = store.workspace.manifest()

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("attribution.steps.suppress_uploads.write_manifest", killed)
        with pytest.raises(KeyboardInterrupt):
            store.make()
    with monkeypatch.context() as patch:
        patch.setattr(marking, "_mark", killed)
        with pytest.raises(KeyboardInterrupt):
            mark_step(store.workspace, ["tiktok"])
    assert store.workspace.manifest() == between
    assert (between["uploads"], between["lists"]) == (before["uploads"], before["lists"])
    assert {p: p.read_bytes() for p in (store.workspace.path / "lists").rglob("*") if p.is_file()} == held
    assert store.make().uploads.platforms[0].changes.added == 1


def test_who_is_erased_is_in_no_snapshot_and_is_counted(store):
    store.make("meta")
    assert uploaded_with(store.workspace, "c1") == ("tiktok",)
    report = forget_step(store.workspace, "c1")
    assert report.uploaded == ("tiktok",)
    assert uploaded_with(store.workspace, "c1") == ()
    mark = store.mark()
    assert (mark.people, mark.forgotten) == (3, 1)
    assert pq.read_metadata(store.workspace.path / mark.snapshot).num_rows == 3
    made = store.make()
    assert made.uploads.platforms[0].changes.made == ()
    assert {"forgotten-uploaded", "upload-unchanged"} <= codes(made)
    # Only the whole list in the place of the old one takes them out.
    store.customers({**{i: p for i, p in CRM.items() if i != "c1"}, "c5": ("eve@shop.example", "granted")}).make()
    mark_step(store.workspace, ["tiktok:changes"])
    assert store.mark().forgotten == 1
    mark_step(store.workspace, ["tiktok:all"])
    assert store.mark().forgotten == 0


def test_an_erased_customer_of_joined_ids_is_found_by_any_of_them(tmp_path):
    shop = Shop(tmp_path)
    shop.add("customers", "id:crm_id,email,consent", "CRM-ADA,ada@shop.de,granted", "CRM-BOB,bob@shop.de,granted")
    shop.links("cookie=ck-ada email=ada@shop.de 2026-01-02")
    shop.identify()
    suppress_step(shop.workspace, UploadOptions(("tiktok",), made_on=DAY))
    mark_step(shop.workspace, ["tiktok"])
    assert uploaded_with(shop.workspace, "cookie=ck-ada") == ("tiktok",)
    assert forget_step(shop.workspace, "cookie=ck-ada").uploaded == ("tiktok",)
    mark = mark_of(shop.workspace.manifest(), "tiktok")
    assert (mark.people, mark.forgotten) == (1, 1)
    assert forget_step(shop.workspace, "email=bob@shop.de").uploaded == ("tiktok",)


def test_two_customers_who_became_one_since_the_upload_keep_both_addresses(tmp_path):
    shop = Shop(tmp_path)
    shop.add("customers", "id:email,consent", "ada@shop.de,granted", "ada@home.de,granted")
    shop.links("email=ada@shop.de crm_id=ADA 2026-01-02")
    shop.identify()
    options = UploadOptions(("tiktok",), made_on=DAY)
    suppress_step(shop.workspace, options)
    mark_step(shop.workspace, ["tiktok"])
    shop.links("email=ada@home.de crm_id=ADA 2026-01-03", name="more")
    shop.identify()
    assert shop.customer("email=ada@home.de") == shop.customer("email=ada@shop.de")
    changes = suppress_step(shop.workspace, options).uploads.platforms[0].changes
    assert (changes.added, changes.changed, changes.removed, changes.gone) == (0, 1, 0, 0)
    assert [action for action, _ in changes.made] == ["add"]


def test_states_of_lists(store):
    def of(day=DAY, name="tiktok"):
        return lists(store.workspace, day).set_index("list").loc[name]

    assert of().state == "uploaded"
    store.make("google-ads", "meta")
    assert of(name="meta").state == "made"
    assert of(name="suppression").state == "made"
    mark_step(store.workspace, ["google-ads"])
    days = [(0, "uploaded", 540), (532, "uploaded", 8), (533, "expiring", 7), (539, "expiring", 1), (540, "expired", 0)]
    for passed, state, left in days:
        row = of(DAY + timedelta(days=passed), "google-ads")
        assert (row.state, row.days_left) == (state, left)
    store.customers({**CRM, "c5": ("eve@shop.example", "granted"), "c1": ("ada@shop.example", "denied")}).make()
    row = of()
    assert (row.state, row.added, row.removed, row.people, row.files) == (
        "changed",
        1,
        1,
        4,
        "1 replace, 1 add, 1 remove",
    )
    mark_step(store.workspace, ["tiktok"])
    assert of().state == "uploaded"
