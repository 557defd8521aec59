"""e^x of a series against numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from attribution_models.mix.compiling import kernel
from attribution_models.mix.exponential_kernel import decays


@kernel
def _decays(rate, x, out):
    decays(rate, x, out)


@pytest.mark.parametrize(("rate", "error"), [(1e-9, 5e-16), (0.3, 5e-16), (7.0, 1e-15), (15.0, 4e-15), (230.0, 3e-14)])
def test_it_is_numpys(rate, error):
    x = np.random.default_rng(1).uniform(0, 3, 1003)
    found = np.empty_like(x)
    _decays(rate, x, found)
    np.testing.assert_allclose(found, np.exp(-rate * x), rtol=error)


def test_below_zero_counts_as_zero_and_far_out_is_next_to_nothing():
    found = np.empty(4)
    _decays(2.0, np.array([-3.0, 0.0, 400.0, 1e9]), found)
    assert found[:2].tolist() == [1.0, 1.0]
    assert (found[2:] < 1e-300).all()
    assert (found[2:] > 0).all()
