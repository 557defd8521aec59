"""Part ``meridian``: Meridian's 40-geo data with Meridian's specification, beside Meridian's own posterior."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from benchmarks.measure import ROOT, Row
from benchmarks.mmm.meridian_data import MEDIA
from benchmarks.mmm.runs import DATA, Runner

PART = "meridian"
FILE = DATA / "meridian_geo_all_channels.csv"
FIXTURE = ROOT / "tests" / "mix" / "fixtures" / "meridian_geo_all_channels.json"
SECONDS_BAR, MEAN_BAR, WIDTH_BAR, DENSITY_BAR = 90.0, 0.25, 0.25, 1e-8
# ROI mean and 90 % interval that Meridian publishes for this data with its default specification (156 knots), from the
# notebook of its repository; see ../shared/data/README.md.
PUBLISHED = ((1.587, 0.43, 3.16), (0.937, 0.26, 1.98), (1.419, 0.54, 2.55), (0.877, 0.30, 1.71), (1.621, 0.41, 3.29))


def meridian(runner: Runner) -> tuple[list[Row], dict[str, Any]]:
    """Time to the gate, and estimates beside Meridian's."""
    reference = json.loads(FIXTURE.read_text(encoding="utf-8"))
    run = runner.ours("meridian_ours", FILE)
    found = run.result
    rows = [
        *speed(found, run.peak, reference),
        *equality(runner),
        *returns(found, reference),
        *others(found, reference),
    ]
    return rows, {"estimates": found["estimates"]}


def speed(found: dict[str, Any], peak: float, reference: dict[str, Any]) -> Iterator[Row]:
    """Seconds until the gate passes; a fit that did not pass has none."""
    gate, rounds = found["gate"], found["rounds"]
    gradients = sum(r["gradients"] for r in rounds)
    note = (
        f"{found['parameters']} parameters sampled, {found['integrated']} integrated out; {len(rounds)} rounds, "
        f"{gradients:,} gradients; R-hat {gate['rhat']:.3f}, least ESS {gate['ess']:,.0f}; peak {peak:,.0f} MB"
    )
    if gate["passed"]:
        yield Row(PART, "seconds to the gate, 40 geos × 156 weeks", found["seconds"], "s", SECONDS_BAR, note=note)
    else:
        failures = f"{found['seconds']:.0f} s without passing: {' '.join(gate['failures'])}; "
        yield Row(PART, "seconds to the gate, 40 geos × 156 weeks", None, "s", note=failures + note)
    sampler = reference["sampler"]
    rows = [row for row in reference["parameters"].values() if row["rhat"] is not None]  # None: held fixed
    rhat = max(row["rhat"] for row in rows)
    ess = min(min(row["ess_bulk"], row["ess_tail"]) for row in rows)
    note = (
        f"no measure of speed (loaded machine); {sampler['divergences']} divergences, R-hat {rhat:.3f}, "
        f"least ESS {ess:,.0f} of its national parameters"
    )
    yield Row(PART, "Meridian's own run, for the fixture", reference["seconds"]["sampling"], "s", note=note)


def equality(runner: Runner) -> Iterator[Row]:
    """Our log density beside Meridian's formulas, which are checked against Meridian itself."""
    found = runner.ours("meridian_check", FILE).result
    worst = max(abs(a - b) / abs(b) for a, b in zip(found["ours"], found["theirs"], strict=True))
    yield Row(PART, "log density against Meridian's, relative difference", worst, "", DENSITY_BAR,
              note=f"{len(found['ours'])} points, {max(found['theirs']) - min(found['theirs']):.3g} apart; without the "
                   "priors that are stated otherwise (promotion, organic share, the level of one geo)")  # fmt: skip


def returns(found: dict[str, Any], reference: dict[str, Any]) -> Iterator[Row]:
    """ROI by channel: distance of means in posterior deviations, and widths of 90 % intervals."""
    distances, widths = {}, {}
    for channel, published in zip(MEDIA, PUBLISHED, strict=True):
        mine, theirs = found["estimates"][f"roi_m[{channel}]"], reference["effects"][f"roi[{channel}]"]
        distances[channel] = abs(mine["mean"] - theirs["mean"]) / theirs["sd"]
        widths[channel] = (mine["q95"] - mine["q05"]) / (theirs["q95"] - theirs["q05"]) - 1
        yield Row(PART, f"ROI of {channel}: mean", mine["mean"], "",
                  note=f"{mine['q05']:.2f} to {mine['q95']:.2f}; Meridian {theirs['mean']:.3f}, {theirs['q05']:.2f} to "
                       f"{theirs['q95']:.2f} (its Monte Carlo error {theirs['mcse_mean']:.3f}); published with its "
                       "default of 156 knots "
                       f"{published[0]:.3f}, {published[1]:.2f} to {published[2]:.2f}")  # fmt: skip
    far, wide = max(distances, key=lambda c: distances[c]), max(widths, key=lambda c: abs(widths[c]))
    yield Row(PART, "ROI: largest distance of means", distances[far], "sd", MEAN_BAR, note=far)
    yield Row(PART, "ROI: largest difference of interval widths", abs(widths[wide]), "×", WIDTH_BAR,
              note=f"{wide} {widths[wide]:+.1%}")  # fmt: skip


def others(found: dict[str, Any], reference: dict[str, Any]) -> Iterator[Row]:
    """Carry-over, saturation, spread between geos, organic share and noise, for information."""
    far = {
        name: abs(mine["mean"] - reference["parameters"][name]["mean"]) / reference["parameters"][name]["sd"]
        for name, mine in found["estimates"].items()
        if name in reference["parameters"]
    }
    worst = max(far, key=lambda name: far[name])
    yield Row(PART, "largest distance of means of all national parameters", far[worst], "sd",
              note=f"{worst}; of {len(far)}")  # fmt: skip
