"""Our fit of Meridian's 40-geo data with Meridian's specification, in one process; writes times and estimates.

Run as a process: ``python -m benchmarks.mmm.meridian_ours DATA.csv RESULT.json [--seed S] [--geos N]``. Meridian's
model in formulas stands in ``meridian_data.py``; ``meridian_check.py`` holds both densities side by side. Three things
differ, each too small to move a posterior (the check says by how much):

- Meridian sets the level of the most populous geo to 0; here all 40 have the prior N(0, 5), as the others have there.
- Its prior on the promotion stands on the share of the outcome, Normal(0, .1) cut at ±1. Here it stands on the
  coefficient, with the standard deviation that the same share has where geos do not differ.
- Its prior on organic media stands on the share of revenue, here on that of conversions; a conversion is worth the
  same to within 1.8 % in all cells.
"""
# ruff: noqa: PLC0415 – the engine is imported where its time can be measured.

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.mmm.meridian_data import CONTROLS, MAX_LAG, MEDIA, ORGANIC, PROMO, Panel, knot_locations, panel, scaled

if TYPE_CHECKING:
    from attribution_models.mix.fit import MixFit
    from attribution_models.mix.spec import Channel, MixSpec
    from attribution_models.mix.structure import Structure

PROMO_SHARE = 0.1


def spec(data: Panel) -> MixSpec:
    """Meridian's default specification with 26 knots."""
    from attribution_models.mix.priors import half_normal, normal
    from attribution_models.mix.spec import Control, Intercept, MixSpec, Noise, Scaling, Seasonality, Trend

    wide = half_normal(5.0)
    own = Control(
        PROMO, prior=normal(0.0, promo_deviation(data)), treatment=True, scale="standard", pooling=wide
    )  # fmt: skip
    return MixSpec(
        name="meridian",
        date="time",
        geo="geo",
        population="population",
        outcome="conversions",
        revenue=False,
        revenue_per_outcome="revenue_per_conversion",
        channels=(*(_paid(m) for m in MEDIA), _organic()),
        controls=(
            *(Control(c, prior=normal(0.0, 5.0), role="confounder", scale="standard", pooling=wide) for c in CONTROLS),
            own,
        ),
        trend=Trend("knots", at=tuple(int(k) for k in knot_locations(len(data.weeks))), prior=normal(0.0, 5.0)),
        seasonality=Seasonality(yearly=0),
        intercept=Intercept(prior=normal(0.0, 5.0), pooling=None, common=False),
        noise=Noise(sigma=wide),
        scaling=Scaling(outcome="standard", media="median"),
        history="zero",
    )


def promo_deviation(data: Panel) -> float:
    """Standard deviation of the promotion's coefficient whose share of the outcome is Normal(0, .1)."""
    s = scaled(data)
    return float(PROMO_SHARE * s.total / ((s.promo - s.promo.min()) * s.money).sum())


def _paid(name: str) -> Channel:
    from attribution_models.mix.priors import Prior
    from attribution_models.mix.spec import Effect

    return _medium(name, f"{name}_spend", Effect("roi", Prior("log-normal", (0.2, 0.9))))


def _organic() -> Channel:
    from attribution_models.mix.priors import Prior
    from attribution_models.mix.spec import Effect

    return _medium(ORGANIC, None, Effect("contribution", Prior("beta", (1.0, 99.0))))


def _medium(name: str, spend: str | None, effect: Any) -> Channel:
    from attribution_models.mix.adstock import Adstock
    from attribution_models.mix.priors import Prior, half_normal
    from attribution_models.mix.saturation import Saturation
    from attribution_models.mix.spec import Channel

    return Channel(
        name, f"{name}_impression", spend=spend, effect=effect, pooling=half_normal(1.0),
        adstock=Adstock("geometric", l_max=MAX_LAG + 1, priors=(("alpha", Prior("uniform", (0.0, 1.0))),)),
        saturation=Saturation("hill", priors=(("kappa", Prior("truncated-normal", (0.8, 0.8, 0.1, 10.0))),)),
    )  # fmt: skip


def built(path: Path, *, integrate: bool = True) -> Structure:
    """The specification and the panel together."""
    from attribution.mix.panel import read_panel
    from attribution_models.mix.structure import structure

    model = spec(panel(path))
    return structure(model, read_panel([str(path)], model).data, integrate=integrate)


def described(draws: Any) -> dict[str, float]:
    """Mean, spread and the central 90 % of draws, as Meridian's summary has them."""
    import numpy as np

    low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95])
    return {
        "mean": float(draws.mean()), "sd": float(draws.std(ddof=1)),
        "q05": float(low), "q50": float(middle), "q95": float(high),
    }  # fmt: skip


def estimates(fit: MixFit) -> dict[str, dict[str, float]]:
    """What Meridian's summary has under the same names."""
    found = fit.posterior.by_name()
    labels = fit.posterior.structure.by_name
    out = {}
    names = {"roi": "roi_m", "share": "contribution_om", "adstock_alpha": "alpha_m", "saturation_kappa": "ec_m",
             "geo_spread": "eta_m"}  # fmt: skip
    for ours, theirs in names.items():
        for i, label in enumerate(labels[ours].coords[0]):
            name = theirs.replace("_m", "_om") if label == ORGANIC and theirs != "contribution_om" else theirs
            out[f"{name}[{label}]"] = described(found[ours][..., i])
    return out | {"sigma": described(found["sigma"])}


def main() -> None:
    """Fit until the gate passes, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    from attribution_models.mix.fit import fit
    from attribution_models.mix.nuts import Tuning

    structure = built(given.data)
    started = time.perf_counter()
    done = fit(structure, Tuning(seed=given.seed, cores=2))
    seconds = time.perf_counter() - started
    result = {
        "seconds": seconds, "parameters": structure.size, "sampler": done.sampler,
        "integrated": sum(t.size for t in structure.terms if t.integrate),
        "gate": {"passed": done.gate.passed, "failures": list(done.gate.failures), "ess": done.gate.least_ess,
                 "rhat": done.gate.worst_rhat},
        "rounds": [{"seconds": r.seconds, "gradients": r.gradients, "divergences": r.divergences, "kept": r.kept}
                   for r in done.rounds],
        "estimates": estimates(done),
    }  # fmt: skip
    given.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({k: result[k] for k in ("seconds", "gate", "rounds", "parameters")}))


if __name__ == "__main__":
    main()
