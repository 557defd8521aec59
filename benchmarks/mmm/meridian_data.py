"""Meridian's 40-geo data as Meridian scales it, and its default specification in formulas.

Read in the source of google-meridian 2.1.0 and checked against its own log density (``log_density`` below).
With g the geos by their number (Geo0, Geo1, Geo2, …; the file has Geo10 after Geo1), t the weeks (the file has
none before the first outcome week), p_g the population, u_gt the revenue per conversion, m the paid channels,
o the organic one, n the promotion, c the controls; all means and standard deviations are over all geos and
weeks, divisor n::

    y_gt  = (conversions_gt / p_g - mean) / sd                              conversions per head; not revenue
    x_gtm = impressions_gtm / p_g / median over positive (impressions / p)  impressions, not spend; organic alike
    z_gtc = (control - mean) / sd              v_gt = (promo - mean) / sd   neither is divided by population

    w_lm = alpha_m^l / sum_{j=0..8} alpha_m^j       l = 0 … 8: nine weeks, zeros before the first week
    a_gtm = sum_l w_lm x_{g,t-l,m}                  h_gtm = a_gtm / (a_gtm + ec_m)          slope is fixed at 1
    mu_gt = tau_g + sum_k W_tk b_k + sum_m beta_gm h_gtm + beta_go h_gto + sum_c gamma_gc z_gtc + gamma_gn v_gt
    y_gt ~ Normal(mu_gt, sigma)                     one sigma for all geos

    tau_g = 0 for the geo of the largest population, N(0, 5) for the others; b_k ~ N(0, 5)
    beta_gm = exp(beta_m + eta_m Z_gm),  Z ~ N(0, 1),  eta_m ~ HalfNormal(1); organic alike
    gamma_gc = gamma_c + xi_c Z_gc,  gamma_c ~ N(0, 5),  xi_c ~ HalfNormal(5)
    gamma_gn = gamma_n + xi_n Z_gn,  xi_n ~ HalfNormal(5)
    alpha ~ Uniform(0, 1); ec ~ Normal(.8, .8) truncated to [.1, 10]; sigma ~ HalfNormal(5); organic alike

beta_m, beta_o and gamma_n are not sampled; these are, on the scale of money (Y = sum u_gt conversions_gt,
spend_m over all geos and weeks, sd the scale of y)::

    ROI_m ~ LogNormal(.2, .9)             beta_m = log(ROI_m spend_m) - log sum_gt u_gt p_g sd h_gtm exp(eta_m Z_gm)
    share_o ~ Beta(1, 99)                 beta_o = log(share_o Y)     - log sum_gt u_gt p_g sd h_gto exp(eta_o Z_go)
    share_n ~ Normal(0, .1) on [-1, 1]    gamma_n = (share_n Y - xi_n sum_g D_g Z_gn) / sum_g D_g
                                          D_g = sum_t u_gt p_g sd (v_gt - min over all geos and weeks of v)

So ROI is what the channel added within the data (no tail after the last week, whole history off) over all
its spend, and the promotion is counted against its smallest value. K knots stand at
``numpy.linspace(0, T - 1, K, dtype=int)`` (cut to whole weeks); between two knots the weights fall off linearly.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

Array = npt.NDArray[np.float64]
MEDIA = tuple(f"Channel{k}" for k in range(5))
ORGANIC = "Organic_channel0"
PROMO = "Promo"
CONTROLS = ("competitor_sales_control", "sentiment_score_control")
MAX_LAG = 8
KNOTS = 26


@dataclass(frozen=True, slots=True)
class Panel:
    """The arrays, geos by weeks (by channels)."""

    geos: list[str]
    weeks: list[str]
    conversions: Array
    revenue: Array  # per conversion
    population: Array
    impressions: Array  # (geo, week, 5 paid + 1 organic)
    spend: Array  # (geo, week, 5)
    promo: Array
    controls: Array  # (geo, week, 2)


def panel(path: Path) -> Panel:
    """The data as arrays, geos in Meridian's order: by their number."""
    frame = pd.read_csv(path)
    geos = sorted(frame["geo"].unique(), key=lambda name: int(name.removeprefix("Geo")))
    weeks = np.sort(frame["time"].unique())
    ordered = frame.set_index(["geo", "time"]).loc[pd.MultiIndex.from_product([geos, weeks])]

    def values(*columns: str) -> Array:
        shaped = ordered[list(columns)].to_numpy(float).reshape(len(geos), len(weeks), len(columns))
        return shaped[..., 0] if len(columns) == 1 else shaped

    return Panel(
        [str(g) for g in geos],
        [str(w) for w in weeks],
        values("conversions"),
        values("revenue_per_conversion"),
        values("population")[:, 0],
        values(*[f"{m}_impression" for m in (*MEDIA, ORGANIC)]),
        values(*[f"{m}_spend" for m in MEDIA]),
        values(PROMO),
        values(*CONTROLS),
    )


def knot_locations(weeks: int, knots: int = KNOTS) -> npt.NDArray[np.int64]:
    """Where Meridian puts equally spaced knots."""
    return np.linspace(0, weeks - 1, knots, dtype=int)


def knot_weights(weeks: int, knots: int = KNOTS) -> Array:
    """Weights of shape (week, knot): linear between the two nearest knots."""
    at = knot_locations(weeks, knots)
    return np.column_stack([np.interp(np.arange(weeks), at, unit) for unit in np.eye(knots)])


@dataclass(frozen=True, slots=True)
class Scaled:
    """What Meridian's model sees, and its scales."""

    outcome: Array
    media: Array  # (geo, week, 5 paid + 1 organic)
    controls: Array
    promo: Array
    money: Array  # (geo, week): what one unit of the scaled outcome is worth, u_gt p_g sd
    mean: float
    sd: float
    median: Array
    total: float
    baseline: int


def scaled(data: Panel) -> Scaled:
    """Meridian's scaling of outcome, media, controls and promotion."""
    head = data.conversions / data.population[:, None]
    media = data.impressions / data.population[:, None, None]
    median = np.nanmedian(np.where(media == 0, np.nan, media), axis=(0, 1))
    return Scaled(
        outcome=(head - head.mean()) / head.std(),
        media=media / median,
        controls=(data.controls - data.controls.mean((0, 1))) / data.controls.std((0, 1)),
        promo=(data.promo - data.promo.mean()) / data.promo.std(),
        money=data.revenue * data.population[:, None] * head.std(),
        mean=float(head.mean()),
        sd=float(head.std()),
        median=median,
        total=float((data.conversions * data.revenue).sum()),
        baseline=int(data.population.argmax()),
    )


def transformed(media: Array, alpha: Array, ec: Array) -> Array:
    """Adstock over nine weeks, then Hill with slope 1."""
    weights = alpha ** np.arange(MAX_LAG + 1)[:, None]
    weights /= weights.sum(0)
    padded = np.concatenate([np.zeros_like(media[:, :MAX_LAG]), media], axis=1)
    weeks = media.shape[1]
    carried = sum(weights[l] * padded[:, MAX_LAG - l : MAX_LAG - l + weeks] for l in range(MAX_LAG + 1))
    return np.asarray(carried / (carried + ec))


def mean(data: Panel, point: dict[str, Array], knots: int = KNOTS) -> Array:
    """The mean of the scaled outcome at a point of the sampled parameters, by their names in Meridian."""
    s = scaled(data)
    both = {k: np.concatenate([point[f"{k}_m"], point[f"{k}_om"]]) for k in ("alpha", "ec", "eta")}
    h = transformed(s.media, both["alpha"], both["ec"])
    ups = np.exp(both["eta"] * np.concatenate([point["beta_gm_dev"], point["beta_gom_dev"]], axis=1))
    wanted = np.concatenate([point["roi_m"] * data.spend.sum((0, 1)), point["contribution_om"] * s.total])
    beta = wanted / np.einsum("gtm,gt,gm->m", h, s.money, ups) * ups
    gained = np.einsum("gt,gt->g", s.promo - s.promo.min(), s.money)
    dev = point["xi_n"][0] * point["gamma_gn_dev"][:, 0]
    promo = (point["contribution_n"][0] * s.total - gained @ dev) / gained.sum() + dev
    control = point["gamma_c"] + point["xi_c"] * point["gamma_gc_dev"]
    tau = np.insert(point["tau_g_excl_baseline"], s.baseline, 0.0)
    trend = knot_weights(data.conversions.shape[1], knots) @ point["knot_values"]
    linear = np.einsum("gtm,gm->gt", h, beta) + np.einsum("gtc,gc->gt", s.controls, control)
    return np.asarray(tau[:, None] + trend + linear + promo[:, None] * s.promo)


def log_density(data: Panel, point: dict[str, Array], knots: int = KNOTS) -> dict[str, float]:
    """Log prior (of the parameters as Meridian samples them, no Jacobian) and log likelihood at a point."""
    half = stats.truncnorm((0.1 - 0.8) / 0.8, (10 - 0.8) / 0.8, 0.8, 0.8)
    wide, narrow = stats.norm(0, 5), stats.halfnorm(scale=5)
    priors = {
        "roi_m": stats.lognorm(0.9, scale=np.exp(0.2)), "contribution_om": stats.beta(1, 99),
        "contribution_n": stats.truncnorm(-10, 10, 0, 0.1), "alpha_m": stats.uniform(), "alpha_om": stats.uniform(),
        "ec_m": half, "ec_om": half, "eta_m": stats.halfnorm(), "eta_om": stats.halfnorm(),
        "gamma_c": wide, "xi_c": narrow, "xi_n": narrow, "sigma": narrow, "knot_values": wide,
        "tau_g_excl_baseline": wide, "beta_gm_dev": stats.norm(), "beta_gom_dev": stats.norm(),
        "gamma_gc_dev": stats.norm(), "gamma_gn_dev": stats.norm(),
    }  # fmt: skip
    likelihood = stats.norm(mean(data, point, knots), point["sigma"]).logpdf(scaled(data).outcome)
    prior = sum(float(p.logpdf(point[name]).sum()) for name, p in priors.items())
    return {"log_prior": prior, "log_likelihood": float(likelihood.sum())}


def reference_point(geos: int = 40, knots: int = KNOTS) -> dict[str, Array]:
    """A point at which both densities are compared: plain numbers, and sines for the long arrays."""

    def waves(*shape: int) -> Array:
        return np.asarray(0.5 * np.sin(np.arange(int(np.prod(shape)), dtype=float)).reshape(shape))

    return {
        "roi_m": np.array([1.2, 0.8, 1.6, 0.9, 2.1]), "alpha_m": np.array([0.1, 0.3, 0.5, 0.7, 0.9]),
        "ec_m": np.array([0.4, 0.8, 1.2, 1.6, 2.0]), "eta_m": np.array([0.2, 0.4, 0.6, 0.8, 1.0]),
        "contribution_om": np.array([0.015]), "alpha_om": np.array([0.45]), "ec_om": np.array([0.9]),
        "eta_om": np.array([0.35]), "contribution_n": np.array([0.04]), "xi_n": np.array([0.15]),
        "gamma_c": np.array([0.1, -0.2]), "xi_c": np.array([0.3, 0.1]), "sigma": np.array([0.7]),
        "knot_values": waves(knots), "tau_g_excl_baseline": waves(geos - 1), "beta_gm_dev": waves(geos, 5),
        "beta_gom_dev": waves(geos, 1), "gamma_gc_dev": waves(geos, 2), "gamma_gn_dev": waves(geos, 1),
    }  # fmt: skip
