"""Checks after a fit, robustness to confounding, and placebos: against plain loops, and at fits made to be bad."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta, halfnorm, norm

from attribution.mix.fit_findings import fit_findings, gate_findings
from attribution_models.mix.convergence import GateResult
from attribution_models.mix.density import Density
from attribution_models.mix.fit_checks import check_fit, prior_dominated, residual_checks, roi_checks, shift_checks
from attribution_models.mix.means import Means
from attribution_models.mix.placebo import judge, with_future
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.prior_shift import Shift, shift, shifts, tail_of
from attribution_models.mix.priors import Prior, half_normal, normal
from attribution_models.mix.residuals import Accuracy, Residuals
from attribution_models.mix.robustness import _channel, _Line, robustness, robustness_value
from attribution_models.mix.start import draw
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES

RNG = np.random.default_rng(12)


def posterior(name, draws=40, scale=0.2):
    case = CASES[name]
    density = Density.of(structure(case.spec, case.data, case.lifts))
    points = np.random.default_rng(5).normal(scale=scale, size=(2, draws, density.size))
    return Posterior.of(density, points, 1)


@pytest.mark.parametrize("name", ["national_student", "geo_pooled", "direct", "log_link"])
def test_residual_numbers_by_plain_loops(name):
    post = posterior(name)
    found, s, means = Residuals.of(post, seed=4), post.structure, Means.of(post)
    scaled = [means.scaled(g) for g in range(len(s.data.geos))]
    noise = [means.noise(g, 4) for g in range(len(s.data.geos))]
    y = s.data.outcome[s.fitted]
    expected = np.stack([means.outcome(g, x).mean(axis=0) for g, x in enumerate(scaled)])[s.fitted]
    assert found.accuracy.rows == len(y)
    assert found.accuracy.r2 == pytest.approx(1 - ((y - expected) ** 2).sum() / ((y - y.mean()) ** 2).sum())
    assert found.accuracy.wmape == pytest.approx(np.abs(y - expected).sum() / np.abs(y).sum())
    assert list(found.by_geo) == list(s.data.geos)
    lag, size, lag_new, size_new, steps, squares = (np.zeros(means.size) for _ in range(6))
    new = []
    for g, x in enumerate(scaled):
        new.append(means.outcome(g, x + noise[g])[:, s.fitted[g]])
        for t in range(x.shape[1]):
            if not s.fitted[g, t]:
                continue
            r = (s.outcome[g, t] - x[:, t]) / means.sigma[:, g]
            z = noise[g][:, t] / means.sigma[:, g]
            size, size_new, squares = size + r**2, size_new + z**2, squares + r.mean() ** 2
            if t and s.fitted[g, t - 1]:
                before = (s.outcome[g, t - 1] - x[:, t - 1]) / means.sigma[:, g]
                lag, lag_new = lag + r * before, lag_new + z * noise[g][:, t - 1] / means.sigma[:, g]
                steps = steps + (r.mean() - before.mean()) ** 2
    drawn = np.concatenate(new, axis=1)
    assert found.autocorrelation[0] == pytest.approx((lag / size).mean())
    assert found.autocorrelation[1:] == pytest.approx(tuple(np.quantile(lag / size, (0.05, 0.95))))
    assert found.durbin_watson == pytest.approx(steps[0] / squares[0])
    assert found.p_values == pytest.approx({
        "mean": np.mean(drawn.mean(axis=1) >= y.mean()),
        "sd": np.mean(drawn.std(axis=1) >= y.std()),
        "min": np.mean(drawn.min(axis=1) >= y.min()),
        "max": np.mean(drawn.max(axis=1) >= y.max()),
        "autocorrelation": np.mean(lag_new / size_new >= lag / size),
    })  # fmt: skip
    base = np.concatenate([means.outcome(g, means.baseline(g)) for g in range(len(scaled))], axis=1)
    if s.spec.link == "identity":
        assert found.negative_baseline == pytest.approx((base.sum(axis=1) < 0).mean())
        assert found.negative_rows == pytest.approx((base < 0).mean())
    else:
        assert found.negative_baseline == found.negative_rows == 0


def good(**changes):
    accuracy = Accuracy(0.9, 0.05, 100)
    p = dict.fromkeys(("mean", "sd", "min", "max", "autocorrelation"), 0.5)
    found = Residuals(accuracy, {"a": accuracy, "b": accuracy}, p, (0.0, -0.1, 0.1), 2.0, 0.0, 0.0)
    return replace(found, **changes)


def codes(checks):
    return [check.code for check in checks]


def test_a_good_fit_has_nothing_to_say():
    assert codes(residual_checks(good())) == []
    assert codes(roi_checks({"tv": RNG.normal(2, 0.3, 500)}, {"tv": RNG.normal(2, 3, 500)})) == []
    assert codes(shift_checks([Shift("a", 0.3, 0.4, 0.0)])) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"p_values": {"max": 0.999}}, "predictive-max"),
        ({"p_values": {"sd": 0.001}}, "predictive-sd"),
        ({"negative_baseline": 0.2}, "baseline-negative"),
        ({"negative_rows": 0.2}, "baseline-negative"),
        ({"autocorrelation": (0.5, 0.3, 0.7)}, "residual-autocorrelation"),
        ({"accuracy": Accuracy(0.2, 0.3, 10)}, "fit-poor"),
        ({"accuracy": Accuracy(0.999, 0.001, 10)}, "fit-close"),
        ({"by_geo": {"a": Accuracy(0.9, 0.05, 9), "b": Accuracy(0.1, 0.6, 9)}}, "geo-fit-poor"),
    ],
)
def test_each_fault_is_found_with_a_remedy(change, code):
    (check,) = residual_checks(good(**change))
    assert check.code == code
    assert check.remedy
    assert check.message.endswith((".", "noise."))


def test_returns_are_judged():
    roi = {"high": RNG.normal(12, 1, 500), "low": RNG.normal(-1, 0.2, 500), "same": RNG.normal(2, 1, 500)}
    prior = {"high": RNG.normal(0, 50, 500), "same": RNG.normal(2, 1, 500)}
    found = {check.code: check.about for check in roi_checks(roi, prior)}
    assert found == {"roi-implausible": ("high",), "roi-negative": ("low",), "roi-prior-dominated": ("same",)}
    assert prior_dominated(roi, prior) == ("same",)


def test_shifts_are_judged():
    found = [Shift("same", 0.95, 0.9, 0), Shift("moved", 0.1, 0.001, 0), Shift("edge", 0.5, 0.3, 0.6)]
    about = {check.code: check.about for check in shift_checks(found)}
    assert about == {
        "prior-dominated-parameters": ("same",),
        "prior-conflict": ("moved",),
        "prior-bound": ("edge",),
    }


def test_a_shift_by_known_distributions():
    rng = np.random.default_rng(2)
    same = shift("a", rng.normal(1, 2, 5000), normal(1, 2), rng)
    assert same.ratio == pytest.approx(1, rel=0.05)
    assert same.tail > 0.9
    apart = shift("a", rng.normal(20, 0.2, 5000), normal(1, 2), rng)
    assert apart.ratio == pytest.approx(0.1, rel=0.05)
    assert apart.tail < 1e-3
    edge = shift("a", rng.uniform(0.99, 1, 5000), Prior("uniform", (0.0, 1.0)), rng)
    assert edge.at_end == 1.0
    assert shift("a", np.abs(rng.normal(size=100)), half_normal(1.0), rng).at_end == 0


@pytest.mark.parametrize(
    ("prior", "value", "expected"),
    [
        (normal(1.0, 2.0), 5.0, 2 * (1 - norm.cdf(2.0))),
        (normal(1.0, 2.0), -3.0, 2 * norm.cdf(-2.0)),
        (Prior("log-normal", (0.2, 0.5)), np.exp(0.2), 1.0),
        # Highest at zero: values near zero are no surprise, large ones are.
        (half_normal(0.4), 0.001, halfnorm.sf(0.001, scale=0.4)),
        (half_normal(0.4), 1.2, halfnorm.sf(3.0)),
        (Prior("beta", (1.0, 9.0)), 0.5, beta.sf(0.5, 1, 9)),
        (Prior("beta", (9.0, 1.0)), 0.5, beta.cdf(0.5, 9, 1)),
        (Prior("beta", (3.0, 3.0)), 0.1, 2 * beta.cdf(0.1, 3, 3)),
        (Prior("exponential", (2.0,)), 3.0, np.exp(-6.0)),
    ],
)
def test_a_tail_is_that_of_the_distribution(prior, value, expected):
    before = draw(prior, np.random.default_rng(3), 200_000)
    assert tail_of(value, before, prior) == pytest.approx(expected, abs=0.006)


def test_a_narrow_posterior_well_inside_a_wide_prior_is_no_conflict():
    rng = np.random.default_rng(8)
    narrow = shift("sigma", rng.normal(0.05, 0.002, 4000), half_normal(0.5), rng)
    inside = shift("level", rng.normal(0.8, 0.001, 4000), normal(0.7, 0.3), rng)
    outside = shift("slope", rng.normal(-2.0, 0.1, 4000), normal(0.7, 0.3), rng)
    assert narrow.ratio < 0.01
    found = {check.code: check.about for check in shift_checks([narrow, inside, outside])}
    assert found == {"prior-conflict": ("slope",)}


@pytest.mark.parametrize("name", ["national_default", "geo_pooled", "families"])
def test_every_parameter_with_a_prior_is_compared_once(name):
    post = posterior(name)
    names = [s.name for s in shifts(post)]
    assert len(set(names)) == len(names)
    assert "sigma" in names
    assert not any(n.startswith("intercept_geo") for n in names if post.structure.spec.intercept.common)


def test_all_checks_of_a_fit():
    found = check_fit(posterior("national_default"), {"tv": RNG.normal(20, 1, 80)})
    assert "roi-implausible" in codes(found)
    assert all(check.message and check.remedy for check in found)


def test_a_robustness_value_solves_its_equation():
    """Bias |β| √dof se … halves β where R² / √(1 − R²) = f / 2 (Cinelli and Hazlett 2020, section 4.3)."""
    for f in (0.01, 0.3, 2.0):
        r2 = robustness_value(f)
        assert r2 / np.sqrt(1 - r2) == pytest.approx(f / 2)
    assert robustness_value(0.0) == 0


def test_a_confounder_of_that_strength_halves_the_coefficient():
    rng = np.random.default_rng(4)
    n = 400
    x, d = np.column_stack([np.ones(n), rng.normal(size=n)]), rng.normal(size=n)
    y = 1.5 * d + x @ [1.0, 2.0] + rng.normal(size=n)
    long = np.column_stack([d, x])
    beta, *_ = np.linalg.lstsq(long, y, rcond=None)
    sigma = np.sqrt(((y - long @ beta) ** 2).sum() / (n - 3))
    line = _Line(("d", "a", "b"), 1, long / sigma, np.zeros(3), y / sigma, beta[:1], ())
    r2 = _channel(line, 0, 0.5).value
    d_left = d - x @ np.linalg.lstsq(x, d, rcond=None)[0]
    left = y - long @ beta
    noise = rng.normal(size=n)
    noise -= np.column_stack([d, x, left]) @ np.linalg.lstsq(np.column_stack([d, x, left]), noise, rcond=None)[0]
    unit = [v / np.sqrt(v @ v) for v in (d_left, left, noise)]
    # z has partial correlation √r2 with d, and with the outcome given d.
    across = np.sqrt((1 - r2) * r2)
    z = np.sqrt(r2) * unit[0] + across * unit[1] + np.sqrt(1 - r2 - across**2) * unit[2]
    adjusted = np.linalg.lstsq(np.column_stack([long, z]), y, rcond=None)[0][0]
    assert adjusted == pytest.approx(beta[0] / 2, rel=1e-6)


@pytest.mark.parametrize(
    "name", ["national_default", "geo_pooled", "geo_targets", "log_link", "national_student", "geo_time_varying"]
)
def test_every_channel_has_a_robustness_value(name):
    post = posterior(name)
    found = robustness(post)
    assert [r.channel for r in found] == [c.name for c in post.structure.spec.channels]
    assert all(0 <= r.value <= 1 and 0 <= r.partial <= 1 and 0 <= r.strongest_share <= 1 for r in found)
    if post.structure.spec.controls:
        assert found[0].strongest in {c.column for c in post.structure.spec.controls} | {""}


def test_the_strongest_control_is_the_one_that_confounds():
    rng = np.random.default_rng(6)
    n = 300
    z, idle = rng.normal(size=n), rng.normal(size=n)
    d = z + rng.normal(size=n)
    y = d + 2 * z + rng.normal(size=n)
    columns = np.column_stack([d, np.ones(n), idle, z])
    line = _Line(("d", "level", "idle", "z"), 1, columns, np.zeros(4), y, np.array([1.0]), (2, 3))
    found = _channel(line, 0, 0.5)
    assert found.strongest == "z"
    assert found.strongest_share == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("name", ["national_default", "unnormalised", "geo_pooled", "reach", "time_varying"])
def test_a_placebo_is_the_channel_of_the_future(name):
    case = CASES[name]
    spec, data = with_future(case.spec, case.data, case.spec.channels[0].name, 3)
    assert spec.channels[-1].name == f"{case.spec.channels[0].name} (future)"
    assert data.outcome.shape[1] == case.data.outcome.shape[1] - 3
    before = case.data.before
    np.testing.assert_array_equal(data.exposure[-1][:, before], case.data.exposure[0][:, before + 3])
    np.testing.assert_array_equal(data.exposure[-1][:, -1], case.data.exposure[0][:, -1])
    np.testing.assert_array_equal(data.exposure[0], case.data.exposure[0][:, :-3])
    np.testing.assert_array_equal(data.spend[-1][:, 0], case.data.spend[0][:, 3])
    assert structure(spec, data).size > structure(case.spec, case.data).size


def test_a_placebo_reads_nothing_of_the_past_by_default():
    case = CASES["national_default"]
    data = with_future(case.spec, case.data, "tv")[1]
    length = case.spec.channels[0].adstock.length
    silent = replace(case.data, exposure=case.data.exposure.copy())
    t = length
    silent.exposure[0, :, : case.data.before + t + 1] = 0
    other = with_future(case.spec, silent, "tv")[1]
    at = data.before + t
    np.testing.assert_array_equal(
        data.exposure[-1][:, at - length + 1 : at + 1], other.exposure[-1][:, at - length + 1 : at + 1]
    )


def test_a_placebo_that_cannot_be_made_is_refused():
    case = CASES["national_default"]
    with pytest.raises(ValueError, match="No channel radios"):
        with_future(case.spec, case.data, "radios")
    with pytest.raises(ValueError, match="leaves nothing"):
        with_future(case.spec, case.data, "tv", 500)


def test_a_placebo_is_judged():
    prior = np.abs(RNG.normal(0, 0.1, 1000))
    assert judge("tv", prior * 0.01, prior, prior).verdict == "indistinguishable from zero"
    assert judge("tv", prior + 0.1, prior + 0.1, prior).verdict == "suspicious"
    assert judge("tv", prior, prior + 0.3, prior).verdict == "undecided"


def test_checks_become_findings():
    found = fit_findings(roi_checks({"tv": np.full(9, 20.0)}, {}))
    assert [(f.severity, f.code, f.count) for f in found] == [("warning", "roi-implausible", 1)]
    failed = gate_findings(GateResult(False, ("R-hat", "ESS"), ("Draw longer.", "Tune."), 1.2, 90.0))
    assert [(f.severity, f.message, f.remedy) for f in failed] == [
        ("error", "R-hat", "Draw longer. Tune."),
        ("error", "ESS", ""),
    ]
    assert gate_findings(GateResult(True, (), (), 1.0, 900.0)) == ()
