"""``attribution mmm``: work on a media-mix model, one file per sub-command (``mmm_NAME.py``)."""

from __future__ import annotations

import click

from attribution_cli.lazy import LazyGroup

COMMANDS = {
    "draft": "A model file guessed from a panel, the template, or the JSON schema.",
    "check": "What a panel can tell a model, before the fit.",
    "effects": "What each channel brought, and what its spend returned.",
    "curves": "Outcome against spend, saturation, carry-over.",
    "predict": "What a plan of spend is expected to bring.",
    "folds": "How well a model predicts what came, from several origins.",
    "compare": "Several model files side by side: forecasts, and how far apart their returns are.",
    "export": "A fit for ArviZ, as NetCDF.",
}


@click.group(cls=LazyGroup, loads=COMMANDS, prefix="attribution_cli.mmm_")
def mmm() -> None:
    """Media-mix models: from a panel of spend and outcome to contributions, returns and curves."""
