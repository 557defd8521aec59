"""Known effects on public data, by the specifications that `mmm/recovery_data.py` fixed before any fit.

One line per channel: its true return (what it added over all weeks over what was spent), the posterior's mean and 90 %
interval, z = (mean − truth) / standard deviation. Contributions over spend, without what is carried out after the last
week: that is how the truth is stated.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from attribution.mix.panel import read_panel
from attribution_models.mix.adstock import Adstock
from attribution_models.mix.cells import cells
from attribution_models.mix.contributions import contribution_draws
from attribution_models.mix.effects import Effects
from attribution_models.mix.fit import fit
from attribution_models.mix.lifts import Lift
from attribution_models.mix.nuts import Tuning
from attribution_models.mix.priors import Prior
from attribution_models.mix.spec import Channel, Control, MixSpec, Seasonality
from attribution_models.mix.structure import Structure, structure
from benchmarks.mmm.recovery_data import L_MAX, MODES, Case, cases

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("ATTRIBUTION_TEST_DATA", ROOT.parent / "shared" / "data")) / "mmm"
LEVEL = 0.9
LEAST_INSIDE = 7
# Each set of eight true returns holds the confounded data once: with its confounder, or with lift tests in its place.
SETS = {
    "with the confounder": ("mmm_example", "roas_with_z", "small_business"),
    "with lift tests": ("mmm_example", "roas_with_lifts", "small_business"),
}


def run(seed: int = 1) -> pd.DataFrame:
    """Fit every data set: one line per channel."""
    return pd.concat([recover(case, seed) for case in cases(DATA)], ignore_index=True)


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """Per set of eight: how many are inside, whether that contradicts 90 %, the largest |z|."""
    rows = []
    for name, data in SETS.items():
        part = table[table["data"].isin(data)]
        inside, largest = int(part["inside"].sum()), float(part["z"].abs().max())
        p = float(binomtest(inside, len(part), LEVEL).pvalue)
        passed = inside >= LEAST_INSIDE and largest < 3 and p >= 0.01 and bool(part["gate"].all())
        error = float((part["mean"] - part["truth"]).abs().sum())
        rows.append([name, len(part), inside, p, largest, error, "pass" if passed else "FAIL"])
    return pd.DataFrame(rows, columns=["set", "channels", "inside", "binomial p", "max |z|", "Σ |error|", ""])


def recover(case: Case, seed: int) -> pd.DataFrame:
    """One data set."""
    done = fit(_structure(case), Tuning(seed=seed))
    effects = Effects.of(done.posterior)
    data = effects.structure.data
    drawn = contribution_draws(effects, cells(data, effects.structure.fitted))[: len(case.channels), 0, 0]
    returns = drawn / data.spend.sum(axis=(1, 2))[:, None]
    truth = np.array([case.truth["roas"][c] for c in case.channels])
    low, high = np.quantile(returns, ((1 - LEVEL) / 2, (1 + LEVEL) / 2), axis=1)
    mean, deviation = returns.mean(axis=1), returns.std(axis=1, ddof=1)
    return pd.DataFrame(
        {
            "data": case.name, "channel": case.channels, "truth": truth, "mean": mean, "lower": low, "upper": high,
            "z": (mean - truth) / deviation, "inside": (low <= truth) & (truth <= high), "gate": done.gate.passed,
        }
    )  # fmt: skip


def spec_of(case: Case) -> MixSpec:
    """What every model that is compared is given: the peer's default priors, and its zeros before the first week."""
    return MixSpec(
        case.outcome,
        tuple(Channel(c, c, c, adstock=Adstock("geometric", L_MAX)) for c in case.channels),
        date=case.date,
        controls=tuple(Control(c, role="predictor", scale="none") for c in case.controls),
        seasonality=Seasonality(yearly=MODES, prior=Prior("laplace", (0.0, 1.0))),
        history="zero",
    )


def _structure(case: Case) -> Structure:
    spec = spec_of(case)
    with TemporaryDirectory() as folder:
        data = read_panel([str(case.write(Path(folder)).with_suffix(".csv"))], spec).data
    return structure(spec, data, tuple(_lift(case, i, len(data.dates)) for i in range(len(case.lifts))))


def _lift(case: Case, i: int, periods: int) -> Lift:
    """The channel off from the beginning, outcomes counted in the test's weeks."""
    test = case.lifts[i]
    dates = case.frame[case.date].astype(str).tolist()
    return Lift(
        f"{test.channel} {i + 1}",
        case.channels.index(test.channel),
        (0,),
        dates.index(test.first),
        dates.index(test.last),
        np.zeros((1, periods)),
        test.lift,
        test.error,
    )
