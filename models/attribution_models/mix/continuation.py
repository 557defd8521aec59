"""A fitted model's rows after its window: the same columns, carried on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.baseline import (
    baseline,
    covered,
    hilbert_basis,
    hinges,
    holiday_events,
    knot_weights,
    trend_points,
)
from attribution_models.mix.columns import TIME, Term
from attribution_models.mix.data import MixData
from attribution_models.mix.groups import Parameter
from attribution_models.mix.means import Means, value
from attribution_models.mix.posterior import Posterior
from attribution_models.mix.priors import Prior
from attribution_models.mix.spec import Event, Trend
from attribution_models.mix.start import draw
from attribution_models.mix.structure import Structure, structure

Floats = NDArray[np.float64]


def continuation(posterior: Posterior, future: MixData, *, seed: int = 1) -> Means:
    """Rows of the window and of the future together, with a coefficient for every column.

    Level, seasons, events and controls go on; a slope goes on, knots stay at the last one, and a Gaussian process goes
    back to its mean over a quarter of the window's length. Effects of single periods and of events that the window did
    not have are drawn from their priors.
    """
    fit = posterior.structure
    joined = join(fit.data, future)
    whole = structure(fit.spec, joined, scales=fit.scales)
    terms = [replace(term, columns=columns) for term, columns in _continued(fit, joined)]
    coefficients = dict(posterior.coefficients)
    rng = np.random.default_rng([seed, 13])
    for term in terms:
        if term.name == "period_effect":
            # A spread that is a constant is the prior's own deviation.
            fixed = Parameter(constant=term.prior.values[1])
            spread = value(posterior, term.spread.scale if term.spread else fixed)
            later = spread[:, None] * rng.normal(size=(posterior.size, len(future.dates)))
            coefficients[term.name] = np.hstack([coefficients[term.name], later])
    for number, (event, share) in enumerate(_unseen(fit, joined), 1):
        name = f"event after the window {number}"
        terms.append(Term(name, "events", (name,), ((event.name,),), TIME, share[None], event.prior))
        coefficients[name] = draw(event.prior, rng, posterior.size)[:, None]
    return Means.of(posterior, replace(whole, terms=tuple(terms)), coefficients)


def join(data: MixData, future: MixData) -> MixData:
    """Put the periods of `future` behind those of `data`.

    Raises
    ------
    ValueError
        Other geos, other columns, dates that do not follow, or an empty cell of a control.
    """
    if future.geos != data.geos:
        raise ValueError(f"The future has geos {', '.join(future.geos)}; the fit has {', '.join(data.geos)}.")
    for name, known, given in (
        ("channels", data.exposure, future.exposure),
        ("controls", data.controls, future.controls),
    ):
        if len(known) != len(given):
            raise ValueError(f"The future has {len(given)} {name}; the fit has {len(known)}.")
    gap = int((future.dates[0] - data.dates[-1]).astype(int))
    if abs(gap - data.days) > (3 if data.days >= 28 else 0):  # months differ by up to three days
        raise ValueError(
            f"The future begins {gap} days after the window's last period; periods are {data.days} days long."
        )
    if not np.isfinite(future.controls).all():
        raise ValueError("A control has empty cells in the future; give what is planned or expected.")
    return replace(
        data,
        dates=np.concatenate([data.dates, future.dates]),
        outcome=_both(data.outcome, future.outcome),
        exposure=_both(data.exposure, future.exposure[..., future.before :]),
        spend=_both(data.spend, future.spend),
        controls=_both(data.controls, future.controls),
        revenue_per_outcome=_both(data.revenue_per_outcome, future.revenue_per_outcome),
        frequency=_both(data.frequency, future.frequency[..., future.before :])
        if data.frequency.size
        else data.frequency,
    )


def _both(window: Floats, after: Floats) -> Floats:
    return np.concatenate([window, after], axis=-1)


def _continued(fit: Structure, joined: MixData) -> Iterator[tuple[Term, Floats]]:
    """Every fitted term with its columns over the whole time."""
    spec, periods = fit.spec, fit.outcome.shape[1]
    plain = replace(spec, trend=Trend(), events=(), holidays=(), period_effect=None)
    known = {term.name: term.columns for term in baseline(plain, joined, fit.scales)[0]}
    for term in fit.terms:
        if term.name in known:
            yield term, known[term.name]
        elif term.name == "trend":
            yield term, trend_columns(spec.trend, periods, len(joined.dates))
        elif term.name == "period_effect":
            yield term, np.eye(len(joined.dates))
        else:
            yield term, np.vstack([covered(joined, event) for event in _matched(fit, term, joined)])


def trend_columns(trend: Trend, periods: int, length: int) -> Floats:
    """Columns of a trend that was fitted to `periods` periods, over `length` of them."""
    if trend.kind == "gaussian-process":
        return hilbert_basis(periods, trend.points or 20, length=length)[0]
    at = trend_points(trend, periods)
    if trend.kind == "knots":
        return knot_weights(length, at)
    # Time counts in windows: 1 is the fitted window's end.
    return hinges(length, at) * (max(length - 1, 1) / max(periods - 1, 1))


def _by_name(fit: Structure, data: MixData) -> dict[tuple[Prior, str], Event]:
    return {(event.prior, event.name): event for event in (*fit.spec.events, *holiday_events(fit.spec, data))}


def _matched(fit: Structure, term: Term, joined: MixData) -> Iterator[Event]:
    found = _by_name(fit, joined)
    for label in term.coords[0]:
        yield found[term.prior, label]


def _unseen(fit: Structure, joined: MixData) -> Iterator[tuple[Event, Floats]]:
    """Events that touch the future and have no coefficient."""
    names = {(term.prior, label) for term in fit.terms if term.component == "events" for label in term.coords[0]}
    for key, event in _by_name(fit, joined).items():
        share = covered(joined, event)
        if key not in names and share.any():
            yield event, share
