"""Prior distributions as frozen data: a family, its parameters, and the real line that its values are sampled on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

IDENTITY, LOG, INTERVAL, BELOW = range(4)


@dataclass(frozen=True, slots=True)
class Family:
    """One distribution family.

    Attributes
    ----------
    code : int
        What the compiled density calls it.
    parameters : tuple of str
        In the order of the definition; names are PyMC's.
    transform : int
        ``IDENTITY``, ``LOG`` (x > 0), ``INTERVAL`` (log((x − a) / (b − x))) or ``BELOW`` (log(b − x)): PyMC's default
        for the family, so that both densities live on the same line.
    pymc : str
        Name of the distribution in PyMC.
    """

    code: int
    parameters: tuple[str, ...]
    transform: int
    pymc: str


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "normal": Family(0, ("mu", "sigma"), IDENTITY, "Normal"),
        "laplace": Family(1, ("mu", "b"), IDENTITY, "Laplace"),
        "half-normal": Family(2, ("sigma",), LOG, "HalfNormal"),
        "log-normal": Family(3, ("mu", "sigma"), LOG, "LogNormal"),
        "gamma": Family(4, ("alpha", "beta"), LOG, "Gamma"),
        "inverse-gamma": Family(5, ("alpha", "beta"), LOG, "InverseGamma"),
        "exponential": Family(6, ("lam",), LOG, "Exponential"),
        "beta": Family(7, ("alpha", "beta"), INTERVAL, "Beta"),
        "uniform": Family(8, ("lower", "upper"), INTERVAL, "Uniform"),
        "truncated-normal": Family(9, ("mu", "sigma", "lower", "upper"), INTERVAL, "TruncatedNormal"),
        "student-t": Family(10, ("nu", "mu", "sigma"), IDENTITY, "StudentT"),
    }
)
POSITIVE = ("sigma", "b", "alpha", "beta", "lam", "nu")


@dataclass(frozen=True, slots=True)
class Prior:
    """A distribution, for instance ``Prior("log-normal", (0.2, 0.9))``; ``Prior("fixed", (1.0,))`` is a constant.

    Attributes
    ----------
    family : str
        A key of `FAMILIES`, or ``fixed``.
    values : tuple of float
        Its parameters in order, PyMC's parametrisation (gamma: shape and rate).

    Raises
    ------
    ValueError
        Unknown family, wrong number of parameters, a scale that is not positive, an empty interval.
    """

    family: str
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        names = self.names
        if len(self.values) != len(names):
            raise ValueError(f"Prior {self.family} takes {', '.join(names)}; got {len(self.values)} values.")
        given = dict(zip(names, self.values, strict=True))
        for name, value in given.items():
            if value != value or (name in POSITIVE and not 0 < value < float("inf")):  # noqa: PLR0124
                raise ValueError(f"Prior {self.family}: {name} must be above zero and finite; got {value}.")
        if "lower" in given and not given["lower"] < given["upper"]:
            raise ValueError(f"Prior {self.family}: lower {given['lower']} is not below upper {given['upper']}.")
        if self.family == "truncated-normal" and given["lower"] == -given["upper"] == float("-inf"):
            raise ValueError("Prior truncated-normal: neither end is finite; give one, or write normal.")
        if self.family == "uniform" and not given["upper"] - given["lower"] < float("inf"):
            raise ValueError(f"Prior uniform: its ends must be finite; got {given['lower']} and {given['upper']}.")

    @classmethod
    def of(cls, family: str, **parameters: float) -> Prior:
        """Make a prior by parameter names.

        Raises
        ------
        ValueError
            A name that the family does not have, or one that is missing.
        """
        names = cls._names_of(family)
        if set(parameters) != set(names):
            msg = f"Prior {family} takes {', '.join(names)}; got {', '.join(sorted(parameters)) or 'nothing'}."
            raise ValueError(msg)
        return cls(family, tuple(float(parameters[name]) for name in names))

    @staticmethod
    def _names_of(family: str) -> tuple[str, ...]:
        if family == "fixed":
            return ("value",)
        if family not in FAMILIES:
            raise ValueError(f'No prior "{family}"; there are {", ".join(FAMILIES)} and fixed.')
        return FAMILIES[family].parameters

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        return self._names_of(self.family)

    @property
    def parameters(self) -> dict[str, float]:
        """Parameters by name."""
        return dict(zip(self.names, self.values, strict=True))

    @property
    def fixed(self) -> bool:
        """Whether this is a constant."""
        return self.family == "fixed"

    @property
    def transform(self) -> int:
        """The map to the real line: a truncated normal with one end is sampled on the log scale from there."""
        if self.family == "truncated-normal" and self.values[3] == float("inf"):
            return LOG
        if self.family == "truncated-normal" and self.values[2] == float("-inf"):
            return BELOW
        return FAMILIES[self.family].transform

    @property
    def bounds(self) -> tuple[float, float]:
        """Ends of the support."""
        if self.fixed:
            return self.values[0], self.values[0]
        if self.family in ("uniform", "truncated-normal"):
            return self.values[-2], self.values[-1]
        if self.family == "beta":
            return 0.0, 1.0
        return (0.0 if self.transform == LOG else float("-inf")), float("inf")

    def __str__(self) -> str:
        return f"{self.family}({', '.join(f'{n} {v:g}' for n, v in self.parameters.items())})"


def normal(mu: float, sigma: float) -> Prior:
    """Make Normal(mu, sigma²)."""
    return Prior("normal", (mu, sigma))


def half_normal(sigma: float) -> Prior:
    """Make |Normal(0, sigma²)|."""
    return Prior("half-normal", (sigma,))
