"""PyMC-Marketing's fit of Robyn's weekly data, run inside one of its environments; writes times and diagnostics.

Run as a process: ``python peer_pymc_marketing.py DATA.csv laplace|normal SEED RESULT.json``. The model in
formulas stands in ``robyn_data.py``.
"""
# ruff: noqa: PLC0415 – the peer's packages are imported where their time can be measured.

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

CHANNELS = ["tv_S", "ooh_S", "print_S", "facebook_S", "search_S"]
CONTROL, OUTCOME, DATE = "competitor_sales_B", "revenue", "DATE"
PACKAGES = ("pymc-marketing", "pymc", "pymc-extras", "pytensor", "nutpie", "numba", "arviz", "numpy", "pandas")
# The comparison is over the first four; the others are recorded beside them.
COMPARED = ("adstock_alpha", "saturation_lam", "saturation_beta", "y_sigma")
OTHERS = ("intercept_contribution", "gamma_control", "gamma_fourier")


def since_start() -> float:
    """Seconds since the kernel started this process."""
    ticks = int(Path("/proc/self/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("prior", choices=["laplace", "normal"], help="of the Fourier terms")
    parser.add_argument("seed", type=int)
    parser.add_argument("result", type=Path)
    parser.add_argument("--tune", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--note", default="", help="kept in the result, such as: under load")
    parser.add_argument("--reference", action="store_true", help="add the log density at several points")
    return parser.parse_args()


def imported() -> dict[str, Any]:
    """The classes of the peer (and the sampler); 0.19 keeps its model with dimensions in a module of its own."""
    import nutpie  # noqa: F401
    from pymc_extras.prior import Prior
    from pymc_marketing.mmm import GeometricAdstock, LogisticSaturation

    if importlib.metadata.version("pymc-marketing").startswith("0."):
        from pymc_marketing.mmm.multidimensional import MMM
    else:
        from pymc_marketing.mmm import MMM
    return {"MMM": MMM, "Prior": Prior, "adstock": GeometricAdstock, "saturation": LogisticSaturation}


def frame(path: Path) -> Any:
    """The data with the control divided by its maximum."""
    import pandas as pd

    table = pd.read_csv(path, parse_dates=[DATE])
    table[CONTROL] /= table[CONTROL].max()
    return table[[DATE, OUTCOME, *CHANNELS, CONTROL]]


def model(classes: dict[str, Any], prior: str) -> Any:
    """The model with the peer's default priors, but for the Fourier terms where asked."""
    config = {}
    if prior == "normal":
        config["gamma_fourier"] = classes["Prior"]("Normal", mu=0, sigma=2**0.5, dims="fourier_mode")
    return classes["MMM"](
        date_column=DATE,
        channel_columns=CHANNELS,
        target_column=OUTCOME,
        control_columns=[CONTROL],
        adstock=classes["adstock"](l_max=8),
        saturation=classes["saturation"](),
        yearly_seasonality=2,
        model_config=config,
    )


def described(values: Any) -> dict[str, float]:
    """Means, errors and diagnostics of draws of shape (chain, draw)."""
    import arviz as az
    import numpy as np

    return {
        "mean": float(values.mean()), "sd": float(values.std(ddof=1)),
        "ess_bulk": float(az.ess(values, method="bulk")),
        "ess_tail": float(az.ess(values, method="tail", prob=(0.05, 0.95))),
        "rhat": float(az.rhat(values)), "mcse_mean": float(np.squeeze(az.mcse(values, method="mean"))),
    }  # fmt: skip


def parameters(posterior: Any) -> dict[str, dict[str, float]]:
    """A description per parameter, on the original scale of the model (not the sampler's)."""
    out = {}
    for name in (*COMPARED, *OTHERS):
        values = posterior[name].transpose("chain", "draw", ...)
        labels = values[values.dims[-1]].values if values.ndim > 2 else []
        for i, label in enumerate(labels):
            out[f"{name}[{label}]"] = described(values.values[..., i])
        if values.ndim == 2:
            out[name] = described(values.values)
    return out


def least(table: dict[str, dict[str, float]]) -> dict[str, float]:
    """The smallest effective sizes and the largest R-hat over the compared parameters."""
    rows = [row for name, row in table.items() if name.split("[")[0] in COMPARED]
    return {
        "ess_bulk": min(r["ess_bulk"] for r in rows),
        "ess_tail": min(r["ess_tail"] for r in rows),
        "ess": min(min(r["ess_bulk"], r["ess_tail"]) for r in rows),
        "rhat": max(r["rhat"] for r in rows),
    }


def specification(mmm: Any) -> dict[str, Any]:
    """The prior objects the model used, its scales, and its free variables."""
    scales = {name: values.values.tolist() for name, values in mmm.scalers.items()}
    priors = {name: str(prior) for name, prior in mmm.model_config.items()}
    free = {v.name: str(v.owner.op) for v in mmm.model.free_RVs}
    transforms = {"adstock": repr(mmm.adstock.to_dict()), "saturation": repr(mmm.saturation.to_dict())}
    return {"model_config": priors, "transforms": transforms, "scales": scales, "free_variables": free}


def reference(mmm: Any, posterior: Any) -> list[dict[str, Any]]:
    """The peer's log density at the posterior mean, at two draws, and far from all of them.

    With and without the Jacobian of its transforms, and the likelihood's part.
    """
    compiled = mmm.model
    joint = compiled.compile_logp(jacobian=True)
    plain, likelihood = (compiled.compile_logp(v, jacobian=False) for v in (None, compiled.observed_RVs))
    found = []
    for values in points(compiled, posterior):
        point = unconstrained(compiled, values)
        found.append({
            "point": {name: value.tolist() for name, value in values.items()},
            "unconstrained": {name: value.tolist() for name, value in point.items()},
            "log_density": float(plain(point)),
            "log_density_with_jacobian": float(joint(point)),
            "log_likelihood": float(likelihood(point)),
        })  # fmt: skip
    return found


def points(compiled: Any, posterior: Any) -> list[dict[str, Any]]:
    """Values of the free variables: the posterior mean, two draws, and three quarters of the mean."""
    import numpy as np

    free = [v.name for v in compiled.free_RVs]
    mean = {name: np.asarray(posterior[name].mean(["chain", "draw"]).values) for name in free}
    drawn = [{name: np.asarray(posterior[name].isel(chain=c, draw=d).values) for name in free}
             for c, d in ((0, 0), (1, 7))]  # fmt: skip
    return [mean, *drawn, {name: 0.75 * value for name, value in mean.items()}]


def unconstrained(compiled: Any, values: dict[str, Any]) -> dict[str, Any]:
    """The same values where the sampler moves: log-odds of alpha, log of what is positive."""
    import numpy as np

    point = {}
    for v in compiled.free_RVs:
        transform, value = compiled.rvs_to_transforms[v], compiled.rvs_to_values[v]
        point[value.name] = np.asarray(values[v.name] if transform is None else _forward(transform, values[v.name], v))
    return point


def _forward(transform: Any, value: Any, variable: Any) -> Any:
    import pytensor.tensor as pt

    try:
        return transform.forward(pt.as_tensor(value), *variable.owner.inputs).eval()
    except (AttributeError, TypeError):
        import pytensor.xtensor as ptx

        return transform.forward(ptx.as_xtensor(value, dims=variable.dims), *variable.owner.inputs).eval()


def main() -> None:
    """Fit, and write the result."""
    given = arguments()
    before = time.perf_counter()
    classes = imported()
    after = time.perf_counter()
    table = frame(given.data)
    mmm = model(classes, given.prior)
    started = time.perf_counter()
    tree = mmm.fit(
        table.drop(columns=OUTCOME), table[OUTCOME], chains=4, cores=2, tune=given.tune, draws=given.draws,
        target_accept=0.9, nuts_sampler="nutpie", random_seed=given.seed, progressbar=False,
    )  # fmt: skip
    fitted = time.perf_counter()
    saved = given.result.with_suffix(".nc")
    mmm.save(str(saved))
    whole = since_start()
    size = saved.stat().st_size
    saved.unlink()
    rows = parameters(tree["posterior"])
    worst = least(rows)
    result = {
        "peer": "pymc-marketing", "data": given.data.name, "fourier_prior": given.prior, "seed": given.seed,
        "note": given.note, "chains": 4, "cores": 2, "tune": given.tune, "draws": given.draws, "target_accept": 0.9,
        "versions": {p: importlib.metadata.version(p) for p in PACKAGES} | {"python": platform.python_version()},
        "seconds": {"imports": after - before, "fit": fitted - started, "process": whole},
        "divergences": int(tree["sample_stats"]["diverging"].sum()),
        "gradients_per_draw": float(tree["sample_stats"]["n_steps"].mean()),
        "saved_bytes": size, "least": worst, "ess_per_second": worst["ess"] / (fitted - started),
        "parameters": rows, **specification(mmm),
    }  # fmt: skip
    if given.reference:
        result["reference"] = reference(mmm, tree["posterior"])
    given.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({k: result[k] for k in ("seconds", "divergences", "least", "ess_per_second")}))


if __name__ == "__main__":
    main()
