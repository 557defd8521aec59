"""Carry-over and curves by plain loops: slow, and written apart from the kernels."""

from __future__ import annotations

import numpy as np
from scipy import stats


def weights(form, first, second):
    length = 1 if form.kind == "none" else form.l_max
    if form.kind == "none":
        return np.ones(1)
    lags = np.arange(length)
    if form.kind == "geometric":
        w = first**lags
    elif form.kind == "delayed":
        w = first ** ((lags - second) ** 2)
    elif form.kind == "binomial":
        w = (1 - lags / length) ** (1 / first - 1)
    elif form.kind == "weibull-cdf":
        alive = stats.weibull_min(second, scale=first).sf(lags)
        w = np.cumprod(alive)
    else:
        w = stats.weibull_min(second, scale=first).pdf(lags + 1)
        w = (w - w.min()) / (w.max() - w.min()) if w.max() > w.min() else np.ones(length)
    return w / w.sum() if form.normalize else w


def curve(kind, first, second, a):
    a = np.where(a > 0, a, 0.0)
    if kind == "logistic":
        return (1 - np.exp(-first * a)) / (1 + np.exp(-first * a))
    if kind == "hill":
        return a**second / (first**second + a**second)
    if kind == "michaelis-menten":
        return a / (first + a)
    if kind == "tanh":
        return np.tanh(a / first)
    if kind == "root":
        return a**first
    return a


def value(s, parameter, p):
    return p[s.index(parameter)] if parameter.group else parameter.constant


def drift(s, p, length):
    """v_t by its formula, term by term."""
    given = s.spec.time_varying
    if given is None:
        return np.ones(length)
    # Of the fit, where rows go on after its panel.
    periods = s.varying.weight.size
    by_name = {group.name: p[group.start : group.start + group.size] for group in s.groups}
    eta, ell = (
        by_name[f"time_varying_{name}"][0] if f"time_varying_{name}" in by_name else getattr(given, name).values[0]
        for name in ("scale", "length")
    )
    half = 1.5 * (periods - 1) / 2
    f = np.full(length, np.log(np.e - 1))
    for j, z in enumerate(by_name["time_varying_z"], 1):
        w = j * np.pi / (2 * half)
        if given.covariance == "expquad":
            density = eta**2 * np.sqrt(2 * np.pi) * ell * np.exp(-(ell**2) * w**2 / 2)
        else:
            density = eta**2 * 16 / 3 * 5**2.5 / ell**5 / (5 / ell**2 + w**2) ** 3
        for t in range(length):
            at = min(t - (periods - 1) / 2, half)
            f[t] += z * np.sqrt(density) * np.sin(w * (at + half)) / np.sqrt(half)
    mean = np.mean([np.log1p(np.exp(f[t])) for t in range(periods) if s.fitted[:, t].any()])
    for t in range(periods, length):
        # From the panel's end to a quarter of its length after it f is led to where v is 1.
        f[t] += (np.log(np.exp(mean) - 1) - np.log(np.e - 1)) * min((t - periods + 1) / (0.25 * (periods - 1)), 1.0)
    return np.log1p(np.exp(f)) / mean


def responses(s, theta, post, media=None, reach=None):
    """h v of every channel, (C, G, T), at the first draw of a posterior."""
    p = post.parameters[0]
    media = s.media if media is None else media
    reach = s.reach if reach is None else reach
    channels, geos, wide = media.shape
    periods = s.outcome.shape[1]
    before = wide - periods
    h = np.zeros((channels, geos, periods))
    for c, (channel, plan) in enumerate(zip(s.spec.channels, s.channels, strict=True)):
        w = weights(channel.adstock, *(value(s, a, p) for a in plan.adstock))
        shape = [value(s, a, p) for a in plan.saturation]
        late = channel.order == "adstock-first" and channel.frequency is None
        for g in range(geos):
            x = media[c, g] if late else curve(channel.saturation.kind, *shape, media[c, g]) * reach[c, g]
            for t in range(periods):
                a = sum(w[j] * x[before + t - j] for j in range(len(w)) if before + t - j >= 0)
                h[c, g, t] = a
            if late:
                h[c, g] = curve(channel.saturation.kind, *shape, h[c, g])
    return h * drift(post.structure, p, periods)
