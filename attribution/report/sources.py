"""What a workspace holds for its report, read when a chapter asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from attribution.engine import connect, one_row
from attribution.errors import UsageError, did_you_mean, listed
from attribution.findings import Finding
from attribution.identity.stitch import people_table
from attribution.ingest.report import FileReport, report_of
from attribution.journeys.journeys import Journeys
from attribution.report.palette import palette
from attribution.report.words import Words
from attribution.steps.customer_credit import customer_credit, with_credit
from attribution.steps.journeys import journeys_step
from attribution.suppression.waste import waste
from attribution.tables import BASELINE, UNATTRIBUTED
from attribution.workspace import Workspace

if TYPE_CHECKING:
    from attribution.mix.stored import StoredMix
    from attribution.report.mix_view import MixView
    from attribution.steps.compare import CompareReport

# Which model a report leads with where none is named: what is meant to be incremental and holds everything first.
LEADING = ("reconciled", "markov", "shapley", "mmm", "hazard")
CLOSING = (BASELINE, UNATTRIBUTED, "(interaction)")


@dataclass(frozen=True)
class Sources:
    """One workspace, read lazily and once.

    Parameters
    ----------
    workspace : Workspace
    words : Words
        How the chapters' sentences write numbers.
    asked : str or None
        The fit that the report leads with.
    """

    workspace: Workspace
    words: Words
    asked: str | None = None

    @cached_property
    def comparison(self) -> CompareReport | None:
        """All fits side by side; None where nothing was fitted."""
        manifest = self.workspace.require()
        if not (manifest["fits"] or manifest.get("mixes")):
            return None
        from attribution.steps.compare import compare_step  # noqa: PLC0415  (slow to import)

        return compare_step(self.workspace, force=True)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The workspace as it is after fits were brought up to date."""
        _ = self.comparison
        return self.workspace.require()

    @cached_property
    def credits(self) -> pd.DataFrame | None:
        """Contributions by every fit."""
        return None if self.comparison is None else self.comparison.credits

    @cached_property
    def leading(self) -> str | None:
        """The fit that the report leads with.

        Raises
        ------
        UsageError
            There is no fit of the name that was asked for.
        """
        if self.credits is None:
            if self.asked:
                raise UsageError(
                    f'No fit "{self.asked}": nothing was fitted yet. Fit something: attribution fit paths.'
                )
            return None
        fits = self.credits.drop_duplicates("fit").set_index("fit")["model"]
        if self.asked is not None:
            hits = [f for f, model in fits.items() if self.asked in (f, model)]
            if not hits:
                near = did_you_mean(self.asked, list(map(str, fits.index)))
                raise UsageError(f'No fit "{self.asked}".{near} Fitted: {listed(sorted(map(str, fits.index)))}.')
            return str(hits[0])
        ranked = sorted(fits.items(), key=lambda item: LEADING.index(str(item[1])) if item[1] in LEADING else 99)
        return str(ranked[0][0])

    @cached_property
    def measure(self) -> str:
        """What the leading fit counts: conversions, or value where it knows only that."""
        rows = self.rows(self.leading)
        return "conversions" if rows.empty or rows["conversions"].notna().any() else "value"

    def rows(self, fit: str | None) -> pd.DataFrame:
        """Rows of one fit."""
        if self.credits is None or fit is None:
            return pd.DataFrame({"channel": [], "conversions": [], "value": []})
        return self.credits[self.credits["fit"] == fit]

    @cached_property
    def channels(self) -> list[str]:
        """Channels by what the leading fit gives them, those that only others know after them."""
        if self.credits is None:
            return []
        led = self.rows(self.leading).sort_values(self.measure, ascending=False, kind="stable")["channel"]
        return [c for c in dict.fromkeys([*led, *self.credits["channel"]]) if c not in CLOSING]

    @cached_property
    def colours(self) -> dict[str, str]:
        """One colour per channel."""
        return palette(self.channels)

    @cached_property
    def journeys(self) -> Journeys | None:
        """Journeys; None where the workspace holds no touches, conversions or paths."""
        held = {"touchpoints", "conversions", "paths"} & set(self.manifest["tables"])
        return journeys_step(self.workspace) if held else None

    @cached_property
    def mixes(self) -> tuple[StoredMix, ...]:
        """Media-mix fits that stand for themselves, by name."""
        entries = self.manifest.get("mixes", {})
        if not entries:
            return ()
        from attribution.mix.stored import read_mix  # noqa: PLC0415  (slow to import)

        return tuple(read_mix(self.workspace, entries[n]) for n in sorted(entries) if "beside" not in entries[n])

    @cached_property
    def mix_views(self) -> tuple[MixView, ...]:
        """The same as chapters read them; ids are `mix`, or `mix-1`, `mix-2` … of several."""
        if not self.mixes:
            return ()
        from attribution.report.mix_view import MixView  # noqa: PLC0415  (slow to import)

        return tuple(
            MixView(stored, "mix" if len(self.mixes) == 1 else f"mix-{i}") for i, stored in enumerate(self.mixes, 1)
        )

    @cached_property
    def waste(self) -> pd.DataFrame | None:
        """What went to people who were customers already; None where nobody is known to be one, or has no touches."""
        tables = self.manifest["tables"]
        if "touchpoints" not in tables or not {"conversions", "customers"} & set(tables):
            return None
        with connect(self.workspace.scratch()) as connection:
            touches, conversions, customers = (
                people_table(self.workspace, connection, n, self.manifest, "suppression")
                for n in ("touchpoints", "conversions", "customers")
            )
            spent = self.workspace.table("spend", self.manifest)
            if touches is None:
                return None
            lost = waste(connection, touches, conversions, customers, spent)
        return with_credit(lost, customer_credit(self.workspace, self.manifest))

    @cached_property
    def span(self) -> tuple[str, str] | None:
        """First and last day of touches, conversions and panels; None where nothing is dated."""
        dated = {"touchpoints": "timestamp", "conversions": "timestamp", "spend": "date"}
        found: list[str] = []
        with connect(self.workspace.scratch()) as connection:
            for name, column in dated.items():
                table = self.workspace.table(name, self.manifest)
                if table is not None:
                    low, high = one_row(connection, f"SELECT min({column})::DATE, max({column})::DATE FROM {table}")
                    found += [str(day) for day in (low, high) if day is not None]
        for fit in self.mixes:
            found += [str(fit.data.dates[0])[:10], str(fit.data.dates[-1])[:10]]
        return (min(found), max(found)) if found else None

    @cached_property
    def files(self) -> tuple[FileReport, ...]:
        """What became of each file."""
        return tuple(report_of(item) for item in self.manifest["inputs"])

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What comparing the fits showed; each media-mix fit has findings of its own."""
        return () if self.comparison is None else self.comparison.findings


def fits_of(credits: pd.DataFrame) -> list[str]:
    """Names of fits, in order."""
    return [str(f) for f in dict.fromkeys(credits["fit"])]
