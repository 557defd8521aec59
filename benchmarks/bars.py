"""Each part's measurements held against its bars. Starts children; computes nothing itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT, Child, Row, middle, python, spread
from benchmarks.peers import environment, largest_difference, peer

JOURNEYS_BAR, MODELS_BAR = 3.0, 1.5
SPEED_BAR, MEMORY_BAR = 5.0, 0.5
BOOTSTRAP_BAR = 20.0
LARGE_MEMORY_BAR, LARGE_TIME_BAR = 4000.0, 12.0
MODELS = ("rules", "markov 1", "markov 2", "markov 3", "shapley")
PATHDATA = ROOT.parent / "shared" / "data" / "mta" / "channelattribution_pathdata.csv"
# Memory that marketing-attribution-models takes per touch, with room to spare.
MAM_BYTES_PER_TOUCH = 1600


def engine(data: Path, rounds: int) -> list[Row]:
    """Reading, then tables to stored journeys, then models: all in one warm process."""
    child = python("engine_bench", "warm", data, "--rounds", rounds)
    if child.code:
        return [_failed("engine", child)]
    times = child.result["times"]
    read = {name: middle(times[name]) for name in ("read to Arrow", "read to NumPy")}
    strict = min(read, key=read.__getitem__)
    journeys = middle(times["journeys"])
    total = middle([sum(times[name][i] for name in MODELS) for i in range(rounds)])
    rows = [
        Row("engine", f"DuckDB reads and hash-encodes: {n}", s, "s", note=spread(times[n])) for n, s in read.items()
    ]
    rows.append(
        Row("engine", "tables to stored journeys", journeys, "s",
            note=f"{spread(times['journeys'])}; {child.result['stored_mb']:,.0f} MB stored")
    )  # fmt: skip
    rows += [Row("engine", f"  {name}", middle(times[name]), "s", note=spread(times[name])) for name in MODELS]
    rows.append(Row("engine", "all models", total, "s"))
    for name, seconds in read.items():
        held = name == strict
        note = "the stricter, so the bar" if held else "the milder, for information"
        for what, measured, bar in (("journeys", journeys, JOURNEYS_BAR), ("models", total, MODELS_BAR)):
            rows.append(Row("engine", f"{what} ÷ {name}", measured / seconds, "×", bar if held else None, note=note))
    return rows


def channelattribution(data: Path) -> list[Row]:
    """From raw events: DuckDB SQL and ChannelAttribution, and the engine."""
    environment("channelattribution")
    theirs = peer("channelattribution", "job", data, "--rounds", 3)
    ours = python("engine_bench", "job", data, "--rounds", 5, "--models", "rules", "markov 1")
    rules = ("first", "last", "linear")
    return _beside("channelattribution", "DuckDB SQL + ChannelAttribution", ours, theirs, rules)


def mam(data: Path, size: str) -> list[Row]:
    """From raw events: marketing-attribution-models, and the engine."""
    environment("mam")
    theirs = peer("mam", data, "--rounds", 3 if data.name.startswith("recipe") else 1)
    ours = python("engine_bench", "job", data, "--rounds", 5, "--models", "rules", "markov 1")
    return _beside("mam", f"marketing-attribution-models, {size}", ours, theirs, ("first", "last", "linear"))


def mam_if_it_holds(data: Path, touches: int) -> list[Row]:
    """The same on the big set, where this machine has the memory for it."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    available = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    size = f"{touches / 1e6:g} M touches"
    if available < MAM_BYTES_PER_TOUCH * touches:
        need = f"about {MAM_BYTES_PER_TOUCH * touches / 1e9:.0f} GB needed, {available / 1e9:.0f} GB free"
        return [Row("mam", f"marketing-attribution-models, {size}", None, "s", skipped=True, note=f"skipped: {need}")]
    return mam(data, size)


def _beside(part: str, name: str, ours: Child, theirs: Child, rules: tuple[str, ...]) -> list[Row]:
    if ours.code:
        return [_failed(part, ours)]
    if theirs.code:
        return [Row(part, name, None, "s", note=f"failed: {theirs.reason}")]
    mine, other = ours.result, theirs.result
    my_time, other_time = middle(mine["times"]["job"]), middle(other["times"]["job"])
    worst = max(largest_difference(mine["credits"][r], other["credits"][r]) for r in rules)
    return [
        Row(part, f"{name}: time", other_time, "s", note=_steps(other["times"])),
        Row(part, "the engine: time", my_time, "s", note=_steps(mine["times"])),
        Row(part, "times faster", other_time / my_time, "×", SPEED_BAR, at_most=False),
        Row(part, f"{name}: peak memory", other["peak"], "MB", note="after its first round"),
        Row(part, "the engine: peak memory", mine["peak"], "MB", note=f"anonymous {ours.anonymous:,.0f} MB"),
        Row(part, "share of its memory", mine["peak"] / other["peak"], "×", MEMORY_BAR),
        Row(part, "same job: largest difference in first, last, linear", worst, "conversions", 1e-6),
    ]


def markov_3(data: Path, size: str) -> list[Row]:
    """From ready aggregated paths: order 3 exactly, and to 5 % by simulation."""
    environment("channelattribution")
    file = data / "paths.parquet"
    ours = python("engine_bench", "paths", file, "--rounds", 3, "--order", 3)
    theirs = peer("channelattribution", "paths", file, "--rounds", 1, "--order", 3)
    name = f"Markov order 3, paths of {size}"
    if ours.code:
        return [_failed("markov-3", ours)]
    if theirs.code:
        return [Row("markov-3", f"{name}: ChannelAttribution", None, "s", note=f"failed: {theirs.reason}")]
    mine, other = middle(ours.result["times"]["job"]), middle(theirs.result["times"]["job"])
    rows = f"{ours.result['rows']:,} distinct paths"
    return [
        Row("markov-3", f"{name}: ChannelAttribution, 5 %", other, "s", note=rows),
        Row("markov-3", f"{name}: the engine, exact", mine, "s",
            note=f"{_steps(ours.result['times'])}; {ours.result['states']:,} states"),
        Row("markov-3", "times faster", other / mine, "×", SPEED_BAR, at_most=False),
    ]  # fmt: skip


def agreement(small: Path) -> list[Row]:
    """The exact credits lie within what ChannelAttribution gives under 20 seeds."""
    environment("channelattribution")
    file = PATHDATA if PATHDATA.is_file() else small / "paths.parquet"
    theirs = peer("channelattribution", "seeds", file)
    if theirs.code:
        return [_failed("agreement", theirs)]
    rows = []
    for order in (1, 2):
        ours = python("engine_bench", "paths", file, "--order", order)
        if ours.code:
            return [_failed("agreement", ours)]
        exact = ours.result["credits"][f"markov-{order}"]
        outside, widest = _outside(exact, theirs.result[str(order)])
        distinct = len({tuple(sorted(seed.items())) for seed in theirs.result[str(order)]})
        what = f"{file.stem}, order {order}: channels outside the range of 20 seeds"
        rows.append(
            Row(
                "agreement",
                what,
                outside,
                "channels",
                0,
                note=f"of {len(exact)}; {distinct} distinct answers; {widest}",
            )
        )
    return rows


def _outside(exact: dict[str, float], seeds: list[dict[str, float]]) -> tuple[int, str]:
    outside, widest, channel = [], 0.0, ""
    for name, credit in exact.items():
        drawn = [seed.get(name, 0.0) for seed in seeds]
        if not min(drawn) <= credit <= max(drawn):
            outside.append(f"{name} {credit:.2f} not in {min(drawn):.2f}…{max(drawn):.2f}")
        if (max(drawn) - min(drawn)) / max(credit, 1e-12) > widest:
            widest, channel = (max(drawn) - min(drawn)) / max(credit, 1e-12), name
    return len(outside), "; ".join([*outside[:3], f"its widest range: {widest:.0%} of the credit ({channel})"])


def bootstrap(data: Path, rounds: int) -> list[Row]:
    """What intervals cost, in scans and solves of the same models; and with the order chosen in each replicate."""
    child = python("bootstrap_bench", data, "--rounds", rounds)
    if child.code:
        return [_failed("bootstrap", child)]
    times, counts, replicates = (child.result[name] for name in ("times", "counts", "replicates"))
    once, whole = times["fit"], times["fit and bootstrap"]
    ratio = middle([(b - a) / a for a, b in zip(once, whole, strict=True)])
    size = f"{counts['touches'] / 1e6:.1f} M touches, {counts['journeys']:,} journeys"
    return [
        Row("bootstrap", "rules, Markov 1, Shapley: one scan and solve", middle(once), "s",
            note=f"{size}; {spread(once)}"),
        Row("bootstrap", f"the same with {replicates} replicates", middle(whole), "s", note=spread(whole)),
        Row("bootstrap", f"{replicates} replicates ÷ one scan and solve", ratio, "×", BOOTSTRAP_BAR,
            note="median over rounds"),
        Row("bootstrap", f"Markov with its order chosen in each of {replicates}", times["automatic order"][0], "s",
            note="orders 1 to 4, five folds"),
    ]  # fmt: skip


def large(data: Path, touches: int, big: Path, big_touches: int) -> list[Row]:
    """The same code path on many more touches: memory, and time against the main set's."""
    base = python("engine_bench", "job", data, "--rounds", 4)
    child = python("engine_bench", "job", big, "--rounds", 3)
    if base.code or child.code:
        return [_failed("large", child if child.code else base)]
    # Like with like: warm rounds with warm rounds, the first round of a process with the first of another.
    small, many = base.result["times"], child.result["times"]
    warm_small, warm_many = middle(small["job"][1:]), middle(many["job"][1:])
    bar = LARGE_TIME_BAR * (big_touches / touches) / 10
    times_as_many = f"{big_touches // touches} times the touches"
    return [
        Row("large", f"{touches / 1e6:g} M touches", warm_small, "s", note=_steps(small)),
        Row("large", f"{big_touches / 1e6:g} M touches", warm_many, "s", note=_steps(many)),
        Row("large", f"ratio of times, {times_as_many}", warm_many / warm_small, "×", bar, note="warm rounds"),
        Row("large", f"ratio of first rounds, {times_as_many}", many["job"][0] / small["job"][0], "×", bar),
        Row(
            "large",
            "peak memory, all resident pages",
            child.peak,
            "MB",
            LARGE_MEMORY_BAR,
            note="ru_maxrss; with mapped files",
        ),
        Row("large", "peak memory, its own pages", child.anonymous, "MB", LARGE_MEMORY_BAR, note="RssAnon, sampled"),
    ]


def _steps(times: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {middle(seconds[1:] or seconds):.3g} s" for name, seconds in times.items() if name != "job"
    )


def _failed(part: str, child: Child) -> Row:
    return Row(part, "failed", None, "", note=child.reason)
