"""Media in the graph: responses, effects on each of the scales that a prior can stand on, and lift tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytensor.tensor as pt
from numpy.typing import NDArray

from attribution_models.mix.graph_transforms import Tensor, carry, lag_weights, saturate
from attribution_models.mix.graph_variables import Values
from attribution_models.mix.lifts import Lift
from attribution_models.mix.media import MROI_STEP, QUANTITY, ChannelPlan
from attribution_models.mix.spec import Channel
from attribution_models.mix.structure import Structure


@dataclass(frozen=True)
class Medium:
    """One channel's part of the mean, with its parameters filled in; each expression is made once.

    Attributes
    ----------
    structure : Structure
    channel : int
    values : Values
    varying : tensor (T,), optional
        v_t, where effects drift in time.
    """

    structure: Structure
    channel: int
    values: Values
    varying: Tensor | None = None

    @property
    def spec(self) -> Channel:
        """What was asked for."""
        return self.structure.spec.channels[self.channel]

    @property
    def plan(self) -> ChannelPlan:
        """Which parameters it reads."""
        return self.structure.channels[self.channel]

    @cached_property
    def weights(self) -> Tensor:
        """w_l of the carry-over, (l_max,)."""
        form = self.spec.adstock
        first, second = (self.values[p] for p in self.plan.adstock)
        return lag_weights(form.kind, form.normalize, form.length, first, second)

    def response(self, media: Tensor, reach: Tensor) -> Tensor:
        """h_gt v_t of β = 1, from what saturates and what multiplies it, both (G, P + T).

        ``adstock-first``: saturate(Σ_l w_l m_{t−l}); ``saturation-first``, and reach and frequency:
        Σ_l w_l saturate(m_{t−l}) reach_{t−l}; times v_t.

        Returns
        -------
        tensor (G, T)
        """
        found = self._steady(media, reach)
        return found if self.varying is None else found * self.varying[None, :]

    def _steady(self, media: Tensor, reach: Tensor) -> Tensor:
        """What would be without drift, (G, T)."""
        kind = self.spec.saturation.kind
        first, second = (self.values[p] for p in self.plan.saturation)
        if self.spec.order == "adstock-first" and self.spec.frequency is None:
            return saturate(kind, first, second, self._carry(media))
        return self._carry(saturate(kind, first, second, media) * reach)

    def _carry(self, x: Tensor) -> Tensor:
        place = self.structure.data.before, self.structure.outcome.shape[1]
        return carry(self.weights, self.spec.adstock.length, x, *place)

    def of_acting(self, acting: Tensor, geos: list[int]) -> Tensor:
        """h_gt v_t where what is bought (reach for reach and frequency, else exposure) is `acting`, (geos, P + T)."""
        s = self.structure
        if self.spec.frequency is not None:
            return self.response(s.media[self.channel, geos], acting)
        return self.response(acting, s.reach[self.channel, geos])

    @property
    def acting(self) -> NDArray[np.float64]:
        """What was bought, (G, P + T)."""
        s = self.structure
        found: NDArray[np.float64] = (s.media if self.spec.frequency is None else s.reach)[self.channel]
        return found

    @cached_property
    def fitted(self) -> Tensor:
        """h_gt v_t over the data's own exposure, whatever is put into the model later."""
        return self.of_acting(self.acting, list(range(len(self.structure.data.geos))))

    @cached_property
    def factors(self) -> Tensor:
        """exp(η_c z_gc), how each geo's β differs from the channel's; (G,)."""
        if self.plan.spread is None:
            return pt.ones(len(self.structure.data.geos))
        return pt.exp(self.values[self.plan.spread] * self.values.variables["geo_effect"][self.plan.row])

    @cached_property
    def effect(self) -> Tensor:
        """β_gc, (G,): the sampled coefficient, or q K / H, times each geo's factor."""
        sampled = self.values[self.plan.effect]
        if self.plan.mode == QUANTITY:
            return sampled * self.plan.constant / self.total() * self.factors
        return sampled * self.factors

    def total(self) -> Tensor:
        """H = Σ_gt units_gt e_gc h_gt v_t; for a prior on marginal ROI that of one per cent more, less that of none."""
        h = self.fitted
        if self.plan.marginal:
            h = self.of_acting((1 + MROI_STEP) * self.acting, list(range(len(self.structure.data.geos)))) - h
        return pt.sum(self.structure.units[self.plan.weight] * self.factors[:, None] * h)


def lift_mean(medium: Medium, lift: Lift, mean: Tensor | None = None) -> Tensor:
    """Σ_{g, t} o_g β_gc [h(x_g)_t − h(x'_g)_t] over a test's geos and periods; see `Lift`.

    Parameters
    ----------
    mean : tensor (G, T), optional
        Logarithm of the scaled mean under a log link: then Σ o_g e^mean (1 − e^{−β [h(x) − h(x')]}).
    """
    s, geos, test = medium.structure, list(lift.geos), slice(lift.start, lift.end + 1)
    gap = (medium.fitted[geos] - medium.of_acting(lift.without, geos))[:, test]
    worth = (s.scales.population * s.scales.outcome)[geos]
    if mean is not None:
        lost = -pt.expm1(-medium.effect[geos][:, None] * gap)
        return pt.sum(worth[:, None] * pt.exp(mean[geos, test]) * lost)
    return pt.sum(worth * medium.effect[geos] * pt.sum(gap, axis=1))
