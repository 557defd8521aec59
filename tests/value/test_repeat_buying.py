"""Repeat buying against published estimates, quadrature and simulated buyers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import approx_fprime
from scipy.stats import beta

from attribution_models.value import repeat_buying
from attribution_models.value.expected_purchases import expected_purchases, purchases_if_alive
from attribution_models.value.gamma_gamma import GammaGamma, GammaGammaFit
from attribution_models.value.lifetime_value import lifetime_value, value_tiers
from attribution_models.value.purchase_history import purchase_history
from attribution_models.value.repeat_buying import RepeatBuying, RepeatBuyingFit, _log_likelihood


def fitted(kind="mbgnbd", r=0.5, alpha=6.0, a=0.9, b=1.6) -> RepeatBuyingFit:
    return RepeatBuyingFit(kind, r, alpha, a, b, np.zeros(4), np.zeros((4, 4)), 0.0, 10, ())


@pytest.fixture(scope="module")
def cdnow(public):
    rows = np.genfromtxt(public("identity/cdnow_customers_summary.csv"), delimiter=",", skip_header=1)
    return rows[:, 1], rows[:, 2], rows[:, 3]


@pytest.fixture(scope="module")
def bgnbd(cdnow):
    return RepeatBuying("bgnbd").fit(*cdnow)


def simulated(kind: str, people: int, seed: int, r=0.8, alpha=5.0, a=0.8, b=2.5):
    """Buyers by the story of the model, purchase by purchase."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(people):
        rate, leave, age = rng.gamma(r, 1 / alpha), rng.beta(a, b), rng.uniform(20, 60)
        x, t, now = 0, 0.0, 0.0
        alive = kind == "bgnbd" or rng.uniform() >= leave
        while alive:
            now += rng.exponential(1 / rate)
            if now > age:
                break
            x, t, alive = x + 1, now, rng.uniform() >= leave
        rows.append((x, t, age))
    return np.array(rows).T


def test_cdnow_as_published(bgnbd):
    """Fader, Hardie, Lee 2005, table 2, and the conditional expectation of their spreadsheet note."""
    assert [round(v, 3) for v in (bgnbd.r, bgnbd.alpha, bgnbd.a, bgnbd.b)] == [0.243, 4.414, 0.793, 2.426]
    assert bgnbd.log_likelihood == pytest.approx(-9582.4256, abs=1e-3)
    assert float(expected_purchases(bgnbd, 39, [2], [30.43], [38.86])[0]) == pytest.approx(1.226, abs=5e-4)
    assert (bgnbd.errors > 0).all()
    assert bgnbd.edges == ()


def test_mbgnbd_equals_another_implementation(cdnow):
    """Lifetimes 0.11.3, ModifiedBetaGeoFitter, on the same file."""
    fit = RepeatBuying("mbgnbd").fit(*cdnow)
    assert (fit.r, fit.alpha, fit.a, fit.b) == pytest.approx((0.524838, 6.182988, 0.891356, 1.614000), rel=2e-5)
    x, t, age = np.array([0, 2, 7]), np.array([0, 30.43, 20.0]), np.full(3, 38.86)
    assert fit.alive(x, t, age) == pytest.approx([0.38971644, 0.70612626, 0.14016979], abs=2e-5)
    assert expected_purchases(fit, 39, x, t, age) == pytest.approx([0.15395364, 1.26267078, 0.71291812], abs=5e-5)


def test_gamma_gamma_as_published(public):
    rows = np.genfromtxt(public("identity/cdnow_customers_summary_with_transactions.csv"), delimiter=",", skip_header=1)
    fit = GammaGamma().fit(rows[:, 1], rows[:, 4])
    assert (round(fit.p, 2), round(fit.q, 2)) == (6.25, 3.74)
    assert fit.v == pytest.approx(15.44, abs=0.02)
    assert fit.customers == 946
    assert fit.log_likelihood == pytest.approx(-4055.92, abs=0.01)
    mean = fit.p * fit.v / (fit.q - 1)
    own = fit.expected_value([0, 1, 1000], [0.0, 100.0, 100.0])
    assert own[0] == pytest.approx(mean)
    assert mean < own[1] < 100
    assert own[2] == pytest.approx(100, rel=0.01)


def test_the_summary_of_raw_purchases_is_the_published_one(public, cdnow):
    """Purchase days of the raw file to (x, t_x, T) in weeks; the first file holds the sums of the day."""
    rows = np.loadtxt(public("identity/CDNOW_sample.txt"))
    dates = rows[:, 2].astype(int)
    day = np.array([f"{d // 10000}-{d // 100 % 100:02}-{d % 100:02}" for d in dates], dtype="datetime64[D]").astype(int)
    end = int(np.datetime64("1997-09-30").astype(int))
    found = purchase_history(rows[:, 1].astype(int), day, rows[:, 4], end)
    x, t, age = cdnow
    assert found.later > 0
    assert np.array_equal(found.frequency, x)
    assert found.recency == pytest.approx(t, abs=0.006)
    assert found.age == pytest.approx(age, abs=0.006)


def test_the_gradient_is_that_of_the_likelihood():
    x, t, age = np.array([0.0, 1, 4]), np.array([0.0, 3, 9]), np.array([10.0, 12, 11])
    for shift in (0.0, 1.0):
        at = np.array([0.4, 3.0, 0.7, 2.1])
        slope = _log_likelihood(at, x, t, age, shift)[1].sum(axis=1)
        numeric = approx_fprime(at, lambda p, s=shift: _log_likelihood(p, x, t, age, s)[0].sum(), 1e-7)
        assert slope == pytest.approx(numeric, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("kind", ["bgnbd", "mbgnbd"])
@pytest.mark.parametrize(("r", "a", "x", "age", "ahead"), [
    (0.5, 0.9, 0, 30, 52), (0.5, 1.0, 3, 40, 52), (2.0, 3.0, 250, 52, 104), (0.2, 0.05, 40, 10, 500),
])  # fmt: skip
def test_expected_purchases_by_quadrature(kind, r, a, x, age, ahead):
    """Over the chance to leave: purchases in t at rate λ are (1 − exp(−λ p t)) / p, and λ is Gamma."""
    fit = fitted(kind, r=r, a=a, b=2.0)
    chance = beta(a, 2.0 + x + (kind == "mbgnbd"))

    # By quantiles u of p, the density, singular at 0 for a < 1, drops out of the integral.
    def along(u):
        p = chance.ppf(u)
        return -np.expm1(-(r + x) * np.log1p(p * ahead / (fit.alpha + age))) / p if p > 1e-300 else limit

    limit = (r + x) * ahead / (fit.alpha + age)
    by_hand = sum(quad(along, *piece, limit=200)[0] for piece in pairwise([0, 0.01, 0.1, 0.5, 0.9, 0.99, 1]))
    assert float(purchases_if_alive(fit, ahead, [x], [age])[0]) == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize("kind", ["mbgnbd", "bgnbd"])
def test_nearly_equal_chances_of_leaving_have_the_limit(kind):
    """Where the formula overflows, the limit stands; where it does not yet, the two are close."""
    fit = fitted(kind, a=400.0, b=1200.0)
    chance = 400 / (400 + 1200 + 2 + (kind == "mbgnbd"))
    limit = (1 - ((fit.alpha + 30) / (fit.alpha + 30 + chance * 20)) ** (fit.r + 2)) / chance
    assert purchases_if_alive(fit, 20.0, [2], [30.0])[0] == pytest.approx(limit, rel=0.01)
    far = fitted(kind, a=4e4, b=1.2e5)
    assert purchases_if_alive(far, 400.0, [2], [3.0])[0] == pytest.approx(
        (1 - ((fit.alpha + 3) / (fit.alpha + 3 + 100)) ** (fit.r + 2)) * 4, rel=0.01
    )


@pytest.mark.parametrize("kind", ["bgnbd", "mbgnbd"])
def test_simulated_buyers_are_recovered(kind):
    truth = np.array([0.8, 5.0, 0.8, 2.5])
    fit = RepeatBuying(kind).fit(*simulated(kind, 4000, seed=11))
    z = (np.array([fit.r, fit.alpha, fit.a, fit.b]) - truth) / fit.errors
    assert (np.abs(z) < 3).all()
    assert (fit.errors < truth).all()


@given(
    st.floats(0.05, 5), st.floats(0.5, 50), st.floats(0.05, 5), st.floats(0.05, 20),
    st.floats(0, 500), st.floats(0.5, 500),
)  # fmt: skip
def test_a_one_time_buyer_fades(r, alpha, a, b, age, later):
    fit = fitted("mbgnbd", r, alpha, a, b)
    now, then = fit.alive([0, 0], [0, 0], [age, age + later])
    assert then < now <= b / (a + b) + 1e-12
    assert (fitted("bgnbd", r, alpha, a, b).alive([0], [0], [age]) == 1).all()


@given(st.floats(0.02, 0.98), st.integers(0, 30), st.floats(0.1, 50))
def test_alive_until_is_where_p_alive_meets_the_threshold(threshold, x, t):
    fit = fitted()
    t = t if x else 0.0
    until = float(fit.alive_until(threshold, [x], [t])[0])
    if until > t:
        assert float(fit.alive([x], [t], [until])[0]) == pytest.approx(threshold, abs=1e-9)
    else:
        assert float(fit.alive([x], [t], [t])[0]) <= threshold + 1e-9


def test_lifetime_value_is_purchases_times_value():
    history = purchase_history([1, 1, 2, 3, 3, 3], [0, 70, 35, 0, 7, 98], [5.0, 20, 30, 1, 10, 20], end=140)
    fit = fitted()
    plain = lifetime_value(fit, 25.0, history, horizon_days=70, yearly_discount=0.0, margin=0.4)
    assert plain == pytest.approx(10 * expected_purchases(fit, 10, history.frequency, history.recency, history.age))
    assert (lifetime_value(fit, 25.0, history, 70, yearly_discount=0.2, margin=0.4) < plain).all()
    heavy = GammaGammaFit(6.0, 0.9, 15.0, np.zeros(3), 0.0, 9, 0.0, ())
    with pytest.raises(ValueError, match="infinite"):
        lifetime_value(fit, heavy, history)


def test_history_by_hand():
    found = purchase_history([7, 2, 7, 7, 7], [10, 3, 10, 24, 31], [1.0, 2, 3, 8, 99], end=30)
    assert found.customer.tolist() == [2, 7]
    assert found.frequency.tolist() == [0, 1]
    assert found.recency.tolist() == [0, 2]
    assert found.age == pytest.approx([27 / 7, 20 / 7])
    assert found.mean_value.tolist() == [0, 8]
    assert found.later == 1


@given(st.permutations(range(40)))
def test_the_order_of_purchases_decides_nothing(order):
    rng = np.random.default_rng(3)
    columns = rng.integers(0, 8, 40), rng.integers(0, 60, 40), rng.integers(1, 9, 40).astype(float)
    one = purchase_history(*columns, end=50)
    two = purchase_history(*(c[list(order)] for c in columns), end=50)
    for name in ("customer", "frequency", "recency", "age", "mean_value", "previous"):
        assert np.array_equal(getattr(one, name), getattr(two, name), equal_nan=True)


def test_what_cannot_be_is_refused():
    model = RepeatBuying()
    for bad in (
        ([1, 0], [0, 0], [3, 3]),
        ([1, 0], [4, 0], [3, 3]),
        ([0, 0], [0, 0], [3, 3]),
        ([0.5, 1], [1, 1], [2, 2]),
    ):
        with pytest.raises(ValueError, match="customers"):
            model.fit(*bad)
    with pytest.raises(ValueError, match="refunds"):
        GammaGamma().fit([1, 2, 3], [1.0, -2.0, 3.0])


def test_tiers():
    value = np.array([5.0, 1, 9, 9, 2, np.nan, 0, 3, 4, 8, 7])
    assert value_tiers(value, 5).tolist() == [3, 5, 1, 1, 4, 0, 5, 4, 3, 2, 2]
    assert value_tiers([1.0, 2, 3, 4], (0.25, 0.75)).tolist() == [2, 2, 2, 1]
    with pytest.raises(ValueError, match="add up"):
        value_tiers(value, (0.5, 0.4))


def test_many_customers_end_where_all_starts_on_all_of_them_end(monkeypatch):
    rows = simulated("mbgnbd", 1500, seed=12)
    whole = RepeatBuying().fit(*rows)
    monkeypatch.setattr(repeat_buying, "SKETCH", 100)
    part = RepeatBuying().fit(*rows)
    assert part.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-4)
    assert (part.r, part.alpha, part.a, part.b) == pytest.approx((whole.r, whole.alpha, whole.a, whole.b), rel=1e-2)


def test_where_nobody_leaves_the_rate_is_known_all_the_same():
    rng = np.random.default_rng(13)
    x = rng.poisson(rng.gamma(2.0, 1 / 4, 1500) * 30)
    t = np.where(x > 0, 30 * rng.beta(np.maximum(x, 1), 1), 0.0)
    fit = RepeatBuying().fit(x, t, np.full(1500, 30.0))
    assert fit.r / fit.alpha == pytest.approx(0.5, rel=0.1)
    assert (fit.errors[:2] > 0).all()
    assert fit.alive([3], [20.0], [30.0]) > 0.9
