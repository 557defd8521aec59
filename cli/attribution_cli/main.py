"""``attribution``: the group of commands, each imported when it is called."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from attribution_cli.lazy import LazyGroup
from attribution_cli.output import color, say
from attribution_cli.plain_text import readable
from attribution_cli.progress_bar import LINE

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
    "reconcile": "One answer from paths, media mix and experiments.",
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
    # Commands' contexts take it over.
    ctx.color = color()


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exit 0 done, 1 findings or failure, 2 usage, 130 interrupted."""
    readable(sys.stdout, sys.stderr)
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments) or bool(os.environ.get("ATTRIBUTION_DEBUG"))
    try:
        status: Any = _run(arguments)
    except click.exceptions.Exit as end:
        status = end.exit_code
    except click.exceptions.Abort:
        say("Interrupted.")
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


def _run(arguments: list[str] | None) -> Any:
    """The command's status; what it told while it worked is gone from the screen, however it ended."""
    try:
        return attribution.main(args=arguments, prog_name="attribution", standalone_mode=False)
    finally:
        LINE.erase()


def _stopped(error: BaseException) -> int:
    if isinstance(error, BrokenPipeError):
        # The reader of a pipe has gone (head): done, and no second error while Python flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    say("Interrupted.")
    return 130


def _failed(error: Exception) -> int:
    from attribution.errors import AttributionError  # noqa: PLC0415

    if isinstance(error, AttributionError):
        say(f"{click.style('Error:', fg='red')} {error}")
        return error.exit_code
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = "" if where is None else f" in {where.tb_frame.f_code.co_qualname}"
    # The text of an unforeseen error may hold a value of the data: only its kind is shown.
    say(
        f"{click.style('Error:', fg='red')} {type(error).__name__}{place}. This is a defect of the program, not of "
        "your data. Run again with --debug for the traceback, and report it."
    )
    return 1


if __name__ == "__main__":
    main()
