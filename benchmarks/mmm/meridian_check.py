"""Our log density beside Meridian's formulas at the same points, without the three priors that are stated otherwise.

Run as a process: ``python -m benchmarks.mmm.meridian_check DATA.csv RESULT.json``. At a point of Meridian's parameters
ours has the same effects: the coefficient of the promotion and the organic share are worked out from them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from scipy import stats

from attribution_models.mix.density import Density
from attribution_models.mix.priors import INTERVAL, LOG, Prior
from attribution_models.mix.start import unconstrain
from attribution_models.mix.structure import Structure
from benchmarks.mmm.meridian_data import (
    CONTROLS,
    PROMO,
    Array,
    Panel,
    log_density,
    panel,
    reference_point,
    scaled,
    transformed,
)
from benchmarks.mmm.meridian_ours import built, promo_deviation

WIDE = stats.norm(0, 5)


def values(data: Panel, point: dict[str, Array]) -> dict[str, Array]:
    """Meridian's parameters by our names."""
    both = {k: np.concatenate([point[f"{k}_m"], point[f"{k}_om"]]) for k in ("alpha", "ec", "eta")}
    found = {
        "roi": point["roi_m"], "share": np.array([organic_share(data, point, both)]),
        "adstock_alpha": both["alpha"], "saturation_kappa": both["ec"], "geo_spread": both["eta"],
        "geo_effect": np.concatenate([point["beta_gm_dev"], point["beta_gom_dev"]], axis=1).T, "sigma": point["sigma"],
        "intercept_geo": np.insert(point["tau_g_excl_baseline"], scaled(data).baseline, 0.0),
        "trend": point["knot_values"], "control": point["gamma_c"], "control_2": np.array([promo(data, point)]),
    }  # fmt: skip
    for c, name in enumerate(CONTROLS):
        found |= {
            f"control_{name}_spread": point["xi_c"][c : c + 1],
            f"control_{name}_geo_z": point["gamma_gc_dev"][:, c],
        }
    return found | {f"control_{PROMO}_spread": point["xi_n"], f"control_{PROMO}_geo_z": point["gamma_gn_dev"][:, 0]}


def organic_share(data: Panel, point: dict[str, Array], both: dict[str, Array]) -> float:
    """Organic media's share of conversions where Meridian has that of revenue."""
    s = scaled(data)
    h = transformed(s.media, both["alpha"], both["ec"])[..., -1]
    ups = np.exp(both["eta"][-1] * point["beta_gom_dev"][:, 0])
    heads = data.population[:, None] * s.sd
    beta = point["contribution_om"][0] * s.total / np.einsum("gt,gt,g->", h, s.money, ups)
    return float(beta * np.einsum("gt,gt,g->", h, np.broadcast_to(heads, h.shape), ups) / data.conversions.sum())


def promo(data: Panel, point: dict[str, Array]) -> float:
    """The promotion's common coefficient where Meridian has its share."""
    s = scaled(data)
    gained = np.einsum("gt,gt->g", s.promo - s.promo.min(), s.money)
    spread = point["xi_n"][0] * point["gamma_gn_dev"][:, 0]
    return float((point["contribution_n"][0] * s.total - gained @ spread) / gained.sum())


def ours(structure: Structure, density: Density, data: Panel, point: dict[str, Array]) -> float:
    """Log prior and log likelihood without Jacobians, and without the priors that are stated otherwise."""
    given, x, jacobian = values(data, point), np.empty(structure.size), 0.0
    order = [data.geos.index(geo) for geo in structure.data.geos]  # Meridian's geos stand by number, ours by name
    for group in structure.groups:
        own_geos = "geo" in group.dims
        flat = np.asarray(given[group.name][..., order] if own_geos else given[group.name], dtype=float).ravel()
        for e in range(group.size):
            x[group.start + e] = unconstrain(group.prior(e), flat[e])
            jacobian += log_slope(group.prior(e), flat[e])
    own = stats.norm(0, promo_deviation(data)).logpdf(given["control_2"][0])
    organic = stats.beta(1, 99).logpdf(given["share"][0])
    return float(density(x)[0] - jacobian - own - organic - WIDE.logpdf(0.0))


def log_slope(prior: Prior, value: float) -> float:
    """Log of the derivative of a value in its place on the sampled line."""
    lower, upper = prior.bounds
    if prior.transform == LOG:
        return float(np.log(value - lower))
    if prior.transform == INTERVAL:
        return float(np.log((value - lower) * (upper - value) / (upper - lower)))
    return 0.0


def theirs(data: Panel, point: dict[str, Array]) -> float:
    """The same of Meridian's formulas."""
    own = stats.truncnorm(-10, 10, 0, 0.1).logpdf(point["contribution_n"][0])
    organic = stats.beta(1, 99).logpdf(point["contribution_om"][0])
    return float(sum(log_density(data, point).values()) - own - organic)


def points() -> list[dict[str, Array]]:
    """The reference point, and others with everything smaller or larger."""
    first = reference_point()
    return [first, *({name: factor * value for name, value in first.items()} for factor in (0.4, 0.8, 1.05))]


def main() -> None:
    """Write both densities at every point."""
    path, result = Path(sys.argv[1]), Path(sys.argv[2])
    data, structure = panel(path), built(path, integrate=False)
    density = Density.of(structure)
    found = {
        "ours": [ours(structure, density, data, p) for p in points()],
        "theirs": [theirs(data, p) for p in points()],
    }
    result.write_text(json.dumps(found) + "\n", encoding="utf-8")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
