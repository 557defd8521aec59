"""What every path model keeps, whatever its family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution_models.paths.credit import PathCredit
from attribution_models.paths.markov import Markov
from attribution_models.paths.registry import FAMILIES
from attribution_models.paths.rules import DEFAULT_RULES, fit_rules
from attribution_models.paths.shapley import Shapley
from tests.paths.listpaths import Journey, ListPaths
from tests.paths.strategies import NAMES, journeys

MODELS: dict[str, Callable[..., Any]] = {
    model.name: model.fit
    for model in (
        Markov(),
        Markov(order=2),
        Markov(order=3, nulls=False),
        Markov(order=40),
        Markov(removal="presence"),
        Shapley(),
    )
} | {
    rule.name: (lambda paths, *, threads=None, rule=rule: fit_rules(paths, [rule], threads=threads)[0])
    for rule in DEFAULT_RULES
}
ARRAYS = ("conversions", "value", "removal_effect", "value_removal_effect")
TOTALS = ("unattributed_conversions", "unattributed_value", "observed_conversions", "observed_value")

every_model = pytest.mark.parametrize("model", list(MODELS))


def numbers(credit: PathCredit) -> np.ndarray:
    arrays = [getattr(credit, name) for name in ARRAYS]
    totals = [getattr(credit, name) for name in TOTALS]
    return np.concatenate([*(array for array in arrays if array is not None), totals])


def many(seed: int, count: int = 3000) -> list[Journey]:
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        length = int(generator.integers(0, 9))
        path = tuple(generator.choice(list("abcdefgh"), length))
        converts = bool(generator.random() < 0.2)
        ages = tuple(np.sort(generator.uniform(0, 90, length))[::-1].tolist())
        value = float(generator.gamma(2, 30)) if converts else 0.0
        found.append(Journey(path, float(converts), value, float(not converts), ages))
    return found


@every_model
@given(found=journeys())
@settings(max_examples=30)
def test_conservation(model: str, found: list[Journey]) -> None:
    credit = MODELS[model](ListPaths(found, channels=NAMES)).credit
    assert credit.observed_conversions == pytest.approx(sum(journey.conversions for journey in found))
    assert credit.observed_value == pytest.approx(sum(journey.value for journey in found))
    empty = sum(journey.conversions for journey in found if not journey.path)
    assert credit.unattributed_conversions == pytest.approx(empty)
    total = credit.conversions.sum() + credit.unattributed_conversions
    assert total == pytest.approx(credit.observed_conversions, abs=1e-9)
    assert credit.value.sum() + credit.unattributed_value == pytest.approx(credit.observed_value, abs=1e-9)
    assert (numbers(credit) >= 0).all()


@every_model
def test_blocks_and_threads(model: str) -> None:
    paths = ListPaths(many(1), direct=["c"], blocks=7)
    fit = MODELS[model](paths, threads=1)
    for threads in (2, 5):
        again = MODELS[model](paths, threads=threads)
        assert numbers(fit.credit).tobytes() == numbers(again.credit).tobytes()
        for one, other in zip(
            fit.touch_credits(paths, threads=1), fit.touch_credits(paths, threads=threads), strict=True
        ):
            assert np.concatenate(one).tobytes() == np.concatenate(other).tobytes()
    for blocks in (1, 2, 3000):
        recut = MODELS[model](paths.with_blocks(blocks)).credit
        np.testing.assert_allclose(numbers(fit.credit), numbers(recut), rtol=1e-12, atol=1e-12)


@every_model
def test_relabeling(model: str) -> None:
    found = many(2, 500)
    names = dict(zip("abcdefgh", "dhbgafce", strict=True))
    renamed = [
        Journey(tuple(names[name] for name in j.path), j.conversions, j.value, j.nulls, j.days_before) for j in found
    ]
    order = [sorted("abcdefgh").index(names[name]) for name in "abcdefgh"]
    credit = MODELS[model](ListPaths(found, direct=["c"])).credit
    other = MODELS[model](ListPaths(renamed, direct=[names["c"]])).credit
    for name in ARRAYS:
        if getattr(credit, name) is not None:
            np.testing.assert_allclose(getattr(credit, name), getattr(other, name)[order], rtol=1e-11)


@every_model
@given(found=journeys(), blocks=st.integers(1, 3))
@settings(max_examples=30)
def test_touches_sum_to_channels(model: str, found: list[Journey], blocks: int) -> None:
    paths = ListPaths(found, channels=NAMES, direct=["b"], blocks=blocks)
    sums_to_credit(MODELS[model](paths), paths)


@every_model
def test_touches_of_many(model: str) -> None:
    paths = ListPaths(many(3), blocks=4)
    sums_to_credit(MODELS[model](paths), paths)


def sums_to_credit(fit: Any, paths: ListPaths) -> None:
    sums = np.zeros((2, len(paths.channels)))
    for index, (conversions, value) in enumerate(fit.touch_credits(paths)):
        codes = paths.block(index).channels
        assert conversions.shape == value.shape == codes.shape
        assert (conversions >= 0).all()
        assert (value >= 0).all()
        sums += [np.bincount(codes, part, len(paths.channels)) for part in (conversions, value)]
    np.testing.assert_allclose(sums, [fit.credit.conversions, fit.credit.value], rtol=1e-9, atol=1e-12)


def test_credit_through_the_chain_alone() -> None:
    """c converts nowhere, but a walk a, c, b does: its credit goes to its touches of null journeys."""
    paths = ListPaths(
        [
            Journey(("a", "b"), 1, 5, 0),
            Journey(("a", "c"), 0, 0, 1),
            Journey(("c", "c", "b"), 0, 0, 1),
        ]
    )
    fit = Markov().fit(paths)
    assert fit.credit.conversions[2] > 0
    ((conversions, value),) = fit.touch_credits(paths)
    np.testing.assert_allclose(conversions[[3, 4, 5]], np.full(3, fit.credit.conversions[2] / 3))
    np.testing.assert_allclose(value[[3, 4, 5]], np.full(3, fit.credit.value[2] / 3))


def test_memory_mapped_journeys() -> None:
    paths = ListPaths(many(4, 50))
    block = paths.block(0)
    for array in (block.offsets, block.channels, block.conversions, block.value, block.nulls):
        array.flags.writeable = False
    for model in MODELS.values():
        sums_to_credit(model(paths), paths)


def test_registry() -> None:
    paths = ListPaths(many(5, 50))
    names = [fit.name for family in FAMILIES.values() for fit in family.fit(paths, family.defaults)]
    assert names == [*(rule.name for rule in DEFAULT_RULES), "markov-1", "shapley"]
