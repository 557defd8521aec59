"""Meridian's own fit of its 40-geo data, run inside Meridian's environment; writes a summary of the draws.

Run as a process: ``python peer_meridian.py DATA.csv SUMMARY.json``. The specification is Meridian's default
(ROI priors, log-normal media effects, geometric adstock of nine weeks before Hill), but for the number of
knots of the time effect, which is stated.
"""
# ruff: noqa: PLC0415 – Meridian's packages are imported after the clock and the log have started.

from __future__ import annotations

import argparse
import dataclasses
import importlib.metadata
import json
import platform
import threading
import time
from pathlib import Path
from typing import Any

STARTED = time.perf_counter()
MEDIA = [f"Channel{k}" for k in range(5)]
ORGANIC = ["Organic_channel0"]
CONTROLS = ["competitor_sales_control", "sentiment_score_control"]
NON_MEDIA = ["Promo"]
PACKAGES = ("google-meridian", "jax", "jaxlib", "tfp-nightly", "arviz", "numpy")
# What the draws are summarised for; those with a geo dimension are left out.
PARAMETERS = (
    "roi_m", "alpha_m", "ec_m", "eta_m", "beta_m", "contribution_om", "alpha_om", "ec_om", "eta_om", "beta_om",
    "contribution_n", "gamma_n", "xi_n", "gamma_c", "xi_c", "sigma", "knot_values", "tau_g",
)  # fmt: skip
PRIORS = (
    "roi_m", "alpha_m", "ec_m", "slope_m", "eta_m", "contribution_om", "alpha_om", "ec_om", "slope_om", "eta_om",
    "contribution_n", "xi_n", "gamma_c", "xi_c", "knot_values", "tau_g_excl_baseline", "sigma",
)  # fmt: skip

RECIPE = (
    "benchmarks/mmm/peer_meridian.py on the public data set, in an environment with the versions below. "
    "Meridian's default ModelSpec but for knots = 26 (an int: equally spaced, knot_locations under scaling): "
    "outcome = conversions x revenue_per_conversion, the likelihood is on conversions per head, standardised; "
    "media = impressions per head over the median of the positive ones; paid media by ROI priors, organic media "
    "and the promotion by priors on the share of the outcome; media effects log-normal over geos, non-centred; "
    "adstock geometric over max_lag + 1 = 9 weeks, normalised, before Hill with slope 1; one sigma; tau of the most "
    "populous geo is 0. Formulas, checked against Meridian's log density: benchmarks/mmm/meridian_data.py. "
    "q05 to q95 is the central 90 %. roi equals roi_m: no tail after the last week, no media before the first."
)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("summary", type=Path)
    parser.add_argument("--knots", type=int, default=26)
    parser.add_argument("--chains", type=int, nargs="+", default=[4], help="chains per call, side by side within one")
    parser.add_argument("--adapt", type=int, default=1000)
    parser.add_argument("--burnin", type=int, default=500)
    parser.add_argument("--keep", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--note", default="", help="kept in the summary, such as: under load")
    parser.add_argument("--log", type=Path, help="a file that gets a line a minute")
    parser.add_argument("--point", type=Path, help="no fit: the log density at the point in this JSON file")
    parser.add_argument("--draws", type=Path, help="a NetCDF file for the draws")
    return parser.parse_args()


def input_data(path: Path) -> Any:
    """The data in the roles that Meridian's own example gives them."""
    import pandas as pd
    from meridian.data import data_frame_input_data_builder as builders

    frame = pd.read_csv(path)
    builder = builders.DataFrameInputDataBuilder(kpi_type="non_revenue")
    return (
        builder.with_kpi(frame, kpi_col="conversions")
        .with_revenue_per_kpi(frame, revenue_per_kpi_col="revenue_per_conversion")
        .with_population(frame)
        .with_controls(frame, control_cols=CONTROLS)
        .with_media(frame, [f"{m}_impression" for m in MEDIA], [f"{m}_spend" for m in MEDIA], MEDIA)
        .with_organic_media(frame, [f"{m}_impression" for m in ORGANIC], ORGANIC)
        .with_non_media_treatments(frame, NON_MEDIA)
        .build()
    )


def built(path: Path, knots: int) -> Any:
    """The model with Meridian's default specification and the stated number of knots."""
    from meridian.model import model, spec

    return model.Meridian(input_data=input_data(path), model_spec=spec.ModelSpec(knots=knots))


def numbers(array: Any) -> Any:
    """An array as nested lists of floats."""
    import numpy as np

    return np.asarray(array, dtype=float).tolist()


def scaling(context: Any) -> dict[str, Any]:
    """The constants by which Meridian scales outcome, media, controls and non-media treatments."""
    kpi, media = context.kpi_transformer, context.media_tensors.media_transformer
    organic = context.organic_media_tensors.organic_media_transformer
    baseline = int(context.baseline_geo_idx)
    return {
        "outcome_per_head_mean": float(kpi.population_scaled_mean),
        "outcome_per_head_sd": float(kpi.population_scaled_stdev),
        "media_per_head_median_of_positive": dict(zip(MEDIA, numbers(media.population_scaled_median_m), strict=True)),
        "organic_per_head_median_of_positive": dict(
            zip(ORGANIC, numbers(organic.population_scaled_median_m), strict=True)
        ),
        "controls_mean": numbers(context.controls_transformer._means),
        "controls_sd": numbers(context.controls_transformer._stdevs),
        "non_media_mean": numbers(context.non_media_transformer._means),
        "non_media_sd": numbers(context.non_media_transformer._stdevs),
        "spend_total": dict(zip(MEDIA, numbers(context.media_tensors.prior_denominator), strict=True)),
        "outcome_total": float(context.total_outcome),
        "geos": [str(g) for g in context.input_data.geo.values],
        "baseline_geo": str(context.input_data.geo.values[baseline]),
        "knot_locations": [int(k) for k in context.knot_info.knot_locations],
    }


def distribution(prior: Any) -> dict[str, Any]:
    """A prior's name and parameters, as Meridian reports them."""
    kept = {}
    for name, value in prior.parameters.items():
        if name in {"name", "validate_args", "allow_nan_stats"} or value is None:
            continue
        kept[name] = distribution(value) if hasattr(value, "parameters") else _plain(value)
    return {"distribution": type(prior).__name__, **kept}


def _plain(value: Any) -> Any:
    try:
        return numbers(value)
    except (TypeError, ValueError):
        return str(value)


def specification(mmm: Any) -> dict[str, Any]:
    """The specification in Meridian's words: its fields, and the priors that its sampler reads."""
    fields = {f.name: getattr(mmm.model_spec, f.name) for f in dataclasses.fields(mmm.model_spec) if f.name != "prior"}
    priors = {name: distribution(getattr(mmm.model_spec.prior, name)) for name in PRIORS}
    return {"model_spec": {k: v if isinstance(v, int | float | bool) else str(v) for k, v in fields.items()}} | {
        "priors": priors
    }


def described(draws: Any) -> dict[str, float]:
    """Mean, spread, quantiles, R-hat and effective sizes of draws of shape (chain, draw)."""
    import arviz as az
    import numpy as np

    values = np.asarray(draws, dtype=float)
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    return {
        "mean": float(values.mean()), "sd": float(values.std(ddof=1)),
        "q05": float(low), "q50": float(middle), "q95": float(high),
        "rhat": float(az.rhat(values)), "ess_bulk": float(az.ess(values, method="bulk")),
        "ess_tail": float(az.ess(values, method="tail", prob=(0.05, 0.95))), "mcse_mean": float(az.mcse(values)),
    }  # fmt: skip


def table(array: Any, name: str, labels: list[str] | None = None) -> dict[str, dict[str, float]]:
    """One description per element of the last dimension."""
    import numpy as np

    values = np.asarray(array, dtype=float)
    if values.ndim == 2:
        return {name: described(values)}
    labels = labels or [str(i) for i in range(values.shape[-1])]
    return {f"{name}[{label}]": described(values[..., i]) for i, label in enumerate(labels)}


def parameters(posterior: Any) -> dict[str, dict[str, float]]:
    """The description of every parameter without a product of dimensions."""
    out: dict[str, dict[str, float]] = {}
    for name in PARAMETERS:
        array = posterior[name]
        squeezed = array.squeeze([d for d in array.dims[2:] if array.sizes[d] == 1 and name == "sigma"], drop=True)
        labels = [str(v) for v in squeezed[squeezed.dims[-1]].values] if squeezed.ndim == 3 else None
        out |= table(squeezed.values, name, labels)
    return out


def effects(mmm: Any) -> dict[str, dict[str, float]]:
    """Incremental outcome, share of the outcome, ROI and marginal ROI as Meridian's analyzer gives them."""
    import numpy as np
    from meridian.analysis import analyzer

    reader = analyzer.Analyzer(model_context=mmm.model_context, inference_data=mmm.inference_data)
    outcome = np.asarray(reader.incremental_outcome())
    out = table(outcome, "incremental_outcome", [*MEDIA, *ORGANIC, *NON_MEDIA])
    out |= table(outcome / float(mmm.model_context.total_outcome), "share", [*MEDIA, *ORGANIC, *NON_MEDIA])
    out |= table(np.asarray(reader.roi()), "roi", MEDIA)
    return out | table(np.asarray(reader.marginal_roi()), "mroi", MEDIA)


def density(mmm: Any, point: dict[str, Any]) -> dict[str, Any]:
    """Meridian's log prior and log likelihood at a point of its sampled parameters, without Jacobians."""
    import numpy as np
    from meridian.model import posterior_sampler

    joint = posterior_sampler.PosteriorMCMCSampler(model_context=mmm.model_context)._get_joint_dist_sampling()
    fixed = {"slope_m": np.ones(len(MEDIA)), "slope_om": np.ones(len(ORGANIC))}
    shapes = joint.event_shape._asdict()
    values = {n: np.asarray((point | fixed)[n], dtype=float).reshape(shapes[n]) for n in shapes}
    parts = joint.log_prob_parts(values)
    return {
        "versions": {"google-meridian": importlib.metadata.version("google-meridian")},
        "log_prior": float(np.sum(parts.unpinned)), "log_likelihood": float(np.sum(parts.pinned)), "point": point,
    }  # fmt: skip


def rounded(value: Any) -> Any:
    """Six significant digits below the constants of scaling; null for what is no number."""
    if isinstance(value, dict):
        return {k: v if k == "scaling" else rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if value == value and abs(value) != float("inf") else None
    return value


def steps(inference: Any) -> dict[str, Any]:
    """How the sampler fared: gradients per draw, divergences, step size."""
    stats = inference.sample_stats
    out = {"divergences": int(stats["diverging"].sum())}
    if "n_steps" in stats:
        out["gradients_per_draw"] = float(stats["n_steps"].mean())
        out["gradients_of_longest_tree"] = int(stats["n_steps"].max())
    return out | {"step_size": float(stats["step_size"].mean())}


def watched(log: Path | None, what: dict[str, str]) -> threading.Event:
    """Start a thread that writes a line a minute; the event ends it."""
    ended = threading.Event()

    def write() -> None:
        while log and not ended.wait(60):
            with log.open("a", encoding="utf-8") as file:
                wall, processor = time.perf_counter() - STARTED, time.process_time()
                file.write(f"{wall:.0f} s, {processor:.0f} s of processor time: {what['step']}\n")

    threading.Thread(target=write, daemon=True).start()
    return ended


def main() -> None:
    """Fit, and write the summary."""
    given = arguments()
    step = {"step": "imports and compilation of the model"}
    ended = watched(given.log, step)
    mmm = built(given.data, given.knots)
    if given.point:
        found = density(mmm, json.loads(given.point.read_text(encoding="utf-8")))
        given.summary.write_text(json.dumps(found) + "\n", encoding="utf-8")
        return
    head = specification(mmm) | {"scaling": scaling(mmm.model_context)}
    ready = time.perf_counter()
    step["step"] = "sampling"
    mmm.sample_posterior(
        n_chains=given.chains, n_adapt=given.adapt, n_burnin=given.burnin, n_keep=given.keep, seed=given.seed
    )
    sampled = time.perf_counter()
    step["step"] = "summaries"
    result = {
        "data": given.data.name,
        "recipe": RECIPE,
        "note": given.note,
        "versions": {p: importlib.metadata.version(p) for p in PACKAGES} | {"python": platform.python_version()},
        "sampler": {
            "chains": given.chains, "adapt": given.adapt, "burnin": given.burnin, "keep": given.keep,
            "seed": given.seed, "target_accept": 0.85, "max_tree_depth": 10, **steps(mmm.inference_data),
        },
        "seconds": {"before_sampling": ready - STARTED, "sampling": sampled - ready},
        **head,
        "parameters": parameters(mmm.inference_data.posterior),
        "effects": effects(mmm),
    }  # fmt: skip
    given.summary.write_text(json.dumps(rounded(result), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    if given.draws:
        mmm.inference_data.posterior.to_netcdf(str(given.draws))
    ended.set()


if __name__ == "__main__":
    main()
