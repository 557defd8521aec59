from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution_models.paths.absorption import removal_effects
from attribution_models.paths.kgrams import count_chain
from attribution_models.paths.markov import CONVERSION, NULL, START, Markov, MarkovFit
from tests.paths import naive
from tests.paths.listpaths import Journey, ListPaths, rows
from tests.paths.strategies import NAMES, journeys

# research/mta.md 4.2: RE, value RE, conversions, value at order 1; RE at order 2; presence share
GOLDEN = {
    "alpha": (0.558399490, 0.522985590, 5344.947682, 18799.170626, 0.547803282, 0.542633),
    "beta": (0.264038536, 0.269511071, 2527.352167, 9687.809216, 0.237909870, 0.221279),
    "delta": (0.000481996, 0.000387204, 4.613618, 13.918384, 0.000503101, 0.000455),
    "epsilon": (0.062638582, 0.065338633, 599.570650, 2348.653825, 0.059912523, 0.057518),
    "eta": (0.349026332, 0.361425043, 3340.847402, 12991.736667, 0.330767476, 0.314177),
    "gamma": (0.017879974, 0.020008886, 171.145443, 719.236746, 0.016765130, 0.016578),
    "iota": (0.405835004, 0.416694279, 3884.614702, 14978.437288, 0.371593699, 0.348496),
    "kappa": (0.028663387, 0.031605651, 274.363256, 1136.092538, 0.025942446, 0.023705),
    "lambda": (0.134022123, 0.143068471, 1282.847223, 5142.720297, 0.115995021, 0.103816),
    "mi": (0.000179946, 0.000151464, 1.722425, 5.444509, 0.000202173, 0.000202),
    "theta": (0.206010463, 0.208954437, 1971.912880, 7511.048475, 0.185525563, 0.165125),
    "zeta": (0.039810518, 0.040858745, 381.062553, 1468.703015, 0.036474815, 0.033005),
}
NO_NULLS = [
    *(0.561718844, 0.276093577, 0.000454780, 0.064589500, 0.357505384, 0.018797903),
    *(0.416397551, 0.029543363, 0.138343558, 0.000202149, 0.207047905, 0.042130648),
]


def effects(fit: MarkovFit) -> tuple[np.ndarray, np.ndarray]:
    assert fit.credit.removal_effect is not None
    assert fit.credit.value_removal_effect is not None
    return fit.credit.removal_effect, fit.credit.value_removal_effect


def golden(column: int) -> list[float]:
    return [row[column] for row in GOLDEN.values()]


def test_pathdata_order_1(pathdata: ListPaths) -> None:
    fit = Markov().fit(pathdata)
    np.testing.assert_allclose(effects(fit), [golden(0), golden(1)], atol=1e-9, rtol=0)
    np.testing.assert_allclose(fit.credit.conversions, golden(2), atol=1e-6, rtol=0)
    np.testing.assert_allclose(fit.credit.value, golden(3), atol=1e-6, rtol=0)
    assert fit.conversion_probability == pytest.approx(19_785 / 88_387, abs=1e-15)


def test_pathdata_order_2(pathdata: ListPaths) -> None:
    fit = Markov(order=2).fit(pathdata)
    np.testing.assert_allclose(effects(fit)[0], golden(4), atol=1e-9, rtol=0)


def test_pathdata_no_nulls(pathdata: ListPaths) -> None:
    fit = Markov(nulls=False).fit(pathdata)
    np.testing.assert_allclose(effects(fit)[0], NO_NULLS, atol=1e-9, rtol=0)
    credit = fit.credit.conversions[[0, 1, 6]]
    np.testing.assert_allclose(credit, [5260.069561, 2585.406272, 3899.246228], atol=1e-6, rtol=0)
    assert fit.conversion_probability == 1.0


def test_pathdata_presence(pathdata: ListPaths) -> None:
    fit = Markov(removal="presence").fit(pathdata)
    np.testing.assert_allclose(effects(fit)[0], golden(5), atol=5e-7, rtol=0)
    assert effects(fit)[0].sum() == pytest.approx(1.826990, abs=1e-6)
    for order in (89, 200):  # the longest journey, and beyond
        np.testing.assert_allclose(effects(Markov(order=order).fit(pathdata)), effects(fit), atol=1e-11)


@pytest.mark.parametrize(("order", "states"), [(1, 13), (2, 121), (3, 934), (4, 3976)])
def test_pathdata_states(pathdata: ListPaths, order: int, states: int) -> None:
    assert Markov(order=order).fit(pathdata).states == states


@pytest.mark.parametrize("order", [3, 20])
def test_pathdata_against_columns(pathdata: ListPaths, order: int) -> None:
    some = ListPaths(pathdata.journeys[:300], blocks=4)
    _, expected, expected_value = naive.removal_effects(some.journeys, some.channels, order)
    found = effects(Markov(order=order).fit(some))
    np.testing.assert_allclose(found, [expected, expected_value], atol=1e-10, rtol=0)


@pytest.mark.parametrize("order", [1, 2])
def test_bryl(order: int) -> None:  # T1
    fit = Markov(order=order).fit(rows(("C1 > C2 > C3", 1, 0), ("C1", 0, 1), ("C2 > C3", 0, 1)))
    assert fit.conversion_probability == pytest.approx(1 / 3)
    np.testing.assert_allclose(effects(fit)[0], [0.5, 1, 1], atol=1e-12)
    np.testing.assert_allclose(fit.credit.conversions, [0.2, 0.4, 0.4], atol=1e-12)


@pytest.mark.parametrize(
    ("order", "removal", "credit"),
    [(1, 6 / 11, None), (2, 0.75, (1.714285714, 2.285714286)), (3, 0.75, (1.714285714, 2.285714286))],
)
def test_orders(order: int, removal: float, credit: tuple[float, float] | None) -> None:  # T2
    fit = Markov(order=order).fit(rows(("A>A>B", 2, 1), ("A>B", 1, 2), ("B>A", 0, 3), ("B", 1, 1)))
    assert fit.conversion_probability == pytest.approx(4 / 11)
    np.testing.assert_allclose(effects(fit)[0], [removal, 1], atol=1e-12)
    if credit:
        np.testing.assert_allclose(fit.credit.conversions, credit, atol=1e-9)


@pytest.mark.parametrize("removal", ["redirect-to-null", "presence"])
def test_empty_path(removal: Any) -> None:  # T5
    paths = rows(("A > B", 1, 0), ("A > B > ", 1, 0), (" > ", 1, 0), ("B", 1, 0))
    credit = Markov(removal=removal).fit(paths).credit
    assert credit.conversions.sum() == pytest.approx(3)
    assert credit.unattributed_conversions == 1


def test_names_and_errors() -> None:
    assert Markov().name == "markov-1"
    assert Markov(order=3, removal="presence", nulls=False).name == "markov-3-presence-no-nulls"
    with pytest.raises(ValueError, match="at least 1; got 0"):
        Markov(order=0)
    with pytest.raises(ValueError, match="Unknown removal 'fail'"):
        Markov(removal="fail")  # type: ignore[arg-type]
    for dense_cells in (0, 1000):
        with pytest.raises(ValueError, match="1 journeys of a block have a negative"):
            count_chain(rows(("a", 1, -1)), 1, dense_cells=dense_cells)


def test_transitions() -> None:
    chain = Markov(order=2).fit(rows(("a > b > a", 2, 1), ("b", 0, 4))).transitions
    found = {
        (chain.decode(s), chain.decode(t)): w
        for s, t, w in zip(chain.source.tolist(), chain.target.tolist(), chain.weight.tolist(), strict=True)
    }
    start, converted, null = (chain.decode(end) for end in (START, CONVERSION, NULL))
    assert found == {
        (start, ("a", "b")): 3,
        (start, ("b",)): 4,
        (("a", "b"), ("b", "a")): 3,
        (("b", "a"), converted): 2,
        (("b", "a"), null): 1,
        (("b",), null): 4,
    }


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("removal", ["redirect-to-null", "presence"])
@pytest.mark.parametrize("nulls", [True, False])
def test_degenerate(order: int, removal: Any, nulls: bool) -> None:
    model = Markov(order=order, removal=removal, nulls=nulls)
    nobody = model.fit(rows(("a > b", 0, 5), ("", 0, 2))).credit
    assert nobody.conversions.tolist() == nobody.value.tolist() == [0, 0]
    assert effects(model.fit(rows(("a > b", 0, 5))))[0].tolist() == [0, 0]
    worthless = model.fit(rows(("a > b", 3, 5, 0))).credit
    assert worthless.conversions.tolist() == [1.5, 1.5]
    assert worthless.value.tolist() == [0, 0]
    single = model.fit(rows(("a > a > a", 3, 5, 7))).credit
    assert single.conversions.tolist() == [3]
    assert single.value.tolist() == [7]
    nothing = model.fit(ListPaths([], channels=[], blocks=0))
    assert (nothing.states, nothing.conversion_probability, nothing.credit.conversions.size) == (1, 0, 0)
    untouched = model.fit(rows(("", 3, 5, 7), channels=["a"])).credit
    assert (untouched.unattributed_conversions, untouched.unattributed_value) == (3, 7)


def test_self_loops_do_not_matter() -> None:
    with_loops = rows(("a > a > a > b", 2, 1), ("b > b > a", 1, 3), ("c > c > c > c > b", 1, 1))
    without = rows(("a > b", 2, 1), ("b > a", 1, 3), ("c > b", 1, 1))
    np.testing.assert_allclose(effects(Markov().fit(with_loops)), effects(Markov().fit(without)), atol=1e-12)


def test_collapse_of_states_does_not_matter() -> None:
    many = Markov(order=2).fit(rows(("a" + " > a" * 100_000 + " > b", 2, 3), ("b > a", 1, 1)))
    few = Markov(order=2).fit(rows(("a > a > b", 2, 3), ("b > a", 1, 1)))
    np.testing.assert_allclose(effects(many), effects(few), atol=1e-12)


def test_long_cycles_are_factorized() -> None:
    paths = rows(("a > b > " * 20_000 + "c", 1, 0), ("a > b > c", 0, 1), ("c > a", 1, 1))
    for order in (2, 3):
        _, *expected = naive.removal_effects(paths.journeys, paths.channels, order)
        np.testing.assert_allclose(effects(Markov(order=order).fit(paths)), expected, atol=1e-10)


def test_rare_conversions() -> None:
    paths = rows(("a > b > c", 1, 0), ("b > a", 0, 10**8), ("a > b > a", 0, 10**8), ("c > b > c", 0, 10**7))
    for order in (1, 2):
        _, *expected = naive.removal_effects(paths.journeys, paths.channels, order)
        np.testing.assert_allclose(effects(Markov(order=order).fit(paths)), expected, atol=1e-10)


@given(found=journeys(), order=st.integers(1, 4), nulls=st.booleans())
def test_against_columns(found: list[Journey], order: int, nulls: bool) -> None:
    fit = Markov(order=order, nulls=nulls).fit(ListPaths(found, channels=NAMES))
    P, expected, expected_value = naive.removal_effects(found, NAMES, order, nulls=nulls)
    np.testing.assert_allclose(effects(fit), [expected, expected_value], atol=1e-10, rtol=0)
    assert fit.conversion_probability == pytest.approx(P, abs=1e-12)  # P = C / (C + N)
    assert fit.states == 1 + len(naive.chain(found, order, nulls)[-1])


def test_a_chain_that_never_returns_takes_two_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty steps of the walk, all forward: the sweeps end at once, whatever order the states were counted in."""

    def never(*_: Any) -> None:
        raise AssertionError("it did not end")

    monkeypatch.setattr("attribution_models.paths.absorption._factorized", never)
    names = [f"{i:02d}" for i in np.random.default_rng(3).permutation(60)]
    chain = count_chain(
        ListPaths([Journey(tuple(names[i:]), float(i % 3 == 0), 5.0, float(i % 3 > 0)) for i in range(50)]), 2
    )
    swept = removal_effects(chain, 60, max_sweeps=2)
    monkeypatch.undo()
    np.testing.assert_allclose(swept, removal_effects(chain, 60, max_sweeps=0), atol=1e-12)
    assert min(swept[0]) < max(swept[0])


@given(found=journeys(), order=st.integers(2, 4))
def test_factorized_is_followed(found: list[Journey], order: int) -> None:
    chain = count_chain(ListPaths(found, channels=NAMES), order)
    np.testing.assert_allclose(
        removal_effects(chain, len(NAMES), max_sweeps=0), removal_effects(chain, len(NAMES)), atol=1e-11
    )


@given(found=journeys(), nulls=st.booleans())
def test_longest_order_is_presence(found: list[Journey], nulls: bool) -> None:
    paths = ListPaths(found, channels=NAMES, blocks=2)
    presence = effects(Markov(removal="presence", nulls=nulls).fit(paths))
    np.testing.assert_allclose(effects(Markov(order=6, nulls=nulls).fit(paths)), presence, atol=1e-11)


@given(found=journeys(), order=st.integers(1, 5), nulls=st.booleans(), blocks=st.integers(1, 4))
def test_hashed_is_dense(found: list[Journey], order: int, nulls: bool, blocks: int) -> None:
    paths = ListPaths(found, channels=NAMES, blocks=blocks)
    dense = count_chain(paths, order, nulls=nulls)
    same_chain(dense, count_chain(paths, order, nulls=nulls, dense_cells=0))


def test_hash_of_windows_too_wide_for_64_bits(pathdata: ListPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rolling hash, and a poor one that collides all the time, count what the exact code counts."""
    exact = count_chain(pathdata, 5, dense_cells=0)
    padded = ListPaths(pathdata.journeys[:1000], channels=[*pathdata.channels, "~1", "~2"], blocks=2)
    wide = count_chain(padded, 30)
    assert len(naive.chain(padded.journeys, 30, nulls=True)[-1]) == len(wide.windows)
    monkeypatch.setattr("attribution_models.paths.kgrams.HASH_BASE", 1)
    same_chain(count_chain(padded, 30), wide)
    assert exact.windows.shape == (len(naive.chain(pathdata.journeys, 5, nulls=True)[-1]), 5)


def same_chain(one: Any, other: Any) -> None:
    # A cap at the longest journey may narrow the hashed windows: compare without padding.
    width = min(one.windows.shape[1], other.windows.shape[1])
    for a, b in ((one, other), (other, one)):
        assert (a.windows[:, : a.windows.shape[1] - width] == -1).all()
        assert b.windows.shape[0] == a.windows.shape[0]
    np.testing.assert_array_equal(
        one.windows[:, one.windows.shape[1] - width :], other.windows[:, other.windows.shape[1] - width :]
    )
    for field in ("start", "conversions", "nulls", "value", "source", "target", "weight"):
        np.testing.assert_allclose(getattr(one, field), getattr(other, field), rtol=1e-12)
