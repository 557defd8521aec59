"""Worlds drawn from the model itself: parameters from the prior, outcomes and lifts from the PyMC graph, and the truth.

The truth of contributions, ROAS and marginal ROAS comes from the graph too, with media set to what would have been: no
line of the code that is calibrated has a part in it.
"""
# ruff: noqa: PLC0415 – PyMC is loaded where worlds are drawn, not in every worker.

from __future__ import annotations

import hashlib
import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from attribution_models.mix.effects import BASELINE, longest
from attribution_models.mix.media import MROI_STEP
from attribution_models.mix.parameter_table import coordinates, labels
from attribution_models.mix.structure import Structure
from benchmarks.study_mmm_specs import Case

Floats = NDArray[np.float64]
LOG_LIKELIHOOD = "log likelihood"


@dataclass(frozen=True)
class Replicate:
    """One world.

    Attributes
    ----------
    number : int
    outcome : array (rows,)
        y* of the fitted rows.
    lifts : array (tests,)
    truth : Mapping of str to float
        Every quantity that is ranked.
    """

    number: int
    outcome: Floats
    lifts: Floats
    truth: Mapping[str, float]

    @property
    def digest(self) -> str:
        """What tells this world from another one."""
        named = repr(sorted(self.truth.items())).encode()
        return hashlib.sha256(self.outcome.tobytes() + self.lifts.tobytes() + named).hexdigest()[:16]


def worlds(case: Case, replicates: int, seed: int) -> list[Replicate]:
    """Draw worlds, all at once; the first ones stay the same where more are asked for."""
    from attribution_models.mix.generations import group, pymc
    from attribution_models.mix.graph import graph

    logging.getLogger("pymc").setLevel(logging.WARNING)  # it lists every variable that it draws
    s = case.structure(integrate=False)
    model = graph(s, deterministics=True)
    names = [g.name for g in s.groups]
    pm = pymc()
    with model:
        seen = ["outcome", *(["lift"] if s.lifts else [])]
        found = pm.sample_prior_predictive(draws=replicates, var_names=[*names, *seen], random_seed=seed)
    prior, predictive = group(found, "prior"), group(found, "prior_predictive")
    drawn = {name: prior[name].to_numpy()[0] for name in names}
    outcome = predictive["outcome"].to_numpy()[0]
    lifts = predictive["lift"].to_numpy()[0] if s.lifts else np.zeros((replicates, 0))
    with warnings.catch_warnings():
        # Matrix products are small here.
        warnings.filterwarnings("ignore", "PyTensor could not link to a BLAS", UserWarning)
        evaluate = _Graph(case, s, model)
    return [
        Replicate(i, y, lift, evaluate(y, [drawn[name][i] for name in names]))
        for i, (y, lift) in enumerate(zip(outcome, lifts, strict=True))
    ]


class _Graph:
    """The graph as a function of its parameters, compiled once."""

    def __init__(self, case: Case, s: Structure, model: Any) -> None:
        import pytensor

        from attribution_models.mix.graph_linear import coefficients
        from attribution_models.mix.graph_media import Medium, lift_mean
        from attribution_models.mix.graph_variables import Values

        self.case, self.s, self.model = case, s, model
        fitted = [t for t in case.structure().terms if t.integrate]
        self.integrated = {t.name for t in fitted}
        # Standard draws of coefficients that the fit integrates out: it shows the coefficients in their place.
        self.standard = {t.vector for t in fitted} - self.integrated
        values = Values({g.name: model[g.name] for g in s.groups})
        spread = [coefficients(t, values) for t in s.terms]
        tests = [lift_mean(Medium(s, test.channel, values), test) for test in s.lifts]
        results = [model["contribution"], model["component"], model["expected"]]
        self.function: Callable[..., list[Any]] = pytensor.function(
            [model[g.name] for g in s.groups], [*results, *tests, *spread], on_unused_input="ignore"
        )

    def __call__(self, outcome: Floats, drawn: list[Floats]) -> dict[str, float]:
        """Every quantity, for one draw of the parameters (one array per group)."""
        s = self.s
        media, component, expected, *rest = self.function(*drawn)
        tests, spread = rest[: len(s.lifts)], rest[len(s.lifts) :]
        parameters = {g.name: x for g, x in zip(s.groups, drawn, strict=True) if g.name not in self.standard}
        sigma = np.broadcast_to(parameters["sigma"], len(s.data.geos))
        parameters |= {t.name: b for t, b in zip(s.terms, spread, strict=True) if t.name in self.integrated}
        found = named_parameters(s, parameters)
        found |= self._contributions(media, component, expected)
        found |= {f"lift[{test.experiment}]": float(value) for test, value in zip(s.lifts, tests, strict=True)}
        found |= self._returns(drawn, expected)
        return found | {LOG_LIKELIHOOD: self._likelihood(outcome, expected, sigma)}

    def _contributions(self, media: Floats, component: Floats, expected: Floats) -> dict[str, float]:
        """Summed over fitted rows, and by geo where there are several."""
        s = self.s
        parts = dict(zip([c.name for c in s.spec.channels], media, strict=True))
        names = list(dict.fromkeys(t.component for t in s.terms))
        for k, control in enumerate(s.spec.controls):
            if control.treatment:
                parts[control.column] = _above_least(component[names.index(control.column)], s.data.controls[k])
        parts[BASELINE] = expected - np.sum(list(parts.values()), axis=0)
        found = {f"contribution[{name}]": float(part[s.fitted].sum()) for name, part in parts.items()}
        if len(s.data.geos) > 1:
            for name, part in parts.items():
                for g, geo in enumerate(s.data.geos):
                    found[f"contribution[{name}, {geo}]"] = float(part[g, s.fitted[g]].sum())
        return found

    def _returns(self, drawn: list[Floats], actual: Floats) -> dict[str, float]:
        s, window = self.s, self.case.window
        inside = slice(s.data.before + window.start, s.data.before + window.end + 1)
        counted = slice(window.start, window.end + longest(s))
        assert counted.stop <= actual.shape[1], "what is carried out must lie in the panel"
        worth = s.data.revenue_per_outcome[:, counted]
        found = {}
        for c, channel in enumerate(s.spec.channels):
            spend = s.data.spend[c, :, window.start : window.end + 1].sum()
            none, more = (self._times(drawn, c, inside, m)[:, counted] for m in (0.0, 1 + MROI_STEP))
            found[f"roas[{channel.name}]"] = float((worth * (actual[:, counted] - none)).sum() / spend)
            gained = (worth * (more - actual[:, counted])).sum()
            found[f"mroas[{channel.name}]"] = float(gained / (MROI_STEP * spend))
        return found

    def _times(self, drawn: list[Floats], channel: int, inside: slice, factor: float) -> Floats:
        """Mean outcome where one channel's exposure in the window had been another one."""
        media = self.s.media.copy()
        media[channel, :, inside] *= factor
        self.model["media"].set_value(media)
        expected: Floats = self.function(*drawn)[2]
        self.model["media"].set_value(self.s.media)
        return expected

    def _likelihood(self, outcome: Floats, expected: Floats, sigma: Floats) -> float:
        s = self.s
        worth = (s.scales.population * s.scales.outcome)[:, None]
        center = (s.scales.population * s.scales.center)[:, None]
        y = np.zeros(s.fitted.shape)
        y[s.fitted] = outcome
        density = np.asarray(norm.logpdf(center + worth * y, expected, worth * sigma[:, None]))
        return float(density[s.fitted].sum())


def _above_least(part: Floats, column: Floats) -> Floats:
    """γ_g (z_gt − min z) of a part γ_g z_gt that is linear in its column, min over all geos and periods."""
    rows = np.arange(len(column))
    high, low = column.argmax(axis=1), column.argmin(axis=1)
    slope = (part[rows, high] - part[rows, low]) / (column[rows, high] - column[rows, low])
    return np.asarray(slope[:, None] * (column - column.min()))


def named_parameters(s: Structure, values: Mapping[str, Any]) -> dict[str, Any]:
    """Elements by label, of arrays whose last axes are a parameter's; one element may be a number or draws."""
    coords, found = coordinates(s), {}
    for name, value in values.items():
        shape = tuple(len(c) for c in coords[name])
        flat = np.asarray(value).reshape(-1, int(np.prod(shape, dtype=int)))
        for i, label in enumerate(labels(name, shape, coords[name])):
            found[label] = float(flat[0, i]) if len(flat) == 1 else flat[:, i]
    return found
