"""``attribution identify``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from attribution_cli.options import given, open_workspace, strict_option, workspace_option
from attribution_cli.output import announce_compile, columns, finish, number, percent, put, say, shown, tell
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    from attribution.steps.identify import IdentityReport


@click.command()
@click.option("--tier", type=click.Choice(["exact", "high", "broad"]), help="Which links count [high]: those without a "
              "score, also those with a score of 0.95 and more, of 0.80 and more.")  # fmt: skip
@click.option("--high", type=float, metavar="P", help="Least score of a link in tier high [0.95].")
@click.option("--broad", type=float, metavar="P", help="Least score of a link in tier broad [0.80].")
@click.option("--unified-id", metavar="WHAT", help="What unified_id is: person, device, or an id type such as cookie "
              "[auto: found by looking].")  # fmt: skip
@click.option("--region", metavar="CC", help="Country of phone numbers without one (DE, US).")
@click.option("--most", multiple=True, metavar="'A > B=N'", help="An id of type A with more than N ids of type B joins "
              "nobody, as in 'email > crm_id=1'.")  # fmt: skip
@click.option("--most-partners", type=int, metavar="N", help="The same for every pair of types without a rule [200].")
@click.option("--people-per-device", type=int, metavar="N", help="People that a cookie or device may join [1].")
@click.option("--largest", type=int, metavar="N", help="Ids that one customer plausibly has [500].")
@click.option("--oversized", type=click.Choice(["apart", "cut", "keep"]), help="Larger clusters: their ids stand "
              "apart, or their weakest bridges are cut first, or they are kept [apart].")  # fmt: skip
@click.option("--gmail", is_flag=True, default=None, help="Leave dots and +… out of Gmail addresses.")
@click.option("--no-guards", "guards", flag_value=False, default=None, type=bool, help="Every link joins: to see what "
              "the guards are worth.")  # fmt: skip
@click.option("--as-of", metavar="DATE", help="Use only links seen until then; nobody's number changes.")
@click.option("--disable", multiple=True, metavar="TYPE=ID", help="This id joins nobody (a kiosk, a shared mailbox).")
@click.option("--enable", multiple=True, metavar="TYPE=ID", help="Take --disable back.")
@click.option("--for", "uses", multiple=True, type=click.Choice(["journeys", "suppression"]), help="What uses this "
              "tier from now on [both].")  # fmt: skip
@click.option("--effect", is_flag=True, help="Also compare journeys and credit with and without identity.")
@strict_option
@workspace_option
@click.pass_context
def identify(
    ctx: click.Context, /, strict: bool, workspace: str | None, most: tuple[str, ...], disable: tuple[str, ...],
    enable: tuple[str, ...], uses: tuple[Any, ...], effect: bool, **options: Any,
) -> None:  # fmt: skip
    """Join cookies, devices, e-mails and CRM ids into customers, whose ids stay the same from run to run.

    Links are found in identities files and in every row that names several ids. Later steps use the customers.
    Ids that are none, or are shared by several people, join nobody; the audit table in the workspace says which.

    \b
    Examples:
      attribution identify
      attribution identify --tier exact --unified-id cookie --region DE
      attribution identify --most 'email > crm_id=2' --oversized cut
      attribution identify --effect
    """
    from attribution.identity.by_hand import change_by_hand  # noqa: PLC0415
    from attribution.identity.uses import USES, identity_settings  # noqa: PLC0415
    from attribution.settings import IdentitySettings  # noqa: PLC0415
    from attribution.steps.identify import identify_step  # noqa: PLC0415

    target = open_workspace(ctx, workspace)
    manifest = target.require()
    chosen = given(options) | ({"most": _rules(most)} if most else {})
    # Without settings of its own a run repeats the last one.
    settings = IdentitySettings(**chosen) if chosen else identity_settings(manifest)
    if disable or enable:
        change_by_hand(target, disable, enable, settings)
    announce_compile()
    with watching("joining ids") as told:
        report = identify_step(target, settings, uses=uses or USES, effect=effect, told=told)
    show_identity(report)
    tell(report.findings)
    finish(report.findings, strict)


def _rules(texts: tuple[str, ...]) -> dict[str, int]:
    rules = {}
    for text in texts:
        rule, mark, most = text.rpartition("=")
        if not mark or not most.strip().isdigit():
            raise click.UsageError(f"--most {text!r}: write 'A > B=N', as in 'email > crm_id=1'.")
        rules[rule.strip()] = int(most)
    return rules


def show_identity(report: IdentityReport) -> None:
    """Print what was joined; the sizes of clusters as a table with bars."""
    numbers = report.profile
    if report.unchanged:
        say("Tables and settings are those of the last run: nothing changed.")
    put(click.style(_headline(report), bold=True))
    rows = [["ids of a customer", "customers", "share"]]
    bars, low = [""], 1
    for most, customers, _ in numbers["sizes"]:
        span = f"{low:,}" if most == low else f"{low:,} to {most:,}" if most is not None else f"{low:,} and more"
        share = customers / max(1, numbers["customers"])
        rows.append([span, f"{customers:,}", percent(share)])
        bars.append("█" * round(30 * share))
        low = (most or 0) + 1
    lines = zip(columns(rows).splitlines(), bars, strict=True)
    put("\n".join(f"{line}  {bar}".rstrip() for line, bar in lines) + "\n")
    kinds = [["id type", "ids", "customers with one", "ids of each"]]
    for name, of in numbers["types"].items():
        kinds.append([name, f"{of['ids']:,}", f"{of['customers']:,}", f"{of['ids'] / of['customers']:.2f}"])
    put(columns(kinds) + "\n")
    if touches := _touches(numbers):
        put(touches + "\n")
    if report.effect is not None:
        put(click.style("What stitching changes", bold=True))
        put(f"{_journeys(report)}\n\n{_credits(report)}\n")
    _changes(report)
    say(f"Registry, ledger, aliases and audit table: {report.folder}")


def tell_identity(report: IdentityReport) -> None:
    """Say in a few lines what was joined, as a step of a run."""
    say(_headline(report) + ("; nothing changed since the last run" if report.unchanged else ""))
    if touches := _touches(report.profile):
        say(touches)
    if report.effect is not None:
        say(_journeys(report))
    _changes(report)


def _headline(report: IdentityReport) -> str:
    numbers = report.profile
    ids, links, customers = (numbers[name] for name in ("ids", "links", "customers"))
    return f"{ids:,} ids with {links:,} links are {customers:,} customers (tier {report.tier})"


def _touches(numbers: dict[str, Any]) -> str:
    """How many touches are stitched; empty where there are none."""
    touches = numbers.get("touches")
    if not touches or not touches["touches"]:
        return ""
    stitched, before, people = touches["stitched"], touches["people_before"], touches["people"]
    text = (
        f"Touches: {percent(stitched / touches['touches'])} of {touches['touches']:,} belong to customers with several "
        f"unified ids; {before:,} unified ids with touches are {people:,} people"
    )
    if touches["cross_device"] is not None:
        text += f", {percent(touches['cross_device'] / max(1, people))} of them on more than one device"
    return text + "."


def _journeys(report: IdentityReport) -> str:
    """Journeys with and without."""
    rows = [["", "journeys", "conversions", "touches each", "one touch", "no touch"]]
    for row in [] if report.effect is None else report.effect.journeys.to_dict("records"):
        shares = [percent(row["single_touch"]), percent(row["untouched"])]
        counts = [f"{row['journeys']:,.0f}", f"{row['conversions']:,.0f}", number(row["touches_per_journey"], 2)]
        rows.append([f"{row['identity']} identity", *counts, *shares])
    return columns(rows)


def _credits(report: IdentityReport) -> str:
    """Credit with and without, the largest change first."""
    rows = [["share of conversions", "channel", "without", "with", "change"]]
    credits = report.effect.credits if report.effect is not None else None
    for model, mine in () if credits is None else credits.groupby("model", sort=False):
        for row in mine.sort_values("change", key=abs, ascending=False, kind="stable").to_dict("records"):
            shares = [percent(row["share_without"]), percent(row["share_with"]), f"{100 * row['change']:+.1f} points"]
            rows.append([str(model), shown(row["channel"]), *shares])
    return columns(rows, left=2)


def _changes(report: IdentityReport) -> None:
    """What became of customers of earlier runs."""
    new = report.profile["new_customers"]
    told = [f"{new:,} new"] + [f"{count:,} {event}" for event, count in report.ledger.items()]
    as_of = report.profile["as_of"]
    known = f"known by {as_of}" if as_of else "known today, for earlier touches too"
    say(f"Customers since the last run: {', '.join(told)}. Stitched with the links {known}.")
