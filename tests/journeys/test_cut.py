"""Journeys against the naive rules, and the properties that hold whatever the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attribution
from attribution.errors import UsageError
from attribution.journeys import parts
from attribution.journeys.sort import sort_part
from attribution.journeys.store import read_journeys, read_part, write_meta, write_part
from tests.journeys import naive
from tests.journeys.naive import DAY, NaiveRules

START = 1_767_225_600_000_000  # 2026-01-01
CHANNELS = ("direct", "Mail", "Search", "Social")

moments = st.integers(0, 40).map(lambda n: START + n * DAY // 2)
touch = st.tuples(
    st.sampled_from("abc"), moments, st.sampled_from(CHANNELS), st.sampled_from(("impression", "click", "visit"))
)
conversion = st.tuples(st.sampled_from("abcd"), moments, st.integers(1, 9).map(float))
settings = st.fixed_dictionaries(
    {
        "lookback": st.sampled_from(("1d", "5d", "90d")),
        "lookback_impressions": st.sampled_from((None, "12h", "2d")),
        "inactivity": st.sampled_from((None, "1d", "3d")),
        "direct": st.sampled_from(("keep", "drop", "drop-unless-only")),
        "transforms": st.sampled_from(
            (
                (),
                ("exposure",),
                ("first",),
                ("remove-if-last-and-not-all:Mail",),
                ("remove-if-not-all:Mail", "exposure"),
            )
        ),
        "null_end": st.sampled_from(("last-touch", "data-end")),
    }
)


def frames(touches, conversions, known=()):
    t = pd.DataFrame(touches, columns=["unified_id", "timestamp", "channel", "interaction"])
    c = pd.DataFrame(conversions, columns=["unified_id", "timestamp", "value"])
    for frame in (t, c):
        frame["timestamp"] = pd.to_datetime(frame["timestamp"].astype("int64"), unit="us")
    k = pd.DataFrame(known, columns=["unified_id", "customer_since"])
    return t, c, k if len(k) else None


def journeys_of(found: attribution.Journeys) -> list[tuple]:
    """Every journey as (path, end, converted, value, existing), in no order."""
    out = []
    for i in range(found.block_count):
        part = found.part(i)
        names = [found.units[p].channel for p in found.positions(part.units)]
        for j in range(part.conversions.size):
            lo, hi = part.offsets[j], part.offsets[j + 1]
            path = tuple(zip(part.at[lo:hi].tolist(), names[lo:hi], strict=True))
            out.append(
                (path, int(part.ended_at[j]), bool(part.conversions[j]), float(part.value[j]), bool(part.existing[j]))
            )
    return sorted(out)


def expected(touches, conversions, known, chosen) -> list[tuple]:
    days = lambda text: int(text[:-1]) * (DAY if text[-1] == "d" else DAY // 24)  # noqa: E731
    latest = max([t[1] for t in touches] + [c[1] for c in conversions])
    rules = NaiveRules(
        default_lookback=days(chosen["lookback"]),
        lookback={"impression": days(chosen["lookback_impressions"])} if chosen["lookback_impressions"] else {},
        inactivity=days(chosen["inactivity"]) if chosen["inactivity"] else 0,
        direct=chosen["direct"],
        transforms=tuple((t.partition(":")[0], t.partition(":")[2]) for t in chosen["transforms"]),
        data_end=latest if chosen["null_end"] == "data-end" else 0,
    )
    return sorted(
        (j.touches, j.end, j.conversion is not None, j.conversion[1] if j.conversion else 0.0, j.existing)
        for j in naive.cut(touches, conversions, known, rules)
    )


@given(st.lists(touch, min_size=1, max_size=30, unique=True), st.lists(conversion, max_size=8, unique=True), settings)
def test_journeys_are_those_of_the_naive_rules(touches, conversions, chosen):
    if any("Mail" in t for t in chosen["transforms"]) and not any(t[2] == "Mail" for t in touches):
        chosen = chosen | {"transforms": ()}
    t, c, _ = frames(touches, conversions)
    found = attribution.build_journeys(t, c if len(c) else None, **chosen)
    assert journeys_of(found) == expected(touches, conversions, {}, chosen)
    assert (
        sum(found.counts[n] for n in found.counts if n.startswith("touches_"))
        == found.counts["touches"]
        == len(touches)
    )


@given(
    st.lists(touch, min_size=1, max_size=20, unique=True),
    st.lists(conversion, max_size=4, unique=True),
    st.integers(-5, 25),
)
def test_known_customers_are_existing_from_their_date_on(touches, conversions, day):
    since = START + day * DAY
    known = {"a": since}
    first = min([c[1] for c in conversions if c[0] == "a"], default=None)
    if first is not None and since // DAY >= first // DAY:
        known = {}  # the file's day is the first conversion's own: the conversion tells the moment
    t, c, k = frames(touches, conversions, [("a", pd.to_datetime(since, unit="us"))])
    found = attribution.build_journeys(t, c if len(c) else None, k)
    chosen = {"lookback": "90d", "lookback_impressions": None, "inactivity": None, "direct": "keep", "transforms": (),
              "null_end": "last-touch"}  # fmt: skip
    assert journeys_of(found) == expected(touches, conversions, known, chosen)


@pytest.mark.parametrize(
    ("name", "path", "result"),
    [
        ("unique", "D>A>B>B>C>D>C>C", "D>A>B>B>C>D>C>C"),
        ("exposure", "D>A>B>B>C>D>C>C", "D>A>B>C>D>C"),
        ("first", "D>A>B>B>C>D>C>C", "D>A>B>C"),
        ("frequency", "D>A>B>B>C>D>C>C", "D(2)>A(1)>B(2)>C(3)"),
        ("remove-if-not-all:A", "A>B>A>A", "B"),
        ("remove-if-last-and-not-all:A", "A>B>A>A", "A>B"),
        ("remove-if-last-and-not-all:A", "A>A", "A>A"),
        ("remove-if-not-all:A", "A>A", "A>A"),
    ],
)
def test_transforms_of_the_published_example(name, path, result):
    found = attribution.read_paths(pd.DataFrame({"path": [path], "conversions": [1]}), transforms=(name,))
    part = found.part(0)
    assert [found.units[p].channel for p in found.positions(part.units)] == result.split(">")


@given(
    st.lists(st.sampled_from("ABC"), min_size=1, max_size=12),
    st.sampled_from(("exposure", "first", "frequency", "remove-if-not-all", "remove-if-last-and-not-all")),
)
def test_transforms_are_those_of_the_naive_rules(path, name):
    target = path[0] if name.startswith("remove") else ""
    full = f"{name}:{target}" if target else name
    found = attribution.read_paths(pd.DataFrame({"path": [">".join(path)], "conversions": [1]}), transforms=(full,))
    part = found.part(0)
    want = [c for _, c in naive.transform([(0, c) for c in path], name, target)]
    assert [found.units[p].channel for p in found.positions(part.units)] == want


def market(people: int = 400, seed: int = 3):
    rng = np.random.default_rng(seed)
    n = people * 8
    t = pd.DataFrame(
        {
            "unified_id": rng.integers(0, people, n).astype(str),
            "timestamp": pd.to_datetime(START + rng.integers(0, 90 * 24, n) * (DAY // 24), unit="us"),
            "channel": rng.choice(["Search", "Mail", "Social", "direct", "Vidéo 视频"], n),
            "campaign": rng.choice(["x", "y", None], n),
            "interaction": rng.choice(["impression", "click"], n),
        }
    ).drop_duplicates()
    m = people // 2
    c = pd.DataFrame(
        {
            "unified_id": rng.integers(0, people, m).astype(str),
            "timestamp": pd.to_datetime(START + rng.integers(0, 90 * 24, m) * (DAY // 24), unit="us"),
            "value": rng.integers(1, 999, m) / 7,
            "kind": rng.choice(["purchase", "signup"], m),
        }
    ).drop_duplicates()
    return t, c


def credits_bytes(t, c, **settings) -> bytes:
    found = attribution.build_journeys(t, c, **settings)
    fits = attribution.fit(found, "rules", "markov", attribution.Markov(order=2), "shapley")
    table = attribution.credits(found, fits)
    return table.to_csv(float_format="%r").encode() + repr(found.counts).encode()


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of a few hundred touches, so that a small market has many."""
    monkeypatch.setattr(parts, "PART_TOUCHES", 300)


@pytest.mark.usefixtures("small_parts")
def test_credits_do_not_depend_on_row_order_threads_or_memory(monkeypatch):
    t, c = market()
    settings = {"lookback": "30d", "inactivity": "20d"}
    first = credits_bytes(t, c, **settings)
    assert attribution.build_journeys(t, c, **settings).block_count >= 8
    for seed in range(3):
        shuffled = t.sample(frac=1, random_state=seed), c.sample(frac=1, random_state=seed)
        assert credits_bytes(*shuffled, **settings) == first
    monkeypatch.setattr("attribution.engine.threads", lambda: 1)
    monkeypatch.setattr(parts, "threads", lambda: 1)
    assert credits_bytes(t, c, **settings) == first
    monkeypatch.setattr("attribution.journeys.build.default_budget", lambda: 20 * 700)
    assert credits_bytes(t, c, **settings) == first


def test_the_number_of_parts_never_changes_a_journey(monkeypatch):
    t, c = market(200)
    one = journeys_of(attribution.build_journeys(t, c))
    monkeypatch.setattr(parts, "PART_TOUCHES", 100)
    many = attribution.build_journeys(t, c)
    assert many.block_count > 8
    assert journeys_of(many) == one


@given(st.data())
def test_sort_is_numpys_lexsort(data):
    n = data.draw(st.integers(1, 200))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    bits = data.draw(st.integers(0, 4))
    people = rng.integers(0, 2**64, max(1, data.draw(st.integers(1, 20))), np.uint64)
    keys = (rng.choice(people, n) >> np.uint64(bits)) if bits else rng.choice(people, n)
    wide = data.draw(st.booleans())
    at = rng.integers(-(2**61), 2**61, n) if wide else rng.integers(0, 50, n)
    unit = rng.integers(0, 40_000 if wide else 3, n).astype(np.int32)
    order = np.lexsort((unit, at, keys))
    for got, given_ in zip(sort_part(keys, at, unit, bits), (keys, at, unit), strict=True):
        np.testing.assert_array_equal(got, given_[order])


def test_a_person_with_very_many_touches_is_sorted_too():
    rng = np.random.default_rng(0)
    n = 50_000
    keys = np.full(n, 7, np.uint64)
    at, unit = rng.integers(0, 10**12, n), rng.integers(0, 9, n).astype(np.int32)
    got = sort_part(keys, at, unit, 0)
    np.testing.assert_array_equal(got[1], np.sort(at))


def test_equal_times_touch_before_conversion_and_content_settles_ties():
    at = pd.Timestamp("2026-01-05 10:00")
    t = pd.DataFrame({"unified_id": ["a"] * 3, "timestamp": [at] * 3, "channel": ["Search", "Mail", "Social"]})
    c = pd.DataFrame({"unified_id": ["a"], "timestamp": [at], "value": [1.0]})
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        ((path, _, converted, _, _),) = journeys_of(attribution.build_journeys(t.iloc[order], c))
        assert converted
        assert [name for _, name in path] == ["Mail", "Search", "Social"]


def test_touches_older_than_the_lookback_at_exactly_its_edge_count():
    t = pd.DataFrame({"unified_id": ["a", "a"], "timestamp": pd.to_datetime(["2026-01-01 00:00:00", "2025-12-31 23:59:59"]),
                      "channel": ["edge", "outside"]})  # fmt: skip
    c = pd.DataFrame({"unified_id": ["a"], "timestamp": pd.to_datetime(["2026-01-31"]), "value": [1.0]})
    ((path, *_),) = journeys_of(attribution.build_journeys(t, c, lookback="30d"))
    assert [name for _, name in path] == ["edge"]


def test_as_of_leaves_out_what_is_later():
    t, c = market(50)
    whole = attribution.build_journeys(t, c)
    early = attribution.build_journeys(t, c, as_of="2026-02-01")
    assert 0 < early.counts["touches"] < whole.counts["touches"]
    latest = max(int(early.part(i).ended_at.max()) for i in range(early.block_count))
    assert latest < START + 32 * DAY


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lookback": "ninety"}, "is no duration"),
        ({"lookback": "0d"}, "not above zero"),
        ({"direct": "hide"}, "Choose keep, drop or drop-unless-only"),
        ({"transforms": ("shuffle",)}, "is unknown"),
        ({"transforms": ("remove-if-not-all",)}, "needs a channel"),
        ({"transforms": ("remove-if-not-all:Serach",)}, 'Did you mean "Search"'),
        ({"null_end": "never"}, "Choose last-touch or data-end"),
        ({"as_of": "soon"}, "is no date"),
    ],
)
def test_wrong_settings_are_answered(settings, message):
    t, c = market(20)
    with pytest.raises(UsageError, match=message):
        attribution.build_journeys(t, c, **settings)


def test_frames_of_other_libraries_give_the_same():
    polars = pytest.importorskip("polars")
    t, c = market(60)
    reference = credits_bytes(t, c)
    assert credits_bytes(polars.from_pandas(t), polars.from_pandas(c)) == reference
    assert (
        credits_bytes(pa.Table.from_pandas(t, preserve_index=False), pa.Table.from_pandas(c, preserve_index=False))
        == reference
    )


def test_stored_journeys_are_those_in_memory(tmp_path):
    t, c = market(80)
    found = attribution.build_journeys(t, c, transforms=("frequency",))
    places = []
    for i in range(found.block_count):
        write_part(tmp_path / f"part-{i:05d}.arrow", found.part(i))
        places.append(tmp_path / f"part-{i:05d}.arrow")
    write_meta(tmp_path, replace(found, parts=tuple(places)))
    again = read_journeys(tmp_path)
    assert again.units == found.units
    assert again.settings == found.settings
    assert again.counts == found.counts
    for i in range(found.block_count):
        mine, stored = found.part(i), read_part(places[i])
        for name in mine.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(mine, name), getattr(stored, name))
