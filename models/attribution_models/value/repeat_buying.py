"""BG/NBD and MBG/NBD: who still buys, and how often, from frequency, recency and age alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, psi

from attribution_models.value.likelihood import maximise

Floats = NDArray[np.float64]
Kind = Literal["bgnbd", "mbgnbd"]

NAMES: Final = ("r", "alpha", "a", "b")
SKETCH: Final = 10_000  # distinct customers from which on starts are tried on a part of them
# r, α in mean ages, a, b: few and often, many and rarely, hardly any dropout, quick dropout.
STARTS: Final = ((0.5, 0.2, 1.0, 2.0), (2.0, 1.0, 0.5, 5.0), (1.0, 0.5, 0.2, 3.0), (0.3, 0.1, 2.0, 2.0))


@dataclass(frozen=True, slots=True)
class RepeatBuying:
    """A model of repeat buying, to be fitted by maximum likelihood.

    While alive a customer buys at rate λ ~ Gamma(r, α); after a purchase she is gone for ever with chance
    p ~ Beta(a, b). Plain words: people differ in how often they buy and in how easily they leave.

    Attributes
    ----------
    kind : {"mbgnbd", "bgnbd"}
        In the MBG/NBD (Batislam et al.) one may leave after the first purchase too. In the BG/NBD (Fader et al.)
        only after a repeat purchase, so that a one-time buyer stays alive with certainty for ever: kept for the
        published check, not for deciding whom to suppress.
    """

    kind: Kind = "mbgnbd"

    def fit(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> RepeatBuyingFit:
        """Estimate r, α, a and b.

        The likelihood of a customer with x repeat purchases, the last at t_x, known up to T is (m = 1 for the MBG/NBD,
        0 for the BG/NBD, whose second term stands for x > 0 only)

            Γ(r+x) α^r / Γ(r) · [ B(a, b+x+m)/B(a, b) (α+T)^−(r+x)  +  B(a+1, b+x+m−1)/B(a, b) (α+t_x)^−(r+x) ].

        Parameters
        ----------
        frequency, recency, age : array (n,)
            x, t_x and T as in `PurchaseHistory`.

        Raises
        ------
        ValueError
            Fewer than 2 customers, no repeat purchase, or x, t_x, T that cannot be (t_x > T, x = 0 with t_x > 0 …).
        ArithmeticError
            The likelihood is finite at no start.

        References
        ----------
        .. [1] Fader, Hardie, Lee (2005), Marketing Science 24(2), eq. (6).
        .. [2] Batislam, Denizel, Filiztekin (2007), Int. J. of Research in Marketing 24(3).
        """
        x, t, age_ = _checked(frequency, recency, age)
        rows, count = np.unique(np.column_stack([x, t, age_]), axis=0, return_counts=True)
        scale = float(age_.mean())
        left, seen, whole = rows[:, 0], rows[:, 1] / scale, rows[:, 2] / scale
        shift = 1.0 if self.kind == "mbgnbd" else 0.0

        def objective(at: Floats) -> tuple[float, Floats]:
            value, slope = _log_likelihood(np.exp(at), left, seen, whole, shift)
            return float(count @ value), slope @ count * np.exp(at)

        # Distinct rows are sorted, so every k-th is a fair part of them.
        part = slice(None, None, max(1, len(rows) // SKETCH))

        def sketch(at: Floats) -> tuple[float, Floats]:
            value, slope = _log_likelihood(np.exp(at), left[part], seen[part], whole[part], shift)
            grown = count.sum() / count[part].sum() * count[part]
            return float(grown @ value), slope @ grown * np.exp(at)

        found = maximise(objective, STARTS, x.size, sketch if part.step > 1 else None)
        unit = np.array([1.0, scale, 1.0, 1.0])  # α has the unit of time
        # A density of x purchase times has the unit time^−x: the log-likelihood of unscaled times.
        log_likelihood = found.log_likelihood - float(x.sum() * np.log(scale))
        r, alpha, a, b = (float(v) for v in found.parameters * unit)
        return RepeatBuyingFit(
            self.kind, r, alpha, a, b, found.errors * unit, found.covariance, log_likelihood, x.size,
            tuple(NAMES[j] for j in found.edges),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class RepeatBuyingFit:
    """Estimates of a repeat-buying model.

    Attributes
    ----------
    kind : {"mbgnbd", "bgnbd"}
    r, alpha, a, b : float
        Shape and scale (in periods) of the buying rate, and of the chance to leave. Mean rate r/α purchases a period.
    errors : array (4,)
        Standard errors in that order; nan where the data do not tell.
    log_covariance : array (4, 4)
        Of (log r, log α, log a, log b).
    log_likelihood : float
        Of times in the periods that were given.
    customers : int
    edges : tuple of str
        Parameters that ran off to 0 or infinity: a → 0 says that nobody is seen to leave, a, b → ∞ that all leave
        alike. Predictions stand; standard errors of these do not.
    """

    kind: Kind
    r: float
    alpha: float
    a: float
    b: float
    errors: Floats
    log_covariance: Floats
    log_likelihood: float
    customers: int
    edges: tuple[str, ...]

    def log_odds_gone(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Log of P(gone) / P(alive); −inf where the model leaves no other way than to be alive."""
        x, t, age_ = (np.asarray(v, dtype=np.float64) for v in (frequency, recency, age))
        n = x + (self.kind == "mbgnbd")  # times at which one could have left
        with np.errstate(divide="ignore"):
            chance = np.where(n > 0, np.log(self.a) - np.log(np.maximum(self.b + n - 1, 1e-300)), -np.inf)
        odds = chance + (self.r + x) * (np.log(self.alpha + age_) - np.log(self.alpha + t))
        return np.asarray(odds, dtype=np.float64)

    def alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """P(alive) at T.

            1 / (1 + a/(b+x+m−1) ((α+T)/(α+t_x))^(r+x)),  m as in `RepeatBuying.fit`.

        With the MBG/NBD it falls with every period without a purchase, for a one-time buyer too.
        """
        return np.exp(-np.logaddexp(0.0, self.log_odds_gone(frequency, recency, age)))

    def alive_until(self, threshold: float, frequency: ArrayLike, recency: ArrayLike) -> Floats:
        """Age at which P(alive) falls to a threshold if no purchase comes.

            T* = (α+t_x) [ (1/c − 1) (b+x+m−1)/a ]^(1/(r+x)) − α,  at least t_x.

        Parameters
        ----------
        threshold : float
            c, between 0 and 1.
        frequency, recency : array (n,)

        Returns
        -------
        array (n,)
            In periods since the first purchase; inf where P(alive) never falls so far.

        Raises
        ------
        ValueError
            A threshold outside (0, 1).
        """
        if not 0 < threshold < 1:
            raise ValueError(f"The threshold of P(alive) is {threshold}. Give a number between 0 and 1.")
        x, t = (np.asarray(v, dtype=np.float64) for v in (frequency, recency))
        at_last = self.log_odds_gone(x, t, t)
        with np.errstate(over="ignore"):
            growth = np.exp((np.log(1 / threshold - 1) - at_last) / (self.r + x))
        return np.asarray(np.maximum((self.alpha + t) * growth - self.alpha, t), dtype=np.float64)


def _log_likelihood(theta: Floats, x: Floats, t: Floats, age: Floats, shift: float) -> tuple[Floats, Floats]:
    """Log-likelihood of each row, and its gradient by (r, α, a, b), shape (4, n)."""
    r, alpha, a, b = theta
    n = x + shift  # times at which one could have left
    since, seen = np.log(alpha + age), np.log(alpha + t)
    base = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    base += gammaln(b + n) - gammaln(a + b + n) + gammaln(a + b) - gammaln(b)
    can_leave = n > 0
    still = -(r + x) * since
    left = np.where(can_leave, np.log(a) - np.log(np.where(can_leave, b + n - 1, 1.0)) - (r + x) * seen, -np.inf)
    together = np.logaddexp(still, left)
    alive = np.exp(still - together)
    gone = 1 - alive
    slope = np.empty((4, x.size))
    slope[0] = psi(r + x) - psi(r) + np.log(alpha) - alive * since - gone * seen
    slope[1] = r / alpha - (r + x) * (alive / (alpha + age) + gone / (alpha + t))
    slope[2] = psi(a + b) - psi(a + b + n) + gone / a
    slope[3] = psi(b + n) - psi(b) + psi(a + b) - psi(a + b + n) - gone / np.where(can_leave, b + n - 1, 1.0)
    return base + together, slope


def _checked(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> tuple[Floats, Floats, Floats]:
    x, t, whole = (np.asarray(v, dtype=np.float64) for v in (frequency, recency, age))
    if not x.shape == t.shape == whole.shape or x.ndim != 1:
        raise ValueError(f"Frequency, recency and age have the shapes {x.shape}, {t.shape}, {whole.shape}: one length.")
    wrong = ~((x >= 0) & (x == np.floor(x)) & (t >= 0) & (t <= whole) & ((x > 0) == (t > 0)))
    if wrong.any():
        raise ValueError(
            f"{int(wrong.sum()):,} of {x.size:,} customers cannot be: frequency counts purchases after the first, "
            "recency is the time of the last (0 without repeats, above 0 with) and at most the age."
        )
    if x.size < 2 or not x.any() or not whole.mean() > 0:
        raise ValueError(
            f"{x.size:,} customers with {int(x.sum()):,} repeat purchases: a model of repeat buying needs at least one "
            "repeat purchase and two customers. Use a fixed recency window instead."
        )
    return x, t, whole
