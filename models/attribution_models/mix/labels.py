"""Dims and coordinates of sampled groups, as graph and saved draws name them."""

from __future__ import annotations

from attribution_models.mix.columns import Term
from attribution_models.mix.groups import Group


def label(group: Group | Term, dim: str) -> str:
    """Name of a dim, which in PyMC and xarray must not be the name of a variable."""
    return f"{dim}_name" if dim == group.name else dim


def dimensions(groups: tuple[Group, ...]) -> dict[str, tuple[str, ...]]:
    """Dims of every group."""
    return {group.name: tuple(label(group, dim) for dim in group.dims) for group in groups}


def coordinates(groups: tuple[Group, ...]) -> dict[str, tuple[str, ...]]:
    """Labels of every dim that groups bring along.

    PyMC takes draws for those of its variables only where the draws carry these coordinates (its posterior predictive
    draws others anew from the prior, without an error before PyMC 6), so they belong to every set of draws.
    """
    return {label(g, dim): labels for g in groups for dim, labels in zip(g.dims, g.coords, strict=True)}
