"""Which channel of the paths is which channel of the panel."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from attribution.errors import UsageError, did_you_mean, listed
from attribution.findings import Finding


@dataclass(frozen=True, slots=True)
class Matching:
    """Names of channels.

    Attributes
    ----------
    of_path : dict of str to str
        From the paths' name to the name in the result: the panel's where it has one.
    alone_panel, alone_paths : tuple of str
        Channels that only one of them knows, by their own names.
    demand : tuple of str
        Channels of the paths that stay in the baseline.
    """

    of_path: dict[str, str]
    alone_panel: tuple[str, ...]
    alone_paths: tuple[str, ...]
    demand: tuple[str, ...] = ()

    def without_demand(self, demand: Collection[str]) -> Matching:
        """Leave ways in that people take by themselves in the baseline, unless the panel has spend of them."""
        gone = tuple(name for name in self.alone_paths if name in demand)
        return Matching(
            {name: called for name, called in self.of_path.items() if name not in gone},
            self.alone_panel,
            tuple(name for name in self.alone_paths if name not in gone),
            gone,
        )

    def findings(self) -> list[Finding]:
        """Say what was not matched."""
        found = []
        remedy = "Where one channel has two names: --match PANEL=PATH."
        if self.alone_panel:
            message = f"No journey holds {listed(self.alone_panel, 8)}: known by the media-mix model alone."
            found.append(Finding("info", "only-in-panel", message, remedy, len(self.alone_panel)))
        if self.alone_paths:
            message = f"The panel has no {listed(self.alone_paths, 8)}: known by journeys alone."
            found.append(Finding("info", "only-in-paths", message, remedy, len(self.alone_paths)))
        if self.demand:
            message = f"{listed(self.demand, 8)} stay in the baseline: their touches are visits, which nobody bought."
            found.append(Finding("note", "visits", message, "", len(self.demand)))
        return found


def match(panel: Sequence[str], paths: Sequence[str], pairs: Sequence[tuple[str, str]] = ()) -> Matching:
    """Match names that are the same but for capitals, and those of `pairs` (panel, paths) before them.

    Several channels of the paths may be one of the panel; their credit is added up.

    Raises
    ------
    UsageError
        A pair names a channel that is not there, or one of the paths twice.
    """
    given: dict[str, str] = {}
    for one, other in pairs:
        for name, known, where in ((one, panel, "panel"), (other, paths, "journeys")):
            if name not in known:
                near = did_you_mean(name, known)
                raise UsageError(f'--match: no channel "{name}" in the {where}.{near} Known: {listed(known, 8)}.')
        if given.get(other, one) != one:
            raise UsageError(f'--match: "{other}" is given to {given[other]} and to {one}; it is one of them.')
        given[other] = one
    folded = {name.casefold(): name for name in panel}
    of_path = {name: given.get(name) or folded.get(name.casefold()) or name for name in paths}
    used = set(of_path.values())
    return Matching(
        of_path,
        tuple(name for name in panel if name not in used),
        tuple(name for name in paths if of_path[name] not in panel),
    )
