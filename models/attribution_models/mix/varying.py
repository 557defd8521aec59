"""Effects of media that drift in time: the multiplier v_t as a structure has it, and its value in every draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution_models.mix.baseline import Hyper, hilbert_basis
from attribution_models.mix.columns import TIME, Spread, Term
from attribution_models.mix.groups import GroupBook
from attribution_models.mix.priors import normal
from attribution_models.mix.time_varying import TimeVarying
from attribution_models.mix.varying_kernel import CENTER

Floats = NDArray[np.float64]
# Basis functions are zero from this share of the panel's length after its end (`hilbert_basis`).
FADE = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Varying:
    """How one multiplier of all media effects is made; `TimeVarying` has the formula.

    Attributes
    ----------
    term : Term
        f less its mean: basis functions over the panel's periods, whose coefficients are sampled as standard draws.
    weight : array (T,)
        1 / number of fitted periods in those, else 0: what the mean of the multiplier is taken over.
    """

    term: Term
    weight: Floats

    @classmethod
    def of(cls, given: TimeVarying, fitted: NDArray[np.bool_], book: GroupBook) -> Varying:
        """Plan it, and put its parameters into the book."""
        scale, length = Hyper("time_varying_scale", given.scale), Hyper("time_varying_length", given.length)
        for hyper in (scale, length):
            book.whole(hyper.name, (), (), hyper.prior)
        columns, frequencies = hilbert_basis(fitted.shape[1], given.points)
        term = Term(
            "time_varying",
            "media",
            ("time_varying_basis",),
            (tuple(str(j + 1) for j in range(given.points)),),
            TIME,
            columns,
            normal(0.0, 1.0),
            spread=Spread(given.covariance, scale.parameter, length.parameter, frequencies),
            integrate=False,
        )
        book.whole(term.vector, term.dims, term.coords, term.prior)
        seen = fitted.any(axis=0)
        return cls(term, seen / seen.sum())

    def columns(self, length: int) -> Floats:
        """Basis functions over the panel and periods after it, (k, length), as a Gaussian-process trend goes on."""
        return hilbert_basis(self.term.columns.shape[1], self.term.size, length=length)[0]

    def multiplier(self, coefficients: Floats, length: int) -> Floats:
        """v_t of every draw, (D, length), from coefficients of the basis functions, (D, k).

        After the panel the basis functions fade out, which leaves f at log(e − 1), where v is 1 / (the panel's mean).
        So f is led to where v is 1 over the same way: from there on effects are those of the mean.
        """
        f, panel = CENTER + coefficients @ self.columns(length), self.weight.size
        mean = np.logaddexp(0.0, f[:, :panel]) @ self.weight
        way = np.clip((np.arange(length) - (panel - 1)) / max(FADE * (panel - 1), 1.0), 0.0, 1.0)
        f += (np.log(np.expm1(mean)) - CENTER)[:, None] * way
        found: Floats = np.logaddexp(0.0, f) / mean[:, None]
        return found
