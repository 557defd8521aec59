"""PyMC-Marketing's estimates beside known effects, run inside one of its environments.

Run as a process: ``python peer_recovery.py CASE.json SEED RESULT.json``, where the case is one that
``recovery_data.py`` wrote, with its data beside it. Estimates are given twice: contribution over spend, both
summed over all weeks (the summary's default method, ``elementwise``), and the counterfactual of no spend
(``incremental``), where the version has it.
"""
# ruff: noqa: PLC0415 – the peer's packages are imported where their time can be measured.

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import time
from pathlib import Path
from typing import Any

PACKAGES = ("pymc-marketing", "pymc", "nutpie", "arviz", "numpy", "pandas")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", type=Path)
    parser.add_argument("seed", type=int)
    parser.add_argument("result", type=Path)
    parser.add_argument("--tune", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=1000)
    return parser.parse_args()


def model(case: dict[str, Any]) -> Any:
    """The model of a case with the peer's default priors."""
    from pymc_marketing.mmm import GeometricAdstock, LogisticSaturation

    if importlib.metadata.version("pymc-marketing").startswith("0."):
        from pymc_marketing.mmm.multidimensional import MMM
    else:
        from pymc_marketing.mmm import MMM
    return MMM(
        date_column=case["date"],
        channel_columns=case["channels"],
        target_column=case["outcome"],
        control_columns=case["controls"],
        adstock=GeometricAdstock(l_max=case["l_max"]),
        saturation=LogisticSaturation(),
        yearly_seasonality=case["modes"],
    )


def lift_tests(case: dict[str, Any]) -> Any:
    """The experiments in the peer's form: from no spend to the window's mean spend, all per week."""
    import pandas as pd

    return pd.DataFrame(
        {
            "channel": test["channel"], "x": 0.0, "delta_x": test["spend"] / test["weeks"],
            "delta_y": test["lift"] / test["weeks"], "sigma": test["error"] / test["weeks"],
        }
        for test in case["lifts"]
    )  # fmt: skip


def described(values: Any) -> dict[str, float]:
    """Mean, spread and the central 90 % of draws of shape (chain, draw)."""
    import arviz as az
    import numpy as np

    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    return {
        "mean": float(values.mean()), "sd": float(values.std(ddof=1)),
        "q05": float(low), "q50": float(middle), "q95": float(high),
        "rhat": float(az.rhat(values)), "ess_bulk": float(az.ess(values, method="bulk")),
    }  # fmt: skip


def per_channel(draws: Any) -> dict[str, dict[str, float]]:
    """A description per channel of draws with the dimensions chain, draw, channel."""
    ordered = draws.transpose("chain", "draw", "channel")
    return {str(c): described(ordered.values[..., i]) for i, c in enumerate(ordered["channel"].values)}


def estimates(mmm: Any, tree: Any, outcome: float, spend: Any) -> dict[str, Any]:
    """ROAS and shares by both methods, and the mean of the summary's default table (one row a week)."""
    summed = tree["posterior"]["channel_contribution"].sum("date") * float(mmm.scalers["_target"])
    weights = summed["channel"].copy(data=[spend[str(c)] for c in summed["channel"].values]).astype(float)
    out = {"elementwise": {"roas": per_channel(summed / weights), "share": per_channel(summed / outcome)}}
    if hasattr(mmm, "incrementality"):
        without = mmm.incrementality.compute_incremental_contribution("all_time")
        out["incremental"] = {"roas": per_channel(without / weights), "share": per_channel(without / outcome)}
    table = mmm.summary.roas(hdi_probs=[0.9])
    out["default_table_mean_over_weeks"] = {
        str(c): float(m) for c, m in table.groupby("channel")["mean"].mean().items()
    }
    return out


def compared(case: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Per method, measure and channel: truth, estimate, error, and whether the 90 % interval holds the truth."""
    out: dict[str, Any] = {}
    for method in [m for m in ("elementwise", "incremental") if m in found]:
        for measure, truths in case["truth"].items():
            rows = found[method][measure]
            out[f"{method} {measure}"] = {
                c: {
                    "truth": t, "mean": rows[c]["mean"], "q05": rows[c]["q05"], "q95": rows[c]["q95"],
                    "absolute_error": abs(rows[c]["mean"] - t), "relative_error": abs(rows[c]["mean"] / t - 1),
                    "inside": rows[c]["q05"] <= t <= rows[c]["q95"],
                }
                for c, t in truths.items()
            }  # fmt: skip
    return out


def main() -> None:
    """Fit, and write the estimates beside the truth."""
    import pandas as pd

    given = arguments()
    case = json.loads(given.case.read_text(encoding="utf-8"))
    table = pd.read_csv(given.case.with_suffix(".csv"), parse_dates=[case["date"]])
    seen, outcome = table.drop(columns=case["outcome"]), table[case["outcome"]]
    mmm = model(case)
    started = time.perf_counter()
    mmm.build_model(seen, outcome)
    if case["lifts"]:
        mmm.add_lift_test_measurements(lift_tests(case))
    tree = mmm.fit(
        seen, outcome, chains=4, cores=2, tune=given.tune, draws=given.draws,
        target_accept=0.9, nuts_sampler="nutpie", random_seed=given.seed, progressbar=False,
    )  # fmt: skip
    fitted = time.perf_counter()
    found = estimates(mmm, tree, float(outcome.sum()), table[case["channels"]].sum().to_dict())
    posterior = tree["posterior"]
    result = {
        "peer": "pymc-marketing", "case": case["name"], "seed": given.seed, "seconds": fitted - started,
        "versions": {p: importlib.metadata.version(p) for p in PACKAGES} | {"python": platform.python_version()},
        "divergences": int(tree["sample_stats"]["diverging"].sum()),
        "compared": compared(case, found), "estimates": found,
        "parameters": {n: per_channel(posterior[n]) for n in ("adstock_alpha", "saturation_lam", "saturation_beta")},
    }  # fmt: skip
    given.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({"case": case["name"], "seconds": result["seconds"], "divergences": result["divergences"]}))


if __name__ == "__main__":
    main()
