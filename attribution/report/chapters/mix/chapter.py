"""Media mix: three chapters for each fit: what made up the outcome, what spend returns, whether to believe it."""

from __future__ import annotations

from attribution.mix.stored import FAMILY
from attribution.report.chapters.mix.carry import carry_blocks
from attribution.report.chapters.mix.checks import check_blocks
from attribution.report.chapters.mix.curves import curve_blocks
from attribution.report.chapters.mix.fit import fit_blocks
from attribution.report.chapters.mix.over_time import over_time_blocks
from attribution.report.chapters.mix.priors import prior_blocks
from attribution.report.chapters.mix.returns import return_blocks
from attribution.report.chapters.mix.saturation import saturation_blocks
from attribution.report.document import Chapter
from attribution.report.mix_view import MixView
from attribution.report.sources import Sources

NAMED = 3


def mix(sources: Sources) -> tuple[Chapter, ...]:
    """Chapters of every media-mix fit; none where none was fitted."""
    views = sources.mix_views
    return tuple(c for view in views for c in _chapters(sources, view, several=len(views) > 1))


def _chapters(sources: Sources, view: MixView, *, several: bool) -> tuple[Chapter, ...]:
    whose = f" ({view.stored.name.removeprefix(f'{FAMILY}-')})" if several else ""
    brought = (*fit_blocks(sources, view), *over_time_blocks(sources, view))
    checks = (*prior_blocks(sources, view), *check_blocks(view))
    returns = (*return_blocks(sources, view), *curve_blocks(sources, view), *carry_blocks(sources, view))
    returns = (*returns, *saturation_blocks(sources, view))
    return (
        Chapter(view.id, f"Media mix: what made up the outcome{whose}", _brought(sources, view), brought),
        Chapter(f"{view.id}-returns", f"Media mix: what spend returns{whose}", _returned(sources, view), returns),
        Chapter(f"{view.id}-checks", f"Media mix: can it be believed?{whose}", _believed(view), checks),
    )


def _brought(sources: Sources, view: MixView) -> str:
    """The answer on contributions."""
    table, words = view.table, sources.words
    media = table[table["kind"].isin(["paid", "organic"])].sort_values("share", ascending=False, kind="stable")
    share = float(media["share"].sum())
    named = [f"{r['channel']} {words.write(float(r['share']), 'share')}" for r in media.head(NAMED).to_dict("records")]
    first, last = (words.date(day) for day in view.span(view.whole))
    failed = "" if view.stored.passed else "This fit did not converge: do not use its numbers. "
    return (
        f"{failed}A media-mix model explains {view.stored.spec.outcome} by {view.unit} with spend, season, trend and "
        f"other causes. From {first} to {last} media brought {words.write(share, 'share')} of it: {', '.join(named)}. "
        "The rest would have come anyway."
    )


def _returned(sources: Sources, view: MixView) -> str:
    """The answer on returns."""
    paid = view.table[(view.table["spend"] > 0) & view.table["roas"].notna()]
    if paid.empty:
        return "What each channel brings as its spend grows, and how long its effect lasts."
    ranked, write = paid.sort_values("mroas", ascending=False, kind="stable"), sources.words.write
    best, worst = ranked.iloc[0], ranked.iloc[-1]
    more = f"The next unit of money brings most in {best['channel']} ({write(float(best['mroas']), 'ratio')})"
    if len(ranked) > 1:
        more += f" and least in {worst['channel']} ({write(float(worst['mroas']), 'ratio')})"
    return f"{more}. Whether the difference is real, the intervals say: where they overlap widely, it may not be."


def _believed(view: MixView) -> str:
    """The answer on trust."""
    if not view.stored.passed:
        return "No: independent runs of the sampler do not agree. Fit it again as the first finding says."
    decided = [c for c, m in view.marks.items() if "prior-dominated" in m]
    if not decided:
        return "The sampler's runs agree, and the data changed what the model assumed of every channel."
    which = f"{len(decided)} of {len(view.channels)} channels"
    named = ", ".join(decided)
    return f"The sampler's runs agree, but for {which} the data say little and the assumption decides: {named}."
