"""The whole report of a workspace: its chapters in order, each where its input is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from attribution.progress import Told, silent
from attribution.report.chapters.chain.chapter import chain
from attribution.report.chapters.contributions import contributions
from attribution.report.chapters.cost import cost
from attribution.report.chapters.disagreement import disagreement
from attribution.report.chapters.first import first
from attribution.report.chapters.identity import identity
from attribution.report.chapters.journeys.chapter import journeys
from attribution.report.chapters.method import method
from attribution.report.chapters.mix.chapter import mix
from attribution.report.chapters.plans import plans
from attribution.report.chapters.quality import quality
from attribution.report.chapters.suppression import suppression
from attribution.report.chapters.what_if import what_if
from attribution.report.document import Chapter, Report
from attribution.report.sources import Sources

TITLE = "Channel contributions"
# In their order; media mix has several.
CHAPTERS: tuple[Callable[[Sources], Chapter | Iterable[Chapter | None] | None], ...] = (
    contributions, disagreement, journeys, chain, cost, mix, plans, what_if, identity, suppression, quality,
    method,
)  # fmt: skip


def report_of_workspace(sources: Sources, title: str = TITLE, told: Told = silent) -> Report:
    """The report.

    Parameters
    ----------
    sources : Sources
        The workspace.
    title : str
        Head of the report.
    told : Told
        Called with how many chapters are written.
    """
    told("writing the report", 0, 0)
    answer = first(sources)
    chapters = tuple(_chapters(sources, told))
    return Report(title, _subtitle(sources), answer, chapters, sources.colours)


def _chapters(sources: Sources, told: Told) -> Iterator[Chapter]:
    """The chapters whose input is there."""
    for done, chapter in enumerate(CHAPTERS):
        told("writing the report", done, len(CHAPTERS))
        found = chapter(sources)
        yield from (c for c in ((found,) if isinstance(found, Chapter) else found or ()) if c is not None)


def _subtitle(sources: Sources) -> str:
    """Which data: the first and the last day of them, so that the clock changes nothing."""
    span = sources.span
    if span is None:
        return "Made from the workspace's fits."
    first_day, last_day = (sources.words.date(day) for day in span)
    return f"Data from {first_day} to {last_day}"
