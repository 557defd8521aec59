"""The first screen: the answer in words, one picture, the money that went to customers, the state of the data."""

from __future__ import annotations

from typing import Any

import pandas as pd

from attribution.compare.agreement import channel_rows, shares
from attribution.report.chapters.disagreement import said
from attribution.report.charts.marks import amount_axis, base, channel_axis, rows_high, shown
from attribution.report.document import Block, Chapter, Chart, Column, Figure, Figures, Kind, Points, Text, table_of
from attribution.report.fit_names import plain
from attribution.report.palette import scale
from attribution.report.sources import Sources
from attribution.report.words import Words

MOST = 20
TITLES: dict[str, tuple[str, Kind]] = {"conversions": ("conversions", "count"), "value": ("value", "money")}


def first(sources: Sources) -> Chapter:
    """The answer."""
    if sources.leading is None or sources.rows(sources.leading).empty:
        lead = "Nothing was fitted yet, so there are no contributions to show. Fit something: attribution fit paths."
        return Chapter("answer", "No contributions yet", lead, _state(sources), "The answer")
    blocks: list[Block] = [_picture(sources), *_agreement(sources), *_money(sources), *_state(sources)]
    return Chapter("answer", _headline(sources), _lead(sources), tuple(blocks), "The answer")


def _headline(sources: Sources) -> str:
    """Which channels carry it."""
    rows = _channels(sources)
    total = float(sources.rows(sources.leading)[sources.measure].sum())
    if rows.empty or not total > 0:
        return "No channel contributed anything that the model can see"
    best = rows.iloc[0]
    word = sources.words.write(float(best[sources.measure]) / total, "share")
    noun = TITLES[sources.measure][0]
    return f"{best['channel']} contributes most: {word} of {noun}"


def _channels(sources: Sources) -> pd.DataFrame:
    rows = channel_rows(sources.rows(sources.leading))
    return rows.sort_values(sources.measure, ascending=False, kind="stable")


def _lead(sources: Sources) -> str:
    rows, measure = sources.rows(sources.leading), sources.measure
    noun, kind = TITLES[measure]
    total = _short(sources.words, float(rows[measure].sum()), kind)
    named = _channels(sources).head(3)
    told = [f"{r['channel']} {_amount(sources, r, measure, kind)}" for r in named.to_dict("records")]
    model = plain(str(sources.leading), str(rows["model"].iloc[0]))
    base = rows.loc[rows["channel"] == "(baseline)", measure]
    anyway = ""
    if len(base) and float(base.iloc[0]) > 0:
        anyway = f" {_short(sources.words, float(base.iloc[0]), kind)} would have come without media."
    meant = ""
    if str(rows["estimand"].iloc[0]) == "attributed":
        meant = " They are attributed: shared out, not proven to be caused."
    observed = f"{total} {noun}" if kind == "count" else f"{total}"
    return f"By {model}, of {observed} observed: {'; '.join(told)}.{anyway}{meant}"


def _amount(sources: Sources, row: dict[Any, Any], measure: str, kind: Kind) -> str:
    told = _short(sources.words, float(row[measure]), kind)
    ends = [row.get(f"{measure}_{end}") for end in ("lower", "upper")]
    if any(end is None or pd.isna(end) for end in ends):
        return told
    return f"{told} ({' to '.join(_short(sources.words, float(end), kind) for end in ends if end is not None)})"


def _short(words: Words, value: float, kind: Kind) -> str:
    """A value for a sentence: large amounts of money in millions."""
    return words.compact(value) if kind == "money" and abs(value) >= 1e7 else words.write(value, kind)


def _picture(sources: Sources) -> Chart:
    """The leading model's contributions with intervals, and the span of all models."""
    measure = sources.measure
    noun, kind = TITLES[measure]
    rows = _channels(sources).head(MOST)
    frame = _with_span(sources, rows)
    columns = (
        Column("channel", "Channel"), Column("amount", noun.capitalize(), kind), Column("lower", "from", kind),
        Column("upper", "to", kind), Column("share", "Share", "share", "Of what channels contribute together."),
        Column("least", "Least by any model", "share", "The smallest share that any fitted model gives the channel."),
        Column("most", "Most by any model", "share", "The largest share that any fitted model gives the channel."),
    )  # fmt: skip
    title = f"What each channel contributed ({noun})"
    several = bool(frame["least"].notna().any()) if "least" in frame else False
    note = "Bar: the leading model; dark line: its interval."
    if several:
        note += " Pale band: from the least to the most that any model gives, over what channels contribute together."
    if len(_channels(sources)) > MOST:
        note += f" The {MOST} largest of {len(_channels(sources))} channels; the next chapter has all."
    alt = "Bars: what each channel contributed, largest first, with intervals and the span of all models."
    return Chart(table_of(frame, "answer", title, columns), _spec(sources, frame, kind, noun), alt, note)


def _with_span(sources: Sources, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows beside the least and the most that any model gives, as shares and on the leading model's scale."""
    measure = sources.measure
    total = float(_channels(sources)[measure].clip(lower=0).sum())
    found = pd.DataFrame({"channel": rows["channel"].to_numpy(), "amount": rows[measure].to_numpy()})
    for end in ("lower", "upper"):
        name = f"{measure}_{end}"
        found[end] = rows[name].to_numpy() if name in rows else float("nan")
    found["share"] = found["amount"] / total if total > 0 else float("nan")
    assert sources.credits is not None
    given = shares(sources.credits, measure)
    there = given.reindex(found["channel"])
    if given.shape[1] > 1:
        found["least"], found["most"] = there.min(axis=1).to_numpy(), there.max(axis=1).to_numpy()
        found["least_amount"], found["most_amount"] = found["least"] * total, found["most"] * total
    return found


def _spec(sources: Sources, frame: pd.DataFrame, kind: Kind, noun: str) -> dict[str, Any]:
    order = list(frame["channel"])
    colour = {"field": "channel", "type": "nominal", "scale": scale(sources.colours, order), "legend": None}
    tips = [
        shown("channel", "Channel"), shown("amount", noun.capitalize(), kind), shown("lower", "from", kind),
        shown("upper", "to", kind), shown("share", "Share", "share"), shown("least", "Least by any model", "share"),
        shown("most", "Most by any model", "share"),
    ]  # fmt: skip
    axis = amount_axis(kind, None)
    total = "datum.share > 0 ? datum.amount / datum.share : 0"
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "bar", "cornerRadiusEnd": 2, "height": {"band": 0.5}},
         "encoding": {"x": {"field": "amount", **axis}, "color": colour, "tooltip": tips}},
        {"transform": [{"filter": "isValid(datum.lower)"}], "mark": {"type": "rule", "strokeWidth": 2, "style": "ink"},
         "encoding": {"x": {"field": "lower", **axis}, "x2": {"field": "upper"}}},
    ]  # fmt: skip
    if "least" in frame:
        band = {
            "transform": [
                {"calculate": f"datum.least * ({total})", "as": "from_all"},
                {"calculate": f"datum.most * ({total})", "as": "to_all"},
            ],
            "mark": {"type": "bar", "opacity": 0.25, "height": {"band": 0.86}},
            "encoding": {
                "x": {"field": "from_all", **axis},
                "x2": {"field": "to_all"},
                "color": colour,
                "tooltip": tips,
            },
        }
        layers.insert(0, band)
    return base(rows_high(len(frame)), encoding={"y": channel_axis("channel", order)}, layer=layers)


def _agreement(sources: Sources) -> tuple[Block, ...]:
    """Where models agree, and where they do not, in words."""
    report = sources.comparison
    if report is None or sources.credits is None or sources.credits["fit"].nunique() < 2:
        return ()
    given = shares(sources.credits, sources.measure).dropna()
    spread = (given.max(axis=1) - given.min(axis=1)).sort_values(kind="stable")
    near = [str(c) for c in spread[spread < 0.03].index if float(given.loc[c].max()) >= 0.03][:4]
    items = []
    if near:
        items.append(f"All {given.shape[1]} models agree within 3 points on {', '.join(near)}.")
    items += [said(sources, d) for d in report.disagreements[:2]]
    if not items:
        items.append(f"All {given.shape[1]} models give every channel about the same.")
    return (Points(tuple(items)),)


def _money(sources: Sources) -> tuple[Block, ...]:
    """What went to people who were customers already."""
    table = sources.waste
    if table is None or not table["touches"].sum():
        return ()
    share = float(table["touches_to_customers"].sum() / table["touches"].sum())
    items = [Figure("Touches that met customers", share, "share", "The person was a customer at that moment.")]
    if table["spend"].notna().any():
        spent, lost = float(table["spend"].sum()), float(table["spend_to_customers"].sum())
        of = sources.words.write(lost / spent, "share") if spent > 0 else "–"
        items.append(
            Figure("Spent on customers already", lost, "money", f"{of} of spend; a suppression list frees part of it.")
        )
    return (Figures(tuple(items)),)


def _state(sources: Sources) -> tuple[Block, ...]:
    """The data's state in one line."""
    words = sources.words
    count = {n: sum(getattr(f.rows, n) for f in sources.files) for n in ("read", "kept", "duplicates", "quarantined")}
    if not sources.files:
        return ()
    said = [f"{words.write(count['kept'], 'count')} of {words.write(count['read'], 'count')} rows kept"]
    if count["quarantined"]:
        said.append(f"{words.write(count['quarantined'], 'count')} set aside in the quarantine")
    if count["duplicates"]:
        said.append(f"{words.write(count['duplicates'], 'count')} duplicates")
    profile = sources.manifest.get("identity", {}).get("tiers", {})
    if profile:
        said.append("ids joined into customers")
    noticed = (*sources.findings, *(finding for view in sources.mix_views for finding in view.findings))
    serious = [f for f in noticed if f.severity in ("warning", "error")]
    said.append(f"{len(serious)} findings to read" if serious else "no findings against the fits")
    return (Text(f"Data: {', '.join(said)}."),)
