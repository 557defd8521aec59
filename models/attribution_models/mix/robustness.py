"""How strong an unseen confounder would have to be to halve a channel's return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.columns import DENSE, Term
from attribution_models.mix.density import design, tables_of
from attribution_models.mix.means import value
from attribution_models.mix.media_multiplier import media_multiplier
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.predict_kernel import add_media

Floats = NDArray[np.float64]
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Robustness:
    """One channel.

    The model is made linear at the posterior mean of its carry-over and curve: y* = Σ β_c h_c + Z γ + ε. For channel c,
    with h̃ what the other columns do not explain of h_c, t = β / (σ / |h̃|) and f = t / √dof, a confounder that explains
    the share R² both of what is left of the outcome and of what is left of h_c moves β by the share q of itself when

        R² = ½ (√(f_q⁴ + 4 f_q²) − f_q²),  f_q = q |f|

    the robustness value of C. Cinelli and C. Hazlett (2020): Making sense of sensitivity, JRSS B 82(1), equation 19.
    Here q = ½. Priors of the other coefficients count as further rows of the regression.

    Attributes
    ----------
    channel : str
    value : float
        R²: the larger, the safer; 0.02 is little, 0.3 is much.
    partial : float
        Partial R² of the channel with the outcome, f² / (1 + f²): what a confounder that explained all that is left of
        the outcome would have to explain of the channel, to take its whole effect away.
    strongest : str
        The declared column that is the nearest to such a confounder; empty where there is none.
    strongest_share : float
        The smaller one of its partial R² with the channel and with the outcome.
    """

    channel: str
    value: float
    partial: float
    strongest: str
    strongest_share: float


def robustness(posterior: Posterior, share: float = HALF) -> tuple[Robustness, ...]:
    """Work out every channel's robustness value, for an effect that shrinks by `share`."""
    line = _Line.of(posterior)
    return tuple(_channel(line, c, share) for c in range(line.channels))


def robustness_value(f: float, share: float = HALF) -> float:
    """R² of a confounder that takes `share` of an effect away, from its partial Cohen's f."""
    f2 = (share * f) ** 2
    return float(0.5 * (np.sqrt(f2 * f2 + 4 * f2) - f2))


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """The linearised model, every row divided by its sigma.

    `columns` (n, k): media first, then linear terms; `prior` (k,): precision that its prior adds to each, 0 for media.
    """

    names: tuple[str, ...]
    channels: int
    columns: Floats
    prior: Floats
    outcome: Floats
    effect: Floats
    controls: tuple[int, ...]

    @classmethod
    def of(cls, posterior: Posterior) -> _Line:
        s = posterior.structure
        h, beta = _responses(posterior)
        terms = design(s, s.terms)
        wide = np.concatenate([h, terms])[:, s.fitted]
        sigma = np.stack([value(posterior, p).mean() * np.ones(1) for p in s.noise])
        by_row = np.broadcast_to(sigma, s.outcome.shape)[s.fitted]
        names = [f"{term.name}[{i}]" for term in s.terms for i in range(term.size)]
        places = [len(h) + i for i in _control_places(s.terms)]
        labels = _control_labels(s.terms)
        for place, label in zip(places, labels, strict=True):
            names[place - len(h)] = label
        return cls(
            names=(*(c.name for c in s.spec.channels), *names),
            channels=len(h),
            columns=(wide / by_row).T,
            prior=np.concatenate([np.zeros(len(h)), *(_precision(posterior, term) for term in s.terms)]),
            outcome=s.outcome[s.fitted] / by_row,
            effect=beta,
            controls=tuple(places),
        )


def _channel(line: _Line, c: int, share: float) -> Robustness:
    h, dof = _left(line, c)
    f = float(line.effect[c] * np.sqrt(h @ h) / np.sqrt(dof))
    strongest, size = _strongest(line, c)
    return Robustness(line.names[c], robustness_value(f, share), f * f / (1 + f * f), strongest, size)


def _left(line: _Line, column: int, without: int | None = None) -> tuple[Floats, float]:
    """What the other columns leave of one, and the residual degrees of freedom with all columns in."""
    others = [j for j in range(line.columns.shape[1]) if j not in (column, without)]
    x, target = line.columns[:, others], line.columns[:, column]
    gram = x.T @ x + np.diag(line.prior[others])
    # A pseudo-inverse: a channel may be constant, or two of them the same.
    inverse = np.linalg.pinv(gram, hermitian=True)
    used = float(np.trace(inverse @ (x.T @ x))) + 1
    return target - x @ (inverse @ (x.T @ target)), max(len(target) - used, 1.0)


def _strongest(line: _Line, c: int) -> tuple[str, float]:
    """The control whose weaker link, to the channel or to the outcome, is the strongest."""
    found = [("", 0.0)]
    for k in line.controls:
        links = (
            _correlation(_left(line, k, without=c)[0], _left(line, c, without=k)[0]),
            _correlation(_left(line, k)[0], line.outcome - _fitted(line, without=k)),
        )
        found.append((line.names[k], min(links) ** 2))
    return max(found, key=lambda item: item[1])


def _correlation(one: Floats, other: Floats) -> float:
    size = float(np.sqrt((one @ one) * (other @ other)))
    return abs(float(one @ other)) / size if size > 0 else 0.0


def _fitted(line: _Line, without: int) -> Floats:
    others = [j for j in range(line.columns.shape[1]) if j != without]
    x = line.columns[:, others]
    gram = x.T @ x + np.diag(line.prior[others])
    return np.asarray(x @ (np.linalg.pinv(gram, hermitian=True) @ (x.T @ line.outcome)))


def _responses(posterior: Posterior) -> tuple[Floats, Floats]:
    """Evaluate h v of every channel at mean parameters, geos in the proportion of their mean β, and β over geos."""
    s = posterior.structure
    channel = tables_of(s)[0].channel
    middle = posterior.parameters.mean(axis=0, keepdims=True)
    vary = media_multiplier(s, posterior.parameters, s.outcome.shape[1]).mean(axis=0, keepdims=True)
    by_geo = posterior.beta.mean(axis=0)
    mean = by_geo.mean(axis=1)
    h = np.zeros((len(mean), *s.outcome.shape))
    for c in range(len(mean)):
        for g in range(s.outcome.shape[0]):
            one = np.zeros((1, len(mean)))
            one[0, c] = by_geo[c, g] / mean[c] if mean[c] else 1.0
            media, reach = np.ascontiguousarray(s.media[:, g]), np.ascontiguousarray(s.reach[:, g])
            add_media(middle, one, channel, media, reach, vary, 0, 1, h[c, g : g + 1])
    return h, mean


def _precision(posterior: Posterior, term: Term) -> Floats:
    """1 / prior variance of each coefficient; for a sampled spread, 1 / their mean square."""
    if term.spread is None and term.prior.family == "normal":
        return np.full(term.size, 1 / term.prior.values[1] ** 2)
    if term.spread is None:
        return np.zeros(term.size)
    return np.asarray(1 / np.maximum((posterior.coefficients[term.name] ** 2).mean(axis=0), 1e-12))


def _control_places(terms: tuple[Term, ...]) -> list[int]:
    found: list[int] = []
    at = 0
    for term in terms:
        if _of_controls(term):
            found += range(at, at + term.size)
        at += term.size
    return found


def _control_labels(terms: tuple[Term, ...]) -> list[str]:
    return [label for term in terms if _of_controls(term) for label in term.controls]


def _of_controls(term: Term) -> bool:
    return bool(term.controls) and term.kind == DENSE  # how a geo differs is no column of its own
