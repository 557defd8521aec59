"""T- and X-learner: the effect of a treatment on each person, predicted for people a model has not seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Learner = Literal["t", "x"]
Factory = Callable[[], Any]


def default_factory(outcome: Floats) -> tuple[Factory, Factory]:
    """Models of the outcome and of the effect: logistic for 0/1 outcomes, else ridge; ridge for effects.

    Features are standardised. Few parameters on purpose: effects are small beside the noise of outcomes.

    Raises
    ------
    ModuleNotFoundError
        scikit-learn is not installed.
    """
    linear, pipeline, preprocessing = _sklearn()

    def ridge() -> Any:
        return pipeline.make_pipeline(preprocessing.StandardScaler(), linear.Ridge(alpha=1.0))

    def logistic() -> Any:
        solver = linear.LogisticRegression(C=1.0, solver="newton-cholesky", max_iter=200)
        return pipeline.make_pipeline(preprocessing.StandardScaler(), solver)

    return (logistic if np.isin(outcome, (0.0, 1.0)).all() else ridge), ridge


def _sklearn() -> tuple[Any, Any, Any]:
    try:
        from sklearn import linear_model, pipeline, preprocessing  # noqa: PLC0415 an optional extra
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "Uplift needs scikit-learn, which is not installed. Install the extra: "
            "pip install 'multichannel-attribution[uplift]'"
        ) from None
    return linear_model, pipeline, preprocessing


def predicted_effect(
    learner: Learner,
    factories: tuple[Factory, Factory],
    features: Floats,
    outcome: Floats,
    treated: NDArray[np.bool_],
    targets: tuple[Floats, ...],
) -> tuple[Floats, ...]:
    """Fit on some people and predict the effect for others.

    T-learner: τ(x) = μ₁(x) − μ₀(x), one model of the outcome per arm.
    X-learner: effects are imputed as D₁ = Y − μ₀(x) for the treated and D₀ = μ₁(x) − Y for the others, modelled, and
    mixed as τ(x) = e τ₀(x) + (1 − e) τ₁(x), e the share treated.

    Parameters
    ----------
    learner : {"t", "x"}
    factories : pair of callables
        New unfitted models of the outcome and of the effect, with `fit` and `predict` or `predict_proba`.
    features : array (n, p)
    outcome : array (n,)
    treated : array (n,) of bool
    targets : tuple of arrays (m, p)
        People to predict.

    References
    ----------
    .. [1] Künzel, Sekhon, Bickel, Yu (2019), Metalearners for estimating heterogeneous treatment effects. PNAS 116(10).
    """
    outcome_model, effect_model = factories
    with_it = _fitted(outcome_model, features[treated], outcome[treated])
    without = _fitted(outcome_model, features[~treated], outcome[~treated])
    if learner == "t":
        return tuple(with_it(people) - without(people) for people in targets)
    gain_treated = _fitted(effect_model, features[treated], outcome[treated] - without(features[treated]))
    gain_others = _fitted(effect_model, features[~treated], with_it(features[~treated]) - outcome[~treated])
    share = float(treated.mean())
    return tuple(share * gain_others(people) + (1 - share) * gain_treated(people) for people in targets)


def _fitted(factory: Factory, features: Floats, outcome: Floats) -> Callable[[Floats], Floats]:
    """A fitted model as a function; a constant where the outcome does not vary, as a classifier refuses one class."""
    if outcome.size == 0 or np.ptp(outcome) == 0:
        level = float(outcome[0]) if outcome.size else 0.0
        return lambda people: np.full(len(people), level)
    model = factory()
    model.fit(features, outcome)
    if hasattr(model, "predict_proba"):
        return lambda people: np.asarray(model.predict_proba(people)[:, 1], dtype=np.float64)
    return lambda people: np.asarray(model.predict(people), dtype=np.float64)
