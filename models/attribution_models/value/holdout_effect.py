"""What suppression did, from a holdout: intention to treat, with the pre-period taken out; and what leaked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, norm

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

RATIO_ALARM = 0.001


@dataclass(frozen=True, slots=True)
class HoldoutEffect:
    """Difference between suppressed and held-out people.

    Attributes
    ----------
    suppressed, held_out : int
    effect : float
        Mean outcome of the suppressed minus that of the held out, per listed person; below 0: suppression loses.
    error, lower, upper, level, p : float
        Standard error, interval, two-sided p-value.
    plain, plain_error : float
        The same without the pre-period, to see what the adjustment did.
    explained : float
        Share of the outcome's variance that the pre-period takes away.
    """

    suppressed: int
    held_out: int
    effect: float
    error: float
    lower: float
    upper: float
    level: float
    p: float
    plain: float
    plain_error: float
    explained: float


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Whether the split is the one that was planned.

    Attributes
    ----------
    expected, observed : float
        Share held out.
    chi_square, p : float
    broken : bool
        p < 0.001: people went missing in one arm; no effect may be read from this experiment.
    """

    expected: float
    observed: float
    chi_square: float
    p: float
    broken: bool


@dataclass(frozen=True, slots=True)
class Leakage:
    """Impressions that still reached suppressed people, beside what they would have had.

    Attributes
    ----------
    share : float
        Impressions per suppressed person over those per held-out person; 1 − match rate is what a list that works
        leaves over.
    lower, upper, level : float
    expected : float
        1 − match rate (nan where it is not given).
    beyond : bool
        The lower bound lies above what the match rate explains: list expired, exclusion not attached, or audience
        expansion on.
    """

    share: float
    lower: float
    upper: float
    level: float
    expected: float
    beyond: bool


def holdout_effect(
    outcome: ArrayLike, held_out: ArrayLike, before: ArrayLike | None = None, level: float = 0.95
) -> HoldoutEffect:
    """Intention-to-treat difference with CUPED.

        Y_cuped = Y − (X − X̄)' θ,  θ the pooled within-arm regression of Y on X,
        effect = mean(Y_cuped, suppressed) − mean(Y_cuped, held out),  se² = s₁²/n₁ + s₀²/n₀.

    All listed people count as they were assigned, matched by the platform or not. What X explains is noise that was
    there before; as it precedes the assignment, taking it out moves no expectation.

    Parameters
    ----------
    outcome : array (n,)
        Of each listed person over the analysis window, 0 where nothing happened.
    held_out : array (n,) of bool
    before : array (n,) or (n, k), optional
        Pre-period values, as sales before the assignment.
    level : float

    Raises
    ------
    ValueError
        Shapes that do not fit, values that are not numbers, or fewer than 2 people in an arm.

    References
    ----------
    .. [1] Deng, Xu, Kohavi, Walker (2013), Improving the sensitivity of online controlled experiments. WSDM.
    """
    y, out = np.asarray(outcome, dtype=np.float64), np.asarray(held_out, dtype=bool)
    x = np.zeros((y.size, 0)) if before is None else np.asarray(before, dtype=np.float64).reshape(y.size, -1)
    if y.shape != out.shape or not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise ValueError(f"Outcomes {y.shape} and arms {out.shape}: one number for each listed person is needed.")
    if min(int(out.sum()), int((~out).sum())) < 2:
        raise ValueError(f"{int(out.sum()):,} of {y.size:,} people are held out: each arm needs at least 2.")
    plain, plain_error = _difference(y, out)
    adjusted = y - (x - x.mean(axis=0)) @ _slope(y, x, out)
    effect, error = _difference(adjusted, out)
    z = float(norm.ppf((1 + level) / 2))
    p = float(2 * norm.sf(abs(effect) / error)) if error > 0 else 1.0
    return HoldoutEffect(
        int((~out).sum()), int(out.sum()), effect, error, effect - z * error, effect + z * error, level, p,
        plain, plain_error, 1 - _within(adjusted, out) / _within(y, out) if _within(y, out) > 0 else 0.0,
    )  # fmt: skip


def sample_ratio(suppressed: int, held_out: int, share: float) -> SampleRatio:
    """Check the split against the planned share held out.

        χ² = Σ (observed − expected)² / expected over both arms, one degree of freedom.

    Raises
    ------
    ValueError
        Nobody in either arm, or a share outside (0, 1).
    """
    n = suppressed + held_out
    if n < 1 or not 0 < share < 1:
        raise ValueError(f"{n:,} people at a planned share of {share} held out: give people and a share in (0, 1).")
    chi = (held_out - n * share) ** 2 / (n * share * (1 - share))
    p = float(chi2.sf(chi, 1))
    return SampleRatio(share, held_out / n, chi, p, p < RATIO_ALARM)


def leakage(
    impressions: ArrayLike, held_out: ArrayLike, match_rate: float | None = None, level: float = 0.95
) -> Leakage:
    """Impressions after the upload per suppressed person over those per held-out person.

    The interval is on the log scale: se² = s₁²/(n₁ m₁²) + s₀²/(n₀ m₀²). The held-out people say how many there would
    have been without the list, whatever else changed.

    Parameters
    ----------
    impressions : array (n,)
        Of each listed person after the upload, 0 included.
    held_out : array (n,) of bool
    match_rate : float, optional
        Weighted by impressions.
    level : float

    Raises
    ------
    ValueError
        Fewer than 2 people in an arm, or held-out people without any impression.
    """
    shown, out = np.asarray(impressions, dtype=np.float64), np.asarray(held_out, dtype=bool)
    if shown.shape != out.shape or min(int(out.sum()), int((~out).sum())) < 2 or not shown[out].sum() > 0:
        raise ValueError(
            "Leakage needs impressions of at least 2 suppressed and 2 held-out people, and at least one impression "
            f"of a held-out one. Found {int((~out).sum()):,} and {int(out.sum()):,} people."
        )
    expected = np.nan if match_rate is None else 1 - match_rate
    means = [float(shown[arm].mean()) for arm in (~out, out)]
    if means[0] == 0:
        upper = 3.0 / float((~out).sum()) / means[1]  # rule of three: none seen
        return Leakage(0.0, 0.0, min(1.0, upper), level, expected, False)
    parts = zip((~out, out), means, strict=True)
    error = float(np.sqrt(sum(shown[arm].var(ddof=1) / (arm.sum() * mean**2) for arm, mean in parts)))
    share, z = means[0] / means[1], float(norm.ppf((1 + level) / 2))
    low, high = share * np.exp(-z * error), share * np.exp(z * error)
    return Leakage(share, float(low), float(high), level, expected, bool(low > expected))


def _difference(y: Floats, out: Bools) -> tuple[float, float]:
    arms = (y[~out], y[out])
    error = np.sqrt(sum(arm.var(ddof=1) / arm.size for arm in arms))
    return float(arms[0].mean() - arms[1].mean()), float(error)


def _slope(y: Floats, x: Floats, out: Bools) -> Floats:
    """θ of the outcome on the pre-period, both centred within the arms, so that the effect is not in it."""
    y, x = y.copy(), x.copy()
    for arm in (out, ~out):
        y[arm] -= y[arm].mean()
        x[arm] -= x[arm].mean(axis=0)
    return np.asarray(np.linalg.lstsq(x, y, rcond=None)[0], dtype=np.float64) if x.shape[1] else np.zeros(0)


def _within(y: Floats, out: Bools) -> float:
    return float(sum(((y[arm] - y[arm].mean()) ** 2).sum() for arm in (out, ~out)))
