"""Gamma-Gamma: what a purchase of a customer is worth, from the few that were seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, psi
from scipy.stats import spearmanr

from attribution_models.value.likelihood import maximise

Floats = NDArray[np.float64]

NAMES: Final = ("p", "q", "v")
SKETCH: Final = 10_000  # customers from which on starts are tried on a part of them
STARTS: Final = ((2.0, 2.0, 1.0), (6.0, 4.0, 0.5), (1.0, 1.5, 1.0), (20.0, 10.0, 0.5))


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """Model of the mean value per purchase, to be fitted by maximum likelihood.

    A purchase is worth Gamma(p, ν), and ν ~ Gamma(q, v) differs between customers. It assumes that how much is spent
    and how often are unrelated; the fit reports their rank correlation.
    """

    def fit(self, frequency: ArrayLike, mean_value: ArrayLike) -> GammaGammaFit:
        """Estimate p, q and v from customers with repeat purchases.

        The likelihood of the mean z̄ of x purchases is

            Γ(px+q)/(Γ(px) Γ(q)) · v^q z̄^(px−1) x^(px) / (v + x z̄)^(px+q).

        Parameters
        ----------
        frequency, mean_value : array (n,)
            x and z̄; rows with x = 0 are left out, as they hold no repeat purchase.

        Raises
        ------
        ValueError
            Fewer than 3 customers with repeat purchases, or a mean value that is not above 0 among them.
        ArithmeticError
            The likelihood is finite at no start.

        References
        ----------
        .. [1] Fader, Hardie (2013), The Gamma-Gamma model of monetary value, eq. (1a).
        """
        x, z = (np.asarray(v, dtype=np.float64) for v in (frequency, mean_value))
        x, z = x[x > 0], z[x > 0]
        if x.size < 3 or not (z > 0).all():
            raise ValueError(
                f"{x.size:,} customers with repeat purchases, {int((~(z > 0)).sum()):,} of them with a mean value of "
                "0 or less. The Gamma-Gamma model needs at least 3, and values above 0: leave refunds out."
            )
        scale = float(np.median(z))
        unit = np.array([1.0, 1.0, scale])  # v has the unit of money
        total = x * z / scale

        def objective(at: Floats) -> tuple[float, Floats]:
            return _log_likelihood(at, x, total)

        part = slice(None, None, max(1, x.size // SKETCH))
        grown = x.size / x[part].size

        def sketch(at: Floats) -> tuple[float, Floats]:
            value, slope = _log_likelihood(at, x[part], total[part])
            return grown * value, grown * slope

        found = maximise(objective, STARTS, x.size, sketch if part.step > 1 else None)
        p, q, v = (float(value) for value in found.parameters * unit)
        varied = np.ptp(x) > 0 and np.ptp(z) > 0
        return GammaGammaFit(
            p, q, v, found.errors * unit, found.log_likelihood - x.size * float(np.log(scale)), int(x.size),
            float(spearmanr(x, z).statistic) if varied else 0.0, tuple(NAMES[j] for j in found.edges),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class GammaGammaFit:
    """Estimates of the Gamma-Gamma model.

    Attributes
    ----------
    p, q, v : float
        v in money.
    errors : array (3,)
        Standard errors in that order; nan where the data do not tell.
    log_likelihood : float
    customers : int
        With repeat purchases.
    correlation : float
        Spearman's, between frequency and mean value. Beyond ±0.3 the model's assumption is doubtful.
    edges : tuple of str
        Parameters that ran off to 0 or infinity.
    """

    p: float
    q: float
    v: float
    errors: Floats
    log_likelihood: float
    customers: int
    correlation: float
    edges: tuple[str, ...]

    def expected_value(self, frequency: ArrayLike, mean_value: ArrayLike) -> Floats:
        """Expected value per purchase, between the customer's own mean and everybody's.

            E[M | x, z̄] = p (v + x z̄) / (p x + q − 1).

        For a one-time buyer it is everybody's mean, p v / (q − 1), which is infinite for q ≤ 1.
        """
        x, z = (np.asarray(v, dtype=np.float64) for v in (frequency, mean_value))
        below = self.p * x + self.q - 1
        return np.where(below > 0, self.p * (self.v + x * z) / np.where(below > 0, below, 1.0), np.inf)


def _log_likelihood(at: Floats, x: Floats, total: Floats) -> tuple[float, Floats]:
    """Log-likelihood of (log p, log q, log v) and its gradient, `total` = x z̄ in units of the scale."""
    p, q, v = np.exp(at)
    px, both = p * x, np.log(v + total)
    value = (
        gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(v)
        + px * np.log(total) - np.log(total / x) - (px + q) * both
    )  # fmt: skip
    digamma = psi(px + q)
    slope = np.array(
        [
            float(x @ (digamma - psi(px) + np.log(total) - both)),
            float(np.sum(digamma - psi(q) + np.log(v) - both)),
            float(np.sum(q / v - (px + q) / (v + total))),
        ]
    )
    return float(value.sum()), slope * np.exp(at)
