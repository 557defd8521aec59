"""How far a refresh moved what was said before, on the periods that both fits have seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.cells import Window, cells
from attribution_models.mix.contributions import contribution_draws, observed_totals
from attribution_models.mix.effects import Effects
from attribution_models.mix.returns import gains, roas_draws

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """One quantity of every channel, before and after: arrays (C,)."""

    before: Floats
    after: Floats
    before_deviation: Floats
    after_deviation: Floats

    @classmethod
    def of(cls, before: Floats, after: Floats) -> Moved:
        """Summarise draws, (C, D) each."""
        return cls(before.mean(axis=1), after.mean(axis=1), before.std(axis=1), after.std(axis=1))

    @property
    def drift(self) -> Floats:
        """(after − before) / standard deviation before. NaN where that is 0 or unknown.

        Both fits share most of their data, so that this is no test statistic: sampling alone moves it by far less
        than 1.
        """
        return np.asarray(
            (self.after - self.before) / np.where(self.before_deviation > 0, self.before_deviation, np.nan)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """Old and new answers about the same periods.

    Attributes
    ----------
    channels : tuple of str
    first, last : datetime64[D]
        The first and the last period that both fits have.
    periods : int
    roas : Moved
        Return of the spend in these periods; NaN for channels without.
    share : Moved
        Contribution over what was observed, on cells that both fits have fitted.
    """

    channels: tuple[str, ...]
    first: np.datetime64
    last: np.datetime64
    periods: int
    roas: Moved
    share: Moved


def drift(old: Effects, new: Effects) -> Drift:
    """Set two fits of one model side by side, on the periods that both have.

    Raises
    ------
    ValueError
        Where they have no period in common, or other channels or geos.
    """
    one, two = old.structure, new.structure
    names = tuple(channel.name for channel in one.spec.channels)
    if names != tuple(channel.name for channel in two.spec.channels) or one.data.geos != two.data.geos:
        raise ValueError("The two fits have different channels or geos.")
    shared = np.intersect1d(one.data.dates, two.data.dates)
    if not shared.size:
        raise ValueError("The two fits have no period in common.")
    spans = tuple(_span(s.data.dates, shared) for s in (one, two))
    fitted = tuple(s.fitted[:, w.start : w.end + 1] for s, w in zip((one, two), spans, strict=True))
    if fitted[0].shape != fitted[1].shape:
        raise ValueError("The two fits have periods of different length.")
    common = fitted[0] & fitted[1]
    pairs = tuple(zip((old, new), spans, strict=True))
    shares = [_shares(effects, span, common) for effects, span in pairs]
    returns = [roas_draws(effects, gains(effects, span))[0][:, 0] for effects, span in pairs]
    return Drift(names, shared[0], shared[-1], len(shared), Moved.of(*returns), Moved.of(*shares))


def _span(dates: NDArray[np.datetime64], shared: NDArray[np.datetime64]) -> Window:
    places = np.flatnonzero(np.isin(dates, shared))
    return Window(int(places[0]), int(places[-1]))


def _shares(effects: Effects, span: Window, common: NDArray[np.bool_]) -> Floats:
    """Contribution of each channel over what was observed, (C, D)."""
    s = effects.structure
    counted = np.zeros_like(s.fitted)
    counted[:, span.start : span.end + 1] = common
    whole = cells(s.data, counted, (), span)
    found = contribution_draws(effects, whole)[: len(s.channels), 0, 0]
    return np.asarray(found / observed_totals(effects, whole)[0, 0])
