"""Our fit of Robyn's weekly data with the peer's model, in one process; writes times and diagnostics.

Run as a process: ``python -m benchmarks.mmm.robyn_ours DATA.csv laplace|normal SEED RESULT.json``. The model in
formulas stands in ``robyn_data.py``; nothing in it is ours but how it is sampled.
"""
# ruff: noqa: PLC0415 – the engine is imported where its time can be measured.

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.mmm.peer_pymc_marketing import since_start

if TYPE_CHECKING:
    from attribution_models.mix.fit import MixFit
    from attribution_models.mix.spec import MixSpec
    from attribution_models.mix.structure import Structure

CHANNELS = ("tv_S", "ooh_S", "print_S", "facebook_S", "search_S")
CONTROL, OUTCOME, DATE = "competitor_sales_B", "revenue", "DATE"
# Our names of the peer's parameters; the comparison of effective sizes is over the first four.
NAMES = {
    "adstock_alpha": "adstock_alpha", "saturation_lam": "saturation_lam", "beta": "saturation_beta",
    "sigma": "y_sigma", "intercept": "intercept_contribution", "control": "gamma_control", "fourier": "gamma_fourier",
}  # fmt: skip
COMPARED = ("adstock_alpha", "saturation_lam", "saturation_beta", "y_sigma")
TUNE, DRAWS = 1000, 1000


def spec(prior: str) -> MixSpec:
    """The peer's default priors, likelihood and scaling, with its zero padding before the first week."""
    from attribution_models.mix.adstock import Adstock
    from attribution_models.mix.priors import Prior, half_normal, normal
    from attribution_models.mix.saturation import Saturation
    from attribution_models.mix.spec import Channel, Control, Effect, Intercept, MixSpec, Noise, Seasonality

    waves = Prior("laplace", (0.0, 1.0)) if prior == "laplace" else normal(0.0, 2**0.5)
    return MixSpec(
        name=f"robyn-{prior}",
        date=DATE,
        outcome=OUTCOME,
        channels=tuple(
            Channel(
                c, c, spend=c,
                adstock=Adstock("geometric", l_max=8, priors=(("alpha", Prior("beta", (1.0, 3.0))),)),
                saturation=Saturation("logistic", priors=(("lam", Prior("gamma", (3.0, 1.0))),)),
                effect=Effect("coefficient", half_normal(2.0)),
            )
            for c in CHANNELS
        ),
        controls=(Control(CONTROL, prior=normal(0.0, 2.0), role="predictor", scale="max"),),
        seasonality=Seasonality(yearly=2, prior=waves),
        intercept=Intercept(prior=normal(0.0, 2.0)),
        noise=Noise(sigma=half_normal(2.0)),
        history="zero",
    )  # fmt: skip


def built(data: Path, prior: str, *, integrate: bool = True) -> Structure:
    """The specification and the panel together."""
    from attribution.mix.panel import read_panel
    from attribution_models.mix.structure import structure

    model = spec(prior)
    return structure(model, read_panel([str(data)], model).data, integrate=integrate)


def peer_name(name: str) -> str:
    """The peer's name of one of our parameters: ``beta[tv_S]`` is its ``saturation_beta[tv_S]``."""
    head, _, rest = name.partition("[")
    waves = {"yearly sin 1]": "sin_1]", "yearly sin 2]": "sin_2]", "yearly cos 1]": "cos_1]", "yearly cos 2]": "cos_2]"}
    return NAMES[head] + (f"[{waves.get(rest, rest)}" if rest else "")


def described(fit: MixFit) -> dict[str, dict[str, float]]:
    """Every parameter by the peer's name, as the peer's script describes its own."""
    return {
        peer_name(row.name): {
            "mean": row.mean, "sd": row.sd, "ess_bulk": row.ess_bulk, "ess_tail": row.ess_tail,
            "rhat": row.rhat, "mcse_mean": row.mcse,
        }
        for row in fit.table
    }  # fmt: skip


def least(table: dict[str, dict[str, float]], names: tuple[str, ...] = ()) -> dict[str, float]:
    """The smallest effective size and the largest R-hat, over all parameters or over some."""
    rows = [row for name, row in table.items() if not names or name.split("[")[0] in names]
    return {
        "ess": min(min(row["ess_bulk"], row["ess_tail"]) for row in rows),
        "rhat": max(row["rhat"] for row in rows),
    }


def main() -> None:
    """Fit with as many draws as the peer, once; and again until the gate passes, as a user's fit does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("prior", choices=["laplace", "normal"], help="of the Fourier terms")
    parser.add_argument("seed", type=int)
    parser.add_argument("result", type=Path)
    given = parser.parse_args()
    before = time.perf_counter()
    from attribution.mix.panel import read_panel
    from attribution_models.mix.fit import fit
    from attribution_models.mix.nuts import Tuning
    from attribution_models.mix.structure import structure

    model = spec(given.prior)
    panel = read_panel([str(given.data)], model)
    started = time.perf_counter()
    tuning = Tuning(chains=4, tune=TUNE, draws=DRAWS, target_accept=0.9, cores=2, seed=given.seed)
    done = fit(structure(model, panel.data), tuning, rounds=1)
    fitted = time.perf_counter()
    # The gate's clock is the default tuning's: what ``attribution fit mmm`` does.
    gated = fit(structure(model, panel.data), Tuning(seed=given.seed, cores=2))
    passed = time.perf_counter()
    rows = described(done)
    worst = least(rows, COMPARED)
    result: dict[str, Any] = {
        "seconds": {"imports": started - before, "fit": fitted - started, "gate": passed - fitted,
                    "process": since_start()},
        "divergences": done.rounds[0].divergences, "gradients": done.rounds[0].gradients, "least": worst,
        "ess_per_second": worst["ess"] / (fitted - started), "parameters": rows, "sampler": done.sampler,
        "gate": {"passed": gated.gate.passed, "rounds": len(gated.rounds), "ess": gated.gate.least_ess,
                 "rhat": gated.gate.worst_rhat},
    }  # fmt: skip
    given.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({k: result[k] for k in ("seconds", "divergences", "least", "ess_per_second", "gate")}))


if __name__ == "__main__":
    main()
