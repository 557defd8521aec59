"""Part ``meridian`` of the plans: our optimiser and Meridian's on the same draws of Meridian's 40-geo model."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

import numpy as np

from benchmarks.measure import ROOT, Row
from benchmarks.mmm import plan_fits
from benchmarks.mmm.plan_splits import Splits, by_name, gain_rows, missing, written
from benchmarks.mmm.runs import FailedError, Runner, digest
from benchmarks.peers import UnavailableError

PART, PEER = "meridian", "Meridian 2.1"
SECONDS_BAR, SAME_BAR = 30.0, 1e-4
WINDOWS = {"26": "last 26 weeks", "0": "all 156 weeks"}
# Draws of each of four chains that both sides plan on: with all 1,000 Meridian's grid takes half an hour on two cores.
SHARED = 10
ROWS = 4
PUBLISHED = "41.9 s (TensorFlow) and 32.6 s (JAX) on a T4 GPU: 10,000 draws, bounds ±30 %, all weeks"
WHY = {
    "26": "it scales spend before the window along with it, leaves out the carry-out and moves in steps",
    "0": "it leaves out the carry-out after the last week and moves in steps",
}


def meridian(runner: Runner) -> tuple[list[Row], dict[str, Any]]:
    """Ours on all draws; both on the same few; what each split is worth, by these few and by all."""
    fit = plan_fits.kept(PART)
    whole = runner.ours("plan_ours", PART, 0, "--", "--goals", "expected", "cvar 0.1").result
    few = runner.ours("plan_ours", PART, SHARED).result
    rows = [*ours(whole, fit)]
    try:
        theirs = runner.peer("meridian", "plan_meridian", plan_fits.FILES[PART], drawn(SHARED)).result
        timed = runner.peer("meridian", "plan_meridian", plan_fits.FILES[PART], drawn(0), "--", "--rows", ROWS).result
    except (UnavailableError, FailedError) as reason:
        return [*rows, missing(PART, PEER, reason)], {"ours": whole}
    rows += [*speed(few["expected"], theirs, timed)]
    judged = runner.ours("plan_judge", PART, SHARED, written(splits(few["expected"], theirs))).result
    three = splits(few["expected"], theirs, whole["expected"])
    by_all = runner.ours("plan_judge", PART, 0, written(three)).result
    for weeks, words in WINDOWS.items():
        rows += gain_rows(PART, words, judged[weeks], PEER, WHY[weeks])
        rows += [*by_theirs(words, theirs, judged[weeks], weeks), *by_all_draws(words, by_all[weeks], whole, theirs)]
    return rows, {
        "ours": whole, "ours, few draws": few, "theirs": theirs, "rows of its grid": timed, "judged": judged,
        "judged by all draws": by_all,
    }  # fmt: skip


def drawn(per_chain: int) -> str:
    """The draws as Meridian's side reads them, in a file named by the fit; relative to the project."""
    fit = plan_fits.kept(PART)
    file = plan_fits.HOME / f"draws-{digest(fit.file.name, per_chain)}.npz"
    if not file.is_file():
        found = plan_fits.effects(PART, per_chain or None)
        part = file.with_suffix(".part.npz")
        np.savez(part, allow_pickle=False, **plan_fits.for_meridian(found, len(fit.points)))
        part.replace(file)
    return str(file.relative_to(ROOT))


def ours(found: dict[str, Any], fit: plan_fits.Kept) -> Iterator[Row]:
    """Seconds of our plans on every draw of the fit."""
    fitted = "" if fit.passed else "; the fit did not pass its gate"
    for goal, plans in ((g, p) for g, p in found.items() if isinstance(p, dict)):
        for weeks, words in WINDOWS.items():
            p = plans[weeks]
            yield Row(PART, f"plan, {words}, {goal}, {p['draws']:,} draws", sum(p["first"].values()), "s", SECONDS_BAR,
                      note=described(p) + fitted)  # fmt: skip


def described(p: dict[str, Any]) -> str:
    """How the seconds of one plan are made up, and what is known of it."""
    first, again = p["first"], p["again"]
    return (
        f"search {first['search']:.2f} s, figures {first['figures']:.2f} s; again {again['search']:.2f} and "
        f"{again['figures']:.2f} s; {p['evaluations']} evaluations, KKT residual {p['kkt']:.0e}"
    )


def speed(few: dict[str, Any], theirs: dict[str, Any], timed: dict[str, Any]) -> Iterator[Row]:
    """Both sides on the same draws; and how long the peer's grid takes on all of them."""
    for weeks, words in WINDOWS.items():
        mine, other = sum(few[weeks]["first"].values()), theirs[weeks]
        same = f"{words}, {theirs['draws']:,} draws"
        grid = f"grid of {other['rows']} rows, step {other['step']:,.0f} ({other['step'] / sum(other['today']):.1e})"
        yield Row(PART, f"{same}: ours", mine, "s", note=described(few[weeks]))
        yield Row(PART, f"{same}: {PEER}", other["seconds"], "s", note=f"{grid}, bounds ±50 %")
        yield Row(PART, f"{same}: ours ÷ {PEER}", mine / other["seconds"], "×", 1.0)
        row = median(timed[weeks]["row_seconds"])
        yield Row(PART, f"{words}, {timed['draws']:,} draws: {PEER}, about", row * other["rows"], "s",
                  note=f"{row:.2f} s a row of its grid, median of {ROWS}; published: {PUBLISHED}")  # fmt: skip


def splits(few: dict[str, Any], theirs: dict[str, Any], whole: dict[str, Any] | None = None) -> Splits:
    """Both sides' money by window, side and channel; and ours that was planned on every draw."""
    sides = {"ours": few} | ({"ours, all draws": whole} if whole else {})
    return {
        weeks: {name: by_name(found[weeks]["channels"], found[weeks]["z"]) for name, found in sides.items()}
        | {"theirs": by_name(theirs["channels"], theirs[weeks]["z"])}
        for weeks in WINDOWS
    }


def by_all_draws(words: str, judged: dict[str, Any], whole: dict[str, Any], theirs: dict[str, Any]) -> Iterator[Row]:
    """Gains by every draw of the fit, of which both sides saw a few: what a split is worth beyond its own draws."""
    other, draws = judged["splits"]["theirs"]["gain"], f"{whole['expected']['26']['draws']:,}"
    few = f"{theirs['draws']}"
    for name, planned in (("ours", few), ("ours, all draws", draws)):
        split = judged["splits"][name]
        what = f"{words}: gain by all {draws} draws, ours planned on {planned} ÷ {PEER} planned on {few}"
        yield Row(PART, what, split["gain"] / other, "×",
                  note=f"{split['gain']:,.0f} (± {split['sd']:,.0f} over draws) and {other:,.0f}")  # fmt: skip


def by_theirs(words: str, theirs: dict[str, Any], judged: dict[str, Any], weeks: str) -> Iterator[Row]:
    """The same by Meridian's objective: its grid, interpolated; and that both responses are one model's."""
    other = theirs[weeks]
    grid, names = other["grid"], theirs["channels"]

    def worth(money: list[float]) -> float:
        return sum(float(np.interp(m, grid[n]["money"], grid[n]["outcome"])) for n, m in zip(names, money, strict=True))

    gains = {side: worth(judged["splits"][side]["z"]) - other["outcome_today"] for side in ("ours", "theirs")}
    yield Row(PART, f"{words}: gain by {PEER}'s own objective, ours ÷ its", gains["ours"] / gains["theirs"], "×",
              note=f"{gains['ours']:,.0f} and {gains['theirs']:,.0f}")  # fmt: skip
    yield Row(PART, f"{words}: outcome of today's media, {PEER} less ours",
              abs(other["outcome_today"] / judged["inside"] - 1), "", SAME_BAR,
              note="relative; media inside the window and carry-in: both sides plan on one response")  # fmt: skip
