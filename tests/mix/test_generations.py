"""Both generations of ArviZ through one door."""

from __future__ import annotations

import numpy as np
import pytest

from tests.mix.pymc_here import pm  # noqa: F401  # isort: skip
from attribution_models.mix import generations


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(1)
    return generations.draws(
        {
            "posterior": {"sigma": rng.normal(size=(4, 200)), "beta": rng.normal(size=(4, 200, 2))},
            "log_likelihood": {"outcome": rng.normal(-1.0, 0.1, (4, 200, 7))},
            "sample_stats": {"diverging": np.zeros((4, 200), bool)},
            "observed_data": {"outcome": np.zeros(7)},
        },
        {"beta_channel": ("tv", "search")},
        {"beta": ("beta_channel",), "outcome": ("row",)},
    )


def test_draws_keep_labels(found):
    posterior = generations.group(found, "posterior")
    assert posterior["beta"].dims == ("chain", "draw", "beta_channel")
    assert posterior["beta"].sel(beta_channel="search").shape == (4, 200)
    assert set(generations.group_names(found)) == {"posterior", "log_likelihood", "sample_stats", "observed_data"}
    assert generations.group(found, "observed_data")["outcome"].shape == (7,)


def test_convergence_is_given_per_element(found):
    for table, low, high in (
        (generations.rhat(found), 0.99, 1.05),
        (generations.ess(found, "bulk"), 400, 1200),
        (generations.ess(found, "tail"), 400, 1200),
    ):
        assert table["beta"].shape == (2,)
        assert low < float(table["sigma"]) < high


def test_loo_of_stable_weights_is_the_mean_likelihood(found):
    score = generations.loo(found)
    each = generations.group(found, "log_likelihood")["outcome"].to_numpy().reshape(-1, 7)
    assert score.elpd == pytest.approx(float(np.sum(score.pointwise)))
    np.testing.assert_allclose(score.pointwise, -np.log(np.exp(-each).mean(axis=0)), atol=1e-3)
    assert score.pareto_k.shape == (7,)
    assert (score.pareto_k < 0.7).all()
    assert score.se > 0
    assert score.p == pytest.approx(0.07, abs=0.02)
