from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from attribution_models.paths.shapley import Shapley
from tests.paths import naive
from tests.paths.listpaths import Journey, ListPaths, rows
from tests.paths.strategies import NAMES, journeys

# research/mta.md 4.2, equal to an enumeration of all 2^12 subsets
GOLDEN = [
    7627.944048,
    1982.739286,
    2.292857,
    374.677381,
    3613.655952,
    138.185714,
    3505.044048,
    159.057143,
    987.782143,
    2.666667,
    1190.963095,
    199.991667,
]


def test_pathdata(pathdata: ListPaths) -> None:
    np.testing.assert_allclose(Shapley().fit(pathdata).credit.conversions, GOLDEN, atol=1e-6, rtol=0)


def test_never_negative() -> None:  # T3: the rate game gives A 0, B 7
    credit = Shapley().fit(rows(("A > B", 4, 6), ("A", 2, 8), ("B", 1, 0))).credit
    np.testing.assert_array_equal(credit.conversions, [4, 3])


def test_empty_path() -> None:  # T5
    fit = Shapley().fit(rows(("A > B", 1, 0), ("A > B > ", 1, 0), (" > ", 1, 0), ("B", 1, 0)))
    np.testing.assert_array_equal(fit.credit.conversions, [1, 2])
    assert (fit.name, fit.credit.unattributed_conversions) == ("shapley", 1)


def test_more_channels_than_bits() -> None:
    names = [f"c{i:03d}" for i in range(100)]
    credit = Shapley().fit(ListPaths([Journey((*names, names[0]), 5, 1)])).credit
    np.testing.assert_allclose(credit.conversions, np.full(100, 0.05))


@given(found=journeys())
@settings(max_examples=50)
def test_against_enumeration(found: list[Journey]) -> None:
    credit = Shapley().fit(ListPaths(found, channels=NAMES)).credit
    np.testing.assert_allclose(
        credit.conversions, naive.shapley(found, NAMES, naive.conversions), rtol=1e-12, atol=1e-12
    )
    np.testing.assert_allclose(credit.value, naive.shapley(found, NAMES, naive.value), rtol=1e-12, atol=1e-12)
