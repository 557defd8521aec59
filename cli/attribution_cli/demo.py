"""``attribution demo``."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from attribution_cli.output import (
    announce_compile,
    columns,
    credits_table,
    number,
    percent,
    put,
    say,
    shown,
    tell,
    write_frame,
)
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    import pandas as pd

    from attribution.run import RunReport

WIDTH = 79
SHOWN = "markov-1"
NEXT = ("compare", "credits --by month", "journeys --show paths")


@click.command()
@click.argument("folder", default="attribution-demo", type=click.Path(file_okay=False))
@click.option("--people", default=20_000, show_default=True, type=click.IntRange(min=100), help="Size of the market.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="Same seed, same bytes.")
def demo(folder: str, people: int, seed: int) -> None:
    """A simulated retailer whose truth is known, from raw exports to contributions and a suppression list.

    Everything is written under FOLDER: the exports (inputs/), what is true (truth.csv), the configuration
    (attribution.toml), and the workspace. Nothing outside it is touched.

    \b
    Example:
      attribution demo --people 5000 --seed 7
    """
    from attribution.demo import write_demo  # noqa: PLC0415
    from attribution.run import run  # noqa: PLC0415

    base = Path(folder)
    say(f"Simulating a retailer with {people:,} people (seed {seed}) …")
    with watching("simulating"):
        configuration, truth = write_demo(base, people, seed)
    announce_compile()
    with watching("checking the configuration") as told:
        report = run(configuration, base, _told, told)
    write_frame(report.credits, "csv", str(base / "credits.csv"), credits_table)
    put()
    # The media-mix fit is of two years, the truth of the last weeks: it is compared where they meet.
    of_window = report.credits[report.credits["model"] != "mmm"]
    _contributions(of_window, truth)
    _errors(of_window, truth)
    _disagreements(of_window, report)
    _from_weeks(report, truth, people, seed)
    _joined(report)
    _wasted(report)
    _files(base, report)
    tell(report.findings)


def _told(step: str, report: Any) -> None:
    """One line per step; ``attribution run`` tells more."""
    if step == "ingest":
        for file in report.files:
            rows = f"{file.rows.read:,} rows read, {file.rows.kept:,} kept"
            say(f"Ingested {Path(file.name).name}: " + ("unchanged" if file.unchanged else rows))
    elif step == "identity":
        say(f"Joined {report.profile['ids']:,} ids into {report.profile['customers']:,} customers.")
    elif step == "journeys":
        counts = report.counts
        say(f"Cut into {counts['journeys']:,} journeys of {counts['customers']:,} people.")
    elif step == "fit":
        say(f"Fitted {len(report.fits)} models, intervals from {report.fits[0].uncertainty.bootstrap} resamples.")
    elif step == "hazard":
        say("Fitted the time-to-event model.")
    elif step == "mmm":
        say(f"Fitted the media-mix model on {len(report.stored.data.dates)} weeks of spend and orders.")
    elif step == "reconcile" and report is not None:
        say(f"Put {report.entry['mix']} and {report.entry['paths']} together.")
    elif step == "plan" and report is not None:
        say("Looked for the best plan.")


def _contributions(credits: pd.DataFrame, truth: pd.DataFrame) -> None:
    from attribution.demo import ALL_MEDIA, contributions  # noqa: PLC0415

    table = contributions(credits, truth, SHOWN)
    rows = [["channel", "conversions", "90% interval", "CPA", "truly caused", "true CPA"]]
    for row in table.to_dict("records"):
        span = f"{number(row['conversions_lower'], 0)} to {number(row['conversions_upper'], 0)}"
        ends = [number(row["cpa"], 2), number(row["caused"], 0), number(row["true_cpa"], 2)]
        rows.append([shown(row["channel"]), number(row["conversions"], 0), span, *ends])
    everything = truth.loc[truth["channel"] == ALL_MEDIA, "incremental_conversions"].iloc[0]
    total = table["conversions"].sum()
    rows += [["sum", number(total, 0), *[""] * 4], ["all paid media", "", "", "", number(everything, 0), ""]]
    text = (
        f"Of {number(total, 0)} conversions {number(everything, 0)} would not have happened without paid media "
        f"({everything / total:.0%}). {SHOWN} shares out all of them: they are attributed, not caused. Its "
        "intervals say how much the split would move with other customers, not that it is right. Channels lead to "
        "one another, so what each causes adds up to more than all of them together."
    )
    _titled(
        f"Contributions by {SHOWN}, beside the truth of this simulated market", f"{columns(rows)}\n\n{_wrapped(text)}"
    )


def _errors(credits: pd.DataFrame, truth: pd.DataFrame) -> None:
    from attribution.demo import ALL_MEDIA, errors_of_shares  # noqa: PLC0415

    paid = sorted(set(credits.loc[credits["cost"] > 0, "channel"]))
    rows = [["", "error", "too much to", "too little to", "to paid media"]]
    for row in errors_of_shares(credits, truth, paid).to_dict("records"):
        over, under = (f"{shown(row[end])} {row[f'{end}_by']:+.0%}" for end in ("over", "under"))
        rows.append([row["fit"], percent(row["error"]), over, under, number(row["credited"], 0)])
    everything = truth.loc[truth["channel"] == ALL_MEDIA, "incremental_conversions"].iloc[0]
    text = (
        f"Paid media caused {number(everything, 0)}. Of the models of journeys only hazard, of time to event, has a "
        "baseline for what would have happened anyway; reconciled puts it together with weekly spend. People here "
        "decide unseen, which no model of journeys can correct for: an experiment can."
    )
    _titled("Shares of paid media by model: how far from the truth", f"{columns(rows)}\n\n{_wrapped(text)}")


def _disagreements(credits: pd.DataFrame, report: RunReport) -> None:
    from attribution.compare.disagreements import disagreements  # noqa: PLC0415
    from attribution.journeys.reports import positions  # noqa: PLC0415

    held = None if report.journeys is None else positions(report.journeys)
    found = disagreements(credits, held, most=3)
    if found:
        _titled("Where the models disagree most", "\n".join(_wrapped(f"- {shown(d.sentence)}", "  ") for d in found))


def _from_weeks(report: RunReport, truth: pd.DataFrame, people: int, seed: int) -> None:
    """One line each for the reconciliation and the plan."""
    from attribution_cli.demo_weeks import planned_text, together_text  # noqa: PLC0415

    if report.reconcile is not None:
        _titled("One answer from paths and weekly spend", _wrapped(together_text(report, report.reconcile, truth)))
    if report.plan is not None:
        _titled("Where the budget should go", _wrapped(planned_text(report.plan, people, seed)))


def _joined(report: RunReport) -> None:
    """What joining ids changed: the journeys with and without, and the channel that it moves most."""
    from attribution.demo import most_moved  # noqa: PLC0415
    from attribution.journeys.reports import positions  # noqa: PLC0415

    identity = report.identity
    if identity is None or identity.effect is None or report.journeys is None:
        return
    numbers, held = identity.profile, identity.effect.journeys.set_index("identity")
    without, joined = held.loc["without"], held.loc["with"]
    people = [f"{numbers['touches'][name]:,}" for name in ("people_before", "people")]
    rows = [["", "without identity", "with identity"], ["people with touches", *people]]
    rows.append(["touches per converting journey", *(number(r["touches_per_journey"], 2) for r in (without, joined))])
    rows.append(["conversions without a touch", *(percent(r["untouched"]) for r in (without, joined))])
    kinds = {"email_sha256": "e-mails", "crm_id": "CRM ids"}
    ids = [f"{of['ids']:,} {kinds.get(name, name + 's')}" for name, of in numbers["types"].items()]
    text = (
        f"{', '.join(ids[:-1])} and {ids[-1]} became {numbers['customers']:,} customers. "
        f"{shown(most_moved(identity.effect, SHOWN, positions(report.journeys)))}"
    )
    _titled("What joining cookies, devices and e-mails changes", f"{columns(rows)}\n\n{_wrapped(text)}")


def _wasted(report: RunReport) -> None:
    """What went to customers: the channels that cost most, and the sum."""
    if report.suppress is None or report.suppress.waste is None:
        return
    table = report.suppress.waste
    rows = [["channel", "touches", "to customers", "share", "spend", "to customers"]]
    for row in table[table["spend"] > 0].head(5).to_dict("records"):
        counts = [f"{row['touches']:,}", f"{row['touches_to_customers']:,}", percent(row["share_to_customers"])]
        rows.append([shown(row["channel"]), *counts, number(row["spend"], 0), number(row["spend_to_customers"], 0)])
    touches, lost = table["touches"].sum(), table["touches_to_customers"].sum()
    money = [number(table[name].sum(), 0) for name in ("spend", "spend_to_customers")]
    rows.append(["all channels", f"{touches:,}", f"{lost:,}", percent(lost / touches), *money])
    people = len(report.suppress.suppression.people)
    _titled(f"Went to people who were customers already ({people:,} on the suppression list)", columns(rows))


def _files(base: Path, report: RunReport) -> None:
    rows = [["credits", str(base / "credits.csv")], ["truth", str(base / "truth.csv")]]
    if report.suppress is not None:
        rows += [["suppression list", str(report.suppress.files[0])]]
    rows += [["configuration", str(base / "attribution.toml")], ["workspace", str(report.workspace.path)]]
    if report.page is not None:
        rows = [["report", str(report.page)], *rows]
    _titled("Where things are", columns(rows, left=2))
    _titled("What next", "\n".join(f"attribution -w {report.workspace.path} {rest}" for rest in NEXT))


def _titled(title: str, text: str) -> None:
    put(click.style(title, bold=True))
    put(text + "\n")


def _wrapped(text: str, indent: str = "") -> str:
    return "\n".join(wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False))
