"""What is true of a mix world: contributions, ROAS, marginal ROAS and curves, each by running the market again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution_models.worlds.mix_baseline import PROMO
from attribution_models.worlds.mix_chance import Floats
from attribution_models.worlds.mix_market import MixMarket

BASELINE, UNATTRIBUTED = "(baseline)", "(unattributed)"
STEP = 0.01  # marginal ROAS: one per cent more
MULTIPLIERS = np.round(np.arange(0.0, 2.51, 0.1), 1)


@dataclass(frozen=True, slots=True, eq=False)
class ChannelTruth:
    """Effects of one channel, by counterfactual runs; all in units of the outcome but the ratios.

    With μ the mean outcome, W the window, and W+ the window and the l_max − 1 periods after it:

        in_window    Σ_W  μ(actual) − μ(spend 0 inside the window only)
        carried_in   Σ_W  μ(spend 0 inside the window only) − μ(spend 0 always)
        carried_out  Σ_{W+ ∖ W} μ(actual) − μ(spend 0 inside the window only)
        contribution = in_window + carried_in
        ROAS         Σ_{W+} u [μ(actual) − μ(spend 0 inside the window only)] / spend in the window
        mROAS        Σ_{W+} u [μ(spend × 1.01 inside the window) − μ(actual)] / (0.01 · spend in the window)
        CPA          spend in the window / (in_window + carried_out)

    u is revenue per outcome. Spend after the window goes on as the world has it. Organic media have no spend, hence no
    ratios; a channel that does nothing has no CPA.

    Attributes
    ----------
    by_period : array (G, T)
        Contribution.
    carried_in, carried_out, spend, roas, mroas, cpa : float
    """

    by_period: Floats
    in_window: float
    carried_in: float
    carried_out: float
    spend: float
    roas: float
    mroas: float
    cpa: float


def channel_truth(market: MixMarket, channel: int) -> ChannelTruth:
    """Run the market without a channel, without its spend in the window, and with one per cent more."""
    world, actual = market.world, market.mean()
    window, reach = world.window, _reach(market)
    never = market.mean(spend_times(market, channel, 0.0, slice(None)))
    outside = market.mean(spend_times(market, channel, 0.0, window))
    more = market.mean(spend_times(market, channel, 1 + STEP, window))
    spend = float(market.spend[:, window, channel].sum()) if world.channels[channel].paid else np.nan
    lost = (actual - outside)[:, reach]
    gained = (more - actual)[:, reach]
    orders = float(lost.sum())
    return ChannelTruth(
        by_period=(actual - never)[:, window],
        in_window=float(lost[:, : world.periods].sum()),
        carried_in=float((outside - never)[:, window].sum()),
        carried_out=float(lost[:, world.periods :].sum()),
        spend=spend,
        roas=float((lost * market.revenue[reach]).sum() / spend),
        mroas=float((gained * market.revenue[reach]).sum() / (STEP * spend)),
        cpa=spend / orders if orders > 0 and world.revenue_per_outcome is not None else np.nan,
    )


def promo_truth(market: MixMarket) -> Floats:
    """Contribution of promotions by geo and period of the window, (G, T)."""
    without = market.mean(promo=np.zeros_like(market.baseline.promo))
    return (market.mean() - without)[:, market.world.window]


def baseline_truth(market: MixMarket) -> Floats:
    """Mean outcome with all media off, before the window too, and no promotions, (G, T)."""
    nothing = np.zeros_like(market.spend)
    return market.mean(nothing, np.zeros_like(market.baseline.promo))[:, market.world.window]


def contributions(market: MixMarket, channels: list[ChannelTruth], outcome: Floats) -> dict[str, Floats]:
    """Everything that the observed outcome is made of, by name, (G, T) each; it adds up to the outcome.

    Parameters
    ----------
    channels : list of ChannelTruth
    outcome : array (G, T)
        As observed in the window; what is left of it is ``(unattributed)``.
    """
    parts = {c.name: t.by_period for c, t in zip(market.world.channels, channels, strict=True)}
    parts[PROMO] = promo_truth(market)
    parts[BASELINE] = baseline_truth(market)
    parts[UNATTRIBUTED] = outcome - market.mean()[:, market.world.window]
    return parts


def curve(market: MixMarket, channel: int) -> tuple[Floats, Floats]:
    """Incremental outcome and its revenue at `MULTIPLIERS` of a paid channel's spend in the window.

    Σ_{W+} μ(spend × m inside the window) − μ(spend × 0 inside the window), so that m = 1 is `in_window + carried_out`.
    """
    window, reach = market.world.window, _reach(market)
    zero = market.mean(spend_times(market, channel, 0.0, window))[:, reach]
    runs = [market.mean(spend_times(market, channel, m, window))[:, reach] - zero for m in MULTIPLIERS]
    gained = np.stack(runs)
    return gained.sum(axis=(1, 2)), (gained * market.revenue[reach]).sum(axis=(1, 2))


def spend_times(market: MixMarket, channel: int, factor: float, periods: slice, geos: Floats | None = None) -> Floats:
    """Spend with one channel's multiplied in some periods (and where `geos`, (G,), is 1), (G, N, C)."""
    spend = market.spend.copy()
    where = np.ones(spend.shape[0]) if geos is None else geos
    spend[:, periods, channel] *= 1 + (factor - 1) * where[:, None]
    return spend


def _reach(market: MixMarket) -> slice:
    """The window and what it carries out."""
    world = market.world
    return slice(world.window.start, world.window.stop + world.l_max - 1)
