"""A fit carried on after its panel: baseline by the model, media and controls as a year before or as they are given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.columns import Term
from attribution_models.mix.continuation import continuation
from attribution_models.mix.data import MixData
from attribution_models.mix.effects import Effects, longest, revenue_ahead
from attribution_models.mix.linear_rows import linear_rows
from attribution_models.mix.media_multiplier import media_multiplier
from attribution_models.mix.posterior import Posterior

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def carried_on(effects: Effects, future: MixData, *, seed: int = 1) -> Effects:
    """Effects over a fit's panel and the periods that follow it.

    With s the scaled mean, what money brings in a period t after the panel is, draw by draw,

        identity link   o_g [s_gt(plan) − s_gt(none)]            baseline and controls cancel
        log link        o_g [exp s_gt(plan) − exp s_gt(none)]    they multiply, so they have to be known

    and the baseline in s goes on as in a forecast (`mix.continuation`): level, seasons, holidays and events go on, a
    slope goes on, knots stay at the last one; effects of single periods, and of events that the panel did not have, are
    drawn from their priors with `seed`. Effects that drift go on as `media_multiplier` says.

    Parameters
    ----------
    effects : Effects
        Of the fit.
    future : MixData
        The periods after the panel: `year_before`, or what is known of them.

    Raises
    ------
    ValueError
        Other geos or columns than the fit's, dates that do not follow its panel, or empty cells of a control.
    """
    fit, ahead = effects.structure, len(future.dates)
    means = continuation(_posterior(effects, seed), future, seed=seed)
    whole = means.structure
    longer = replace(
        fit,
        data=whole.data,
        outcome=np.pad(fit.outcome, ((0, 0), (0, ahead))),
        fitted=np.pad(fit.fitted, ((0, 0), (0, ahead))),
        media=whole.media,
        reach=whole.reach,
        units=whole.units,
        terms=whole.terms,
    )
    rows = linear_rows(longer)
    drawn = [means.coefficients[term.name] for term in longer.terms]
    revenue = revenue_ahead(whole.data.revenue_per_outcome, longest(fit))
    return replace(
        effects,
        structure=longer,
        rows=rows,
        coefficients=np.ascontiguousarray(_beside(drawn, effects.size)[:, rows.source]),
        revenue=revenue,
        multiplier=media_multiplier(fit, effects.parameters, revenue.shape[1]),
    )


def _posterior(effects: Effects, seed: int) -> Posterior:
    """The draws of these effects as a forecast reads them, with the coefficients of each term."""
    s, rows = effects.structure, effects.rows
    every = np.empty((effects.size, sum(term.size for term in s.terms)))
    # Each coefficient has a column; some have a second one, in the row of a treatment.
    every[:, rows.source] = effects.coefficients
    named = dict(_by_term(s.terms, every))
    return Posterior(s, np.empty((1, effects.size, 0)), seed, effects.parameters, effects.beta, named)


def _by_term(terms: tuple[Term, ...], every: Floats) -> Iterator[tuple[str, Floats]]:
    at = 0
    for term in terms:
        yield term.name, every[:, at : at + term.size]
        at += term.size


def _beside(parts: list[Floats], draws: int) -> Floats:
    return np.concatenate(parts, axis=1) if parts else np.zeros((draws, 0))


def year_before(data: MixData, dates: NDArray[np.datetime64], season: int, lags: int) -> MixData:
    """Periods after a panel in which all that is decided or observed is as it was a year before.

    Media, spend and controls are those of `season` periods before (so that Christmas meets Christmas); an outcome's
    worth is that of the panel's last `lags` periods.

    Parameters
    ----------
    dates : array (F,) of datetime64[D]
        First days of the periods.
    season : int
        Periods of a year; where the panel is shorter, the panel's length.
    lags : int
        Periods of the longest carry-over.
    """
    geos, periods, ahead = len(data.geos), len(data.dates), len(dates)
    at = seasonal(periods, ahead, season)[periods:]

    def later(values: Floats, lead: int = 0) -> Floats:
        return values[..., lead + at] if values.shape[-1] else values

    lately = revenue_ahead(data.revenue_per_outcome, lags)[:, -1:]
    return MixData(
        dates=dates,
        geos=data.geos,
        outcome=np.full((geos, ahead), np.nan),
        exposure=later(data.exposure, data.before),
        spend=later(data.spend),
        controls=later(data.controls),
        population=data.population,
        revenue_per_outcome=np.repeat(lately, ahead, axis=1),
        frequency=later(data.frequency, data.before),
    )


def without_outcomes(data: MixData, first: int) -> MixData:
    """Periods of a panel from `first` on, as known before their outcomes were: media, controls, worth."""
    lead = data.before + first
    return MixData(
        dates=data.dates[first:],
        geos=data.geos,
        outcome=np.full((len(data.geos), len(data.dates) - first), np.nan),
        exposure=data.exposure[..., lead:],
        spend=data.spend[..., first:],
        controls=data.controls[..., first:],
        population=data.population,
        revenue_per_outcome=data.revenue_per_outcome[:, first:],
        frequency=data.frequency[..., lead:] if data.frequency.shape[-1] else data.frequency,
    )


def seasonal(periods: int, ahead: int, season: int) -> Ints:
    """Which period each one repeats: itself, after the panel's end the one `season` before."""
    found = np.arange(periods + ahead)
    back = min(max(season, 1), periods)
    for t in range(periods, periods + ahead):
        found[t] = found[t - back]
    return found
