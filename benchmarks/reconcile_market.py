"""One joint market of the study of reconciled totals: what every model says of it, kept as arrays.

Fitting takes minutes and reconciling a second: fits are kept (`Market.save`), so that reconciling can be done again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from attribution.compare.experiments import best
from attribution.credit.hazard import hazard_frame
from attribution.credit.intervals import Uncertainty
from attribution.credit.paths import fit_paths
from attribution.engine import connect
from attribution.frames import build_journeys
from attribution.journeys.read import JourneyTables
from attribution.journeys.stream import event_stream
from attribution.mix.stored import effects_of
from attribution.panels import fit_mix
from attribution.settings import DIRECT_NAMES
from attribution_models.mix.cells import cells
from attribution_models.mix.contributions import contribution_draws
from attribution_models.mix.effects import BASELINE
from attribution_models.paths.hazard import Hazard
from attribution_models.paths.markov import Markov
from attribution_models.reconcile.evidence import Experiment, MixTotals, PathTotals, log_covariance
from attribution_models.worlds.joint_world import TESTED, JointTables, JointWorld, simulate_joint
from attribution_models.worlds.path_truth import Truth, true_effects
from benchmarks.study_markets import LATENT_LAG, experiments

Floats = NDArray[np.float64]
REPLICATES = 100
LEVEL = 0.9
# Priors are neutral: every channel may bring about a tenth, whatever it costs.
MODEL = """[model]
history = "zero"
[data]
date = "date"
outcome = "conversions"
revenue = false
[defaults.adstock]
l_max = 6
[defaults.effect]
contribution = { dist = "beta", alpha = 1, beta = 9 }
[trend]
kind = "linear"
points = 4
prior = { dist = "normal", mu = 0.0, sigma = 0.36 }
[intercept]
prior = { dist = "normal", mu = 0.5, sigma = 0.5 }
[noise]
sigma = { dist = "half-normal", sigma = 0.36 }
"""


@dataclass(frozen=True, eq=False)
class Claim:
    """A path model's totals, and its 90 % intervals by paid channel (C, 2), NaN where it has none."""

    paths: PathTotals
    interval: Floats

    def by(self, names: tuple[str, ...]) -> list[float]:
        """Totals by channel, 0 where it has none."""
        known = dict(zip(self.paths.names, self.paths.totals.tolist(), strict=True))
        return [known.get(name, 0.0) for name in names]


@dataclass(frozen=True, eq=False)
class Market:
    """A market and what is said of it.

    Attributes
    ----------
    seed : int
    truth, direct : dict of str to float
        Conversions lost without each paid channel: the touches of the others as they would be then, or as they were.
    hazard, markov : Claim
    alone, inside : MixTotals
        Mix model without the test, and with it.
    test : Experiment
    """

    seed: int
    truth: dict[str, float]
    direct: dict[str, float]
    hazard: Claim
    markov: Claim
    alone: MixTotals
    inside: MixTotals
    test: Experiment

    @classmethod
    def of(cls, seed: int) -> Market:
        """Simulate and fit."""
        world = JointWorld(seed)
        joint = simulate_joint(world)
        names = tuple(joint.truth)
        frames = {n: pd.DataFrame(dict(getattr(joint.paths, n))) for n in ("assignments", "conversions")}
        measured = experiments(frames)
        lift = best(measured).iloc[0]
        return cls(
            seed, joint.truth, direct_truth(world, names),
            by_hazard(joint, LATENT_LAG if world.intent == "latent-intent" else 0), by_markov(joint),
            mixed(joint, None), mixed(joint, measured),
            Experiment(TESTED, float(lift["lift"]), float(lift["standard_error"])),
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """As arrays."""
        names = tuple(self.truth)
        arrays: dict[str, Any] = {
            "seed": self.seed, "names": np.array(names), "truth": list(self.truth.values()),
            "direct": [self.direct[n] for n in names], "test": [self.test.lift, self.test.deviation],
            "observed": self.alone.observed,
        }  # fmt: skip
        for name, claim in (("hazard", self.hazard), ("markov", self.markov)):
            paths = claim.paths
            arrays |= {f"{name}_names": np.array(paths.names), f"{name}_totals": paths.totals}
            arrays |= {f"{name}_covariance": paths.log_covariance, f"{name}_interval": claim.interval}
        for name, mix in (("alone", self.alone), ("inside", self.inside)):
            arrays |= {f"{name}_draws": mix.draws, f"{name}_room": mix.room}
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> Market:
        """What was kept."""
        with np.load(path) as kept:
            a = {name: kept[name] for name in kept.files}
        names = tuple(map(str, a["names"]))

        def claim(name: str) -> Claim:
            paths = PathTotals(tuple(map(str, a[f"{name}_names"])), a[f"{name}_totals"], a[f"{name}_covariance"])
            return Claim(paths, a[f"{name}_interval"])

        def mix(name: str) -> MixTotals:
            return MixTotals(names, a[f"{name}_draws"], a[f"{name}_room"], float(a["observed"]))

        return cls(
            int(a["seed"]), dict(zip(names, a["truth"].tolist(), strict=True)),
            dict(zip(names, a["direct"].tolist(), strict=True)), claim("hazard"), claim("markov"), mix("alone"),
            mix("inside"), Experiment(TESTED, float(a["test"][0]), float(a["test"][1])),
        )  # fmt: skip


def direct_truth(world: JointWorld, names: tuple[str, ...]) -> dict[str, float]:
    """What each paid channel causes beside the touches of others: these stay as they were."""
    truths: tuple[Truth, ...] = ("direct",)
    table = true_effects(world.market, truths, runs=1).columns()
    found = {str(c): float(lost) for c, lost in zip(table["channel"], table["conversions"], strict=True)}
    return {name: found[name] for name in names}


def by_hazard(joint: JointTables, lag: int) -> Claim:
    """The hazard's direct effects, its intervals as normal ones."""
    tables = {
        n: pd.DataFrame(dict(getattr(joint.paths, n)))
        for n in ("touchpoints", "conversions", "customers", "observations")
    }
    with connect() as connection:
        for name, frame in tables.items():
            connection.register(name, frame)
        relations = JourneyTables(touchpoints="touchpoints", conversions="conversions", customers="customers")
        events = event_stream(connection, relations, observations="observations", direct_names=DIRECT_NAMES)
    frame = hazard_frame(Hazard(lag=lag).fit(events, threads=1), events)
    mine = frame[frame["channel"].isin(list(joint.truth)) & (frame["conversions"] > 0)]
    z = NormalDist().inv_cdf((1 + float(frame["interval_level"].iloc[0])) / 2)
    totals = mine["conversions"].to_numpy(float)
    error = (mine["conversions_upper"] - mine["conversions_lower"]).to_numpy(float) / 2 / z
    ends = frame.set_index("channel")[["conversions_lower", "conversions_upper"]].reindex(list(joint.truth))
    paths = PathTotals(tuple(mine["channel"]), totals, np.diag((error / totals) ** 2))
    return Claim(paths, ends.to_numpy(float))


def by_markov(joint: JointTables) -> Claim:
    """Markov credit with its bootstrap."""
    journeys = build_journeys(*(pd.DataFrame(dict(getattr(joint.paths, n))) for n in ("touchpoints", "conversions")))
    (fit,), _ = fit_paths(journeys, [Markov()], None, Uncertainty(bootstrap=REPLICATES))
    assert fit.intervals is not None
    kept = [i for i, c in enumerate(journeys.channels) if c in joint.truth and fit.credit.conversions[i] > 0]
    draws = fit.intervals.found.draws.conversions[:, kept]
    names = tuple(journeys.channels[i] for i in kept)
    ends = pd.DataFrame(np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0).T, index=list(names))
    paths = PathTotals(names, fit.credit.conversions[kept], log_covariance(draws))
    return Claim(paths, ends.reindex(list(joint.truth)).to_numpy(float))


def mixed(joint: JointTables, measured: pd.DataFrame | None, model: str = MODEL) -> MixTotals:
    """The mix model's posterior of totals, with the test in its likelihood or without."""
    panel = pd.DataFrame(dict(joint.panel))
    model += "".join(f'[[channel]]\nname = "{c}"\nspend = "{c}"\n' for c in joint.truth)
    lifts = None
    if measured is not None:
        row = measured.iloc[-1]
        span = panel["date"].iloc[0], panel["date"].iloc[-1] + pd.Timedelta(days=6)
        columns = {
            "experiment": "holdout",
            "channel": row["channel"],
            "start": str(span[0].date()),
            "end": str(span[1].date()),
        }
        lifts = pd.DataFrame([columns | {c: row[c] for c in ("lift", "standard_error")}])
    effects = effects_of(fit_mix(panel, model, lifts, checks=False).stored)
    draws = contribution_draws(effects, cells(effects.structure.data, effects.structure.fitted))[:, 0, 0, :]
    places = [effects.names.index(c) for c in joint.truth]
    return MixTotals(
        tuple(joint.truth), np.ascontiguousarray(draws[places].T), draws[effects.names.index(BASELINE)],
        float(joint.panel["conversions"].sum()),
    )  # fmt: skip
