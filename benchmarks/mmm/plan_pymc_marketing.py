"""PyMC-Marketing's own optimiser on its own fit of Robyn's weekly data, run inside its environment.

Run as a process: ``python plan_pymc_marketing.py DATA.csv SPLITS.json RESULT.json``. The fit is that of
`peer_pymc_marketing` (4 chains of 1,000 draws, Laplace). The window is the last weeks of the data, each channel's money
spread over them as it was, spend before them kept, carry-out counted: what our plan does. Two clocks: making the
optimiser (``mmm.budget_optimizer``), which builds and compiles the graph, and ``allocate_budget``. Its splits are worth
what its objective says; so are those in SPLITS.json, ours among them.
"""
# ruff: noqa: PLC0415 – the peer's packages are imported where their time can be measured.

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import sys
import time
from pathlib import Path
from typing import Any


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("splits", type=Path, help="money by channel, by window (weeks) and name")
    parser.add_argument("result", type=Path)
    parser.add_argument("--weeks", type=int, default=26)
    parser.add_argument("--move", type=float, default=0.5, help="share by which a channel's money may move")
    return parser.parse_args()


def fitted(path: Path) -> tuple[Any, Any, list[str], dict[str, str]]:
    """The fit of `peer_pymc_marketing`; with its data, its channels and versions."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import peer_pymc_marketing as peer  # type: ignore[import-not-found]

    classes = peer.imported()
    table = peer.frame(path)
    mmm = peer.model(classes, "laplace")
    mmm.fit(
        table.drop(columns=peer.OUTCOME), table[peer.OUTCOME], chains=4, cores=2, tune=1000, draws=1000,
        target_accept=0.9, nuts_sampler="nutpie", random_seed=1, progressbar=False,
    )  # fmt: skip
    versions = {p: importlib.metadata.version(p) for p in peer.PACKAGES} | {"python": platform.python_version()}
    return mmm, table.set_index(peer.DATE), peer.CHANNELS, versions


def spread(table: Any, channels: list[str]) -> Any:
    """Share of each week in a channel's money; even where it has none."""
    import xarray as xr

    money = table[channels].to_numpy(float)
    total = money.sum(axis=0)
    share = (money + (total == 0)) / (total + (total == 0) * len(money))
    return xr.DataArray(share, dims=("date", "channel"), coords={"channel": channels})


def by_channel(money: Any, channels: list[str], weeks: int) -> Any:
    """Money over the window as the peer counts it: of an average week."""
    import numpy as np
    import xarray as xr

    return xr.DataArray(np.asarray(money, float) / weeks, dims=("channel",), coords={"channel": channels})


def bounds(today: Any, move: float) -> Any:
    """Lowest and highest money of each channel."""
    import xarray as xr

    return xr.concat([(1 - move) * today, (1 + move) * today], dim="bound").transpose("channel", "bound")


def main() -> None:
    """Fit, optimise, value every split, and write the result."""
    given = arguments()
    mmm, table, channels, versions = fitted(given.data)
    window = table.iloc[-given.weeks :]
    today = by_channel(window[channels].sum(), channels, given.weeks)
    begun = time.perf_counter()
    optimiser = mmm.budget_optimizer(
        window.index[0], window.index[-1], budget_distribution_over_period=spread(window, channels)
    )
    made = time.perf_counter()
    found = optimiser.allocate_budget(float(today.sum()), budget_bounds=bounds(today, given.move))
    done = time.perf_counter()
    best = found.budgets.sel(channel=channels)
    splits = json.loads(given.splits.read_text(encoding="utf-8"))[str(given.weeks)]
    valued = {"today": today, "theirs": best} | {
        name: by_channel([money[c] for c in channels], channels, given.weeks) for name, money in splits.items()
    }
    sizes = mmm.idata["posterior"].sizes
    result = {
        "versions": versions, "draws": int(sizes["chain"] * sizes["draw"]),
        "seconds": {"make and compile": made - begun, "allocate": done - made}, "channels": channels,
        "from": str(window.index[0].date()), "to": str(window.index[-1].date()),
        "today": (today * given.weeks).values.tolist(), "z": (best * given.weeks).values.tolist(),
        "evaluations": int(found.scipy_result.nfev), "success": bool(found.scipy_result.success),
        "outcome": {name: optimiser.evaluate_plan(split).utility for name, split in valued.items()},
    }  # fmt: skip
    given.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({"written": str(given.result)}))


if __name__ == "__main__":
    main()
