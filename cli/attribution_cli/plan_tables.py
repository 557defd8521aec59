"""How plans are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attribution_cli.mmm_tables import Unit, block, ends, legend, ratio, share, signed
from attribution_cli.output import percent, records, shown

if TYPE_CHECKING:
    import pandas as pd

    from attribution.steps.plan import PlanReport

Row = dict[str, Any]
TOTAL = "(total)"


def channel_table(frame: pd.DataFrame, report: PlanReport) -> str:
    """What each channel gets; what that brings, beside today; and the plan against today's split."""
    rows = records(frame)
    level = f"{rows[0]['interval_level']:.0%} interval"
    parts = [_spend(rows), _brings(rows, level), _returns(rows, level), _verdict(report, rows), _rounded(report)]
    notes = legend(row["mark"] for row in rows)
    return "\n\n".join(part for part in (*parts, notes) if part)


def _spend(rows: list[Row]) -> str:
    unit = Unit.of(value for row in rows for value in (row["spend"], row["spend_today"]))
    lines = [["channel", "today", "plan", "change", "bounds", "outside the data"]]
    for row in rows:
        if row["spend"] is None:
            continue
        bounds = ends(unit.show(row["bound_lower"]), unit.show(row["bound_upper"]))
        change = "" if row["change"] is None else f"{row['change'] + 0.0:+.1%}"
        beyond = share(row["outside_share"]) if row["outside_share"] else ""
        lines.append([_name(row), unit.show(row["spend_today"]), unit.show(row["spend"]), change, bounds, beyond])
    return block(unit.titled("Spend"), lines)


def _brings(rows: list[Row], level: str) -> str:
    what = "revenue" if "revenue" in rows[0] else "outcome"
    unit = Unit.of(row[f"{what}_upper"] for row in rows)

    def line(row: Row) -> list[str]:
        cells = [_name(row), unit.show(row[f"{what}_today"])]
        for name in (what, f"{what}_difference"):
            cells += [unit.show(row[name]), ends(unit.show(row[f"{name}_lower"]), unit.show(row[f"{name}_upper"]))]
        return cells

    lines = [["channel", "today", "plan", level, "difference", level], *(line(row) for row in rows)]
    return block(unit.titled(f"{what.capitalize()} that the money brings, carry-out included"), lines)


def _returns(rows: list[Row], level: str) -> str:
    name = "roas" if "roas" in rows[0] else "outcome_per_spend"
    title = "ROAS" if name == "roas" else "Outcome per unit of money"
    unit = Unit.of(row[column] for row in rows for column in ("carried_in", "carried_out"))

    def line(row: Row) -> list[str]:
        cells = [_name(row), ratio(row[f"{name}_today"])]
        for column in (name, f"marginal_{name}"):
            cells += [ratio(row[column]), ends(ratio(row[f"{column}_lower"]), ratio(row[f"{column}_upper"]))]
        return [*cells, unit.show(row["carried_in"]), unit.show(row["carried_out"])]

    head = ["channel", "today", "plan", level, "of the last money", level, "carried in", "carried out"]
    lines = [head, *(line(row) for row in rows)]
    # Of two measures what is carried is told in the one that the model counts.
    words = [*(["not revenue"] if "revenue" in rows[0] else []), *([f"in {unit.word}"] if unit.word else [])]
    in_unit = f" (carried: outcome, {', '.join(words)})" if words else ""
    return block(f"{title}{in_unit}", lines)


def _verdict(report: PlanReport, rows: list[Row]) -> str:
    total = next(row for row in rows if row["channel"] == TOTAL)
    gain = report.split_gain
    if not report.split_moved:
        return "The plan is today's split of the money."
    unit = Unit.of([float(gain.upper), float(gain.lower)])
    what = "revenue" if "revenue" in rows[0] else "outcome"
    word = f" {unit.word}" if unit.word else ""
    interval = ends(unit.show(float(gain.lower)), unit.show(float(gain.upper)))
    sign, way = (1, "more") if gain.mean >= 0 else (-1, "less")
    if sign < 0:
        interval = ends(unit.show(-float(gain.upper)), unit.show(-float(gain.lower)))
    size = f"{unit.show(sign * float(gain.mean))}{word} {way}"
    text = (
        f"Against today's split of the same money: {what} {size} ({interval}), "
        f"better with a probability of {percent(report.split_beats)}."
    )
    if abs(total["spend"] - total["spend_today"]) > 1e-6 * max(total["spend_today"], 1e-300):
        text += f" Against what was spent, with a probability of {percent(total['beats'])}."
    return text


def _rounded(report: PlanReport) -> str:
    """What whole steps cost, where there are any."""
    if report.best is None or report.best.rounding is None:
        return ""
    aim, taken = report.options.aim, report.best.rounding
    gain = report.split_gain
    unit = Unit.of([float(gain.upper), float(gain.lower), taken])
    lost = f"{100 * taken:.1f} points" if aim.kind == "beat-today" else f"{unit.show(taken)} {unit.word}".rstrip()
    return f"The certificate is of the plan before steps were rounded; rounding took {lost} of {aim.words}."


def calendar_table(frame: pd.DataFrame) -> str:
    """A column for each channel, a row for each period: planned money."""
    keys = ["date", *(["geo"] if "geo" in frame else [])]
    wide = frame.pivot_table(index=keys, columns="channel", values="spend", sort=False).reset_index()
    channels = [c for c in wide.columns if c not in keys]
    unit = Unit.of(wide[channels].to_numpy().ravel())
    rows = wide.to_dict("records")
    lines = [[*keys, *(shown(c) for c in channels)]]
    lines += [[*(shown(row[k]) for k in keys), *(unit.show(row[c]) for c in channels)] for row in rows]
    return block(unit.titled("Planned spend"), lines, left=len(keys))


def _name(row: Row) -> str:
    return signed(shown(row["channel"]), row.get("mark") or "")
