"""Mix worlds: reproducible, on a full calendar, and each preset as its name says."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from attribution_models.worlds.mix import (
    PRESETS,
    STUDY_SEEDS,
    MixChannel,
    MixExperiment,
    MixWorld,
    TrueAdstock,
    TrueSaturation,
    market_of,
    preset,
    simulate,
)
from attribution_models.worlds.mix_calendar import _festive, holidays
from attribution_models.worlds.mix_chance import wandering
from attribution_models.worlds.mix_noise import observed, residual_deviation

TABLES = ("panel", "lifts", "truth", "truth_by_period", "truth_curves")


def digest(made) -> str:
    sha = hashlib.sha256()
    for name in TABLES:
        for column, values in getattr(made, name).items():
            sha.update(f"{name}.{column}:{values.dtype}\n".encode())
            sha.update("\n".join(values).encode() if values.dtype == object else values.tobytes())
    return sha.hexdigest()


def slope(y, *columns) -> float:
    """Coefficient of the first column in a regression of y on all, with an intercept."""
    X = np.column_stack([*columns, np.ones(len(y))])
    return float(np.linalg.lstsq(X, y, rcond=None)[0][0])


def test_presets_have_their_fixed_names_and_studies_their_seeds():
    assert list(PRESETS) == [
        "neutral", "weak-signal", "collinear", "null-channel", "confounded", "geo", "daily", "saturated", "short",
    ]  # fmt: skip
    assert (min(STUDY_SEEDS), max(STUDY_SEEDS), len(STUDY_SEEDS)) == (2001, 2040, 40)
    names = [c.name for c in preset("neutral").channels]
    assert names == ["tv", "radio", "search", "social", "display", "video", "newsletter"]


@pytest.mark.parametrize("name", PRESETS)
def test_same_seed_same_bytes_and_another_seed_other_bytes(name):
    first = digest(simulate(preset(name, seed=7, weeks=26)))
    market_of.cache_clear()
    assert digest(simulate(preset(name, seed=7, weeks=26))) == first
    assert digest(simulate(preset(name, seed=8, weeks=26))) != first


def test_settings_of_one_kind_leave_other_draws_alone():
    world = preset("geo", seed=7, weeks=26)
    noisy = simulate(replace(world, noise=0.2))
    louder = tuple(replace(c, share=c.share * 2) for c in world.channels)
    quiet = simulate(replace(world, channels=louder))
    for column in ("tv_spend", "search_clicks", "query_volume", "promo", "population"):
        np.testing.assert_array_equal(noisy.panel[column], quiet.panel[column])


@pytest.mark.parametrize(("name", "geos", "step"), [("geo", 4, 7), ("daily", 2, 1), ("neutral", 1, 7)])
def test_the_panel_is_a_full_calendar_of_every_geo(name, geos, step):
    made = simulate(preset(name, seed=7, weeks=26, geos=geos))
    world = made.market.world
    dates = made.panel["date"].astype("datetime64[D]").reshape(geos, -1)
    assert dates.shape[1] == world.periods == 26 * 7 // step
    assert (dates == dates[0]).all()
    assert (np.diff(dates[0]).astype(int) == step).all()
    assert dates[0, 0] == np.datetime64("2022-01-03")
    assert ("geo" in made.panel) == ("population" in made.panel) == (geos > 1)
    if geos > 1:
        assert list(made.panel["geo"][:: world.periods]) == [f"geo-{g + 1:02d}" for g in range(geos)]


def test_spend_is_cents_exposure_is_whole_and_neither_is_the_other():
    made = simulate(preset("neutral", seed=7))
    price = []
    for channel in made.market.world.paid:
        spend, exposure = made.panel[f"{channel.name}_spend"], made.panel[channel.exposure_column]
        assert (spend >= 0).all()
        np.testing.assert_allclose(spend, np.round(spend, 2), rtol=0)
        bought = exposure > 0
        assert ((spend > 0) == bought).all()
        price.append(spend[bought] / exposure[bought])
        assert price[-1].std() / price[-1].mean() > 0.03
        assert price[-1].mean() == pytest.approx(channel.cpm / 1000, rel=0.25)
    assert "newsletter_spend" not in made.panel
    assert (made.panel["newsletter_sends"] > 0).all()


def test_flights_pause_and_mean_spend_is_as_described():
    made = simulate(preset("geo", seed=7))
    world = made.market.world
    people = made.market.baseline.population.sum()
    for channel in world.paid:
        spend = made.panel[f"{channel.name}_spend"]
        assert spend.sum() == pytest.approx(channel.spend * people * world.periods, rel=1e-4)
        assert (spend == 0).any() == (channel.pattern == "flighting")


def test_rows_before_and_after_the_window_have_media_and_no_outcome():
    world = preset("neutral", seed=7, weeks=26)
    plain, wide = simulate(world), simulate(world, before=True, after=True)
    inside = ~np.isnan(wide.panel["outcome"])
    assert inside.sum() == 26
    assert not inside[:8].any()
    assert not inside[-7:].any()
    assert inside.size == 8 + 26 + 7
    for column, values in plain.panel.items():
        np.testing.assert_array_equal(values, wide.panel[column][inside])
    assert wide.panel["search_spend"][~inside].min() > 0
    assert wide.truth["roas"][0] == plain.truth["roas"][0]


def test_controls_have_the_coefficients_that_the_world_states():
    """Without noise and hidden demand, least squares on the true parts gives the coefficients back."""
    world = replace(preset("neutral", seed=7), noise=0.0)
    market = market_of(world)
    rest = market.mean() - market.mean(np.zeros_like(market.spend))
    own = (observed(world, market.mean()) - rest) / world.people
    names = ["query_volume", "competitor_price", "holiday", "promo"]
    columns = [*market.baseline.controls.values(), market.baseline.promo]
    t = (np.arange(world.length) - world.l_max) * 7 / 365.25
    doy = market.dates.astype("datetime64[D]") + np.timedelta64(3, "D")
    angle = 2 * np.pi * ((doy - doy.astype("datetime64[Y]").astype("datetime64[D]")).astype(float) + 1) / 365.25
    season = [f(m * angle) for m in (1, 2) for f in (np.sin, np.cos)]
    bend = np.maximum(t - 0.5 * world.periods * 7 / 365.25, 0)
    X = np.column_stack([*(c[0] for c in columns), t, bend, *season, np.ones(world.length)])
    found = np.linalg.lstsq(X, own[0], rcond=None)[0]
    for name, value in zip(names, found, strict=False):
        assert value == pytest.approx(market.baseline.coefficients[name], rel=1e-4), name
    assert found[4] == pytest.approx(world.level * world.trend, rel=1e-4)


def test_collinear_channels_move_together_and_others_do_not():
    panel = simulate(preset("collinear", seed=7)).panel
    together = np.corrcoef([panel[f"{c}_spend"] for c in ("tv", "radio", "social", "video")])
    assert together.min() > 0.9
    assert abs(np.corrcoef(panel["search_spend"], panel["tv_spend"])[0, 1]) < 0.6
    plain = simulate(preset("neutral", seed=7)).panel
    assert np.abs(np.corrcoef([plain[f"{c}_spend"] for c in ("tv", "radio", "social")]) - np.eye(3)).max() < 0.6


def test_weak_signal_is_weak():
    weak, plain = (simulate(preset(name, seed=7)) for name in ("weak-signal", "neutral"))
    row = weak.truth["channel"] == "tv"
    assert weak.truth["contribution_share"][row] < 0.4 * plain.truth["contribution_share"][row]
    spread = [m.panel["tv_spend"].std() / m.panel["tv_spend"].mean() for m in (weak, plain)]
    assert spread[0] < 0.3 * spread[1]


def test_confounded_spend_looks_better_than_it_is_even_given_the_recorded_part():
    """Regressing on true transformed exposure isolates the bias of targeting from that of the wrong curve."""
    naive, adjusted, free = [], [], []
    for seed in range(8):
        for name in ("confounded", "neutral"):
            world = preset(name, seed=seed, geos=1)
            market = market_of(world)
            c = [ch.name for ch in world.channels].index("search")
            off = market.spend.copy()
            off[:, :, c] = 0
            others = market.spend.copy()
            others[:, :, [k for k in range(len(world.channels)) if k != c]] = 0
            effect = (market.mean() - market.mean(off))[0, world.window]
            outcome = observed(world, market.mean())[0, world.window]
            # Season, trend and promotions are taken out as known; demand is not.
            known = market.mean() - market.mean(np.zeros_like(market.spend)) - (market.mean() - market.mean(off))
            demand = market.baseline.population[0] * world.level * world.demand * market.baseline.demand
            own = market.mean(np.zeros_like(market.spend)) - demand
            y = outcome - (known + own)[0, world.window]
            query = market.baseline.controls["query_volume"][0, world.window]
            if name == "neutral":
                free.append(slope(y, effect, query))
            else:
                naive.append(slope(y, effect))
                adjusted.append(slope(y, effect, query))
    assert np.mean(free) == pytest.approx(1.0, abs=0.35)
    assert np.mean(naive) > 2.0
    assert np.mean(adjusted) > 1.5
    assert np.mean(naive) > np.mean(adjusted)


def test_recorded_demand_is_all_of_it_or_none():
    for recorded, least, most in ((1.0, 0.99, 1.0), (0.0, -0.35, 0.35)):
        market = market_of(replace(preset("confounded", seed=7), recorded=recorded))
        r = np.corrcoef(market.baseline.demand[0], market.baseline.controls["query_volume"][0])[0, 1]
        assert least <= r <= most


def test_geos_differ_in_size_level_effects_and_noise():
    made = simulate(preset("geo", seed=7))
    market = made.market
    assert len(set(market.baseline.population.tolist())) == 20
    assert market.baseline.population.sum() == pytest.approx(market.world.people, rel=1e-4)
    assert np.log(market.effects[:, 0]).std() == pytest.approx(0.2, abs=0.12)
    assert np.ptp(market.baseline.level) > 0
    assert np.ptp(residual_deviation(market.world, market.mean())[:, 0]) > 0
    assert "revenue_per_outcome" in made.panel
    assert (made.panel["outcome"] == np.rint(made.panel["outcome"])).all()
    assert (made.truth["cpa"][made.truth["kind"] == "paid"] > 0).all()


def test_days_have_weekdays_and_half_of_a_weeks_memory():
    made = simulate(preset("daily", seed=7))
    world = made.market.world
    outcome = made.panel["outcome"].reshape(-1, 7).mean(axis=0)
    assert outcome.argmax() == 5  # Saturday
    assert outcome.argmin() == 6  # Sunday
    weekly = {c.name: c.adstock for c in preset("neutral").channels}
    for channel in world.channels:
        assert channel.adstock.kind == weekly[channel.name].kind
    search = next(c for c in world.channels if c.name == "search")
    assert search.adstock.alpha**7 == pytest.approx(0.15, abs=0.01)


@pytest.mark.parametrize("kind", ["normal", "student-t", "overdispersed"])
def test_noise_has_the_stated_size(kind):
    world = replace(preset("geo", seed=7), noise_kind=kind, residual_memory=0.0, tail=8.0)
    mean = market_of(world).mean()
    z = (observed(world, mean) - mean) / residual_deviation(world, mean)
    assert z.mean() == pytest.approx(0.0, abs=0.07)
    assert z.std() == pytest.approx(1.0, abs=0.06)
    excess = (z**4).mean() - 3
    assert excess > 0.5 if kind == "student-t" else abs(excess) < 0.6


@pytest.mark.parametrize("memory", [0.0, 0.6, 0.9])
def test_what_wanders_has_variance_one_and_the_memory_it_is_told(memory):
    z = wandering(np.random.default_rng(1).standard_normal((4000, 60)), memory)
    np.testing.assert_allclose(z.std(axis=0), 1.0, atol=0.06)
    assert np.mean(z[:, 1:] * z[:, :-1]) == pytest.approx(memory, abs=0.02)


def test_residuals_remember_where_told():
    world = replace(preset("geo", seed=7), residual_memory=0.6, noise=0.05)
    mean = market_of(world).mean()
    e = observed(world, mean) - mean
    r = np.mean([np.corrcoef(row[1:], row[:-1])[0, 1] for row in e])
    assert r == pytest.approx(0.6, abs=0.05)


def test_holidays_end_on_the_monday_after_black_friday():
    # In 2024 Thanksgiving was 28 November: Black Friday is 29 November, the Monday 2 December.
    days = [date(2024, 11, d) for d in (28, 29, 30)] + [date(2024, 12, d) for d in (1, 2, 3, 17, 18, 24, 25)]
    assert [_festive(d) for d in days] == [False, True, True, True, True, False, False, True, True, False]
    assert not _festive(date(2022, 12, 5))
    share = holidays(preset("neutral", weeks=104))
    assert 0 < share.mean() < 0.06
    assert share.max() == 1.0


def test_a_market_cannot_be_written_to():
    market = market_of(preset("neutral", seed=7))
    with pytest.raises(ValueError, match="read-only"):
        market.spend[0, 0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        market.baseline.demand[0, 0] = 1.0


CHANNEL = MixChannel("tv", 0.01, 0.05)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"periods": 15}, "too short"),
        ({"geos": 0}, "geos >= 1"),
        ({"people": 500}, "thousand people"),
        ({"period": "month"}, "week or day"),
        ({"first_day": date(2022, 1, 4)}, "Monday"),
        ({"channels": ()}, "names differ"),
        ({"channels": (CHANNEL, CHANNEL)}, "names differ"),
        ({"experiments": (MixExperiment("x", "radio", 0.1),)}, "radio"),
        ({"experiments": (MixExperiment("x", "tv", 0.99),)}, "Begin earlier"),
        ({"recorded": 1.5}, "recorded"),
        ({"noise_kind": "cauchy"}, "Noise is"),
        ({"noise_kind": "overdispersed"}, "conversions"),
        ({"level": 0.0}, "above 0"),
    ],
)
def test_a_world_that_cannot_be_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        MixWorld(**({"name": "x", "seed": 1, "channels": (CHANNEL,)} | fields))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TrueAdstock("binomial"), "geometric or delayed"),
        (lambda: TrueAdstock(alpha=1.0), "alpha in"),
        (lambda: TrueSaturation("tanh"), "logistic or hill"),
        (lambda: TrueSaturation(lam=0.0), "above 0"),
        (lambda: MixChannel("x", 0.0, 0.1), "spend, cpm"),
        (lambda: MixChannel("x", 0.1, -0.1), "share and spreads"),
        (lambda: MixChannel("x", 0.1, 0.1, pattern="never"), "pattern is"),
        (lambda: MixExperiment("x", "tv", at=1.0), "share of the window"),
        (lambda: MixExperiment("x", "tv", at=0.1, comparison=1.0), "comparison differs"),
        (lambda: MixExperiment("x", "tv", at=0.1, use="train"), "use one of"),
        (lambda: preset("nothing"), "No preset"),
        (lambda: preset("neutral", weeks=25), "26 weeks or more"),
    ],
)
def test_a_part_that_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
