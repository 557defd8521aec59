"""Credits of a media-mix fit, its guard rails and its drift as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attribution_cli.fitted import Barred, fitted
from attribution_cli.mmm_tables import Unit, ends, ratio
from attribution_cli.output import columns, number, percent, shown

if TYPE_CHECKING:
    import pandas as pd

    from attribution.steps.mmm import PriorCheck

LAST = ("(baseline)", "(interaction)", "(unattributed)")
FAILED = "gate failed"
BAR = 10


def mix_block(rows: pd.DataFrame, width: int | None = None) -> tuple[str, tuple[str, ...]]:
    """One fit and group: channels with what they added and returned, then what is no channel, then the sum.

    Columns that are empty throughout are not shown; those that a narrow terminal has no room for are named.
    """
    measure = "conversions" if rows["conversions"].notna().any() else "value"
    unit, cost = Unit.of(rows[measure]), Unit.of(rows["cost"])
    records = _in_order(rows, measure)
    worth = measure == "conversions" and bool(rows["value"].notna().any())
    share = f"{measure.removesuffix('s')}_share"
    most = max((r[share] for r in records if r["channel"] not in LAST and r[share] == r[share]), default=0.0)
    lines = [_head(rows, measure, unit, cost, worth=worth)]
    lines += [_cells(r, measure, share, unit, cost, worth=worth) for r in records]
    total = ["sum", unit.show(rows[measure].sum()), "", percent(rows[share].sum())]
    total += [Unit.of(rows["value"]).show(rows["value"].sum())] if worth else []
    total += [cost.show(rows["cost"].sum()) if rows["cost"].notna().any() else ""]
    lines.append([*total, *([""] * (len(lines[0]) - len(total)))])
    kept = [i for i in range(len(lines[0])) if any(line[i] for line in lines[1:])]
    lines = [[line[i] for i in kept] for line in lines]
    shares = [None, *(_of_most(r, share, most) for r in records), None]
    return fitted(Barred(lines, shares, _bar, BAR, 1, _spare(lines[0]), ["", *map(_mark, records), ""]), width)


def _spare(head: list[str]) -> list[int]:
    """Columns that go first where a terminal is narrow: returns of one per cent more, money, and then intervals."""
    return [*reversed(range(4, len(head))), *([2] if len(head) > 2 and head[2].endswith("interval") else [])]


def _in_order(rows: pd.DataFrame, measure: str) -> list[dict[str, Any]]:
    records = [{str(k): v for k, v in row.items()} for row in rows.to_dict("records")]
    return sorted(records, key=lambda r: (LAST.index(r["channel"]) + 1 if r["channel"] in LAST else 0, -r[measure]))


def _head(rows: pd.DataFrame, measure: str, unit: Unit, cost: Unit, *, worth: bool) -> list[str]:
    level = f"{rows['interval_level'].max():.0%} interval"
    value = Unit.of(rows["value"])
    head = ["channel", unit.titled(measure), level, "share", *([value.titled("value")] if worth else [])]
    head += [cost.titled("cost"), *(["CPA"] if measure == "conversions" else [])]
    return [*head, "ROAS", level, "mROAS", level]


def _cells(row: dict[str, Any], measure: str, share: str, unit: Unit, cost: Unit, *, worth: bool) -> list[str]:
    cells = [shown(row["channel"]), unit.show(row[measure])]
    cells += [ends(unit.show(row[f"{measure}_lower"]), unit.show(row[f"{measure}_upper"])), percent(row[share])]
    cells += [Unit.of([row["value"]]).show(row["value"])] if worth else []
    cells += [cost.show(row["cost"])]
    cells += [number(row["cpa"], 2)] if measure == "conversions" else []
    for name in ("roas", "mroas"):
        cells += [ratio(row[name]), ends(ratio(row[f"{name}_lower"]), ratio(row[f"{name}_upper"]))]
    return cells


def _mark(row: dict[str, Any]) -> str:
    return ", ".join(m for m in str(row["mark"]).split(", ") if m != FAILED)


def _of_most(row: dict[str, Any], share: str, most: float) -> float | None:
    return None if row["channel"] in LAST or not most > 0 else max(float(row[share]), 0.0) / most


def _bar(share: float, width: int) -> str:
    return "█" * round(share * width)


def rails_table(frame: pd.DataFrame) -> str:
    """Per channel: what the data said beyond the prior, P(below 1 %), what would halve its return, the placebo."""
    tried = "placebo" in frame
    rows = [
        ["", "sd after/before data", "P(share < 1%)", "before data", "halved by", "strongest control",
         *(["placebo"] if tried else []), ""]
    ]  # fmt: skip
    for r in frame.to_dict("records"):
        strongest = (
            f"{shown(r['strongest_control'])} ({r['strongest_control_is']:.1%})" if r["strongest_control"] else ""
        )
        cells = [shown(r["channel"]), number(r["posterior_over_prior_sd"], 2), percent(r["below_one_percent"])]
        cells += [percent(r["below_one_percent_prior"]), percent(r["halved_by"]), strongest]
        rows.append([*cells, *([r["placebo"]] if tried else []), r["verdict"]])
    text = "halved by: how much of what is left of outcome and channel an unseen confounder must explain to halve it"
    return columns(rows) + "\n" + text


def drift_table(frame: pd.DataFrame) -> str:
    """Per channel: return and share before and after, and the drift in old standard deviations."""
    rows = [["", "ROAS before", "after", "drift (sd)", "share before", "after", "drift (sd)"]]
    for r in frame.to_dict("records"):
        returns = [ratio(r["roas_before"]), ratio(r["roas_after"]), signed(r["roas_drift"])]
        rows.append([shown(r["channel"]), *returns, percent(r["share_before"]), percent(r["share_after"]),
                     signed(r["share_drift"])])  # fmt: skip
    return columns(rows)


def signed(value: Any) -> str:
    """A number with its sign; nothing where it is missing."""
    return "" if value is None or value != value else f"{value:+.1f}"  # noqa: PLR0124  (NaN)


def prior_table(check: PriorCheck) -> str:
    """What the priors say of each channel's share before the data, and of media together."""
    rows = [["before the data", "share of outcome", "90% interval"]]
    for i, channel in enumerate(check.channels):
        s = check.share
        rows.append([shown(channel), percent(s.mean[i]), ends(percent(s.lower[i]), percent(s.upper[i]))])
    media = check.media_share
    rows.append(
        ["all media", percent(float(media.mean)), ends(percent(float(media.lower)), percent(float(media.upper)))]
    )
    text = f"P(media above all that was observed) {check.share_above_one:.1%}; P(baseline below 0) "
    return columns(rows) + "\n" + text + f"{check.baseline_negative:.1%}"


def parameters_table(frame: pd.DataFrame) -> str:
    """Parameters in columns, rounded."""
    rows = [["parameter", "mean", "sd", "5%", "median", "95%", "R-hat", "bulk ESS", "tail ESS"]]
    for r in frame.to_dict("records"):
        cells = [f"{r[n]:.4g}" for n in ("mean", "sd", "q5", "median", "q95")]
        rows.append(
            [shown(r["parameter"]), *cells, f"{r['rhat']:.3f}", *(number(r[n], 0) for n in ("ess_bulk", "ess_tail"))]
        )
    return columns(rows)
