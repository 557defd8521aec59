from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from attribution_models.paths.rules import (
    DEFAULT_RULES,
    First,
    Last,
    LastNonDirect,
    Linear,
    Position,
    TimeDecay,
    fit_rules,
)
from tests.paths import naive
from tests.paths.listpaths import Journey, ListPaths, rows
from tests.paths.strategies import NAMES, journeys

AGGREGATED = (First(), Last(), Linear(), Position())

# research/mta.md 4.2: first, last, linear conversions; first, last, linear value; position conversions
GOLDEN = {
    "alpha": (6308, 8447, 7574.718594, 19121.272356, 28414.214274, 24524.709569, 7444.823759),
    "beta": (2831, 989, 2083.500145, 12235.591744, 3850.020987, 8954.266717, 1969.766179),
    "delta": (1, 5, 1.725000, 6.119000, 10.972000, 4.404050, 2.586667),
    "epsilon": (99, 531, 272.170438, 412.301243, 2202.612289, 1106.270065, 301.050233),
    "eta": (3164, 4167, 3539.951157, 11909.476213, 16754.203800, 13783.497051, 3618.796149),
    "gamma": (165, 92, 121.041639, 718.977992, 506.013992, 569.417358, 125.240911),
    "iota": (4606, 3355, 3857.096221, 19597.261277, 13487.974271, 15988.988995, 3944.948166),
    "kappa": (74, 230, 137.964078, 305.743250, 1069.384250, 599.747786, 147.459557),
    "lambda": (902, 1207, 1035.257572, 3735.602165, 5249.949985, 4430.316169, 1046.903901),
    "mi": (2, 2, 2.222222, 5.273000, 5.273000, 6.081444, 2.057143),
    "theta": (1606, 653, 1022.801394, 6652.349347, 2799.091988, 4295.743619, 1092.744472),
    "zeta": (27, 107, 136.551540, 103.004000, 453.260750, 539.528763, 88.622864),
}


def test_pathdata(pathdata: ListPaths) -> None:
    assert pathdata.channels == tuple(GOLDEN)
    first, last, linear, position = (fit.credit for fit in fit_rules(pathdata, AGGREGATED))
    found = np.column_stack(
        [
            first.conversions,
            last.conversions,
            linear.conversions,
            first.value,
            last.value,
            linear.value,
            position.conversions,
        ]
    )
    np.testing.assert_allclose(found, list(GOLDEN.values()), atol=1e-6, rtol=0)
    assert first.observed_conversions == 19_785
    assert first.observed_value == pytest.approx(74_802.971587, abs=1e-6)


def test_names() -> None:
    assert [rule.name for rule in DEFAULT_RULES] == [
        "first",
        "last",
        "last-non-direct",
        "linear",
        "position-40-20-40",
        "time-decay-7d",
    ]
    assert Position(first=0.3, last=0.6).name == "position-30-10-60"
    assert TimeDecay(half_life_days=0.5).name == "time-decay-0.5d"


def test_position_shares() -> None:
    paths = rows(("a", 1, 0), ("b > c", 1, 0), ("d > e > f > g", 1, 0))
    (fit,) = fit_rules(paths, [Position(first=0.2, last=0.6)])
    np.testing.assert_allclose(fit.credit.conversions, [1, 0.25, 0.75, 0.2, 0.1, 0.1, 0.6])


@pytest.mark.parametrize(("first", "last"), [(-0.1, 0.5), (0.7, 0.4), (0.0, 0.0), (float("nan"), 0.4)])
def test_position_refuses(first: float, last: float) -> None:
    with pytest.raises(ValueError, match="got first="):
        Position(first=first, last=last)


@pytest.mark.parametrize("days", [0.0, -1.0, float("inf"), float("nan")])
def test_half_life_refuses(days: float) -> None:
    with pytest.raises(ValueError, match="half-life"):
        TimeDecay(half_life_days=days)


def test_time_decay_needs_times() -> None:
    paths = rows(("a > b", 1, 0))
    with pytest.raises(ValueError, match="aggregated paths"):
        fit_rules(paths, [First(), TimeDecay()])
    (fit,) = fit_rules(ListPaths([Journey(("a",), 1, 1, 0, (0.0,))]), [TimeDecay()])
    with pytest.raises(ValueError, match="aggregated paths"):
        list(fit.touch_credits(paths))


def test_time_decay_long_after() -> None:
    paths = ListPaths([Journey(("a", "b"), 1, 1, 0, (900.0, 899.0))])
    (fit,) = fit_rules(paths, [TimeDecay(half_life_days=0.25)])  # 2^-3596 underflows
    np.testing.assert_allclose(fit.credit.conversions, [1 / 17, 16 / 17])


def test_last_non_direct() -> None:
    paths = rows(("a > direct", 1, 0), ("direct > direct", 2, 0), direct=["direct"])
    (fit,) = fit_rules(paths, [LastNonDirect()])
    np.testing.assert_array_equal(fit.credit.conversions, [1, 2])


def test_empty_path() -> None:  # T5
    paths = rows(("A > B", 1, 0), ("A > B > ", 1, 0), (" > ", 1, 0), ("B", 1, 0))
    for fit, expected in zip(fit_rules(paths, AGGREGATED), [(2, 1), (0, 3), (1, 2), (1, 2)], strict=True):
        np.testing.assert_allclose(fit.credit.conversions, expected)
        assert fit.credit.unattributed_conversions == 1
        assert fit.credit.observed_conversions == 4


def test_no_rules_no_journeys() -> None:
    assert fit_rules(rows(("a", 1, 0)), []) == ()
    (fit,) = fit_rules(ListPaths([], channels=["a"], blocks=0), [First()])
    assert fit.credit.conversions.tolist() == [0.0]


@given(found=journeys())
def test_against_definition(found: list[Journey]) -> None:
    paths = ListPaths(found, channels=NAMES, direct=["b"])
    for fit in fit_rules(paths, DEFAULT_RULES):
        for credit, amount in ((fit.credit.conversions, naive.conversions), (fit.credit.value, naive.value)):
            expected = naive.rule(fit.name, found, NAMES, ["b"], amount)
            np.testing.assert_allclose(credit, expected, rtol=1e-12, atol=1e-12)
