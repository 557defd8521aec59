"""The judge of simulation-based calibration: it passes an exact posterior, and sees one that is wrong."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.study_mmm_sbc import ranks
from benchmarks.study_mmm_uniform import bias, envelope_p, spread

DRAWS, WORLDS, ROWS = 99, 300, 5


def conjugate(seed: int, narrower: float = 1.0, higher: float = 0.0):
    """Ranks of θ ~ N(0, 1), y ~ N(θ, 1) five times, among draws of its posterior N(5 ȳ / 6, 1 / 6), made wrong."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(WORLDS):
        theta = rng.normal()
        mean, deviation = rng.normal(theta, 1, ROWS).sum() / (ROWS + 1), (ROWS + 1) ** -0.5
        drawn = rng.normal(mean + higher * deviation, narrower * deviation, DRAWS)
        found.append(ranks({"theta": theta}, {"theta": drawn}, number)["theta"])
    return np.array(found)


def test_exact_posterior_passes():
    found = [conjugate(seed) for seed in range(6)]
    p = np.array([envelope_p(x, DRAWS) for x in found])
    # Of six honest posteriors one falls below 1 % with probability 0.06; these seeds have none.
    assert p.min() > 0.01
    assert all(abs(bias(x, DRAWS)) < 3 and 0.8 < spread(x, DRAWS) < 1.2 for x in found)


@pytest.mark.parametrize(
    ("narrower", "higher"), [(0.7, 0.0), (1.4, 0.0), (1.0, 0.5), (1.0, -0.5)], ids=["narrow", "wide", "high", "low"]
)
def test_wrong_posterior_fails(narrower, higher):
    found = conjugate(1, narrower, higher)
    # Far enough to stand where Holm multiplies by two hundred quantities.
    assert envelope_p(found, DRAWS) * 200 < 0.05
    if higher:
        assert bias(found, DRAWS) * -np.sign(higher) > 3
    else:
        assert abs(bias(found, DRAWS)) < 3
        assert (spread(found, DRAWS) > 1.2) if narrower < 1 else (spread(found, DRAWS) < 0.8)


def narrowest(drawn, draws: int) -> float:
    """γ as the paper writes it, point by point."""
    n = len(drawn)
    both = []
    for k in range(1, draws + 1):
        count = sum(r < k for r in drawn)
        share = k / (draws + 1)
        both += [2 * binom.cdf(count, n, share), 2 * binom.sf(count - 1, n, share)]
    return min(both)


@pytest.mark.parametrize(("n", "draws"), [(1, 4), (2, 3), (3, 3), (4, 2)])
def test_envelope_is_exact(n, draws):
    every = list(product(range(draws + 1), repeat=n))
    gamma = np.array([narrowest(x, draws) for x in every])
    for x, own in zip(every, gamma, strict=True):
        assert envelope_p(x, draws) == pytest.approx((gamma <= own + 1e-9).mean(), abs=1e-12)


def test_honest_p_values_are_not_too_small():
    rng = np.random.default_rng(5)
    p = np.array([envelope_p(rng.integers(0, 20, 100), 19) for _ in range(400)])
    assert binom.cdf((p <= 0.05).sum(), p.size, 0.05) > 0.001
    assert binom.sf((p <= 0.05).sum() - 1, p.size, 0.05) > 0.001


def test_equal_draws_count_by_chance():
    found = [ranks({"x": 0.0}, {"x": np.zeros(DRAWS)}, seed)["x"] for seed in range(WORLDS)]
    assert envelope_p(found, DRAWS) > 0.01
    assert ranks({"x": 2.0}, {"x": np.arange(4.0)}, 0)["x"] in (2, 3)


def test_all_quantities_are_needed_on_both_sides():
    with pytest.raises(ValueError, match=r"different quantities: \['x', 'y'\]"):
        ranks({"x": 0.0}, {"y": np.zeros(3)}, 0)


def test_ranks_beyond_the_draws():
    with pytest.raises(ValueError, match="between 0 and 3; got 4"):
        envelope_p([0, 4], 3)
