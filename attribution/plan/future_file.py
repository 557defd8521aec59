"""What a file says of the periods after a panel: controls, and media that are decided already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attribution.errors import UsageError
from attribution.findings import Finding
from attribution.mix.panel_gaps import national_figure
from attribution.mix.panel_rows import Problems
from attribution.mix.plan_cube import Panelled, PlanCube, read_plan
from attribution.mix.plan_exposure import planned_media
from attribution.workspace import digest_of
from attribution_models.mix.data import MixData
from attribution_models.mix.scales import Scales
from attribution_models.mix.spec import MixSpec

Floats = NDArray[np.float64]
OPTION = "--future"


@dataclass(frozen=True, slots=True, eq=False)
class FutureFile:
    """Periods after a panel with what a file says of them.

    Attributes
    ----------
    name : str
        Of the file.
    columns : tuple of str
        What it says.
    periods : int
        How many periods after the panel it reaches.
    data : MixData
        With what the file leaves open as it was given to `read_future`.
    digest : str
        Of its numbers.
    findings : tuple of Finding
    """

    name: str
    columns: tuple[str, ...]
    periods: int
    data: MixData
    digest: str
    findings: tuple[Finding, ...]


def read_future(files: Sequence[str], before: Panelled, scales: Scales, otherwise: MixData) -> FutureFile:
    """Read files in the form of a plan (`attribution mmm predict`), and lay them over what is taken otherwise.

    A cell that is empty, a column that is missing and periods that have no row stay as in `otherwise`. Where there is
    spend and no exposure, it buys at the last year's prices.

    Parameters
    ----------
    before : Panelled
        The panel that the periods follow, and its model.
    scales : Scales
        Of that model: its population shares out what is national.
    otherwise : MixData

    Raises
    ------
    UsageError
        No row of a period after the panel, or standard input.
    AttributionError
        Dates off the fit's calendar, unknown geos, exposure without its spend, amounts below zero.
    """
    if "-" in files:
        raise UsageError(f"{OPTION} -: name a file. A kept plan is worked out again from it.")
    cube, periods = read_plan(files, before), len(before.data.dates)
    if cube.last < periods:
        last = before.calendar.last_day(periods - 1)
        raise UsageError(f"{OPTION} {cube.name}: no row lies after the panel, which ends {last}.")
    given = _Given(cube, before, len(otherwise.dates))
    columns = tuple(dict.fromkeys(c for c in _inputs(before.spec) if given.says(c)))
    if not columns:
        raise UsageError(f"{OPTION} {cube.name}: it says nothing that the model reads after the panel.")
    problems, findings = Problems(), list(cube.findings)
    data = replace(otherwise, controls=_controls(given, otherwise), revenue_per_outcome=_worth(given, otherwise))
    data = _media(given, scales, data, problems, findings)
    problems.stop()
    digest = digest_of({c: np.nan_to_num(v, nan=-1e300).tolist() for c, v in sorted(cube.columns.items())})
    return FutureFile(cube.name, columns, cube.last + 1 - periods, data, digest, tuple(findings))


def _inputs(spec: MixSpec) -> Iterator[str]:
    """Columns that a file can say something of."""
    for channel in spec.channels:
        yield from filter(None, (channel.exposure, channel.spend, channel.frequency))
    yield from (control.column for control in spec.controls if control.column not in spec.stand_ins)
    if isinstance(spec.revenue_per_outcome, str):
        yield spec.revenue_per_outcome


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """Columns of a file by geo and period after the panel, (G, F); NaN where it says nothing."""

    cube: PlanCube
    before: Panelled
    ahead: int

    def cut(self, values: Floats) -> Floats:
        """Periods after the panel of an array over panel and plan."""
        after = values[..., len(self.before.data.dates) :][..., : self.ahead]
        found = np.full((*values.shape[:-1], self.ahead), np.nan)
        found[..., : after.shape[-1]] = after
        return found

    def column(self, name: str | None) -> Floats:
        """A column of the file."""
        values = self.cube.columns.get(name or "")
        return np.full((len(self.before.data.geos), self.ahead), np.nan) if values is None else self.cut(values)

    def says(self, name: str) -> bool:
        """Whether it says anything of a column."""
        return bool(np.isfinite(self.column(name)).any())


def _over(given: Floats, otherwise: Floats) -> Floats:
    return np.where(np.isfinite(given), given, otherwise)


def _worth(given: _Given, otherwise: MixData) -> Floats:
    """Revenue per outcome, where the panel has a column of it."""
    worth = given.before.spec.revenue_per_outcome
    return _over(given.column(worth if isinstance(worth, str) else None), otherwise.revenue_per_outcome)


def _controls(given: _Given, otherwise: MixData) -> Floats:
    """Controls; spend that stands for demand stays as it was: a plan says what is spent, not what demand will be."""
    spec, found = given.before.spec, otherwise.controls.copy()
    for k, control in enumerate(spec.controls):
        if control.column not in spec.stand_ins:
            found[k] = _over(given.column(control.column), found[k])
    return found


def _media(given: _Given, scales: Scales, otherwise: MixData, problems: Problems, findings: list[Finding]) -> MixData:
    """Exposure, frequency and spend of channels that the file has columns of."""
    before, cube = given.before, given.cube
    media = planned_media(cube, before, convert=True, problems=problems, findings=findings)
    exposure, spend = otherwise.exposure.copy(), otherwise.spend.copy()
    frequency, often = otherwise.frequency.copy(), given.cut(media.frequency)
    for c, channel in enumerate(before.spec.channels):
        bought, paid = given.cut(media.exposure[c]), given.column(channel.spend)
        if channel.national and len(before.data.geos) > 1:
            role = f"{cube.name}: channel {channel.name}"
            bought = national_figure(bought, role, channel.exposure, problems)
            paid = national_figure(paid, role, channel.spend or "", problems) * _share(scales)
        _unpaid(channel.spend, channel.name, bought, paid, cube.name, problems)
        exposure[c], spend[c] = _over(bought, exposure[c]), _over(paid, spend[c])
        if channel.frequency is not None:
            frequency[c] = _over(often[c], frequency[c])
    if min(exposure.min(), spend.min(), frequency.min(initial=0.0)) < 0:
        problems.add(f"{cube.name}: media below zero. Amounts of spend, exposure and frequency are 0 or more.")
    return replace(otherwise, exposure=exposure, spend=spend, frequency=frequency)


def _share(scales: Scales) -> Floats:
    """Each geo's part of a national channel's money, as in the panel, (G, 1)."""
    population = scales.population
    return np.asarray(population / population.sum())[:, None]


def _unpaid(
    column: str | None, name: str, bought: Floats, paid: Floats, file: str, problems: Problems
) -> None:  # fmt: skip
    """Refuse exposure whose money is not said: what it costs would be a guess."""
    cells = np.isfinite(bought) & ~np.isfinite(paid)
    if column is not None and cells.any():
        problems.add(
            f'{file}: channel {name} has exposure but no spend ("{column}") in {int(cells.sum()):,} cells. Give the '
            "spend too, or only the spend."
        )
