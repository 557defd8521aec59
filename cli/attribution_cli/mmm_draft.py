"""``attribution mmm draft``."""

from __future__ import annotations

from typing import Any

import click

from attribution_cli.mmm_options import reading, reading_options


@click.command()
@click.argument("panel", required=False, metavar="[PANEL]")
@click.option("--template", is_flag=True, help="Print a commented model file with every setting instead.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of model files instead, for editors.")
@reading_options
def draft(panel: str | None, template: bool, schema: bool, **options: Any) -> None:
    """Guess a model file from the columns of a panel, every guess explained.

    A panel has a row for each day, week or month (and geo): outcome, spend, exposure, controls. Guesses come from
    names (tv_spend, search_clicks, promo) and values; unsure ones are marked "check:".

    \b
    Examples:
      attribution mmm draft weekly.csv > mmm.toml
      attribution mmm draft --template
    """
    if (panel is not None) + template + schema != 1:
        raise click.UsageError("Name a panel, or take one of --template and --schema.")
    if template:
        from attribution.mix.model_file import template as text  # noqa: PLC0415

        click.echo(text(), nl=False)
    elif schema:
        import json  # noqa: PLC0415

        from attribution.mix.model_tables import model_schema  # noqa: PLC0415

        click.echo(json.dumps(model_schema(), indent=1))
    elif panel is not None:
        from attribution.mix.draft import draft_model  # noqa: PLC0415

        click.echo(draft_model(panel, reading(options)), nl=False)
