"""``attribution mmm``: work on a media-mix model, one file per sub-command (``mmm_NAME.py``)."""

from __future__ import annotations

import click

from attribution_cli.lazy import LazyGroup

COMMANDS = {
    "draft": "A model file guessed from a panel, the template, or the JSON schema.",
    "check": "What a panel can tell a model, before the fit.",
}


@click.group(cls=LazyGroup, loads=COMMANDS, prefix="attribution_cli.mmm_")
def mmm() -> None:
    """Media-mix models: from a panel of spend and outcome to contributions, returns and curves."""
