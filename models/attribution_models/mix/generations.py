"""The one place where PyMC 5 with ArviZ 0.23 (Python 3.11) and PyMC 6 with ArviZ 1 (3.12 and later) differ.

Imports happen inside functions: ArviZ alone takes seconds, and most steps need neither.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

# InferenceData in the older generation, xarray's DataTree in the newer one; an xarray Dataset in both.
Draws: TypeAlias = Any
Dataset: TypeAlias = Any


@contextmanager
def _without_greeting() -> Iterator[None]:
    """Announcements at import that no user of ours can act on.

    ArviZ 0.23 announces its successor; PyMC 6 imports names that its own PyTensor has moved.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\s*ArviZ is undergoing a major refactor", FutureWarning)
        warnings.filterwarnings("ignore", r"Importing .* is deprecated", DeprecationWarning)
        yield


def pymc() -> Any:
    """Import PyMC."""
    with _without_greeting():
        return import_module("pymc")


def arviz() -> Any:
    """Import ArviZ."""
    with _without_greeting():
        return import_module("arviz")


def trees() -> bool:
    """Whether draws are trees of data sets (ArviZ 1) and not InferenceData."""
    return int(arviz().__version__.split(".")[0]) > 0


def draws(
    groups: Mapping[str, Mapping[str, NDArray[Any]]],
    coords: Mapping[str, Sequence[Any]],
    dims: Mapping[str, Sequence[str]],
) -> Draws:
    """Put arrays together as ArviZ reads them.

    Parameters
    ----------
    groups : mapping
        ``posterior``, ``sample_stats``, ``log_likelihood``, ``prior`` …: variables (chain, draw, …);
        ``observed_data``: variables without chain and draw.
    coords, dims : mapping
        Labels of each dim, and the dims of each variable (without chain and draw).
    """
    plain = {name: {key: np.asarray(value) for key, value in group.items()} for name, group in groups.items()}
    labels = {name: list(values) for name, values in coords.items()}
    named = {name: list(values) for name, values in dims.items()}
    if trees():
        return arviz().from_dict(plain, coords=labels, dims=named)
    return arviz().from_dict(**plain, coords=labels, dims=named)


def group(found: Draws, name: str) -> Dataset:
    """One group as an xarray Dataset."""
    return _dataset(found[name])


def group_names(found: Draws) -> tuple[str, ...]:
    """Names of the groups."""
    return tuple(found.children) if hasattr(found, "children") else tuple(found.groups())


def rhat(found: Draws) -> Dataset:
    """Rank-normalised split R̂ of every posterior parameter (Vehtari et al. 2021)."""
    return _dataset(arviz().rhat(found))


def ess(found: Draws, method: Literal["bulk", "tail"]) -> Dataset:
    """Effective sample size of every posterior parameter."""
    return _dataset(arviz().ess(found, method=method))


@dataclass(frozen=True, slots=True, eq=False)
class Loo:
    """Leave-one-out cross-validation by Pareto-smoothed importance sampling (Vehtari et al. 2017).

    Attributes
    ----------
    elpd, se, p : float
        Expected log predictive density, its standard error, effective number of parameters.
    pointwise, pareto_k : array (rows,)
        Of each observation, in C order; k above 0.7 says that its importance weights cannot be trusted.
    """

    elpd: float
    se: float
    p: float
    pointwise: NDArray[np.float64]
    pareto_k: NDArray[np.float64]


def loo(found: Draws, variable: str = "outcome") -> Loo:
    """Leave-one-out cross-validation from the group ``log_likelihood``."""
    score = arviz().loo(found, pointwise=True, var_name=variable)
    names = ("elpd", "p", "elpd_i") if hasattr(score, "elpd") else ("elpd_loo", "p_loo", "loo_i")
    elpd, p, each = (getattr(score, name) for name in names)
    return Loo(float(elpd), float(score.se), float(p), np.ravel(each), np.ravel(score.pareto_k))


def _dataset(node: Any) -> Dataset:
    return node.to_dataset() if hasattr(node, "to_dataset") else node
