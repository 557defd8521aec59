"""Data sets whose true effects are known, each with one specification for every model that is compared.

The specifications were fixed before any fit: geometric adstock of eight weeks, logistic saturation, two yearly
Fourier modes, a straight trend as a control, the data set's own controls as they are, the peer's default priors.

A lift test of channel k over weeks a to b says by how much the outcome summed over those weeks exceeds what it
would have been with the channel off **from the beginning** (so what earlier spend carries into the window
counts); its standard error is a tenth of it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

L_MAX = 8
MODES = 2
TREND = "trend"
# Channel, first and last week (counted from 0, both inside).
LIFT_WEEKS = (("x1", 40, 47), ("x2", 80, 87))


@dataclass(frozen=True, slots=True)
class Lift:
    """One experiment: what a channel added to the outcome over some weeks."""

    channel: str
    first: str
    last: str
    weeks: int
    lift: float
    error: float
    spend: float


@dataclass(frozen=True, slots=True)
class Case:
    """A data set, what a model may see of it, and the truth."""

    name: str
    frame: pd.DataFrame
    date: str
    outcome: str
    channels: list[str]
    controls: list[str]
    contributions: dict[str, float]  # true total per channel
    lifts: list[Lift] = field(default_factory=list)

    @property
    def truth(self) -> dict[str, dict[str, float]]:
        """True ROAS and share of the outcome per channel."""
        spend, total = self.frame[self.channels].sum(), float(self.frame[self.outcome].sum())
        return {
            "roas": {c: self.contributions[c] / float(spend[c]) for c in self.channels},
            "share": {c: self.contributions[c] / total for c in self.channels},
        }

    def write(self, folder: Path) -> Path:
        """Write the columns a model may see, and beside them the specification; give the latter's path."""
        folder.mkdir(parents=True, exist_ok=True)
        seen = [self.date, self.outcome, *self.channels, *self.controls]
        self.frame[seen].to_csv(folder / f"{self.name}.csv", index=False)
        words: dict[str, Any] = {k: getattr(self, k) for k in ("name", "date", "outcome", "channels", "controls")}
        words |= {"l_max": L_MAX, "modes": MODES, "truth": self.truth, "lifts": [asdict(lift) for lift in self.lifts]}
        path = folder / f"{self.name}.json"
        path.write_text(json.dumps(words, indent=1) + "\n", encoding="utf-8")
        return path


def cases(folder: Path) -> list[Case]:
    """Every case, from the folder of the media-mix data sets."""
    return [mmm_example(folder), roas(folder, lifts=False), roas(folder, lifts=True), small_business(folder)]


def mmm_example(folder: Path) -> Case:
    """PyMC-Marketing's example; the truth is computed from the parameters that generated it."""
    frame = _trended(pd.read_csv(folder / "pymcm_mmm_example.csv"))
    effects = {
        "x1": 3000 * _saturated(_carried(frame["x1"].to_numpy(float), 0.4), 4.0),
        "x2": 2000 * _saturated(_carried(frame["x2"].to_numpy(float), 0.2), 3.0),
    }
    sums = {c: float(e.sum()) for c, e in effects.items()}
    return Case("mmm_example", frame, "date_week", "y", ["x1", "x2"], ["event_1", "event_2", TREND], sums)


def roas(folder: Path, *, lifts: bool) -> Case:
    """PyMC-Marketing's confounded data: the confounder z is given, or two lift tests in its place."""
    frame = pd.read_csv(folder / "pymcm_mmm_roas_data.csv")
    gains = {c: frame["y"] - frame[f"y0{c[1]}"] for c in ("x1", "x2")}
    sums = {c: float(g.sum()) for c, g in gains.items()}
    frame = _trended(frame)
    if not lifts:
        return Case("roas_with_z", frame, "date", "y", ["x1", "x2"], ["z", TREND], sums)
    tests = [_lift(frame, gains[c], c, first, last) for c, first, last in LIFT_WEEKS]
    return Case("roas_with_lifts", frame, "date", "y", ["x1", "x2"], [TREND], sums, tests)


def small_business(folder: Path) -> Case:
    """PyMC Labs' recovery data, one geo; its effects saturate by Hill curves, not by the logistic."""
    frame = _trended(pd.read_csv(folder / "pymclabs_recovery_small_business_data.csv"))
    truth = pd.read_csv(folder / "pymclabs_recovery_small_business_truth_contributions.csv")
    channels = [c for c in frame.columns if c.startswith("x")]
    sums = {c: float(truth[f"contribution_{c}"].sum()) for c in channels}
    return Case("small_business", frame, "date", "y", channels, ["c1", "c2", TREND], sums)


def _lift(frame: pd.DataFrame, gain: pd.Series, channel: str, first: int, last: int) -> Lift:
    dates, weeks = frame["date"], slice(first, last + 1)
    lift, spend = float(gain[weeks].sum()), float(frame[channel][weeks].sum())
    return Lift(channel, dates[first], dates[last], last - first + 1, lift, abs(lift) / 10, spend)


def _trended(frame: pd.DataFrame) -> pd.DataFrame:
    """With a straight line from 0 to 1 in place of what else is called trend."""
    return frame.assign(**{TREND: np.linspace(0.0, 1.0, len(frame))})


def _carried(spend: np.ndarray, alpha: float) -> np.ndarray:
    weights = alpha ** np.arange(L_MAX)
    return np.convolve(spend, weights / weights.sum())[: len(spend)]


def _saturated(spend: np.ndarray, lam: float) -> np.ndarray:
    return np.tanh(lam * spend / 2)
