"""``attribution link``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from attribution_cli.options import given, open_workspace, workspace_option
from attribution_cli.output import say, write_frame
from attribution_cli.progress_bar import watching

if TYPE_CHECKING:
    from attribution.identity.linkage import Linkage


@click.command()
@click.option("--least", type=float, metavar="P", help="Least score of a pair that is given [0.80].")
@click.option("--recall", type=float, metavar="P", help="Share of all matches that agree fully in name and date of "
              "birth, in name and e-mail, or the like [0.6].")  # fmt: skip
@click.option("--pairs", type=int, metavar="N", help="Pairs that one rule may bring up for comparison [20000000].")
@click.option("--random-pairs", type=int, metavar="N", help="Random pairs to learn agreement by chance [2000000].")
@click.option("--seed", type=click.IntRange(min=0), metavar="S", help="Of the random pairs [1].")
@click.option("-f", "--format", "form", type=click.Choice(["csv", "json", "jsonl", "parquet"]), default="csv",
              show_default=True, help="How the pairs are written.")  # fmt: skip
@click.option("-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Write to a file, readable by "
              "you only, instead of stdout.")  # fmt: skip
@workspace_option
@click.pass_context
def link(ctx: click.Context, /, form: str, output: str | None, workspace: str | None, **options: Any) -> None:
    """Find customers records that are probably one person, though they share no key. Needs Splink (extra "linkage").

    Names, dates of birth, e-mails, phones and addresses are compared, as far as the customers files have them; what
    agreement in each is worth is learned from the records themselves. The pairs with their scores are an identities
    file: ingest it, and identify joins those that its tier takes (high: 0.95 and more, broad: 0.80 and more).

    \b
    Example:
      attribution link -o pairs.csv
      attribution ingest --identities pairs.csv
      attribution identify --tier broad
    """
    from attribution.identity.linkage_model import LinkageSettings  # noqa: PLC0415
    from attribution.steps.link import link_step  # noqa: PLC0415

    target = open_workspace(ctx, workspace)
    target.require()
    settings = LinkageSettings(**given(options))
    with watching("comparing records") as told:
        found = link_step(target, settings, told)
    frame = found.edges.to_pandas()
    write_frame(frame, form, output, str, private=True)
    _tell(found, output)


def _tell(found: Linkage, output: str | None) -> None:
    """Say what was compared and found."""
    score = found.edges.column("score").to_numpy()
    records = found.records
    say(f"{records.count:,} records compared by {', '.join(records.columns)}; pairs looked at: those with the same "
        f"{', the same '.join(' and '.join(rule) for rule in found.blocks)}.")  # fmt: skip
    if records.without_id:
        say(f"{records.without_id:,} records have no id that could name them in a link; they were left out.")
    if found.unlearned:
        what = ", ".join(found.unlearned)
        say(f"What agreement in {what} is worth could not be learned; Splink's defaults were taken.")
    say(f"{score.size:,} pairs, {(score >= 0.95).sum():,} of them with a score of 0.95 and more.")
    if output is not None and score.size:
        say(f"Next: attribution ingest --identities {output}, then attribution identify.")
