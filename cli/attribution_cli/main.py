"""``attribution``: the group of commands, each imported when it is called."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from attribution_cli.lazy import LazyGroup

COMMANDS = {
    "demo": "A simulated retailer with known truth, end to end.",
    "ingest": "Read files into the workspace.",
    "identify": "Join cookies, devices, e-mails and CRM ids into customers.",
    "link": "Find customers records that are probably one person (with Splink).",
    "journeys": "Cut touches and conversions into journeys.",
    "journey": "One customer's timeline over all ids.",
    "forget": "Erase a person.",
    "fit": "Fit attribution models.",
    "mmm": "Media-mix models: model files, effects, curves, predictions, comparison.",
    "credits": "Print what each channel contributed.",
    "compare": "Models side by side: agreement, stability, disagreements and why.",
    "report": "What the workspace holds, as one page for the meeting.",
    "plan": "Split a budget by a media-mix fit; compare, backtest, what to test next.",
    "suppress": "List people who are customers already, and what was spent on them.",
    "value": "Print what customers are worth, by tier and stage.",
    "seeds": "Make look-alike seed files of the customers of highest value.",
    "uplift": "Print what a randomised experiment shows of groups of people.",
    "lists": "What was made and uploaded for ad platforms, and what lapses when.",
    "lint": "Check an audience file against what an ad platform imports.",
    "simulate": "Simulated markets with known truth, as files.",
    "run": "Run every step of attribution.toml.",
}


@click.group(
    cls=LazyGroup,
    loads=COMMANDS,
    prefix="attribution_cli.",
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "ATTRIBUTION",
        "max_content_width": 100,
    },
)
@click.option("-w", "--workspace", metavar="FOLDER", help="Folder of the workspace [attribution-workspace].")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(None, "--version", package_name="multichannel-attribution")
@click.pass_context
def attribution(ctx: click.Context, workspace: str | None, debug: bool) -> None:
    """Channel contributions and suppression lists from raw touchpoints.

    \b
    Example:
      attribution ingest --touchpoints touches.csv --conversions orders.csv --spend spend.csv
      attribution fit paths
      attribution credits
      attribution suppress

    Data go to stdout, everything else to stderr.
    """
    ctx.obj = {"workspace": workspace, "debug": debug}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exit 0 done, 1 findings or failure, 2 usage, 130 interrupted."""
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments) or bool(os.environ.get("ATTRIBUTION_DEBUG"))
    try:
        status: Any = attribution.main(args=arguments, prog_name="attribution", standalone_mode=False)
    except click.exceptions.Exit as end:
        status = end.exit_code
    except click.exceptions.Abort:
        click.echo("Interrupted.", err=True)
        status = 130
    except click.ClickException as error:
        error.show()
        status = 2 if isinstance(error, click.UsageError) else error.exit_code
    except (KeyboardInterrupt, BrokenPipeError) as error:
        status = _stopped(error)
    except Exception as error:
        if debug:
            raise
        status = _failed(error)
    sys.exit(status if isinstance(status, int) else 0)


def _stopped(error: BaseException) -> int:
    if isinstance(error, BrokenPipeError):
        # The reader of a pipe has gone (head): done, and no second error while Python flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    click.echo("Interrupted.", err=True)
    return 130


def _failed(error: Exception) -> int:
    from attribution.errors import AttributionError  # noqa: PLC0415

    if isinstance(error, AttributionError):
        click.secho("Error: ", fg="red", nl=False, err=True)
        click.echo(str(error), err=True)
        return error.exit_code
    click.secho("Error: ", fg="red", nl=False, err=True)
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = "" if where is None else f" in {where.tb_frame.f_code.co_qualname}"
    # The text of an unforeseen error may hold a value of the data: only its kind is shown.
    click.echo(
        f"{type(error).__name__}{place}. This is a defect of the program, not of your data. Run again with "
        "--debug for the traceback, and report it.",
        err=True,
    )
    return 1


if __name__ == "__main__":
    main()
