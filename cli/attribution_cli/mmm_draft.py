"""``attribution mmm draft``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from attribution_cli.mmm_options import reading, reading_options
from attribution_cli.output import say


@click.command()
@click.argument("panel", nargs=-1, metavar="[PANEL...]")
@click.option(
    "--lifts", multiple=True, metavar="FILE", help="Lift tests it will be fitted with: room for what moves with spend."
)
@click.option("--template", is_flag=True, help="Print a commented model file with every setting instead.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of model files instead, for editors.")
@click.option("-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Write to a new file.")
@reading_options
def draft(
    panel: tuple[str, ...], lifts: tuple[str, ...], template: bool, schema: bool, output: str | None, **options: Any
) -> None:
    """Guess a model file from the columns of a panel, every guess explained.

    A panel has a row for each day, week or month (and geo): outcome, spend, exposure, controls. Several files are put
    together by date and geo. Guesses come from names (tv_spend, search_clicks, promo) and values; unsure ones are
    marked "check:".

    \b
    Examples:
      attribution mmm draft weekly.csv -o mmm.toml
      attribution mmm draft sales.csv media.csv --lifts lifts.csv > mmm.toml
      attribution mmm draft --template
    """
    if bool(panel) + template + schema != 1:
        raise click.UsageError("Name a panel, or take one of --template and --schema.")
    if lifts and not panel:
        raise click.UsageError("--lifts: name the panel too.")
    if output is not None and Path(output).exists():
        raise click.UsageError(f'"{output}" is there already, and a draft replaces no model. Name another file.')
    text = _text(panel, lifts, template, options)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.FileError(output, error.strerror or "cannot be written") from None
    say(f"Written: {output}")


def _text(panel: tuple[str, ...], lifts: tuple[str, ...], template: bool, options: dict[str, Any]) -> str:
    if panel:
        from attribution.mix.draft import draft_model  # noqa: PLC0415

        return draft_model(panel, reading(options), lifts)
    if template:
        from attribution.mix.model_file import template as commented  # noqa: PLC0415

        return commented()
    import json  # noqa: PLC0415

    from attribution.mix.model_tables import model_schema  # noqa: PLC0415

    return json.dumps(model_schema(), indent=1) + "\n"
