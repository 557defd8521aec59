"""What a panel has to be for a model to be fitted to it; said in words, before any arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.data import MixData
from attribution_models.mix.spec import MixSpec


def require_fit(spec: MixSpec, data: MixData) -> None:
    """Refuse a panel that does not belong to a model, or holds what no density can be made of.

    Empty outcomes are allowed: they are not fitted.

    Raises
    ------
    ValueError
        The first thing that is wrong, with what was seen.
    """
    for message in _problems(spec, data):
        raise ValueError(message)


def _problems(spec: MixSpec, data: MixData) -> Iterator[str]:
    yield from _sizes(spec, data)
    if (np.diff(data.dates.astype("datetime64[D]").astype(np.int64)) <= 0).any():
        yield "Dates must follow each other, each once; they are doubled or out of order."
    if len(set(data.geos)) < len(data.geos):
        yield f"Geos need names of their own; got {', '.join(data.geos)}."
    if not (np.isfinite(data.population).all() and (data.population > 0).all()):
        yield f"Populations must be above zero; got {_shown(data.population, data.population > 0)}."
    if np.isinf(data.outcome).any():
        yield f"The outcome {spec.outcome} has infinite values; leave such cells empty."
    yield from _media(spec, data)
    for k, control in enumerate(spec.controls):
        if not np.isfinite(data.controls[k]).all():
            yield f"Control {control.column} has empty or infinite values; give them, or declare how they are filled."


def _sizes(spec: MixSpec, data: MixData) -> Iterator[str]:
    for what, wanted, found in (
        ("channels", len(spec.channels), len(data.exposure)),
        ("controls", len(spec.controls), len(data.controls)),
    ):
        if wanted != found:
            yield f"The model has {wanted} {what}, the data have {found}; make the data with this model."
    if any(c.frequency for c in spec.channels) and data.frequency.shape != data.exposure.shape:
        yield f"frequency has shape {data.frequency.shape}; with reach and frequency it needs {data.exposure.shape}."


def _media(spec: MixSpec, data: MixData) -> Iterator[str]:
    for c, channel in enumerate(spec.channels):
        acting = [data.exposure[c], data.frequency[c]] if channel.frequency else [data.exposure[c]]
        if not all(np.isfinite(x).all() for x in acting):
            yield f"Channel {channel.name} has empty or infinite exposure; give it, or declare `missing`."
        elif any((x < 0).any() for x in acting):
            least = min(float(x.min()) for x in acting)
            yield f"Channel {channel.name} has exposure below zero ({least:g}); correct the column."
        if not np.isfinite(data.spend[c]).all():
            yield f"Channel {channel.name} has empty or infinite spend; write 0 where nothing was spent."


def _shown(values: NDArray[np.float64], good: NDArray[np.bool_]) -> str:
    return ", ".join(f"{v:g}" for v in values[~good][:3])
