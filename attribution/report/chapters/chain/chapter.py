"""The Markov chain: how people move between channels, and what each channel's removal would cost in the chain."""

from __future__ import annotations

from attribution.journeys.journeys import Journeys
from attribution.report.chapters.chain.map import Joined, joined, steps_frame
from attribution.report.chapters.chain.matrix import matrix
from attribution.report.chapters.chain.removal import removal
from attribution.report.charts.chain_graph import chain_graph, drawn_of, steps_of
from attribution.report.document import Block, Chapter, Column, Drawing, Formula, Points, Text, table_of
from attribution.report.fit_names import plain
from attribution.report.palette import OTHER
from attribution.report.sources import Sources
from attribution_models.paths.kgrams import Chain, count_chain

# Places for channels in the drawing, and in the heat map.
DRAWN, SHOWN = 12, 20
STEPS = (
    Column("source", "From", explained="(start) is before the first touch."),
    Column("target", "To", explained="(no conversion): the journey ends there without one, as far as the data go."),
    Column("journeys", "Steps", "count", "how often journeys took this step."),
    Column("probability", "Chance", "share", "of all steps from there, how many go this way."),
)
REMOVAL = (
    ("A removal effect is the share of conversions that no longer happen in the map when every step into the channel "
     "leads nowhere: the chance that a converting journey passes through the channel."),
    ("Removal effects overlap, for a journey through three channels is lost with each of them. They can add up to more "
     "than 100%; credit is shared out in proportion to them."),
    ("A removal effect is not incremental. Without the channel, people would partly come another way, and those who "
     "would have bought anyway still pass through channels. Only an experiment tells what would be lost."),
)  # fmt: skip
SOURCE = "Anderl, Becker, von Wangenheim, Schumann (2016), Mapping the customer journey."


def chain(sources: Sources) -> Chapter | None:
    """The chain and its removal effects; None where no Markov chain was fitted."""
    fits = markov_fits(sources)
    held = sources.journeys
    if held is None or not fits:
        return None
    counted = _counted(sources, held, fits[0])
    blocks: list[Block] = [*removal(sources, fits), *_explained()]
    if counted.conversions.sum() + counted.nulls.sum() > 0:
        small, large = (joined(counted, held.channels, most) for most in (DRAWN, SHOWN))
        blocks += [Text(_memory(sources, fits)), _drawing(sources, small), matrix(large, steps_frame(large.graph))]
    return Chapter("chain", "The map of channels and what is lost without each", _lead(sources, fits[0]), tuple(blocks))


def markov_fits(sources: Sources) -> list[str]:
    """Names of Markov chains with removal effects, the leading fit first."""
    credits = sources.credits
    if credits is None or "removal_effect" not in credits:
        return []
    mine = credits[(credits["model"] == "markov") & credits["removal_effect"].notna()]
    return sorted(dict.fromkeys(map(str, mine["fit"])), key=lambda f: f != sources.leading)


def _counted(sources: Sources, held: Journeys, fit: str) -> Chain:
    """The chain of one-step memory over the journeys of a fit."""
    spec = sources.manifest["fits"].get(fit, {}).get("spec", {})
    return count_chain(held, 1, nulls=bool(spec.get("nulls", True)))


def _lead(sources: Sources, fit: str) -> str:
    rows = sources.rows(fit).dropna(subset=["removal_effect"]).sort_values("removal_effect", ascending=False)
    best = rows.iloc[0]
    if not best["removal_effect"] > 0:
        return "No walk through the chain converts, so no channel's removal would lose anything."
    share = sources.words.write(float(best["removal_effect"]), "share")
    return (
        f"A Markov chain sees journeys as walks over a map of channels. Take {best['channel']} out of the map and "
        f"{share} of conversions are lost in it, more than with any other channel."
    )


def _explained() -> tuple[Block, ...]:
    """What a removal effect is, and what it is not."""
    return (
        Points(REMOVAL),
        Formula("Removal effect and credit", "RE_c = 1 − P(conversion without c) / P(conversion);  "
                "credit_c = conversions · RE_c / Σ RE", "P is the chance that a walk from the start converts.", SOURCE),
    )  # fmt: skip


def _memory(sources: Sources, fits: list[str]) -> str:
    """That the drawing remembers one touch, whatever the fits remember."""
    spec = sources.manifest["fits"].get(fits[0], {}).get("spec", {})
    order = int(spec.get("order", 1))
    words = "The map: from every channel, how often journeys go on to each other channel, convert, or end."
    if order > 1:
        words += f" {plain(fits[0], 'markov').capitalize()} remembers {order} touches; the map shows the last one only."
    return words


def _drawing(sources: Sources, small: Joined) -> Drawing:
    """The graph."""
    graph, words = small.graph, sources.words
    alt = "Circles for channels between start, conversion and no conversion, with arrows as wide as journeys are many."
    table = table_of(steps_frame(graph), "chain", "How journeys move between channels", STEPS)
    colours = {n: sources.colours.get(n, OTHER) for n in graph.names}

    def say(amount: float, share: float) -> str:
        return f"{words.write(amount, 'count')} journeys, {words.write(share, 'share')} of what leaves there"

    return Drawing(table, chain_graph(graph, colours, alt, say), alt, _note(small))


def _note(small: Joined) -> str:
    every, shown = steps_of(small.graph), drawn_of(small.graph)
    note = (
        "Channels that open journeys stand at the left, channels that close them at the right; a larger circle is met "
        "more often. An arrow has the colour of the channel that it leaves and widens with the square root of its "
        "journeys. Pale: journeys that end without a conversion. A channel that follows itself has no arrow; the "
        "heat map has it."
    )
    if len(shown) < len(every):
        note += f" Drawn are the {len(shown)} widest of {len(every)} steps; the table has all."
    if small.others:
        note += f" The {small.others} channels that are met least are one, “other channels”."
    return note
