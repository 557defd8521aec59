"""Journeys: where channels stand in the funnel, how long it takes, and how people get from touch to touch."""

from __future__ import annotations

import pandas as pd

from attribution.journeys.journeys import Journeys
from attribution.journeys.reports import lag, length, positions
from attribution.journeys.top_paths import TOP, top_paths
from attribution.report.chapters.journeys.flow import flow_blocks
from attribution.report.chapters.journeys.funnel import funnel
from attribution.report.chapters.journeys.length import length_chart, time_chart
from attribution.report.document import Block, Chapter, Column, Figure, Figures, Table, Text, table_of
from attribution.report.palette import palette
from attribution.report.sources import Sources

TITLE = "Journeys: from the first touch to the conversion"
PATHS = (
    Column("path", "Path", explained="channels in the order in which people met them; a conversion follows the last. "
           f"Of a path of more than {TOP} touches the last {TOP}. (no touch): none was seen before the conversion."),
    Column("conversions", "Conversions", "count"),
    Column("share", "Share", "share", "of all conversions."),
    Column("value", "Value", "money"),
)  # fmt: skip


def journeys(sources: Sources) -> Chapter | None:
    """What the journeys themselves say, whatever the model; None where there are none."""
    held = sources.journeys
    if held is None or not held.counts.get("journeys"):
        return None
    stands, steps = positions(held), length(held)
    if not stands["inside"].sum() > 0:
        return Chapter("journeys", TITLE, _nothing(steps), ())
    times = lag(held) if held.timed else None
    colours = _colours(sources, stands)
    blocks: list[Block] = [_figures(stands, steps, times), funnel(stands), *flow_blocks(sources, held, colours)]
    blocks.append(length_chart(steps))
    blocks.append(Text("Paths come without times here, so how long people take is not known.") if times is None else
                  time_chart(times))  # fmt: skip
    blocks.append(_paths(held))
    return Chapter("journeys", TITLE, _lead(sources, stands, steps), tuple(blocks))


def _nothing(steps: pd.DataFrame) -> str:
    if steps["conversions"].sum() > 0:
        return "No conversion has a touch before it, so there is no path to show. Do touches and conversions share ids?"
    return "No journey ended in a conversion, so there is no path to one to show."


def _colours(sources: Sources, stands: pd.DataFrame) -> dict[str, str]:
    """The report's colours; where nothing was fitted, colours by how many conversions a channel is in."""
    if sources.channels:
        return sources.colours
    return palette([str(c) for c in stands.sort_values("inside", ascending=False, kind="stable")["channel"]])


def _lead(sources: Sources, stands: pd.DataFrame, steps: pd.DataFrame) -> str:
    """Who opens, who closes, and how many touches it takes."""
    words = sources.words
    touched = float(stands["opens"].sum())
    said = (
        f"{words.write(float(stands['alone'].sum()) / touched, 'share')} of conversions with a touch had that one only."
    )
    opener, closer = (stands.iloc[int(stands[n].argmax())] for n in ("opens", "closes"))
    opened, closed = (words.write(float(r[n]) / touched, "share") for r, n in ((opener, "opens"), (closer, "closes")))
    if opener["channel"] == closer["channel"]:
        told = f" {opener['channel']} opens most journeys ({opened}) and closes most ({closed})."
    else:
        told = f" {opener['channel']} opens most journeys ({opened}), {closer['channel']} closes most ({closed})."
    return f"{said} {_half(steps)}{told}"


def _half(steps: pd.DataFrame) -> str:
    """The number of touches by which half of the conversions have come."""
    touched = steps[steps["touches"] != "0"]
    grown = touched["conversions"].cumsum()
    at = touched["touches"].iloc[int((grown >= grown.iloc[-1] / 2).argmax())]
    if at == "1":
        return "At least half came after a single touch."
    return f"Half had {at} touches." if "more" in str(at) else f"Half had at most {at} touches."


def _figures(stands: pd.DataFrame, steps: pd.DataFrame, times: pd.DataFrame | None) -> Figures:
    touched, total = float(stands["opens"].sum()), float(steps["conversions"].sum())
    inside = stands["inside"] > 0
    touches = float((stands["touches_per_conversion"] * stands["inside"])[inside].sum())
    items = [
        Figure("After a single touch", float(stands["alone"].sum()) / touched, "share",
               "Of conversions with a touch. Rules have nothing to share out there."),
        Figure("Touches before a conversion", touches / touched, "number", "On average, of conversions with a touch."),
    ]  # fmt: skip
    if times is not None and times["from_first"].sum() > 0:
        share = float(times["from_first_share"].iloc[:2].sum())
        items.append(Figure("Within a day", share, "share", "From the first touch to the conversion."))
    untouched = float(steps.loc[steps["touches"] == "0", "conversions"].sum())
    if untouched > 0:
        items.append(Figure("Without any touch", untouched / total, "share", "Of all conversions: nobody can say what "
                            "led to them. They are (unattributed)."))  # fmt: skip
    return Figures(tuple(items))


def _paths(held: Journeys) -> Table:
    """The most frequent paths."""
    frame = top_paths(held)
    columns = tuple(c for c in PATHS if c.name != "value" or (frame["value"] != 0).any())
    return table_of(frame, "top-paths", f"The paths of most conversions (the first {len(frame)})", columns)
