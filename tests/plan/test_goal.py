"""Expected value, quantile, tail and probability, and their derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from attribution_models.plan.goal import KINDS, Goal


def test_what_they_are():
    gains = np.random.default_rng(2).normal(3.0, 2.0, 4000)
    assert Goal().of(gains)[0] == pytest.approx(gains.mean())
    for q in (0.05, 0.1, 0.5):
        assert Goal("quantile", q).of(gains)[0] == pytest.approx(np.quantile(gains, q), abs=0.05)
        lowest = np.sort(gains)[: int(q * 4000)]
        assert Goal("cvar", q).of(gains)[0] == pytest.approx(lowest.mean())
    sure = Goal("beat-today").tuned(gains)
    assert sure.of(gains)[0] == pytest.approx((gains > 0).mean(), abs=0.01)


def test_a_tail_counts_a_draw_in_part():
    gains = np.array([4.0, 1.0, 2.0, 3.0])
    assert Goal("cvar", 0.375).of(gains)[0] == pytest.approx((1.0 + 0.5 * 2.0) / 1.5)


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives(kind):
    gains = np.random.default_rng(3).normal(0.5, 1.0, 60)
    goal = Goal(kind, 0.2).tuned(gains)
    slope = goal.of(gains)[1]
    for i in (0, 17, 40):
        step = np.zeros(60)
        step[i] = 1e-6
        numeric = (goal.of(gains + step)[0] - goal.of(gains - step)[0]) / 2e-6
        assert slope[i] == pytest.approx(numeric, abs=1e-6)
    if kind != "beat-today":
        assert slope.sum() == pytest.approx(1)
        assert goal.of(gains + 7.0)[0] == pytest.approx(goal.of(gains)[0] + 7.0)


def test_what_is_refused():
    with pytest.raises(ValueError, match="No objective"):
        Goal("best")
    with pytest.raises(ValueError, match="between 0 and 1"):
        Goal("cvar", 1.0)
