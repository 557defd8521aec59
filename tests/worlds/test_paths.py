import hashlib
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from attribution_models.worlds.paths import (
    INTENTS,
    NULL_CHANNEL,
    PRESETS,
    PathWorld,
    SimulatedTables,
    Synergy,
    preset,
    simulate,
)

TABLES = ("touchpoints", "conversions", "customers", "identities", "spend", "truth", "assignments", "observations")


def digest(tables: SimulatedTables) -> str:
    sha = hashlib.sha256()
    for name in TABLES:
        for column, values in getattr(tables, name).items():
            sha.update(f"{name}.{column}:{values.dtype}\n".encode())
            sha.update("\n".join(values).encode() if values.dtype == object else values.tobytes())
    return sha.hexdigest()


def shares(amounts: dict[str, float], names: list[str]) -> np.ndarray:
    values = np.array([amounts.get(name, 0) for name in names], dtype=float)
    return values / values.sum()


def paid_of(world: PathWorld) -> list[str]:
    return [world.channels[c].name for c in world.paid]


def truth_of(tables: SimulatedTables, truth: str) -> dict[str, float]:
    rows = tables.truth["truth"] == truth
    return dict(zip(tables.truth["channel"][rows], tables.truth["conversions"][rows], strict=True))


def last_touch(tables: SimulatedTables) -> Counter[str]:
    touches, buys = tables.touchpoints, tables.conversions
    ids = np.concatenate([touches["unified_id"], buys["unified_id"]])
    at = np.concatenate([touches["timestamp"], buys["timestamp"]])
    person = np.unique(ids, return_inverse=True)[1]
    row = np.concatenate([np.arange(touches["channel"].size), np.full(buys["unified_id"].size, -1)])
    order = np.lexsort((row == -1, at, person))
    row, person = row[order], person[order]
    last = np.flatnonzero((row[1:] == -1) & (row[:-1] >= 0) & (person[1:] == person[:-1]))
    return Counter(touches["channel"][row[last]].tolist())


@pytest.fixture(scope="module")
def tables() -> SimulatedTables:
    return simulate(preset("retargeting-trap", "latent-intent", people=6_000, seed=3), ("total",))


def test_every_preset_exists_with_observed_and_with_latent_intent():
    assert list(PRESETS) == [
        "neutral", "retargeting-trap", "brand-search-trap", "synergy", "upper-funnel", "rare-conversions",
        "null-channel",
    ]  # fmt: skip
    worlds = {preset(name, intent) for name in PRESETS for intent in INTENTS}
    assert len(worlds) == 14
    assert all(world.tested == tuple(paid_of(world)) for world in worlds)


@pytest.mark.parametrize("intent", INTENTS)
def test_same_seed_same_bytes_and_another_seed_other_bytes(intent):
    world = preset("synergy", intent, people=800, seed=5, days=40)
    first = digest(simulate(world))
    assert first == digest(simulate(world))
    assert first != digest(simulate(replace(world, seed=6)))


def test_a_larger_world_holds_the_same_people():
    few, many = (
        simulate(preset("neutral", "latent-intent", people=n, seed=5, days=40), ()).conversions for n in (600, 900)
    )
    common = np.isin(many["unified_id"], [f"cust-{i:06d}" for i in range(600)])
    for column in ("unified_id", "timestamp", "value"):
        assert many[column][common].tolist() == few[column].tolist()


def test_assignments_hold_everybody_once_per_tested_channel(tables):
    columns = tables.assignments
    assert list(columns) == [
        "experiment", "unified_id", "channel", "arm", "assigned_at", "ended_at", "would_be_exposed",
    ]  # fmt: skip
    assert {values.size for values in columns.values()} == {6 * 6_000}
    assert len(set(zip(columns["experiment"], columns["unified_id"], strict=True))) == 6 * 6_000
    assert set(columns["arm"]) == {"exposed", "held_out"}
    for channel in set(columns["channel"]):
        held = columns["arm"][columns["channel"] == channel] == "held_out"
        assert held.mean() == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / 6_000))


def test_a_held_out_person_has_no_touch_of_the_channel_and_ghosts_are_known(tables):
    touched = set(zip(tables.touchpoints["unified_id"], tables.touchpoints["channel"], strict=True))
    rows = zip(*(tables.assignments[c] for c in ("unified_id", "channel", "arm", "would_be_exposed")), strict=True)
    ghosts = 0
    for person, channel, arm, would_be in rows:
        if arm == "held_out":
            assert (person, channel) not in touched
            ghosts += would_be
        else:
            assert would_be == ((person, channel) in touched)
    assert ghosts > 1_000


def test_observations_bound_everything_and_hold_people_without_touches(tables):
    observed = tables.observations
    enter = dict(zip(observed["unified_id"], observed["enter"], strict=True))
    leave = dict(zip(observed["unified_id"], observed["exit"], strict=True))
    assert len(enter) == tables.people
    assert (observed["enter"] < observed["exit"]).all()
    late, early = observed["enter"] > observed["enter"].min(), observed["exit"] < observed["exit"].max()
    assert 0.15 < late.mean() < 0.25
    assert 0.07 < early.mean() < 0.13
    for table in (tables.touchpoints, tables.conversions):
        for person, at in zip(table["unified_id"], table["timestamp"], strict=True):
            assert enter[person] <= at < leave[person]
    assert set(observed["unified_id"]) - set(tables.touchpoints["unified_id"])


def test_people_have_several_cookies_and_some_share_a_device(tables):
    touches = tables.touchpoints
    pairs = set(zip(touches["id:cookie"], touches["unified_id"], strict=True))
    per_cookie, per_person = Counter(c for c, _ in pairs), Counter(p for _, p in pairs)
    assert np.mean(list(per_person.values())) > 2
    assert 0 < sum(n > 1 for n in per_cookie.values()) < 0.02 * len(per_cookie)
    assert max(per_cookie.values()) == 2


@pytest.mark.parametrize("intent", INTENTS)
@pytest.mark.parametrize("name", PRESETS)
def test_last_touch_is_wrong_in_every_world(name, intent):
    people = 20_000 if name == "rare-conversions" else 5_000
    world = preset(name, intent, people=people, seed=17)
    tables = simulate(world, ("total",))
    truth, last, paid = truth_of(tables, "total"), last_touch(tables), paid_of(world)
    real, given = shares(truth, paid), shares(last, paid)
    assert np.abs(given - real).sum() / 2 > 0.2
    trap = {"retargeting-trap": "Retargeting", "brand-search-trap": "Brand search", "null-channel": NULL_CHANNEL}
    if name in trap:
        place = paid.index(trap[name])
        assert given[place] > 0.3
        assert real[place] < 0.1
        assert last[trap[name]] > 8 * truth[trap[name]]
    assert truth["Organic search"] == 0  # needs come anyway
    orders = tables.conversions["value"].size
    assert 0.2 * orders < sum(truth[channel] for channel in paid) < orders


@pytest.mark.parametrize("intent", INTENTS)
def test_few_buy_where_conversions_are_rare(intent):
    tables = simulate(preset("rare-conversions", intent, people=20_000, seed=1), ())
    assert 100 < tables.conversions["value"].size < 300


def test_observed_intent_is_a_function_of_the_tables():
    # An independent reading of the tables gives each person's intent and, summed over time, the purchases.
    world = replace(preset("synergy", "observed-intent", people=4_000, seed=8, days=60), synergies=())
    tables = simulate(world, ())
    kind = {channel.name: channel for channel in world.channels}
    start = np.datetime64(world.first_day, "us")
    events: dict[str, list[tuple[float, str, bool]]] = {}
    for person, at, channel, interaction in zip(
        *(tables.touchpoints[c] for c in ("unified_id", "timestamp", "channel", "interaction")), strict=True
    ):
        day = float((at - start) / np.timedelta64(1, "D"))
        events.setdefault(person, []).append((day, channel, interaction == "click"))
    for person, at in zip(tables.conversions["unified_id"], tables.conversions["timestamp"], strict=True):
        events.setdefault(person, []).append((float((at - start) / np.timedelta64(1, "D")), "(buys)", False))
    expected, expected_high, bought_high = 0.0, 0.0, 0
    window = zip(*(tables.observations[c] for c in ("unified_id", "enter", "exit")), strict=True)
    for person, enter, leave in window:
        mine, place = sorted(events.get(person, [])), 0
        need = lift = 0.0
        memory = dict.fromkeys(kind, 0.0)
        for day in range(*((int((at - start) / np.timedelta64(1, "D"))) for at in (enter, leave))):
            now, open_ = float(day), True
            while place < len(mine) and mine[place][0] < day + 1:
                at, channel, clicked = mine[place]
                odds = world.base_odds + world.buying_odds * (need + lift)
                expected += open_ * (at - now) * odds / (1 + odds)
                expected_high += open_ * (need + lift > 1) * (at - now) * odds / (1 + odds)
                now, place = at, place + 1
                if channel == "(buys)":
                    bought_high += need + lift > 1
                    need, lift, open_ = need * world.satisfied, lift * world.satisfied, False
                elif channel == world.need_channel:
                    need += 1
                else:
                    of = kind[channel]
                    effect = of.click_effect if clicked else of.effect
                    lift += effect / (1 + memory[channel] / world.tired_after)
                    memory[channel] += 1
            odds = world.base_odds + world.buying_odds * (need + lift)
            expected += open_ * (day + 1 - now) * odds / (1 + odds)
            expected_high += open_ * (need + lift > 1) * (day + 1 - now) * odds / (1 + odds)
            need, lift = need * world.need_decay, lift * world.lift_decay
            memory = {name: m * world.exposure_decay for name, m in memory.items()}
    bought = tables.conversions["value"].size
    assert bought > 400
    assert abs(bought - expected) < 3 * np.sqrt(expected)
    assert abs(bought_high - expected_high) < 3 * np.sqrt(expected_high)


def test_latent_intent_leaves_purchases_without_any_touch():
    tables = simulate(preset("neutral", "latent-intent", people=3_000, seed=4), ())
    needs = tables.touchpoints["channel"] == "Organic search"
    assert set(tables.conversions["unified_id"]) - set(tables.touchpoints["unified_id"][needs])
    assert set(tables.conversions["unified_id"]) - set(tables.touchpoints["unified_id"])


def test_worlds_that_cannot_be_are_refused():
    world = preset("neutral", "latent-intent", people=10)
    with pytest.raises(ValueError, match="No preset 'quiet'"):
        preset("quiet", "latent-intent")
    with pytest.raises(ValueError, match="Intent is one of"):
        preset("neutral", "hidden")
    with pytest.raises(ValueError, match="Intent is one of"):
        replace(world, intent="hidden")
    with pytest.raises(ValueError, match="people >= 1"):
        replace(world, people=0)
    with pytest.raises(ValueError, match="held-out share"):
        replace(world, held_out=1.0)
    with pytest.raises(ValueError, match="differ"):
        replace(world, channels=world.channels[:1] * 2)
    with pytest.raises(ValueError, match="Radio"):
        replace(world, synergies=(Synergy("Radio", "Display", 1.0),))
    with pytest.raises(ValueError, match="Organic search"):
        replace(world, intent="observed-intent", channels=world.channels[:6])
    with pytest.raises(ValueError, match="No such truth: final"):
        simulate(world, ("final",))
    with pytest.raises(ValueError, match="runs >= 1"):
        simulate(world, runs=0)


def test_the_smallest_world():
    tables = simulate(preset("neutral", "observed-intent", people=1, seed=0, days=1))
    assert tables.people == 1
    assert tables.observations["unified_id"].tolist() == ["cust-000000"]
    assert not simulate(preset("neutral", "observed-intent", people=1, seed=0, days=1), ()).truth["channel"].size
