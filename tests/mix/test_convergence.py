"""Diagnostics of chains against ArviZ, against plain loops, and at what they are for."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pytest
from scipy import stats

from attribution_models.mix import diagnostics
from attribution_models.mix.convergence import Gate, ParameterTable, parameter_table, verdict
from attribution_models.mix.density import Density
from attribution_models.mix.diagnostics import bfmi, diagnose, rank_normal
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES

RNG = np.random.default_rng(3)
EACH = np.where(np.arange(200) % 2, 1.0, -1.0)
CHAINS = {
    "independent": RNG.normal(size=(4, 500)),
    "walk": RNG.normal(size=(4, 500)).cumsum(axis=1),
    "odd number of draws": RNG.normal(size=(3, 101)),
    "constant": np.ones((4, 100)),
    "one chain is stuck": np.vstack([RNG.normal(size=(3, 100)), np.zeros((1, 100))]),
    "not a number": np.where(np.arange(400).reshape(4, 100) == 7, np.nan, 1.0),
    "ties": RNG.integers(0, 4, (4, 200)).astype(float),
    "few draws": RNG.normal(size=(2, 7)),
    "too few draws": RNG.normal(size=(2, 3)),
    "one chain": RNG.normal(size=(1, 100)),
    "antithetic": EACH * np.abs(RNG.normal(size=(4, 200))),
    "repeated": np.repeat(RNG.normal(size=(4, 50)), 6, axis=1),
    "no mean": RNG.standard_cauchy((4, 300)),
    "shifted": RNG.normal(size=(4, 300)) + np.array([[0.0], [0.0], [0.0], [2.0]]),
    "tiny": RNG.normal(size=(4, 100)) * 1e-18,
}
STUCK = np.repeat([[0.0], [1.0], [0.0], [1.0]], 100, axis=1)


def arviz_numbers(x):
    """R-hat, bulk, tail and mean ESS and Monte Carlo error as either line of ArviZ has them."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            arviz = pytest.importorskip("arviz", reason="ArviZ is not installed; it comes with the mix model's graph")
    finally:
        logging.getLogger("arviz").setLevel(logging.ERROR)
    if int(arviz.__version__.split(".")[0]) >= 1:
        a = pytest.importorskip("arviz_stats.base").array_stats
        tail = a.ess(x, method="tail", prob=(0.05, 0.95))
        found = a.rhat(x), a.ess(x, method="bulk"), tail, a.ess(x, method="mean"), a.mcse(x, method="mean")
    else:
        a = arviz
        ess = [a.ess(x, method=kind) for kind in ("bulk", "tail", "mean")]
        found = a.rhat(x), *ess, a.mcse(x, method="mean")
    return [float(np.ravel(v)[0]) for v in found]


def ours(x):
    d = diagnose(x)
    return [float(v) for v in (d.rhat, d.ess_bulk, d.ess_tail, d.ess_mean, d.mcse)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CHAINS)
def test_arviz_has_the_same_numbers(name):
    np.testing.assert_allclose(ours(CHAINS[name]), arviz_numbers(CHAINS[name]), rtol=1e-8)


@pytest.mark.filterwarnings("ignore")
def test_arviz_has_the_same_numbers_for_chains_stuck_apart():
    """The variance within chains is rounding: R-hat is huge in both, its digits are of no one's choice."""
    mine, theirs = ours(STUCK), arviz_numbers(STUCK)
    assert min(mine[0], theirs[0]) > 1e6
    np.testing.assert_allclose(mine[1:], theirs[1:], rtol=1e-8)


@pytest.mark.filterwarnings("ignore")
def test_arviz_has_the_same_numbers_for_short_chains():
    rng = np.random.default_rng(9)
    for draws in range(4, 40):
        x = rng.normal(size=(rng.integers(2, 5), draws))
        x = np.round(x.cumsum(axis=1), 1) if draws % 2 else x
        np.testing.assert_allclose(ours(x), arviz_numbers(x), rtol=1e-8)


def plain_ess(x):
    """Effective draws by the loops of the paper, one parameter."""
    chains, n = x.shape
    c = x - x.mean(axis=1, keepdims=True)
    acov = np.array([[np.sum(row[: n - t] * row[t:]) / n for t in range(n)] for row in c]).mean(axis=0)
    within = acov[0] * n / (n - 1)
    pooled = acov[0] + x.mean(axis=1).var(ddof=1)
    rho = 1 - (within - acov) / pooled
    rho[0] = 1
    total, before, t = 0.0, np.inf, 0
    while t + 1 < n - 3 and rho[t] + rho[t + 1] > 0:
        before = min(before, rho[t] + rho[t + 1])
        total += before
        t += 2
    return chains * n / max(-1 + 2 * total + max(rho[t], 0), 1 / np.log10(chains * n))


def test_effective_draws_by_plain_loops():
    x = RNG.normal(size=(3, 4, 120))
    x[1] = x[1].cumsum(axis=1)
    x[2, :, 1:] += 0.8 * x[2, :, :-1]
    np.testing.assert_allclose(diagnostics.effective(x), [plain_ess(row) for row in x], rtol=1e-9)


def test_ranks_share_ties():
    x = np.array([[[3.0, 1.0, 3.0], [2.0, 3.0, 0.0]]])
    rank = stats.rankdata(x.ravel()).reshape(x.shape)
    np.testing.assert_allclose(rank_normal(x), stats.norm.ppf((rank - 0.375) / 6.25))


def test_many_parameters_are_those_one_by_one():
    x = RNG.normal(size=(4, 60, 7, 11))
    x[:, :, 2, 3] = 1.0
    x[0, 5, 6, 0] = np.inf
    d = diagnose(x)
    assert d.rhat.shape == (7, 11)
    for i in range(7):
        for j in range(11):
            np.testing.assert_allclose(
                [a[i, j] for a in (d.rhat, d.ess_bulk, d.ess_tail, d.ess_mean, d.mcse)], ours(x[..., i, j])
            )
    assert np.isnan(d.ess_bulk[6, 0])
    np.testing.assert_array_equal(diagnostics.ess_mean(x), d.ess_mean)


def test_single_diagnostics():
    x = CHAINS["shifted"]
    found = [diagnostics.rhat(x), diagnostics.ess_bulk(x), diagnostics.ess_tail(x), diagnostics.ess_mean(x)]
    np.testing.assert_array_equal([*found, diagnostics.mcse(x)], ours(x))
    with pytest.raises(ValueError, match="chains, draws"):
        diagnose(np.ones(5))


def test_energy():
    energy = np.array([[1.0, 3.0, 2.0, 5.0]])
    assert bfmi(energy)[0] == pytest.approx(((4 + 1 + 9) / 3) / np.var([1, 3, 2, 5], ddof=1))


def table(**extra):
    values = {
        "a": np.random.default_rng(1).normal(size=(4, 500)),
        "b": np.random.default_rng(2).normal(size=(4, 500, 2)),
    }
    return ParameterTable.of(values | extra, {"b": (("tv", "search"),)})


def test_a_table_names_and_summarises():
    found = table()
    assert found.names == ("a", "b[tv]", "b[search]")
    row = list(found)[1]
    x = np.random.default_rng(2).normal(size=(4, 500, 2))[..., 0]
    assert (row.mean, row.sd) == pytest.approx((x.mean(), x.std(ddof=1)))
    assert (row.low, row.median, row.high) == pytest.approx(tuple(np.quantile(x, (0.05, 0.5, 0.95))))
    assert row.rhat == pytest.approx(float(diagnostics.rhat(x)))


def test_a_good_fit_passes():
    found = verdict(table(), 0, Gate())
    assert found.passed
    assert not found.failures
    assert not found.checklist
    assert found.least_ess > 400


def test_failures_say_what_and_what_to_do():
    x = np.random.default_rng(4).normal(size=(4, 500)) + np.array([[0.0], [0.0], [0.0], [3.0]])
    found = verdict(table(bad=x), 2, Gate())
    assert not found.passed
    assert "2 divergent transitions" in found.failures[0]
    assert "1 of 4 quantities have R-hat above 1.01: bad (" in found.failures[1]
    assert any("bulk effective sample size" in f for f in found.failures)
    assert "target_accept" in found.checklist[0]
    assert len(set(found.checklist)) == len(found.checklist)


@pytest.mark.parametrize("x", [np.ones((4, 500)), np.full((4, 500), np.nan)])
def test_what_never_moved_fails(x):
    found = verdict(table(still=x), 0, Gate())
    assert not found.passed
    assert "still" in found.failures[0]
    assert np.isnan(found.worst_rhat)


def test_one_chain_fails():
    found = verdict(ParameterTable.of({"a": RNG.normal(size=(1, 900))}, {}), 0, Gate(), chains=1)
    assert found.failures == ("Only one chain was run: R-hat needs two.",)


def test_a_posterior_as_a_table():
    case = CASES["geo_pooled"]
    density = Density.of(structure(case.spec, case.data, case.lifts))
    posterior = Posterior.of(density, np.random.default_rng(1).normal(scale=0.3, size=(2, 20, density.size)), 1)
    found = parameter_table(posterior)
    assert len(set(found.names)) == len(found)
    assert any(name.startswith("intercept_geo[") for name in found.names)
