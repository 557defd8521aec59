from dataclasses import replace

import numpy as np
import pytest

from attribution_models.worlds.lived import LivedWorld
from attribution_models.worlds.path_truth import shapley_exact, shapley_sampled, true_effects
from attribution_models.worlds.paths import INTENTS, NULL_CHANNEL, preset, simulate


def place(lived: LivedWorld, name: str) -> int:
    return [channel.name for channel in lived.world.channels].index(name)


@pytest.fixture(scope="module")
def lived() -> LivedWorld:
    return LivedWorld(preset("brand-search-trap", "latent-intent", people=4_000, seed=2))


@pytest.mark.parametrize("intent", INTENTS)
def test_a_channel_without_effect_has_no_truth_of_any_kind(intent):
    truth = true_effects(preset("null-channel", intent, people=1_500, seed=9), ("total", "direct", "shapley"))
    null = truth.channel == NULL_CHANNEL
    assert null.sum() == 3
    assert not truth.conversions[null].any()
    assert not truth.value[null].any()
    assert truth.conversions.sum() > 300


def test_the_direct_effect_of_switching_nothing_off_is_nothing(lived):
    # All people live again on their recorded touches: the same purchases, to the cent.
    again = lived._again(np.arange(lived.world.people), lived._none_off, replay=True)
    assert again.tolist() == [lived.log.cents.size, lived.log.cents.sum()]


@pytest.mark.parametrize("name", ["Retargeting", "Online video", "E-mail"])
def test_total_effects_equal_a_world_without_the_channel(lived, name):
    # Counterfactuals skip people whom the channel never met; a run of everybody must agree.
    off = [replace(c, push=0.0, pull=0.0) if c.name == name else c for c in lived.world.channels]
    without = LivedWorld(replace(lived.world, channels=tuple(off)))
    lost = lived.lost(frozenset([place(lived, name)])).tolist()
    assert lost == [
        lived.log.cents.size - without.log.cents.size, lived.log.cents.sum() - without.log.cents.sum()
    ]  # fmt: skip
    assert lost[0] > 0


def test_a_channel_switches_off_only_what_it_does(lived):
    assert lived.lost(frozenset()).tolist() == [0, 0]
    assert lived.lost_directly(frozenset()).tolist() == [0, 0]
    # Doors are ways in, not causes: brand search brings nearly all last touches, and little else.
    brand = place(lived, "Brand search")
    assert (lived.log.channel[lived.log.door] == brand).any()
    assert lived.lost(frozenset([brand]))[0] < 0.05 * lived.log.cents.size


@pytest.mark.parametrize("intent", INTENTS)
def test_synergic_channels_do_more_together_than_each_alone(intent):
    market = LivedWorld(preset("synergy", intent, people=10_000, seed=6))
    video, search = place(market, "Online video"), place(market, "Generic search")
    paid = frozenset(market.world.paid)
    dark = market.lost(paid)[0]
    alone = [dark - market.lost(paid - {c})[0] for c in (video, search)]
    together = dark - market.lost(paid - {video, search})[0]
    assert together > 1.1 * sum(alone)


@pytest.mark.parametrize("intent", INTENTS)
def test_the_upper_funnel_works_through_later_visits(intent):
    truth = true_effects(preset("upper-funnel", intent, people=8_000, seed=6), ("total", "direct"))
    total, direct = truth.of("total"), truth.of("direct")
    for opener in ("Online video", "Paid social", "Display"):
        assert total[opener] > 3 * direct[opener] > 0
    assert total["Generic search"] < 1.3 * direct["Generic search"]


@pytest.mark.parametrize("intent", INTENTS)
def test_holdouts_find_the_total_effect(intent):
    # Ghost ads: among people who met the channel or its ghost, the arms differ by the channel alone.
    error, variance = np.zeros(6), np.zeros(6)
    for seed in range(40, 46):
        market = LivedWorld(preset("brand-search-trap", intent, people=10_000, seed=seed))
        orders = np.bincount(market.log.buyer, minlength=10_000)
        for k, c in enumerate(market.world.paid):
            met, held = market.log.met[:, c], market.people.held[:, c]
            shown, ghosts = orders[met & ~held], orders[met & held]
            lift = shown.size * (shown.mean() - ghosts.mean())
            error[k] += lift - market.lost(frozenset([c]))[0]
            variance[k] += shown.size**2 * (shown.var() / shown.size + ghosts.var() / ghosts.size)
    assert (np.abs(error) < 3 * np.sqrt(variance)).all()
    # And they are precise enough to show that last touch is wrong about brand search by far.
    assert np.sqrt(variance[0]) / 6 < 100


def test_the_tables_alone_give_the_same_lift(lived):
    tables = simulate(lived.world, ())
    orders = dict(zip(*np.unique(tables.conversions["unified_id"], return_counts=True), strict=True))
    assigned = tables.assignments
    mine = (assigned["channel"] == "Paid social") & assigned["would_be_exposed"]
    bought = np.array([orders.get(person, 0) for person in assigned["unified_id"][mine]])
    c, actual = place(lived, "Paid social"), np.bincount(lived.log.buyer, minlength=lived.world.people)
    for arm, held in (("exposed", False), ("held_out", True)):
        expected = actual[lived.log.met[:, c] & (lived.people.held[:, c] == held)]
        assert bought[assigned["arm"][mine] == arm].tolist() == expected.tolist()


def test_shapley_values_add_up_to_all_media_off():
    truth = true_effects(preset("synergy", "latent-intent", people=1_500, seed=7), ("all-off", "shapley"))
    assert sum(truth.of("shapley").values()) == pytest.approx(truth.of("all-off")["(all media)"], abs=1e-9)
    values = truth.value[truth.truth == "shapley"].sum()
    assert values == pytest.approx(truth.value[truth.truth == "all-off"][0], abs=1e-6)


def gloves(off: frozenset[int]) -> np.ndarray:
    """Two left gloves (1, 2) and one right glove (3); a pair is worth 6, and single gloves nothing."""
    pairs = min(len(off & {1, 2}), len(off & {3}))
    return np.array([6 * pairs, 600 * pairs])


def test_shapley_values_of_the_glove_game():
    assert shapley_exact(gloves, (1, 2, 3)) == pytest.approx(np.array([[1, 100], [1, 100], [4, 400]]))
    values, error = shapley_sampled(gloves, (1, 2, 3), 400, [1])
    assert (error > 0).all()
    assert (np.abs(values - [[1, 100], [1, 100], [4, 400]]) < 4 * error).all()
    assert values.sum(axis=0) == pytest.approx([6, 600])


def test_more_than_eight_paid_channels_are_sampled_with_their_error():
    world = preset("neutral", "observed-intent", people=300, seed=2, days=60)
    more = tuple(replace(world.channels[2], name=f"Display {k}") for k in range(3))
    world = replace(world, channels=world.channels + more)
    truth = true_effects(world, ("all-off", "shapley"), permutations=8)
    assert sum(truth.of("shapley").values()) == pytest.approx(truth.of("all-off")["(all media)"])
    assert (truth.conversions_se[truth.truth == "shapley"] > 0).any()
    assert not truth.conversions_se[truth.truth == "all-off"].any()


def test_several_runs_give_the_mean_and_its_error():
    world = preset("rare-conversions", "observed-intent", people=2_000, seed=2)
    one, three = (true_effects(world, ("total",), runs=runs) for runs in (1, 3))
    per_run = np.array([true_effects(world, ("total",), lived=LivedWorld(world, run)).conversions for run in range(3)])
    assert one.conversions.tolist() == per_run[0].tolist()
    assert not one.conversions_se.any()
    assert three.conversions == pytest.approx(per_run.mean(axis=0))
    assert three.conversions_se == pytest.approx(per_run.std(axis=0, ddof=1) / np.sqrt(3))
