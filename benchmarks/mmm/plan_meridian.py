"""Meridian's own optimiser on draws of its own model, run inside Meridian's environment.

Run as a process: ``python plan_meridian.py DATA.csv DRAWS.npz RESULT.json``. The draws were sampled by our engine from
Meridian's model (same density, same scales) and stand here as the posterior of Meridian's inference data: both sides
plan on the same fit. The clock covers ``BudgetOptimizer.optimize`` alone: its grid, the search on it and its summary of
both splits, with what JAX compiles on the way; no imports, no model, no fit.

``--rows N`` optimises nothing: it times N rows of the grid, which is where the time goes, to say how long the whole
grid takes with many draws.
"""
# ruff: noqa: PLC0415 – Meridian's packages are imported after the clock has started.

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import sys
import time
from pathlib import Path
from typing import Any

PACKAGES = ("google-meridian", "jax", "jaxlib", "tfp-nightly", "arviz", "numpy")
# Every how many rows of its grid are kept: enough to interpolate its response.
KEPT = 10


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("draws", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--weeks", type=int, nargs="+", default=[26, 0], help="the last ones; 0: all")
    parser.add_argument("--move", type=float, default=0.5, help="share by which a channel's money may move")
    parser.add_argument("--rows", type=int, default=0)
    return parser.parse_args()


def model(path: Path) -> Any:
    """Meridian's model of the data, as `peer_meridian` builds it."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import peer_meridian  # type: ignore[import-not-found]

    return peer_meridian.built(path, knots=26)


def inference(mmm: Any, draws: Path) -> Any:
    """The draws as inference data; geos and channels in Meridian's order."""
    import arviz as az
    import numpy as np
    import xarray as xr

    with np.load(draws) as held:
        dims = {"beta_gm": ("chain", "draw", "geo", "media_channel")}
        posterior = xr.Dataset(
            {name: (dims.get(name, ("chain", "draw", "media_channel")), held[name].astype(np.float32))
             for name in ("beta_gm", "alpha_m", "ec_m", "slope_m")},
            coords={"geo": held["geo"].astype(str), "media_channel": held["media_channel"].astype(str)},
        )  # fmt: skip
    known = mmm.model_context.input_data
    ordered = posterior.sel(geo=list(known.geo.values), media_channel=list(known.media_channel.values))
    return az.InferenceData(posterior=ordered)


def optimised(optimiser: Any, times: list[str], weeks: int, move: float) -> dict[str, Any]:
    """One window: seconds, both splits, and Meridian's own figures of them."""
    import numpy as np

    start = times[-weeks] if weeks else None
    begun = time.perf_counter()
    found = optimiser.optimize(
        start_date=start, fixed_budget=True, spend_constraint_lower=move, spend_constraint_upper=move
    )
    seconds = time.perf_counter() - begun
    grid = found.optimization_grid
    today, best = found.nonoptimized_data, found.optimized_data
    return {
        "seconds": seconds, "from": start or times[0], "to": times[-1],
        "step": float(grid.spend_step_size), "rows": int(grid.spend_grid.shape[0]),
        "today": np.asarray(today.spend, float).tolist(), "z": np.asarray(best.spend, float).tolist(),
        "outcome_today": float(today.attrs["total_incremental_outcome"]),
        "outcome": float(best.attrs["total_incremental_outcome"]),
        "grid": thinned(grid),
    }  # fmt: skip


def thinned(grid: Any) -> dict[str, Any]:
    """Some rows of the grid by channel: money, and mean incremental outcome."""
    import numpy as np

    out = {}
    for i, name in enumerate(grid.channels):
        money, outcome = (np.asarray(a.values[:, i], float) for a in (grid.spend_grid, grid.incremental_outcome_grid))
        there = np.flatnonzero(np.isfinite(money))
        kept = np.unique(np.r_[there[::KEPT], there[-1]])
        out[str(name)] = {"money": money[kept].tolist(), "outcome": outcome[kept].tolist()}
    return out


def rows(reader: Any, times: list[str], weeks: int, count: int) -> list[float]:
    """Seconds of single rows of the grid with these draws, the first, which compiles, left out."""
    from meridian.analysis import tensors  # type: ignore[import-not-found]

    selected = times[-weeks:] if weeks else times
    context = reader.model_context
    filled = tensors.DataTensors().validate_and_fill_missing_data(
        required_tensors_names=("media", "revenue_per_kpi", "time"), model_context=context
    )
    seconds = []
    for i in range(count + 1):
        begun = time.perf_counter()
        media = (1.0 + 0.01 * i) * filled.media
        data = tensors.DataTensors(media=media, revenue_per_kpi=filled.revenue_per_kpi, time=filled.time)
        reader.incremental_outcome(new_data=data, selected_times=selected, include_non_paid_channels=False)
        seconds.append(time.perf_counter() - begun)
    return seconds[1:]


def main() -> None:
    """Optimise each window, or time rows, and write the result."""
    given = arguments()
    mmm = model(given.data)
    from meridian.analysis import analyzer, optimizer

    held = inference(mmm, given.draws)
    reader = analyzer.Analyzer(model_context=mmm.model_context, inference_data=held)
    times = [str(t) for t in mmm.model_context.input_data.time.values]
    result: dict[str, Any] = {
        "versions": {p: importlib.metadata.version(p) for p in PACKAGES} | {"python": platform.python_version()},
        "draws": int(held.posterior.sizes["chain"] * held.posterior.sizes["draw"]), "move": given.move,
        "channels": [str(name) for name in mmm.model_context.input_data.media_channel.values],
    }  # fmt: skip
    for weeks in given.weeks:
        if given.rows:
            result[str(weeks)] = {"row_seconds": rows(reader, times, weeks, given.rows)}
        else:
            optimiser = optimizer.BudgetOptimizer(analyzer=reader)
            result[str(weeks)] = optimised(optimiser, times, weeks, given.move)
    given.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({"written": str(given.result)}))


if __name__ == "__main__":
    main()
