"""Uplift from a randomised treatment: cross-fitted scores, and effects of groups that were really measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from attribution_models.value.uplift_curves import UpliftCurve, uplift_curve
from attribution_models.value.uplift_learners import Factory, Learner, default_factory, predicted_effect

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEAST_REPEATS: Final = 20
SIGN_GROUPS: Final = ("predicted loss", "predicted gain")


@dataclass(frozen=True, slots=True, eq=False)
class GroupEffect:
    """Effect of one treatment on one outcome in one group of people, by the experiment itself.

    Attributes
    ----------
    arm, outcome, group : str
    people : float
        People of the group (treated and control), on average over the repeats.
    estimates, errors : array (repeats,)
        Mean outcome of the treated minus that of the control in the group of each repeat, and its standard error.
    effect : float
        Median of the estimates, per person; nan where the group is too small in most repeats.
    lower, upper : float
        Medians of the repeats' bounds, each at twice the confidence.
    level : float
        Confidence of lower to upper.
    """

    arm: str
    outcome: str
    group: str
    people: float
    estimates: Floats
    errors: Floats
    effect: float
    lower: float
    upper: float
    level: float

    def p_below(self, bound: float) -> float:
        """p-value against "the effect is at least this bound": twice the median over repeats, 1 at most."""
        p = np.ones(self.estimates.size)
        known = np.isfinite(self.errors)
        p[known] = norm.cdf((self.estimates[known] - bound) / self.errors[known])
        return float(min(1.0, 2 * np.median(p)))


@dataclass(frozen=True, slots=True, eq=False)
class UpliftFit:
    """Scores and group effects of an experiment.

    Attributes
    ----------
    effects : tuple of GroupEffect
        Arms × outcomes × groups: what verdicts are about.
    overall : tuple of GroupEffect
        Arms × outcomes, everybody.
    scores : mapping of (arm, outcome) to array (n,)
        Predicted uplift of each person by models that did not see her, mean over the repeats.
    groups : mapping of (arm, outcome) to array (n,) of int
        Place in `group_names` by that mean score: who is meant when a verdict falls on a group.
    curves : mapping of (arm, outcome) to UpliftCurve
        Mean over the repeats.
    group_names : tuple of str
    repeats, folds : int
    learner : {"t", "x"}
    """

    effects: tuple[GroupEffect, ...]
    overall: tuple[GroupEffect, ...]
    scores: Mapping[tuple[str, str], Floats]
    groups: Mapping[tuple[str, str], NDArray[np.int64]]
    curves: Mapping[tuple[str, str], UpliftCurve]
    group_names: tuple[str, ...]
    repeats: int
    folds: int
    learner: Learner


@dataclass(frozen=True, slots=True)
class Uplift:
    """How uplift is learned and judged.

    One split of the people tells a different story than the next, so that one of them will always look like harm. Here
    the split is repeated; in each repeat every person is scored by models fitted on the others, people are grouped
    by that score, and a group's effect is the plain difference between its treated and its control. Estimates and
    bounds are medians over the repeats; bounds of each repeat have confidence (1 + level)/2, which makes the medians'
    confidence at least `level` whatever the dependence between repeats (Chernozhukov et al.).

    Attributes
    ----------
    learner : {"t", "x"}
    repeats : int
        At least 20.
    folds : int
        At least 2.
    quantiles : int
        0 groups by the sign of the predicted uplift; q >= 2 into q groups of equal size, the lowest first.
    level : float
    seed : int
    factories : pair of callables, optional
        New models of the outcome and of the effect (scikit-learn's interface); None: see `default_factory`.

    References
    ----------
    .. [1] Chernozhukov, Demirer, Duflo, Fernández-Val (2025), Fisher-Schultz lecture. Econometrica 93(4).
    """

    learner: Learner = "t"
    repeats: int = LEAST_REPEATS
    folds: int = 5
    quantiles: int = 0
    level: float = 0.95
    seed: int = 0
    factories: tuple[Factory, Factory] | None = None

    def __post_init__(self) -> None:
        """Refuse settings that would make a verdict rest on luck."""
        if self.repeats < LEAST_REPEATS or self.folds < 2 or self.quantiles == 1 or not 0 < self.level < 1:
            raise ValueError(
                f"{self.repeats} repeats, {self.folds} folds, {self.quantiles} quantiles, level {self.level}: at least "
                f"{LEAST_REPEATS} repeats, 2 folds, 0 or 2 and more quantiles, and a level between 0 and 1 are needed."
            )

    @property
    def group_names(self) -> tuple[str, ...]:
        """Names of the groups, lowest predicted uplift first."""
        if not self.quantiles:
            return SIGN_GROUPS
        return tuple(f"uplift group {k} of {self.quantiles}" for k in range(1, self.quantiles + 1))

    def fit(
        self, features: ArrayLike, arm: ArrayLike, outcomes: Mapping[str, ArrayLike], arms: Sequence[str],
        told: Callable[[int], None] = lambda _: None,
    ) -> UpliftFit:  # fmt: skip
        """Score everybody and measure the effect in each group.

        Parameters
        ----------
        features : array (n, p)
            Known before the treatment, as numbers.
        arm : array (n,) of int
            Place in `arms` to which each person was assigned at random; 0 is the control.
        outcomes : mapping of name to array (n,)
            More is better; give churn as its negative.
        arms : sequence of str
            Control first.
        told : callable
            Called with the repeats that are done, of each arm and outcome.

        Raises
        ------
        ValueError
            Shapes that do not fit, features or outcomes that are not numbers, or an arm with fewer than two people
            per fold.
        ModuleNotFoundError
            scikit-learn is not installed (extra `uplift`).
        """
        x, code, results = self._checked(features, arm, outcomes, arms)
        effects, overall = [], []
        scores, groups, curves = {}, {}, {}
        for place, name in enumerate(arms[1:], 1):
            for outcome, y in results.items():
                inside = (code == 0) | (code == place)
                found = self._one(x, y, code == place, inside, told)
                score, of_group, estimates, errors, people, curve = found
                scores[name, outcome], groups[name, outcome], curves[name, outcome] = score, of_group, curve
                for g, group in enumerate(self.group_names):
                    effects.append(self._effect(name, outcome, group, people[:, g], estimates[:, g], errors[:, g]))
                whole = difference(y[inside], (code == place)[inside])
                overall.append(_plain(name, outcome, int(inside.sum()), *whole, self.level))
        return UpliftFit(
            tuple(effects), tuple(overall), scores, groups, curves, self.group_names, self.repeats, self.folds,
            self.learner,
        )  # fmt: skip

    def _one(
        self, x: Floats, y: Floats, treated: Bools, inside: Bools, told: Callable[[int], None]
    ) -> tuple[Floats, NDArray[np.int64], Floats, Floats, Floats, UpliftCurve]:
        """One arm and outcome: mean scores, groups, and by repeat and group estimates, errors and people."""
        factories = self.factories or default_factory(y[inside])
        size = len(self.group_names)
        estimates, errors, people = (np.empty((self.repeats, size)) for _ in range(3))
        total, curves = np.zeros(len(x)), []
        at, t, outcome = x[inside], treated[inside], y[inside]
        for repeat in range(self.repeats):
            fold = _folds(t, self.folds, np.random.default_rng([self.seed, repeat]))
            score, outside = np.empty(len(at)), np.zeros(int((~inside).sum()))
            for k in range(self.folds):
                kept = fold != k
                targets = (at[~kept], x[~inside]) if outside.size else (at[~kept],)
                found = predicted_effect(self.learner, factories, at[kept], outcome[kept], t[kept], targets)
                score[~kept] = found[0]
                outside += found[-1] / self.folds if outside.size else 0.0
            total[inside] += score / self.repeats
            total[~inside] += outside / self.repeats
            of_group = self._grouped(score)
            for g in range(size):
                one = of_group == g
                estimates[repeat, g], errors[repeat, g] = difference(outcome[one], t[one])
                people[repeat, g] = one.sum()
            curves.append(uplift_curve(score, outcome, t))
            told(repeat + 1)
        qini, auuc, best = (float(v) for v in np.mean([(c.qini, c.auuc, c.qini_coefficient) for c in curves], axis=0))
        mean = UpliftCurve(qini, auuc, best)
        return (
            total,
            self._grouped(total),
            estimates,
            errors,
            people,
            mean,
        )

    def _grouped(self, score: Floats) -> NDArray[np.int64]:
        if not self.quantiles:
            return (score >= 0).astype(np.int64)
        ranks = np.searchsorted(np.sort(score), score, side="right")  # equal scores stay together
        return np.ceil(ranks * self.quantiles / score.size).astype(np.int64) - 1

    def _effect(self, arm: str, outcome: str, group: str, people: Floats, est: Floats, err: Floats) -> GroupEffect:
        z = float(norm.ppf(1 - (1 - self.level) / 4))
        low, high = np.median(est - z * err), np.median(est + z * err)
        middle = float(np.median(est)) if np.isfinite(np.median(err)) else np.nan
        return GroupEffect(
            arm, outcome, group, float(people.mean()), est, err, middle, float(low), float(high), self.level
        )  # fmt: skip

    def _checked(
        self, features: ArrayLike, arm: ArrayLike, outcomes: Mapping[str, ArrayLike], arms: Sequence[str]
    ) -> tuple[Floats, NDArray[np.int64], dict[str, Floats]]:
        x, code = np.asarray(features, dtype=np.float64), np.asarray(arm, dtype=np.int64)
        results = {name: np.asarray(y, dtype=np.float64) for name, y in outcomes.items()}
        if x.ndim != 2 or code.shape != (len(x),) or any(y.shape != code.shape for y in results.values()):
            raise ValueError(f"Features {x.shape}, arms {code.shape}, outcomes: one row per person in each is needed.")
        if not np.isfinite(x).all() or not all(np.isfinite(y).all() for y in results.values()):
            raise ValueError("Features or outcomes hold values that are not numbers. Fill them in, with a flag column.")
        sizes = np.bincount(code, minlength=len(arms)) if code.size and code.min() >= 0 else np.zeros(len(arms))
        if len(arms) < 2 or sizes.size != len(arms) or not results or sizes.min() < 2 * self.folds:
            raise ValueError(
                f"People per arm: {dict(zip(arms, sizes.astype(int).tolist(), strict=False))}; outcomes: "
                f"{', '.join(results) or 'none'}. A control, a treatment, an outcome and at least {2 * self.folds} "
                "people in each arm are needed."
            )
        return x, code, results


def difference(outcome: Floats, treated: Bools) -> tuple[float, float]:
    """Mean outcome of the treated minus that of the control, and its standard error.

    se² = s₁²/n₁ + s₀²/n₀ (Neyman). For outcomes 0 and 1 the variances are those with one more of either kind
    (Agresti, Caffo 2000), as an arm without a single conversion does not prove a rate of zero. With fewer than two
    people in an arm nothing is known: error inf.
    """
    with_it, without = outcome[treated], outcome[~treated]
    if min(with_it.size, without.size) < 2:
        return 0.0, np.inf
    binary = bool(np.isin(outcome, (0.0, 1.0)).all())
    variance = 0.0
    for part in (with_it, without):
        rate = (float(part.sum()) + 1) / (part.size + 2)
        variance += rate * (1 - rate) / (part.size + 2) if binary else float(part.var(ddof=1)) / part.size
    return float(with_it.mean() - without.mean()), float(np.sqrt(variance)) or np.inf


def _folds(treated: Bools, folds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Fold of each person, at random within each arm, so that every fold has both."""
    found = np.empty(treated.size, dtype=np.int64)
    for arm in (treated, ~treated):
        places = np.flatnonzero(arm)
        found[rng.permutation(places)] = np.arange(places.size) % folds
    return found


def _plain(arm: str, outcome: str, people: int, effect: float, error: float, level: float) -> GroupEffect:
    z = float(norm.ppf((1 + level) / 2))
    return GroupEffect(
        arm, outcome, "everybody", people, np.array([effect]), np.array([error]), effect, effect - z * error,
        effect + z * error, level,
    )  # fmt: skip
