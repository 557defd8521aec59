"""``attribution report``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from attribution_cli.options import open_workspace, workspace_option
from attribution_cli.output import announce_compile, say
from attribution_cli.progress_bar import watching


@click.command()
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file [report.html for a page; stdout for Markdown and JSON].",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["html", "markdown", "json"]), default="html", show_default=True,
    help="A page that opens offline, or the same content for a pipeline.",
)  # fmt: skip
@click.option(
    "--fit", metavar="NAME", help="The fit or model that the report leads with [a Markov chain, if there is one]."
)
@click.option("--title", default="Channel contributions", show_default=True, help="Head of the report.")
@click.option("--locale", default="en-US", show_default=True, help="How numbers and dates are written, as de-DE.")
@click.option("--currency", default="", metavar="CODE", help="ISO 4217 code of the workspace's currency, as EUR.")
@workspace_option
@click.pass_context
def report(ctx: click.Context, /, output: Path | None, form: Any, workspace: str | None, **options: Any) -> None:
    """Write what the workspace holds as one page: contributions, disagreements, money, data, method.

    The page is a single file: it opens by double click, by mail and on a phone, and asks nothing of the network.
    Print it from the browser for a PDF. Chapters appear where their input is.

    \b
    Examples:
      attribution report -o report.html
      attribution report --locale de-DE --currency EUR --fit shapley
      attribution report --format markdown | less
    """
    from attribution.steps.report import report_step, write_report  # noqa: PLC0415

    target = open_workspace(ctx, workspace)
    target.require()
    announce_compile()
    with watching("writing the report") as told:
        text = report_step(target, form, **options, told=told)
    if output is None and form != "html":
        click.echo(text, nl=False)
        return
    path = output or Path("report.html")
    write_report(path, text)
    say(f"{path}: {len(text.encode()) / 1e6:.1f} MB")
