import hashlib
from dataclasses import replace

import numpy as np
import pytest

from attribution_models.worlds import path_world
from attribution_models.worlds.path_world import (
    ALL_MEDIA,
    RETAILER,
    RetailerWorld,
    SimulatedTables,
    simulate,
)

PEOPLE = 5_000
PAID = [channel.name for channel in RETAILER if channel.ownership == "paid"]
TABLES = ("touchpoints", "conversions", "customers", "identities", "spend", "truth")
TEXT = {
    "touchpoints": [
        "unified_id", "channel", "campaign", "interaction", "device_type", "ownership",
        "id:cookie", "id:device",
    ],
    "conversions": ["unified_id", "conversion_id", "kind"],
    "customers": ["unified_id", "status", "consent", "email", "country"],
    "identities": ["id_type_a", "id_a", "id_type_b", "id_b"],
    "spend": ["channel"],
    "truth": ["channel"],
}  # fmt: skip
OTHER = {
    "touchpoints": {"timestamp": "datetime64[us]", "cost": "float64"},
    "conversions": {"timestamp": "datetime64[us]", "value": "float64"},
    "customers": {"customer_since": "datetime64[D]"},
    "identities": {"seen_at": "datetime64[us]"},
    "spend": {"date": "datetime64[D]", "spend": "float64", "impressions": "int64", "clicks": "int64"},
    "truth": {"incremental_conversions": "int64", "incremental_value": "float64"},
}


def digest(tables: SimulatedTables) -> str:
    sha = hashlib.sha256()
    for name in TABLES:
        for column, values in getattr(tables, name).items():
            sha.update(f"{name}.{column}:{values.dtype}\n".encode())
            sha.update("\n".join(values).encode() if values.dtype == object else values.tobytes())
    return sha.hexdigest()


def truth_of(tables: SimulatedTables) -> dict[str, int]:
    columns = tables.truth["channel"], tables.truth["incremental_conversions"]
    return dict(zip(*(column.tolist() for column in columns), strict=True))


def last_touch(tables: SimulatedTables) -> dict[str, int]:
    touches, buys = tables.touchpoints, tables.conversions
    ids = np.concatenate([touches["unified_id"], buys["unified_id"]])
    person = np.unique(ids, return_inverse=True)[1]
    at = np.concatenate([touches["timestamp"], buys["timestamp"]])
    # -1 marks a purchase; the last touch before it counts, with the purchase before it as the limit.
    channel = np.concatenate([np.arange(touches["channel"].size), np.full(buys["unified_id"].size, -1)])
    order = np.lexsort((at, person))
    channel, person = channel[order], person[order]
    last = np.flatnonzero((channel[1:] == -1) & (channel[:-1] >= 0) & (person[1:] == person[:-1]))
    names, counts = np.unique(touches["channel"][channel[last]], return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


@pytest.fixture(scope="module")
def tables() -> SimulatedTables:
    return simulate(RetailerWorld(people=PEOPLE, seed=7))


def test_same_seed_same_bytes_and_another_seed_other_bytes():
    world = RetailerWorld(people=2_500, seed=11, days=60)
    first = digest(simulate(world))
    assert first == digest(simulate(world))
    assert first != digest(simulate(replace(world, seed=12)))


def test_a_larger_world_holds_the_same_people():
    few, many = (simulate(RetailerWorld(people=n, seed=5, days=30)) for n in (600, 900))
    common = np.isin(many.conversions["unified_id"], [f"cust-{i:06d}" for i in range(600)])
    assert sorted(many.conversions["value"][common]) == sorted(few.conversions["value"])


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_present_typed_and_of_one_length(tables, table):
    columns = getattr(tables, table)
    assert set(columns) == set(TEXT[table]) | set(OTHER[table])
    assert len({values.shape for values in columns.values()}) == 1
    for column in TEXT[table]:
        assert all(type(value) is str for value in columns[column])
    for column, dtype in OTHER[table].items():
        assert columns[column].dtype == np.dtype(dtype)


def test_ids_are_unique_and_belong_to_people(tables):
    for table, column in (
        ("conversions", "conversion_id"),
        ("customers", "unified_id"),
        ("customers", "email"),
    ):
        values = getattr(tables, table)[column]
        assert len(set(values)) == values.size
    people = {f"cust-{i:06d}" for i in range(PEOPLE)}
    assert set(tables.touchpoints["unified_id"]) < people
    assert set(tables.conversions["unified_id"]) <= set(tables.customers["unified_id"]) < people
    cookies = set(zip(tables.touchpoints["id:cookie"], tables.touchpoints["unified_id"], strict=True))
    assert len({cookie for cookie, _ in cookies}) == len(cookies) > PEOPLE
    assert set(tables.identities["id_a"]) <= {cookie for cookie, _ in cookies}
    assert set(tables.identities["id_type_b"]) == {"device", "email"}
    assert all(email.endswith("@example.com") for email in tables.customers["email"])


def test_links_join_ids_of_one_person(tables):
    owner = dict(zip(tables.touchpoints["id:cookie"], tables.touchpoints["unified_id"], strict=True))
    owner |= dict(zip(tables.touchpoints["id:device"], tables.touchpoints["unified_id"], strict=True))
    owner |= dict(zip(tables.customers["email"], tables.customers["unified_id"], strict=True))
    links = zip(tables.identities["id_a"], tables.identities["id_b"], strict=True)
    assert all(owner[a] == owner[b] for a, b in links)


def test_times_lie_inside_the_window_in_order_and_money_is_not_negative(tables):
    start, end = (
        np.datetime64("2025-01-01", "us"),
        np.datetime64("2025-01-01", "us") + np.timedelta64(120, "D"),
    )
    for table, column in (
        ("touchpoints", "timestamp"),
        ("conversions", "timestamp"),
        ("identities", "seen_at"),
        ("spend", "date"),
    ):
        at = getattr(tables, table)[column]
        assert at.min() >= start
        assert at.max() < end
        assert (np.diff(at) >= np.timedelta64(0)).all()
    assert (tables.customers["customer_since"] < end).all()
    assert (tables.customers["customer_since"] < start).any()
    assert (tables.conversions["value"] > 0).all()
    touches = tables.touchpoints
    paid = touches["ownership"] == "paid"
    assert (touches["cost"][paid] > 0).all()
    assert (touches["cost"][~paid] == 0).all()
    assert set(touches["interaction"]) == {"impression", "click", "visit"}


def test_a_purchase_comes_after_the_touches_of_its_day(tables):
    touches, buys = tables.touchpoints, tables.conversions
    bought = dict(
        zip(
            zip(buys["unified_id"], buys["timestamp"].astype("datetime64[D]").tolist(), strict=True),
            buys["timestamp"].tolist(),
            strict=True,
        )
    )
    days = touches["timestamp"].astype("datetime64[D]").tolist()
    same_day = [
        (at, bought[key])
        for key, at in zip(zip(touches["unified_id"], days, strict=True), touches["timestamp"].tolist(), strict=True)
        if key in bought
    ]
    assert len(same_day) > 100
    assert all(touch < purchase for touch, purchase in same_day)


def test_customer_since_is_no_later_than_the_first_purchase(tables):
    since = dict(zip(tables.customers["unified_id"], tables.customers["customer_since"], strict=True))
    days = tables.conversions["timestamp"].astype("datetime64[D]")
    assert all(since[i] <= day for i, day in zip(tables.conversions["unified_id"], days, strict=True))


def test_sizes_and_the_people_whom_journeys_forget(tables):
    touched, buyers = set(tables.touchpoints["unified_id"]), set(tables.conversions["unified_id"])
    assert 5 * PEOPLE < tables.touchpoints["unified_id"].size < 7.5 * PEOPLE
    assert 0.15 * PEOPLE < tables.conversions["unified_id"].size < 0.3 * PEOPLE
    assert PEOPLE - len(touched) > 0.05 * PEOPLE
    assert buyers - touched
    assert tables.conversions["unified_id"].size > len(buyers)
    # Nobody takes customers out of the audiences.
    assert np.isin(tables.touchpoints["unified_id"], list(buyers))[tables.touchpoints["channel"] == "Retargeting"].any()


def test_spend_is_the_daily_sum_of_touch_costs(tables):
    touches, spend = tables.touchpoints, tables.spend
    paid = touches["ownership"] == "paid"
    days = touches["timestamp"].astype("datetime64[D]")
    assert set(spend["channel"]) == set(PAID)
    assert spend["date"].size == 120 * len(PAID)
    for name in PAID:
        mine, rows = paid & (touches["channel"] == name), spend["channel"] == name
        for day in spend["date"][rows][::17]:
            today, row = mine & (days == day), rows & (spend["date"] == day)
            assert spend["spend"][row][0] == pytest.approx(touches["cost"][today].sum(), abs=1e-9)
            assert spend["clicks"][row][0] == (touches["interaction"][today] == "click").sum()
            assert spend["impressions"][row][0] == (touches["interaction"][today] == "impression").sum()
        assert spend["spend"][rows].sum() == pytest.approx(touches["cost"][mine].sum(), abs=1e-7)


def test_truth_is_sane(tables):
    truth, orders = truth_of(tables), tables.conversions["unified_id"].size
    assert list(truth) == [*(channel.name for channel in RETAILER), ALL_MEDIA]
    # Visits that intent causes add nothing, not even through retargeting, since people come anyway.
    assert truth["(direct)"] == truth["Organic search"] == 0
    assert truth[ALL_MEDIA] >= max(truth[name] for name in PAID)
    assert 0.08 * orders < truth[ALL_MEDIA] < 0.3 * orders
    assert tables.truth["incremental_value"][-1] == pytest.approx(
        truth[ALL_MEDIA] * tables.conversions["value"].mean(), rel=0.2
    )
    for name in ("Generic search", "Shopping", "Paid social", "Online video"):
        assert truth[name] > 0


def test_roas_is_plausible():
    tables = simulate(RetailerWorld(people=20_000, seed=1))
    for name, value in zip(tables.truth["channel"], tables.truth["incremental_value"], strict=True):
        if name in PAID:
            spent = tables.spend["spend"][tables.spend["channel"] == name].sum()
            assert 0.1 < value / spent < 9


def test_a_channel_without_effect_has_no_truth_and_its_absence_shifts_no_draw(tables):
    silent = tuple(replace(channel, effect=0.0, click_effect=0.0) for channel in RETAILER)
    quiet = simulate(RetailerWorld(people=PEOPLE, seed=7, channels=silent))
    assert not np.any(quiet.truth["incremental_conversions"])
    assert not np.any(quiet.truth["incremental_value"])
    # The quiet world is the factual one with every effect off: the same needs, fewer purchases.
    assert quiet.conversions["unified_id"].size < tables.conversions["unified_id"].size


@pytest.mark.parametrize("name", ["Generic search", "Online video", "Referral"])
def test_truth_equals_a_full_run_without_the_channel(tables, name):
    # Counterfactuals skip people whom the channel never met; a run of everybody must agree. A channel that is
    # neither pushed nor pulled is as good as off, while its draws keep their place.
    never = tuple(replace(c, push=0.0, pull=0.0) if c.name == name else c for c in RETAILER)
    without = simulate(RetailerWorld(people=PEOPLE, seed=7, channels=never))
    lost = tables.conversions["unified_id"].size - without.conversions["unified_id"].size
    assert truth_of(tables)[name] == lost
    value = tables.conversions["value"].sum() - without.conversions["value"].sum()
    row = tables.truth["channel"].tolist().index(name)
    assert tables.truth["incremental_value"][row] == pytest.approx(value, abs=1e-6)


def test_skipping_people_without_contact_is_exact_for_every_switch():
    # Also for all media at once and for navigational channels, which no public description can turn off.
    world = RetailerWorld(people=500, seed=4)
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([world.seed, 0])))
    traits, draws = path_world.draw_traits(world, rng).first(500), path_world.draw(world, rng)
    switches = path_world._switches(world.channels)

    def orders(off: np.ndarray) -> int:
        on = np.repeat(~off[:, None], 500, axis=1)
        return path_world.live(world, traits, draws, np.arange(500), on).buyer.size

    actual = orders(np.zeros(len(RETAILER), dtype=np.bool_))
    truth = simulate(world).truth["incremental_conversions"]
    assert [actual - orders(off) for off in switches] == truth.tolist()


def test_last_touch_falls_into_the_trap(tables):
    truth, last = truth_of(tables), last_touch(tables)
    trap = ("Brand search", "Retargeting")
    true_share = sum(truth[name] for name in trap) / sum(truth[name] for name in PAID)
    last_share = sum(last[name] for name in trap) / sum(last[name] for name in PAID)
    assert last_share > 0.35
    assert true_share < 0.2
    # Even against all conversions: last touch gives them several times what they cause.
    assert sum(last[name] for name in trap) > 4 * sum(truth[name] for name in trap)


def test_observed_intent_records_every_need():
    tables = simulate(RetailerWorld(people=2_000, seed=3, intent="observed"))
    needing = set(tables.touchpoints["unified_id"][tables.touchpoints["channel"] == "Organic search"])
    touched, buyers = set(tables.touchpoints["unified_id"]), set(tables.conversions["unified_id"])
    assert buyers <= touched
    assert len(buyers - needing) < 0.2 * len(buyers)
    truth = truth_of(tables)
    assert truth["Organic search"] == truth["(direct)"] == 0
    assert truth[ALL_MEDIA] > 0


def test_worlds_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="people >= 1"):
        RetailerWorld(people=0, seed=1)
    with pytest.raises(ValueError, match="differ"):
        RetailerWorld(people=1, seed=1, channels=(RETAILER[0], RETAILER[0]))
    with pytest.raises(ValueError, match="Organic search"):
        simulate(RetailerWorld(people=1, seed=1, intent="observed", channels=RETAILER[:2]))


def test_the_smallest_world():
    tables = simulate(RetailerWorld(people=1, seed=0, days=1))
    assert tables.people == 1
    assert tables.spend["date"].size == len(PAID)
