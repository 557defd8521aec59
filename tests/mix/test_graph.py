"""The PyMC graph: what it is made of, and that its numbers are what the spec says."""

from __future__ import annotations

import numpy as np
import pytest

from attribution_models.mix import generations
from attribution_models.mix.density import Density
from attribution_models.mix.labels import coordinates, dimensions
from attribution_models.mix.priors import Prior
from attribution_models.mix.spec import Control, Seasonality
from attribution_models.mix.structure import structure
from tests.mix.cases import CASES, Case, adstock, channel, log_lifts, mix
from tests.mix.panels import panel

from tests.mix.pymc_here import pm  # isort: skip
import pytensor

from attribution_models.mix.graph import build, graph
from attribution_models.mix.reference import UNCOMPILED, Reference

QUICK = {"mode": UNCOMPILED}
SHOWN = (
    "national_default",
    "national_student",
    "geo_pooled",
    "geo_targets",
    "geo_reach",
    "geo_lifts",
    "gaussian_process",
    "families",
    "mixed_families",
    "log_link",
    "time_varying",
)


def joint(case):
    return structure(case.spec, case.data, case.lifts, integrate=False)


def prior_draws(model, draws=5):
    return pm.sample_prior_predictive(draws, model=model, random_seed=4, compile_kwargs=QUICK)


def evaluate(model, names, given):
    """Values of deterministics, or of a variable's mean, at values of the random variables."""
    inputs = [model[name] for name in given]
    wanted = [model[name] for name in names]
    found = pytensor.function(inputs, wanted, mode=UNCOMPILED, on_unused_input="ignore")
    return found(*(np.asarray(value, dtype=float) for value in given.values()))


def some_values(model, seed=4):
    """One draw from the prior, by group."""
    prior = generations.group(
        pm.sample_prior_predictive(1, model=model, random_seed=seed, compile_kwargs=QUICK), "prior"
    )
    return {rv.name: prior[rv.name].to_numpy()[0, 0] for rv in model.free_RVs}


@pytest.mark.parametrize("name", SHOWN)
def test_draws_from_the_prior_are_finite_and_labelled(name):
    case = CASES[name]
    s = joint(case)
    found = prior_draws(graph(s, deterministics=True))
    prior = generations.group(found, "prior")
    assert [rv for rv in prior.data_vars if rv in s.by_name] or not s.groups
    for group in s.groups:
        assert prior[group.name].shape[2:] == group.shape
        assert np.isfinite(prior[group.name]).all()
        for dim, labels in zip(prior[group.name].dims[2:], group.coords, strict=True):
            assert tuple(prior[dim].to_numpy()) == labels
    periods = [str(d) for d in case.data.dates]
    assert prior["contribution"].dims[2:] == ("channel", "geo", "date")
    assert prior["channel"].to_numpy().tolist() == [c.name for c in case.spec.channels]
    assert prior["geo"].to_numpy().tolist() == list(case.data.geos)
    assert prior["date"].to_numpy().tolist() == periods
    outcome = generations.group(found, "prior_predictive")["outcome"]
    assert outcome.shape == (1, 5, s.fitted.sum())
    assert np.isfinite(outcome).all()
    g, t = np.argwhere(s.fitted)[-1]
    assert str(outcome["row"].to_numpy()[-1]) == f"{case.data.geos[g]} {periods[t]}"
    if case.lifts:
        tests = generations.group(found, "prior_predictive")["lift"]
        assert tests["lift_test"].to_numpy().tolist() == [lift.experiment for lift in case.lifts]


@pytest.mark.parametrize(
    "name", ["national_default", "geo_targets", "geo_national_channel", "direct", "geo_time_varying"]
)
def test_parts_add_up_to_what_is_expected(name):
    found = generations.group(prior_draws(build(*CASES[name], deterministics=True)), "prior")
    np.testing.assert_allclose(found["baseline"] + found["contribution"].sum("channel"), found["expected"], rtol=1e-9)
    level = found["baseline"] - found["component"].sum("component_name")
    np.testing.assert_allclose(level, level.isel(date=0, draw=0, chain=0).broadcast_like(level), rtol=1e-6, atol=1e-6)


def test_under_a_log_link_a_contribution_is_what_would_be_lost():
    case = CASES["log_link"]
    model = build(*case, deterministics=True)
    values = some_values(model)
    contribution, baseline, expected = evaluate(model, ["contribution", "baseline", "expected"], values)
    with model:
        media = joint(case).media.copy()
        media[1] = 0.0
        pm.set_data({"media": media})
    (without,) = evaluate(model, ["expected"], values)
    np.testing.assert_allclose(expected - without, contribution[1], rtol=1e-9)
    with model:
        pm.set_data({"media": np.zeros_like(media)})
    np.testing.assert_allclose(evaluate(model, ["expected"], values)[0], baseline, rtol=1e-9)


@pytest.mark.parametrize("name", ["targets_national", "geo_targets", "time_varying"])
def test_a_prior_on_a_quantity_is_a_prior_on_that_quantity(name):
    """ROI, marginal ROI and share, recomputed from contributions and counterfactuals, are what was drawn."""
    case = CASES[name]
    data, s = case.data, joint(case)
    model = build(*case, deterministics=True)
    values = some_values(model)
    contribution, expected = evaluate(model, ["contribution", "expected"], values)
    worth = data.revenue_per_outcome
    assert (contribution[0] * worth).sum() / data.spend[0].sum() == pytest.approx(values["roi"].item(), rel=1e-9)
    observed = np.isfinite(data.outcome)
    share = contribution[2][observed].sum() / data.outcome[observed].sum()
    assert share == pytest.approx(values["share"].item(), rel=1e-9)
    more = s.media.copy()
    more[1] *= 1.01
    with model:
        pm.set_data({"media": more})
    (above,) = evaluate(model, ["expected"], values)
    marginal = ((above - expected) * worth).sum() / (0.01 * data.spend[1].sum())
    assert marginal == pytest.approx(values["mroi"].item(), rel=1e-7)


def test_marginal_roi_of_reach_and_frequency_is_of_reach():
    case = CASES["geo_reach"]
    model = build(*case, deterministics=True)
    values = some_values(model)
    (expected,) = evaluate(model, ["expected"], values)
    reach = joint(case).reach.copy()
    reach[0] *= 1.01
    with model:
        pm.set_data({"reach": reach})
    (above,) = evaluate(model, ["expected"], values)
    marginal = (above - expected).sum() / (0.01 * case.data.spend[0].sum())
    assert marginal == pytest.approx(values["mroi"].item(), rel=1e-7)


@pytest.mark.parametrize("name", ["lifts", "geo_lifts", "log_lifts", "geo_time_varying"])
def test_a_lift_is_the_difference_that_its_exposure_makes(name):
    case = log_lifts() if name == "log_lifts" else CASES[name]
    s = joint(case)
    model = build(*case, deterministics=True)
    values = some_values(model)
    (expected,) = evaluate(model, ["expected"], values)
    mean = pytensor.function(
        [model[n] for n in values], model["lift"].owner.inputs[-2], mode=UNCOMPILED, on_unused_input="ignore"
    )(*values.values())
    for number, lift in enumerate(case.lifts):
        acting = "media" if case.spec.channels[lift.channel].frequency is None else "reach"
        original = getattr(s, acting)
        changed = original.copy()
        changed[lift.channel, list(lift.geos)] = lift.without
        with model:
            pm.set_data({acting: changed})
        (without,) = evaluate(model, ["expected"], values)
        with model:
            pm.set_data({acting: original})
        gap = (expected - without)[list(lift.geos), lift.start : lift.end + 1].sum()
        assert mean[number] == pytest.approx(gap, rel=1e-8)


def test_the_mean_is_that_of_the_peer():
    """PyMC-Marketing's default model, written out: the same mean at the same parameters."""
    names = ("tv", "search")
    laplace = Prior("laplace", (0.0, 1.0))
    spec = mix(
        *(channel(name, adstock("geometric", 8)) for name in names),
        controls=(Control("price", scale="none"), Control("weather", scale="none")),
        seasonality=Seasonality(yearly=2, prior=laplace),
        history="zero",
    )
    data = panel(spec, periods=30, seed=31)
    model = build(spec, data, deterministics=True)
    values = some_values(model)
    x = data.exposure[:, 0] / data.exposure[:, 0].max(axis=1, keepdims=True)
    mean = np.full(30, values["intercept"])
    for c in range(2):
        alpha, lam, beta = (values[n][c] for n in ("adstock_alpha", "saturation_lam", "beta"))
        w = alpha ** np.arange(8)
        a = np.convolve(x[c], w / w.sum())[:30]
        mean += beta * (1 - np.exp(-lam * a)) / (1 + np.exp(-lam * a))
    mean += values["control"] @ data.controls[:, 0]
    day = np.array([d.astype(object).timetuple().tm_yday for d in data.dates])
    angle = 2 * np.pi * np.arange(1, 3)[:, None] * day / 365.25
    mean += values["fourier"][0::2] @ np.sin(angle) + values["fourier"][1::2] @ np.cos(angle)
    (expected,) = evaluate(model, ["expected"], values)
    np.testing.assert_allclose(expected[0] / data.outcome.max(), mean, rtol=1e-12)
    assert {str(p) for g in joint(Case(spec, data)).groups for p in g.priors} == {
        "normal(mu 0, sigma 2)",
        "half-normal(sigma 2)",
        "beta(alpha 1, beta 3)",
        "gamma(alpha 3, beta 1)",
        "laplace(mu 0, b 1)",
    }


@pytest.mark.parametrize("name", ["national_student", "geo_targets"])
def test_rows_that_are_not_fitted_are_neither_imputed_nor_counted(name):
    case = CASES[name]
    s = joint(case)
    model = build(*case)
    assert [rv.name for rv in model.free_RVs] == [group.name for group in s.groups]
    assert [rv.name for rv in model.observed_RVs] == ["outcome"]
    assert model.rvs_to_values[model["outcome"]].eval(mode=UNCOMPILED).tolist() == s.outcome[s.fitted].tolist()


@pytest.mark.parametrize("name", ["geo_independent", "geo_gaussian_process", "families"])
def test_the_reference_reads_its_point_in_the_structures_order(name):
    reference = Reference.of(joint(CASES[name]))
    x = np.random.default_rng(8).normal(0, 0.4, reference.structure.size)
    _, gradient = reference(x)
    for direction in 1e-5 * np.random.default_rng(9).normal(size=(3, x.size)):
        slope = (reference(x + direction)[0] - reference(x - direction)[0]) / 2
        assert slope == pytest.approx(gradient @ direction, rel=1e-6)


def test_the_reference_is_pymcs_density_at_a_point_of_its_own():
    case = CASES["geo_pooled"]
    s = joint(case)
    model = graph(s)
    point = model.initial_point(random_seed=1)
    values = [model.rvs_to_values[model[group.name]] for group in s.groups]
    want = pytensor.function(values, model.logp(), mode=UNCOMPILED)(*(point[value.name] for value in values))
    x = np.concatenate([np.ravel(point[value.name]) for value in values])
    # PyTensor keeps constants such as the 2 of √2 in single precision, but for the reference.
    assert Reference.of(s)(x)[0] == pytest.approx(float(want), rel=1e-9)


def test_draws_of_the_outcome_follow_draws_of_the_posterior():
    s = joint(CASES["geo_pooled"])
    model = graph(s)
    rng = np.random.default_rng(9)
    values = {n: np.tile(v, (2, 300, *(1,) * np.ndim(v))) for n, v in some_values(model).items()}
    values["sigma"] = np.full((2, 300), 1e-6) * rng.uniform(0.5, 1.0, (2, 300))
    found = pm.sample_posterior_predictive(
        generations.draws({"posterior": values}, coordinates(s.groups), dimensions(s.groups)),
        model=model,
        random_seed=2,
        progressbar=False,
        compile_kwargs=QUICK,
    )
    drawn = generations.group(found, "posterior_predictive")["outcome"]
    assert drawn.shape == (2, 300, s.fitted.sum())
    assert float(drawn.std(("chain", "draw")).max()) < 2e-6


def test_what_the_graph_cannot_hold_is_refused_in_words():
    with pytest.raises(ValueError, match="integrate=False"):
        graph(structure(*CASES["national_default"]))


def test_truncated_normals_on_different_lines_are_vectors_of_their_own():
    s = joint(CASES["supports"])
    names = [group.name for group in s.groups]
    assert {"saturation_kappa", "saturation_kappa_2", "control", "control_2"} <= set(names)
    assert Reference.of(s)(np.zeros(s.size))[0] == pytest.approx(Density.of(s)(np.zeros(s.size))[0], rel=1e-9)


def test_a_constant_may_stand_for_a_coefficient():
    spec = mix(channel("tv"), controls=(Control("price", prior=Prior("fixed", (0.25,)), scale="none"),))
    data = panel(spec)
    model = build(spec, data, deterministics=True)
    (component,) = evaluate(model, ["component"], some_values(model))
    at = list(model.coords["component_name"]).index("controls")
    np.testing.assert_allclose(component[at], 0.25 * data.controls[0] * np.nanmax(data.outcome))


def test_training_rows_only_are_in_the_likelihood_of_a_fold():
    spec, data, _ = CASES["national_default"]
    rows = np.arange(26) < 20
    assert build(spec, data, rows=rows)["outcome"].eval(mode=UNCOMPILED).shape == (17,)
