"""Part ``recovery``: estimates beside known effects, ours and PyMC-Marketing's on the same data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.measure import Row
from benchmarks.mmm.recovery_data import Case, cases
from benchmarks.mmm.runs import DATA, HOME, FailedError, Run, Runner
from benchmarks.peers import UnavailableError

PART = "recovery"
PEER, SHOWN = "pymc-marketing-1.3", "PyMC-Marketing 1.3"
SEED = 1
INSIDE_BAR = 7
SETS = {
    "with the confounder z": ("mmm_example", "roas_with_z", "small_business"),
    "with two lift tests in place of z": ("mmm_example", "roas_with_lifts", "small_business"),
}
# The peer's summary counts contributions; its ``incremental`` method is the counterfactual that ours is.
METHOD = "incremental"
Table = dict[str, dict[str, dict[str, Any]]]  # case, channel, numbers


def recovery(runner: Runner) -> tuple[list[Row], dict[str, Any]]:
    """Shares and ROAS of every case; the bars stand on shares, which are ROAS times what is known."""
    known = cases(DATA)
    ours: dict[str, dict[str, Table]] = {spec: {} for spec in ("analyst", "drafted", "peer")}
    peer: dict[str, Table] = {}
    missing, failed = "", []
    for case in known:
        file = case.write(HOME / "cases")
        for spec, found in ours.items():
            run = runner.ours("recovery_ours", file, spec, SEED)
            found[case.name] = run.result["compared"]
            failed += [] if run.result["gate"]["passed"] else [f"{case.name}, {spec}"]
        if missing:
            continue
        try:
            peer[case.name] = theirs(runner.peer(PEER, "peer_recovery", file, SEED))
        except (UnavailableError, FailedError) as error:
            missing = f"{'failed: ' if isinstance(error, FailedError) else ''}{error}"
    rows = [*inside(ours, peer), *errors(ours, peer), *channels(known, ours["analyst"], peer)]
    rows.append(Row(PART, "fits whose gate did not pass", len(failed), "", 0, note=", ".join(failed)))
    if missing:
        why = not missing.startswith("failed")
        rows.append(Row(PART, SHOWN, None, "", skipped=why, note=missing))
    return rows, {"ours": ours, "peer": peer}


def theirs(run: Run) -> Table:
    """The peer's estimates by measure."""
    return {measure: run.result["compared"][f"{METHOD} {measure}"] for measure in ("roas", "share")}


def held(found: dict[str, Table], names: tuple[str, ...]) -> tuple[int, int, list[str]]:
    """How many 90 % intervals of shares hold the truth, of how many; and which do not."""
    rows = [(f"{name} {c}", r["inside"]) for name in names for c, r in found[name]["share"].items()]
    return sum(good for _, good in rows), len(rows), [what for what, good in rows if not good]


def inside(ours: dict[str, dict[str, Table]], peer: dict[str, Table]) -> Iterator[Row]:
    """Channels whose 90 % interval holds the truth; ROAS and share hold it together."""
    for title, names in SETS.items():
        count, total, out = held(ours["analyst"], names)
        yield Row(PART, f"truth inside 90 % intervals, {title}", count, "channels", INSIDE_BAR, at_most=False,
                  note=f"of {total}; outside: {', '.join(out) or 'none'}")  # fmt: skip
        for label, spec in (("the draft as it is", "drafted"), ("the peer's specification", "peer")):
            count, total, out = held(ours[spec], names)
            yield Row(
                PART,
                f"  the same by {label}",
                count,
                "channels",
                note=f"of {total}; outside: {', '.join(out) or 'none'}",
            )
        if all(name in peer for name in names):
            count, total, out = held(peer, names)
            yield Row(PART, f"  {SHOWN}", count, "channels", note=f"of {total}; outside: {', '.join(out) or 'none'}")


def errors(ours: dict[str, dict[str, Table]], peer: dict[str, Table]) -> Iterator[Row]:
    """Absolute errors in total: of shares, in points; and of ROAS, in per cent of the truth, since units differ."""
    names = [name for name in ours["analyst"] if name in peer]
    if not names:
        return
    for title, measure, key, factor, unit in (
        ("shares", "share", "absolute_error", 100, "points"),
        ("ROAS", "roas", "relative_error", 100, "% of the truth"),
    ):
        mine, their = (factor * total(side, names, measure, key) for side in (ours["analyst"], peer))
        yield Row(PART, f"sum of absolute errors of {title}, ours", mine, unit, their,
                  note=f"the bar is {SHOWN}'s on the same {len(names)} data sets; by the draft "
                       f"{factor * total(ours['drafted'], names, measure, key):.1f}, by the peer's specification "
                       f"{factor * total(ours['peer'], names, measure, key):.1f}")  # fmt: skip


def total(found: dict[str, Table], names: list[str], measure: str, key: str) -> float:
    """Sum of an error over all channels of some cases."""
    return sum(float(row[key]) for name in names for row in found[name][measure].values())


def channels(known: list[Case], ours: dict[str, Table], peer: dict[str, Table]) -> Iterator[Row]:
    """One line per channel."""
    for case in known:
        for channel, row in ours[case.name]["roas"].items():
            yield Row(PART, f"{case.name}: ROAS of {channel}", row["mean"], "",
                      note=f"truth {row['truth']:,.4g}; {words(row)}{beside(peer, case.name, channel)}")  # fmt: skip


def beside(peer: dict[str, Table], case: str, channel: str) -> str:
    """The peer's estimate in words."""
    if case not in peer:
        return ""
    row = peer[case]["roas"][channel]
    return f"; {SHOWN} {row['mean']:,.4g}, {words(row)}"


def words(row: dict[str, Any]) -> str:
    """Interval, and error in per cent."""
    return (
        f"{row['q05']:,.4g} to {row['q95']:,.4g} {'holds it' if row['inside'] else 'misses it'}, error "
        f"{100 * row['relative_error']:.0f} %"
    )
