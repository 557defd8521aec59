"""How tables, findings and reports are shown: data on stdout, everything else on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attribution_cli.plain_text import plainly
from attribution_cli.progress_bar import LINE, terminal_width

if TYPE_CHECKING:
    import pandas as pd

    from attribution.findings import Finding
    from attribution.ingest.ingest import FileReport
    from attribution.journeys.journeys import Journeys

COLORS = {"note": None, "info": "cyan", "warning": "yellow", "error": "red"}
BAR = 20


def say(text: str = "") -> None:
    """A line for the person, not for the pipe."""
    with LINE.lock:
        LINE.erase()
        click.echo(plainly(text, sys.stderr), err=True, color=color())


def put(text: str = "") -> None:
    """A text or table for a person, on stdout; data for programs are written as they are."""
    click.echo(plainly(text, sys.stdout), color=color())


def color() -> bool | None:
    """False where nobody wants colours: NO_COLOR is set, or the terminal has none. Else None: as click finds it."""
    return False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None


def tell(findings: Iterable[Finding]) -> None:
    """Print findings, worst last, each once."""
    rank = ("note", "info", "warning", "error")
    for finding in sorted(dict.fromkeys(findings), key=lambda f: rank.index(f.severity)):
        label = click.style(f"{finding.severity}:", fg=COLORS[finding.severity])
        say(f"{label} {finding.message}{' ' + finding.remedy if finding.remedy else ''}")


def finish(findings: Iterable[Finding], strict: bool) -> None:
    """Exit with 1 where a finding asks for it."""
    from attribution.findings import worst  # noqa: PLC0415

    severity = worst(findings)
    if severity == "error" or (strict and severity != "note"):
        sys.exit(1)


def announce_compile() -> None:
    """Say once, ever, why the first run takes longer."""
    from attribution.progress import kernels_compiled  # noqa: PLC0415

    if not kernels_compiled():
        say("Compiling the kernels; this happens once and takes about 15 seconds …")


def write_frame(
    frame: pd.DataFrame, form: str, output: str | None, table: Callable[[pd.DataFrame], str], *, private: bool = False
) -> None:
    """Write a table to stdout or a file, in one of the formats; a private file is readable by its owner only."""
    if form == "parquet":
        if output is None:
            raise click.UsageError("Parquet is binary: name a file with -o FILE.")
        _replace(Path(output), lambda path: frame.to_parquet(path, index=False), private=private)
        return
    if form == "table" and table is credits_table and output is None:
        # Only what a person sees is fitted to the window; pipes and files get all of it.
        text = credits_table(frame, terminal_width(sys.stdout))
    else:
        text = {"table": table, "csv": _csv, "json": _json, "jsonl": _jsonl}[form](frame)
    if output is None:
        put(text.removesuffix("\n")) if form == "table" else click.echo(text, nl=not text.endswith("\n"))
    else:
        whole = text if text.endswith("\n") else f"{text}\n"
        _replace(Path(output), lambda path: path.write_text(whole, "utf-8"), private=private)
        say(f"Written: {output}")


def _replace(path: Path, write: Callable[[Path], Any], *, private: bool) -> None:
    """The old file stays until the new one is whole; what is no file (a pipe, a device) is written to as it is."""
    other = path.exists() and not path.is_file()
    if path.name == "-" or (other and private):
        raise click.UsageError(f"-o {path}: name a file. Without -o a table goes to stdout.")
    if other:
        write(path)
        return
    if path.is_symlink():
        path = path.resolve()
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if private:
            temporary.touch(mode=0o600)
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise click.FileError(str(path), error.strerror or "cannot be written") from None
    finally:
        temporary.unlink(missing_ok=True)


def _csv(frame: pd.DataFrame) -> str:
    text: str = frame.to_csv(index=False, lineterminator="\n")
    return text


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain data; what is missing is None, never NaN."""
    return [{str(k): (None if v != v else v) for k, v in row.items()} for row in frame.to_dict("records")]  # noqa: PLR0124


def _json(frame: pd.DataFrame) -> str:
    import json  # noqa: PLC0415

    return json.dumps(records(frame), ensure_ascii=False, indent=1)


def _jsonl(frame: pd.DataFrame) -> str:
    import json  # noqa: PLC0415

    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in records(frame))


def columns(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Align rows of text; the first ``left`` columns to the left, numbers to the right."""
    if not rows:
        return ""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def number(value: Any, digits: int = 1) -> str:
    """A number with thousands separators; nothing where it is missing."""
    if value is None or value != value:  # noqa: PLR0124  (NaN)
        return ""
    return f"{value:,.{digits}f}"


def percent(value: Any) -> str:
    """A share as percent; nothing where it is missing."""
    return "" if value is None or value != value else f"{value:.1%}"  # noqa: PLR0124


def bar(share: Any, most: float, width: int = BAR) -> str:
    """A bar for a share, the longest for the largest."""
    if not most > 0 or share != share:  # noqa: PLR0124
        return ""
    eighths = round(max(float(share), 0.0) / most * width * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def shown(text: Any) -> str:
    """A name from data on one line, without control characters."""
    return "".join(c if c.isprintable() else "␤" if c == "\n" else "�" for c in str(text))


def credits_table(frame: pd.DataFrame, width: int | None = None) -> str:
    """Credits as blocks, one per fit and group: the largest channel first, what is not placed last.

    Where a terminal is too narrow for a block, the last line names the columns that were left out.
    """
    from attribution_cli.contributions import contributions  # noqa: PLC0415  (tables of this module are in it)
    from attribution_cli.mix_table import mix_block  # noqa: PLC0415

    grains = [c for c in ("period", "month", "week", "geo", "kind", "customer") if c in frame.columns]
    blocks, left_out = [], dict[str, None]()
    for key, rows in frame.groupby(["fit", *grains], sort=False, dropna=False):
        name = " · ".join(str(k) for k in (key if isinstance(key, tuple) else (key,)) if k == k)  # noqa: PLR0124  (NaN)
        mixed = "mark" in rows and "campaign" not in rows and rows["model"].isin(["mmm", "reconciled"]).all()
        text, lacking = mix_block(rows, width) if mixed else contributions(rows, width)
        failed = click.style("  did not converge", fg="red") if mixed and gate_failed(rows) else ""
        blocks.append(f"{click.style(name, bold=True)}{failed}\n{text}")
        left_out |= dict.fromkeys(lacking)
    if left_out:
        blocks.append(f"No room in {width} columns for: {', '.join(left_out)}. Widen the window, or write -f csv.")
    return "\n\n".join(blocks)


def gate_failed(rows: pd.DataFrame) -> bool:
    """Whether rows are of a media-mix fit that did not converge."""
    return bool(rows["mark"].str.contains("gate failed").any())


def plain_table(frame: pd.DataFrame) -> str:
    """Any table as aligned text: shares as percent, numbers with thousands separators."""
    rows = [[str(c).replace("_", " ") for c in frame.columns]]
    for row in frame.to_dict("records"):
        cells = []
        for name, value in row.items():
            if isinstance(value, str):
                cells.append(shown(value))
            else:
                rate = str(name).endswith(("share", "rate"))
                cells.append(percent(value) if rate else number(value, 1))
        rows.append(cells)
    return columns(rows)


def waste_table(frame: pd.DataFrame) -> str:
    """What went to customers, per channel."""
    rows = [
        [
            "channel",
            "impressions",
            "to customers",
            "clicks",
            "to customers",
            "touches",
            "to customers",
            "share",
            "spend",
            "to customers",
        ]
    ]
    credited = "credit" in frame and bool(frame["credit"].notna().any())
    if credited:
        rows[0] += ["credit", "to customers"]
    counts = (
        "impressions",
        "impressions_to_customers",
        "clicks",
        "clicks_to_customers",
        "touches",
        "touches_to_customers",
    )
    for row in frame.to_dict("records"):
        money = [percent(row["share_to_customers"]), number(row["spend"], 2), number(row["spend_to_customers"], 2)]
        credit = [number(row[c]) for c in ("credit", "credit_to_customers")] if credited else []
        rows += [[shown(row["channel"]), *(f"{row[c]:,}" for c in counts), *money, *credit]]
    return columns(rows)


def file_report(report: FileReport) -> None:
    """What a file was recognised as, how its columns were read, what became of its rows."""
    if report.unchanged:
        say(f"{report.name}: ingested before, unchanged.")
        return
    say(click.style(report.name, bold=True) + f": {report.layout} ({report.read_as})")
    for table, fields in report.tables.items():
        for field, header in fields.items():
            how = report.read.get(header, "text")
            say(f"  {table}.{field} = {shown(header)}  [{shown(how)}]")
    for header in ("(conversion)", "(no conversion)"):
        if header in report.read:
            say(f"  {header} = {shown(report.read[header])}")
    rows = report.rows
    parts = [f"{rows.read:,} rows read", f"{rows.kept:,} kept"]
    for name in ("duplicates", "quarantined", "outside", "forgotten", "repaired"):
        count = getattr(rows, name)
        if count:
            parts.append(f"{count:,} {'outside the window' if name == 'outside' else name}")
    say("  " + ", ".join(parts))


def journeys_report(journeys: Journeys) -> None:
    """Counts of journeys and touches."""
    counts = journeys.counts
    what = f"{counts['journeys']:,} distinct paths"
    if journeys.timed:
        what = f"{counts['journeys']:,} journeys of {counts['customers']:,} people"
    say(f"{what}, {counts['conversions']:,.0f} conversions, {len(journeys.channels)} channels.")
    kept = counts["touches_in_converting"] + counts["touches_in_others"]
    parts = [f"{counts['touches']:,} touches: {kept:,} in journeys"]
    for key, label in (
        ("touches_outside_lookback", "outside the lookback"),
        ("touches_dropped_direct", "dropped as direct"),
        ("touches_removed_by_transforms", "removed by transforms"),
    ):
        if counts[key]:
            parts.append(f"{counts[key]:,} {label}")
    say(", ".join(parts) + ".")
